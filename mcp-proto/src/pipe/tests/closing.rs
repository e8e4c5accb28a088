//! The end of a pipe: what is accepted is finished, and then there is nothing.

use super::*;

#[test]
fn the_end_of_input_closes_an_idle_pipe_at_once() {
    spec!("LIF-02", "LIF-03");
    for version in Version::ALL {
        let mut peer = Peer::operating(version);
        peer.eof();
        assert_eq!(peer.closes, 1);
        assert_eq!(peer.pipe.poll_timeout(), None);
    }
    let mut peer = Peer::operating(Version::V2025_11_25);
    peer.eof();
    insta::assert_snapshot!(peer.transcript(), @"
    > end of input
    * session #1 closed: TransportClosed
    * close
    ");
}

#[test]
fn work_that_was_accepted_is_finished_after_the_end_of_input() {
    spec!("LIF-02");
    for version in Version::ALL {
        let mut peer = Peer::calling(version);
        peer.eof();
        assert_eq!((peer.closes, peer.lines.len()), (0, 0));
        assert!(!peer.pipe.accepts_input());
        peer.wait(millis(1999));
        peer.progress(0, 1.0).unwrap();
        peer.answer(0, r#"{"content":[]}"#).unwrap();
        assert_eq!((peer.closes, peer.lines.len()), (1, 1));
    }
}

#[test]
fn work_that_takes_too_long_is_given_up() {
    spec!("LIF-04");
    let mut peer = Peer::calling(Version::V2025_11_25);
    peer.eof();
    peer.wait(millis(2000));
    assert_eq!(peer.answer(0, "{}"), Err(CommandError::Gone));
    assert!(peer.calls[0].is_cancelled());
    peer.wait(millis(60_000));
    insta::assert_snapshot!(peer.transcript(), @"
    > end of input
    * call #2 cancelled
    * session #1 closed: TransportClosed
    * close
    ");
    assert_eq!(peer.closes, 1);
}

#[test]
fn requests_that_came_with_the_end_of_input_are_served() {
    let mut peer = Peer::operating(Version::V2025_11_25);
    let both = format!("{}\n{}\n", legacy("1", "tools/list", "{}"), legacy("2", "ping", "{}"));
    peer.pipe.handle_bytes(peer.now, both.as_bytes());
    peer.pipe.handle_eof(peer.now);
    peer.drain();
    peer.answer(0, "{}").unwrap();
    insta::assert_snapshot!(peer.transcript(), @r#"
    * call #2 for 1: tools/list []
    < {"id":2,"result":{}}
    < {"id":1,"result":{}}
    * session #1 closed: TransportClosed
    * close
    "#);
}

#[test]
fn a_call_that_waits_for_the_client_fails_when_it_leaves() {
    spec!("LIF-04");
    let mut peer = Peer::asked(Version::V2025_11_25);
    peer.eof();
    insta::assert_snapshot!(peer.transcript(), @r#"
    > end of input
    < {"method":"notifications/cancelled","params":{"requestId":"2.1.k","reason":"The
          request that asked is over"}}
    < {"id":1,"error":{"code":-32603,"message":"The client left before it answered"}}
    * call #2 cancelled
    * session #1 closed: TransportClosed
    * close
    "#);
    assert_eq!(peer.closes, 1);
}

#[test]
fn a_call_that_would_have_asked_before_initialized_fails_when_the_client_leaves() {
    let mut peer = Peer::initializing(Version::V2025_11_25);
    peer.call(Version::V2025_11_25, "1");
    peer.ask(0, &[("k", form("Name?"))]).unwrap();
    peer.forget();
    peer.eof();
    assert!(peer.line().contains(r#""id":1,"error":{"code":-32603"#));
    assert_eq!(peer.closes, 1);
}

#[test]
fn a_call_that_asks_after_the_client_has_left_fails_at_once() {
    let mut peer = Peer::calling(Version::V2025_11_25);
    peer.eof();
    peer.ask(0, &[("k", form("Name?"))]).unwrap();
    assert!(peer.line().contains(r#""id":1,"error":{"code":-32603"#));
    assert_eq!(peer.closes, 1);
}

#[test]
fn the_last_words_of_a_call_may_be_a_question_in_the_latest_revision() {
    let mut peer = Peer::calling(Version::V2026_07_28);
    peer.eof();
    peer.ask(0, &[("k", form("Name?"))]).unwrap();
    assert!(peer.line().contains("input_required"));
    assert_eq!(peer.closes, 1);
}

#[test]
fn a_ping_of_ours_does_not_hold_up_the_end() {
    let mut peer = Peer::operating(Version::V2025_11_25);
    let session = peer.sessions[0];
    peer.command(Command::Ping { session }).unwrap();
    peer.forget();
    peer.eof();
    insta::assert_snapshot!(peer.transcript(), @"
    > end of input
    * ping in session #1: no answer
    * session #1 closed: TransportClosed
    * close
    ");
    assert_eq!(peer.command(Command::Ping { session }), Err(CommandError::Gone));
}

#[test]
fn until_the_end_has_been_taken_in_whatever_is_due_first_counts() {
    for (ping_timeout, due) in [(millis(500), millis(500)), (Duration::from_mins(1), millis(2000))]
    {
        let mut peer = Peer::with(|config| config.ping_timeout = ping_timeout);
        peer = peer.in_operation(Version::V2025_11_25);
        let session = peer.sessions[0];
        peer.command(Command::Ping { session }).unwrap();
        peer.pipe.handle_eof(peer.now);
        assert_eq!(peer.pipe.poll_timeout(), Some(peer.now + due));
    }
}

#[test]
fn a_pipe_can_be_shut_down_from_this_side() {
    let mut peer = Peer::listening();
    peer.call(Version::V2026_07_28, "1");
    peer.pipe.shut_down(peer.now);
    peer.drain();
    peer.send(&modern("2", "tools/list", ""));
    peer.answer(0, "{}").unwrap();
    insta::assert_snapshot!(peer.transcript(), @r#"
    > {"id":1,"method":"tools/call","params":{"name":"echo","arguments":{"n":1},
          "_meta":{modern}}}
    * call #2 for 1: tools/call echo {"n":1}
    < {"id":"l","result":{"resultType":"complete",
          "_meta":{"mcp/serverInfo":{"name":"s","version":"1"},"mcp/subscriptionId":"l"}}}
    > {"id":2,"method":"tools/list","params":{"_meta":{modern}}}
    < {"id":1,"result":{"resultType":"complete","_meta":{"mcp/serverInfo":{"name":"s",
          "version":"1"}}}}
    * close
    "#);
    assert_eq!((peer.closes, peer.calls.len()), (1, 1));
}

#[test]
fn close_is_said_once_and_nothing_after_it() {
    let mut peer = Peer::operating(Version::V2025_11_25);
    let session = peer.sessions[0];
    peer.eof();
    peer.forget();
    peer.eof();
    peer.pipe.shut_down(peer.now);
    peer.send(&legacy("1", "ping", "{}"));
    peer.set_offer(Offer { tools_revision: 1, ..offer() });
    peer.command(Command::ResourceUpdated { uri: "a:1".into() }).unwrap();
    assert_eq!(peer.command(Command::Close { session }), Err(CommandError::Gone));
    peer.wait(millis(10_000));
    assert_eq!((peer.closes, peer.lines.len()), (1, 0));
    assert_eq!(peer.pipe.poll_timeout(), None);
    assert!(!peer.pipe.accepts_input());
}

#[test]
fn the_application_ends_the_pipe_with_its_session() {
    let mut peer = Peer::calling(Version::V2025_11_25);
    peer.command(Command::Close { session: peer.sessions[0] }).unwrap();
    insta::assert_snapshot!(peer.transcript(), @"
    * call #2 cancelled
    * session #1 closed: Server
    * close
    ");
    assert!(peer.calls[0].is_cancelled());
    assert_eq!(peer.closes, 1);
}

#[test]
fn a_pipe_has_one_session() {
    let mut peer = Peer::with(|config| config.limits.output_bytes_max = 10);
    peer = peer.in_operation(Version::V2025_11_25);
    peer.call(Version::V2025_11_25, "1");
    peer.reads = false;
    peer.answer(0, "{}").unwrap();
    let late = [
        initialize("2", "2025-11-25"),
        notification("notifications/initialized", "{}"),
        legacy("3", "tools/call", &format!("{{{TOOL}}}")),
        notification("own/note", "{}"),
        legacy("4", "ping", "{}"),
    ];
    peer.feed((late.join("\n") + "\n").as_bytes());
    peer.command(Command::Close { session: peer.sessions[0] }).unwrap();
    peer.forget();
    peer.catch_up();
    insta::assert_snapshot!(peer.transcript(), @r#"
    < {"id":1,"result":{}}
    < {"id":2,"error":{"code":-32600,"message":"The session has ended"}}
    * dropped Notification("notifications/initialized")
    < {"id":3,"error":{"code":-32600,"message":"The session has ended"}}
    * dropped Notification("own/note")
    < {"id":4,"result":{}}
    * close
    "#);
    assert_eq!((peer.sessions.len(), peer.closes), (1, 1));
}

#[test]
fn a_line_without_an_end_is_dropped_and_counted() {
    spec!("STD-08");
    let mut peer = Peer::operating(Version::V2025_11_25);
    peer.feed(br#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#);
    peer.eof();
    insta::assert_snapshot!(peer.transcript(), @"
    > end of input
    * dropped Partial(40)
    * session #1 closed: TransportClosed
    * close
    ");
    assert_eq!(peer.pipe.server().stats().junk, 1);
}
