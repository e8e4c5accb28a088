//! A legacy session in operation.

use alloc::collections::BTreeMap;

use super::*;

#[test]
fn a_call_is_answered_under_its_own_id_in_each_revision() {
    spec!("META-17", "RPC-06");
    for version in LEGACY {
        let mut peer = Peer::operating(version);
        for (nth, id) in
            ["1", "\"1\"", "-9223372036854775808", "18446744073709551615", "\"\u{e9}\\n\""]
                .into_iter()
                .enumerate()
        {
            peer.call(version, id);
            peer.answer(nth, r#"{"content":[]}"#).unwrap();
            let expected = format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"content":[]}}}}"#);
            assert_eq!(peer.line(), expected);
        }
        assert!(peer.pipe.is_idle());
    }
}

#[test]
fn every_method_that_is_the_applications_reaches_it() {
    spec!("CMP-06", "PAG-08", "TOL-20", "VER-13");
    let mut peer = Peer::operating(Version::V2025_06_18);
    for (id, method, params) in [
        ("1", "tools/list", r#"{"cursor":"c"}"#),
        ("2", "tools/call", r#"{"name":"t"}"#),
        ("3", "prompts/list", "{}"),
        ("4", "prompts/get", r#"{"name":"p","arguments":{"a":"b"}}"#),
        ("5", "resources/list", r#"{"cursor":""}"#),
        ("6", "resources/templates/list", r#"{"cursor":null}"#),
        ("7", "resources/read", r#"{"uri":"a:1"}"#),
        (
            "8",
            "completion/complete",
            r#"{"ref":{"type":"ref/prompt","name":"p"},"argument":{"name":"a","value":"v"},"context":{"arguments":{"b":"c"}}}"#,
        ),
        (
            "9",
            "completion/complete",
            r#"{"ref":{"type":"ref/resource","uri":"a:{x}"},"argument":{"name":"x","value":""}}"#,
        ),
        ("10", "own/echo", r#"{"any":[1]}"#),
    ] {
        peer.send(&legacy(id, method, params));
    }
    let shown: String = peer
        .transcript()
        .lines()
        .filter(|line| !line.starts_with('>'))
        .fold(String::new(), |text, line| text + line + "\n");
    insta::assert_snapshot!(shown, @r#"
    * call #2 for 1: tools/list ["c"]
    * call #3 for 2: tools/call t {}
    * call #4 for 3: prompts/list []
    * call #5 for 4: prompts/get p {"a": "b"}
    * call #6 for 5: resources/list [""]
    * call #7 for 6: resources/templates/list []
    * call #8 for 7: resources/read a:1
          "name":"p"},"argument":{"name":"a","value":"v"},
          "context":{"arguments":{"b":"c"}}}}
    * call #9 for 8: completion/complete CompleteParams { reference: Prompt("p"),
          argument: "a", value: "v", context: {"b": "c"} }
          "uri":"a:{x}"},"argument":{"name":"x","value":""}}}
    * call #10 for 9: completion/complete CompleteParams { reference:
          Resource("a:{x}"), argument: "x", value: "", context: {} }
    * call #11 for 10: own/echo {"any":[1]}
    "#);
}

