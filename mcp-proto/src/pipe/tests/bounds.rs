//! Everything that can grow stops at its limit.

use super::*;

#[test]
fn a_peer_has_so_many_calls_in_flight_and_no_more() {
    spec!("SEC-07", "SEC-11");
    for version in [Version::V2025_11_25, Version::V2026_07_28] {
        let mut peer = Peer::with(|config| config.limits.calls_max = 3).in_operation(version);
        for id in 1..=3 {
            peer.call(version, &id.to_string());
        }
        peer.forget();
        peer.call(version, "4");
        let line = peer.line();
        let refusal = r#""id":4,"error":{"code":-32603,"message":"Too many requests in flight"}"#;
        assert!(line.contains(refusal), "{line}");
        if version.rules().handshake {
            peer.send(&legacy("5", "ping", "{}"));
            assert_eq!(peer.line(), r#"{"jsonrpc":"2.0","id":5,"result":{}}"#);
        } else {
            peer.send(&listen("5", "{}"));
            assert!(peer.line().contains("Too many requests in flight"));
        }
        peer.answer(0, "{}").unwrap();
        peer.send(&cancel("2"));
        peer.call(version, "6");
        peer.call(version, "7");
        assert_eq!(peer.calls.len(), 5);
    }
}

#[test]
fn a_burst_of_calls_that_are_served_at_once_fills_no_table() {
    let mut peer = Peer::with(|config| config.limits.calls_max = 1);
    peer = peer.in_operation(Version::V2025_11_25);
    let burst: String =
        (0..100).map(|id| legacy(&id.to_string(), "own/echo", "{}") + "\n").collect();
    peer.pipe.handle_bytes(peer.now, burst.as_bytes());
    let mut answered = 0;
    while let Some(output) = peer.pipe.poll_output() {
        let PipeOutput::Event(Event::Call(call)) = output else { panic!("{output:?}") };
        let reply = Reply::Result(ResultBody::default());
        peer.pipe.handle_command(peer.now, Command::Respond { call: call.id, reply }).unwrap();
        answered += 1;
    }
    assert_eq!(answered, 100);
}

#[test]
fn an_id_in_use_is_refused_and_the_first_request_goes_on() {
    // Q: a duplicate id on one channel
    let mut peer = Peer::calling(Version::V2025_11_25);
    peer.call(Version::V2025_11_25, "1");
    peer.call(Version::V2025_11_25, "\"1\"");
    assert_eq!(peer.calls.len(), 2, "a string is another id");
    assert!(peer.line().contains(r#""id":1,"error":{"code":-32600"#));
    peer.answer(0, "{}").unwrap();
    assert_eq!(peer.line(), r#"{"jsonrpc":"2.0","id":1,"result":{}}"#);
}

#[test]
fn a_peer_that_does_not_read_is_not_served_until_it_does() {
    spec!("SEC-17");
    const LIMIT: usize = 10_000;
    let mut peer = Peer::with(|config| config.limits.output_bytes_max = LIMIT);
    peer = peer.in_operation(Version::V2025_11_25);
    peer.reads = false;
    let ping = legacy("1", "ping", "{}") + "\n";
    let answer = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#.len() + 1;
    let mut sent = 0;
    while peer.pipe.accepts_input() {
        peer.feed(ping.repeat(10).as_bytes());
        sent += 10;
        assert!(peer.pipe.pending_write().len() <= LIMIT + answer);
    }
    assert_eq!(peer.pipe.poll_timeout(), None, "nothing is due until the peer reads");
    peer.pipe.consume(0);
    assert!(!peer.pipe.accepts_input());
    let read = answer * 100;
    peer.pipe.consume(read);
    assert_eq!(peer.pipe.poll_timeout(), Some(peer.now), "what waited is due at once");
    peer.reads = true;
    peer.drain();
    assert!(peer.pipe.accepts_input());
    let served: usize = peer.lines.iter().map(|line| line.len() + 1).sum();
    assert_eq!(read + served, sent * answer);
}

#[test]
fn what_is_written_in_parts_comes_whole_and_in_order() {
    const CHUNK: usize = 300_000;
    let mut peer = Peer::operating(Version::V2025_11_25);
    peer.reads = false;
    let large = format!(r#"{{"text":"{}"}}"#, "0123456789".repeat(CHUNK / 10));
    for nth in 0..3 {
        peer.call(Version::V2025_11_25, &format!("{nth}"));
        peer.answer(nth, &large).unwrap();
    }
    let whole = peer.pipe.pending_write().to_vec();
    assert!(whole.len() > 3 * CHUNK);
    let mut read = Vec::new();
    while !peer.pipe.pending_write().is_empty() {
        let part = peer.pipe.pending_write();
        let part = &part[..part.len().min(CHUNK)];
        read.extend_from_slice(part);
        let count = part.len();
        peer.pipe.consume(count);
    }
    assert!(read == whole, "other bytes");
}

#[test]
fn logs_and_progress_that_a_slow_peer_would_not_get_are_dropped_and_counted() {
    spec!("LOG-13", "PRG-13", "SEC-16", "SEC-17");
    let mut peer = Peer::with(|config| config.limits.output_bytes_max = 1000);
    peer = peer.in_operation(Version::V2025_11_25);
    peer.send(&legacy("1", "tools/call", &format!(r#"{{{TOOL},"_meta":{{"progressToken":1}}}}"#)));
    peer.reads = false;
    for step in 0..100 {
        peer.log(0, Level::Error).unwrap();
        peer.progress(0, f64::from(step)).unwrap();
    }
    assert!(peer.pipe.pending_write().len() < 1200);
    let dropped = peer.pipe.server().stats().congested;
    assert!(dropped > 180, "{dropped}");
    assert_eq!(peer.transcript().matches("dropped Congested").count(), 1, "told once for all");
    peer.answer(0, "{}").unwrap();
    peer.catch_up();
    assert_eq!(peer.lines.last().unwrap(), r#"{"jsonrpc":"2.0","id":1,"result":{}}"#);
    peer.forget();
    let session = About::Session(peer.sessions[0]);
    let log =
        Command::Log { about: session, level: Level::Error, logger: None, data: Json::text("") };
    peer.command(log).unwrap();
    assert_eq!(peer.lines.len(), 1, "it is sent again when the peer has read");
}

#[test]
fn progress_that_was_dropped_does_not_raise_the_floor() {
    let mut peer = Peer::with(|config| config.limits.output_bytes_max = 1);
    peer.send(
        &modern("1", "tools/call", &format!("{TOOL},{}", meta("{}")))
            .replacen(&format!(",{}", meta(ALL_CAPABILITIES)), "", 1)
            .replace(r#""_meta":{"#, r#""_meta":{"progressToken":1,"#),
    );
    peer.send(&modern("2", "server/discover", ""));
    peer.forget();
    peer.reads = false;
    peer.send(&modern("3", "server/discover", ""));
    peer.progress(0, 5.0).unwrap();
    assert_eq!(peer.pipe.server().stats().congested, 1);
    peer.catch_up();
    peer.forget();
    peer.progress(0, 5.0).unwrap();
    assert!(peer.line().contains(r#""progress":5"#));
}

#[test]
fn a_peer_that_never_reads_cannot_keep_the_pipe_from_closing() {
    let mut peer = Peer::with(|config| config.limits.output_bytes_max = 10);
    peer = peer.in_operation(Version::V2025_11_25);
    peer.reads = false;
    peer.feed((legacy("1", "ping", "{}") + "\n").repeat(50).as_bytes());
    peer.eof();
    assert_eq!(peer.closes, 0);
    peer.wait(millis(2000));
    assert_eq!(peer.closes, 1);
    assert_eq!(peer.pipe.poll_timeout(), None);
    assert!(peer.pipe.pending_write().len() < 100);
}

#[test]
fn subscriptions_are_limited_in_number_and_length() {
    let mut peer = Peer::with(|config| {
        config.limits.subscriptions_max = 2;
        config.limits.uri_bytes_max = 4;
    });
    peer = peer.in_operation(Version::V2025_11_25);
    for (uri, taken) in
        [("a:1", true), ("a:2", true), ("a:3", false), ("a:1", true), ("a:345", false)]
    {
        peer.send(&legacy("1", "resources/subscribe", &format!(r#"{{"uri":"{uri}"}}"#)));
        assert_eq!(peer.line().contains("-32602"), !taken, "{uri}");
    }
    assert_eq!(peer.pipe.server().subscriptions().count(), 2);
}

#[test]
fn attached_values_reach_later_calls_and_are_limited() {
    let mut peer = Peer::with(|config| {
        config.limits.attachments_max = 2;
        config.limits.attachment_bytes_max = 30;
    });
    peer = peer.in_operation(Version::V2025_11_25);
    peer.call(Version::V2025_11_25, "1");
    let session = peer.sessions[0];
    let attach = |peer: &mut Peer, key: &str, value: Option<&str>| {
        let value = value.map(Json::text);
        peer.command(Command::Attach { session, key: key.into(), value })
    };
    attach(&mut peer, "a", Some("1")).unwrap();
    attach(&mut peer, "b", Some("2")).unwrap();
    assert_eq!(attach(&mut peer, "c", Some("3")), Err(CommandError::OverLimit));
    assert_eq!(attach(&mut peer, "a", Some(&"x".repeat(25))), Err(CommandError::OverLimit));
    attach(&mut peer, "a", Some("4")).unwrap();
    attach(&mut peer, "b", None).unwrap();
    peer.call(Version::V2025_11_25, "2");
    assert_eq!(peer.calls[0].attached.len(), 0);
    assert_eq!(peer.calls[1].attached.len(), 1);
    assert_eq!(peer.pipe.server().attached(session, "a"), Some(&Json::text("4")));
    peer.command(Command::Close { session }).unwrap();
    assert_eq!(attach(&mut peer, "a", None), Err(CommandError::Gone));
}

#[test]
fn pings_of_ours_are_limited() {
    let mut peer = Peer::with(|config| config.limits.pings_max = 2);
    peer = peer.in_operation(Version::V2025_11_25);
    let session = peer.sessions[0];
    let ping = |peer: &mut Peer| peer.command(Command::Ping { session });
    ping(&mut peer).unwrap();
    ping(&mut peer).unwrap();
    assert_eq!(ping(&mut peer), Err(CommandError::OverLimit));
    peer.wait(millis(10_000));
    ping(&mut peer).unwrap();
    peer.forget();
    peer.wait(millis(5));
    peer.reply("\"ping.3\"", "{}");
    peer.reply("\"ping.1\"", "{}");
    insta::assert_snapshot!(peer.transcript(), @r#"
    > {"id":"ping.3","result":{}}
    * ping in session #1: 5ms
    > {"id":"ping.1","result":{}}
    * dropped UnknownResponse
    "#);
    assert!(peer.pipe.is_idle());
}
