//! What must hold between HTTP requests and what they get, whatever either side does.
//!
//! An [`Exchanges`] checker sees each request, and each head, frame and end that the server wants
//! to be sent for it. It reads neither the ids of events nor those of sessions: they are compared,
//! nothing more.

use alloc::{
    borrow::ToOwned,
    collections::{BTreeMap, BTreeSet},
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};

use serde_json::Value;

use super::{
    META_VERSION,
    invariant::{Findings, Invariant, Violation},
};

/// A request, as it was let in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// `POST`, `GET` or `DELETE`.
    pub method: String,
    /// The fields of the head: names and values.
    pub fields: Vec<(String, String)>,
    /// Who calls.
    pub subject: Option<String>,
    /// The body.
    pub body: String,
}

impl Asked {
    /// With a field more, if it has a value.
    #[must_use]
    pub fn with(mut self, name: &str, value: Option<String>) -> Self {
        self.fields.extend(value.map(|value| (name.into(), value)));
        self
    }

    /// The value of a field.
    pub fn field(&self, name: &str) -> Option<&str> {
        let named = |(own, _): &&(String, String)| own.eq_ignore_ascii_case(name);
        self.fields.iter().find(named).map(|(_, value)| &**value)
    }

    /// The session that the head names.
    pub fn session(&self) -> Option<&str> {
        self.field("mcp-session-id")
    }

    /// The event that the head names as the last.
    pub fn last_event(&self) -> Option<&str> {
        self.field("last-event-id")
    }
}

/// Where an exchange is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Waits,
    Streams,
    Ended,
    /// Its client is gone.
    Gone,
}

#[derive(Debug)]
struct Exchange {
    asked: Asked,
    phase: Phase,
    /// The ids of the requests in its body.
    requests: BTreeSet<String>,
    /// The id of the subscription, if that is what it asks for.
    listens: Option<Value>,
    acknowledged: bool,
    /// The exchange whose stream it carries on, and how many of that stream's events its client
    /// has.
    carries: Option<(u64, usize)>,
}

#[derive(Debug)]
struct Session {
    subject: Option<String>,
    ended: bool,
}

/// Watches the exchanges of one endpoint.
#[derive(Debug, Default)]
pub struct Exchanges {
    all: BTreeMap<u64, Exchange>,
    sessions: BTreeMap<String, Session>,
    /// The events of each stream, by the exchange that it began with: ids and data.
    streams: BTreeMap<u64, Vec<(String, String)>>,
    /// Of which stream each event is.
    events: BTreeMap<String, u64>,
    findings: Findings,
}

impl Exchanges {
    /// A request was let in.
    pub fn asked(&mut self, exchange: u64, asked: Asked) {
        let body: Value = serde_json::from_str(&asked.body).unwrap_or_default();
        let messages = body.as_array().map_or_else(|| vec![&body], |batch| batch.iter().collect());
        // One that is no message may be answered, with its id.
        let id = |message: &&Value| message.get("id").map(Value::to_string);
        let listens = (body["method"] == "subscriptions/listen").then(|| body["id"].clone());
        let carries = asked.last_event().and_then(|last| self.place(last));
        let known = Exchange {
            requests: messages.iter().filter_map(id).collect(),
            listens,
            acknowledged: false,
            carries,
            phase: Phase::Waits,
            asked,
        };
        if self.all.insert(exchange, known).is_some() {
            self.add(Invariant::ExchangeOrder, format!("#{exchange} is used twice"));
        }
    }

    /// A whole response.
    pub fn responded(&mut self, exchange: u64, status: u16, session: Option<&str>, body: &str) {
        self.head(exchange, status, session, Phase::Ended);
        let ends_session = status == 204;
        let Some(known) = self.all.get(&exchange) else { return };
        if ends_session && known.asked.method == "DELETE" {
            let ended = known.asked.session().and_then(|id| self.sessions.get_mut(id));
            if let Some(session) = ended {
                session.ended = true;
            }
        }
        // What refuses a request need not be a message.
        let may_be_text = status >= 300 && serde_json::from_str::<Value>(body).is_err();
        if !body.is_empty() && !may_be_text {
            self.messages(exchange, body);
        }
    }

    /// The head of a stream.
    pub fn opened(&mut self, exchange: u64, status: u16) {
        self.head(exchange, status, None, Phase::Streams);
    }

    /// A frame of a stream.
    pub fn wrote(&mut self, exchange: u64, frame: &str) {
        if self.all.get(&exchange).map(|known| known.phase) != Some(Phase::Streams) {
            self.add(Invariant::ExchangeOrder, format!("#{exchange} gets a frame out of turn"));
            return;
        }
        let Event { id, data, wrong } = event(frame);
        if let Some(wrong) = wrong {
            self.add(Invariant::Framing, wrong);
        }
        let data = data.unwrap_or_default();
        if let Some(id) = id {
            self.stored(exchange, id, &data);
        }
        if !data.is_empty() {
            self.messages(exchange, &data);
        }
    }

    /// The end of a stream.
    pub fn finished(&mut self, exchange: u64) {
        match self.all.get_mut(&exchange) {
            Some(known) if known.phase == Phase::Streams => known.phase = Phase::Ended,
            _ => self.add(Invariant::ExchangeOrder, format!("#{exchange} ends out of turn")),
        }
    }

    /// The connection is gone.
    pub fn gone(&mut self, exchange: u64) {
        if let Some(known) = self.all.get_mut(&exchange) {
            known.phase = Phase::Gone;
        }
    }

