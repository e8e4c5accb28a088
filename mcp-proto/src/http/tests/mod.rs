//! The endpoint as its two sides see it: requests of clients, and an application that answers.
//!
//! Transcripts say `> POST #3` for the third request and `< #3` for what it gets; they write
//! `{session 1}` for the id of the first session and `{stream 1}` for the random part of the first
//! event id. Header fields that every request or response has are left out, and so is what the
//! transcripts of pipes leave out.

mod basics;
mod batches;
mod closing;
mod congestion;
mod fields;
mod interleavings;
mod limits;
mod modern;
mod replay;
mod sessionless;
mod sessions;
mod streams;

use alloc::{
    boxed::Box,
    collections::BTreeMap,
    format,
    string::{String, ToString},
    sync::Arc,
    vec::Vec,
};
use core::{fmt::Write, sync::atomic::AtomicUsize, time::Duration};

use super::*;
pub(super) use crate::pipe::tests::{
    INITIALIZED, TOOL, cancel, form, initialize, legacy, listen, modern, offer,
};
use crate::{
    CommandError, ErrorObject, Grant, Instant, Version,
    pipe::tests::{Seeded, config, show},
    schema::Level,
    server::{
        About, Call, Command, Event, ExchangeId, Key, Offer, Reply, ResultBody, ServerConfig,
        SessionKey,
    },
    wire::{Body, Json},
};

/// An endpoint, its clients and its application, in virtual time.
pub(super) struct Site {
    pub(super) endpoint: Endpoint,
    pub(super) now: Instant,
    /// Every time that the application was given a call.
    pub(super) calls: Vec<Arc<Call>>,
    /// The sessions, with their ids.
    pub(super) sessions: Vec<(SessionKey, String)>,
    /// What each exchange got.
    pub(super) got: BTreeMap<ExchangeId, Got>,
    pub(super) telemetry: Vec<Telemetry>,
    pub(super) closed: bool,
    /// Who calls.
    pub(super) grant: Arc<Grant>,
    streams: Vec<String>,
    /// A mark and a text each.
    log: Vec<(char, String)>,
}

/// What an exchange got.
#[derive(Debug, Default)]
pub(super) struct Got {
    /// The status, once there is a head.
    pub(super) status: Option<u16>,
    pub(super) headers: Vec<(&'static str, String)>,
    /// The whole body, or the frames of the stream.
    pub(super) body: Vec<String>,
    pub(super) ended: bool,
    /// Whether the client is gone.
    pub(super) gone: bool,
}

/// The constructors bring an endpoint to the state under test and forget how it got there.
impl Site {
    pub(super) fn new() -> Self {
        Self::with(|_, _| {})
    }

    /// An endpoint that is configured by `change`.
    pub(super) fn with(change: impl FnOnce(&mut ServerConfig, &mut HttpConfig)) -> Self {
        let (mut server, mut http) = (config(), HttpConfig::default());
        change(&mut server, &mut http);
        let entropy = Seeded::new(&Arc::new(AtomicUsize::new(0)));
        let mut endpoint = Endpoint::new(server, http, Box::new(entropy));
        endpoint.set_offer(Arc::new(offer()));
        Self {
            endpoint,
            now: Instant::from_zero(Duration::from_mins(1)),
            calls: Vec::new(),
            sessions: Vec::new(),
            got: BTreeMap::new(),
            telemetry: Vec::new(),
            closed: false,
            grant: Arc::default(),
            streams: Vec::new(),
            log: Vec::new(),
        }
    }

    /// An endpoint with one session in operation.
    pub(super) fn operating(version: Version) -> Self {
        let mut site = Self::new();
        site.open(version);
        site
    }

    /// An endpoint with one session, in which a tool is called: `calls[0]`, on exchange 3.
    pub(super) fn calling(version: Version) -> Self {
        let mut site = Self::operating(version);
        site.say(&call("1"));
        site.forget();
        site
    }

