//! Batches, which sessions of 2025-03-26 alone have.

use super::*;

fn batch() -> String {
    format!("[{},{},{}]", call("1"), call("2"), legacy("3", "ping", "{}"))
}

#[test]
fn a_batch_is_answered_as_one_array() {
    let mut site = Site::operating(Version::V2025_03_26);
    site.say(&batch());
    site.answer(1).unwrap();
    site.answer(0).unwrap();
    insta::assert_snapshot!(site.transcript(), @r#"
    > POST #3 Mcp-Session-Id={session 1} [{"id":1,"method":"tools/call",
          "params":{"name":"echo","arguments":{"n":1}}},{"id":2,"method":"tools/call",
          "params":{"name":"echo","arguments":{"n":1}}},{"id":3,"method":"ping",
          "params":{}}]
    * call #2 for 1: tools/call echo {"n":1}
    * call #3 for 2: tools/call echo {"n":1}
    < #3 200 [{"id":3,"result":{}},{"id":2,"result":{"nth":1}},{"id":1,
          "result":{"nth":0}}]
    "#);
}

#[test]
fn a_batch_in_which_something_is_said_gets_a_stream() {
    let mut site = Site::operating(Version::V2025_03_26);
    site.say(&batch());
    site.answer(1).unwrap();
    site.forget();
    site.log(0).unwrap();
    site.answer(0).unwrap();
    insta::assert_snapshot!(site.transcript(), @r#"
    < #3 200 stream
    < #3 id: {stream 1}-1 [{"id":3,"result":{}},{"id":2,"result":{"nth":1}}]
    < #3 id: {stream 1}-2 {"method":"notifications/message","params":{"level":"error",
          "data":"said"}}
    < #3 id: {stream 1}-3 {"id":1,"result":{"nth":0}}
    < #3 end
    "#);
}

#[test]
fn what_is_cancelled_in_a_batch_is_missing_from_its_answer() {
    let mut site = Site::operating(Version::V2025_03_26);
    let batch = site.say(&batch());
    site.say(&cancel("1"));
    site.say(&cancel("2"));
    assert_eq!(site.got[&batch].body, [r#"[{"jsonrpc":"2.0","id":3,"result":{}}]"#]);
    let alone = site.say(&format!("[{}]", call("4")));
    site.say(&cancel("4"));
    assert_eq!(site.got[&alone].status, Some(202));
}

#[test]
fn a_batch_without_requests_is_accepted() {
    let mut site = Site::operating(Version::V2025_03_26);
    let exchange = site.say(&format!("[{},{}]", cancel("1"), cancel("2")));
    assert_eq!(site.got[&exchange].status, Some(202));
}

#[test]
fn a_batch_with_initialize_refuses_that_element() {
    let mut site = Site::operating(Version::V2025_03_26);
    let exchange = site.say(&format!("[{}]", initialize("1", "2025-03-26")));
    assert!(site.got[&exchange].body[0].contains("-32600"));
    assert_eq!(site.sessions.len(), 1);
}

#[test]
fn no_other_session_and_nobody_without_one_has_batches() {
    for version in [Version::V2025_06_18, Version::V2025_11_25] {
        let mut site = Site::operating(version);
        let exchange = site.say(&batch());
        assert_eq!(site.got[&exchange].status, Some(400));
    }
    let mut site = Site::operating(Version::V2025_03_26);
    for body in [batch(), "[]".into(), format!("[{}]", initialize("1", "2025-03-26"))] {
        let exchange = site.post(&[], &body);
        assert_eq!(site.got[&exchange].status, Some(400));
    }
    let empty = site.say("[]");
    assert_eq!(site.got[&empty].status, Some(400));
    assert!(site.calls.is_empty());
}

#[test]
fn a_batch_whose_session_ends_leaves_nothing() {
    let mut site = Site::operating(Version::V2025_03_26);
    site.say(&batch());
    site.answer(0).unwrap();
    site.delete();
    assert!(site.endpoint.is_empty());
}

#[test]
fn the_answer_to_a_batch_whose_client_has_gone_is_lost_and_counted() {
    let mut site = Site::operating(Version::V2025_03_26);
    let exchange = site.say(&format!("[{}]", call("1")));
    site.disconnect(exchange);
    site.answer(0).unwrap();
    assert!(matches!(site.telemetry.last(), Some(Telemetry::Dropped { count: 1 })));
    site.delete();
    assert!(site.endpoint.is_empty());
}
