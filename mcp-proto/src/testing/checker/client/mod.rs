//! What must hold of what a client says on a pipe, whatever its server does.
//!
//! A [`ClientChecker`] stands at the server's end of the pipe. What a line of the server permits
//! (an answer, `initialized`) is permitted as soon as the server has sent it. What it forbids (the
//! cancellation of what was answered) is forbidden to a client that is known to look at each line
//! before it writes another, and not to others, since the lines may have crossed.

use alloc::{format, string::String, vec::Vec};

mod calls;
mod exchanges;
mod fields;
mod handshake;
mod questions;
mod rounds;

use serde_json::Value;

pub use exchanges::ClientExchanges;

use super::{
    Id, Invariant, Line, META_VERSION, Members, Params, Reading, Violation, WITH_BATCHES,
    invariant::Findings,
};
use calls::{Call, Calls};
use handshake::Handshake;
use questions::Questions;
use rounds::Rounds;

/// What is known of a client before it says anything.
#[derive(Clone, Copy, Debug, Default)]
pub struct ClientExpectations {
    /// It looks at each line that the server sends before it writes another.
    pub prompt: bool,
}

/// Watches what a client says on one pipe.
#[derive(Debug, Default)]
pub struct ClientChecker {
    expected: ClientExpectations,
    handshake: Handshake,
    calls: Calls,
    questions: Questions,
    rounds: Rounds,
    /// What the server sent that is no message, by its ids: it may be answered with an error.
    strays: Vec<Option<Id>>,
    findings: Findings,
}

impl ClientChecker {
    /// A checker of a pipe through which nothing has gone.
    pub fn new(expected: ClientExpectations) -> Self {
        Self { expected, ..Self::default() }
    }

    /// The client has sent a line; without its end.
    pub fn sent(&mut self, line: &[u8]) {
        match Line::read(line) {
            Line::Single(reading) => self.sent_message(reading, false),
            Line::Batch(elements) => {
                if self.handshake.version() != Some(WITH_BATCHES) || elements.is_empty() {
                    let what = "an array, which only 2025-03-26 has, and not empty";
                    self.findings.add(Invariant::Framing, what.into());
                }
                for reading in elements {
                    self.sent_message(reading, true);
                }
            }
        }
    }

    /// The server has sent a line; without its end.
    pub fn received(&mut self, line: &[u8]) {
        match Line::read(line) {
            Line::Single(reading) => self.received_message(reading),
            // Elsewhere an array is no message, whatever is in it.
            Line::Batch(elements) if self.handshake.version() == Some(WITH_BATCHES) => {
                for reading in elements {
                    self.received_message(reading);
                }
            }
            Line::Batch(_) => {}
        }
    }

    /// A request will not be answered any more, as where its connection broke.
    pub fn lost(&mut self, id: &Id) {
        if let Some(call) = self.calls.end(id) {
            self.handshake.answered(&call, Err("lost"));
        }
    }

    /// A request never left the client.
    pub(super) fn unsent(&mut self, id: &Id) {
        if let Some(call) = self.calls.forget(id) {
            self.handshake.answered(&call, Err("unsent"));
        }
    }

    /// An `initialize` is to come, in a session of its own: what was asked before is forgotten.
    pub(super) fn begin(&mut self) {
        self.handshake = Handshake::default();
        self.calls = Calls::default();
        self.questions = Questions::default();
    }

    /// The client has answered all that it was asked.
    pub fn settled(&mut self) {
        self.questions.settled(&mut self.findings);
    }

    /// The revision that was agreed on in a handshake.
    pub fn version(&self) -> Option<&str> {
        self.handshake.version()
    }

    /// The same, once the client has said that it is ready: one that cannot speak it does not.
    pub(super) fn operates_in(&self) -> Option<&str> {
        self.handshake.operates_in()
    }

    /// What was wrong, in order.
    pub fn violations(&self) -> &[Violation] {
        self.findings.all()
    }

    fn sent_message(&mut self, reading: Reading<'_>, in_batch: bool) {
        match reading {
            Reading::Request { id, method, params } => self.asks(id, &method, &params, in_batch),
            Reading::Notification { method, params } => self.tells(&method, &params),
            Reading::Response { id, outcome } => self.answers(id, outcome),
            Reading::Malformed(malformed) => {
                self.findings.add(Invariant::Framing, format!("no message: {malformed:?}"));
            }
        }
    }