    /// Opens a session and brings it into operation.
    pub(super) fn open(&mut self, version: Version) {
        self.post(&[], &initialize("0", version.as_str()));
        self.say(INITIALIZED);
        self.forget();
    }
}

/// A call of a tool, in a session.
pub(super) fn call(id: &str) -> String {
    legacy(id, "tools/call", &format!("{{{TOOL}}}"))
}

/// What clients do.
impl Site {
    pub(super) fn request(
        &mut self,
        method: &str,
        fields: &[(&str, &str)],
        body: &str,
    ) -> ExchangeId {
        let mut line = format!("{method} #{}", self.next());
        for (name, value) in fields {
            write!(line, " {name}={value}").unwrap();
        }
        self.note('>', format!("{line} {body}").trim_end());
        let mut headers = Vec::from([
            ("Host", "localhost"),
            ("Accept", "application/json, text/event-stream"),
            ("Content-Type", "application/json"),
        ]);
        headers.extend(fields);
        let head = Head { method, path: "/mcp", headers: &&*headers };
        let admission = self.endpoint.gate().admit(&head).unwrap();
        let grant = self.grant.clone();
        let exchange = self.endpoint.handle_request(self.now, admission, grant, body.as_bytes());
        assert!(self.got.insert(exchange, Got::default()).is_none());
        self.drain();
        exchange
    }

    /// POSTs with this head alone: the status and the code of the error, unless it is served.
    pub(super) fn try_post(
        &mut self,
        head: &[(&str, String)],
        body: &str,
    ) -> Option<(u16, Option<i64>)> {
        let head = Head { method: "POST", path: "/mcp", headers: &head };
        let response = match self.endpoint.gate().admit(&head) {
            Err(response) => Some(response),
            Ok(admission) => {
                let (now, grant) = (self.now, self.grant.clone());
                self.endpoint.handle_request(now, admission, grant, body.as_bytes());
                core::iter::from_fn(|| self.endpoint.poll_output()).find_map(|output| {
                    if let HttpOutput::Respond { response, .. } = output {
                        return Some(response);
                    }
                    None
                })
            }
        }?;
        let body = response.body.map_or(String::new(), |body| body.parts().concat());
        let body: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
        Some((
            response.head.status,
            body.pointer("/error/code").and_then(serde_json::Value::as_i64),
        ))
    }

    pub(super) fn post(&mut self, fields: &[(&str, &str)], body: &str) -> ExchangeId {
        self.request("POST", fields, body)
    }

    /// POSTs in the session that was opened last.
    pub(super) fn say(&mut self, body: &str) -> ExchangeId {
        let id = self.sessions.last().unwrap().1.clone();
        self.post(&[("Mcp-Session-Id", &id)], body)
    }

    /// POSTs a 2026-07-28 message with the fields that mirror it.
    pub(super) fn modern(&mut self, body: &str) -> ExchangeId {
        let value: serde_json::Value = serde_json::from_str(body).unwrap();
        let text = |pointer: &str| value.pointer(pointer)?.as_str().map(ToString::to_string);
        let method = text("/method").unwrap();
        let name = text("/params/name").or(text("/params/uri"));
        let mut fields =
            Vec::from([("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", &*method)]);
        fields.extend(name.iter().map(|name| ("Mcp-Name", &**name)));
        self.post(&fields, body)
    }

    /// Opens the general stream of the session that was opened last.
    pub(super) fn get(&mut self) -> ExchangeId {
        let id = self.sessions.last().unwrap().1.clone();
        self.request("GET", &[("Mcp-Session-Id", &id)], "")
    }

    /// Resumes after the event with this id.
    pub(super) fn resume(&mut self, cursor: &str) -> ExchangeId {
        let id = self.sessions.last().unwrap().1.clone();
        self.request("GET", &[("Mcp-Session-Id", &id), ("Last-Event-ID", cursor)], "")
    }

    pub(super) fn delete(&mut self) -> ExchangeId {
        let id = self.sessions.last().unwrap().1.clone();
        self.request("DELETE", &[("Mcp-Session-Id", &id)], "")
    }

    pub(super) fn disconnect(&mut self, exchange: ExchangeId) {
        self.note('>', &format!("#{} is gone", exchange.0));
        self.got.get_mut(&exchange).unwrap().gone = true;
        self.endpoint.handle_disconnect(self.now, exchange);
        self.drain();
    }

    pub(super) fn congest(&mut self, exchange: ExchangeId, congested: bool) {
        let word = if congested { "is behind" } else { "has caught up" };
        self.note('>', &format!("#{} {word}", exchange.0));
        self.endpoint.handle_congestion(self.now, exchange, congested);
        self.drain();
    }

    /// The number of the next request.
    fn next(&self) -> u64 {
        self.got.last_key_value().map_or(1, |(exchange, _)| exchange.0 + 1)
    }

    /// The id of the last event that an exchange got.
    pub(super) fn cursor(&self, exchange: ExchangeId) -> Option<String> {
        self.got[&exchange].body.iter().rev().find_map(|frame| field(frame, "id"))
    }

