//! 2026-07-28: each request by itself, and nothing remembered.

use super::*;

#[test]
fn a_call_needs_nothing_before_it() {
    spec!("ERA-22", "META-05", "META-13", "VER-13");
    let mut peer = Peer::fresh();
    peer.send(&modern("1", "tools/call", TOOL));
    peer.answer(0, r#"{"content":[]}"#).unwrap();
    insta::assert_snapshot!(peer.transcript(), @r#"
    > {"id":1,"method":"tools/call","params":{"name":"echo","arguments":{"n":1},
          "_meta":{modern}}}
    * call #1 for 1: tools/call echo {"n":1}
    < {"id":1,"result":{"resultType":"complete","content":[],
          "_meta":{"mcp/serverInfo":{"name":"s","version":"1"}}}}
    "#);
    assert_eq!(peer.calls[0].session, None);
    assert!(peer.pipe.is_idle());
}

#[test]
fn discover_names_the_revisions_that_a_request_may_name() {
    spec!("VER-01", "VER-02", "VER-05", "VER-06", "VER-10");
    let mut peer = Peer::fresh();
    peer.set_offer(Offer { instructions: Some("Ask nicely.".into()), ..offer() });
    peer.send(&modern("1", "server/discover", ""));
    insta::assert_snapshot!(peer.transcript(), @r#"
    > {"id":1,"method":"server/discover","params":{"_meta":{modern}}}
    < {"id":1,"result":{"resultType":"complete","supportedVersions":["2026-07-28"],
          "capabilities":{"logging":{},"completions":{},"prompts":{"listChanged":true},
          "resources":{"subscribe":true,"listChanged":true},"tools":{"listChanged":true}},
          "instructions":"Ask nicely.","ttlMs":0,"cacheScope":"private",
          "_meta":{"mcp/serverInfo":{"name":"s","version":"1"}}}}
    "#);
}

#[test]
fn a_revision_that_a_request_cannot_name_is_refused_with_those_it_can() {
    spec!("VER-03", "VER-04");
    let mut peer = Peer::fresh();
    for version in ["2025-11-25", "2027-01-01", ""] {
        peer.send(&modern("1", "tools/list", "").replace("2026-07-28", version));
        let line = peer.line();
        let data = format!(r#""data":{{"supported":["2026-07-28"],"requested":"{version}"}}"#);
        assert!(line.contains("-32022") && line.contains(&data), "{line}");
    }
    peer.send(&modern("1", "tools/list", "").replace("\"2026-07-28\"", "20260728"));
    assert!(peer.line().contains("-32602"));
    assert_eq!(peer.calls.len(), 0);
}

#[test]
fn a_request_must_name_its_revision_and_its_capabilities() {
    spec!("META-03", "VER-09");
    let mut peer = Peer::fresh();
    let whole = modern_with("{}", "1", "server/discover", "");
    peer.send(&whole.replace("protocolVersion", "other"));
    peer.send(&whole.replace("clientCapabilities", "other"));
    peer.send(&legacy("1", "server/discover", "{}"));
    peer.send(r#"{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen"}"#);
    peer.send(&modern_with("{}", "1", "tools/list", "").replace("protocolVersion", "other"));
    peer.send(&modern_with("[]", "1", "tools/list", ""));
    insta::assert_snapshot!(peer.transcript(), @r#"
    > {"id":1,"method":"server/discover","params":{"_meta":{"mcp/other":"2026-07-28",
          "mcp/clientCapabilities":{}}}}
    < {"id":1,"error":{"code":-32602,"message":"Missing
          _meta[\"mcp/protocolVersion\"]","data":{"supported":["2026-07-28"]}}}
    > {"id":1,"method":"server/discover","params":{"_meta":{"mcp/protocolVersion":"202
          6-07-28","mcp/other":{}}}}
    < {"id":1,"error":{"code":-32602,"message":"Missing
          _meta[\"mcp/clientCapabilities\"]"}}
    > {"id":1,"method":"server/discover","params":{}}
    < {"id":1,"error":{"code":-32602,"message":"Missing
          _meta[\"mcp/protocolVersion\"]","data":{"supported":["2026-07-28"]}}}
    > {"id":1,"method":"subscriptions/listen"}
    < {"id":1,"error":{"code":-32602,"message":"Missing
          _meta[\"mcp/protocolVersion\"]","data":{"supported":["2026-07-28"]}}}
    > {"id":1,"method":"tools/list","params":{"_meta":{"mcp/other":"2026-07-28",
          "mcp/clientCapabilities":{}}}}
    < {"id":1,"error":{"code":-32602,"message":"Missing
          _meta[\"mcp/protocolVersion\"]","data":{"supported":["2026-07-28"]}}}
    > {"id":1,"method":"tools/list","params":{"_meta":{"mcp/protocolVersion":"2026-07-
          28","mcp/clientCapabilities":[]}}}
    < {"id":1,"error":{"code":-32602,"message":"clientCapabilities: capabilities must
          be an object"}}
    "#);
    assert_eq!(peer.calls.len(), 0);
}

#[test]
fn a_client_need_not_say_what_it_is_called() {
    spec!("META-04", "META-06");
    let mut peer = Peer::fresh();
    peer.send(&modern("1", "tools/list", ""));
    assert_eq!(peer.calls[0].terms.client, None);
    let info = r#"{"_meta":{"io.modelcontextprotocol/clientInfo":{"name":"c","version":"2"},"#;
    peer.send(&modern("2", "tools/list", "").replace(r#"{"_meta":{"#, info));
    assert_eq!(peer.calls[1].terms.client.as_ref().unwrap().version, "2");
    let info = r#"{"_meta":{"io.modelcontextprotocol/clientInfo":{"version":2},"#;
    peer.forget();
    peer.send(&modern("3", "tools/list", "").replace(r#"{"_meta":{"#, info));
    assert!(peer.line().contains("-32602"));
}

#[test]
fn requests_keep_their_own_capabilities() {
    spec!("META-24", "META-26", "VER-14");
    let mut peer = Peer::fresh();
    peer.send(&modern_with(r#"{"elicitation":{}}"#, "1", "tools/call", TOOL));
    peer.send(&modern_with("{}", "2", "tools/call", TOOL));
    peer.forget();
    peer.ask(1, &[("k", form("Name?"))]).unwrap();
    let line = peer.line();
    assert!(line.contains(r#""id":2,"error":{"code":-32021"#), "{line}");
    peer.ask(0, &[("k", form("Name?"))]).unwrap();
    assert!(peer.line().contains(r#""resultType":"input_required""#));
}

#[test]
fn methods_of_older_revisions_are_not_there() {
    spec!("LIS-20", "LOG-10", "PNG-02");
    let mut peer = Peer::fresh();
    for method in
        ["ping", "initialize", "logging/setLevel", "resources/subscribe", "resources/unsubscribe"]
    {
        peer.send(&modern("1", method, r#""level":"debug","uri":"a:1""#));
        let line = peer.line();
        assert!(line.contains(r#""id":1,"error":{"code":-32601"#), "{method}: {line}");
    }
}

#[test]
fn a_method_that_does_not_exist_is_told_before_what_else_is_wrong() {
    let mut peer = Peer::fresh();
    let request = modern("1", "no/such", "").replace("clientCapabilities", "other");
    peer.send(&request);
    assert!(peer.line().contains("-32601"));
}

#[test]
fn a_cancelled_call_is_not_answered_and_its_id_is_free() {
    spec!("CAN-12", "CAN-13");
    let mut peer = Peer::calling(Version::V2026_07_28);
    peer.send(&cancel("1"));
    peer.call(Version::V2026_07_28, "1");
    assert_eq!(peer.answer(0, r#"{"first":1}"#), Err(CommandError::Gone));
    peer.answer(1, r#"{"second":1}"#).unwrap();
    assert!(peer.line().contains("second"));
}

#[test]
fn notifications_of_its_own_belong_to_no_session() {
    spec!("ROO-06");
    let mut peer = Peer::operating(Version::V2025_11_25);
    peer.send(&notification("own/note", &format!("{{{}}}", meta("{}"))));
    insta::assert_snapshot!(peer.transcript(), @r#"
    > {"method":"own/note","params":{"_meta":{"mcp/protocolVersion":"2026-07-28",
          "mcp/clientCapabilities":{}}}}
    * notified in no session: own/note {"_meta":{"mcp/protocolVersion":"2026-07-28",
          "mcp/clientCapabilities":{}}}
    "#);
    let mut peer = Peer::fresh();
    peer.send(&notification(
        "notifications/roots/list_changed",
        &format!("{{{}}}", meta(ALL_CAPABILITIES)),
    ));
    insta::assert_snapshot!(peer.transcript(), @r#"
    > {"method":"notifications/roots/list_changed","params":{"_meta":{modern}}}
    * dropped Notification("notifications/roots/list_changed")
    "#);
}
