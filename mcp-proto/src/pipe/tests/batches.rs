//! Batches: 2025-03-26 alone has them.

use super::*;

const BATCHES: Version = Version::V2025_03_26;

fn batch(elements: &[&str]) -> String {
    format!("[{}]", elements.join(","))
}

#[test]
fn a_batch_is_answered_as_a_whole_when_all_its_requests_are() {
    spec!("RPC-21", "RPC-25");
    let mut peer = Peer::operating(BATCHES);
    peer.send(&batch(&[
        &legacy("1", "tools/call", &format!("{{{TOOL}}}")),
        &notification("own/note", "{}"),
        &legacy("2", "ping", "{}"),
        "7",
        r#"{"jsonrpc":"2.0","id":3}"#,
        &legacy("4", "no/such", "{}"),
        &legacy("5", "own/echo", "{}"),
        r#"{"jsonrpc":"2.0","id":"x","result":{}}"#,
        r#"{"jsonrpc":"2.0","id":"x","result":1}"#,
    ]));
    peer.answer(1, "{}").unwrap();
    peer.send(&legacy("6", "ping", "{}"));
    peer.progress(0, 1.0).unwrap();
    peer.log(0, Level::Error).unwrap();
    peer.answer(0, "{}").unwrap();
    insta::assert_snapshot!(peer.transcript(), @r#"
    > [{"id":1,"method":"tools/call","params":{"name":"echo","arguments":{"n":1}}},
          {"method":"own/note","params":{}},{"id":2,"method":"ping","params":{}},7,
          {"id":3},{"id":4,"method":"no/such","params":{}},{"id":5,"method":"own/echo",
          "params":{}},{"id":"x","result":{}},{"id":"x","result":1}]
    * call #2 for 1: tools/call echo {"n":1}
    * notified in session #1: own/note {}
    * dropped Junk("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",
          \"params\":{\"name\":…")
    * dropped Junk("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",
          \"params\":{\"name\":…")
    * call #4 for 5: own/echo {}
    * dropped UnknownResponse
    * dropped Junk("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",
          \"params\":{\"name\":…")
    > {"id":6,"method":"ping","params":{}}
    < {"id":6,"result":{}}
    < {"method":"notifications/message","params":{"level":"error","data":"said"}}
    < [{"id":null,"error":{"code":-32600,"message":"Not a JSON-RPC message"}},{"id":3,
          "error":{"code":-32600,"message":"Not a JSON-RPC message"}},{"id":4,
          "error":{"code":-32601,"message":"Method not found: no/such"}},{"id":2,
          "result":{}},{"id":5,"result":{}},{"id":1,"result":{}}]
    "#);
    assert!(peer.pipe.is_idle());
}

#[test]
fn a_batch_without_requests_is_not_answered() {
    spec!("RPC-24");
    let mut peer = Peer::initializing(BATCHES);
    peer.send(&batch(&[INITIALIZED, &notification("own/note", "{}"), &cancel("1")]));
    assert_eq!(peer.lines, [] as [&str; 0]);
    peer.send(INITIALIZED);
    assert_eq!(peer.pipe.server().stats().notifications, 2, "it was initialized already");
}

#[test]
fn a_cancelled_request_leaves_its_batch() {
    spec!("CAN-03");
    let mut peer = Peer::operating(BATCHES);
    let call = |id: &str| legacy(id, "own/echo", "{}");
    peer.send(&batch(&[&call("1"), &call("2")]));
    peer.send(&cancel("1"));
    peer.answer(1, "{}").unwrap();
    assert_eq!(peer.line(), r#"[{"jsonrpc":"2.0","id":2,"result":{}}]"#);
    peer.send(&batch(&[&call("3"), &cancel("3")]));
    peer.send(&batch(&[&call("4")]));
    peer.send(&cancel("4"));
    assert_eq!(peer.lines, [] as [&str; 0]);
    assert!(peer.pipe.is_idle());
    assert!(!peer.pipe.side.batches.holds(peer.calls[0].id));
}

#[test]
fn initialize_and_requests_that_name_a_revision_are_no_part_of_a_batch() {
    spec!("RPC-22", "RPC-26");
    let mut peer = Peer::operating(BATCHES);
    peer.send(&batch(&[
        &initialize("1", "2025-03-26"),
        &modern("2", "tools/list", ""),
        &listen("3", "{}"),
        &legacy("4", "ping", "{}"),
    ]));
    insta::assert_snapshot!(peer.transcript(), @r#"
    > [{"id":1,"method":"initialize","params":{"protocolVersion":"2025-03-26",
          "capabilities":{all},"clientInfo":{"name":"c","version":"1"}}},{"id":2,
          "method":"tools/list","params":{"_meta":{modern}}},{"id":3,
          "method":"subscriptions/listen","params":{"notifications":{},"_meta":{modern}}},
          {"id":4,"method":"ping","params":{}}]
    < [{"id":1,"error":{"code":-32600,"message":"This cannot be in a batch"}},{"id":2,
          "error":{"code":-32600,"message":"This cannot be in a batch"}},{"id":3,
          "error":{"code":-32600,"message":"This cannot be in a batch"}},{"id":4,
          "result":{}}]
    "#);
    assert!(peer.pipe.is_idle());
}

#[test]
fn an_empty_batch_and_one_that_is_too_long_are_answered_once() {
    spec!("RPC-23");
    let mut peer = Peer::operating(BATCHES);
    let ping = legacy("1", "ping", "{}");
    peer.send("[]");
    peer.send(" [ ]");
    peer.feed(batch(&[ping.as_str()].repeat(65)).as_bytes());
    peer.feed(b"\n");
    peer.feed(batch(&["1"].repeat(1025)).as_bytes());
    peer.feed(b"\n");
    peer.feed(b"[1,\n");
    insta::assert_snapshot!(peer.transcript(), @r#"
    > []
    < {"id":null,"error":{"code":-32600,"message":"The batch is empty"}}
    * dropped Junk("[]")
    >  [ ]
    < {"id":null,"error":{"code":-32600,"message":"The batch is empty"}}
    * dropped Junk(" [ ]")
    < {"id":null,"error":{"code":-32600,"message":"The batch is too long"}}
    * dropped Junk("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{}},
          {\"jsonrpc\"…")
    < {"id":null,"error":{"code":-32600,"message":"Not a JSON-RPC message"}}
    * dropped Junk("[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,
          1…")
    < {"id":null,"error":{"code":-32700,"message":"Parse error"}}
    * dropped Junk("[1,")
    "#);
    peer.forget();
    peer.feed(batch(&[ping.as_str()].repeat(64)).as_bytes());
    peer.feed(b"\n");
    assert_eq!(peer.line().matches("\"result\":{}").count(), 64);
}

#[test]
fn no_other_revision_takes_a_batch() {
    spec!("RPC-19", "RPC-26");
    let request = batch(&[&legacy("1", "ping", "{}")]);
    for version in Version::ALL.into_iter().filter(|version| *version != BATCHES) {
        let mut peer = Peer::operating(version);
        peer.send(&request);
        let line = peer.line();
        assert!(line.contains(r#""code":-32600"#), "{version} {line}");
        assert_eq!(line.contains(r#""id":null"#), version.rules().null_error_id);
    }
    let mut peer = Peer::fresh();
    peer.send(&batch(&[&initialize("1", "2025-03-26")]));
    assert!(peer.line().contains("-32600"));
    assert_eq!(peer.sessions.len(), 0);
}

#[test]
fn the_same_id_twice_in_a_batch_is_answered_twice() {
    let mut peer = Peer::operating(BATCHES);
    let call = legacy("1", "own/echo", "{}");
    peer.send(&batch(&[&call, &call]));
    peer.answer(0, "{}").unwrap();
    let line = peer.line();
    assert_eq!(line.matches(r#""id":1,"#).count(), 2, "{line}");
    assert!(line.contains("-32600") && line.contains(r#""result":{}"#), "{line}");
}

#[test]
fn a_question_of_a_batched_call_leaves_by_itself() {
    let mut peer = Peer::operating(BATCHES);
    peer.send(&batch(&[&legacy("1", "own/echo", "{}")]));
    peer.ask(0, &[("k", Question::Roots)]).unwrap();
    assert!(peer.line().contains(r#""id":"2.1.k","method":"roots/list""#));
    peer.reply("\"2.1.k\"", "{}");
    peer.answer(1, "{}").unwrap();
    assert_eq!(peer.line(), r#"[{"jsonrpc":"2.0","id":1,"result":{}}]"#);
}

#[test]
fn a_batch_is_answered_at_the_end_of_input_too() {
    let mut peer = Peer::operating(BATCHES);
    let call = |id: &str| legacy(id, "own/echo", "{}");
    peer.send(&batch(&[&call("1"), &call("2"), &call("3")]));
    peer.ask(0, &[("k", Question::Roots)]).unwrap();
    peer.forget();
    peer.eof();
    peer.answer(1, "{}").unwrap();
    peer.wait(millis(2000));
    let answer = peer.lines.pop().unwrap();
    assert!(
        answer.contains(r#""id":1,"error""#) && answer.contains(r#""id":2,"result""#),
        "{answer}"
    );
    assert!(!answer.contains(r#""id":3"#), "{answer}");
    assert_eq!(peer.closes, 1);
}

#[test]
fn the_error_of_a_question_that_may_not_be_asked_leaves_with_the_batch() {
    let mut peer = Peer::operating(BATCHES);
    let call = |id: &str| legacy(id, "own/echo", "{}");
    peer.send(&batch(&[&call("1"), &call("2")]));
    peer.ask(0, &[]).unwrap();
    peer.answer(1, "{}").unwrap();
    let line = peer.line();
    assert!(line.starts_with(r#"[{"jsonrpc":"2.0","id":1,"error":{"code":-32603"#), "{line}");
    assert!(peer.calls[0].is_cancelled());
}