    /// The messages that an exchange got.
    pub(super) fn messages(&self, exchange: ExchangeId) -> Vec<String> {
        let frames = self.got[&exchange].body.iter();
        frames.filter_map(|frame| field(frame, "data")).filter(|data| !data.is_empty()).collect()
    }
}

/// What happens by itself, and what the application does. Calls are named by their place in
/// `calls`.
impl Site {
    /// Lets time pass, with everything that is due on the way.
    pub(super) fn wait(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some(due) = self.endpoint.poll_timeout().filter(|due| *due <= end) {
            assert!(due >= self.now, "a deadline lies in the past");
            self.now = due;
            self.endpoint.handle_timeout(self.now);
            self.drain();
            let next = self.endpoint.poll_timeout();
            assert!(next.is_none_or(|next| next > self.now), "what is due was not done");
        }
        self.now = end;
        self.endpoint.handle_timeout(self.now);
        self.drain();
    }

    pub(super) fn command(&mut self, command: Command) -> Result<(), CommandError> {
        let done = self.endpoint.handle_command(self.now, command);
        self.drain();
        done
    }

    pub(super) fn respond(&mut self, nth: usize, reply: Reply) -> Result<(), CommandError> {
        let call = self.calls[nth].id;
        self.command(Command::Respond { call, reply })
    }

