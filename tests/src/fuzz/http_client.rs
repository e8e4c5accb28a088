//! A client over HTTP, with a server that answers anything.
//!
//! An input is `[settings]` and a script of lines, in which `E` names one of the open exchanges:
//!
//! * `c`, `q`, `l`, `n`: a call of a tool, a list, a subscription, a notification.
//! * `x`, `a`, `z`: the newest call is cancelled, the oldest question answered, the client closed.
//! * `tN`: time passes, ever more with `N`.
//! * `vE`: the server answers as it should.
//! * `hESK`: a head, by the tables of statuses and kinds; `bEtext`: a piece of a body, in which `$`
//!   is the id of the request and `~` a line end.
//! * `eE`, `fE`, `gE`: the end, a request that never left, a connection that broke.
//!
//! Each call ends once; a call is sent again only when it certainly had no effect; and when the
//! script is over and the network is down for good, attempts are few and the client comes to its
//! end.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use mcp_proto::{
    Instant, Limits,
    client::{
        CallOptions, ClientCallId, ClientConfig, ClientEvent, Delivery, Era, Listening, QuestionId,
    },
    http::{ClientExchange, HttpClient, HttpClientConfig, HttpClientOutput, HttpRequest},
    schema::{Answer, ClientCapabilities, ElicitationCapability, Implementation},
    wire::Json,
};

use super::{input::Input, script::Timed};
use crate::Seeded;

const STATUSES: [u16; 16] =
    [200, 202, 204, 301, 307, 308, 400, 401, 403, 404, 405, 408, 429, 500, 503, 200];

const KINDS: [&[(&str, &str)]; 8] = [
    &[("content-type", "application/json")],
    &[("content-type", "text/event-stream")],
    &[],
    &[("content-type", "text/html")],
    &[("content-type", "application/json"), ("mcp-session-id", "s")],
    &[("location", "/elsewhere")],
    &[("location", "https://other.example/")],
    &[("www-authenticate", "Bearer"), ("mcp-session-id", "a b")],
];

/// What an open exchange is.
struct Open {
    exchange: ClientExchange,
    /// The method of the message, or of HTTP where there is none.
    method: String,
    id: String,
    streams: bool,
}

struct Rig {
    http: HttpClient,
    now: Instant,
    open: Vec<Open>,
    calls: BTreeSet<ClientCallId>,
    questions: Vec<QuestionId>,
    /// The requests for tools that may have had an effect, by their ids.
    effective: BTreeMap<ClientExchange, String>,
    sent: usize,
    closed: bool,
}

/// Runs a script.
///
/// # Panics
///
/// If something is not so.
pub fn http_client(data: &[u8]) {
    let mut input = Input(data);
    let settings = input.number();
    let script = input.rest();
    let mut rig = Rig::new(settings);
    let mut steps = 0;
    for step in script.split(|byte| *byte == b'\n') {
        rig.step(&mut Input(step));
        steps += 1;
    }
    let before = rig.sent;
    rig.network_is_down(Duration::from_hours(1));
    // The first contact and each stream are tried some times; each message that waits, once.
    assert!(rig.sent - before <= 40 + 12 * steps, "{} attempts", rig.sent - before);
    rig.http.close(rig.now);
    rig.drain();
    rig.pass(Duration::from_secs(3));
    assert!(rig.closed, "the client does not end");
    assert_eq!((rig.calls.len(), rig.http.poll_timeout()), (0, None));
}

impl Rig {
    fn new(settings: u8) -> Self {
        let elicitation = Some(ElicitationCapability { form: true, url: true });
        let capabilities = ClientCapabilities { elicitation, ..ClientCapabilities::default() };
        let mut config = ClientConfig::new(Implementation::new("c", "1"), capabilities);
        if settings & 1 != 0 {
            config.era = Era::Legacy;
        }
        if settings & 2 != 0 {
            config.limits = Limits {
                exchanges_max: 2,
                event_bytes_max: 64,
                response_bytes_max: 200,
                output_bytes_max: 500,
                ..Limits::default()
            };
        }
        let mut http = HttpClientConfig::new("https://server.example/mcp");
        http.general_stream = settings & 4 == 0;
        let entropy = Box::new(Seeded(settings.into()));
        let mut rig = Self {
            http: HttpClient::new(config, http, entropy).expect("a URL"),
            now: Instant::ZERO,
            open: Vec::new(),
            calls: BTreeSet::new(),
            questions: Vec::new(),
            effective: BTreeMap::new(),
            sent: 0,
            closed: false,
        };
        rig.http.start(rig.now);
        rig.drain();
        rig
    }

