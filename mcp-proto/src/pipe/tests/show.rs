//! Messages and events as short lines.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt::Write;

use crate::server::{Answer, Call, Event, Method};

/// One entry of a transcript, folded where it is too long for the eye.
pub(crate) fn entry(mark: char, text: &str) -> String {
    const COLUMNS: usize = 80;
    const CHARS_MAX: usize = 1000;
    if let Some((end, _)) = text.char_indices().nth(CHARS_MAX) {
        return entry(mark, &format!("{}… and more, {} bytes", &text[..end / 10], text.len()));
    }
    let short = text
        .replace(r#"{"jsonrpc":"2.0","#, "{")
        .replace(&super::meta(super::ALL_CAPABILITIES), r#""_meta":{modern}"#)
        .replace("io.modelcontextprotocol/", "mcp/")
        .replace(super::ALL_CAPABILITIES, "{all}");
    let short = masked(&short);
    let mut out = String::from(mark);
    out.push(' ');
    let mut rest = short.as_str();
    while rest.chars().count() > COLUMNS {
        let hard = rest.char_indices().nth(COLUMNS).map_or(rest.len(), |(at, _)| at);
        let soft = rest[..hard].rfind([',', ' ']).filter(|at| *at > COLUMNS / 2);
        let (piece, tail) = rest.split_at(soft.map_or(hard, |at| at + 1));
        out += piece.trim_end();
        out += "\n      ";
        rest = tail;
    }
    out + rest + "\n"
}

/// The text with `{state}` for a `requestState`, which nobody reads.
fn masked(text: &str) -> String {
    const KEY: &str = r#""requestState":""#;
    match text.split_once(KEY) {
        None => text.into(),
        Some((before, after)) => {
            let (_, after) = after.split_once('"').unwrap_or_default();
            format!(r#"{before}"requestState":{{state}}{after}"#)
        }
    }
}

pub(crate) fn event(event: &Event) -> String {
    match event {
        Event::Call(call) => self::call(call),
        Event::Cancelled { call, reason } => {
            let reason = reason.as_ref().map_or(String::new(), |reason| format!(": {reason}"));
            format!("call #{} cancelled{reason}", call.0)
        }
        Event::SessionOpened { session, id, terms } => {
            assert!(id.is_none(), "the session of a pipe has no id on the wire");
            format!("session #{} opened: {}", session.0, terms.version)
        }
        Event::SessionClosed { session, reason } => {
            format!("session #{} closed: {reason:?}", session.0)
        }
        Event::RootsChanged { session } => format!("roots of session #{} changed", session.0),
        Event::Notified { session, method, params } => {
            let place = session.map_or("no session".into(), |key| format!("session #{}", key.0));
            format!("notified in {place}: {method} {}", params.as_str())
        }
        Event::Pinged { session, round_trip } => {
            let outcome = round_trip.map_or("no answer".into(), |span| format!("{span:?}"));
            format!("ping in session #{}: {outcome}", session.0)
        }
        Event::Dropped(dropped) => format!("dropped {dropped:?}"),
    }
}

fn call(call: &Call) -> String {
    let mut text = format!("call #{} for {}: {}", call.id.0, call.request_id, method(&call.method));
    for (key, asked) in &call.memo.answers.by_key {
        let asked_for = if asked.digest.is_some() { "" } else { " (unasked)" };
        let answer = asked.answer.as_ref().map_or("none".to_string(), answer);
        write!(text, "; {key}{asked_for} = {answer}").unwrap();
    }
    text
}

fn method(method: &Method) -> String {
    let page = |name: &str, cursor: &Option<_>| {
        let cursor: Vec<_> = cursor.iter().collect();
        format!("{name} {cursor:?}")
    };
    match method {
        Method::ToolsList { cursor } => page("tools/list", cursor),
        Method::PromptsList { cursor } => page("prompts/list", cursor),
        Method::ResourcesList { cursor } => page("resources/list", cursor),
        Method::ResourceTemplatesList { cursor } => page("resources/templates/list", cursor),
        Method::ToolsCall { name, arguments } => format!("tools/call {name} {arguments:?}"),
        Method::PromptsGet { name, arguments } => format!("prompts/get {name} {arguments:?}"),
        Method::ResourcesRead { uri } => format!("resources/read {uri}"),
        Method::Complete(params) => format!("completion/complete {params:?}"),
        Method::Other { method, params } => format!("{method} {params:?}"),
    }
}

fn answer(answer: &Answer) -> String {
    match answer {
        Answer::Given(json) => json.as_str().into(),
        Answer::Refused(error) => format!("refused: {error}"),
        Answer::TimedOut => "timed out".into(),
    }
}
