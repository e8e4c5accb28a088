//! The endpoint, its clients, its application, and the checker between them.

use std::{sync::Arc, time::Duration};

use mcp_proto::{
    Grant, Instant, Limits,
    http::{Endpoint, Head, HttpConfig, HttpOutput, Response},
    schema::Implementation,
    server::{Call, CallId, Command, Event, ExchangeId, Reply, ServerConfig, SessionKey, StateKey},
};
use serde_json::Value;

use super::Input;
use crate::{
    Seeded,
    checker::{Asked, Exchanges},
    fuzz::{
        script::Timed,
        server_pipe::{
            actions::{self, Speaker},
            canned::{self, Seen},
            settings::offer,
        },
    },
};

/// The fields that name a session, and the event after which a stream goes on.
const SESSION: &str = "mcp-session-id";
const LAST_EVENT: &str = "last-event-id";

/// The statuses that there are.
const STATUSES: [u16; 14] = [200, 202, 204, 400, 401, 403, 404, 405, 406, 409, 413, 415, 429, 503];
const SUBJECTS: [Option<&str>; 3] = [None, Some("ada"), Some("bob")];
/// What passes at a time, in milliseconds.
const SPANS: [u64; 8] = [1, 100, 1_000, 5_000, 15_000, 60_000, 300_000, 1_800_000];

pub(super) struct Rig {
    endpoint: Endpoint,
    drain: Duration,
    checker: Exchanges,
    now: Instant,
    switches: u8,
    subject: Option<&'static str>,
    /// The exchanges that are open, the newest first.
    open: Vec<ExchangeId>,
    sessions: Vec<String>,
    events: Vec<String>,
    calls: Vec<Arc<Call>>,
    last: Option<Arc<Call>>,
    session: Option<SessionKey>,
    seen: Seen,
    offer_revision: u64,
    closed: bool,
}

impl Rig {
    pub(super) fn new(switches: u8, limits: u8) -> Self {
        let http = http_config(switches);
        let drain = http.drain;
        let mut endpoint = Endpoint::new(server_config(limits), http, Box::new(Seeded(0)));
        endpoint.set_offer(Arc::new(offer(0)));
        Self {
            endpoint,
            drain,
            checker: Exchanges::default(),
            now: Instant::from_zero(Duration::from_mins(1)),
            switches,
            subject: None,
            open: Vec::new(),
            sessions: Vec::new(),
            events: Vec::new(),
            calls: Vec::new(),
            last: None,
            session: None,
            seen: Seen::default(),
            offer_revision: 0,
            closed: false,
        }
    }

    /// One step of a script.
    pub(super) fn step(&mut self, input: &mut Input<'_>) {
        match input.byte() {
            b'P' => self.post(input),
            b'G' => {
                let session = pick(&self.sessions, input.number());
                let last_event = pick(&self.events, input.number());
                let asked = Asked { method: "GET".into(), ..Asked::default() };
                self.request(asked.with(SESSION, session).with(LAST_EVENT, last_event), &[]);
            }
            b'D' => {
                let session = pick(&self.sessions, input.number());
                let asked = Asked { method: "DELETE".into(), ..Asked::default() };
                self.request(asked.with(SESSION, session), &[]);
            }
            b'x' => {
                let place = usize::from(input.number());
                if place < self.open.len() {
                    self.disconnect(place);
                }
            }
            letter @ (b'c' | b'C') => {
                if let Some(exchange) = self.open.get(usize::from(input.number())).copied() {
                    self.endpoint.handle_congestion(self.now, exchange, letter == b'c');
                }
            }
            b'w' => self.subject = input.one_of(&SUBJECTS),
            b't' => self.pass(Duration::from_millis(input.one_of(&SPANS))),
            b'o' => {
                self.offer_revision += 1;
                self.endpoint.set_offer(Arc::new(offer(self.offer_revision)));
            }
            b'k' => {
                if let Some(call) = self.call(input.number()).map(|call| call.id) {
                    self.command(Command::Park { call, retry: None });
                }
            }
            b'q' => self.shut_down(),
            b'!' => {
                let letter = input.byte();
                if let Some(command) = actions::command(letter, self, input) {
                    self.command(command);
                }
            }
            _ => {}
        }
        self.drain();
    }