    pub(super) fn answer(&mut self, nth: usize) -> Result<(), CommandError> {
        let result = Json::parse_text(&format!(r#"{{"nth":{nth}}}"#)).unwrap();
        self.respond(nth, Reply::Result(ResultBody::raw(&result).unwrap()))
    }

    pub(super) fn fail(&mut self, nth: usize, code: i64) -> Result<(), CommandError> {
        self.respond(nth, Reply::Error(ErrorObject::new(code, "It failed")))
    }

    pub(super) fn ask(&mut self, nth: usize) -> Result<(), CommandError> {
        let questions = Vec::from([(Key::from("k"), form("Name?"))]);
        let memo = self.calls[nth].memo.clone();
        self.respond(nth, Reply::Ask { questions, memo })
    }

    pub(super) fn log(&mut self, nth: usize) -> Result<(), CommandError> {
        let about = About::Call(self.calls[nth].id);
        let data = Json::text("said");
        self.command(Command::Log { about, level: Level::Error, logger: None, data })
    }

    /// A notification about a call that says this number.
    pub(super) fn note_number(&mut self, nth: usize, number: usize) -> Result<(), CommandError> {
        let about = About::Call(self.calls[nth].id);
        let params = Json::parse_text(&format!(r#"{{"n":{number}}}"#)).unwrap();
        self.command(Command::Notify { about, method: "own/note".into(), params })
    }

    pub(super) fn progress(&mut self, nth: usize, progress: f64) -> Result<(), CommandError> {
        let call = self.calls[nth].id;
        self.command(Command::Progress { call, progress, total: None, message: None })
    }

    pub(super) fn park(&mut self, nth: usize) -> Result<(), CommandError> {
        let call = self.calls[nth].id;
        self.command(Command::Park { call, retry: Some(Duration::from_millis(500)) })
    }

    pub(super) fn shut_down(&mut self) {
        self.note('*', "shut down");
        self.endpoint.shut_down(self.now);
        self.drain();
    }
}

/// What comes out.
impl Site {
    fn drain(&mut self) {
        while let Some(output) = self.endpoint.poll_output() {
            assert!(!self.closed, "something after the end: {output:?}");
            match output {
                HttpOutput::Respond { exchange, response } => self.responded(exchange, &response),
                HttpOutput::Open { exchange, head } => {
                    let fields = self.head(exchange, &head);
                    self.note('<', &format!("#{} {} stream{fields}", exchange.0, head.status));
                }
                HttpOutput::Write { exchange, frame } => self.wrote(exchange, &frame),
                HttpOutput::Finish { exchange } => {
                    self.note('<', &format!("#{} end", exchange.0));
                    let got = self.alive(exchange);
                    assert!(got.status.is_some(), "an end without a beginning");
                    got.ended = true;
                }
                HttpOutput::Event(event) => self.told(event),
                HttpOutput::Telemetry(telemetry) => {
                    match &telemetry {
                        Telemetry::Refused { reason, .. } => {
                            self.note('*', &format!("refused: {reason:?}"));
                        }
                        Telemetry::Dropped { count } => {
                            self.note('*', &format!("dropped {count}"));
                        }
                        _ => {}
                    }
                    self.telemetry.push(telemetry);
                }
                HttpOutput::Close => {
                    self.note('*', "close");
                    self.closed = true;
                }
            }
        }
    }

    /// What an exchange has got; nothing comes after its end, or after its client has gone.
    fn alive(&mut self, exchange: ExchangeId) -> &mut Got {
        let got = self.got.entry(exchange).or_default();
        assert!(!got.ended && !got.gone, "something for exchange {exchange:?}, which is over");
        got
    }

    fn head(&mut self, exchange: ExchangeId, head: &ResponseHead) -> String {
        let usual = ["content-type", "cache-control", "x-accel-buffering"];
        let mut shown = String::new();
        for (name, value) in head.headers.iter().filter(|(name, _)| !usual.contains(name)) {
            write!(shown, " {name}={value}").unwrap();
        }
        let got = self.alive(exchange);
        assert!(got.status.replace(head.status).is_none(), "two heads");
        got.headers = head.headers.iter().map(|(name, value)| (*name, value.to_string())).collect();
        shown
    }

    fn responded(&mut self, exchange: ExchangeId, response: &Response) {
        let fields = self.head(exchange, &response.head);
        let body = response.body.as_ref().map_or(String::new(), |body| body.parts().concat());
        let got = self.alive(exchange);
        got.ended = true;
        if !body.is_empty() {
            check_message(&body);
            got.body.push(body.clone());
        }
        let line = format!("#{} {}{fields} {body}", exchange.0, response.head.status);
        self.note('<', line.trim_end());
    }

    fn wrote(&mut self, exchange: ExchangeId, frame: &StreamFrame) {
        let text = frame.parts().concat();
        assert!(text.ends_with("\n\n") && !text.contains('\r'), "no event: {text}");
        assert_eq!(text.len(), frame.byte_len());
        let got = self.alive(exchange);
        assert!(got.status.is_some(), "a frame without a head");
        got.body.push(text.clone());
        if let Some(data) = field(&text, "data").filter(|data| !data.is_empty()) {
            check_message(&data);
        }
        let shown = text.trim_end().replace("event: message\n", "").replace('\n', " ");
        let shown = shown.replace("data: ", "");
        if let Some((token, _)) = field(&text, "id").as_deref().and_then(|id| id.split_once('-'))
            && !self.streams.iter().any(|known| known == token)
        {
            self.streams.push(token.into());
        }
        self.note('<', &format!("#{} {shown}", exchange.0));
    }

    fn told(&mut self, event: Event) {
        match &event {
            Event::SessionOpened { session, id, terms } => {
                self.sessions.push((*session, id.as_ref().unwrap().as_str().into()));
                self.note('*', &format!("session #{} opened: {}", session.0, terms.version));
            }
            other => self.note('*', &show::event(other)),
        }
        if let Event::Call(call) = event {
            self.calls.push(call);
        }
    }

    /// The text with names for what is random in it.
    fn masked(&self, text: &str) -> String {
        let mut text = text.to_string();
        for (place, token) in self.streams.iter().enumerate() {
            text = text.replace(token.as_str(), &format!("{{stream {}}}", place + 1));
        }
        for (place, (_, id)) in self.sessions.iter().enumerate() {
            text = text.replace(id.as_str(), &format!("{{session {}}}", place + 1));
        }
        text
    }

    fn note(&mut self, mark: char, text: &str) {
        self.log.push((mark, text.into()));
    }

    /// What happened since this was last asked.
    pub(super) fn transcript(&mut self) -> String {
        let log = core::mem::take(&mut self.log);
        log.iter().map(|(mark, text)| show::entry(*mark, &self.masked(text))).collect()
    }

    /// Forgets what happened so far.
    pub(super) fn forget(&mut self) {
        self.log.clear();
        self.telemetry.clear();
    }
}

/// The value of a field of an event.
pub(super) fn field(frame: &str, name: &str) -> Option<String> {
    let mut values = frame.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    values.next().map(ToString::to_string)
}

/// Whatever is sent is a message, or a batch of messages.
fn check_message(text: &str) {
    match Body::parse(text.as_bytes()) {
        Body::Single(message) => assert!(message.is_ok(), "no message: {text}"),
        Body::Batch(all) => assert!(all.iter().all(Result::is_ok), "no batch: {text}"),
    }
}