    fn step(&mut self, input: &mut Input<'_>) {
        match input.byte() {
            b'c' => self.call("tools/call", r#"{"name":"t"}"#),
            b'q' => self.call("tools/list", "{}"),
            b'l' => {
                let uris = Vec::from(["a:1".into()]);
                let wish = Listening { tools: true, uris, ..Listening::default() };
                let call = self.http.listen(self.now, wish);
                self.calls.insert(call);
            }
            b'n' => drop(self.http.notify("notifications/x", &json("{}"))),
            b'x' => {
                if let Some(call) = self.calls.last().copied() {
                    self.http.cancel(call, None).expect("a call that has not ended");
                }
            }
            b'a' if !self.questions.is_empty() => {
                let question = self.questions.remove(0);
                let answer = Answer::Given(json(r#"{"action":"decline"}"#));
                // It may have been withdrawn.
                let _ = self.http.answer(self.now, question, answer);
            }
            b'z' => self.http.close(self.now),
            b't' => self.pass(Duration::from_millis(1 << (input.number() % 24))),
            other => self.serve(other, input),
        }
        self.drain();
    }

    /// What the server or the network does.
    fn serve(&mut self, action: u8, input: &mut Input<'_>) {
        if self.open.is_empty() {
            return;
        }
        let place = usize::from(input.number()) % self.open.len();
        let exchange = self.open[place].exchange;
        match action {
            b'v' => self.answer(place),
            b'h' => {
                let status = input.one_of(&STATUSES);
                let headers = input.one_of(&KINDS);
                if (300..400).contains(&status) || status == 404 {
                    self.effective.remove(&exchange);
                }
                self.open[place].streams = true;
                self.http.handle_head(self.now, exchange, status, &headers);
            }
            b'b' => {
                let text = String::from_utf8_lossy(input.rest()).replace('~', "\n");
                let text = text.replace('$', &self.open[place].id);
                if text.contains("-32020") {
                    self.effective.remove(&exchange);
                }
                self.http.handle_body(self.now, exchange, text.as_bytes());
            }
            b'e' => {
                self.open.remove(place);
                self.http.handle_end(self.now, exchange);
            }
            b'f' | b'g' => {
                // Once there is a head the request has left.
                let unsent = action == b'f' && !self.open[place].streams;
                self.fail(place, if unsent { Delivery::NotSent } else { Delivery::OutcomeUnknown });
            }
            _ => {}
        }
    }

    fn fail(&mut self, place: usize, delivery: Delivery) {
        let exchange = self.open.remove(place).exchange;
        if delivery == Delivery::NotSent {
            self.effective.remove(&exchange);
        }
        self.http.handle_failed(self.now, exchange, delivery);
    }

    /// Answers an exchange as a good server does.
    fn answer(&mut self, place: usize) {
        let Open { exchange, method, id, .. } = self.open.remove(place);
        let result = match &*method {
            "server/discover" => r#"{"supportedVersions":["2026-07-28"],"capabilities":{}}"#,
            "initialize" => r#"{"protocolVersion":"2025-11-25","capabilities":{}}"#,
            _ => "{}",
        };
        let (now, http) = (self.now, &mut self.http);
        if id.is_empty() {
            http.handle_head(
                now,
                exchange,
                if method == "GET" { 405 } else { 202 },
                KINDS[2..3].first().expect("a kind"),
            );
        } else {
            http.handle_head(now, exchange, 200, &KINDS[4]);
            let body = format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#);
            http.handle_body(now, exchange, body.as_bytes());
        }
        http.handle_end(now, exchange);
    }

    fn call(&mut self, method: &str, params: &str) {
        let call = self.http.call(self.now, method, &json(params), CallOptions::default());
        self.calls.insert(call);
    }

    /// Every connection breaks, whenever one is tried.
    fn network_is_down(&mut self, span: Duration) {
        let until = self.now + span;
        while self.now < until {
            while !self.open.is_empty() {
                self.fail(0, Delivery::OutcomeUnknown);
                self.drain();
            }
            let due = self.http.poll_timeout().unwrap_or(until).min(until);
            self.pass(due.saturating_since(self.now));
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.http.poll_output() {
            match output {
                HttpClientOutput::Send(request) => self.sent(&request),
                HttpClientOutput::Abort { exchange } => {
                    self.open.retain(|open| open.exchange != exchange);
                }
                HttpClientOutput::Event(ClientEvent::Finished { call, .. }) => {
                    assert!(self.calls.remove(&call), "a call ended twice, or never was");
                }
                HttpClientOutput::Event(ClientEvent::Asked { question, .. }) => {
                    self.questions.push(question);
                }
                HttpClientOutput::Close => self.closed = true,
                _ => {}
            }
        }
    }

    fn sent(&mut self, request: &HttpRequest) {
        self.sent += 1;
        assert!(!self.closed, "something is sent after the end: {request:?}");
        assert!(request.url.starts_with("https://server.example/"), "{}", request.url);
        let body = request.body.as_ref().map_or(String::new(), |body| body.parts().concat());
        let message: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
        let method = message["method"].as_str().unwrap_or(request.method).to_owned();
        let asks = message.get("id").is_some() && message.get("method").is_some();
        let id = if asks { message["id"].to_string() } else { String::new() };
        if method == "tools/call" {
            let known = self.effective.values().any(|known| *known == id);
            assert!(!known, "a call was sent twice that may have had an effect");
            self.effective.insert(request.exchange, id.clone());
        }
        self.open.push(Open { exchange: request.exchange, method, id, streams: false });
    }
}

impl Timed for Rig {
    fn clock(&mut self) -> &mut Instant {
        &mut self.now
    }

    fn due(&self) -> Option<Instant> {
        self.http.poll_timeout()
    }

    fn handle_timeout(&mut self) {
        self.http.handle_timeout(self.now);
        self.drain();
    }
}

fn json(text: &str) -> Json {
    Json::parse_text(text).expect("JSON")
}
