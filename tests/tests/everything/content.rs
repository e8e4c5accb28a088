//! Tools that return content, fail, log and tell how far they are.

use mcp_tests::Peer;
use serde_json::json;

use super::{LEGACY, MODERN, error, failure, in_both, notified, result, text};

#[test]
fn a_text_comes_back_with_and_without_arguments() {
    in_both(|peer| {
        let expected = "This is a simple text response for testing.";
        assert_eq!(text(&peer.call("test_simple_text", json!({}))), expected);
        let bare = peer.request("tools/call", json!({"name": "test_simple_text"}));
        assert_eq!(text(&bare), expected);
    });
}

#[test]
fn each_kind_of_content_has_its_members() {
    in_both(|peer| {
        let kinds = [
            ("test_image_content", "image", "mimeType", "image/png"),
            ("test_audio_content", "audio", "mimeType", "audio/wav"),
            ("resource_link", "resource_link", "uri", "test://static-text"),
        ];
        for (tool, kind, member, value) in kinds {
            let came = peer.call(tool, json!({}));
            let block = &result(&came)["content"][0];
            assert_eq!(block["type"], kind);
            assert_eq!(block[member], value);
        }
        let came = peer.call("test_embedded_resource", json!({}));
        let block = &result(&came)["content"][0];
        assert_eq!(block["type"], "resource");
        assert_eq!(block["resource"]["uri"], "test://embedded-resource");
        assert_eq!(block["resource"]["mimeType"], "text/plain");
    });
}

#[test]
fn an_image_and_audio_are_base64_of_their_bytes() {
    in_both(|peer| {
        let came = peer.call("test_image_content", json!({}));
        let data = result(&came)["content"][0]["data"].as_str().expect("data").to_owned();
        assert!(data.starts_with("iVBORw0KGgo"), "no PNG: {data}");
        let came = peer.call("test_audio_content", json!({}));
        let data = result(&came)["content"][0]["data"].as_str().expect("data").to_owned();
        assert!(data.starts_with("UklGR"), "no RIFF: {data}");
    });
}

#[test]
fn several_kinds_come_in_the_order_they_were_returned_in() {
    in_both(|peer| {
        let came = peer.call("test_multiple_content_types", json!({}));
        let content = result(&came)["content"].as_array().expect("content");
        let kinds: Vec<_> = content.iter().map(|block| block["type"].as_str()).collect();
        assert_eq!(kinds, [Some("text"), Some("image"), Some("resource")]);
    });
}

#[test]
fn a_failure_is_a_result_that_says_why() {
    in_both(|peer| {
        let why = "This tool intentionally returns an error for testing";
        assert_eq!(failure(&peer.call("test_error_handling", json!({}))), why);
    });
}

#[test]
fn arguments_that_do_not_fit_are_a_failure_that_names_the_member() {
    in_both(|peer| {
        assert!(failure(&peer.call("echo", json!({"message": 5}))).contains("message"));
        assert!(failure(&peer.call("echo", json!({}))).contains("message"));
        assert_eq!(text(&peer.call("echo", json!({"message": "héllo\n\u{0}"}))), "héllo\n\u{0}");
    });
}

#[test]
fn progress_comes_before_the_result_with_the_token_that_was_sent() {
    in_both(|peer| {
        let params = json!({
            "name": "test_tool_with_progress",
            "arguments": {},
            "_meta": {"progressToken": "progress-test-1"},
        });
        let came = peer.request("tools/call", params);
        assert_eq!(notified(&came), ["notifications/progress"; 3]);
        for (message, progress) in came.iter().zip([0.0, 50.0, 100.0]) {
            assert_eq!(message["params"]["progressToken"], "progress-test-1");
            assert_eq!(message["params"]["progress"].as_f64(), Some(progress));
            assert_eq!(message["params"]["total"].as_f64(), Some(100.0));
        }
        text(&came[3..]);
    });
}

#[test]
fn without_a_token_there_is_no_progress() {
    in_both(|peer| {
        text(&peer.call("test_tool_with_progress", json!({})));
    });
}

#[test]
fn a_session_says_what_it_wants_to_read_of_the_log() {
    let mut peer = Peer::new(LEGACY);
    let set = peer.request("logging/setLevel", json!({"level": "debug"}));
    assert_eq!(*result(&set), json!({}));
    let came = peer.call("test_tool_with_logging", json!({}));
    assert_eq!(notified(&came), ["notifications/message"; 3]);
    assert_eq!(came[0]["params"], json!({"level": "info", "data": "Tool execution started"}));

    peer.request("logging/setLevel", json!({"level": "warning"}));
    text(&peer.call("test_tool_with_logging", json!({})));
}

#[test]
fn without_a_session_each_request_says_what_it_wants_to_read_of_the_log() {
    let mut peer = Peer::new(MODERN);
    text(&peer.call("test_logging_tool", json!({})));
    let wanting = |level| {
        json!({
            "name": "test_logging_tool",
            "arguments": {},
            "_meta": {"io.modelcontextprotocol/logLevel": level},
        })
    };
    let came = peer.request("tools/call", wanting("info"));
    assert_eq!(notified(&came), ["notifications/message"]);
    assert_eq!(
        came[0]["params"],
        json!({"level": "info", "logger": "everything", "data": {"said": "once"}})
    );
    text(&peer.request("tools/call", wanting("notice")));
}

#[test]
fn a_panic_is_an_error_and_the_next_call_is_served() {
    in_both(|peer| {
        let came = peer.call("boom", json!({}));
        let error = error(&came);
        assert_eq!(error["code"], -32603);
        assert!(!error.to_string().contains("boom"), "says what went wrong inside: {error}");
        assert_eq!(text(&peer.call("echo", json!({"message": "alive"}))), "alive");
    });
}

#[test]
fn a_structured_result_comes_with_its_text() {
    in_both(|peer| {
        let came = peer.call("structured", json!({}));
        let result = result(&came);
        let weather = json!({"celsius": 21.5, "sky": "clear"});
        assert_eq!(result["structuredContent"], weather);
        let text = result["content"][0]["text"].as_str().expect("a text");
        assert_eq!(serde_json::from_str::<serde_json::Value>(text).expect("JSON"), weather);
    });
}

#[test]
fn a_mirrored_argument_is_an_argument_like_any_other() {
    in_both(|peer| {
        assert_eq!(text(&peer.call("test_custom_header", json!({"value": "Hello"}))), "Hello");
    });
}

#[test]
fn a_tool_that_does_not_exist_is_an_error() {
    in_both(|peer| {
        assert_eq!(error(&peer.call("no_such_tool", json!({})))["code"], -32602);
    });
}
