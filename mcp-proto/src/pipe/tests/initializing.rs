//! `initialize` is answered, and `initialized` has not come.

use super::*;

#[test]
fn requests_are_served_before_initialized() {
    spec!("INI-16", "INI-21");
    for version in LEGACY {
        let mut peer = Peer::initializing(version);
        peer.send(&legacy("1", "ping", "{}"));
        peer.send(&legacy("2", "tools/list", "{}"));
        peer.answer(0, r#"{"tools":[]}"#).unwrap();
        let expected = [
            r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
            r#"{"jsonrpc":"2.0","id":2,"result":{"tools":[]}}"#,
        ];
        assert_eq!(peer.lines, expected);
    }
}

#[test]
fn a_second_initialize_is_refused_and_changes_nothing() {
    spec!("INI-20");
    for mut peer in
        [Peer::initializing(Version::V2024_11_05), Peer::operating(Version::V2024_11_05)]
    {
        peer.send(&initialize("9", "2025-11-25"));
        let line = peer.line();
        assert!(line.contains(r#""id":9,"error":{"code":-32600"#), "{line}");
        let (_, _, terms) = peer.pipe.server().sessions().next().unwrap();
        assert_eq!(terms.version, Version::V2024_11_05);
        assert_eq!(peer.sessions.len(), 1);
    }
}

#[test]
fn questions_wait_for_initialized() {
    spec!("INI-14");
    let mut peer = Peer::initializing(Version::V2025_11_25);
    peer.call(Version::V2025_11_25, "1");
    peer.ask(0, &[("k", form("Name?"))]).unwrap();
    peer.log(0, Level::Error).unwrap();
    peer.send(INITIALIZED);
    peer.reply("\"2.1.k\"", r#"{"action":"accept","content":{}}"#);
    peer.answer(1, "{}").unwrap();
    insta::assert_snapshot!(peer.transcript(), @r#"
    > {"id":1,"method":"tools/call","params":{"name":"echo","arguments":{"n":1}}}
    * call #2 for 1: tools/call echo {"n":1}
    < {"method":"notifications/message","params":{"level":"error","data":"said"}}
    > {"method":"notifications/initialized"}
    < {"id":"2.1.k","method":"elicitation/create","params":{"message":"Name?",
          "requestedSchema":{"type":"object"},"_meta":{"progressToken":"2.1.k"}}}
    > {"id":"2.1.k","result":{"action":"accept","content":{}}}
    * call #2 for 1: tools/call echo {"n":1}; k = {"action":"accept","content":{}}
    < {"id":1,"result":{}}
    "#);
    assert!(peer.pipe.is_idle());
}

#[test]
fn a_ping_of_ours_does_not_wait_for_initialized() {
    spec!("INI-14");
    let mut peer = Peer::initializing(Version::V2025_06_18);
    peer.command(Command::Ping { session: peer.sessions[0] }).unwrap();
    peer.reply("\"ping.1\"", "{}");
    insta::assert_snapshot!(peer.transcript(), @r#"
    < {"id":"ping.1","method":"ping","params":{}}
    > {"id":"ping.1","result":{}}
    * ping in session #1: 0ns
    "#);
}

#[test]
fn a_call_that_ends_before_initialized_asks_nothing_any_more() {
    spec!("CAN-03");
    let mut peer = Peer::initializing(Version::V2025_11_25);
    for id in ["1", "2"] {
        peer.call(Version::V2025_11_25, id);
    }
    peer.ask(0, &[("k", form("Name?"))]).unwrap();
    peer.ask(1, &[("k", form("Name?"))]).unwrap();
    peer.send(&cancel("1"));
    peer.answer(1, "{}").unwrap();
    peer.forget();
    peer.send(INITIALIZED);
    assert_eq!(peer.lines, [] as [&str; 0]);
    assert_eq!(peer.pipe.server().stats().late_commands, 0);
    assert!(peer.pipe.is_idle());
}

#[test]
fn list_changes_are_told_from_initialized_on() {
    let mut peer = Peer::initializing(Version::V2025_11_25);
    peer.set_offer(Offer { tools_revision: 1, ..offer() });
    assert_eq!(peer.lines, [] as [&str; 0]);
    peer.send(INITIALIZED);
    peer.set_offer(Offer { tools_revision: 2, ..offer() });
    assert!(peer.line().contains("notifications/tools/list_changed"));
}

#[test]
fn the_second_initialized_is_dropped() {
    let mut peer = Peer::operating(Version::V2025_11_25);
    peer.send(INITIALIZED);
    insta::assert_snapshot!(peer.transcript(), @r#"
    > {"method":"notifications/initialized"}
    * dropped Notification("notifications/initialized")
    "#);
}
