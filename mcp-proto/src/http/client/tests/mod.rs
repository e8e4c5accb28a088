//! The client as a server sees it over HTTP, and its application: without sockets, in virtual time.

mod eras;
mod misbehaving;
mod modern;
mod pairs;
mod races;
mod resuming;
mod sessions;

use alloc::{
    boxed::Box,
    format,
    string::{String, ToString},
    sync::Arc,
    vec::Vec,
};
use core::time::Duration;

use super::{ClientExchange, HttpClient, HttpClientConfig, HttpClientOutput, HttpNotice};
use crate::{
    Entropy, Instant,
    client::{
        CallError, CallOptions, ClientCallId, ClientConfig, ClientEvent, ConnectError, Delivery,
        DroppedByClient, Era, HttpError, QuestionId,
    },
    schema::{ClientCapabilities, ElicitationCapability, Implementation, Level},
    time::Timeouts,
    wire::Json,
};

const URL: &str = "https://server.example/mcp";

const JSON: (&str, &str) = ("Content-Type", "application/json");
const STREAM: (&str, &str) = ("content-type", "text/event-stream; charset=utf-8");
const HTML: (&str, &str) = ("Content-Type", "text/html");

/// Entropy that makes each pause the longest it can be.
struct Longest;

impl Entropy for Longest {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill(0xFF);
    }
}

/// A client, and what its server and its application have seen.
struct Net {
    http: HttpClient,
    now: Instant,
    /// Every request, in order.
    sent: Vec<Seen>,
    /// How many of them a test has looked at.
    looked: usize,
    aborted: Vec<ClientExchange>,
    notices: Vec<HttpNotice>,
    finished: Vec<(ClientCallId, Result<Json, CallError>)>,
    failed: Option<ConnectError>,
    ready: usize,
    listening: usize,
    questions: Vec<QuestionId>,
    dropped: Vec<DroppedByClient>,
    /// Other events, by their names.
    told: Vec<String>,
    closes: usize,
}

/// A request as the server sees it.
#[derive(Clone, Debug)]
struct Seen {
    exchange: ClientExchange,
    verb: &'static str,
    url: Arc<str>,
    headers: Vec<(String, String)>,
    body: String,
    at: Instant,
}

impl Seen {
    fn header(&self, name: &str) -> Option<&str> {
        let mut named = self.headers.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name));
        let found = named.next().map(|(_, value)| &**value);
        assert!(named.next().is_none(), "{name} twice: {self:?}");
        found
    }

    /// What is asked or told.
    fn method(&self) -> String {
        self.member("method").as_str().unwrap_or(self.verb).to_string()
    }

    fn id(&self) -> String {
        self.member("id").to_string()
    }

    fn member(&self, name: &str) -> serde_json::Value {
        let body: serde_json::Value = serde_json::from_str(&self.body).unwrap_or_default();
        body.get(name).cloned().unwrap_or_default()
    }
}

const SERVER: &str =
    r#"{"tools":{"listChanged":true},"resources":{"subscribe":true},"logging":{}}"#;

fn discovered() -> String {
    format!(
        r#"{{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{SERVER}}}"#
    )
}

