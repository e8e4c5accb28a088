//! A client and an endpoint of this crate, end to end in memory, in every revision.

use alloc::{collections::BTreeMap, sync::Arc};

use super::*;
use crate::{
    Grant, Router, Version,
    client::Listening,
    http::{Endpoint, Head, HttpConfig, HttpOutput},
    router::{Context, Port},
    schema::{Answer, Elicited, Form, Tool, ToolResult},
    server::{Call, Command, Event, ExchangeId, Method, Reply, ResultBody, ServerConfig},
    version::Elicitation,
};

const VERSIONS: [Version; 4] =
    [Version::V2025_03_26, Version::V2025_06_18, Version::V2025_11_25, Version::V2026_07_28];

/// A client, an endpoint, and the exchanges between them.
struct Pair {
    net: Net,
    endpoint: Endpoint,
    router: Router<()>,
    /// What the endpoint calls each open exchange of the client's.
    wires: BTreeMap<ExchangeId, ClientExchange>,
    /// Calls that nobody answers by himself.
    sleeping: Vec<Arc<Call>>,
    /// How many calls the server was told are cancelled.
    cancelled: usize,
    /// How many requests of the client were handed over, and exchanges it aborted.
    carried: usize,
    aborted: usize,
    questions: usize,
}

/// Carries out what a handler says at once.
struct Direct<'a> {
    endpoint: &'a mut Endpoint,
    now: Instant,
}

impl Port for Direct<'_> {
    fn emit(&mut self, command: Command) {
        let _ = self.endpoint.handle_command(self.now, command);
    }
}

#[derive(serde::Deserialize)]
struct Nothing {}

#[derive(serde::Deserialize)]
struct Place {
    region: String,
}

