//! What is a message, what is none, and what can still be said of it then.

mod oracle;

use std::{format, vec::Vec};

use serde_json::{Value, json};

use super::*;

fn request(text: &str) -> Request<'_> {
    match Message::parse(text) {
        Ok(Message::Request(request)) => request,
        other => panic!("not a request: {other:?}"),
    }
}

fn response(text: &str) -> Response<'_> {
    match Message::parse(text) {
        Ok(Message::Response(response)) => response,
        other => panic!("not a response: {other:?}"),
    }
}

fn malformed(text: &str) -> Malformed {
    Message::parse(text).expect_err(text)
}

/// JSON that is no message; `id` is what can be read of its id.
fn check_malformed(text: &str, id: Option<Id<'static>>, response: bool) {
    let expected = Malformed { kind: MalformedKind::NotAMessage, id, response };
    assert_eq!(malformed(text), expected, "{text}");
}

#[test]
fn a_request_is_read_with_the_members_the_protocol_knows() {
    let text = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":
        {"name":"add","arguments":{"a":[1, 2]},"inputResponses":{},"requestState":"s","uri":"u:",
        "_meta":{"progressToken":"t","x":{} }}}"#;
    let request = request(text);
    assert_eq!(request.id, Id::Int(1));
    assert!(matches!(request.method, Cow::Borrowed("tools/call")));
    let params = request.params;
    assert_eq!(params.shape, Shape::Object);
    assert_eq!(params.name.map(RawValue::get), Some(r#""add""#));
    assert_eq!(params.uri.map(RawValue::get), Some(r#""u:""#));
    assert_eq!(params.arguments.map(RawValue::get), Some(r#"{"a":[1, 2]}"#));
    assert_eq!(params.input_responses.map(RawValue::get), Some("{}"));
    assert_eq!(params.request_state.map(RawValue::get), Some(r#""s""#));
    assert!(!params.more);
    let Some(Ok(meta)) = params.meta else { panic!("no _meta") };
    assert_eq!(meta.progress_token.map(RawValue::get), Some(r#""t""#));
    assert_eq!(meta.rest.len(), 1);
    assert_eq!((&*meta.rest[0].0, meta.rest[0].1.get()), ("x", "{}"));
}

#[test]
fn a_modern_request_says_who_asks_and_in_which_version() {
    let text = r#"{"jsonrpc":"2.0","id":"a","method":"tools/list","params":{"_meta":{
        "io.modelcontextprotocol/protocolVersion":"2026-07-28",
        "io.modelcontextprotocol/clientInfo":{"name":"c","version":"1"},
        "io.modelcontextprotocol/clientCapabilities":{},
        "io.modelcontextprotocol/logLevel":"info",
        "io.modelcontextprotocol/subscriptionId":7}}}"#;
    let Some(Ok(meta)) = request(text).params.meta else { panic!("no _meta") };
    assert_eq!(meta.version.map(RawValue::get), Some(r#""2026-07-28""#));
    assert_eq!(meta.client_info.map(RawValue::get), Some(r#"{"name":"c","version":"1"}"#));
    assert_eq!(meta.capabilities.map(RawValue::get), Some("{}"));
    assert_eq!(meta.log_level.map(RawValue::get), Some(r#""info""#));
    assert_eq!(meta.subscription_id.map(RawValue::get), Some("7"));
    assert!(meta.progress_token.is_none() && meta.rest.is_empty());
}

#[test]
fn escapes_in_names_and_strings_make_no_difference() {
    let text = r#"{"jsonr\u0070c":"2\u002e0","\u0069d":"\u0061","meth\u006fd":"pin\u0067",
        "params":{"n\u0061me":1}}"#;
    let request = request(text);
    assert_eq!((request.id, &*request.method), (Id::Text("a".into()), "ping"));
    assert!(request.params.name.is_some());
}

#[test]
fn a_request_with_an_id_that_cannot_be_echoed_is_malformed_and_no_notification() {
    for id in ["null", "1.0", "1e3", "true", "{}", "[1]", "18446744073709551616", r#""\ud800""#] {
        let text = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#);
        check_malformed(&text, None, false);
    }
}

#[test]
fn the_id_of_what_is_no_message_is_read_where_there_is_one() {
    let one = || Some(Id::Int(1));
    check_malformed(r#"{"jsonrpc":"2.0","id":1}"#, one(), false);
    check_malformed(r#"{"jsonrpc":"2.0","id":1,"method":5}"#, one(), false);
    check_malformed(r#"{"jsonrpc":"2.0","method":null,"id":1}"#, one(), false);
    check_malformed(r#"{"jsonrpc":"1.0","id":1,"method":"m"}"#, one(), false);
    check_malformed(r#"{"id":1,"method":"m"}"#, one(), false);
    check_malformed(r#"{"jsonrpc":2.0,"id":1,"method":"m"}"#, one(), false);
    check_malformed(r#"{"jsonrpc":"2.0","id":1,"method":"m","result":{}}"#, one(), false);
    check_malformed(r#"{"jsonrpc":"2.0","id":1,"method":"\ud800"}"#, one(), false);
    check_malformed(r#"{"jsonrpc":"2.0","id":1,"method":"m","params":1e999}"#, one(), false);
    check_malformed(r#"{"jsonrpc":"2.0","id":1,"id":1,"method":"m"}"#, None, false);
    for text in ["{}", "[]", "5", "null", r#""x""#, r#"{"\ud800":1,"id":1}"#] {
        check_malformed(text, None, false);
    }
}

#[test]
fn a_malformed_response_is_known_as_a_response() {
    let seven = || Some(Id::Int(7));
    check_malformed(r#"{"jsonrpc":"2.0","id":7,"result":5}"#, seven(), true);
    check_malformed(r#"{"jsonrpc":"2.0","id":7,"result":null}"#, seven(), true);
    check_malformed(r#"{"jsonrpc":"2.0","id":7,"result":{},"error":{}}"#, seven(), true);
    check_malformed(r#"{"jsonrpc":"2.0","id":7,"result":{},"result":{}}"#, seven(), true);
    check_malformed(r#"{"jsonrpc":"2.0","id":null,"result":{}}"#, None, true);
    check_malformed(r#"{"jsonrpc":"2.0","result":{}}"#, None, true);
    for error in [
        "null",
        "[]",
        "{}",
        r#"{"code":1}"#,
        r#"{"message":"m"}"#,
        r#"{"code":1.5,"message":"m"}"#,
        r#"{"code":"1","message":"m"}"#,
        r#"{"code":1,"message":null}"#,
        r#"{"code":1,"code":1,"message":"m"}"#,
        r#"[1,"m"]"#,
    ] {
        let text = format!(r#"{{"jsonrpc":"2.0","id":7,"error":{error}}}"#);
        check_malformed(&text, seven(), true);
    }
}

#[test]
fn an_error_response_may_lack_an_id_and_a_result_may_not() {
    spec!("RPC-20");
    let error = r#"{"code":-32700,"message":"m","data":[1e999]}"#;
    for (id, expected) in [
        ("", None),
        (r#""id":null,"#, None),
        (r#""id":1,"#, Some(Id::Int(1))),
        (r#""id":"1","#, Some(Id::Text("1".into()))),
    ] {
        let text = format!(r#"{{"jsonrpc":"2.0",{id}"error":{error}}}"#);
        let response = response(&text);
        assert_eq!(response.id, expected, "{text}");
        assert_eq!(response.outcome.map(RawValue::get).map_err(RawValue::get), Err(error));
    }
    check_malformed(&format!(r#"{{"jsonrpc":"2.0","id":true,"error":{error}}}"#), None, true);
}

#[test]
fn a_member_that_comes_twice_is_refused_wherever_the_protocol_looks() {
    for (envelope, params, meta) in [
        (r#""method":"n","#, "", ""),
        (r#""jsonrpc":"2.0","#, "", ""),
        (r#""params":{},"#, "", ""),
        (r#""params":[],"#, "", ""),
        (r#""x":1,"y":2,"x":1,"#, "", ""),
        (r#""x":1,"\u0078":1,"#, "", ""),
        ("", r#""name":1,"name":1"#, ""),
        ("", r#""_meta":{},"_meta":{}"#, ""),
        ("", r#""_meta":5,"_meta":{}"#, ""),
        ("", r#""cursor":1,"n":2,"cursor":1"#, ""),
        ("", "", r#""progressToken":1,"progressToken":1"#),
        ("", "", r#""traceparent":1,"a":1,"traceparent":1"#),
    ] {
        let params = if meta.is_empty() { params.into() } else { format!(r#""_meta":{{{meta}}}"#) };
        let text =
            format!(r#"{{"jsonrpc":"2.0","id":4,{envelope}"method":"m","params":{{{params}}}}}"#);
        check_malformed(&text, Some(Id::Int(4)), false);
    }
    let text = r#"{"jsonrpc":"2.0","id":4,"method":"m","params":{"arguments":{"a":1,"a":1}}}"#;
    assert!(request(text).params.arguments.is_some(), "a payload is its reader's business");
}

#[test]
fn more_members_than_any_message_has_are_refused() {
    let text = |count| {
        let members: Vec<_> = (0..count).map(|n| format!(r#","m{n}":0"#)).collect();
        format!(r#"{{"jsonrpc":"2.0","method":"m"{}}}"#, members.concat())
    };
    assert!(matches!(Message::parse(&text(1 << 16)), Ok(Message::Notification(_))));
    check_malformed(&text((1 << 16) + 1), None, false);
}

#[test]
fn params_that_are_no_object_leave_a_message_that_can_be_answered() {
    for params in ["[]", "[[1],2]", "null", "5", "-5", "1.5", "true", r#""x""#] {
        let text = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"m","params":{params}}}"#);
        let params = request(&text).params;
        assert_eq!(params.shape, Shape::Other);
        let error = params.parse::<Value>().unwrap_err();
        assert_eq!(error, InvalidParams("params is not an object".into()));
        let text = text.replace(r#""params":"#, r#""params":{"_meta":"#) + "}";
        assert!(matches!(request(&text).params.meta, Some(Err(()))), "{text}");
    }
}

#[test]
fn params_are_read_as_the_type_that_is_asked_for() {
    #[derive(Debug, Deserialize)]
    struct Paged<'a> {
        cursor: &'a str,
    }
    let text = |params: &str| format!(r#"{{"jsonrpc":"2.0","method":"m"{params}}}"#);
    let read = |params: &str| match Message::parse(&text(params)) {
        Ok(Message::Notification(message)) => (
            message.params.parse().map(|paged: Paged| paged.cursor.len()),
            message.params.to_json(),
        ),
        other => panic!("no notification: {other:?}"),
    };
    let (length, json) = read(
        r#","params":{"cursor":"abc", "n":[1,
        2]}"#,
    );
    assert_eq!(length, Ok(3));
    assert_eq!(json.as_str(), r#"{"cursor":"abc", "n":[1,        2]}"#);
    let missing = Err(InvalidParams("missing field `cursor`".into()));
    assert_eq!(read(""), (missing.clone(), Json::from_trusted("{}")));
    assert_eq!(read(r#","params":{}"#), (missing, Json::from_trusted("{}")));
}

#[test]
fn bytes_that_are_not_utf_8_or_not_json_are_refused_as_such() {
    let message = r#"{"jsonrpc":"2.0","id":1,"method":"m"}"#;
    for bytes in [
        &b""[..],
        b" ",
        b"\xFF",
        b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xFF\"}",
        b"\xED\xA0\x80",
        b"{",
        b"[",
        b"[1,]",
        b"[{}",
        b"[]]",
        b"{'a':1}",
        b"{\"a\":01}",
        b"{\"a\":\"\n\"}",
        b"{\"a\":\"\\x\"}",
        b"\xEF\xBB\xBF{}",
        format!("{message}{message}").as_bytes(),
        format!("{message},").as_bytes(),
        message.replace('}', "").as_bytes(),
        message.replace('m', "\t").as_bytes(),
    ] {
        match Body::parse(bytes) {
            Body::Single(Err(malformed)) => {
                assert_eq!(malformed, Malformed::without_id(MalformedKind::NotJson), "{bytes:?}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_batch_is_read_element_by_element() {
    let text = r#" [ {"jsonrpc":"2.0","id":1,"method":"a","params":{"x":1}} , 5,[],
        {"jsonrpc":"2.0","id":"r","result":{}},{"jsonrpc":"2.0","method":"b","params":{"x":2}}]"#;
    let Body::Batch(elements) = Body::parse(text.as_bytes()) else { panic!("no batch") };
    let [
        Ok(Message::Request(first)),
        Err(second),
        Err(third),
        Ok(Message::Response(_)),
        Ok(Message::Notification(last)),
    ] = &elements[..]
    else {
        panic!("{elements:?}")
    };
    assert_eq!(first.params.parse::<Value>().unwrap(), json!({"x": 1}));
    assert_eq!(last.params.parse::<Value>().unwrap(), json!({"x": 2}));
    for malformed in [second, third] {
        assert_eq!(*malformed, Malformed::without_id(MalformedKind::NotAMessage));
    }
    assert!(matches!(Body::parse(b"\t[ ]"), Body::Batch(none) if none.is_empty()));
}

#[test]
fn an_array_longer_than_any_batch_is_one_malformed_message() {
    let batch = |length| format!("[{}]", Vec::from_iter(["1"].repeat(length)).join(","));
    let body = batch(1024);
    assert!(matches!(Body::parse(body.as_bytes()), Body::Batch(all) if all.len() == 1024));
    let body = batch(1_000_000);
    let Body::Single(Err(malformed)) = Body::parse(body.as_bytes()) else { panic!("a batch") };
    assert_eq!(malformed, Malformed::without_id(MalformedKind::NotAMessage));
    let body = batch(1_000_000) + "]";
    let Body::Single(Err(malformed)) = Body::parse(body.as_bytes()) else { panic!("a batch") };
    assert_eq!(malformed, Malformed::without_id(MalformedKind::NotJson));
}

#[test]
fn nesting_of_any_depth_is_skipped_without_recursion() {
    let deep = |inside: &str| format!("{}{inside}{}", "[".repeat(100_000), "]".repeat(100_000));
    let text = format!(
        r#"{{"jsonrpc":"2.0","id":1,"x":{d},"method":"m","params":{{"name":{d},"y":{d},
        "_meta":{{"z":{d}}}}}}}"#,
        d = deep("")
    );
    let error = request(&text).params.parse::<Value>().unwrap_err();
    assert_eq!(error, InvalidParams("recursion limit exceeded".into()));
    assert_eq!(malformed(&deep("")).kind, MalformedKind::NotAMessage);
    assert_eq!(malformed(&"[".repeat(100_000)).kind, MalformedKind::NotJson);
    assert_eq!(malformed(&deep("1 2")).kind, MalformedKind::NotJson);
    assert_eq!(malformed(&r#"{"a":"#.repeat(100_000)).kind, MalformedKind::NotJson);
    let body = deep("");
    assert!(matches!(Body::parse(body.as_bytes()), Body::Batch(one) if one.len() == 1));
}