    /// A message, with a head that mirrors it, unless a switch or a digit says otherwise.
    fn post(&mut self, input: &mut Input<'_>) {
        let session = pick(&self.sessions, input.number());
        let variant = input.number();
        let body = canned::message(input, &self.seen);
        let message: Value = serde_json::from_str(&body).unwrap_or_default();
        let params = &message["params"];
        let version = params["_meta"]["io.modelcontextprotocol/protocolVersion"].as_str();
        let method = message["method"].as_str().unwrap_or_default();
        let mut fields = Vec::new();
        if let Some(version) = version.filter(|_| variant != 1) {
            fields.extend([("mcp-protocol-version", version), ("mcp-method", method)]);
            let name = if method == "resources/read" { "uri" } else { "name" };
            if matches!(method, "tools/call" | "prompts/get" | "resources/read") {
                fields.extend(params[name].as_str().map(|name| ("mcp-name", name)));
            }
        }
        match variant {
            2 => fields.push(("mcp-protocol-version", "2025-06-18")),
            3 => fields.push(("origin", "https://elsewhere.example")),
            4 => fields.push(("mcp-method", "tools/list")),
            _ => {}
        }
        let asked = Asked { method: "POST".into(), body: body.clone(), ..Asked::default() };
        self.request(asked.with(SESSION, session), &fields);
    }

    fn request(&mut self, asked: Asked, fields: &[(&str, &str)]) {
        let mut head = vec![
            ("host", "localhost"),
            ("accept", "application/json, text/event-stream"),
            ("content-type", "application/json"),
        ];
        head.extend(fields);
        head.extend(asked.fields.iter().map(|(name, value)| (&**name, &**value)));
        let head = Head { method: &asked.method, path: "/mcp", headers: &&*head };
        let admission = match self.endpoint.gate().admit(&head) {
            Ok(admission) => admission,
            Err(response) => return check_status(&response),
        };
        assert!(asked.body.is_empty() || admission.body_bytes_max() <= 1 << 16);
        let subject = self.subject.map(Box::from);
        let grant = Arc::new(Grant { subject, ..Grant::default() });
        let asked = Asked { subject: self.subject.map(Into::into), ..asked };
        let body = asked.body.clone();
        let exchange = self.endpoint.handle_request(self.now, admission, grant, body.as_bytes());
        self.checker.asked(exchange.0, asked);
        self.open.insert(0, exchange);
    }

    fn disconnect(&mut self, place: usize) {
        let exchange = self.open.remove(place);
        self.checker.gone(exchange.0);
        self.endpoint.handle_disconnect(self.now, exchange);
    }

    fn command(&mut self, command: Command) {
        let responded = match &command {
            Command::Respond { call, .. } => Some(*call),
            _ => None,
        };
        // An error is a race or a fact about the peer.
        let _ = self.endpoint.handle_command(self.now, command);
        if let Some(call) = responded {
            self.forget(call);
        }
    }

    fn forget(&mut self, id: CallId) {
        if let Some(place) = self.calls.iter().position(|call| call.id == id) {
            self.last = Some(self.calls.remove(place));
        }
    }

    /// Does all there is to do.
    fn drain(&mut self) {
        while let Some(output) = self.endpoint.poll_output() {
            // What comes after the end is refused, and told.
            let refused = matches!(
                output,
                HttpOutput::Respond { .. }
                    | HttpOutput::Telemetry(_)
                    | HttpOutput::Event(Event::Dropped(_))
            );
            assert!(!self.closed || refused, "something after the end: {output:?}");
            match output {
                HttpOutput::Respond { exchange, response } => self.responded(exchange, &response),
                HttpOutput::Open { exchange, head } => {
                    self.checker.opened(exchange.0, head.status);
                    assert_eq!(head.status, 200);
                }
                HttpOutput::Write { exchange, frame } => {
                    let frame = frame.parts().concat();
                    self.see(&frame);
                    self.checker.wrote(exchange.0, &frame);
                }
                HttpOutput::Finish { exchange } => {
                    self.checker.finished(exchange.0);
                    self.open.retain(|open| *open != exchange);
                }
                HttpOutput::Event(event) => self.note(event),
                HttpOutput::Close => self.closed = true,
                _ => {}
            }
        }
        if let Some(violation) = self.checker.violations().first() {
            panic!("{violation}");
        }
    }

    fn responded(&mut self, exchange: ExchangeId, response: &Response) {
        check_status(response);
        let fields = &response.head.headers;
        let session = fields.iter().find(|(name, _)| *name == "mcp-session-id");
        let session = session.map(|(_, value)| &**value);
        self.sessions.extend(session.map(String::from));
        let body = response.body.as_ref().map(|body| body.parts().concat()).unwrap_or_default();
        self.learn(&body);
        self.checker.responded(exchange.0, response.head.status, session, &body);
        self.open.retain(|open| *open != exchange);
    }

    /// What the clients need to know for their next requests.
    fn see(&mut self, frame: &str) {
        for line in frame.lines() {
            match line.split_once(": ") {
                Some(("id", id)) => self.events.insert(0, id.into()),
                Some(("data", data)) => self.learn(data),
                _ => {}
            }
        }
    }

