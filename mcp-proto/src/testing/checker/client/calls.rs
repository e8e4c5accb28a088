//! The client's requests: which are open, and which ids were used.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    format,
    string::String,
};

use serde_json::Value;

use super::{Findings, Id, Invariant, Params, target};

/// A request of the client.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) id: Id,
    pub(super) method: String,
    /// Whether it names its revision itself.
    pub(super) modern: bool,
    /// What it is about.
    pub(super) target: Value,
    token: Option<Id>,
}

/// All requests of the client.
#[derive(Debug, Default)]
pub(super) struct Calls {
    open: BTreeMap<Id, Call>,
    /// The ids of a session, in which none comes again.
    used: BTreeSet<Id>,
    /// Those that ended without a cancellation.
    answered: BTreeSet<Id>,
}

impl Call {
    pub(super) fn new(id: Id, method: &str, modern: bool, params: &Params<'_>) -> Self {
        let token = params.meta.get("progressToken").and_then(Id::read);
        Self { id, method: method.into(), modern, target: target(params), token }
    }
}

impl Calls {
    pub(super) fn open(&mut self, call: Call, params: &Params<'_>, findings: &mut Findings) {
        let id = &call.id;
        let again = !call.modern && !self.used.insert(id.clone());
        if again || self.open.contains_key(id) {
            findings.add(Invariant::OneConclusion, format!("the id {id} is used again"));
        }
        if params.meta.get("progressToken").is_some() && call.token.is_none() {
            let what = format!("the token of {id} is neither a string nor an integer");
            findings.add(Invariant::Progress, what);
        }
        if call.token.is_some() && self.open.values().any(|other| other.token == call.token) {
            findings.add(Invariant::Progress, format!("{id} has the token of another request"));
        }
        self.answered.remove(id);
        self.open.insert(id.clone(), call);
    }

    /// The request that is answered, if it is open.
    pub(super) fn answered(&mut self, id: &Id) -> Option<Call> {
        let call = self.end(id)?;
        self.answered.insert(id.clone());
        Some(call)
    }

    /// A request ends without an answer.
    pub(super) fn end(&mut self, id: &Id) -> Option<Call> {
        self.open.remove(id)
    }

    /// A request never left: it may be sent again as it is.
    pub(super) fn forget(&mut self, id: &Id) -> Option<Call> {
        self.used.remove(id);
        self.end(id)
    }

    /// Whether this is a subscription, whose end the server may tell by a cancellation.
    pub(super) fn listens(&self, id: &Id) -> bool {
        self.open.get(id).is_some_and(|call| call.method == "subscriptions/listen")
    }

    pub(super) fn is_open(&self, id: &Id) -> bool {
        self.open.contains_key(id)
    }

    /// The client takes a request back. If it is `prompt`, it knows which are answered.
    pub(super) fn cancelled(&mut self, id: Option<&Id>, prompt: bool, findings: &mut Findings) {
        let Some(id) = id else {
            findings.add(Invariant::Framing, "a cancellation of nothing".into());
            return;
        };
        let crossed = !prompt && self.answered.remove(id);
        match self.end(id) {
            Some(call) if call.method == "initialize" => {
                findings
                    .add(Invariant::SilenceAfterCancel, format!("initialize {id} is cancelled"));
            }
            None if !crossed => {
                let what = format!("{id} is cancelled, which is not open");
                findings.add(Invariant::SilenceAfterCancel, what);
            }
            _ => {}
        }
    }
}