fn initialized() -> String {
    let info = r#""serverInfo":{"name":"s","version":"1"}"#;
    format!(r#"{{"protocolVersion":"2025-11-25","capabilities":{SERVER},{info}}}"#)
}

fn error(code: i64, data: &str) -> String {
    format!(r#"{{"code":{code},"message":"no","data":{data}}}"#)
}

fn json(text: &str) -> Json {
    Json::parse_text(text).unwrap()
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Options under which a call waits for ever.
fn patient() -> CallOptions {
    let timeouts = Timeouts { idle: Some(Duration::MAX), total: None };
    CallOptions { timeouts, ..CallOptions::default() }
}

impl Net {
    /// A client that has begun.
    fn with(change: impl FnOnce(&mut ClientConfig, &mut HttpClientConfig)) -> Self {
        let elicitation = Some(ElicitationCapability { form: true, url: false });
        let capabilities = ClientCapabilities { elicitation, ..ClientCapabilities::default() };
        let mut config = ClientConfig::new(Implementation::new("c", "1"), capabilities);
        let mut http = HttpClientConfig::new(URL);
        http.headers.push(("Authorization".into(), "Bearer secret".into()));
        change(&mut config, &mut http);
        let mut net = Self {
            http: HttpClient::new(config, http, Box::new(Longest)).unwrap(),
            now: Instant::from_zero(Duration::from_mins(1)),
            sent: Vec::new(),
            looked: 0,
            aborted: Vec::new(),
            notices: Vec::new(),
            finished: Vec::new(),
            failed: None,
            ready: 0,
            listening: 0,
            questions: Vec::new(),
            dropped: Vec::new(),
            told: Vec::new(),
            closes: 0,
        };
        net.http.start(net.now);
        net.drain();
        net
    }

    fn new() -> Self {
        Self::with(|_, _| {})
    }

    /// A client of a server of 2026-07-28.
    fn modern() -> Self {
        let mut net = Self::new();
        let probe = net.next("server/discover");
        net.answer(&probe, &discovered());
        assert_eq!(net.ready, 1);
        net
    }

    /// A client in a session of 2025-11-25 whose server has no general stream.
    fn legacy() -> Self {
        let mut net = Self::in_session(|_, _| {});
        let stream = net.next("GET");
        net.head(&stream, 405, &[]);
        assert_eq!(net.notices, [HttpNotice::NoGeneralStream]);
        net.notices.clear();
        net
    }

    /// The same with a general stream.
    fn legacy_with_stream() -> (Self, Seen) {
        let mut net = Self::in_session(|_, _| {});
        let stream = net.next("GET");
        net.head(&stream, 200, &[STREAM]);
        (net, stream)
    }

    /// A client whose session the server has just accepted.
    fn in_session(change: impl FnOnce(&mut ClientConfig, &mut HttpClientConfig)) -> Self {
        let mut net = Self::with(|config, http| {
            config.era = Era::Legacy;
            change(config, http);
        });
        net.begin_session("s-1");
        net
    }

    fn begin_session(&mut self, id: &str) {
        let first = self.next("initialize");
        let body = format!(r#"{{"jsonrpc":"2.0","id":{},"result":{}}}"#, first.id(), initialized());
        self.respond(&first, 200, &[JSON, ("Mcp-Session-Id", id)], &body);
        let told = self.next("notifications/initialized");
        self.respond(&told, 202, &[], "");
    }

    fn drain(&mut self) {
        while let Some(output) = self.http.poll_output() {
            match output {
                HttpClientOutput::Send(request) => {
                    let mut body = Vec::new();
                    if let Some(frame) = &request.body {
                        frame.append_to(&mut body);
                    }
                    let headers = request.headers.iter();
                    self.sent.push(Seen {
                        exchange: request.exchange,
                        verb: request.method,
                        url: request.url,
                        headers: headers.map(|(n, v)| (n.to_string(), v.to_string())).collect(),
                        body: String::from_utf8(body).unwrap(),
                        at: self.now,
                    });
                }
                HttpClientOutput::Abort { exchange } => self.aborted.push(exchange),
                HttpClientOutput::Event(event) => self.note(event),
                HttpClientOutput::Notice(notice) => self.notices.push(notice),
                HttpClientOutput::Close => self.closes += 1,
            }
        }
    }

    fn note(&mut self, event: ClientEvent) {
        match event {
            ClientEvent::Ready(_) => self.ready += 1,
            ClientEvent::Failed(error) => self.failed = Some(error),
            ClientEvent::Finished { call, outcome } => self.finished.push((call, outcome)),
            ClientEvent::Asked { question, .. } => self.questions.push(question),
            ClientEvent::Listening { .. } => self.listening += 1,
            ClientEvent::Dropped(dropped) => self.dropped.push(dropped),
            event => self.told.push(format!("{event:?}")),
        }
    }

    /// The next request, which must be this one.
    fn next(&mut self, method: &str) -> Seen {
        let seen = self.sent.get(self.looked).cloned();
        let Some(seen) = seen else { panic!("{method} was not sent; failed: {:?}", self.failed) };
        self.looked += 1;
        assert_eq!(seen.method(), method, "{seen:?}");
        seen
    }

    fn nothing_more(&mut self) {
        assert_eq!(self.sent.get(self.looked).map(Seen::method), None);
    }

    fn head(&mut self, seen: &Seen, status: u16, headers: &[(&str, &str)]) {
        self.http.handle_head(self.now, seen.exchange, status, &headers);
        self.drain();
    }

    fn body(&mut self, seen: &Seen, chunk: &str) {
        self.http.handle_body(self.now, seen.exchange, chunk.as_bytes());
        self.drain();
    }

    fn end(&mut self, seen: &Seen) {
        self.http.handle_end(self.now, seen.exchange);
        self.drain();
    }

    fn fail(&mut self, seen: &Seen, delivery: Delivery) {
        self.http.handle_failed(self.now, seen.exchange, delivery);
        self.drain();
    }

    fn respond(&mut self, seen: &Seen, status: u16, headers: &[(&str, &str)], body: &str) {
        self.head(seen, status, headers);
        if !body.is_empty() {
            self.body(seen, body);
        }
        self.end(seen);
    }

    /// Answers with a result.
    fn answer(&mut self, seen: &Seen, result: &str) {
        let body = format!(r#"{{"jsonrpc":"2.0","id":{},"result":{result}}}"#, seen.id());
        self.respond(seen, 200, &[JSON], &body);
    }

    /// Answers with a JSON-RPC error under some status.
    fn refuse(&mut self, seen: &Seen, status: u16, error: &str) {
        let body = format!(r#"{{"jsonrpc":"2.0","id":{},"error":{error}}}"#, seen.id());
        self.respond(seen, status, &[JSON], &body);
    }

    /// Sends a message as an event.
    fn event(&mut self, seen: &Seen, id: &str, message: &str) {
        let id = if id.is_empty() { String::new() } else { format!("id: {id}\n") };
        self.body(seen, &format!("{id}data: {message}\n\n"));
    }

    fn result_event(&mut self, seen: &Seen, stream: &Seen, result: &str) {
        let message = format!(r#"{{"jsonrpc":"2.0","id":{},"result":{result}}}"#, seen.id());
        self.event(stream, "", &message);
    }

    fn call(&mut self, method: &str, params: &str) -> ClientCallId {
        let call = self.http.call(self.now, method, &json(params), patient());
        self.drain();
        call
    }

    /// Lets time pass, and does whatever is due on the way.
    fn pass(&mut self, span: Duration) {
        let until = self.now + span;
        while let Some(due) = self.http.poll_timeout().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.http.handle_timeout(self.now);
            self.drain();
        }
        self.now = until;
    }

    /// How the only call ended.
    fn outcome(&mut self) -> Result<String, CallError> {
        assert_eq!(self.finished.len(), 1, "{:?}", self.finished);
        let (_, outcome) = self.finished.remove(0);
        outcome.map(|json| json.as_str().to_string())
    }

    fn last_aborted(&self) -> Option<ClientExchange> {
        self.aborted.last().copied()
    }
}
