//! Each fixture of the everything server, in memory, in the newest revision of each era.

mod asking;
mod content;
mod lists;
mod offer;
mod prompts;
mod resources;
mod session;

use mcp_proto::Version;
use mcp_tests::Peer;
use serde_json::Value;

/// The newest revision with a session, and the one without.
const ERAS: [Version; 2] = [Version::V2025_11_25, Version::V2026_07_28];
const LEGACY: Version = ERAS[0];
const MODERN: Version = ERAS[1];

/// Does the same with a client of each era.
fn in_both(check: impl Fn(&mut Peer)) {
    for version in ERAS {
        check(&mut Peer::new(version));
    }
}

/// The one message that came, as a result.
#[track_caller]
fn result(came: &[Value]) -> &Value {
    let [message] = came else { panic!("not one message: {came:#?}") };
    assert!(message["result"].is_object(), "not a result: {message:#}");
    &message["result"]
}

/// The one message that came, as an error.
#[track_caller]
fn error(came: &[Value]) -> &Value {
    let [message] = came else { panic!("not one message: {came:#?}") };
    assert!(message["error"].is_object(), "not an error: {message:#}");
    &message["error"]
}

/// The text of the only content of a tool's result that is no failure.
#[track_caller]
fn text(came: &[Value]) -> &str {
    let result = result(came);
    assert_ne!(result["isError"], true, "a failure: {result:#}");
    let content = result["content"].as_array().expect("content");
    let [block] = &content[..] else { panic!("not one block: {content:#?}") };
    block["text"].as_str().expect("a text")
}

/// The text of a failure that a model may read.
#[track_caller]
fn failure(came: &[Value]) -> &str {
    let result = result(came);
    assert_eq!(result["isError"], true, "no failure: {result:#}");
    result["content"][0]["text"].as_str().expect("a text")
}

/// The methods of the notifications that came before the last message.
fn notified(came: &[Value]) -> Vec<&str> {
    let before = came.iter().take_while(|message| message.get("id").is_none());
    before.filter_map(|message| message["method"].as_str()).collect()
}
