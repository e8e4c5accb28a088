//! Parameters that do not fit their method.

use super::*;

/// The message of the -32602 that these parameters get; the request must not reach anyone.
fn refused(version: Version, method: &str, members: &str) -> String {
    let mut peer = Peer::operating(version);
    peer.request(version, "1", method, members);
    assert_eq!(peer.calls.len(), 0, "{method} {members}");
    let line = peer.line();
    assert!(line.starts_with(r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"#), "{line}");
    let (_, message) = line.split_once(r#""message":""#).unwrap();
    message.trim_end_matches(['}', '"']).into()
}

#[test]
fn parameters_of_a_wrong_shape_are_refused_and_the_refusal_says_why() {
    spec!("CMP-07", "PRM-06", "PRM-09", "RPC-17");
    let mut table = String::new();
    for (method, members) in [
        ("tools/call", ""),
        ("tools/call", r#""name":1"#),
        ("tools/call", r#""name":null"#),
        ("tools/call", r#""name":"t","arguments":[]"#),
        ("tools/call", r#""name":"t","arguments":null"#),
        ("tools/call", r#""name":"t","arguments":"{}""#),
        ("tools/list", r#""cursor":1"#),
        ("tools/list", r#""cursor":{}"#),
        ("prompts/get", ""),
        ("prompts/get", r#""name":"p","arguments":{"a":1}"#),
        ("prompts/get", r#""name":"p","arguments":[]"#),
        ("prompts/get", r#""name":"p","arguments":{"a":"1","a":"2"}"#),
        ("resources/read", r#""uri":["a:1"]"#),
        ("completion/complete", r#""ref":{"type":"ref/prompt","name":"p"}"#),
        ("completion/complete", r#""ref":{"type":"ref/tool","name":"p"},"argument":{}"#),
        ("completion/complete", r#""ref":["ref/prompt","p"],"argument":{"name":"a","value":"v"}"#),
        ("completion/complete", r#""ref":{"type":"ref/prompt","name":"p"},"argument":["a","v"]"#),
    ] {
        let message = refused(Version::V2025_11_25, method, members);
        assert_eq!(refused(Version::V2026_07_28, method, members), message);
        writeln!(table, "{method} {members}: {message}").unwrap();
    }
    insta::assert_snapshot!(table, @r#"
    tools/call : Missing name
    tools/call "name":1: name must be a string
    tools/call "name":null: name must be a string
    tools/call "name":"t","arguments":[]: arguments must be an object
    tools/call "name":"t","arguments":null: arguments must be an object
    tools/call "name":"t","arguments":"{}": arguments must be an object
    tools/list "cursor":1: cursor must be a string
    tools/list "cursor":{}: cursor must be a string
    prompts/get : Missing name
    prompts/get "name":"p","arguments":{"a":1}: arguments must map names to strings
    prompts/get "name":"p","arguments":[]: arguments must map names to strings
    prompts/get "name":"p","arguments":{"a":"1","a":"2"}: arguments must map names to strings
    resources/read "uri":["a:1"]: uri must be a string
    completion/complete "ref":{"type":"ref/prompt","name":"p"}: missing field `argument`
    completion/complete "ref":{"type":"ref/tool","name":"p"},"argument":{}: unknown variant `ref/tool`, expected `ref/prompt` or `ref/resource`
    completion/complete "ref":["ref/prompt","p"],"argument":{"name":"a","value":"v"}: expected an object
    completion/complete "ref":{"type":"ref/prompt","name":"p"},"argument":["a","v"]: expected an object
    "#);
}

#[test]
fn parameters_of_the_methods_that_the_machine_serves_are_checked_too() {
    spec!("LOG-04", "RPC-17");
    let mut table = String::new();
    for (method, members) in [
        ("logging/setLevel", ""),
        ("logging/setLevel", r#""level":"loud""#),
        ("logging/setLevel", r#""level":"Info""#),
        ("logging/setLevel", r#""level":3"#),
        ("resources/subscribe", ""),
        ("resources/subscribe", r#""uri":1"#),
        ("resources/unsubscribe", r#""uri":null"#),
    ] {
        let message = refused(Version::V2025_11_25, method, members);
        writeln!(table, "{method} {members}: {message}").unwrap();
    }
    insta::assert_snapshot!(table, @r#"
    logging/setLevel : Missing level
    logging/setLevel "level":"loud": Unknown log level: loud
    logging/setLevel "level":"Info": Unknown log level: Info
    logging/setLevel "level":3: The log level must be a string
    resources/subscribe : Missing uri
    resources/subscribe "uri":1: uri must be a string
    resources/unsubscribe "uri":null: uri must be a string
    "#);
}

#[test]
fn parameters_that_are_no_object_are_refused() {
    spec!("RPC-39");
    for params in ["[]", "[1]", "null", "1", "\"x\"", "true"] {
        for method in ["tools/list", "ping", "own/echo"] {
            let mut peer = Peer::operating(Version::V2025_11_25);
            peer.send(&legacy("1", method, params));
            assert!(peer.line().contains(r#""id":1,"error":{"code":-32602"#), "{method} {params}");
            assert_eq!(peer.calls.len(), 0);
        }
    }
}

#[test]
fn a_meta_that_is_no_object_is_refused() {
    for meta in ["[]", "1", "null", "\"x\""] {
        let message = refused(Version::V2025_11_25, "tools/list", &format!(r#""_meta":{meta}"#));
        assert_eq!(message, "_meta must be an object");
    }
}

#[test]
fn a_progress_token_is_a_short_string_or_an_integer() {
    spec!("PRG-01");
    let long = format!("\"{}\"", "t".repeat(257));
    for token in ["1.5", "null", "true", "{}", "[1]", "1e3", &long] {
        let members = format!(r#""_meta":{{"progressToken":{token}}}"#);
        refused(Version::V2025_11_25, "tools/list", &members);
    }
}

#[test]
fn a_request_names_a_log_level_that_exists() {
    spec!("LOG-07");
    for level in ["\"loud\"", "\"\"", "3", "null", "{}"] {
        let meta = format!(r#"{{"io.modelcontextprotocol/logLevel":{level},"#);
        let mut peer = Peer::fresh();
        peer.send(
            &modern("1", "tools/list", "").replace(r#""_meta":{"#, &format!(r#""_meta":{meta}"#)),
        );
        assert!(peer.line().contains(r#""id":1,"error":{"code":-32602"#), "{level}");
    }
}

#[test]
fn members_that_no_revision_knows_are_left_alone() {
    spec!("META-11", "RPC-38", "TEX-28");
    for version in [Version::V2025_11_25, Version::V2026_07_28] {
        let mut peer = Peer::operating(version);
        let members = format!(r#"{TOOL},"task":{{"ttl":1}},"io.x/new":[1],"deep":{{"a":{{}}}}"#);
        peer.request(version, "1", "tools/call", &members);
        assert_eq!(peer.calls.len(), 1);
    }
    let mut peer = Peer::operating(Version::V2025_11_25);
    let meta = r#""_meta":{"io.modelcontextprotocol/new":1,"a.b/c":{"d":[ 1 ]},"traceparent":"x"}"#;
    peer.send(&legacy("1", "tools/list", &format!("{{{meta}}}")));
    assert_eq!(peer.calls[0].meta.get("a.b/c").unwrap().as_str(), r#"{"d":[ 1 ]}"#);
    assert!(peer.calls[0].meta.get("io.modelcontextprotocol/new").is_some());
    assert_eq!(peer.calls[0].meta.get("progressToken"), None);
}
