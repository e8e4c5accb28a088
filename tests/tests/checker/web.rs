//! The checker of clients over HTTP.

use mcp_proto::testing::{
    WebTranscript,
    checker::{ClientExpectations, Invariant},
};

use super::{message, names};

/// Plays a trace, which is a [`WebTranscript`] whose bodies may be short, see [`message`], and
/// whose requests get the fields that all have.
fn play(trace: &str) -> Vec<Invariant> {
    const TYPES: &str = ": content-type: application/json
        : accept: application/json, text/event-stream";
    let line = |line: &str| match line.trim().split_once(' ') {
        Some(("|", body)) => format!("| {}", message(body).replace('\n', "")),
        Some((">", _)) => format!("{line}\n{TYPES}"),
        _ => line.into(),
    };
    let text = trace.lines().map(line).collect::<Vec<String>>().join("\n");
    let transcript: WebTranscript = text.parse().expect("each line is an entry");
    names(&transcript.check_client(ClientExpectations { prompt: true }))
}

#[track_caller]
fn check(trace: &str, expected: &[Invariant]) {
    assert_eq!(play(trace), expected, "{trace}");
}

/// A session of 2025-11-25 in operation.
const OPEN: &str = "
    > 1 POST
    | initialize 2025-11-25
    < 1 200
    : mcp-session-id: s
    | welcome 2025-11-25
    > 2 POST
    : mcp-session-id: s
    : mcp-protocol-version: 2025-11-25
    | initialized
    < 2 202";

/// What each request in [`OPEN`] has.
const OWN: &str = "
    : mcp-session-id: s
    : mcp-protocol-version: 2025-11-25";

/// The fields of a modern call.
const MODERN: &str = "
    : mcp-protocol-version: 2026-07-28
    : mcp-method: tools/call";

#[test]
fn a_good_client_over_http_passes() {
    let stream = format!(
        "{OPEN}
        > 3 POST{OWN}
        | call 1
        < 3 200 stream
        ~ 3
        | id: a-1
        | data:
        ! 3
        > 4 GET{OWN}
        : last-event-id: a-1
        < 4 200 stream
        ~ 4
        | data: {}
        . 4
        > 5 DELETE{OWN}
        < 5 204",
        message("result 1"),
    );
    check(&stream, &[]);
    let lost = format!("{OPEN}\n> 3 POST{OWN}\n| call 1\n< 3 404\n{OPEN}");
    check(&lost, &[]);
    // One that cannot speak what is answered leaves.
    let unspoken = OPEN.split("> 2").next().unwrap_or_default();
    check(&format!("{unspoken}> 2 DELETE\n: mcp-session-id: s\n< 2 204"), &[]);
    check(&format!("> 1 POST{MODERN}\n| modern 1\n! 1\n> 2 POST{MODERN}\n| modern 1"), &[]);
}