    /// Everything is over: no exchange is open.
    pub fn over(&mut self) {
        let open = |known: &Exchange| matches!(known.phase, Phase::Waits | Phase::Streams);
        let open = self.all.iter().filter(|(_, known)| open(known)).map(|(exchange, _)| *exchange);
        for exchange in open.collect::<Vec<_>>() {
            self.add(Invariant::ExchangeOrder, format!("#{exchange} never ends"));
        }
    }

    /// What was wrong, in order.
    pub fn violations(&self) -> &[Violation] {
        self.findings.all()
    }

    fn add(&mut self, invariant: Invariant, what: String) {
        self.findings.add(invariant, what);
    }

    fn head(&mut self, exchange: u64, status: u16, session: Option<&str>, next: Phase) {
        let Some(known) = self.all.get_mut(&exchange) else {
            self.add(Invariant::ExchangeOrder, format!("#{exchange} was never asked"));
            return;
        };
        let before = core::mem::replace(&mut known.phase, next);
        let asked = known.asked.clone();
        if before != Phase::Waits {
            self.add(Invariant::ExchangeOrder, format!("#{exchange} gets a second head"));
        }
        let modern = asked.body.contains(META_VERSION);
        if let Some(owned) = asked.session().and_then(|id| self.sessions.get(id))
            && !modern
            && status < 300
            && (owned.ended || owned.subject != asked.subject)
        {
            let what = format!("#{exchange} is served in a session that is not its own: {owned:?}");
            self.add(Invariant::Isolation, what);
        }
        if let Some(id) = session {
            let opened = Session { subject: asked.subject, ended: false };
            if self.sessions.insert(id.into(), opened).is_some() {
                self.add(Invariant::Isolation, format!("the session {id} is opened twice"));
            }
        }
    }

    /// Where in its stream an event is: how many have come up to it.
    fn place(&self, id: &str) -> Option<(u64, usize)> {
        let stream = *self.events.get(id)?;
        let sent = self.streams.get(&stream)?;
        Some((stream, sent.iter().position(|(known, _)| known == id).map_or(0, |at| at + 1)))
    }

    /// An event that a client may name as its last.
    fn stored(&mut self, exchange: u64, id: String, data: &str) {
        let carries = self.all.get(&exchange).and_then(|known| known.carries);
        let (stream, has) =
            carries.unwrap_or_else(|| (exchange, self.streams.get(&exchange).map_or(0, Vec::len)));
        let sent = self.streams.entry(stream).or_default();
        let wrong = match sent.get(has) {
            Some((known, text)) if *known == id && text == data => None,
            Some((known, _)) => Some(format!("#{exchange} gets {id} instead of {known}")),
            None if self.events.contains_key(&id) => Some(format!("{id} comes again")),
            None => {
                self.events.insert(id.clone(), stream);
                sent.push((id, data.into()));
                None
            }
        };
        if let Some(known) = self.all.get_mut(&exchange) {
            known.carries = Some((stream, has + 1));
        }
        if let Some(what) = wrong {
            self.add(Invariant::Replay, what);
        }
    }

    /// Messages come to the exchange that they are about.
    fn messages(&mut self, exchange: u64, text: &str) {
        let Ok(value) = serde_json::from_str::<Value>(text) else {
            self.add(Invariant::Framing, format!("#{exchange} gets no JSON: {text}"));
            return;
        };
        match value {
            Value::Array(batch) => batch.iter().for_each(|each| self.message(exchange, each)),
            single => self.message(exchange, &single),
        }
    }

    fn message(&mut self, exchange: u64, message: &Value) {
        let Some(known) = self.all.get_mut(&exchange) else { return };
        let origin = known.carries.map_or(exchange, |(stream, _)| stream);
        let is_response = message["method"].is_null();
        let note = message["method"].as_str().unwrap_or_default().to_owned();
        let tag = &message["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"];
        let wrong = match &known.listens {
            Some(listens) if !is_response => {
                let acknowledges = note == "notifications/subscriptions/acknowledged";
                let first = !core::mem::replace(&mut known.acknowledged, true);
                *tag != *listens || first != acknowledges
            }
            _ => !tag.is_null(),
        };
        if wrong {
            self.add(Invariant::RightPlace, format!("#{exchange} is not told {message}"));
        }
        let asked = |id: &String| self.all.get(&origin).is_some_and(|o| o.requests.contains(id));
        let id = message["id"].to_string();
        if is_response && message["id"] != Value::Null && !asked(&id) {
            self.add(Invariant::RightPlace, format!("#{exchange} did not ask for {message}"));
        }
    }
}

/// A frame of a stream.
#[derive(Debug, Default)]
pub(super) struct Event {
    pub(super) id: Option<String>,
    pub(super) data: Option<String>,
    /// What is wrong with it.
    wrong: Option<String>,
}

/// Reads a frame; a comment has neither an id nor data.
pub(super) fn event(frame: &str) -> Event {
    let mut event = Event::default();
    let Some(lines) = frame.strip_suffix("\n\n") else {
        event.wrong = Some(format!("a frame without its end: {frame:?}"));
        return event;
    };
    for line in lines.split('\n') {
        match line.split_once(": ").unwrap_or((line, "")) {
            ("id", value) => event.id = Some(value.to_owned()),
            ("data" | "data:", value) if event.data.is_none() => {
                event.data = Some(value.to_owned());
            }
            ("event", "message") => {}
            ("retry", value) if value.parse::<u64>().is_ok() => {}
            _ if line.starts_with(':') => {}
            _ => event.wrong = Some(format!("a line of no known kind: {line:?}")),
        }
    }
    event
}
