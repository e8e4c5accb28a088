//! What changes while the server runs, and who is told.

use mcp_tests::Peer;
use serde_json::{Value, json};

use super::{LEGACY, MODERN, in_both, result, text};

fn tools(peer: &mut Peer) -> Vec<Value> {
    let came = peer.request("tools/list", json!({}));
    result(&came)["tools"].as_array().expect("a list").clone()
}

/// Listens to what is named, and returns the id of the listen.
fn listen(peer: &mut Peer, notifications: &Value) -> Value {
    let came = peer.request("subscriptions/listen", json!({"notifications": notifications}));
    let [acknowledged] = &came[..] else { panic!("not one message: {came:#?}") };
    assert_eq!(acknowledged["method"], "notifications/subscriptions/acknowledged");
    assert_eq!(acknowledged["params"]["notifications"], *notifications);
    acknowledged["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"].clone()
}

/// The methods of everything that came and is no result.
fn told(came: &[Value]) -> Vec<&str> {
    came.iter().filter_map(|message| message["method"].as_str()).collect()
}

#[test]
fn a_tool_that_is_added_comes_last_and_can_be_called_and_removed() {
    in_both(|peer| {
        let before = tools(peer);
        peer.call("add_tool", json!({"name": "added_hello"}));
        let after = tools(peer);
        assert_eq!(after[..before.len()], before);
        assert_eq!(after[before.len()]["name"], "added_hello");
        assert_eq!(text(&peer.call("added_hello", json!({}))), "Hello, I am new here.");
        peer.call("remove_tool", json!({"name": "added_hello"}));
        assert_eq!(tools(peer), before);
    });
}

#[test]
fn a_session_is_told_that_a_list_has_changed() {
    let mut peer = Peer::new(LEGACY);
    for (tool, method) in [
        ("test_trigger_tool_change", "notifications/tools/list_changed"),
        ("test_trigger_prompt_change", "notifications/prompts/list_changed"),
    ] {
        let before = tools(&mut peer);
        assert_eq!(told(&peer.call(tool, json!({}))), [method]);
        assert_eq!(tools(&mut peer), before, "the list is as it was");
    }
}

#[test]
fn without_a_session_only_who_listens_is_told_and_only_of_what_it_named() {
    let mut peer = Peer::new(MODERN);
    assert!(told(&peer.call("test_trigger_tool_change", json!({}))).is_empty());
    let id = listen(&mut peer, &json!({"toolsListChanged": true}));
    let came = peer.call("test_trigger_tool_change", json!({}));
    assert_eq!(told(&came), ["notifications/tools/list_changed"]);
    let change = came.iter().find(|message| message["method"].is_string()).expect("told");
    assert_eq!(change["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], id);
    assert!(told(&peer.call("test_trigger_prompt_change", json!({}))).is_empty());
}

#[test]
fn a_session_subscribes_to_a_resource_until_it_unsubscribes() {
    let mut peer = Peer::new(LEGACY);
    let uri = json!({"uri": "test://watched-resource"});
    let other = json!({"uri": "test://static-text"});
    assert!(told(&peer.call("update_resource", uri.clone())).is_empty());
    assert_eq!(*result(&peer.request("resources/subscribe", uri.clone())), json!({}));
    let came = peer.call("update_resource", uri.clone());
    assert_eq!(told(&came), ["notifications/resources/updated"]);
    assert_eq!(came[0]["params"], uri);
    assert!(told(&peer.call("update_resource", other)).is_empty());
    assert_eq!(*result(&peer.request("resources/unsubscribe", uri.clone())), json!({}));
    assert!(told(&peer.call("update_resource", uri)).is_empty());
}

#[test]
fn without_a_session_a_listen_names_the_resources() {
    let mut peer = Peer::new(MODERN);
    let uri = "test://watched-resource";
    let id = listen(&mut peer, &json!({"resourceSubscriptions": [uri]}));
    let came = peer.call("update_resource", json!({"uri": uri}));
    assert_eq!(told(&came), ["notifications/resources/updated"]);
    assert_eq!(came[0]["params"]["uri"], uri);
    assert_eq!(came[0]["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], id);
    peer.notify("notifications/cancelled", json!({"requestId": id}));
    assert!(told(&peer.call("update_resource", json!({"uri": uri}))).is_empty());
}
