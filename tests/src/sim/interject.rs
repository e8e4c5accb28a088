//! Lines that no honest client writes, between those of one that is.

use serde_json::Value;

use super::{
    lies::{MODERN_META, changed},
    plan::Interjection,
};
use crate::model::Revision;

/// What has no id to be answered with: no JSON, and no message.
const JUNK: [&str; 2] = ["{", r#"{"jsonrpc":"2.0"}"#];

/// Whether a line is answered without an id.
pub(super) fn is_junk(line: &[u8]) -> bool {
    JUNK.iter().any(|junk| junk.as_bytes() == line)
}

/// Such a line. A request among them has the code of the error that it must get in its id.
/// `last_retry`: the last request of the client that carries a state.
pub(super) fn line(
    what: Interjection,
    revision: Revision,
    number: usize,
    last_retry: Option<&str>,
) -> Option<String> {
    let modern = revision.is_modern();
    let meta = if modern { MODERN_META.replace('\n', "") + "," } else { String::new() };
    let request = |code: i64, method: &str, params: &str| {
        let params = format!(r"{{{meta}{params}}}");
        let head = format!(r#""jsonrpc":"2.0","id":"lie{code}.{number}""#);
        Some(format!(r#"{{{head},"method":"{method}","params":{params}}}"#))
    };
    let notification = |method: &str, params: &str| {
        Some(format!(r#"{{"jsonrpc":"2.0","method":"notifications/{method}","params":{params}}}"#))
    };
    match what {
        Interjection::Junk => Some(JUNK[0].into()),
        Interjection::NoMessage => Some(JUNK[1].into()),
        Interjection::UnknownMethod => request(-32_601, "no/such", r#""a":1"#),
        Interjection::UnknownTool => request(-32_602, "tools/call", r#""name":"none""#),
        Interjection::Initialize if modern => None,
        Interjection::Initialize => {
            let params = r#""protocolVersion":"2025-11-25","capabilities":{},
                "clientInfo":{"name":"l","version":"1"}"#
                .replace('\n', "");
            request(-32_600, "initialize", &params)
        }
        Interjection::Initialized => notification("initialized", "{}"),
        Interjection::Cancel => notification("cancelled", r#"{"requestId":"nobody's"}"#),
        Interjection::Progress => {
            notification("progress", r#"{"progressToken":"nobody's","progress":1}"#)
        }
        Interjection::Answer => {
            Some(r#"{"jsonrpc":"2.0","id":"nobody's","result":{"action":"accept"}}"#.into())
        }
        Interjection::ChangedState => with_changed_state(last_retry?, number),
    }
}

fn with_changed_state(retry: &str, number: usize) -> Option<String> {
    let value: Value = serde_json::from_str(retry).ok()?;
    let state = value["params"]["requestState"].as_str()?;
    let id = format!(r#""id":{},"#, value["id"]);
    let own = format!(r#""id":"lie-32602.{number}","#);
    Some(retry.replacen(&id, &own, 1).replace(state, &changed(state, number * 7)))
}

/// What a server says to such a line: the id, if it is one of ours. Says what is wrong with it.
pub(super) fn reply(line: &[u8]) -> Result<Option<String>, String> {
    const ERROR: &[u8] = br#""error":"#;
    if !line.windows(ERROR.len()).any(|part| part == ERROR) {
        return Ok(None);
    }
    let value: Value = serde_json::from_slice(line).unwrap_or_default();
    let (code, message) = (value["error"]["code"].to_string(), &value["error"]["message"]);
    match &value["id"] {
        Value::Null if matches!(&*code, "-32700" | "-32600") => Ok(Some(String::new())),
        Value::String(id) if id.starts_with("lie") => {
            let wanted = id.trim_start_matches("lie").split('.').next();
            // A call may find no room, whatever is wrong with it.
            let full = *message == "Too many requests in flight";
            if wanted == Some(&code) || full && wanted == Some("-32602") {
                Ok(Some(id.clone()))
            } else {
                Err(format!("{id} is told {code} {message}"))
            }
        }
        _ => Ok(None),
    }
}