    fn asks(&mut self, id: Id, method: &str, params: &Params<'_>, in_batch: bool) {
        let findings = &mut self.findings;
        let modern = params.meta.get(META_VERSION).is_some();
        if method == "initialize" && in_batch {
            findings.add(Invariant::Handshake, format!("initialize {id} is part of a batch"));
        }
        self.handshake.asks(&id, method, params, findings);
        let call = Call::new(id, method, modern, params);
        if modern {
            self.rounds.asks(&call, params, &self.calls, findings);
        }
        self.calls.open(call, params, findings);
    }

    fn tells(&mut self, method: &str, params: &Params<'_>) {
        let findings = &mut self.findings;
        match method {
            "notifications/initialized" => self.handshake.initialized(findings),
            "notifications/roots/list_changed" => self.handshake.roots_changed(findings),
            "notifications/progress" => self.questions.progressed(params, findings),
            "notifications/cancelled" => {
                let id = params.members.get("requestId").and_then(Id::read);
                self.calls.cancelled(id.as_ref(), self.expected.prompt, findings);
            }
            _ => {}
        }
    }

    fn answers(&mut self, id: Option<Id>, outcome: Result<&str, &str>) {
        let stray = self.strays.iter().position(|stray| *stray == id);
        if let Some(place) = stray.filter(|_| outcome.is_err()) {
            self.strays.remove(place);
        } else if let Some(id) = id {
            self.questions.answered(&id, outcome, self.expected.prompt, &mut self.findings);
        } else {
            self.findings.add(Invariant::NoReplyToNothing, "an error without an id".into());
        }
    }

    fn received_message(&mut self, reading: Reading<'_>) {
        match reading {
            Reading::Response { id: Some(id), outcome } => {
                let Some(call) = self.calls.answered(&id) else { return };
                self.handshake.answered(&call, outcome);
                if let Ok(result) = outcome {
                    self.rounds.answered(call, result);
                }
            }
            Reading::Request { id, method, params } => {
                self.questions.asked(id, method, &self.handshake, &params);
            }
            Reading::Notification { method, params } if method == "notifications/cancelled" => {
                let id = params.members.get("requestId").and_then(Id::read);
                self.questions.cancelled(id.as_ref());
                if let Some(id) = id.filter(|id| self.calls.listens(id)) {
                    self.calls.answered(&id);
                }
            }
            Reading::Malformed(malformed) if !malformed.response => self.strays.push(malformed.id),
            _ => {}
        }
    }
}

/// Whether an answer has the members that its question wants.
fn fits(method: &str, answer: &str) -> bool {
    let Some(answer) = Members::read(answer).filter(Members::are_distinct) else { return false };
    let text = |name: &str| answer.get(name).and_then(super::reading::text);
    let begins = |name: &str, with: char| answer.get(name).is_some_and(|it| it.starts_with(with));
    let kind = answer.get("resultType");
    kind.is_none()
        && match method {
            "elicitation/create" => {
                let action = text("action").unwrap_or_default();
                ["accept", "decline", "cancel"].contains(&&*action)
                    && (answer.get("content").is_none() || begins("content", '{'))
            }
            "sampling/createMessage" => {
                let content = begins("content", '{') || begins("content", '[');
                text("role").is_some() && text("model").is_some() && content
            }
            "roots/list" => begins("roots", '['),
            _ => true,
        }
}

/// The member of this name, if it is an object.
fn object<'a>(members: &Members<'a>, name: &str) -> Option<Members<'a>> {
    members.get(name).and_then(Members::read)
}

/// What a request is about, without what differs between its rounds.
fn target(params: &Params<'_>) -> Value {
    let own = ["_meta", "inputResponses", "requestState"];
    let rest = params.members.iter().filter(|(name, _)| !own.contains(name));
    let read = |value: &str| serde_json::from_str::<Value>(value).unwrap_or_default();
    rest.map(|(name, value)| (String::from(name), read(value))).collect()
}
