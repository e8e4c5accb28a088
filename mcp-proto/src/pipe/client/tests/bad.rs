//! Servers that do what they should not: memory stays bounded and the client goes on.

use super::*;

#[test]
fn junk_is_dropped_and_the_client_goes_on() {
    spec!("RPC-14", "RPC-15");
    for version in Version::ALL {
        let (mut peer, _) = Peer::calling(version);
        for line in ["Listening on port 80", "{", "{}", "5", "\"\"", "[]", "\u{1b}[31mred", "[{}]"]
        {
            peer.send(line);
        }
        peer.feed(b"\xff\xfe{}\n\n\r\n");
        assert_eq!((peer.lines.len(), peer.finished.len()), (0, 0));
        assert!(peer.dropped.iter().all(|dropped| matches!(dropped, DroppedByClient::Junk(_))));
        assert!(peer.dropped.len() >= 8);
        peer.reply("2", "{}");
        assert_eq!(peer.outcome(), Ok(json("{}")));
    }
}

#[test]
fn a_line_without_end_costs_no_more_than_the_limit() {
    let mut peer = Peer::ready_with(Version::V2025_11_25, |config| {
        config.limits.message_bytes_max = 1 << 16;
    });
    peer.tool(patient());
    let chunk = alloc::vec![b'x'; 1 << 20];
    for _ in 0..64 {
        peer.feed(&chunk);
    }
    assert!(format!("{:?}", peer.pipe.lines).len() < 1000, "the line is kept");
    peer.feed(b"\n");
    peer.reply("2", "{}");
    assert_eq!(peer.outcome(), Ok(json("{}")));
    assert_eq!(peer.dropped, [DroppedByClient::TooLong]);
}

#[test]
fn a_server_that_asks_and_does_not_read_gets_no_answers_that_pile_up() {
    let mut peer = Peer::ready_with(Version::V2025_11_25, |config| {
        config.limits.output_bytes_max = 1000;
    });
    peer.reads = false;
    for id in 0..500 {
        peer.ask(&id.to_string(), "ping", "{}");
        peer.ask(&id.to_string(), "own/what", "{}");
        peer.send(&format!(r#"{{"jsonrpc":"2.0","id":{id},"method":5}}"#));
    }
    assert!(peer.pipe.pending_write().len() < 1200);
    let call = peer.tool(patient());
    assert_eq!(peer.finished, [(call, Err(CallError::OverLimit))]);
    assert_eq!(peer.notify("own/hint"), Err(CommandError::OverLimit));
    peer.reads = true;
    peer.drain();
    peer.forget();
    peer.ask("7", "ping", "{}");
    assert_eq!(peer.line(), r#"{"jsonrpc":"2.0","id":7,"result":{}}"#);
}

#[test]
fn an_answer_is_read_while_the_server_does_not_read() {
    let mut peer = Peer::ready_with(Version::V2026_07_28, |config| {
        config.limits.output_bytes_max = 10;
    });
    peer.tool(patient());
    peer.reads = false;
    peer.tool(patient());
    peer.reply("2", "{}");
    peer.reply("3", "{}");
    assert_eq!(peer.finished.len(), 2);
}

#[test]
fn floods_leave_nothing_behind() {
    let (mut peer, _) = Peer::calling(Version::V2026_07_28);
    for n in 3..3000 {
        peer.reply(&n.to_string(), "{}");
        peer.tell("notifications/progress", r#"{"progressToken":9,"progress":1}"#);
        peer.ask(&n.to_string(), "roots/list", "{}");
        assert_eq!(peer.dropped.len(), 3);
        peer.forget();
    }
    assert_eq!(peer.pipe.client().questions().count(), 0);
    assert_eq!(peer.pipe.client().calls().count(), 1);
}

#[test]
fn arrays_are_taken_where_the_revision_has_them() {
    spec!("RPC-21", "RPC-25", "RPC-26");
    let batch = r#"[{"jsonrpc":"2.0","id":2,"result":{}},{"jsonrpc":"2.0","id":"p","method":"ping"},{"x":1}]"#;
    for version in Version::ALL {
        let (mut peer, _) = Peer::calling(version);
        peer.send(batch);
        let taken = version.rules().batches;
        assert_eq!((peer.finished.len() == 1, peer.lines.len() == 1), (taken, taken));
        assert_eq!(peer.dropped.len(), 1);
    }
}

#[test]
fn a_request_that_is_malformed_is_answered_where_it_can_be() {
    spec!("RPC-15");
    for version in Version::ALL {
        let mut peer = Peer::ready(version);
        peer.send(r#"{"jsonrpc":"2.0","id":"r","method":5}"#);
        let answered = usize::from(version.rules().server_requests);
        assert_eq!((peer.lines.len(), peer.dropped.len()), (answered, 1));
        assert!(peer.lines.iter().all(|line| line.contains(r#""id":"r","error":{"code":-32600"#)));
        peer.forget();
        peer.send(r#"{"jsonrpc":"2.0","id":"r","result":5}"#);
        assert_eq!((peer.lines.len(), peer.dropped.len()), (0, 1));
    }
}

#[test]
fn a_result_that_says_twice_what_it_is_is_malformed() {
    let (mut peer, _) = Peer::calling(Version::V2026_07_28);
    peer.reply("2", r#"{"resultType":"complete","resultType":"input_required"}"#);
    assert_eq!(peer.outcome(), Err(CallError::Violation(Violation::Malformed)));
}

#[test]
fn an_error_that_says_something_twice_is_an_internal_one() {
    for version in Version::ALL {
        let (mut peer, _) = Peer::calling(version);
        peer.refuse("2", r#"{"code":1,"message":"m","data":1,"data":2}"#);
        let error = ErrorObject::new(-32603, "The peer sent a malformed error");
        assert_eq!(peer.outcome(), Err(CallError::Refused(error)));
    }
}
