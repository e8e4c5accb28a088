//! Calls that want input, and the calls that bring it.

use alloc::{collections::BTreeMap, format, string::String, vec::Vec};

use serde_json::Value;

use super::{
    Findings, Id, Invariant, Members, Params,
    calls::{Call, Calls},
    fits, object,
};
use crate::testing::checker::{reading, results::MAY_ASK};

/// What servers wanted so far.
#[derive(Debug, Default)]
pub(super) struct Rounds(Vec<Round>);

/// One answer that wants input.
#[derive(Debug)]
struct Round {
    /// What is answered.
    id: Id,
    method: String,
    target: Value,
    /// The methods of the questions, by their keys.
    questions: BTreeMap<String, String>,
    state: Option<String>,
    /// The last request that brought it.
    next: Option<Id>,
}

impl Rounds {
    /// A call has a result.
    pub(super) fn answered(&mut self, call: Call, result: &str) {
        let result = Members::read(result).unwrap_or_default();
        let kind = result.get("resultType").and_then(reading::text);
        if !call.modern || kind.as_deref() != Some("input_required") {
            return;
        }
        let questions = object(&result, "inputRequests").unwrap_or_default();
        let method =
            |question: &str| Members::read(question)?.get("method").and_then(reading::text);
        self.0.push(Round {
            id: call.id,
            method: call.method,
            target: call.target,
            questions: questions
                .iter()
                .map(|(key, question)| (key.into(), method(question).unwrap_or_default()))
                .collect(),
            state: result.get("requestState").and_then(reading::text),
            next: None,
        });
    }

    /// A request that may bring what was wanted.
    pub(super) fn asks(
        &mut self,
        call: &Call,
        params: &Params<'_>,
        calls: &Calls,
        findings: &mut Findings,
    ) {
        let state = params.members.get("requestState").map(reading::text);
        let answers = params.members.get("inputResponses").map(Members::read);
        if state.is_none() && answers.is_none() {
            return;
        }
        let (id, method) = (&call.id, &*call.method);
        if !MAY_ASK.contains(&method) {
            findings.add(Invariant::Capabilities, format!("{method} {id} brings input"));
            return;
        }
        let answers = answers.flatten().unwrap_or_default();
        let state = state.as_ref().and_then(Option::as_deref);
        let wants = |round: &Round| {
            round.state.as_deref() == state && round.is_for(call) && round.has_all(&answers)
        };
        let is_free = |round: &Round| !round.next.as_ref().is_some_and(|next| calls.is_open(next));
        // Two calls may want the same, and be given the same state.
        let free = self.0.iter().rposition(|round| wants(round) && is_free(round));
        let place = free.or_else(|| self.0.iter().rposition(wants));
        let Some(round) = place.and_then(|place| self.0.get_mut(place)) else {
            let what = format!("{method} {id} brings {}", self.wrong(call, state, &answers));
            findings.add(Invariant::StateIntegrity, what);
            return;
        };
        if round.id == *id {
            let what = format!("{method} {id} has the id of the request that it goes on with");
            findings.add(Invariant::StateIntegrity, what);
        }
        if free.is_none() {
            let what = format!("{method} {id} brings what another open request brings");
            findings.add(Invariant::StateIntegrity, what);
        }
        round.next = Some(id.clone());
        for (key, answer) in answers.iter() {
            if !round.questions.get(key).is_some_and(|method| fits(method, answer)) {
                let what = format!("{key:?} of {id} is no answer to what was asked");
                findings.add(Invariant::Framing, what);
            }
        }
    }

    /// What is wrong with a request that goes on with nothing.
    fn wrong(&self, call: &Call, state: Option<&str>, answers: &Members<'_>) -> &'static str {
        let mut own = self.0.iter().filter(|round| round.is_for(call));
        match state {
            Some(_) if !self.0.iter().any(|round| round.state.as_deref() == state) => {
                "a state that was never given"
            }
            Some(_) if !own.any(|round| round.state.as_deref() == state) => {
                "the state of another request"
            }
            None if own.any(|round| round.has_all(answers)) => "answers without their state",
            _ => "other answers than those that were asked for",
        }
    }
}

impl Round {
    /// Whether a request is about the same.
    fn is_for(&self, call: &Call) -> bool {
        self.method == call.method && self.target == call.target
    }

    /// Whether these are the answers to all questions and to nothing else.
    fn has_all(&self, answers: &Members<'_>) -> bool {
        answers.are_distinct()
            && answers.iter().count() == self.questions.len()
            && answers.iter().all(|(key, _)| self.questions.contains_key(key))
    }
}
