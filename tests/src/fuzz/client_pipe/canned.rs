//! Messages of a server, by a letter.

use super::Input;

/// A message, with `$` and a digit where an id of the client belongs. Each letter that an answer
/// has is followed by that digit.
pub(super) fn message(input: &mut Input<'_>) -> String {
    let letter = input.byte();
    let place = input.number() % 10;
    let result = |result: &str| format!(r#"{{"jsonrpc":"2.0","id":${place},"result":{result}}}"#);
    match letter {
        b'd' => result(r#"{"supportedVersions":["2026-07-28"],"capabilities":{"tools":{}}}"#),
        b'i' => result(
            r#"{"protocolVersion":"2025-11-25","capabilities":{"resources":{"subscribe":true}}}"#,
        ),
        b'o' => result(r#"{"protocolVersion":"2025-03-26","capabilities":{"tools":{}}}"#),
        b'r' => result("{}"),
        b'p' => result(r#"{"tools":[{"name":"t"}],"nextCursor":"1"}"#),
        b'l' => result(r#"{"tools":[],"ttlMs":5000,"cacheScope":"private"}"#),
        b'q' => result(
            r#"{"resultType":"input_required","requestState":"s","inputRequests":{"a":{"method":
            "elicitation/create","params":{"message":"?","requestedSchema":{"type":"object",
            "properties":{}}}}}}"#,
        ),
        b's' => result(r#"{"resultType":"input_required","requestState":"s"}"#),
        b'u' => result(r#"{"resultType":"odd"}"#),
        other => told(other, place),
    }
    .replace('\n', "")
}

/// What is no result.
fn told(letter: u8, place: u8) -> String {
    let error = |code: i64| {
        format!(r#"{{"jsonrpc":"2.0","id":${place},"error":{{"code":{code},"message":"no"}}}}"#)
    };
    let note = |method: &str, params: &str| {
        format!(r#"{{"jsonrpc":"2.0","method":"notifications/{method}","params":{params}}}"#)
    };
    let tag = format!(r#""_meta":{{"io.modelcontextprotocol/subscriptionId":${place}}}"#);
    match letter {
        b'e' => error(-32_603),
        b'm' => error(-32_601),
        b'v' => {
            let data = r#""code":-32022,"message":"no","data":{"supported":["2026-07-28"]}"#;
            format!(r#"{{"jsonrpc":"2.0","id":${place},"error":{{{data}}}}}"#)
        }
        b'P' => note("progress", &format!(r#"{{"progressToken":${place},"progress":{place}}}"#)),
        b'L' => note("message", r#"{"level":"error","data":1}"#),
        b'T' => note("tools/list_changed", &format!("{{{tag}}}")),
        b'R' => note("resources/updated", &format!(r#"{{"uri":"a:1",{tag}}}"#)),
        b'A' => note(
            "subscriptions/acknowledged",
            &format!(r#"{{"notifications":{{"toolsListChanged":true}},{tag}}}"#),
        ),
        b'C' => note("cancelled", &format!(r#"{{"requestId":{place}}}"#)),
        b'D' => note("cancelled", &format!(r#"{{"requestId":${place}}}"#)),
        b'Q' => format!(
            r#"{{"jsonrpc":"2.0","id":{place},"method":"elicitation/create","params":{{"message":
            "?","requestedSchema":{{"type":"object","properties":{{}}}}}}}}"#
        ),
        b'G' => format!(r#"{{"jsonrpc":"2.0","id":{place},"method":"ping"}}"#),
        b'O' => format!(r#"{{"jsonrpc":"2.0","id":{place},"method":"roots/list"}}"#),
        b'B' => format!(
            r#"[{{"jsonrpc":"2.0","id":${place},"result":{{}}}},{{"jsonrpc":"2.0","id":7,"method":"ping"}}]"#
        ),
        _ => error(1),
    }
}