#[test]
fn what_is_not_offered_does_not_exist() {
    spec!("CMP-03", "INI-17", "INI-18", "PRM-01", "RES-01", "RES-08", "RPC-16", "RPC-35", "TOL-01");
    let mut peer = Peer::operating(Version::V2025_11_25);
    peer.set_offer(Offer::default());
    peer.forget();
    let methods = [
        "tools/list",
        "tools/call",
        "prompts/list",
        "prompts/get",
        "resources/list",
        "resources/templates/list",
        "resources/read",
        "resources/subscribe",
        "resources/unsubscribe",
        "completion/complete",
        "logging/setLevel",
        "own/echo",
        "server/discover",
        "subscriptions/listen",
        "no/such",
        "",
    ];
    for method in methods {
        peer.send(&legacy("1", method, "{}"));
        let line = peer.line();
        assert!(line.contains(r#""id":1,"error":{"code":-32601"#), "{method}: {line}");
    }
    assert_eq!(peer.calls.len(), 0);
}

#[test]
fn a_subscription_is_answered_with_an_empty_result_and_told_of_changes() {
    spec!("RES-09", "RES-11");
    let mut peer = Peer::operating(Version::V2025_11_25);
    let updated = || Command::ResourceUpdated { uri: "a:1".into() };
    peer.send(&legacy("1", "resources/subscribe", r#"{"uri":"a:1"}"#));
    peer.send(&legacy("2", "resources/subscribe", r#"{"uri":"a:1"}"#));
    peer.command(updated()).unwrap();
    peer.command(Command::ResourceUpdated { uri: "a:2".into() }).unwrap();
    peer.send(&legacy("3", "resources/unsubscribe", r#"{"uri":"a:1"}"#));
    peer.command(updated()).unwrap();
    insta::assert_snapshot!(peer.transcript(), @r#"
    > {"id":1,"method":"resources/subscribe","params":{"uri":"a:1"}}
    < {"id":1,"result":{}}
    > {"id":2,"method":"resources/subscribe","params":{"uri":"a:1"}}
    < {"id":2,"result":{}}
    < {"method":"notifications/resources/updated","params":{"uri":"a:1"}}
    > {"id":3,"method":"resources/unsubscribe","params":{"uri":"a:1"}}
    < {"id":3,"result":{}}
    "#);
    assert_eq!(peer.pipe.server().subscriptions().count(), 0);
}

#[test]
fn a_cancelled_call_is_not_answered() {
    spec!("CAN-03", "CAN-06", "CAN-18");
    let mut peer = Peer::calling(Version::V2025_03_26);
    peer.send(&notification("notifications/cancelled", r#"{"requestId":1,"reason":"Too slow"}"#));
    assert!(peer.calls[0].is_cancelled());
    assert_eq!(peer.answer(0, "{}"), Err(CommandError::Gone));
    assert_eq!(peer.log(0, Level::Error), Err(CommandError::Gone));
    assert_eq!(peer.progress(0, 1.0), Err(CommandError::Gone));
    insta::assert_snapshot!(peer.transcript(), @r#"
    > {"method":"notifications/cancelled","params":{"requestId":1,"reason":"Too
          slow"}}
    * call #2 cancelled: Too slow
    "#);
    assert_eq!(peer.pipe.server().stats().late_commands, 3);
    assert_eq!(peer.ask(0, &[("k", form("Name?"))]), Err(CommandError::Gone));
    assert_eq!(peer.pipe.server().stats().late_commands, 4);
    assert!(peer.pipe.is_idle());
}

#[test]
fn a_cancellation_that_names_nothing_changes_nothing() {
    spec!("CAN-04", "CAN-05", "CAN-17");
    for version in [Version::V2025_11_25, Version::V2026_07_28] {
        let mut peer = Peer::calling(version);
        for params in [
            "{}",
            r#"{"requestId":2}"#,
            r#"{"requestId":"1"}"#,
            r#"{"requestId":1.0}"#,
            r#"{"requestId":null}"#,
            r#"{"requestId":[1]}"#,
            r#"{"requestid":1}"#,
            "[1]",
        ] {
            peer.send(&notification("notifications/cancelled", params));
        }
        assert!(!peer.calls[0].is_cancelled());
        assert_eq!(peer.lines, [] as [&str; 0]);
        assert_eq!(peer.pipe.server().stats().notifications, 8);
        peer.answer(0, "{}").unwrap();
        peer.send(&cancel("1"));
        assert_eq!(peer.lines.len(), 1);
    }
}

#[test]
fn roots_and_notifications_of_its_own_reach_the_application() {
    let mut peer = Peer::operating(Version::V2025_06_18);
    peer.send(&notification("notifications/roots/list_changed", "{}"));
    peer.send(&notification("own/note", r#"{"a":[1, 2]}"#));
    peer.send(r#"{"jsonrpc":"2.0","method":"own/bare"}"#);
    insta::assert_snapshot!(peer.transcript(), @r#"
    > {"method":"notifications/roots/list_changed","params":{}}
    * roots of session #1 changed
    > {"method":"own/note","params":{"a":[1, 2]}}
    * notified in session #1: own/note {"a":[1, 2]}
    > {"method":"own/bare"}
    * notified in session #1: own/bare {}
    "#);
}

#[test]
fn a_tool_that_takes_scopes_is_refused_to_those_who_lack_them() {
    for version in [Version::V2025_11_25, Version::V2026_07_28] {
        let mut peer = Peer::operating(version);
        let scopes = BTreeMap::from([("echo".into(), ["a".into()].into())]);
        peer.set_offer(Offer { tool_scopes: scopes, ..offer() });
        peer.forget();
        peer.call(version, "1");
        assert!(peer.line().contains(r#""code":-32600"#));
        assert!(peer.calls.is_empty());
    }
}
