//! Streams of sessions that break and are gone on with.

use super::*;

/// A call whose stream has broken after an event with an id.
fn broken(events: &str) -> (Net, Seen) {
    let mut net = Net::legacy();
    net.call("tools/call", r#"{"name":"t"}"#);
    let call = net.next("tools/call");
    net.head(&call, 200, &[STREAM]);
    net.body(&call, events);
    net.end(&call);
    (net, call)
}

#[test]
fn a_stream_with_ids_is_gone_on_with_after_the_pause_that_the_server_asked_for() {
    spec!("SHL-22", "SHL-24", "SHL-29", "SHL-30", "SSE-05", "SSE-06");
    let (mut net, call) = broken("id: e-0\nretry: 700\ndata:\n\nid: e-1\ndata: \n\n");
    assert_eq!(net.finished.len(), 0);
    let since = net.now;
    net.pass(millis(699));
    net.nothing_more();
    net.pass(Duration::from_secs(5));
    let resume = net.next("GET");
    assert!(resume.at.saturating_since(since) >= millis(700));
    assert_eq!(resume.header("Last-Event-ID"), Some("e-1"));
    assert_eq!(resume.header("Accept"), Some("text/event-stream"));
    assert_eq!(resume.header("Mcp-Session-Id"), Some("s-1"));
    assert_eq!(resume.header("MCP-Protocol-Version"), Some("2025-11-25"));
    net.head(&resume, 200, &[STREAM]);
    net.event(&resume, "e-2", r#"{"jsonrpc":"2.0","method":"notifications/x"}"#);
    net.fail(&resume, Delivery::OutcomeUnknown);
    net.pass(Duration::from_secs(5));
    let resume = net.next("GET");
    assert_eq!(resume.header("Last-Event-ID"), Some("e-2"));
    net.head(&resume, 200, &[STREAM]);
    net.result_event(&call, &resume, r#"{"n":1}"#);
    net.end(&resume);
    assert_eq!(net.outcome().as_deref(), Ok(r#"{"n":1}"#));
    net.pass(Duration::from_hours(1));
    net.nothing_more();
    assert_eq!(net.told.len(), 1);
}

#[test]
fn a_stream_without_a_usable_id_is_lost() {
    spec!("SHL-31");
    for events in ["", "retry: 1\ndata:\n\n", "id: 1\ndata:\n\nid\ndata:\n\n", "id: é\ndata:\n\n"]
    {
        let (mut net, _) = broken(events);
        assert_eq!(net.outcome(), Err(CallError::Lost(Delivery::OutcomeUnknown)), "{events}");
        net.pass(Duration::from_hours(1));
        net.nothing_more();
    }
    let (mut net, _) = broken(&format!("id: {}\ndata:\n\n", "x".repeat(9000)));
    assert!(net.outcome().is_err());
}

#[test]
fn a_server_that_asks_for_too_long_a_pause_is_not_waited_for() {
    let (mut net, _) = broken("id: 1\nretry: 300001\ndata:\n\n");
    assert_eq!(net.outcome(), Err(CallError::Lost(Delivery::OutcomeUnknown)));
}

#[test]
fn a_cursor_that_the_server_does_not_take_ends_the_call_alone() {
    for (status, headers) in
        [(400, &[JSON][..]), (404, &[]), (405, &[]), (200, &[JSON]), (202, &[])]
    {
        let (mut net, _) = broken("id: 1\ndata:\n\n");
        net.pass(Duration::from_secs(1));
        let resume = net.next("GET");
        net.head(&resume, status, headers);
        assert_eq!(net.outcome(), Err(CallError::Lost(Delivery::OutcomeUnknown)), "{status}");
        assert_eq!(net.last_aborted(), Some(resume.exchange));
        net.pass(Duration::from_hours(1));
        net.nothing_more();
        net.call("tools/list", "{}");
        net.next("tools/list");
    }
    let (mut net, _) = broken("id: 1\ndata:\n\n");
    net.pass(Duration::from_secs(1));
    let resume = net.next("GET");
    net.head(&resume, 401, &[("WWW-Authenticate", "Bearer")]);
    let challenges = Vec::from(["Bearer".into()]);
    let error = HttpError::Unauthorized { status: 401, challenges };
    assert_eq!(net.outcome(), Err(CallError::Http(error)));
}

#[test]
fn a_stream_that_cannot_be_gone_on_with_is_given_up_after_the_attempts_there_are() {
    type End = fn(&mut Net, &Seen);
    let ends: [End; 5] = [
        |net, get| net.fail(get, Delivery::NotSent),
        |net, get| net.fail(get, Delivery::OutcomeUnknown),
        |net, get| net.head(get, 503, &[]),
        |net, get| net.respond(get, 200, &[STREAM], ""),
        |net, get| net.respond(get, 200, &[STREAM], ": ping\n\nid: 2\ndata:\n\n"),
    ];
    for end in ends {
        let (mut net, _) = broken("id: 1\ndata:\n\n");
        let mut attempts = 0;
        while net.finished.is_empty() {
            net.pass(Duration::from_secs(30));
            let resume = net.next("GET");
            attempts += 1;
            end(&mut net, &resume);
        }
        assert_eq!(attempts, 8);
        assert_eq!(net.outcome(), Err(CallError::Lost(Delivery::OutcomeUnknown)));
        net.pass(Duration::from_hours(1));
        net.nothing_more();
    }
}

#[test]
fn a_call_that_ends_meanwhile_is_not_gone_on_with() {
    let (mut net, _) = broken("id: 1\ndata:\n\n");
    let call = net.http.client().calls().next().unwrap().0;
    net.http.cancel(call, None).unwrap();
    net.drain();
    net.next("notifications/cancelled");
    assert_eq!(net.outcome(), Err(CallError::Cancelled));
    net.pass(millis(600));
    net.nothing_more();
}

#[test]
fn the_general_stream_is_gone_on_with_too() {
    let (mut net, stream) = Net::legacy_with_stream();
    net.event(&stream, "g-1", r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#);
    net.end(&stream);
    net.pass(Duration::from_secs(1));
    let again = net.next("GET");
    assert_eq!(again.header("Last-Event-ID"), Some("g-1"));
    // What the server does not know any more is begun anew.
    net.head(&again, 400, &[]);
    net.pass(Duration::from_secs(2));
    let fresh = net.next("GET");
    assert_eq!(fresh.header("Last-Event-ID"), None);
    net.head(&fresh, 200, &[STREAM]);
    net.event(&fresh, "", r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#);
    assert_eq!(net.told.len(), 2);
    // A server that has it no longer ends it; that it never had one is not said.
    net.end(&fresh);
    net.pass(Duration::from_secs(4));
    let gone = net.next("GET");
    net.notices.clear();
    net.head(&gone, 405, &[]);
    assert_eq!(net.notices, [HttpNotice::StreamLost { call: None, again: None }]);
}

/// How often the general stream is opened within an hour by a server that ends each after `open`
/// with `events` on it.
fn attempts_per_hour(open: Duration, events: &str) -> usize {
    let (mut net, mut stream) = Net::legacy_with_stream();
    let end = net.now + Duration::from_hours(1);
    let mut attempts = 1;
    while net.now < end {
        net.body(&stream, events);
        net.pass(open);
        net.end(&stream);
        let Some(due) = net.http.poll_timeout() else { break };
        net.pass(due.saturating_since(net.now));
        stream = net.next("GET");
        net.head(&stream, 200, &[STREAM]);
        attempts += 1;
    }
    attempts
}

#[test]
fn streams_are_not_opened_more_often_than_they_are_worth() {
    let event = "data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"}\n\n";
    let ping = "data: \n\n";
    for (open, events, attempts) in [
        // Nothing comes of it: given up.
        (Duration::ZERO, "", 9),
        (Duration::from_secs(1), ping, 9),
        (Duration::from_secs(1), "id: 7\ndata:\n\n", 9),
        (Duration::ZERO, "retry: 1\n\n", 9),
        // It brings something, and breaks at once: at ever longer intervals.
        (Duration::ZERO, event, 130),
        // It works for a while.
        (Duration::from_secs(10), ping, 350),
        (Duration::from_mins(1), event, 61),
    ] {
        let found = attempts_per_hour(open, events);
        assert!(found <= attempts, "{found} {open:?} {events}");
        assert!(found > attempts * 9 / 10, "{found} {open:?} {events}");
    }
}

#[test]
fn pauses_are_random_by_half() {
    use super::super::{Reconnect, backoff::Backoff};
    struct Fixed(u8);
    impl Entropy for Fixed {
        fn fill(&mut self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }
    let policy = Reconnect::default();
    for (byte, first, second) in [(0, 250, 500), (0xFF, 500, 1000)] {
        let mut backoff = Backoff::default();
        let mut next = |asked| backoff.next(&policy, 99, asked, &mut Fixed(byte));
        assert_eq!(next(None), Some(millis(first)));
        assert_eq!(next(None), Some(millis(second)));
        for _ in 0..20 {
            next(None);
        }
        assert_eq!(next(None), Some(millis(first * 60)));
        assert_eq!(next(Some(Duration::from_mins(4))), Some(Duration::from_mins(4)));
        assert_eq!(next(Some(Duration::ZERO)), Some(millis(first * 10)));
    }
}

#[test]
fn a_stream_that_brings_something_each_time_is_gone_on_with_for_ever() {
    let (mut net, call) = broken("id: 1\ndata:\n\n");
    for nth in 2..30 {
        net.pass(Duration::from_secs(30));
        let resume = net.next("GET");
        net.head(&resume, 200, &[STREAM]);
        net.event(&resume, &format!("{nth}"), r#"{"jsonrpc":"2.0","method":"notifications/x"}"#);
        net.end(&resume);
    }
    net.pass(Duration::from_secs(30));
    let resume = net.next("GET");
    net.head(&resume, 200, &[STREAM]);
    net.result_event(&call, &resume, "{}");
    assert_eq!(net.outcome().as_deref(), Ok("{}"));
}

#[test]
fn a_stream_that_is_continued_elsewhere_is_lost() {
    let (mut net, _) = broken("id: 1\ndata:\n\n");
    net.pass(Duration::from_secs(1));
    let resume = net.next("GET");
    let location = "https://other.example/mcp";
    net.head(&resume, 307, &[("Location", location)]);
    let error = HttpError::Redirect(location.into());
    assert_eq!(net.outcome(), Err(CallError::Http(error)));
    net.pass(Duration::from_hours(1));
    net.nothing_more();
}
