//! What the server asks, and what the client says about it.

use alloc::{collections::BTreeMap, format, string::String};

use super::{Findings, Id, Invariant, Params, fits, handshake::Handshake};

/// The server's requests, by id.
#[derive(Debug, Default)]
pub(super) struct Questions(BTreeMap<Id, Question>);

#[derive(Debug)]
struct Question {
    method: String,
    state: State,
    /// How often it was asked before it was answered: a server may use an id again.
    asked: u32,
    /// Whether the client has to answer.
    owed: bool,
    /// Whether a client of the revision that is spoken may answer.
    may_be_answered: bool,
    token: Option<Id>,
    /// The last progress.
    floor: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    Answered,
    Cancelled,
}

impl Questions {
    pub(super) fn asked(
        &mut self,
        id: Id,
        method: String,
        handshake: &Handshake,
        params: &Params<'_>,
    ) {
        let before = self.0.get(&id).filter(|before| before.state != State::Answered);
        let question = Question {
            // Which of two questions an answer is for is not to be told.
            method: if before.is_some() { String::new() } else { method },
            state: State::Open,
            asked: 1 + before.map_or(0, |before| before.asked),
            owed: handshake.owes_answers(),
            may_be_answered: handshake.may_answer(),
            token: params.meta.get("progressToken").and_then(Id::read),
            floor: None,
        };
        self.0.insert(id, question);
    }

    /// The server takes a request back.
    pub(super) fn cancelled(&mut self, id: Option<&Id>) {
        let question = id.and_then(|id| self.0.get_mut(id));
        if let Some(question) = question.filter(|question| question.state == State::Open) {
            question.state = State::Cancelled;
        }
    }

    pub(super) fn answered(
        &mut self,
        id: &Id,
        outcome: Result<&str, &str>,
        prompt: bool,
        findings: &mut Findings,
    ) {
        let Some(question) = self.0.get_mut(id) else {
            let what = format!("an answer to {id}, which was not asked");
            findings.add(Invariant::NoReplyToNothing, what);
            return;
        };
        if !question.may_be_answered {
            let what = format!("an answer to {id} in a revision in which clients do not answer");
            findings.add(Invariant::NoReplyToNothing, what);
        }
        match question.state {
            State::Answered => {
                findings.add(Invariant::OneConclusion, format!("{id} is answered again"));
            }
            State::Cancelled if prompt => {
                let what = format!("an answer to {id}, which was cancelled");
                findings.add(Invariant::SilenceAfterCancel, what);
            }
            _ => {}
        }
        question.asked = question.asked.saturating_sub(1);
        if question.asked == 0 {
            question.state = State::Answered;
        }
        let wanted = &question.method;
        if outcome.is_ok_and(|result| !wanted.is_empty() && !fits(wanted, result)) {
            let what = format!("the answer to {id} is none to {}", question.method);
            findings.add(Invariant::Framing, what);
        }
    }

    /// Each question has its answer.
    pub(super) fn settled(&self, findings: &mut Findings) {
        let owed = |question: &Question| question.state == State::Open && question.owed;
        for (id, question) in self.0.iter().filter(|(_, question)| owed(question)) {
            let what = format!("{} {id} is not answered", question.method);
            findings.add(Invariant::OneConclusion, what);
        }
    }

    pub(super) fn progressed(&mut self, params: &Params<'_>, findings: &mut Findings) {
        let token = params.members.get("progressToken").and_then(Id::read);
        let value = params.members.get("progress").and_then(|text| text.parse::<f64>().ok());
        let Some((token, value)) = token.zip(value) else {
            findings.add(Invariant::Framing, "progress without a token or a value".into());
            return;
        };
        let open = self.0.values_mut().find(|question| {
            // One that was cancelled may be unread.
            question.token.as_ref() == Some(&token) && question.state != State::Answered
        });
        let Some(question) = open else {
            findings.add(Invariant::Progress, format!("progress of {token}, which is not open"));
            return;
        };
        if question.floor.is_some_and(|floor| value <= floor) {
            findings.add(Invariant::Progress, format!("{token} is at {value} again"));
        }
        question.floor = Some(value);
    }
}