    fn learn(&mut self, text: &str) {
        let message: Value = serde_json::from_str(text).unwrap_or_default();
        if message["method"].is_string() && !message["id"].is_null() {
            self.seen.questions.push(message["id"].to_string());
        }
        let state = &message["result"]["requestState"];
        if state.is_string() {
            self.seen.state = Some(state.to_string());
        }
    }

    fn note(&mut self, event: Event) {
        match event {
            Event::Call(call) => {
                self.forget(call.id);
                self.calls.push(call);
            }
            Event::Cancelled { call, .. } => self.forget(call),
            Event::SessionOpened { session, .. } => self.session = Some(session),
            _ => {}
        }
    }

    fn shut_down(&mut self) {
        self.endpoint.shut_down(self.now);
    }

    /// Brings the endpoint to its end.
    pub(super) fn finish(mut self) {
        while self.open.len() > 1 {
            self.disconnect(1);
            self.drain();
        }
        while self.switches & 0x80 == 0
            && let Some(call) = self.calls.first()
        {
            let reply = Reply::Result(actions::result("{}"));
            self.command(Command::Respond { call: call.id, reply });
            self.drain();
        }
        self.shut_down();
        self.drain();
        let deadline = self.now + self.drain;
        while !self.closed {
            let next = self.endpoint.poll_timeout().expect("an endpoint that ends has a deadline");
            assert!(next <= deadline, "the deadline is missed");
            self.now = self.now.max(next);
            self.time_out();
        }
        self.checker.over();
        self.drain();
        assert!(self.endpoint.is_drained());
        assert!(self.endpoint.poll_timeout().is_none(), "a timer after the end");
        assert_eq!(self.endpoint.sessions().count(), 0);
        assert_eq!(self.endpoint.streams().count(), 0);
        assert!(self.endpoint.server().is_idle(), "{:?}", self.endpoint.server());
    }
}

impl Timed for Rig {
    fn clock(&mut self) -> &mut Instant {
        &mut self.now
    }

    fn due(&self) -> Option<Instant> {
        self.endpoint.poll_timeout()
    }

    fn handle_timeout(&mut self) {
        self.endpoint.handle_timeout(self.now);
        self.drain();
    }
}

impl Speaker for Rig {
    fn open_calls(&self) -> &[Arc<Call>] {
        &self.calls
    }

    fn last_call(&self) -> Option<&Arc<Call>> {
        self.last.as_ref()
    }

    fn session(&self) -> Option<SessionKey> {
        self.session
    }
}

/// One of what is known, by a number from 1; none for 0, and what nobody knows for one too large.
fn pick(known: &[String], number: u8) -> Option<String> {
    let place = usize::from(number).checked_sub(1)?;
    Some(known.get(place).cloned().unwrap_or_else(|| "unknown".into()))
}

#[track_caller]
fn check_status(response: &Response) {
    let status = response.head.status;
    assert!(STATUSES.contains(&status), "{status} is a status of its own");
    assert!(!matches!(status, 202 | 204) || response.body.is_none(), "{status} with a body");
}

fn http_config(switches: u8) -> HttpConfig {
    HttpConfig {
        sessions: switches & 1 == 0,
        session_lifetime: (switches & 2 != 0).then_some(Duration::from_mins(10)),
        over_sessions: if switches & 4 == 0 {
            mcp_proto::http::OverSessions::EndIdle
        } else {
            mcp_proto::http::OverSessions::Refuse
        },
        second_stream: if switches & 8 == 0 {
            mcp_proto::http::Conflict::NewestWins
        } else {
            mcp_proto::http::Conflict::Refuse
        },
        ..HttpConfig::default()
    }
}

fn server_config(limits: u8) -> ServerConfig {
    let narrow = |bit: u8, narrow, wide| if limits & bit == 0 { wide } else { narrow };
    let limits = Limits {
        message_bytes_max: 1 << 16,
        calls_max: narrow(1, 2, 64),
        streams_max: narrow(2, 2, 64),
        sessions_max: narrow(4, 2, 16),
        replay_events_max: narrow(8, 2, 64),
        listens_max: narrow(16, 1, 8),
        parked_max: narrow(32, 1, 8),
        calls_per_subject_max: narrow(64, 2, 64),
        sessions_per_subject_max: narrow(128, 1, 16),
        ..Limits::default()
    };
    ServerConfig {
        limits,
        state_keys: vec![StateKey { id: 0, key: [7; 32] }],
        ..ServerConfig::new(Implementation::new("fuzzed", "1"))
    }
}
