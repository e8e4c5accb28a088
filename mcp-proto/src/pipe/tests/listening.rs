//! `subscriptions/listen`.

use super::*;

fn updated(uri: &str) -> Command {
    Command::ResourceUpdated { uri: uri.into() }
}

#[test]
fn the_acknowledgement_is_the_first_message_and_says_what_is_heeded() {
    spec!("LIS-01", "LIS-02", "LIS-03", "LIS-05");
    let mut peer = Peer::fresh();
    peer.send(&listen("\"l\"", EVERYTHING));
    insta::assert_snapshot!(peer.transcript(), @r#"
    > {"id":"l","method":"subscriptions/listen",
          "params":{"notifications":{"toolsListChanged":true,"promptsListChanged":true,
          "resourcesListChanged":true,"resourceSubscriptions":["a:1"]},"_meta":{modern}}}
    < {"method":"notifications/subscriptions/acknowledged",
          "params":{"notifications":{"toolsListChanged":true,"promptsListChanged":true,
          "resourcesListChanged":true,"resourceSubscriptions":["a:1"]},
          "_meta":{"mcp/subscriptionId":"l"}}}
    "#);
    assert!(!peer.pipe.is_idle());
    assert_eq!(peer.pipe.poll_timeout(), None);
}

#[test]
fn every_change_carries_the_id_of_the_listen_with_its_type() {
    spec!("LIS-06", "LIS-08");
    let mut peer = Peer::fresh();
    for id in ["1", "\"1\"", "-7"] {
        peer.send(&listen(id, r#"{"toolsListChanged":true}"#));
    }
    peer.send(&listen("2", r#"{"resourceSubscriptions":["a:1","a:\"2"]}"#));
    peer.forget();
    peer.command(Command::ListChanged(crate::server::List::Tools)).unwrap();
    peer.command(updated("a:\"2")).unwrap();
    insta::assert_snapshot!(peer.transcript(), @r#"
    < {"method":"notifications/tools/list_changed",
          "params":{"_meta":{"mcp/subscriptionId":1}}}
    < {"method":"notifications/tools/list_changed",
          "params":{"_meta":{"mcp/subscriptionId":"1"}}}
    < {"method":"notifications/tools/list_changed",
          "params":{"_meta":{"mcp/subscriptionId":-7}}}
    < {"method":"notifications/resources/updated","params":{"uri":"a:\"2",
          "_meta":{"mcp/subscriptionId":2}}}
    "#);
}

#[test]
fn only_what_was_asked_for_is_told() {
    spec!("LIS-04", "LIS-07", "LOG-09", "RES-10");
    let mut peer = Peer::fresh();
    peer.send(&listen("1", r#"{"promptsListChanged":true,"toolsListChanged":false}"#));
    peer.forget();
    peer.set_offer(Offer { tools_revision: 1, resources_revision: 1, ..offer() });
    peer.command(updated("a:1")).unwrap();
    assert_eq!(peer.lines, [] as [&str; 0]);
    let next = Offer { tools_revision: 1, resources_revision: 1, prompts_revision: 1, ..offer() };
    peer.set_offer(next);
    assert!(peer.line().contains("notifications/prompts/list_changed"));
}

#[test]
fn a_filter_is_narrowed_to_what_is_offered_and_granted() {
    spec!("LIS-05");
    let mut peer = Peer::with(|config| {
        let resources =
            crate::AllowResources::Only { uris: ["a:1".into()].into(), templates: Vec::new() };
        config.pipe_grant = Arc::new(crate::Grant { resources, ..crate::Grant::default() });
    });
    let mut less = offer();
    less.capabilities.tools = Some(ListCapability { list_changed: false });
    less.capabilities.prompts = None;
    peer.set_offer(less);
    peer.send(&listen("1", r#"{"toolsListChanged":true,"promptsListChanged":true,"resourcesListChanged":true,"resourceSubscriptions":["a:1","a:2"],"tasks":true}"#));
    peer.send(&listen("2", r#"{"toolsListChanged":true}"#));
    insta::assert_snapshot!(peer.transcript(), @r#"
    > {"id":1,"method":"subscriptions/listen","params":{"notifications":{"toolsListCha
          nged":true,"promptsListChanged":true,"resourcesListChanged":true,
          "resourceSubscriptions":["a:1","a:2"],"tasks":true},"_meta":{modern}}}
    < {"method":"notifications/subscriptions/acknowledged",
          "params":{"notifications":{"resourcesListChanged":true,
          "resourceSubscriptions":["a:1"]},"_meta":{"mcp/subscriptionId":1}}}
    > {"id":2,"method":"subscriptions/listen","params":{"notifications":{"toolsListCha
          nged":true},"_meta":{modern}}}
    < {"method":"notifications/subscriptions/acknowledged",
          "params":{"notifications":{},"_meta":{"mcp/subscriptionId":2}}}
    "#);
    peer.forget();
    peer.command(updated("a:2")).unwrap();
    peer.command(Command::ListChanged(crate::server::List::Tools)).unwrap();
    assert_eq!(peer.lines, [] as [&str; 0]);
    assert_eq!(peer.pipe.server().subscriptions().count(), 1);
}

#[test]
fn a_cancelled_listen_ends_without_a_response() {
    spec!("CAN-13", "LIS-11");
    let mut peer = Peer::listening();
    peer.send(&cancel("\"l\""));
    peer.command(updated("a:1")).unwrap();
    peer.set_offer(Offer { tools_revision: 1, ..offer() });
    insta::assert_snapshot!(peer.transcript(), @r#"> {"method":"notifications/cancelled","params":{"requestId":"l"}}"#);
    assert!(peer.pipe.is_idle());
    peer.send(&listen("\"l\"", "{}"));
    assert_eq!(peer.lines.len(), 1);
}

#[test]
fn the_server_ends_a_listen_with_its_result() {
    spec!("CAN-14", "LIS-12");
    for (cancels, lines) in [(false, 1), (true, 2)] {
        let mut peer = Peer::with(|config| config.cancel_ended_listens = cancels);
        peer.send(&listen("7", EVERYTHING));
        peer.forget();
        peer.pipe.shut_down(peer.now);
        peer.drain();
        assert_eq!(peer.lines.len(), lines);
        if cancels {
            insta::assert_snapshot!(peer.transcript(), @r#"
            < {"id":7,"result":{"resultType":"complete","_meta":{"mcp/serverInfo":{"name":"s",
                  "version":"1"},"mcp/subscriptionId":7}}}
            < {"method":"notifications/cancelled","params":{"requestId":7}}
            * close
            "#);
        }
        assert_eq!(peer.closes, 1);
    }
}

#[test]
fn the_id_of_a_listen_is_in_use_while_it_is_open() {
    let mut peer = Peer::listening();
    peer.send(&modern("\"l\"", "tools/list", ""));
    assert!(peer.line().contains(r#""id":"l","error":{"code":-32600"#));
    peer.send(&listen("\"l\"", "{}"));
    assert!(peer.line().contains(r#""id":"l","error":{"code":-32600"#));
}

#[test]
fn a_filter_that_is_none_is_refused() {
    spec!("RPC-17");
    let mut peer = Peer::fresh();
    for members in [
        "",
        r#""notifications":[]"#,
        r#""notifications":null"#,
        r#""notifications":{"toolsListChanged":1}"#,
        r#""notifications":{"resourceSubscriptions":"a:1"}"#,
        r#""notifications":{"resourceSubscriptions":[1]}"#,
    ] {
        peer.send(&modern("1", "subscriptions/listen", members));
        assert!(peer.line().contains(r#""id":1,"error":{"code":-32602"#), "{members}");
    }
    assert!(peer.pipe.is_idle());
}

#[test]
fn listens_and_what_they_name_are_limited() {
    spec!("LIS-21");
    let mut peer = Peer::with(|config| {
        config.limits.listens_max = 2;
        config.limits.subscriptions_max = 2;
        config.limits.uri_bytes_max = 4;
    });
    peer.send(&listen("1", r#"{"resourceSubscriptions":["a:1","a:234","a:2","a:3"]}"#));
    assert!(peer.line().contains(r#""resourceSubscriptions":["a:1","a:2"]"#));
    peer.send(&listen("2", "{}"));
    peer.forget();
    peer.send(&listen("3", "{}"));
    assert!(peer.line().contains(r#""code":-32603,"message":"Too many subscriptions""#));
    peer.send(&cancel("2"));
    peer.send(&listen("3", "{}"));
    assert!(peer.line().contains("acknowledged"));
}
