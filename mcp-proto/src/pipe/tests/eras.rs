//! Both eras on one pipe.

use super::*;

#[test]
fn both_are_served_at_once_each_in_its_own_way() {
    spec!("ERA-22", "ERA-23", "ERA-24", "META-17", "VER-14");
    let mut peer = Peer::fresh();
    peer.send(&modern("1", "server/discover", ""));
    peer.send(&initialize("2", "2025-06-18"));
    peer.send(INITIALIZED);
    peer.forget();
    peer.send(&modern("3", "tools/list", ""));
    peer.send(&legacy("4", "tools/list", "{}"));
    peer.answer(1, r#"{"tools":[]}"#).unwrap();
    peer.answer(0, r#"{"tools":[]}"#).unwrap();
    let _ = peer.transcript();
    let expected = [
        r#"{"jsonrpc":"2.0","id":4,"result":{"tools":[]}}"#,
        r#"{"jsonrpc":"2.0","id":3,"result":{"resultType":"complete","tools":[],"ttlMs":0,"cacheScope":"private","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"s","version":"1"}}}}"#,
    ];
    assert_eq!(peer.lines, expected);
    assert_eq!(peer.calls[0].terms.version, Version::V2026_07_28);
    assert_eq!(peer.calls[1].terms.version, Version::V2025_06_18);
}

#[test]
fn what_a_session_remembers_does_not_touch_other_requests() {
    spec!("ERA-25");
    let mut peer = Peer::operating(Version::V2025_11_25);
    peer.send(&legacy("1", "logging/setLevel", r#"{"level":"debug"}"#));
    peer.send(&legacy("2", "resources/subscribe", r#"{"uri":"a:1"}"#));
    let session = peer.sessions[0];
    let value = Some(Json::text("v"));
    peer.command(Command::Attach { session, key: "k".into(), value }).unwrap();
    peer.send(&modern("3", "tools/call", TOOL));
    peer.forget();
    peer.log(0, Level::Emergency).unwrap();
    assert_eq!(peer.lines, [] as [&str; 0]);
    assert_eq!(peer.calls[0].attached.len(), 0);
    assert_eq!(peer.calls[0].session, None);
}

#[test]
fn a_request_that_names_a_revision_opens_no_session() {
    let mut peer = Peer::fresh();
    peer.send(&modern("1", "initialize", ""));
    peer.send(&modern("2", "tools/list", ""));
    peer.send(&legacy("3", "tools/list", "{}"));
    assert_eq!(peer.pipe.server().sessions().count(), 0);
    assert!(peer.lines[1].contains(r#""id":3,"error":{"code":-32600"#), "{:?}", peer.lines);
}

#[test]
fn ids_are_shared_by_both_eras_of_a_pipe() {
    let mut peer = Peer::calling(Version::V2025_11_25);
    peer.send(&modern("1", "tools/list", ""));
    assert!(peer.line().contains(r#""id":1,"error":{"code":-32600"#));
    peer.answer(0, "{}").unwrap();
    peer.send(&modern("1", "tools/list", ""));
    assert_eq!(peer.calls.len(), 2);
}

#[test]
fn a_session_that_ends_takes_its_own_calls_along_and_no_others() {
    let mut peer = Peer::calling(Version::V2025_11_25);
    peer.send(&modern("2", "tools/list", ""));
    peer.forget();
    peer.command(Command::Close { session: peer.sessions[0] }).unwrap();
    assert_eq!(peer.answer(0, "{}"), Err(CommandError::Gone));
    peer.answer(1, r#"{"tools":[]}"#).unwrap();
    insta::assert_snapshot!(peer.transcript(), @r#"
    * call #2 cancelled
    * session #1 closed: Server
    < {"id":2,"result":{"resultType":"complete","tools":[],"ttlMs":0,
          "cacheScope":"private","_meta":{"mcp/serverInfo":{"name":"s","version":"1"}}}}
    * close
    "#);
    assert_eq!(peer.closes, 1);
}
