//! Random messages against a second reading of the rules, written over lists of members.

use std::{
    collections::BTreeSet,
    format,
    string::{String, ToString},
    vec::Vec,
};

use proptest::{collection, prelude::*, sample};
use serde_json::Value;

use super::super::*;
use crate::testing::strategies as testing;

/// A member as text: its name without quotes, and its value.
type Member = (&'static str, String);

/// Members from small pools, so that all combinations of good and bad ones come up.
fn member() -> impl Strategy<Value = Member> {
    const POOLS: [(&str, &[&str]); 7] = [
        ("jsonrpc", &[r#""2.0""#, r#""2.0""#, r#""\u0032.0""#, r#""1.0""#, "2.0"]),
        ("id", &["1", "-1", r#""a""#, r#""\u0061""#, "18446744073709551615", "null", "1.0", "{}"]),
        ("method", &[r#""ping""#, r#""pin\u0067""#, "5", "null"]),
        ("params", &["{}", "[1]", "null", "5", r#"{"_meta":{"a":1,"a":2}}"#, r#"{"a":1,"a":2}"#]),
        ("result", &["{}", r#"{"a":[1]}"#, "[]", "null"]),
        ("error", &[r#"{"code":1,"message":"m"}"#, r#"{"code":1.5,"message":"m"}"#, "null"]),
        ("_meta", &["1", "{}"]),
    ];
    let pools = POOLS.map(|(name, values)| {
        sample::select(values).prop_map(move |value| (name, String::from(value)))
    });
    sample::select(Vec::from(pools)).prop_flat_map(|pool| pool)
}

/// A version and up to five more members in any order.
fn members() -> impl Strategy<Value = Vec<Member>> {
    let version = prop_oneof![
        9 => Just(Some(("jsonrpc", String::from(r#""2.0""#)))),
        1 => Just(None)
    ];
    (version, collection::vec(member(), 0..6))
        .prop_map(|(version, others)| version.into_iter().chain(others).collect::<Vec<_>>())
        .prop_shuffle()
}

fn object(members: &[Member], space: &str) -> String {
    let members: Vec<_> = members
        .iter()
        .map(|(name, value)| format!(r#"{space}"{name}"{space}:{space}{value}{space}"#))
        .collect();
    format!("{space}{{{}}}{space}", members.join(","))
}

fn space() -> impl Strategy<Value = &'static str> {
    sample::select(&["", "", " ", "\r\n\t"][..])
}

/// Which of the four shapes a list of members has.
fn expected(members: &[Member]) -> Result<&'static str, Malformed> {
    let all = |wanted: &str| -> Vec<Value> {
        let values = members.iter().filter(|(name, _)| *name == wanted);
        values.map(|(_, value)| serde_json::from_str(value).unwrap()).collect()
    };
    let has = |name| !all(name).is_empty();
    let valid_id = |id: &Value| id.is_string() || id.is_i64() || id.is_u64();
    let id = match &all("id")[..] {
        [id] if valid_id(id) => Id::parse(&id.to_string()).map(Id::into_owned),
        _ => None,
    };
    let names: BTreeSet<_> = members.iter().map(|(name, _)| name).collect();
    let twice = names.len() < members.len()
        || members.iter().any(|(name, value)| *name == "params" && value.contains(r#""a":2"#));
    let has_version = all("jsonrpc") == [Value::from("2.0")];
    let shape = match (has("method"), has("id"), has("result"), has("error")) {
        (true, true, false, false) if all("method")[0].is_string() && id.is_some() => "request",
        (true, false, false, false) if all("method")[0].is_string() => "notification",
        (false, true, true, false) if all("result")[0].is_object() && id.is_some() => "response",
        (false, _, false, true)
            if all("error")[0]["code"].is_i64() && (id.is_some() || !has_bad_id(&all("id"))) =>
        {
            "response"
        }
        _ => "",
    };
    if twice || !has_version || shape.is_empty() {
        let response = !has("method") && (has("result") || has("error"));
        return Err(Malformed { kind: MalformedKind::NotAMessage, id, response });
    }
    Ok(shape)
}

fn has_bad_id(ids: &[Value]) -> bool {
    ids.iter().any(|id| !id.is_null())
}

/// The message as a value, put together from what was read.
fn rebuilt(message: &Message<'_>) -> Value {
    let value = |raw: &RawValue| serde_json::from_str::<Value>(raw.get()).unwrap();
    let id = |id: &Id| serde_json::from_str::<Value>(&id.to_string()).unwrap();
    let mut object = serde_json::Map::new();
    let mut set = |name: &str, value: Value| object.insert(name.into(), value);
    match message {
        Message::Request(request) => {
            set("id", id(&request.id));
            set("method", Value::from(&*request.method));
        }
        Message::Notification(notification) => {
            set("method", Value::from(&*notification.method));
        }
        Message::Response(response) => {
            if let Some(answered) = &response.id {
                set("id", id(answered));
            }
            match response.outcome {
                Ok(result) => set("result", value(result)),
                Err(error) => set("error", value(error)),
            };
        }
    }
    Value::from(object)
}

/// The same members of the whole value, as `serde_json` alone reads it.
fn picked(text: &str) -> Value {
    let mut value: Value = serde_json::from_str(text).unwrap();
    let object = value.as_object_mut().unwrap();
    object.retain(|name, value| {
        ["method", "result", "error"].contains(&&**name) || name == "id" && !value.is_null()
    });
    value
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_members_that_are_there_decide_what_a_message_is(
        members in members(),
        space in space(),
    ) {
        let text = object(&members, space);
        let parsed = Message::parse(&text);
        let shape = parsed.as_ref().map(|message| match message {
            Message::Request(_) => "request",
            Message::Notification(_) => "notification",
            Message::Response(_) => "response",
        });
        prop_assert_eq!(shape.map_err(Clone::clone), expected(&members), "{}", text);
        if let Ok(message) = parsed {
            prop_assert_eq!(rebuilt(&message), picked(&text));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn members_of_params_are_found_in_any_order(
        names in sample::subsequence(
            Vec::from(["name", "uri", "arguments", "inputResponses", "requestState", "a", "_meta"]),
            0..=7,
        ).prop_shuffle(),
        values in collection::vec(testing::value(), 7),
        space in space(),
    ) {
        let member = |(name, value): (&&'static str, &Value)| match *name {
            "_meta" => ("_meta", format!(r#"{{"progressToken":{value},"b":{value}}}"#)),
            name => (name, serde_json::to_string(value).unwrap()),
        };
        let members: Vec<_> = names.iter().zip(&values).map(member).collect();
        let inner = object(&members, space);
        let text = format!(r#"{{"params":{inner},"jsonrpc":"2.0","method":"m"}}"#);
        let Ok(Message::Notification(Notification { params, .. })) = Message::parse(&text) else {
            return Err(TestCaseError::fail(text));
        };
        let sent = |wanted: &str| {
            members.iter().find(|(name, _)| *name == wanted).map(|(_, value)| &**value)
        };
        prop_assert_eq!(params.name.map(RawValue::get), sent("name"));
        prop_assert_eq!(params.uri.map(RawValue::get), sent("uri"));
        prop_assert_eq!(params.arguments.map(RawValue::get), sent("arguments"));
        prop_assert_eq!(params.input_responses.map(RawValue::get), sent("inputResponses"));
        prop_assert_eq!(params.request_state.map(RawValue::get), sent("requestState"));
        prop_assert_eq!(params.more, sent("a").is_some());
        prop_assert_eq!(params.meta.is_some(), sent("_meta").is_some());
        if let Some(Ok(meta)) = &params.meta {
            prop_assert_eq!(meta.progress_token.map(RawValue::get), Some(meta.rest[0].1.get()));
        }
        let whole: Value = serde_json::from_str(&inner).unwrap();
        prop_assert_eq!(params.parse::<Value>().unwrap(), whole);
        let json = params.to_json();
        prop_assert_eq!(json.as_str(), inner.trim().replace(['\r', '\n'], ""));
    }
}

proptest! {
    #[test]
    fn junk_is_no_message_and_never_panics(bytes: Vec<u8>, text in "[\\[{:,\"}\\]a0-9. \\\\eu]*") {
        spec!("SEC-12");
        for bytes in [&bytes[..], text.as_bytes()] {
            let by_serde_json = serde_json::from_slice::<&RawValue>(bytes);
            match Body::parse(bytes) {
                Body::Single(Err(Malformed { kind: MalformedKind::NotJson, .. })) => {
                    prop_assert!(by_serde_json.is_err());
                }
                Body::Single(Err(_)) => prop_assert!(by_serde_json.is_ok()),
                Body::Batch(elements) => prop_assert!(elements.iter().all(Result::is_err)),
                Body::Single(Ok(message)) => prop_assert!(false, "{message:?}"),
            }
        }
    }

    #[test]
    fn a_damaged_message_is_read_as_json_or_refused_as_none(
        members in members(),
        at: sample::Index,
        byte: u8,
        cut: sample::Index,
    ) {
        let mut bytes = object(&members, "").into_bytes();
        let place = at.index(bytes.len());
        bytes[place] = byte;
        for damaged in [&bytes[..], &bytes[..cut.index(bytes.len())]] {
            let refused = matches!(
                Body::parse(damaged),
                Body::Single(Err(Malformed { kind: MalformedKind::NotJson, .. }))
            );
            prop_assert_eq!(refused, serde_json::from_slice::<&RawValue>(damaged).is_err());
        }
    }
}
