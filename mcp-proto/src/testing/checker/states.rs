//! The states that a server gives away, and those that it takes back.

use alloc::{collections::BTreeSet, format, string::String};

use super::{Invariant, Members, invariant::Findings, reading, requests::Request};

/// All states of one server, each with the method of its request and what that is about.
#[derive(Debug, Default)]
pub(super) struct States(BTreeSet<(String, Option<String>, String)>);

impl States {
    /// A request is answered. `sealed`: the server takes nothing back that it did not give.
    pub(super) fn answered(
        &mut self,
        request: &Request,
        outcome: Result<&str, &str>,
        sealed: bool,
        findings: &mut Findings,
    ) {
        let Ok(result) = outcome else { return };
        let of_request = |state| (request.method.clone(), request.about.clone(), state);
        if let Some(state) = request.state.clone()
            && sealed
            && !self.0.contains(&of_request(state))
        {
            let what = format!("{} is served with a state that was not given to it", request.id);
            findings.add(Invariant::StateIntegrity, what);
        }
        let given = Members::read(result).and_then(|result| result.get("requestState"));
        self.0.extend(given.and_then(reading::text).map(of_request));
    }
}
