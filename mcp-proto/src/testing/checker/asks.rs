//! The server's own requests: their ids, and which of them it may take back.

use alloc::{collections::BTreeMap, format};

use super::{Id, Invariant, invariant::Findings};

/// The server's requests, by id.
#[derive(Debug, Default)]
pub(super) struct Asks(BTreeMap<Id, State>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// Answered with a line that may still be unread.
    Answering,
    Over,
}

impl Asks {
    pub(super) fn asked(&mut self, id: Id, findings: &mut Findings) {
        if self.0.get(&id) == Some(&State::Open) {
            findings.add(Invariant::OneConclusion, format!("{id} is asked while it is open"));
        }
        self.0.insert(id, State::Open);
    }

    pub(super) fn answered(&mut self, id: Option<&Id>) {
        if let Some(state) = id.and_then(|id| self.0.get_mut(id)) {
            *state = State::Answering;
        }
    }

    pub(super) fn processed(&mut self) {
        for state in self.0.values_mut().filter(|state| **state == State::Answering) {
            *state = State::Over;
        }
    }

    /// The server takes a request back. `listened`: the id is that of a subscription, whose end
    /// may be told like this too.
    pub(super) fn cancelled(&mut self, id: Option<&Id>, listened: bool, findings: &mut Findings) {
        match id.and_then(|id| self.0.get_mut(id)) {
            Some(state @ (State::Open | State::Answering)) => *state = State::Over,
            _ if listened => {}
            _ => {
                let what = format!("{id:?} is cancelled, which is not open");
                findings.add(Invariant::NoReplyToNothing, what);
            }
        }
    }
}
