use std::{format, string::String};

use super::*;

fn request(text: &str) -> Request<'_> {
    match Message::parse(text) {
        Ok(Message::Request(request)) => request,
        other => panic!("not a request: {other:?}"),
    }
}

fn malformed(text: &str) -> Malformed {
    Message::parse(text).expect_err(text)
}

#[test]
fn a_request_is_read_with_the_members_the_protocol_knows() {
    let text = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":
        {"name":"add","arguments":{"a":[1, 2]},"_meta":{"progressToken":"t","x":{} }}}"#;
    let request = request(text);
    assert_eq!(request.id, Id::Int(1));
    assert!(matches!(request.method, Cow::Borrowed("tools/call")));
    assert_eq!(request.params.shape, Shape::Object);
    assert_eq!(request.params.name.map(RawValue::get), Some(r#""add""#));
    assert_eq!(request.params.arguments.map(RawValue::get), Some(r#"{"a":[1, 2]}"#));
    assert!(!request.params.more);
    let Some(Ok(meta)) = request.params.meta else { panic!("no _meta") };
    assert_eq!(meta.progress_token.map(RawValue::get), Some(r#""t""#));
    assert_eq!(meta.rest.len(), 1);
    assert_eq!((&*meta.rest[0].0, meta.rest[0].1.get()), ("x", "{}"));
}

#[test]
fn a_request_with_an_id_that_cannot_be_echoed_is_malformed_and_no_notification() {
    for id in ["null", "1.0", "1e3", "true", "{}", "[1]", "18446744073709551616"] {
        let text = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#);
        let expected = Malformed { kind: MalformedKind::NotAMessage, id: None, response: false };
        assert_eq!(malformed(&text), expected, "{text}");
    }
}

#[test]
fn nesting_of_any_depth_is_skipped_without_recursion() {
    let deep = |inside: &str| format!("{}{inside}{}", "[".repeat(100_000), "]".repeat(100_000));
    let text = format!(
        r#"{{"jsonrpc":"2.0","id":1,"x":{d},"method":"m","params":{{"name":{d},"y":{d},
        "_meta":{{"z":{d}}}}}}}"#,
        d = deep("")
    );
    assert!(request(&text).params.parse::<serde_json::Value>().is_err());
    assert_eq!(malformed(&deep("")).kind, MalformedKind::NotAMessage);
    assert_eq!(malformed(&"[".repeat(100_000)).kind, MalformedKind::NotJson);
    assert_eq!(malformed(&deep(&String::from("1 2"))).kind, MalformedKind::NotJson);
}
