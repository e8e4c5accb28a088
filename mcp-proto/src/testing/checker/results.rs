//! What a response holds, by the revision that its request was sent in.

use alloc::format;

use super::{
    Invariant, Members,
    invariant::Findings,
    reading,
    requests::{self, Request},
    session,
};

/// The methods that may be answered with `input_required`.
pub(super) const MAY_ASK: [&str; 3] = ["tools/call", "prompts/get", "resources/read"];
/// What a client may be asked in `input_required`.
const QUESTIONS: [&str; 3] = ["elicitation/create", "sampling/createMessage", "roots/list"];
const MISSING_CLIENT_CAPABILITY: i64 = -32021;

pub(super) fn check(request: &Request, outcome: Result<&str, &str>, findings: &mut Findings) {
    let id = &request.id;
    let result = match outcome {
        Ok(result) => Members::read(result).unwrap_or_default(),
        Err(error) => return check_error(request, error, findings),
    };
    if !result.are_distinct() {
        findings.add(Invariant::Framing, format!("a member twice in the result of {id}"));
    }
    match result.get("resultType").map(reading::text) {
        None if request.modern => {
            findings.add(Invariant::Framing, format!("the result of {id} has no resultType"));
        }
        None => {}
        Some(_) if !request.modern => {
            let what = format!("the result of {id} has a resultType");
            findings.add(Invariant::Framing, what);
        }
        Some(kind) if kind.as_deref() == Some("input_required") => {
            check_questions(request, &result, findings);
        }
        Some(kind) if kind.as_deref() == Some("complete") => {}
        Some(kind) => {
            findings.add(Invariant::Framing, format!("{id} has the resultType {kind:?}"));
        }
    }
}

fn check_error(request: &Request, error: &str, findings: &mut Findings) {
    let needed = || Members::read(error)?.find(&["data", "requiredCapabilities"]);
    if requests::code(error) == Some(MISSING_CLIENT_CAPABILITY)
        && !needed().is_some_and(|needed| needed.starts_with('{'))
    {
        let what = format!("the error of {} does not name a capability", request.id);
        findings.add(Invariant::Capabilities, what);
    }
}

fn check_questions(request: &Request, result: &Members<'_>, findings: &mut Findings) {
    let (id, method) = (&request.id, &request.method);
    if !MAY_ASK.contains(&&**method) {
        findings.add(Invariant::Capabilities, format!("{method} {id} requires input"));
    }
    let questions = result.get("inputRequests");
    if questions.is_none() && result.get("requestState").is_none() {
        findings.add(Invariant::Framing, format!("{id} requires nothing"));
    }
    let Some(questions) = questions else { return };
    let questions = Members::read(questions).unwrap_or_default();
    if !questions.are_distinct() {
        findings.add(Invariant::Framing, format!("{id} asks two things under one key"));
    }
    for (key, question) in questions.iter() {
        let question = Members::read(question).unwrap_or_default();
        let Some(method) = question.get("method").and_then(reading::text) else {
            findings.add(Invariant::Framing, format!("{key:?} of {id} has no method"));
            continue;
        };
        if !QUESTIONS.contains(&&*method) {
            findings.add(Invariant::Capabilities, format!("{id} asks {method} as input"));
        }
        let params = question.get("params").and_then(Members::read).unwrap_or_default();
        let declared = request.capabilities.as_deref();
        if let Some(needed) = session::undeclared(&method, &params, declared) {
            let what = format!("{id} asks {method} of a client without {needed}");
            findings.add(Invariant::Capabilities, what);
        }
    }
}
