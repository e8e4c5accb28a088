//! A pipe on which nothing has been agreed yet.

use super::*;

#[test]
fn each_revision_with_a_handshake_is_echoed() {
    spec!("INI-05", "INI-19");
    let mut peer = Peer::fresh();
    peer.send(&initialize("1", "2024-11-05"));
    insta::assert_snapshot!(peer.transcript(), @r#"
    > {"id":1,"method":"initialize","params":{"protocolVersion":"2024-11-05",
          "capabilities":{all},"clientInfo":{"name":"c","version":"1"}}}
    < {"id":1,"result":{"protocolVersion":"2024-11-05","capabilities":{"logging":{},
          "prompts":{"listChanged":true},"resources":{"subscribe":true,
          "listChanged":true},"tools":{"listChanged":true}},"serverInfo":{"name":"s",
          "version":"1"}}}
    * session #1 opened: 2024-11-05
    "#);
    let mut peer = Peer::fresh();
    peer.send(&initialize("\"1\"", "2025-11-25"));
    insta::assert_snapshot!(peer.transcript(), @r#"
    > {"id":"1","method":"initialize","params":{"protocolVersion":"2025-11-25",
          "capabilities":{all},"clientInfo":{"name":"c","version":"1"}}}
    < {"id":"1","result":{"protocolVersion":"2025-11-25","capabilities":{"logging":{},
          "completions":{},"prompts":{"listChanged":true},"resources":{"subscribe":true,
          "listChanged":true},"tools":{"listChanged":true}},"serverInfo":{"name":"s",
          "version":"1"}}}
    * session #1 opened: 2025-11-25
    "#);
    for version in LEGACY {
        let mut peer = Peer::fresh();
        peer.send(&initialize("1", version.as_str()));
        assert_eq!(peer.member("/result/protocolVersion").unwrap(), version.as_str());
        assert_eq!(peer.pipe.server().sessions().count(), 1);
    }
}

#[test]
fn initialize_never_yields_a_revision_without_a_handshake() {
    spec!("ERA-23", "INI-06", "INI-07", "INI-08", "INI-09");
    for offered in ["2026-07-28", "1999-01-01", "2027-01-01", "", " 2025-03-26", "draft"] {
        let mut peer = Peer::fresh();
        peer.send(&initialize("1", offered));
        assert_eq!(peer.member("/result/protocolVersion").unwrap(), "2025-11-25", "{offered:?}");
    }
}

#[test]
fn a_revision_that_is_not_served_is_countered_with_the_newest_that_is() {
    spec!("INI-06", "INI-07");
    let served = [Version::V2025_03_26, Version::V2024_11_05, Version::V2026_07_28];
    for (offered, answered) in
        [("2025-11-25", "2025-03-26"), ("2024-11-05", "2024-11-05"), ("2026-07-28", "2025-03-26")]
    {
        let mut peer = Peer::with(|config| config.versions = served.to_vec());
        peer.send(&initialize("1", offered));
        assert_eq!(peer.member("/result/protocolVersion").unwrap(), answered);
    }
}

#[test]
fn an_initialize_that_lacks_something_opens_nothing_and_may_be_sent_again() {
    spec!("RPC-17");
    let mut peer = Peer::fresh();
    for params in [
        "{}",
        r#"{"protocolVersion":"2025-11-25","capabilities":{}}"#,
        r#"{"protocolVersion":20251125,"capabilities":{},"clientInfo":{"name":"c","version":"1"}}"#,
        r#"{"protocolVersion":"2025-11-25","capabilities":[],"clientInfo":{"name":"c","version":"1"}}"#,
        r#"{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c"}}"#,
    ] {
        peer.send(&legacy("1", "initialize", params));
    }
    peer.send(r#"{"jsonrpc":"2.0","id":2,"method":"initialize"}"#);
    assert!(peer.lines.iter().all(|line| line.contains(r#""code":-32602"#)), "{:?}", peer.lines);
    assert_eq!((peer.lines.len(), peer.sessions.len()), (6, 0));
    peer.send(&initialize("3", "2025-11-25"));
    assert_eq!(peer.sessions.len(), 1);
}

#[test]
fn members_that_nobody_knows_do_not_disturb_initialize() {
    spec!("INI-24", "RPC-38");
    let mut peer = Peer::fresh();
    peer.send(
        r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{"x/new":{"deep":[1]},"roots":{"listChanged":true,"new":1}},"clientInfo":{"name":"c","version":"1","new":[]},"new":null},"new":1}"#,
    );
    assert_eq!(peer.member("/result/protocolVersion").unwrap(), "2025-06-18");
    let (_, _, terms) = peer.pipe.server().sessions().next().unwrap();
    assert!(terms.capabilities.raw.as_ref().unwrap().as_str().contains("x/new"));
}

#[test]
fn a_ping_is_answered_and_other_requests_are_refused() {
    spec!("INI-15", "INI-16", "PNG-01");
    let mut peer = Peer::fresh();
    peer.send(&legacy("1", "ping", "{}"));
    peer.send(r#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#);
    peer.send(&legacy("3", "tools/list", "{}"));
    peer.send(&legacy("4", "own/echo", "{}"));
    peer.send(&legacy("5", "nobody/knows", "{}"));
    peer.send(&legacy("6", "logging/setLevel", r#"{"level":"debug"}"#));
    peer.send(&initialize("7", "2024-11-05"));
    insta::assert_snapshot!(peer.transcript(), @r#"
    > {"id":1,"method":"ping","params":{}}
    < {"id":1,"result":{}}
    > {"id":2,"method":"ping"}
    < {"id":2,"result":{}}
    > {"id":3,"method":"tools/list","params":{}}
    < {"id":3,"error":{"code":-32600,"message":"The session is not initialized"}}
    > {"id":4,"method":"own/echo","params":{}}
    < {"id":4,"error":{"code":-32600,"message":"The session is not initialized"}}
    > {"id":5,"method":"nobody/knows","params":{}}
    < {"id":5,"error":{"code":-32600,"message":"The session is not initialized"}}
    > {"id":6,"method":"logging/setLevel","params":{"level":"debug"}}
    < {"id":6,"error":{"code":-32600,"message":"The session is not initialized"}}
    > {"id":7,"method":"initialize","params":{"protocolVersion":"2024-11-05",
          "capabilities":{all},"clientInfo":{"name":"c","version":"1"}}}
    < {"id":7,"result":{"protocolVersion":"2024-11-05","capabilities":{"logging":{},
          "prompts":{"listChanged":true},"resources":{"subscribe":true,
          "listChanged":true},"tools":{"listChanged":true}},"serverInfo":{"name":"s",
          "version":"1"}}}
    * session #1 opened: 2024-11-05
    "#);
}

#[test]
fn notifications_and_responses_are_dropped_without_an_answer() {
    spec!("RPC-12", "RPC-37");
    let mut peer = Peer::fresh();
    peer.send(INITIALIZED);
    peer.send(&cancel("1"));
    peer.send(&notification("notifications/roots/list_changed", "{}"));
    peer.send(&notification("own/note", "{}"));
    peer.send(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#);
    peer.send(r#"{"jsonrpc":"2.0","error":{"code":-32700,"message":"?"}}"#);
    insta::assert_snapshot!(peer.transcript(), @r#"
    > {"method":"notifications/initialized"}
    * dropped Notification("notifications/initialized")
    > {"method":"notifications/cancelled","params":{"requestId":1}}
    * dropped Notification("notifications/cancelled")
    > {"method":"notifications/roots/list_changed","params":{}}
    * dropped Notification("notifications/roots/list_changed")
    > {"method":"own/note","params":{}}
    * dropped Notification("own/note")
    > {"id":1,"result":{}}
    * dropped UnknownResponse
    > {"error":{"code":-32700,"message":"?"}}
    * dropped UnknownResponse
    "#);
    assert!(peer.pipe.is_idle());
}

#[test]
fn a_server_of_the_latest_revision_alone_names_it_in_its_refusals() {
    spec!("ERA-26", "ERA-28", "META-03", "VER-06");
    let mut peer = Peer::with(|config| config.versions = Vec::from([Version::V2026_07_28]));
    peer.send(&initialize("1", "2025-11-25"));
    peer.send(INITIALIZED);
    peer.send(&legacy("2", "tools/list", "{}"));
    peer.send(&legacy("3", "ping", "{}"));
    peer.send(&modern("4", "tools/list", ""));
    insta::assert_snapshot!(peer.transcript(), @r#"
    > {"id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25",
          "capabilities":{all},"clientInfo":{"name":"c","version":"1"}}}
    < {"id":1,"error":{"code":-32022,"message":"Unsupported protocol version:
          2025-11-25","data":{"supported":["2026-07-28"],"requested":"2025-11-25"}}}
    > {"method":"notifications/initialized"}
    * dropped Notification("notifications/initialized")
    > {"id":2,"method":"tools/list","params":{}}
    < {"id":2,"error":{"code":-32602,"message":"Missing
          _meta[\"mcp/protocolVersion\"]","data":{"supported":["2026-07-28"]}}}
    > {"id":3,"method":"ping","params":{}}
    < {"id":3,"error":{"code":-32602,"message":"Missing
          _meta[\"mcp/protocolVersion\"]","data":{"supported":["2026-07-28"]}}}
    > {"id":4,"method":"tools/list","params":{"_meta":{modern}}}
    * call #1 for 4: tools/list []
    "#);
}

#[test]
fn a_server_of_older_revisions_alone_does_not_know_discover() {
    spec!("ERA-29");
    let mut peer = Peer::with(|config| config.versions = LEGACY.to_vec());
    peer.send(&modern("1", "server/discover", ""));
    peer.send(&initialize("2", "2025-06-18"));
    peer.send(INITIALIZED);
    peer.send(&modern("3", "server/discover", ""));
    peer.send(&modern("4", "subscriptions/listen", ""));
    peer.send(&modern("5", "tools/list", ""));
    insta::assert_snapshot!(peer.transcript(), @r#"
    > {"id":1,"method":"server/discover","params":{"_meta":{modern}}}
    < {"id":1,"error":{"code":-32601,"message":"Method not found: server/discover"}}
    > {"id":2,"method":"initialize","params":{"protocolVersion":"2025-06-18",
          "capabilities":{all},"clientInfo":{"name":"c","version":"1"}}}
    < {"id":2,"result":{"protocolVersion":"2025-06-18","capabilities":{"logging":{},
          "completions":{},"prompts":{"listChanged":true},"resources":{"subscribe":true,
          "listChanged":true},"tools":{"listChanged":true}},"serverInfo":{"name":"s",
          "version":"1"}}}
    * session #1 opened: 2025-06-18
    > {"method":"notifications/initialized"}
    > {"id":3,"method":"server/discover","params":{"_meta":{modern}}}
    < {"id":3,"error":{"code":-32601,"message":"Method not found: server/discover"}}
    > {"id":4,"method":"subscriptions/listen","params":{"_meta":{modern}}}
    < {"id":4,"error":{"code":-32601,"message":"Method not found:
          subscriptions/listen"}}
    > {"id":5,"method":"tools/list","params":{"_meta":{modern}}}
    * call #2 for 5: tools/list []
    "#);
    assert_eq!(peer.calls[0].terms.version, Version::V2025_06_18);
}
