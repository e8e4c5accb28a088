//! Servers that misbehave: each ends in the named error, in bounded memory.

use super::*;
use crate::client::{Listening, Violation};

/// A call of 2026-07-28, as the server has got it.
fn called() -> (Net, Seen) {
    let mut net = Net::modern();
    net.call("tools/call", r#"{"name":"t"}"#);
    let call = net.next("tools/call");
    (net, call)
}

/// Whether a response ends the call with this error, and leaves nothing behind.
fn check(status: u16, headers: &[(&str, &str)], body: &str, expected: CallError) {
    let (mut net, call) = called();
    net.respond(&call, status, headers, body);
    assert_eq!(net.outcome(), Err(expected), "{status} {headers:?} {body}");
    net.pass(Duration::from_hours(1));
    net.nothing_more();
    assert!(net.http.exchanges.is_empty() && net.http.routes.is_empty());
}

#[test]
fn each_response_that_is_no_answer_has_its_error() {
    let unknown = || CallError::Lost(Delivery::OutcomeUnknown);
    let malformed = || CallError::Violation(Violation::Malformed);
    let status = |status| CallError::Http(HttpError::Status(status));
    let html = CallError::Http(HttpError::ContentType("text/html".into()));
    let unfinished = "data: {\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{}}";
    check(200, &[JSON], "", unknown());
    check(200, &[JSON], "garbage", malformed());
    check(200, &[JSON], "{", malformed());
    check(200, &[JSON], "[]", malformed());
    check(200, &[JSON], r#"{"jsonrpc":"2.0","id":99,"result":{}}"#, malformed());
    check(200, &[JSON], r#"{"jsonrpc":"2.0","id":2,"result":7}"#, malformed());
    check(200, &[JSON], r#"{"jsonrpc":"2.0","id":2,"method":"x"}"#, malformed());
    check(200, &[STREAM], "", unknown());
    check(200, &[STREAM], "data: garbage\n\n", unknown());
    check(200, &[STREAM], unfinished, unknown());
    check(200, &[HTML], "<html>", html);
    check(202, &[], "", unknown());
    check(204, &[], "", unknown());
    check(303, &[("Location", "https://other.example/mcp")], "", status(303));
    check(400, &[], "", status(400));
    check(404, &[HTML], "<html>", status(404));
    check(413, &[JSON], "{}", status(413));
    check(500, &[JSON], "null", status(500));
    check(503, &[], "", status(503));
}

#[test]
fn what_the_server_demands_of_the_caller_is_handed_out() {
    let unauthorized = |status, challenges: &[&str]| {
        let challenges = challenges.iter().map(|text| Box::from(*text)).collect();
        CallError::Http(HttpError::Unauthorized { status, challenges })
    };
    let scope = r#"Bearer error="insufficient_scope""#;
    let field = ("WWW-Authenticate", scope);
    check(401, &[field], "", unauthorized(401, &[scope]));
    let two = [field, ("www-authenticate", "Basic")];
    check(401, &two, "x", unauthorized(401, &[scope, "Basic"]));
    check(403, &[field], "", unauthorized(403, &[scope]));
    check(403, &[], "", unauthorized(403, &[]));
}

#[test]
fn a_redirect_that_leads_away_is_not_followed() {
    for (status, location) in [
        (301, "https://other.example/mcp"),
        (302, "http://server.example/mcp"),
        (307, "https://server.example:444/mcp"),
        (308, "//u@server.example/"),
        (307, ""),
    ] {
        let error = CallError::Http(HttpError::Redirect(location.into()));
        check(status, &[("Location", location)], "", error);
    }
    check(307, &[], "", CallError::Http(HttpError::Redirect("".into())));
}

#[test]
fn whether_a_call_may_have_had_an_effect_is_said() {
    for (error, delivery) in [
        (HttpError::Status(400), Delivery::NotSent),
        (HttpError::Status(429), Delivery::NotSent),
        (HttpError::Status(408), Delivery::OutcomeUnknown),
        (HttpError::Status(500), Delivery::OutcomeUnknown),
        (HttpError::Redirect("".into()), Delivery::NotSent),
        (HttpError::TooLong, Delivery::OutcomeUnknown),
    ] {
        assert_eq!(error.delivery(), delivery, "{error}");
    }
}

#[test]
fn a_server_that_never_answers_ends_in_a_time_out() {
    let mut net = Net::new();
    net.next("server/discover");
    net.pass(Duration::from_secs(3));
    let probe = net.sent[0].exchange;
    net.next("initialize");
    assert_eq!(net.aborted, [probe]);
    net.pass(Duration::from_secs(30));
    assert_eq!(net.failed, Some(ConnectError::TimedOut));
    assert_eq!((net.closes, net.http.poll_timeout()), (1, None));
    // The probe's answer has come too late.
    let late = net.sent[0].clone();
    net.answer(&late, &discovered());
    assert_eq!(net.ready, 0);
}

#[test]
fn a_server_that_is_not_well_is_tried_a_few_times() {
    spec!("ERA-16");
    for refuse in [
        (|net, seen| net.respond(seen, 503, &[HTML], "<html>")) as fn(&mut Net, &Seen),
        |net, seen| net.fail(seen, Delivery::NotSent),
        |net, seen| net.fail(seen, Delivery::OutcomeUnknown),
    ] {
        let mut net = Net::new();
        for _ in 0..4 {
            net.pass(Duration::from_secs(2));
            let probe = net.next("server/discover");
            refuse(&mut net, &probe);
        }
        assert!(matches!(net.failed, Some(ConnectError::Http(_))), "{:?}", net.failed);
        net.pass(Duration::from_hours(1));
        net.nothing_more();
    }
}

#[test]
fn a_message_that_the_server_never_takes_is_given_up_in_its_time() {
    let mut net = Net::legacy();
    // Nobody says what time it is.
    net.now = net.now + Duration::from_hours(1);
    net.http.notify("notifications/x", &json("{}")).unwrap();
    net.drain();
    let told = net.next("notifications/x");
    net.pass(Duration::from_secs(29));
    assert_eq!(net.notices, []);
    net.pass(Duration::from_secs(1));
    let (method, error) = (Some("notifications/x".into()), HttpError::TimedOut);
    assert_eq!(net.notices, [HttpNotice::Undelivered { method, error }]);
    assert_eq!((net.last_aborted(), net.http.poll_timeout()), (Some(told.exchange), None));
}

#[test]
fn an_endless_event_is_not_kept() {
    let (mut net, call) = called();
    net.head(&call, 200, &[STREAM]);
    let chunk = "x".repeat(1 << 20);
    let mut sent = 0;
    while net.finished.is_empty() {
        net.body(&call, &chunk);
        sent += 1;
        assert!(sent <= 33);
    }
    assert_eq!(net.outcome(), Err(CallError::Http(HttpError::TooLong)));
    assert_eq!(net.last_aborted(), Some(call.exchange));
    assert!(net.http.exchanges.is_empty());
}

#[test]
fn nothing_is_heard_behind_an_endless_event_that_ended_the_call() {
    let (mut net, call) = called();
    net.head(&call, 200, &[STREAM]);
    net.body(&call, &"x".repeat((32 << 20) - 1));
    let note = r#"{"jsonrpc":"2.0","method":"notifications/x"}"#;
    net.body(&call, &format!("xxxx\n\ndata: {note}\n\n"));
    assert_eq!(net.outcome(), Err(CallError::Http(HttpError::TooLong)));
    assert!(net.told.is_empty(), "{:?}", net.told);
}

#[test]
fn an_endless_event_does_not_end_a_subscription() {
    let mut net = Net::modern();
    net.http.listen(net.now, Listening { tools: true, ..Listening::default() });
    net.drain();
    let listen = net.next("subscriptions/listen");
    net.head(&listen, 200, &[STREAM]);
    net.body(&listen, &"x".repeat(33 << 20));
    assert_eq!(net.dropped, [DroppedByClient::TooLong]);
    assert!(net.finished.is_empty() && net.last_aborted().is_none());
}

#[test]
fn a_request_that_is_answered_before_it_was_sent_is_not_sent() {
    let mut net = Net::with(|config, _| config.limits.exchanges_max = 1);
    let probe = net.next("server/discover");
    net.answer(&probe, &discovered());
    net.call("tools/call", r#"{"name":"t"}"#);
    let first = net.next("tools/call");
    let second = net.call("tools/call", r#"{"name":"t"}"#);
    net.nothing_more();
    net.head(&first, 200, &[STREAM]);
    net.event(&first, "", r#"{"jsonrpc":"2.0","id":3,"result":{"liar":1}}"#);
    assert_eq!(net.finished.remove(0).0, second);
    assert!(net.http.waiting.is_empty() && net.http.waiting_bytes == 0);
    net.result_event(&first, &first, "{}");
    net.end(&first);
    assert_eq!(net.outcome().as_deref(), Ok("{}"));
    net.nothing_more();
}

#[test]
fn an_exchange_that_fails_after_its_request_was_answered_elsewhere_is_no_news() {
    let mut net = Net::modern();
    let calls = [0; 2].map(|_| {
        net.call("tools/call", r#"{"name":"t"}"#);
        net.next("tools/call")
    });
    net.head(&calls[0], 200, &[JSON]);
    net.head(&calls[1], 200, &[STREAM]);
    net.result_event(&calls[0], &calls[1], "{}");
    assert_eq!(net.outcome().as_deref(), Ok("{}"));
    net.fail(&calls[0], Delivery::OutcomeUnknown);
    assert!(net.finished.is_empty() && net.notices.is_empty());
}

#[test]
fn a_content_type_that_is_no_text_is_none_that_is_known() {
    let (mut net, call) = called();
    let headers: &[(&str, &[u8])] = &[("content-type", b"\xFF/json")];
    net.http.handle_head(net.now, call.exchange, 200, &headers);
    net.drain();
    let outcome = net.outcome();
    assert!(matches!(outcome, Err(CallError::Http(HttpError::ContentType(_)))), "{outcome:?}");
}

#[test]
fn an_endless_event_of_the_general_stream_is_skipped() {
    let (mut net, stream) = Net::legacy_with_stream();
    let chunk = "x".repeat(1 << 20);
    for _ in 0..100 {
        net.body(&stream, &chunk);
    }
    assert_eq!(net.dropped, [DroppedByClient::TooLong]);
    net.body(&stream, "\n\n");
    net.event(&stream, "", r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#);
    assert_eq!(net.told.len(), 1);
}

#[test]
fn an_endless_body_is_not_kept() {
    for (status, headers, error) in [
        (200, &[JSON][..], HttpError::TooLong),
        (200, &[], HttpError::TooLong),
        (500, &[JSON], HttpError::Status(500)),
        (400, &[HTML], HttpError::Status(400)),
    ] {
        let (mut net, call) = called();
        net.head(&call, status, headers);
        let chunk = "[".repeat(1 << 20);
        for _ in 0..100 {
            net.body(&call, &chunk);
        }
        assert_eq!(net.outcome(), Err(CallError::Http(error)), "{status}");
        assert_eq!(net.last_aborted(), Some(call.exchange));
    }
    let mut net = Net::legacy();
    net.http.notify("notifications/x", &json("{}")).unwrap();
    net.drain();
    let told = net.next("notifications/x");
    net.head(&told, 200, &[STREAM]);
    net.body(&told, &"x".repeat(1 << 20));
    assert_eq!(net.last_aborted(), Some(told.exchange));
}

#[test]
fn a_redirect_is_followed_within_the_origin_with_all_that_belongs_to_the_request() {
    let (mut net, call) = called();
    net.head(&call, 307, &[("Location", "/mcp/")]);
    assert_eq!(net.last_aborted(), Some(call.exchange));
    let again = net.next("tools/call");
    assert_eq!(&*again.url, "https://server.example/mcp/");
    assert_eq!((&again.body, &again.headers), (&call.body, &call.headers));
    net.answer(&again, "{}");
    assert!(net.outcome().is_ok());
    net.call("tools/call", r#"{"name":"t"}"#);
    let later = net.next("tools/call");
    assert_eq!(&*later.url, URL, "it was for that time only");
    net.head(&later, 308, &[("Location", "https://SERVER.example:443/new?x")]);
    let again = net.next("tools/call");
    net.answer(&again, "{}");
    net.call("tools/call", r#"{"name":"t"}"#);
    let later = net.next("tools/call");
    assert_eq!(&*later.url, "https://SERVER.example:443/new?x", "it moved for good");
}

#[test]
fn redirects_end() {
    let (mut net, mut call) = called();
    for _ in 0..3 {
        net.head(&call, 307, &[("Location", "?again")]);
        call = net.next("tools/call");
    }
    net.head(&call, 307, &[("Location", "?again")]);
    assert_eq!(net.outcome(), Err(CallError::Http(HttpError::TooManyRedirects)));
    net.nothing_more();
}

#[test]
fn what_is_told_of_an_exchange_that_is_over_is_nothing() {
    let (mut net, call) = called();
    net.answer(&call, "{}");
    assert!(net.outcome().is_ok());
    net.answer(&call, "{}");
    net.fail(&call, Delivery::NotSent);
    net.nothing_more();
    assert!(net.finished.is_empty() && net.dropped.is_empty());
    let (mut net, call) = called();
    net.body(&call, "early");
    net.head(&call, 200, &[STREAM]);
    net.head(&call, 401, &[]);
    net.result_event(&call, &call, "{}");
    net.result_event(&call, &call, "{}");
    assert!(net.outcome().is_ok());
    assert_eq!(net.dropped, [DroppedByClient::UnknownResponse]);
}

#[test]
fn no_more_exchanges_are_open_than_may_be() {
    let mut net = Net::with(|config, _| {
        config.limits.exchanges_max = 2;
        config.limits.output_bytes_max = 500;
    });
    let probe = net.next("server/discover");
    net.answer(&probe, &discovered());
    let call = |net: &mut Net| net.call("tools/call", r#"{"name":"t"}"#);
    let calls: Vec<ClientCallId> = (0..5).map(|_| call(&mut net)).collect();
    let (first, second) = (net.next("tools/call"), net.next("tools/call"));
    net.nothing_more();
    let ended: Vec<ClientCallId> = net
        .finished
        .drain(..)
        .map(|(call, outcome)| {
            assert_eq!(outcome, Err(CallError::OverLimit));
            call
        })
        .collect();
    let waiting: Vec<ClientCallId> =
        calls.iter().skip(2).filter(|call| !ended.contains(call)).copied().collect();
    assert!(!waiting.is_empty() && !ended.is_empty());
    net.http.cancel(waiting[0], None).unwrap();
    net.drain();
    net.nothing_more();
    assert!(net.aborted.is_empty(), "it never left");
    net.answer(&first, "{}");
    net.answer(&second, "{}");
    for _ in &waiting[1..] {
        net.next("tools/call");
    }
    net.nothing_more();
    assert_eq!(net.http.waiting_bytes, 0);
}

#[test]
fn what_cannot_be_a_server_or_a_field_is_refused() {
    use super::super::InvalidHttpClient;
    let make = |change: &dyn Fn(&mut HttpClientConfig)| {
        let mut http = HttpClientConfig::new(URL);
        change(&mut http);
        let info = Implementation::new("c", "1");
        let config = ClientConfig::new(info, ClientCapabilities::default());
        HttpClient::new(config, http, Box::new(Longest)).map(|_| ())
    };
    assert_eq!(make(&|http| http.url = "server.example".into()), Err(InvalidHttpClient::Url));
    for (name, value) in [
        ("Mcp-Session-Id", "x"),
        ("mcp-param-x", "x"),
        ("HOST", "x"),
        ("content-length", "1"),
        ("a b", "x"),
        ("", "x"),
        ("x", "a\r\nb"),
        ("x", " a"),
        ("x", "é"),
    ] {
        let refused = make(&|http| http.headers = Vec::from([(name.into(), value.into())]));
        assert!(matches!(refused, Err(InvalidHttpClient::Header(_))), "{name}: {value}");
    }
    assert_eq!(make(&|http| http.headers = Vec::from([("x-key".into(), "a b".into())])), Ok(()));
    let shown = format!(
        "{:?}",
        HttpClientConfig {
            headers: Vec::from([("x".into(), "secret".into())]),
            ..HttpClientConfig::new(URL)
        }
    );
    assert!(!shown.contains("secret"), "{shown}");
}
