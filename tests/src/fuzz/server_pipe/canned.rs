//! Messages that a script sends by a letter or two, for they are long.

use std::fmt::Write;

use super::Input;

/// What the client has seen that it needs for its next messages.
#[derive(Debug, Default)]
pub(in crate::fuzz) struct Seen {
    /// The ids of the server's requests, as JSON.
    pub(in crate::fuzz) questions: Vec<String>,
    /// The last `requestState`, as JSON.
    pub(in crate::fuzz) state: Option<String>,
}

const VERSIONS: [&str; 6] =
    ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05", "2026-07-28", "1900-01-01"];
const LEVELS: [&str; 9] =
    ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency", "loud"];
const CAPABILITIES: [&str; 4] = [
    r#"{"roots":{"listChanged":true},"sampling":{},"elicitation":{"form":{},"url":{}}}"#,
    "{}",
    r#"{"elicitation":{}}"#,
    r#"{"elicitation":{"url":{}},"roots":{}}"#,
];
const METHODS: [&str; 10] = [
    "tools/call",
    "prompts/get",
    "resources/read",
    "tools/list",
    "completion/complete",
    "resources/templates/list",
    "custom/ask",
    "ping",
    "initialize",
    "nothing/known",
];
const ALL: &str = r#"{"toolsListChanged":true,"promptsListChanged":true,
    "resourcesListChanged":true,"resourceSubscriptions":["a:1","a:2"]}"#;
const SOME: &str = r#"{"resourcesListChanged":true,"resourceSubscriptions":["a:1","a:long-uri"]}"#;

/// The message that a letter and the bytes after it name, in one line; ids are 0 to 9 by the digit
/// that is given, so that they meet.
pub(in crate::fuzz) fn message(input: &mut Input<'_>, seen: &Seen) -> String {
    written(input, seen).replace('\n', "")
}

fn written(input: &mut Input<'_>, seen: &Seen) -> String {
    let kind = input.byte();
    match kind {
        b'I' => {
            let version = input.one_of(&VERSIONS);
            let capabilities = input.one_of(&CAPABILITIES);
            request(
                input,
                "initialize",
                &format!(
                    r#"{{"protocolVersion":"{version}","capabilities":{capabilities},
                        "clientInfo":{{"name":"c","version":"1"}}}}"#
                ),
            )
        }
        b'i' => notification("notifications/initialized", "{}"),
        b'c' => legacy_call(input),
        b'm' => modern_call(input, ""),
        b'r' => {
            let state = seen.state.as_deref().unwrap_or(r#""""#);
            modern_call(
                input,
                &format!(
                    r#","requestState":{state},"inputResponses":{{"a":{{"action":"decline"}}}}"#
                ),
            )
        }
        b'd' => modern(input, "server/discover", ""),
        b's' => {
            let filter = input.one_of(&[ALL, SOME, "{}"]);
            modern(input, "subscriptions/listen", &format!(r#","notifications":{filter}"#))
        }
        b'x' => {
            let id = id(input);
            notification("notifications/cancelled", &format!(r#"{{"requestId":{id}}}"#))
        }
        b'l' => {
            let level = input.one_of(&LEVELS);
            request(input, "logging/setLevel", &format!(r#"{{"level":"{level}"}}"#))
        }
        b'u' | b'U' => {
            let uri = input.one_of(&["a:1", "a:2", "a:long-uri"]);
            let method = if kind == b'u' { "resources/subscribe" } else { "resources/unsubscribe" };
            request(input, method, &format!(r#"{{"uri":"{uri}"}}"#))
        }
        b'a' => answer(input, seen),
        b'P' => {
            let token = question(input, seen);
            notification(
                "notifications/progress",
                &format!(r#"{{"progressToken":{token},"progress":1}}"#),
            )
        }
        b'R' => notification("notifications/roots/list_changed", "{}"),
        b'b' => {
            let elements: Vec<String> =
                (0..input.number() % 4).map(|_| written(input, seen)).collect();
            format!("[{}]", elements.join(","))
        }
        _ => request(input, "ping", "{}"),
    }
}

fn id(input: &mut Input<'_>) -> String {
    match input.byte() {
        b'a' => r#""0""#.into(),
        b'b' => r#""a rather long request id""#.into(),
        byte => (byte.wrapping_sub(b'0') % 10).to_string(),
    }
}

fn request(input: &mut Input<'_>, method: &str, params: &str) -> String {
    let id = id(input);
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{params}}}"#)
}

fn notification(method: &str, params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","method":"{method}","params":{params}}}"#)
}

/// The members that the methods of [`METHODS`] need.
const MEMBERS: &str = r#","name":"t","uri":"a:1",
    "ref":{"type":"ref/prompt","name":"p"},"argument":{"name":"n","value":"v"}"#;

fn legacy_call(input: &mut Input<'_>) -> String {
    let method = input.one_of(&METHODS);
    let meta = token(input);
    let params = format!(r#"{{"_meta":{{{meta}}}{MEMBERS}}}"#);
    request(input, method, &params)
}

fn modern_call(input: &mut Input<'_>, more: &str) -> String {
    let method = input.one_of(&METHODS);
    modern(input, method, &format!("{MEMBERS}{more}"))
}

fn modern(input: &mut Input<'_>, method: &str, members: &str) -> String {
    let version = input.one_of(&["2026-07-28", "2026-07-28", "2025-11-25"]);
    let capabilities = input.one_of(&CAPABILITIES);
    let mut meta = format!(
        r#""io.modelcontextprotocol/protocolVersion":"{version}",
            "io.modelcontextprotocol/clientCapabilities":{capabilities}"#
    );
    if let Some(level) = LEVELS.get(usize::from(input.number() % 16)) {
        let _ = write!(meta, r#","io.modelcontextprotocol/logLevel":"{level}""#);
    }
    let token = token(input);
    if !token.is_empty() {
        meta = format!("{meta},{token}");
    }
    request(input, method, &format!(r#"{{"_meta":{{{meta}}}{members}}}"#))
}

/// A progress token, or nothing.
fn token(input: &mut Input<'_>) -> &'static str {
    let tokens = [r#""progressToken":1"#, "", r#""progressToken":"t""#, r#""progressToken":1.5"#];
    input.one_of(&tokens)
}

fn question(input: &mut Input<'_>, seen: &Seen) -> String {
    let place = usize::from(input.number());
    let known = seen.questions.get(place % seen.questions.len().max(1));
    known.cloned().unwrap_or_else(|| r#""1.1.a""#.into())
}

fn answer(input: &mut Input<'_>, seen: &Seen) -> String {
    let id = question(input, seen);
    let outcome = input.one_of(&[
        r#""result":{"action":"accept","content":{}}"#,
        r#""error":{"code":-1,"message":"no"}"#,
        r#""result":{"roots":[]}"#,
        r#""result":[]"#,
    ]);
    format!(r#"{{"jsonrpc":"2.0","id":{id},{outcome}}}"#)
}
