//! Subscriptions, and changes that are told.

use super::*;

const ACKNOWLEDGED: &str = "notifications/subscriptions/acknowledged";
const TOOLS: &str = "notifications/tools/list_changed";
const UPDATED: &str = "notifications/resources/updated";

fn tag(id: &str) -> String {
    format!(r#""_meta":{{"io.modelcontextprotocol/subscriptionId":{id}}}"#)
}

fn wish() -> Listening {
    Listening {
        tools: true,
        prompts: true,
        resources: true,
        uris: ["a:1".into(), "a:2".into()].into(),
    }
}

fn acknowledge(peer: &mut Peer, id: &str, filter: &str) {
    peer.tell(ACKNOWLEDGED, &format!(r#"{{"notifications":{filter},{}}}"#, tag(id)));
}

/// A listen of 2026-07-28 that is granted whole; its id is 2.
fn listening() -> (Peer, ClientCallId) {
    let mut peer = Peer::ready(Version::V2026_07_28);
    let call = peer.listen(&wish());
    let all = r#"{"toolsListChanged":true,"promptsListChanged":true,"resourcesListChanged":true,"resourceSubscriptions":["a:1","a:2"]}"#;
    assert!(peer.line().contains(&format!(r#""notifications":{all}"#)));
    acknowledge(&mut peer, "2", all);
    peer.forget();
    (peer, call)
}

#[test]
fn a_listen_is_granted_what_was_asked_and_no_more() {
    spec!("LIS-17", "LIS-22");
    let mut peer = Peer::ready(Version::V2026_07_28);
    peer.listen(&Listening { prompts: false, ..wish() });
    assert!(!peer.lines[0].contains("progressToken"));
    peer.forget();
    acknowledge(
        &mut peer,
        "2",
        r#"{"toolsListChanged":true,"promptsListChanged":true,"resourceSubscriptions":["a:2","a:3"],"new":1}"#,
    );
    acknowledge(&mut peer, "2", r#"{"resourcesListChanged":true}"#);
    peer.tell("notifications/prompts/list_changed", &format!("{{{}}}", tag("2")));
    peer.tell(UPDATED, &format!(r#"{{"uri":"a:1",{}}}"#, tag("2")));
    peer.tell(UPDATED, &format!(r#"{{"uri":"a:2",{}}}"#, tag("2")));
    assert_eq!(peer.pipe.poll_timeout(), None);
    insta::assert_snapshot!(peer.transcript(), @r#"
    < {"method":"notifications/subscriptions/acknowledged",
          "params":{"notifications":{"toolsListChanged":true,"promptsListChanged":true,
          "resourceSubscriptions":["a:2","a:3"],"new":1},
          "_meta":{"mcp/subscriptionId":2}}}
    * ClientCallId(1) granted Listening { tools: true, prompts: false, resources:
          false, uris: ["a:2"] }
    < {"method":"notifications/subscriptions/acknowledged",
          "params":{"notifications":{"resourcesListChanged":true},
          "_meta":{"mcp/subscriptionId":2}}}
    * dropped Notification("notifications/subscriptions/acknowledged")
    < {"method":"notifications/prompts/list_changed",
          "params":{"_meta":{"mcp/subscriptionId":2}}}
    * dropped Notification("notifications/prompts/list_changed")
    < {"method":"notifications/resources/updated","params":{"uri":"a:1",
          "_meta":{"mcp/subscriptionId":2}}}
    * dropped Notification("notifications/resources/updated")
    < {"method":"notifications/resources/updated","params":{"uri":"a:2",
          "_meta":{"mcp/subscriptionId":2}}}
    * a:2 changed
    "#);
}

#[test]
fn changes_are_heard_under_the_tag_of_an_open_listen_alone() {
    spec!("LIS-09", "LIS-19", "STD-11");
    let mut peer = Peer::ready(Version::V2026_07_28);
    peer.tell(TOOLS, "{}");
    peer.listen(&wish());
    peer.tell(TOOLS, &format!("{{{}}}", tag("2")));
    assert_eq!(peer.dropped.len(), 2, "before the acknowledgement");
    acknowledge(&mut peer, "\"2\"", r#"{"toolsListChanged":true}"#);
    acknowledge(&mut peer, "2", r#"{"toolsListChanged":true}"#);
    peer.forget();
    for meta in [tag("\"2\""), tag("3"), tag("null"), r#""_meta":{}"#.into(), r#""_meta":5"#.into()]
    {
        peer.tell(TOOLS, &format!("{{{meta}}}"));
    }
    peer.tell(TOOLS, "[]");
    assert_eq!(peer.dropped.len(), 6);
    peer.forget();
    peer.tell(TOOLS, &format!("{{{}}}", tag("2")));
    assert_eq!(peer.dropped, []);
    assert!(peer.transcript().ends_with("* Tools changed\n"));
}

#[test]
fn what_lies_below_a_resource_is_heard_too() {
    spec!("LIS-18");
    let mut peer = Peer::ready(Version::V2026_07_28);
    peer.listen(&Listening { uris: ["f:/a".into(), "g:/".into()].into(), ..Listening::default() });
    acknowledge(&mut peer, "2", r#"{"resourceSubscriptions":["f:/a","g:/"]}"#);
    for (uri, heard) in [
        ("f:/a", true),
        ("f:/a/b/c", true),
        ("f:/a?x", true),
        ("f:/a#x", true),
        ("f:/ab", false),
        ("f:/", false),
        ("g:/x", true),
        ("", false),
    ] {
        peer.forget();
        peer.tell(UPDATED, &format!(r#"{{"uri":"{uri}",{}}}"#, tag("2")));
        assert_eq!(peer.dropped.is_empty(), heard, "{uri}");
    }
    peer.tell(UPDATED, &format!("{{{}}}", tag("2")));
}

#[test]
fn a_listen_ends_with_its_result_or_with_a_cancellation_whichever_is_first() {
    spec!("LIS-13", "LIS-14");
    fn result(peer: &mut Peer) {
        peer.reply("2", &format!("{{{}}}", tag("2")));
    }
    fn cancelled(peer: &mut Peer) {
        peer.tell("notifications/cancelled", r#"{"requestId":2,"reason":"bye"}"#);
    }
    type End = fn(&mut Peer);
    let ends: [&[End]; 4] = [&[result], &[cancelled], &[result, cancelled], &[cancelled, result]];
    for ends in ends {
        let (mut peer, call) = listening();
        for end in ends {
            end(&mut peer);
        }
        assert_eq!((peer.finished.len(), peer.finished[0].0), (1, call));
        assert!(peer.finished[0].1.is_ok());
        assert_eq!((peer.dropped.len(), peer.lines.len()), (ends.len() - 1, 0));
        peer.tell(TOOLS, &format!("{{{}}}", tag("2")));
        assert_eq!(peer.dropped.len(), ends.len());
    }
    let (mut peer, _) = listening();
    peer.exit();
    assert_eq!(peer.outcome(), Err(CallError::Lost(Delivery::OutcomeUnknown)));
}

#[test]
fn the_application_ends_a_listen() {
    let (mut peer, call) = listening();
    peer.cancel(call).unwrap();
    assert!(peer.line().contains(r#"notifications/cancelled","params":{"requestId":2"#));
    assert_eq!(peer.outcome(), Err(CallError::Cancelled));
    peer.tell(TOOLS, &format!("{{{}}}", tag("2")));
    assert_eq!(peer.dropped.len(), 1);
}

#[test]
fn a_listen_that_nobody_acknowledges_ends() {
    let mut peer = Peer::ready(Version::V2026_07_28);
    peer.listen(&wish());
    peer.wait(millis(29_999));
    assert_eq!(peer.finished, []);
    peer.forget();
    peer.wait(millis(1));
    acknowledge(&mut peer, "2", r#"{"toolsListChanged":true}"#);
    peer.reply("2", &format!("{{{}}}", tag("2")));
    assert_eq!(peer.outcome(), Err(CallError::Unacknowledged));
    insta::assert_snapshot!(peer.transcript(), @r#"
    > {"method":"notifications/cancelled","params":{"requestId":2,"reason":"Not
          acknowledged in time"}}
    * ClientCallId(1) ended: Unacknowledged
    < {"method":"notifications/subscriptions/acknowledged",
          "params":{"notifications":{"toolsListChanged":true},
          "_meta":{"mcp/subscriptionId":2}}}
    * dropped Notification("notifications/subscriptions/acknowledged")
    < {"id":2,"result":{"_meta":{"mcp/subscriptionId":2}}}
    * dropped UnknownResponse
    "#);
    let (mut peer, _) = listening();
    peer.wait(Duration::from_hours(24));
    assert_eq!(peer.finished, []);
}

#[test]
fn an_older_server_that_does_not_answer_is_not_waited_for() {
    let mut peer =
        Peer::ready_with(Version::V2025_11_25, |config| config.listen_timeout = millis(5));
    peer.listen(&wish());
    peer.reply("2", "{}");
    peer.forget();
    peer.wait(millis(5));
    peer.reply("3", "{}");
    assert_eq!(peer.outcome(), Err(CallError::Unacknowledged));
    insta::assert_snapshot!(peer.transcript(), @r#"
    > {"id":4,"method":"resources/unsubscribe","params":{"uri":"a:1"}}
    > {"id":5,"method":"resources/unsubscribe","params":{"uri":"a:2"}}
    * ClientCallId(1) ended: Unacknowledged
    < {"id":3,"result":{}}
    * dropped UnknownResponse
    "#);
}

#[test]
fn two_listens_have_a_tag_each() {
    spec!("STD-11");
    let (mut peer, first) = listening();
    peer.listen(&Listening { tools: true, ..Listening::default() });
    acknowledge(&mut peer, "3", r#"{"toolsListChanged":true}"#);
    peer.cancel(first).unwrap();
    peer.forget();
    peer.tell(TOOLS, &format!("{{{}}}", tag("2")));
    assert_eq!(peer.dropped.len(), 1);
    peer.tell(TOOLS, &format!("{{{}}}", tag("3")));
    peer.tell("notifications/prompts/list_changed", &format!("{{{}}}", tag("3")));
    assert_eq!(peer.dropped.len(), 2);
}

#[test]
fn an_older_server_is_asked_resource_by_resource() {
    let mut peer = Peer::ready(Version::V2025_06_18);
    let call = peer.listen(&wish());
    peer.reply("2", "{}");
    peer.refuse("3", r#"{"code":-32002,"message":"No such"}"#);
    peer.tell(UPDATED, r#"{"uri":"a:1"}"#);
    peer.tell(TOOLS, "{}");
    peer.cancel(call).unwrap();
    peer.reply("4", "{}");
    insta::assert_snapshot!(peer.transcript(), @r#"
    > {"id":2,"method":"resources/subscribe","params":{"uri":"a:1"}}
    > {"id":3,"method":"resources/subscribe","params":{"uri":"a:2"}}
    < {"id":2,"result":{}}
    < {"id":3,"error":{"code":-32002,"message":"No such"}}
    * ClientCallId(1) granted Listening { tools: true, prompts: true, resources: true,
           uris: ["a:1"] }
    < {"method":"notifications/resources/updated","params":{"uri":"a:1"}}
    * a:1 changed
    < {"method":"notifications/tools/list_changed","params":{}}
    * Tools changed
    > {"id":4,"method":"resources/unsubscribe","params":{"uri":"a:1"}}
    * ClientCallId(1) ended: Cancelled
    < {"id":4,"result":{}}
    "#);
}

#[test]
fn an_older_server_is_asked_for_what_it_declared() {
    spec!("INI-17", "INI-18");
    for (declared, requests) in [
        ("{}", 0),
        (r#"{"resources":{}}"#, 0),
        (r#"{"resources":{"subscribe":false},"tools":{"listChanged":null}}"#, 0),
        (r#"{"resources":{"subscribe":true}}"#, 2),
    ] {
        let mut peer = Peer::with(|config| config.era = Era::Legacy).started();
        let result = format!(r#"{{"protocolVersion":"2025-11-25","capabilities":{declared}}}"#);
        peer.reply("1", &result);
        peer.forget();
        peer.listen(&wish());
        assert_eq!(peer.lines.len(), requests, "{declared}");
        let granted = peer.transcript().contains("granted");
        assert_eq!(granted, requests == 0);
    }
}

#[test]
fn one_subscription_does_not_end_another() {
    let mut peer = Peer::ready(Version::V2025_11_25);
    let first = peer.listen(&wish());
    let second = peer.listen(&Listening { uris: ["a:2".into()].into(), ..Listening::default() });
    for id in 2..5 {
        peer.reply(&id.to_string(), "{}");
    }
    peer.forget();
    peer.cancel(first).unwrap();
    assert_eq!(peer.member("/params/uri").unwrap(), "a:1");
    peer.cancel(second).unwrap();
    assert_eq!(peer.member("/params/uri").unwrap(), "a:2");
}

#[test]
fn subscriptions_that_nobody_answers_cost_bounded_memory() {
    let mut peer = Peer::ready_with(Version::V2025_11_25, |config| {
        config.limits.subscriptions_max = 8;
    });
    for _ in 0..100 {
        let call = peer.listen(&wish());
        peer.cancel(call).unwrap();
    }
    let known = (2..402).filter(|id| {
        let before = peer.dropped.len();
        peer.reply(&id.to_string(), "{}");
        peer.dropped.len() == before
    });
    assert_eq!(known.count(), 8);
}

#[test]
fn notifications_without_a_meaning_are_handed_on() {
    for version in Version::ALL {
        let mut peer = Peer::ready(version);
        peer.tell("own/hint", r#"{"a":1}"#);
        peer.send(r#"{"jsonrpc":"2.0","method":"own/bare"}"#);
        assert!(peer.transcript().ends_with("* own/bare {}\n"));
        assert_eq!((peer.dropped.len(), peer.lines.len()), (0, 0));
    }
}
