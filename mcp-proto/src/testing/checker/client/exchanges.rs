//! What must hold of a client's HTTP requests, whatever its server does.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    format,
    string::String,
    vec::Vec,
};

use super::{
    ClientChecker, ClientExpectations, Findings, Id, Invariant, Line, META_VERSION, Params,
    Reading, Violation, fields::Mirrors,
};
use crate::{
    http::NO_SESSION,
    testing::checker::{
        Asked, LEGACY,
        exchanges::{Event, event},
        reading,
    },
};

/// The revisions whose requests name no revision in a header field.
const WITHOUT_FIELD: [&str; 2] = [LEGACY[0], LEGACY[1]];

/// Watches the requests of one client, from its own end: what it sends, and what it gets.
///
/// What its bodies say is judged by a [`ClientChecker`].
#[derive(Debug, Default)]
pub struct ClientExchanges {
    expected: ClientExpectations,
    checker: ClientChecker,
    mirrors: Mirrors,
    all: BTreeMap<u64, Exchange>,
    session: Option<Session>,
    /// The events that came.
    events: BTreeSet<String>,
    findings: Findings,
}

#[derive(Debug)]
struct Exchange {
    /// The session that the head names.
    session: Option<String>,
    /// The requests in its body.
    requests: Vec<Id>,
    /// Whether its body is an `initialize`.
    opens: bool,
    /// Whether its requests end with it.
    modern: bool,
}

#[derive(Debug)]
struct Session {
    id: String,
    ended: bool,
}

impl ClientExchanges {
    /// A checker of a client that has asked nothing.
    pub fn new(expected: ClientExpectations) -> Self {
        Self { expected, checker: ClientChecker::new(expected), ..Self::default() }
    }

