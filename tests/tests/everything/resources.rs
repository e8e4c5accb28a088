//! Resources and templates.

use mcp_tests::Peer;
use serde_json::json;

use super::{LEGACY, MODERN, error, in_both, result};

#[test]
fn a_text_resource_has_its_uri_its_type_and_its_text() {
    in_both(|peer| {
        let came = peer.request("resources/read", json!({"uri": "test://static-text"}));
        assert_eq!(
            result(&came)["contents"],
            json!([{
                "uri": "test://static-text",
                "mimeType": "text/plain",
                "text": "This is the content of the static text resource.",
            }])
        );
    });
}

#[test]
fn a_binary_resource_is_base64() {
    in_both(|peer| {
        let came = peer.request("resources/read", json!({"uri": "test://static-binary"}));
        let contents = &result(&came)["contents"][0];
        assert_eq!(contents["mimeType"], "image/png");
        assert!(contents["blob"].as_str().is_some_and(|blob| blob.starts_with("iVBORw0KGgo")));
        assert!(contents.get("text").is_none());
    });
}

#[test]
fn a_template_reads_every_uri_that_it_matches() {
    in_both(|peer| {
        let came = peer.request("resources/read", json!({"uri": "test://template/123/data"}));
        let contents = &result(&came)["contents"][0];
        assert_eq!(contents["uri"], "test://template/123/data");
        assert!(contents["text"].as_str().is_some_and(|text| text.contains("123")));
    });
}

#[test]
fn a_resource_that_does_not_exist_is_the_error_of_the_revision() {
    for (version, code) in [(LEGACY, -32002), (MODERN, -32602)] {
        let uri = "test://nonexistent-resource-for-conformance-testing";
        let came = Peer::new(version).request("resources/read", json!({"uri": uri}));
        let error = error(&came);
        assert_eq!(error["code"], code);
        assert_eq!(error["data"]["uri"], uri);
    }
}

#[test]
fn what_is_read_without_a_session_says_how_long_it_may_be_kept() {
    let came = Peer::new(MODERN).request("resources/read", json!({"uri": "test://static-text"}));
    assert!(result(&came)["ttlMs"].is_u64());
    assert!(result(&came)["cacheScope"].is_string());
}

#[test]
fn a_variable_of_a_template_is_completed() {
    in_both(|peer| {
        let params = json!({
            "ref": {"type": "ref/resource", "uri": "test://template/{id}/data"},
            "argument": {"name": "id", "value": "test"},
        });
        let came = peer.request("completion/complete", params);
        let values = &result(&came)["completion"]["values"];
        assert_eq!(*values, json!(["testValue1", "testValue2"]));
    });
}
