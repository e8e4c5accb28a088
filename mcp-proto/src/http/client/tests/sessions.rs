//! Sessions of the older revisions: how they begin, are lost, and end.

use super::*;
use crate::{Version, client::Listening};

#[test]
fn nothing_is_sent_before_the_server_has_taken_initialized() {
    spec!("SHL-03", "SHL-35", "SHL-41", "SHL-42");
    let mut net = Net::with(|config, _| config.era = Era::Legacy);
    net.call("tools/list", "{}");
    let first = net.next("initialize");
    assert_eq!(first.header("MCP-Protocol-Version"), None);
    assert_eq!(first.header("Mcp-Session-Id"), None);
    let body = format!(r#"{{"jsonrpc":"2.0","id":{},"result":{}}}"#, first.id(), initialized());
    net.respond(&first, 200, &[JSON, ("Mcp-Session-Id", "s-1")], &body);
    let told = net.next("notifications/initialized");
    net.nothing_more();
    net.head(&told, 202, &[]);
    let stream = net.next("GET");
    net.nothing_more();
    net.head(&stream, 200, &[STREAM]);
    let list = net.next("tools/list");
    for seen in [&told, &stream, &list] {
        assert_eq!(seen.header("MCP-Protocol-Version"), Some("2025-11-25"), "{seen:?}");
        assert_eq!(seen.header("Mcp-Session-Id"), Some("s-1"));
        assert_eq!(seen.header("Mcp-Method"), None);
        assert_eq!(seen.header("Authorization"), Some("Bearer secret"));
    }
    assert_eq!(stream.header("Accept"), Some("text/event-stream"));
    net.answer(&list, r#"{"tools":[]}"#);
    assert!(net.outcome().is_ok());
}

#[test]
fn an_initialize_that_is_sent_again_names_no_session() {
    spec!("SHL-38");
    let mut net = Net::with(|config, _| config.era = Era::Legacy);
    let first = net.next("initialize");
    net.head(&first, 200, &[JSON, ("Mcp-Session-Id", "s-1")]);
    net.fail(&first, Delivery::OutcomeUnknown);
    net.pass(Duration::from_secs(10));
    let again = net.next("initialize");
    assert_eq!(again.header("Mcp-Session-Id"), None);
}

#[test]
fn each_message_is_a_post_of_its_own_in_every_revision() {
    spec!("SHL-01", "SHL-02", "SHL-04", "SHL-05", "SHL-41", "SHL-42");
    for (version, named) in [
        (Version::V2025_03_26, None),
        (Version::V2025_06_18, Some("2025-06-18")),
        (Version::V2025_11_25, Some("2025-11-25")),
    ] {
        let mut net = Net::with(|config, http| {
            config.era = Era::Pinned(version);
            http.general_stream = false;
        });
        let first = net.next("initialize");
        let result = initialized().replace("2025-11-25", version.as_str());
        net.answer(&first, &result);
        let told = net.next("notifications/initialized");
        net.respond(&told, 202, &[], "");
        for id in ["1", "2"] {
            net.call("tools/call", &format!(r#"{{"name":"t","arguments":{{"id":{id}}}}}"#));
        }
        net.http.notify("notifications/x", &json("{}")).unwrap();
        net.drain();
        let rest = ["tools/call", "tools/call", "notifications/x"].map(|method| net.next(method));
        for seen in [first, told].iter().chain(&rest) {
            assert_eq!((seen.verb, &*seen.url), ("POST", URL));
            assert!(seen.body.starts_with(r#"{"jsonrpc":"2.0","#), "{seen:?}");
            assert_eq!(seen.header("Accept"), Some("application/json, text/event-stream"));
        }
        if named.is_some() {
            assert!(rest.iter().all(|seen| seen.header("MCP-Protocol-Version") == named));
        }
    }
}

#[test]
fn a_server_that_keeps_the_handshake_waiting_is_not_waited_for_for_ever() {
    let mut net = Net::with(|config, _| config.era = Era::Legacy);
    net.call("tools/list", "{}");
    let first = net.next("initialize");
    net.answer(&first, &initialized());
    net.next("notifications/initialized");
    net.pass(Duration::from_secs(5));
    let stream = net.next("GET");
    net.nothing_more();
    net.pass(millis(500));
    net.next("tools/list");
    net.head(&stream, 200, &[STREAM]);
    net.nothing_more();
}

#[test]
fn a_handshake_that_was_not_waited_for_is_not_done_twice() {
    let mut net = Net::with(|config, _| config.era = Era::Legacy);
    let first = net.next("initialize");
    net.answer(&first, &initialized());
    let told = net.next("notifications/initialized");
    net.pass(Duration::from_secs(5));
    net.next("GET");
    net.head(&told, 202, &[]);
    net.nothing_more();
}

#[test]
fn what_is_no_success_opens_no_general_stream_whatever_its_type() {
    for headers in [&[STREAM][..], &[JSON], &[]] {
        let mut net = Net::in_session(|_, _| {});
        let get = net.next("GET");
        net.head(&get, 405, headers);
        assert_eq!(net.notices, [HttpNotice::NoGeneralStream], "{headers:?}");
        assert_eq!(net.last_aborted(), Some(get.exchange));
    }
}

#[test]
fn arrays_are_taken_where_the_revision_has_them() {
    for version in [Version::V2025_03_26, Version::V2025_06_18] {
        let mut net = Net::with(|config, http| {
            config.era = Era::Pinned(version);
            http.general_stream = false;
        });
        let first = net.next("initialize");
        net.answer(&first, &initialized().replace("2025-11-25", version.as_str()));
        let told = net.next("notifications/initialized");
        net.respond(&told, 202, &[], "");
        net.call("tools/call", r#"{"name":"t"}"#);
        let call = net.next("tools/call");
        let note = r#"{"jsonrpc":"2.0","method":"notifications/x"}"#;
        let answer = format!(r#"{{"jsonrpc":"2.0","id":{},"result":{{}}}}"#, call.id());
        net.respond(&call, 200, &[JSON], &format!("[{note},{answer}]"));
        let taken = version.rules().batches;
        assert_eq!((net.told.len(), net.outcome().is_ok()), (usize::from(taken), taken));
    }
}

#[test]
fn the_general_stream_is_not_needed() {
    spec!("SHL-15");
    type End = fn(&mut Net, &Seen);
    let ends: [(End, &[HttpNotice]); 6] = [
        (|net, get| net.head(get, 405, &[]), &[HttpNotice::NoGeneralStream]),
        (|net, get| net.respond(get, 404, &[HTML], "no"), &[HttpNotice::NoGeneralStream]),
        (|net, get| net.head(get, 400, &[]), &[]),
        (|net, get| net.head(get, 200, &[JSON]), &[]),
        (|net, get| net.fail(get, Delivery::NotSent), &[]),
        (|net, get| net.head(get, 401, &[]), &[HttpNotice::StreamLost { call: None, again: None }]),
    ];
    for (end, notices) in ends {
        let mut net = Net::in_session(|_, _| {});
        net.call("tools/list", "{}");
        let get = net.next("GET");
        net.nothing_more();
        end(&mut net, &get);
        assert_eq!(net.notices, notices);
        let list = net.next("tools/list");
        net.answer(&list, "{}");
        assert!(net.outcome().is_ok());
    }
}

#[test]
fn an_application_can_do_without_the_general_stream() {
    let mut net = Net::in_session(|_, http| http.general_stream = false);
    net.call("tools/list", "{}");
    net.next("tools/list");
    net.pass(Duration::from_hours(1));
    net.nothing_more();
}

#[test]
fn a_session_id_that_no_header_field_can_carry_is_refused() {
    spec!("SHL-33");
    for id in ["a b", "", "é", "a\tb", &"x".repeat(9000)] {
        let mut net = Net::with(|config, _| config.era = Era::Legacy);
        let first = net.next("initialize");
        net.head(&first, 200, &[JSON, ("Mcp-Session-Id", id)]);
        assert_eq!(net.failed, Some(ConnectError::Http(HttpError::SessionId)), "{id}");
        assert_eq!(net.closes, 1);
    }
}

#[test]
fn a_lost_session_is_begun_anew_once_and_each_call_is_told() {
    spec!("SHL-38");
    let (mut net, stream) = Net::legacy_with_stream();
    net.http.set_level(net.now, Level::Info);
    net.drain();
    let level = net.next("logging/setLevel");
    net.answer(&level, "{}");
    net.finished.clear();
    let running = net.call("tools/call", r#"{"name":"t"}"#);
    let refused = net.call("tools/call", r#"{"name":"u"}"#);
    let (first, second) = (net.next("tools/call"), net.next("tools/call"));
    net.head(&first, 200, &[STREAM]);
    net.head(&second, 404, &[JSON]);
    assert_eq!(net.notices, [HttpNotice::SessionLost]);
    let lost = |delivery| Err(CallError::Lost(delivery));
    let expected = [(running, lost(Delivery::OutcomeUnknown)), (refused, lost(Delivery::NotSent))];
    assert_eq!(net.finished, expected);
    for exchange in [stream.exchange, first.exchange, second.exchange] {
        assert!(net.aborted.contains(&exchange));
    }
    net.finished.clear();
    // What is called meanwhile is held.
    net.call("tools/call", r#"{"name":"v"}"#);
    let again = net.sent[net.looked].clone();
    assert_eq!(again.header("Mcp-Session-Id"), None);
    net.begin_session("s-2");
    assert_eq!(net.ready, 2);
    let stream = net.next("GET");
    net.head(&stream, 200, &[STREAM]);
    assert_eq!(stream.header("Mcp-Session-Id"), Some("s-2"));
    // The level is told again, then the call.
    net.next("logging/setLevel");
    let call = net.next("tools/call");
    assert_eq!(call.header("Mcp-Session-Id"), Some("s-2"));
    net.answer(&call, "{}");
    assert_eq!(net.outcome().as_deref(), Ok("{}"));
}

#[test]
fn a_server_that_forgets_each_session_is_given_up() {
    let mut net = Net::legacy();
    net.call("tools/list", "{}");
    let first = net.next("tools/list");
    net.answer(&first, "{}");
    net.finished.clear();
    net.call("tools/list", "{}");
    let second = net.next("tools/list");
    net.head(&second, 404, &[]);
    net.begin_session("s-2");
    net.call("tools/list", "{}");
    let stream = net.next("GET");
    net.head(&stream, 405, &[]);
    let third = net.next("tools/list");
    net.head(&third, 404, &[]);
    assert_eq!(net.failed, Some(ConnectError::Http(HttpError::SessionLost)));
    net.pass(Duration::from_hours(1));
    net.nothing_more();
    assert_eq!((net.finished.len(), net.closes), (2, 1));
}

#[test]
fn a_session_that_is_lost_again_and_again_is_given_up() {
    let mut net = Net::legacy();
    let mut losses = 0;
    while net.failed.is_none() {
        for status in [200, 404] {
            net.call("tools/list", "{}");
            let list = net.next("tools/list");
            let body = format!(r#"{{"jsonrpc":"2.0","id":{},"result":{{}}}}"#, list.id());
            net.respond(&list, status, &[JSON], &body);
        }
        losses += 1;
        if net.failed.is_none() {
            net.begin_session("s-2");
            let stream = net.next("GET");
            net.head(&stream, 405, &[]);
        }
    }
    assert_eq!((losses, net.failed), (9, Some(ConnectError::Http(HttpError::SessionLost))));
}

#[test]
fn a_404_without_a_session_ends_the_call_alone() {
    spec!("SHL-39");
    let mut net = Net::with(|config, http| {
        config.era = Era::Legacy;
        http.general_stream = false;
    });
    let first = net.next("initialize");
    net.answer(&first, &initialized());
    let told = net.next("notifications/initialized");
    net.respond(&told, 200, &[], "");
    net.call("tools/list", "{}");
    let list = net.next("tools/list");
    assert_eq!(list.header("Mcp-Session-Id"), None);
    net.respond(&list, 404, &[], "");
    assert_eq!(net.outcome(), Err(CallError::Http(HttpError::Status(404))));
    net.nothing_more();
}

#[test]
fn a_cursor_of_a_lost_session_is_not_used_in_the_next() {
    spec!("PAG-07");
    let mut net = Net::legacy();
    let walk = || CallOptions { all_pages: true, ..patient() };
    net.http.call(net.now, "tools/list", &json("{}"), walk());
    net.drain();
    let first = net.next("tools/list");
    net.answer(&first, r#"{"tools":[],"nextCursor":"of s-1"}"#);
    let second = net.next("tools/list");
    assert_eq!(second.member("params")["cursor"], "of s-1");
    net.head(&second, 404, &[]);
    assert_eq!(net.outcome(), Err(CallError::Lost(Delivery::NotSent)));
    net.begin_session("s-2");
    let stream = net.next("GET");
    net.head(&stream, 405, &[]);
    net.nothing_more();
    net.http.call(net.now, "tools/list", &json("{}"), walk());
    net.drain();
    assert!(net.next("tools/list").member("params").get("cursor").is_none());
}

#[test]
fn subscriptions_are_made_again_in_the_new_session() {
    let mut net = Net::legacy();
    let wish = Listening { uris: Vec::from(["a:1".into()]), ..Listening::default() };
    net.http.listen(net.now, wish);
    net.drain();
    let subscribe = net.next("resources/subscribe");
    net.answer(&subscribe, "{}");
    net.call("tools/list", "{}");
    let list = net.next("tools/list");
    net.head(&list, 404, &[]);
    net.begin_session("s-2");
    let stream = net.next("GET");
    net.head(&stream, 405, &[]);
    let subscribe = net.next("resources/subscribe");
    assert_eq!(net.listening, 1);
    net.answer(&subscribe, "{}");
    assert_eq!(net.listening, 2);
}

#[test]
fn a_general_stream_that_is_gone_tells_that_the_session_is() {
    let mut net = Net::legacy();
    net.call("tools/list", "{}");
    let list = net.next("tools/list");
    net.answer(&list, "{}");
    let (mut net, stream) = {
        drop(net);
        Net::legacy_with_stream()
    };
    net.event(&stream, "", r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#);
    net.fail(&stream, Delivery::OutcomeUnknown);
    net.pass(Duration::from_secs(1));
    let again = net.next("GET");
    net.head(&again, 404, &[]);
    assert_eq!(net.notices.last(), Some(&HttpNotice::SessionLost));
    net.next("initialize");
}

#[test]
fn the_end_is_told_to_the_server() {
    spec!("LIF-15", "SHL-35", "SHL-40");
    for status in [200, 202, 204, 400, 404, 405, 500] {
        let (mut net, stream) = Net::legacy_with_stream();
        net.call("tools/call", r#"{"name":"t"}"#);
        let call = net.next("tools/call");
        net.http.close(net.now);
        net.drain();
        assert_eq!(net.outcome(), Err(CallError::Lost(Delivery::OutcomeUnknown)));
        assert!([stream.exchange, call.exchange].iter().all(|e| net.aborted.contains(e)));
        let end = net.next("DELETE");
        assert_eq!(end.header("Mcp-Session-Id"), Some("s-1"));
        assert_eq!(end.header("MCP-Protocol-Version"), Some("2025-11-25"));
        assert_eq!(net.closes, 0);
        net.head(&end, status, &[]);
        assert_eq!((net.closes, net.http.poll_timeout()), (1, None));
        net.http.close(net.now);
        net.call("tools/list", "{}");
        assert_eq!(net.outcome(), Err(CallError::Lost(Delivery::NotSent)));
        net.nothing_more();
        assert_eq!(net.closes, 1);
    }
}

#[test]
fn the_end_waits_for_no_silent_server_and_needs_no_session() {
    let mut net = Net::legacy();
    net.http.close(net.now);
    net.drain();
    net.next("DELETE");
    net.pass(Duration::from_secs(2));
    assert_eq!(net.closes, 1);
    let mut net = Net::modern();
    net.http.close(net.now);
    net.drain();
    net.nothing_more();
    assert_eq!(net.closes, 1);
    let mut net = Net::new();
    net.next("server/discover");
    net.http.close(net.now);
    net.drain();
    net.nothing_more();
    assert_eq!((net.closes, net.failed), (1, None));
}

#[test]
fn a_cancelled_call_is_told_and_one_that_never_left_is_not() {
    spec!("CAN-09");
    let mut net = Net::legacy();
    let call = net.call("tools/call", r#"{"name":"t"}"#);
    let sent = net.next("tools/call");
    net.http.cancel(call, Some("why")).unwrap();
    net.drain();
    let cancelled = net.next("notifications/cancelled");
    assert_eq!(cancelled.member("params")["requestId"].to_string(), sent.id());
    assert_eq!(net.last_aborted(), Some(sent.exchange));
    assert_eq!(net.outcome(), Err(CallError::Cancelled));
    net.respond(&cancelled, 202, &[], "");

    let call = net.call("tools/call", r#"{"name":"t"}"#);
    let sent = net.next("tools/call");
    net.fail(&sent, Delivery::NotSent);
    net.http.cancel(call, None).unwrap();
    net.drain();
    net.pass(Duration::from_hours(1));
    net.nothing_more();
}

#[test]
fn a_question_is_answered_by_a_message_of_its_own() {
    spec!("SHL-01", "SHL-04", "SHL-19");
    let (mut net, stream) = Net::legacy_with_stream();
    net.call("tools/call", r#"{"name":"t"}"#);
    let call = net.next("tools/call");
    let ask = r#"{"message":"Name?","requestedSchema":{"type":"object","properties":{}}}"#;
    let request = |id| {
        format!(r#"{{"jsonrpc":"2.0","id":"{id}","method":"elicitation/create","params":{ask}}}"#)
    };
    net.head(&call, 200, &[STREAM]);
    net.event(&call, "", &request("a"));
    net.event(&stream, "", &request("b"));
    for (place, id) in [(0, "a"), (1, "b")] {
        let answer = crate::schema::Answer::Given(json(r#"{"action":"accept","content":{}}"#));
        net.http.answer(net.now, net.questions[place], answer).unwrap();
        net.drain();
        let answer = net.next("POST");
        assert_eq!(answer.member("id"), id);
        assert_eq!(answer.member("result")["action"], "accept");
        net.respond(&answer, if place == 0 { 202 } else { 503 }, &[], "");
    }
    let undelivered = HttpNotice::Undelivered { method: None, error: HttpError::Status(503) };
    assert_eq!(net.notices, [undelivered]);
    net.result_event(&call, &call, "{}");
    assert_eq!(net.outcome().as_deref(), Ok("{}"));
}

#[test]
fn an_answer_is_taken_from_whichever_stream_it_comes_on() {
    spec!("SHL-31");
    let (mut net, stream) = Net::legacy_with_stream();
    net.call("tools/call", r#"{"name":"t"}"#);
    let call = net.next("tools/call");
    net.respond(&call, 202, &[], "");
    assert_eq!(net.finished.len(), 0);
    net.result_event(&call, &stream, "{}");
    assert_eq!(net.outcome().as_deref(), Ok("{}"));
    let mut net = Net::legacy();
    net.call("tools/call", r#"{"name":"t"}"#);
    let call = net.next("tools/call");
    net.respond(&call, 202, &[], "");
    assert_eq!(net.outcome(), Err(CallError::Lost(Delivery::OutcomeUnknown)), "no other stream");
}

#[test]
fn a_question_of_a_call_that_is_given_up_is_withdrawn() {
    // What the server says on the stream of the call, the end of the question too, is not heard.
    let mut net = Net::legacy();
    let call = net.call("tools/call", r#"{"name":"t"}"#);
    let sent = net.next("tools/call");
    net.head(&sent, 200, &[STREAM]);
    let schema = r#"{"type":"object","properties":{}}"#;
    let ask = format!(r#""params":{{"message":"Sure?","requestedSchema":{schema}}}"#);
    let method = "elicitation/create";
    net.event(&sent, "", &format!(r#"{{"jsonrpc":"2.0","id":7,"method":"{method}",{ask}}}"#));
    let question = net.questions[0];
    net.http.cancel(call, None).unwrap();
    net.drain();
    assert_eq!(net.told, [format!("Withdrawn {{ question: {question:?} }}")]);
    assert_eq!(net.outcome(), Err(CallError::Cancelled));
    assert_eq!(net.http.client().questions().count(), 0);
}