    /// The client asks.
    pub fn asked(&mut self, exchange: u64, asked: &Asked) {
        let line = Line::read(asked.body.as_bytes());
        let messages = match &line {
            Line::Single(reading) => core::slice::from_ref(reading),
            Line::Batch(elements) => elements,
        };
        let request = |reading: &Reading<'_>| match reading {
            Reading::Request { id, .. } => Some(id.clone()),
            _ => None,
        };
        let opens = messages.iter().any(
            |reading| matches!(reading, Reading::Request { method, .. } if method == "initialize"),
        );
        let modern = messages.iter().any(|reading| names_revision(reading));
        let known = Exchange {
            session: asked.session().map(String::from),
            requests: messages.iter().filter_map(request).collect(),
            opens,
            modern,
        };
        if asked.method == "POST" {
            if opens {
                self.begin();
            }
            self.check_batch(exchange, messages);
            self.checker.sent(asked.body.as_bytes());
        }
        self.check_types(exchange, asked);
        self.check_session(exchange, asked);
        self.check_version(exchange, asked, messages);
        for reading in messages {
            self.mirrors.check(exchange, asked, reading, modern, &mut self.findings);
        }
        self.all.insert(exchange, known);
    }

    /// It gets a whole response.
    pub fn responded(&mut self, exchange: u64, status: u16, session: Option<&str>, body: &str) {
        self.opened(exchange, session);
        self.heard(body);
        let Some(known) = self.all.get(&exchange) else { return };
        if status == NO_SESSION
            && let Some(session) = &mut self.session
            && known.session.as_ref() == Some(&session.id)
        {
            session.ended = true;
        }
        self.lose(exchange);
    }

    /// It gets the head of a stream.
    pub fn opened(&mut self, exchange: u64, session: Option<&str>) {
        let opens = self.all.get(&exchange).is_some_and(|known| known.opens);
        if let Some(id) = session.filter(|_| opens) {
            self.session = Some(Session { id: id.into(), ended: false });
        }
    }

    /// It gets a frame of a stream.
    pub fn wrote(&mut self, frame: &str) {
        let Event { id, data, .. } = event(frame);
        self.events.extend(id);
        self.heard(&data.unwrap_or_default());
    }

    /// There was no connection: the client may ask the same again.
    pub fn unsent(&mut self, exchange: u64) {
        if let Some(known) = self.all.get_mut(&exchange) {
            for id in core::mem::take(&mut known.requests) {
                self.checker.unsent(&id);
            }
        }
    }

    /// A stream ends, or the connection is gone.
    pub fn ended(&mut self, exchange: u64) {
        // Without a session a request ends with its stream; with one the stream may go on.
        if self.all.get(&exchange).is_some_and(|known| known.modern) {
            self.lose(exchange);
        }
    }

    /// What was wrong: first with the exchanges, then with what their bodies say.
    pub fn violations(&self) -> impl Iterator<Item = &Violation> {
        self.findings.all().iter().chain(self.checker.violations())
    }

    /// An `initialize` begins anew, with what there was before forgotten.
    fn begin(&mut self) {
        self.checker.begin();
        self.session = None;
    }

    fn heard(&mut self, body: &str) {
        if !body.is_empty() {
            self.checker.received(body.as_bytes());
            self.mirrors.learn(body);
        }
    }

    /// What is not answered by now will not be.
    fn lose(&mut self, exchange: u64) {
        if let Some(known) = self.all.get_mut(&exchange) {
            for id in core::mem::take(&mut known.requests) {
                self.checker.lost(&id);
            }
        }
    }

    fn add(&mut self, invariant: Invariant, what: String) {
        self.findings.add(invariant, what);
    }

    fn check_types(&mut self, exchange: u64, asked: &Asked) {
        let has = |name: &str, wanted: &str| {
            asked.field(name).is_some_and(|value| {
                let mut kinds = value.split(',').map(|kind| kind.split(';').next());
                kinds.any(|kind| kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case(wanted)))
            })
        };
        let streams = "text/event-stream";
        let right = match &*asked.method {
            "POST" => {
                has("content-type", "application/json")
                    && has("accept", "application/json")
                    && has("accept", streams)
            }
            "GET" => has("accept", streams),
            _ => true,
        };
        if !right {
            let what = format!("#{exchange} does not name the types that it has and takes");
            self.add(Invariant::Headers, what);
        }
    }

    fn check_batch(&mut self, exchange: u64, messages: &[Reading<'_>]) {
        let answers = |reading: &&Reading<'_>| matches!(reading, Reading::Response { .. });
        let count = messages.iter().filter(answers).count();
        if count != 0 && count != messages.len() {
            let what = format!("#{exchange} has answers and other messages in one array");
            self.add(Invariant::Framing, what);
        }
    }

    /// A request names the session that it belongs to, and the event that it goes on after.
    fn check_session(&mut self, exchange: u64, asked: &Asked) {
        let named = asked.session();
        let wanted = self.session.as_ref().map(|session| &*session.id);
        if named != wanted {
            let what = format!("#{exchange} names the session {named:?} and not {wanted:?}");
            self.add(Invariant::Headers, what);
        }
        let ended = self.session.as_ref().is_some_and(|session| session.ended);
        if self.expected.prompt && ended {
            let what = format!("#{exchange} is asked in the session {named:?}, which has ended");
            self.add(Invariant::Isolation, what);
        }
        if let Some(last) = asked.last_event().filter(|last| !self.events.contains(*last)) {
            self.add(
                Invariant::Replay,
                format!("#{exchange} goes on after {last:?}, which is none"),
            );
        }
    }

    fn check_version(&mut self, exchange: u64, asked: &Asked, messages: &[Reading<'_>]) {
        let named = asked.field("mcp-protocol-version");
        let own = messages.iter().find_map(|reading| match reading {
            Reading::Request { params, .. } => revision(params),
            _ => None,
        });
        let agreed = self.checker.operates_in();
        let agreed = agreed.filter(|agreed| !WITHOUT_FIELD.contains(agreed));
        let Some(wanted) = own.as_deref().or(agreed) else { return };
        if named != Some(wanted) {
            let what = format!("#{exchange} names the revision {named:?} and not {wanted}");
            self.add(Invariant::Headers, what);
        }
    }
}

/// The revision that a request names itself.
fn revision(params: &Params<'_>) -> Option<String> {
    params.meta.get(META_VERSION).and_then(reading::text)
}

fn names_revision(reading: &Reading<'_>) -> bool {
    matches!(reading, Reading::Request { params, .. } if revision(params).is_some())
}