#[test]
fn fields_that_say_something_else_than_the_body_are_caught() {
    mcp_proto::spec!(
        "SHL-02", "SHL-03", "SHL-35", "SHL-41", "SHL-42", "SHM-02", "SHM-03", "SHM-07", "SHM-10",
        "SHM-11", "SHM-38",
    );
    use Invariant::Headers;
    let asked = |fields: &str, body: &str| format!("{OPEN}\n> 3 POST{fields}\n| {body}");
    check(&asked("\n: mcp-session-id: s", "call 1"), &[Headers]);
    check(&asked("\n: mcp-protocol-version: 2025-11-25", "call 1"), &[Headers]);
    check(&asked(&OWN.replace("-25", "-26"), "call 1"), &[Headers]);
    check(&asked(&format!("{OWN}\n: mcp-method: tools/call"), "call 1"), &[Headers]);
    let named = |fields: &str, body: &str| format!("> 1 POST{fields}\n| {body}");
    check(&named(MODERN, "modern 1"), &[]);
    check(&named(&MODERN.replace("2026", "2027"), "modern 1"), &[Headers]);
    check(&named(&MODERN.replace("call", "list"), "modern 1"), &[Headers]);
    check(&named("", "modern 1"), &[Headers, Headers]);
    check(&named(&format!("{MODERN}\n: mcp-session-id: s"), "modern 1"), &[Headers]);
    for (method, member) in
        [("tools/call", "name"), ("prompts/get", "name"), ("resources/read", "uri")]
    {
        let body = message(&format!("modern 1 {method}")).replace('\n', "");
        let body = body.replace(r#""_meta""#, &format!(r#""{member}":"Zürich","_meta""#));
        let fields = MODERN.replace("tools/call", method);
        for (name, expected) in [
            ("\n: mcp-name: =?base64?WsO8cmljaA==?=", &[][..]),
            ("\n: mcp-name: =?base64?WsO8cmljaB?=", &[Headers]),
            ("\n: mcp-name: Zurich", &[Headers]),
            ("", &[Headers]),
        ] {
            check(&named(&format!("{fields}{name}"), &body), expected);
        }
    }
    let typeless = "> 1 POST\n: mcp-protocol-version: 2026-07-28\n: mcp-method: tools/call";
    let line = format!("| {}", message("modern 1").replace('\n', ""));
    for fields in ["", "\n: accept: */*", "\n: content-type: application/json"] {
        let text = format!("{typeless}{fields}\n{line}");
        let transcript: WebTranscript = text.parse().expect("it is one");
        let violations = transcript.check_client(ClientExpectations::default());
        assert_eq!(names(&violations), [Headers], "{text}");
    }
}

#[test]
fn arguments_that_their_fields_do_not_repeat_are_caught() {
    mcp_proto::spec!("SHM-14", "SHM-44", "SHM-48", "SHM-49", "SHM-50", "SHM-52");
    use Invariant::Headers;
    let listed = r#"> 1 POST
        : mcp-protocol-version: 2026-07-28
        : mcp-method: tools/list
        | modern 1 tools/list
        < 1 200
        | "id":1,"result":{"resultType":"complete","tools":[{"name":"t","inputSchema":{"properties":
         {"a":{"type":"string","x-mcp-header":"A"},
         "deep":{"properties":{"n":{"type":"integer","x-mcp-header":"Deep-N"}}}}}}]}"#;
    let listed = listed.replace("\n         ", "");
    let body = message("modern 2").replace('\n', "");
    let call = |arguments: &str, fields: &str| {
        let params = format!(r#""name":"t","arguments":{arguments},"_meta""#);
        let body = body.replace(r#""_meta""#, &params);
        format!("{listed}\n> 2 POST{MODERN}\n: mcp-name: t{fields}\n| {body}")
    };
    let both = r#"{"a":"x y","deep":{"n":7}}"#;
    let (a, n) = ("\n: mcp-param-a: x y", "\n: Mcp-Param-Deep-N: 7");
    check(&call(both, &format!("{a}{n}")), &[]);
    check(&call(both, a), &[Headers]);
    check(&call(both, &format!("{a}{}", n.replace('7', "8"))), &[Headers]);
    check(&call(r#"{"a":null}"#, ""), &[]);
    check(&call(r#"{"a":null}"#, a), &[Headers]);
    check(&call(r#"{"a":"é"}"#, "\n: mcp-param-a: =?base64?w6k=?="), &[]);
}

#[test]
fn a_client_that_goes_on_in_a_session_that_has_ended_is_caught() {
    mcp_proto::spec!("SHL-38");
    let ended = format!("{OPEN}\n> 3 POST{OWN}\n| call 1\n< 3 404");
    check(&format!("{ended}\n> 4 POST{OWN}\n| call 2"), &[Invariant::Isolation]);
    let named = OPEN.replacen("| initialize", ": mcp-session-id: s\n| initialize", 1);
    check(&format!("{ended}\n{named}"), &[Invariant::Headers]);
}

#[test]
fn a_client_that_goes_on_after_an_event_that_never_came_is_caught() {
    let resumed = format!("{OPEN}\n> 3 GET{OWN}\n: last-event-id: a-1");
    check(&resumed, &[Invariant::Replay]);
}

#[test]
fn what_bodies_of_a_client_must_not_be_is_caught() {
    mcp_proto::spec!("RPC-28", "SHL-04", "SHL-05", "SHM-36");
    use Invariant::{Framing, NoReplyToNothing, OneConclusion};
    let march = OPEN.replace("2025-11-25", "2025-03-26");
    let mixed = format!("[{},{}]", message(r#""id":1,"method":"ping""#), message("result 5"));
    let asked = "\n    : mcp-session-id: s";
    check(&format!("{march}\n> 3 POST{asked}\n| {mixed}"), &[Framing, NoReplyToNothing]);
    check(&format!("{OPEN}\n> 3 POST{OWN}\n| {mixed}"), &[Framing, Framing, NoReplyToNothing]);
    let ping = r#"| "id":1,"method":"ping""#;
    let again = format!("{OPEN}\n> 3 POST{OWN}\n{ping}\n! 3\n> 4 POST{OWN}\n{ping}");
    check(&again, &[OneConclusion]);
}
