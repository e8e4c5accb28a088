//! Prompts and the completion of their arguments.

use mcp_proto::code;
use serde_json::{Value, json};

use super::{error, in_both, result};

fn get(peer: &mut mcp_tests::Peer, name: &str, arguments: &Value) -> Vec<Value> {
    peer.request("prompts/get", json!({"name": name, "arguments": arguments}))
}

#[test]
fn a_prompt_gives_its_messages() {
    in_both(|peer| {
        let came = get(peer, "test_simple_prompt", &json!({}));
        assert_eq!(
            result(&came)["messages"],
            json!([{
                "role": "user",
                "content": {"type": "text", "text": "This is a simple prompt for testing."},
            }])
        );
    });
}

#[test]
fn arguments_end_up_in_the_messages() {
    in_both(|peer| {
        let arguments = json!({"arg1": "testValue1", "arg2": "testValue2"});
        let came = get(peer, "test_prompt_with_arguments", &arguments);
        let text = &result(&came)["messages"][0]["content"]["text"];
        assert_eq!(*text, "arg1 is 'testValue1', arg2 is 'testValue2'");
    });
}

#[test]
fn an_argument_that_is_missing_is_named() {
    in_both(|peer| {
        let came = get(peer, "test_prompt_with_arguments", &json!({"arg1": "testValue1"}));
        let error = error(&came);
        assert_eq!(error["code"], code::INVALID_PARAMS);
        assert!(error["message"].as_str().is_some_and(|text| text.contains("arg2")), "{error}");
    });
}

#[test]
fn a_prompt_may_hold_a_resource_and_an_image() {
    in_both(|peer| {
        let uri = "test://example";
        let came = get(peer, "test_prompt_with_embedded_resource", &json!({"resourceUri": uri}));
        let content = &result(&came)["messages"][0]["content"];
        assert_eq!(content["type"], "resource");
        assert_eq!(content["resource"]["uri"], uri);
        let came = get(peer, "test_prompt_with_image", &json!({}));
        let content = &result(&came)["messages"][0]["content"];
        assert_eq!(
            (&content["type"], &content["mimeType"]),
            (&json!("image"), &json!("image/png"))
        );
    });
}

#[test]
fn a_prompt_that_does_not_exist_is_an_error() {
    in_both(|peer| {
        assert_eq!(error(&get(peer, "no_such_prompt", &json!({})))["code"], code::INVALID_PARAMS);
    });
}

#[test]
fn an_argument_is_completed_to_what_begins_like_it() {
    in_both(|peer| {
        for (typed, values) in [("test", vec!["testValue1", "testValue2"]), ("x", vec![])] {
            let params = json!({
                "ref": {"type": "ref/prompt", "name": "test_prompt_with_arguments"},
                "argument": {"name": "arg1", "value": typed},
            });
            let came = peer.request("completion/complete", params);
            assert_eq!(result(&came)["completion"]["values"], json!(values));
        }
    });
}