fn router() -> Router<()> {
    let mut router = Router::new();
    router.tool(Tool::new("speak").no_arguments(), |cx: &mut Context<'_, ()>, _: Nothing| {
        cx.progress(1.0, 2.0);
        cx.progress(2.0, 2.0);
        Ok("spoken")
    });
    router.tool(Tool::new("ask").no_arguments(), |cx: &mut Context<'_, ()>, _: Nothing| {
        let name = cx.elicit::<Json>("name", Form::new("Name?"))?;
        let Elicited::Accepted(name) = name else { return Ok(ToolResult::error("declined")) };
        Ok(ToolResult::text(name.as_str()))
    });
    router.tool(Tool::new("touch").no_arguments(), |cx: &mut Context<'_, ()>, _: Nothing| {
        cx.resource_updated("a:1");
        Ok("touched")
    });
    let region = r#"{"type":"string","x-mcp-header":"Region"}"#;
    let schema = format!(r#"{{"type":"object","properties":{{"region":{region}}}}}"#);
    let place = Tool::new("place").input_schema(json(&schema)).unwrap();
    router.tool(place, |_: &mut Context<'_, ()>, place: Place| Ok(place.region));
    let resource = crate::schema::Resource::new("a:1", "one").unwrap();
    router.resource(resource, |_| {
        Ok(Vec::from([crate::schema::ResourceContents::text("a:1", "text")]))
    });
    router
}

/// An endpoint that nobody has spoken to.
fn endpoint() -> (Endpoint, Router<()>) {
    let server = ServerConfig::new(Implementation::new("s", "1"));
    let http = HttpConfig { hosts: crate::http::Hosts::Any, ..HttpConfig::default() };
    let mut endpoint = Endpoint::new(server, http, Box::new(Longest));
    let mut router = router();
    endpoint.set_offer(router.take_offer().unwrap());
    (endpoint, router)
}

impl Pair {
    fn new(version: Version) -> Self {
        let net = Net::with(|config, _| {
            if version.rules().handshake {
                config.era = Era::Pinned(version);
            }
        });
        let (endpoint, router) = endpoint();
        let mut pair = Self {
            net,
            endpoint,
            router,
            wires: BTreeMap::new(),
            sleeping: Vec::new(),
            cancelled: 0,
            carried: 0,
            aborted: 0,
            questions: 0,
        };
        pair.run();
        assert_eq!(pair.net.failed, None);
        assert_eq!(pair.net.http.client().agreement().unwrap().version, version);
        pair
    }

    /// Lets both sides speak until they have nothing to say.
    fn run(&mut self) {
        while self.carry() || self.serve() || self.answer_questions() {}
    }

    /// Hands the client's requests over, and tells of those that it gave up.
    fn carry(&mut self) -> bool {
        self.net.drain();
        let before = (self.carried, self.aborted);
        while let Some(exchange) = self.net.aborted.get(self.aborted).copied() {
            self.aborted += 1;
            if let Some(id) = self.name(exchange) {
                self.wires.remove(&id);
                self.endpoint.handle_disconnect(self.net.now, id);
            }
        }
        while let Some(seen) = self.net.sent.get(self.carried).cloned() {
            self.carried += 1;
            let path = seen.url.strip_prefix("https://server.example").unwrap();
            let mut headers = seen.headers.clone();
            headers.push(("Host".into(), "server.example".into()));
            let head = Head { method: seen.verb, path, headers: &&*headers };
            let admission = match self.endpoint.gate().admit(&head) {
                Ok(admission) => admission,
                Err(response) => panic!("{:?} for {seen:?}", response.head),
            };
            let (now, grant) = (self.net.now, Arc::new(Grant::default()));
            let id = self.endpoint.handle_request(now, admission, grant, seen.body.as_bytes());
            self.wires.insert(id, seen.exchange);
        }
        before != (self.carried, self.aborted)
    }

    fn name(&self, exchange: ClientExchange) -> Option<ExchangeId> {
        self.wires.iter().find(|(_, own)| **own == exchange).map(|(id, _)| *id)
    }

    fn serve(&mut self) -> bool {
        let mut any = false;
        while let Some(output) = self.endpoint.poll_output() {
            any = true;
            let now = self.net.now;
            match output {
                HttpOutput::Respond { exchange, response } => {
                    let Some(own) = self.wires.remove(&exchange) else { continue };
                    let http = &mut self.net.http;
                    http.handle_head(now, own, response.head.status, &&*fields(&response.head));
                    if let Some(body) = response.body {
                        http.handle_body(now, own, body.parts().concat().as_bytes());
                    }
                    http.handle_end(now, own);
                }
                HttpOutput::Open { exchange, head } => {
                    let Some(own) = self.wires.get(&exchange) else { continue };
                    self.net.http.handle_head(now, *own, head.status, &&*fields(&head));
                }
                HttpOutput::Write { exchange, frame } => {
                    let Some(own) = self.wires.get(&exchange) else { continue };
                    let text = frame.parts().concat();
                    self.net.http.handle_body(now, *own, text.as_bytes());
                }
                HttpOutput::Finish { exchange } => {
                    let Some(own) = self.wires.remove(&exchange) else { continue };
                    self.net.http.handle_end(now, own);
                }
                HttpOutput::Event(event) => self.told(event),
                HttpOutput::Telemetry(_) | HttpOutput::Close => {}
            }
        }
        any
    }

    fn told(&mut self, event: Event) {
        match event {
            Event::Call(call) if sleeps(&call) => self.sleeping.push(call),
            Event::Call(call) => {
                let mut port = Direct { endpoint: &mut self.endpoint, now: self.net.now };
                self.router.serve(&mut (), call, &mut port);
            }
            Event::Cancelled { .. } => self.cancelled += 1,
            Event::Dropped(dropped) => panic!("{dropped:?}"),
            _ => {}
        }
    }

    fn answer_questions(&mut self) -> bool {
        let Some(question) = self.net.questions.get(self.questions).copied() else { return false };
        self.questions += 1;
        let answer = Answer::Given(json(r#"{"action":"accept","content":{}}"#));
        self.net.http.answer(self.net.now, question, answer).unwrap();
        true
    }

    /// Cuts every stream that is open, as a bad network does.
    fn cut(&mut self) {
        for (id, own) in core::mem::take(&mut self.wires) {
            self.endpoint.handle_disconnect(self.net.now, id);
            self.net.http.handle_failed(self.net.now, own, Delivery::OutcomeUnknown);
        }
        self.run();
    }

    /// Lets time pass on both sides.
    fn pass(&mut self, span: Duration) {
        let until = self.net.now + span;
        loop {
            let dues = [self.net.http.poll_timeout(), self.endpoint.poll_timeout()];
            let due = dues.into_iter().flatten().min().filter(|due| *due <= until);
            let Some(due) = due else { break };
            self.net.now = self.net.now.max(due);
            self.net.http.handle_timeout(self.net.now);
            self.endpoint.handle_timeout(self.net.now);
            self.run();
        }
        self.net.now = until;
    }

    fn call(&mut self, tool: &str, arguments: &str) -> Result<String, CallError> {
        self.net.told.clear();
        self.net.call("tools/call", &format!(r#"{{"name":"{tool}","arguments":{arguments}}}"#));
        self.run();
        let outcome = self.net.outcome();
        outcome.map(|result| {
            let result: serde_json::Value = serde_json::from_str(&result).unwrap();
            result["content"][0]["text"].as_str().unwrap().to_string()
        })
    }

    fn end(&mut self) {
        self.net.http.close(self.net.now);
        self.run();
        assert_eq!((self.net.closes, self.endpoint.sessions().count()), (1, 0));
        assert_eq!(self.net.dropped, []);
    }
}

/// Whether the call waits until a test ends it.
fn sleeps(call: &Call) -> bool {
    matches!(&call.method, Method::ToolsCall { name, .. } if **name == *"sleep")
}

fn fields(head: &crate::http::ResponseHead) -> Vec<(&'static str, String)> {
    head.headers.iter().map(|(name, value)| (*name, value.to_string())).collect()
}

#[test]
fn calls_are_answered_with_what_belongs_to_them() {
    spec!("SHL-10", "SHM-17");
    for version in VERSIONS {
        let mut pair = Pair::new(version);
        assert_eq!(pair.call("speak", "{}").as_deref(), Ok("spoken"), "{version}");
        assert_eq!(pair.net.told.len(), 2, "{:?}", pair.net.told);
        pair.end();
    }
}

#[test]
fn questions_of_both_eras_are_answered() {
    for version in VERSIONS {
        let mut pair = Pair::new(version);
        let outcome = pair.call("ask", "{}");
        if version.rules().elicitation == Elicitation::None {
            assert!(matches!(outcome, Err(CallError::Refused(_))));
        } else {
            assert_eq!((outcome.as_deref(), pair.questions), (Ok("{}"), 1));
        }
        pair.end();
    }
}

#[test]
fn arguments_are_mirrored_as_the_endpoint_checks_them() {
    let mut pair = Pair::new(Version::V2026_07_28);
    // The client has not seen the list, asks for it and tries again.
    assert_eq!(pair.call("place", r#"{"region":"Zürich"}"#).as_deref(), Ok("Zürich"));
    let asked = |pair: &Pair, method: &str| {
        pair.net.sent.iter().filter(|seen| seen.method() == method).count()
    };
    assert_eq!((asked(&pair, "tools/call"), asked(&pair, "tools/list")), (2, 1));
    for region in ["", " a ", "=?base64?YQ==?=", "a b"] {
        let arguments = format!(r#"{{"region":"{region}"}}"#);
        assert_eq!(pair.call("place", &arguments).as_deref(), Ok(region));
    }
    assert_eq!(asked(&pair, "tools/list"), 1);
    pair.end();
}

#[test]
fn changes_of_what_is_subscribed_to_are_heard_and_again_after_the_stream_broke() {
    for version in VERSIONS {
        let mut pair = Pair::new(version);
        let wish = Listening { tools: true, uris: ["a:1".into()].into(), ..Listening::default() };
        let listen = pair.net.http.listen(pair.net.now, wish);
        pair.run();
        assert_eq!(pair.net.listening, 1, "{version}");
        for _ in 0..3 {
            assert!(pair.call("touch", "{}").is_ok());
            assert_eq!(pair.net.told, [r#"ResourceUpdated { uri: "a:1" }"#], "{version}");
            pair.cut();
            pair.pass(Duration::from_secs(10));
        }
        pair.net.http.cancel(listen, None).unwrap();
        pair.run();
        assert_eq!(pair.net.outcome(), Err(CallError::Cancelled));
        assert!(pair.call("touch", "{}").is_ok());
        assert_eq!(pair.net.told, [] as [&str; 0]);
        pair.end();
    }
}

#[test]
fn a_stream_that_is_cut_is_resumed_where_the_revision_can() {
    for version in VERSIONS {
        let mut pair = Pair::new(version);
        pair.net.call("tools/call", r#"{"name":"sleep"}"#);
        pair.run();
        let call = pair.sleeping[0].id;
        let progress = |progress| Command::Progress { call, progress, total: None, message: None };
        let say = |pair: &mut Pair, command| {
            pair.endpoint.handle_command(pair.net.now, command).unwrap();
            pair.run();
        };
        say(&mut pair, progress(1.0));
        pair.cut();
        if !version.rules().handshake {
            assert_eq!(pair.net.outcome(), Err(CallError::Lost(Delivery::OutcomeUnknown)));
            assert_eq!(pair.cancelled, 1, "a disconnect cancels");
            continue;
        }
        // What is said meanwhile is told when the stream goes on, once.
        say(&mut pair, progress(2.0));
        pair.pass(Duration::from_secs(5));
        say(&mut pair, progress(3.0));
        let result = ResultBody::raw(&json(r#"{"content":[]}"#)).unwrap();
        pair.cut();
        say(&mut pair, Command::Respond { call, reply: Reply::Result(result) });
        pair.pass(Duration::from_secs(10));
        assert!(pair.net.outcome().is_ok(), "{version}");
        assert_eq!(pair.net.told.len(), 3, "{:?}", pair.net.told);
        assert_eq!(pair.cancelled, 0);
        pair.end();
    }
}

#[test]
fn a_server_that_lost_the_session_gets_a_new_one() {
    for version in VERSIONS.into_iter().filter(|version| version.rules().handshake) {
        let mut pair = Pair::new(version);
        assert!(pair.call("speak", "{}").is_ok());
        // As after a restart.
        (pair.endpoint, pair.router) = endpoint();
        pair.wires.clear();
        pair.net.call("tools/call", r#"{"name":"speak"}"#);
        pair.run();
        assert_eq!(pair.net.outcome(), Err(CallError::Lost(Delivery::NotSent)));
        assert_eq!(pair.call("speak", "{}").as_deref(), Ok("spoken"));
        assert_eq!(pair.net.ready, 2);
    }
}

#[test]
fn a_cancellation_reaches_the_server() {
    for version in VERSIONS {
        let mut pair = Pair::new(version);
        let call = pair.net.call("tools/call", r#"{"name":"sleep"}"#);
        pair.run();
        pair.net.http.cancel(call, None).unwrap();
        pair.run();
        assert_eq!(pair.net.outcome(), Err(CallError::Cancelled));
        assert_eq!(pair.cancelled, 1);
        pair.end();
    }
}
