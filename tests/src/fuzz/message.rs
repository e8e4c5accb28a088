//! The JSON-RPC envelope against a second reading of it.

use mcp_proto::wire::{Body, MalformedKind, Message, Params};
use serde_json::{Value, value::RawValue};

use crate::checker::{self, Line, Malformed, Reading};

/// The input is one line: both readings find the same messages in it, with the same members.
///
/// # Panics
///
/// If it is not so.
pub fn message(data: &[u8]) {
    match (Body::parse(data), Line::read(data)) {
        (Body::Single(message), Line::Single(reading)) => compare(message, &reading),
        (Body::Batch(messages), Line::Batch(readings)) => {
            assert_eq!(messages.len(), readings.len());
            for (message, reading) in messages.into_iter().zip(&readings) {
                compare(message, reading);
            }
        }
        (body, line) => panic!("{body:?} is {line:?}"),
    }
}

fn compare(message: Result<Message<'_>, mcp_proto::wire::Malformed>, reading: &Reading<'_>) {
    match (message, reading) {
        (Ok(Message::Request(ours)), Reading::Request { id, method, params }) => {
            assert_eq!(checker::Id::read(&ours.id.to_string()).as_ref(), Some(id));
            assert_eq!(&ours.method, method);
            compare_params(&ours.params, params);
        }
        (Ok(Message::Notification(ours)), Reading::Notification { method, params }) => {
            assert_eq!(&ours.method, method);
            compare_params(&ours.params, params);
        }
        (Ok(Message::Response(ours)), Reading::Response { id, outcome }) => {
            let ours_id = ours.id.and_then(|id| checker::Id::read(&id.to_string()));
            assert_eq!(ours_id, *id);
            assert_eq!(ours.outcome.map(RawValue::get).map_err(RawValue::get), *outcome);
        }
        (Err(ours), Reading::Malformed(malformed)) => {
            let ours = Malformed {
                json: ours.kind == MalformedKind::NotAMessage,
                id: ours.id.and_then(|id| checker::Id::read(&id.to_string())),
                response: ours.response,
            };
            assert_eq!(ours, *malformed);
        }
        (message, reading) => panic!("{message:?} is {reading:?}"),
    }
}

fn compare_params(ours: &Params<'_>, theirs: &checker::Params<'_>) {
    let raw = theirs.raw.unwrap_or("{}");
    let text = ours.to_json();
    assert_eq!(text.as_str(), raw.replace(['\r', '\n'], ""));
    match (ours.parse::<Value>(), serde_json::from_str::<Value>(raw)) {
        (Ok(ours), Ok(theirs)) => assert_eq!(ours, theirs),
        (Ok(ours), Err(error)) => panic!("{ours} is {error}"),
        // What is nested too deep for a tree, or no object, is not parsed.
        (Err(_), _) => {}
    }
}
