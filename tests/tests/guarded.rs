//! The protected variant of the everything server, over HTTP on each engine.

use std::{process::Command, time::Duration};

use mcp_proto::spec;
use mcp_tests::{
    Served,
    http::{Answer, Http},
};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(20);
const METADATA: &str = "/.well-known/oauth-protected-resource/mcp";
const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}}"#;
const PING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;

/// A protected server.
struct Guarded(Served);

impl Guarded {
    fn start(engine: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_everything"));
        let served = Served::start(command.args(["http", "--engine", engine, "--auth"]));
        Self(served.expect("the server starts"))
    }

    /// Calls a tool in 2026-07-28.
    fn call(&self, tool: &str, authorization: Option<&str>) -> (Answer, Value) {
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        let params = json!({"name": tool, "arguments": {}, "_meta": meta});
        let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params});
        let mut fields = vec![
            ("accept", "application/json, text/event-stream"),
            ("content-type", "application/json"),
            ("mcp-protocol-version", "2026-07-28"),
            ("mcp-method", "tools/call"),
            ("mcp-name", tool),
        ];
        fields.extend(authorization.map(|token| ("authorization", token)));
        send(self.0.url(), "POST", &fields, &call.to_string())
    }
}

fn send(url: &str, method: &str, fields: &[(&str, &str)], body: &str) -> (Answer, Value) {
    let mut http = Http::connect(url, PATIENCE).expect("the server is there");
    let mut answer = http.send(method, fields, body).expect("an answer");
    let body = http.body(&mut answer).expect("a body");
    (answer, serde_json::from_str(&body).unwrap_or_default())
}

/// The text that a call returns.
fn text(result: &Value) -> &str {
    result["result"]["content"][0]["text"].as_str().unwrap_or_default()
}

#[track_caller]
fn assert_challenged(answer: &Answer, status: u16, parts: &[&str]) {
    assert_eq!(answer.status, status);
    let challenge = answer.field("www-authenticate").expect("a challenge");
    for part in parts {
        assert!(challenge.contains(part), "{part} is not in {challenge}");
    }
    assert!(challenge.contains(METADATA), "{challenge}");
}

fn check(engine: &str) {
    let server = Guarded::start(engine);
    let (answer, _) = server.call("test_simple_text", None);
    assert_challenged(&answer, 401, &["Bearer", r#"scope="everything:read""#]);
    let (answer, _) = server.call("test_simple_text", Some("Bearer forged"));
    assert_challenged(&answer, 401, &[r#"error="invalid_token""#]);
    let (answer, _) = server.call("test_simple_text", Some("Basic YTpi"));
    assert_challenged(&answer, 400, &[r#"error="invalid_request""#]);

    let (answer, result) = server.call("test_simple_text", Some("Bearer read-token"));
    assert_eq!(answer.status, 200, "{result}");
    let (answer, _) = server.call("guarded", Some("Bearer read-token"));
    assert_challenged(&answer, 403, &[r#"error="insufficient_scope""#, "everything:write"]);
    let (_, result) = server.call("guarded", Some("bearer write-token"));
    assert_eq!(text(&result), "ada", "{result}");

    let json = "application/json, text/event-stream";
    let fields = [("accept", json), ("content-type", "application/json")];
    let token = ("authorization", "Bearer read-token");
    let opened = [&fields[..], &[token]].concat();
    let (answer, result) = send(server.0.url(), "POST", &opened, INITIALIZE);
    let session = answer.field("mcp-session-id").unwrap_or_else(|| panic!("{result}")).to_owned();
    for (method, body) in [("POST", PING), ("GET", ""), ("DELETE", "")] {
        let fields = [&fields[..], &[("mcp-session-id", &*session)]].concat();
        let (answer, _) = send(server.0.url(), method, &fields, body);
        assert_challenged(&answer, 401, &[]);
    }

    let url = server.0.url().replace("/mcp", METADATA);
    let (answer, metadata) = send(&url, "GET", &[], "");
    assert_eq!(answer.status, 200);
    assert_eq!(metadata["resource"], server.0.url());
    assert_eq!(metadata["scopes_supported"], json!(["everything:read", "everything:write"]));
    assert_eq!(server.0.end(PATIENCE).expect("an end"), "exit status: 0");
}

#[test]
fn smol_serves_only_whom_the_tokens_name() {
    spec!("AUT-01", "AUT-02", "AUT-03", "AUT-05", "AUT-06", "AUT-07", "SEC-01");
    check("smol");
}

#[test]
fn tiny_http_serves_only_whom_the_tokens_name() {
    spec!("AUT-01", "AUT-02", "AUT-03", "AUT-05", "AUT-06", "AUT-07", "SEC-01");
    check("tiny-http");
}
