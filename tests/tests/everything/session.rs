//! What belongs to a session or to one call.

use mcp_proto::Version;
use mcp_tests::Peer;
use serde_json::{Value, json};

use super::{LEGACY, MODERN, error, failure, in_both, notified, result, text};

#[test]
fn a_value_stays_attached_to_its_session() {
    let mut peer = Peer::new(LEGACY);
    assert_eq!(failure(&peer.call("attached", json!({"key": "k"}))), "k is not attached.");
    text(&peer.call("attach", json!({"key": "k", "value": "v"})));
    assert_eq!(text(&peer.call("attached", json!({"key": "k"}))), "\"v\"");
}

#[test]
fn without_a_session_nothing_can_be_attached() {
    let mut peer = Peer::new(MODERN);
    failure(&peer.call("attach", json!({"key": "k", "value": "v"})));
    failure(&peer.call("attached", json!({"key": "k"})));
}

#[test]
fn a_call_knows_its_trace_context() {
    in_both(|peer| {
        assert_eq!(text(&peer.call("trace", json!({}))), "none");
        let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let params = json!({"name": "trace", "arguments": {}, "_meta": {"traceparent": parent}});
        assert_eq!(text(&peer.request("tools/call", params)), parent);
    });
}

#[test]
fn a_method_of_the_servers_own_counts_the_notifications_of_its_own() {
    in_both(|peer| {
        let hellos = |peer: &mut Peer| {
            result(&peer.request("everything/version", json!({})))["hellos"].clone()
        };
        assert_eq!(hellos(peer), 0);
        assert_eq!(peer.notify("notifications/everything/hello", json!({})), [Value::Null; 0]);
        assert_eq!(hellos(peer), 1);
    });
}

#[test]
fn a_notification_of_the_servers_own_comes_before_the_result() {
    in_both(|peer| {
        let came = peer.call("notify", json!({}));
        assert_eq!(notified(&came), ["notifications/everything/hello"]);
        assert_eq!(came[0]["params"], json!({"from": "the server"}));
    });
}

#[test]
fn an_extension_is_declared_where_the_revision_has_extensions() {
    let id = "dev.mcp-proto/everything";
    for version in Version::ALL {
        let mut peer = Peer::new(version);
        let capabilities = peer.server["capabilities"].clone();
        let declared = !capabilities["extensions"][id].is_null();
        assert_eq!(declared, version.rules().extensions, "{version}");
        assert!(capabilities["experimental"]["everything"].is_object(), "{version}");
        let unknown = peer.request("everything/unknown", json!({}));
        assert_eq!(error(&unknown)["code"], -32601, "{version}");
    }
}

#[test]
fn a_session_is_pinged_and_one_without_a_session_is_not() {
    assert_eq!(*result(&Peer::new(LEGACY).request("ping", json!({}))), json!({}));
    assert_eq!(error(&Peer::new(MODERN).request("ping", json!({})))["code"], -32601);
}
