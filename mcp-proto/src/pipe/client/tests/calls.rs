//! A call: its request, its clocks, and its one outcome.

use super::*;
use crate::schema::TraceContext;

const PROGRESS: &str = "notifications/progress";

fn progress(token: &str, progress: f64) -> String {
    format!(r#"{{"progressToken":{token},"progress":{progress}}}"#)
}

#[test]
fn a_call_is_one_request_in_the_way_of_its_era() {
    spec!("META-01", "RPC-01", "STD-03");
    for (version, expected) in [(Version::V2025_11_25, false), (Version::V2026_07_28, true)] {
        let mut peer = Peer::ready(version);
        peer.tool(CallOptions::default());
        let line = peer.line();
        assert_eq!(line.contains("io.modelcontextprotocol/"), expected);
        assert!(line.contains(r#""name":"echo","arguments":{"n":1}"#), "{line}");
        assert!(line.contains(r#""progressToken":2"#), "{line}");
        peer.reply("2", r#"{"content":[]}"#);
        assert_eq!(peer.outcome(), Ok(json(r#"{"content":[]}"#)));
    }
}

#[test]
fn a_client_of_the_older_revisions_never_speaks_as_one_of_the_latest() {
    spec!("ERA-33");
    for version in LEGACY {
        let mut peer = Peer::ready(version);
        let options = CallOptions {
            log_level: Some(Level::Debug),
            meta: Some(json(r#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28","a":1}"#)),
            ..CallOptions::default()
        };
        peer.tool(options);
        peer.call(
            "tools/list",
            r#"{"_meta":{"io.modelcontextprotocol/logLevel":"debug"}}"#,
            patient(),
        );
        let lines = peer.lines.concat();
        assert!(!lines.contains("io.modelcontextprotocol/"), "{lines}");
        assert!(lines.contains(r#""a":1"#));
    }
}

#[test]
fn members_of_meta_are_written_once_and_the_protocols_own_are_not_claimed() {
    spec!("META-09");
    let mut peer = Peer::ready(Version::V2026_07_28);
    let options = CallOptions {
        trace: Some(TraceContext::new(TRACE).unwrap()),
        meta: Some(json(r#"{"a":1,"traceparent":"x","progressToken":9}"#)),
        ..CallOptions::default()
    };
    let params =
        r#"{"name":"t","_meta":{"a":2,"com.example/b":[],"a.mcp.b/c":1,"traceparent":"y"}}"#;
    peer.call("tools/call", params, options);
    insta::assert_snapshot!(peer.transcript(), @r#"
    > {"id":2,"method":"tools/call","params":{"name":"t","_meta":{"progressToken":2,
          mcp,"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
          "a":1,"com.example/b":[]}}}
    "#);
}

const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[test]
fn a_trace_context_travels_in_both_eras() {
    spec!("META-12");
    for version in Version::ALL {
        let mut peer = Peer::ready(version);
        let trace = TraceContext::new(TRACE).unwrap();
        let trace = trace.with_tracestate("a=1").unwrap().with_baggage("b=2").unwrap();
        peer.tool(CallOptions { trace: Some(trace), ..CallOptions::default() });
        let meta = peer.member("/params/_meta").unwrap();
        assert_eq!(meta["traceparent"], TRACE);
        assert_eq!((&meta["tracestate"], &meta["baggage"]), (&"a=1".into(), &"b=2".into()));
    }
}

#[test]
fn parameters_that_are_no_object_are_not_sent() {
    let mut peer = Peer::ready(Version::V2026_07_28);
    for params in ["5", "[]", "null", r#"{"_meta":1}"#] {
        peer.call("tools/call", params, CallOptions::default());
        assert_eq!(peer.outcome(), Err(CallError::InvalidParams), "{params}");
    }
    peer.tool(CallOptions { meta: Some(json("[]")), ..CallOptions::default() });
    assert_eq!(peer.outcome(), Err(CallError::InvalidParams));
    assert_eq!(peer.lines.len(), 0);
}

#[test]
fn ids_are_never_used_again() {
    spec!("PRG-02", "RPC-04", "RPC-05");
    for version in Version::ALL {
        let mut peer = Peer::ready(version);
        for n in 2..50 {
            peer.tool(patient());
            assert!(peer.line().contains(&format!(r#""id":{n},"#)));
            if n % 2 == 0 {
                peer.reply(&n.to_string(), "{}");
            }
        }
        assert_eq!(peer.finished.len(), 24);
    }
}

#[test]
fn only_the_very_id_is_an_answer() {
    spec!("RPC-07", "RPC-08", "RPC-10", "RPC-37");
    for version in Version::ALL {
        let (mut peer, _) = Peer::calling(version);
        for id in ["\"2\"", "3", "1", "-2", "\"\""] {
            peer.reply(id, "{}");
        }
        peer.refuse("null", r#"{"code":-32600,"message":""}"#);
        assert_eq!((peer.finished.len(), peer.lines.len()), (0, 0));
        assert_eq!(peer.dropped.len(), 6);
        peer.reply("2", r#"{"x":1}"#);
        assert_eq!(peer.outcome(), Ok(json(r#"{"x":1}"#)));
        peer.reply("2", r#"{"x":2}"#);
        assert_eq!(peer.dropped.last(), Some(&DroppedByClient::UnknownResponse));
    }
}

#[test]
fn an_answer_that_is_no_response_is_neither_a_result_nor_an_error_of_the_server() {
    spec!("RPC-08", "RPC-10");
    for answer in [
        r#"{"jsonrpc":"2.0","id":2,"result":{},"error":{"code":1,"message":""}}"#,
        r#"{"jsonrpc":"2.0","id":2,"error":{"code":1.5,"message":""}}"#,
        r#"{"jsonrpc":"2.0","id":2,"error":"no"}"#,
        r#"{"jsonrpc":"2.0","id":2,"result":[]}"#,
    ] {
        for version in Version::ALL {
            let (mut peer, _) = Peer::calling(version);
            peer.send(answer);
            assert_eq!(peer.outcome(), Err(CallError::Violation(Violation::Malformed)));
            assert_eq!((peer.dropped.len(), peer.lines.len()), (1, 0));
            peer.reply("2", "{}");
            assert_eq!((peer.finished.len(), peer.dropped.len()), (0, 2));
        }
    }
}

#[test]
fn an_error_of_the_server_is_told_as_it_came() {
    spec!("RPC-33", "RPC-36");
    let (mut peer, _) = Peer::calling(Version::V2025_06_18);
    peer.refuse("2", r#"{"code":-32002,"message":"No such","data":{"uri":"a:1"}}"#);
    let error = ErrorObject::new(-32002, "No such").with_data(json(r#"{"uri":"a:1"}"#));
    assert_eq!(peer.outcome(), Err(CallError::Refused(error)));
}

#[test]
fn silence_ends_a_call_and_the_server_is_told_once() {
    spec!("CAN-12", "LIF-08", "LIF-09", "LIF-10");
    for version in Version::ALL {
        let mut peer = Peer::ready(version);
        peer.tool(CallOptions::default());
        peer.forget();
        peer.wait(millis(59_999));
        assert_eq!((peer.finished.len(), peer.lines.len()), (0, 0));
        peer.wait(millis(1));
        assert_eq!(peer.outcome(), Err(CallError::TimedOut));
        assert!(peer.line().contains(r#"cancelled","params":{"requestId":2,"#));
        peer.wait(millis(600_000));
        assert_eq!((peer.finished.len(), peer.lines.len()), (0, 0));
    }
}

#[test]
fn progress_begins_the_idle_time_anew_but_never_the_total_time() {
    spec!("LIF-11", "LIF-12");
    let mut peer = Peer::ready(Version::V2026_07_28);
    let timeouts = Timeouts { idle: Some(millis(100)), total: Some(millis(250)) };
    peer.tool(CallOptions { timeouts, ..CallOptions::default() });
    for n in 1..=3 {
        peer.wait(millis(80));
        peer.tell(PROGRESS, &progress("2", f64::from(n)));
        assert_eq!(peer.finished, []);
    }
    peer.wait(millis(10));
    assert_eq!(peer.outcome(), Err(CallError::TimedOut));
}

#[test]
fn nothing_but_progress_of_the_call_keeps_it_waiting() {
    spec!("PRG-12");
    let mut peer = Peer::ready(Version::V2025_11_25);
    let timeouts = Timeouts { idle: Some(millis(100)), total: None };
    peer.tool(CallOptions { timeouts, ..CallOptions::default() });
    peer.tell(PROGRESS, &progress("2", 5.0));
    peer.forget();
    peer.wait(millis(99));
    for (token, value) in [("2", 5.0), ("2", 4.0), ("3", 6.0), ("\"2\"", 6.0), ("1.5", 6.0)] {
        peer.tell(PROGRESS, &progress(token, value));
    }
    peer.tell("notifications/message", r#"{"level":"info","data":1}"#);
    peer.tell(PROGRESS, r#"{"progressToken":2}"#);
    peer.ask("9", "ping", "{}");
    assert_eq!(peer.dropped.len(), 6);
    peer.wait(millis(1));
    assert_eq!(peer.outcome(), Err(CallError::TimedOut));
}

#[test]
fn progress_is_told_while_it_goes_forward() {
    spec!("PRG-03", "PRG-08");
    let (mut peer, _) = Peer::calling(Version::V2025_03_26);
    peer.tell(PROGRESS, r#"{"progressToken":2,"progress":0.5,"total":2.5,"message":"Half"}"#);
    peer.tell(PROGRESS, &progress("2", 0.25));
    peer.tell(PROGRESS, &progress("2", 0.75));
    peer.reply("2", "{}");
    peer.tell(PROGRESS, &progress("2", 1.0));
    insta::assert_snapshot!(peer.transcript(), @r#"
    < {"method":"notifications/progress","params":{"progressToken":2,"progress":0.5,
          "total":2.5,"message":"Half"}}
    * ClientCallId(1) is at 0.5 of Some(2.5): Some("Half")
    < {"method":"notifications/progress","params":{"progressToken":2,"progress":0.25}}
    * dropped Notification("notifications/progress")
    < {"method":"notifications/progress","params":{"progressToken":2,"progress":0.75}}
    * ClientCallId(1) is at 0.75 of None: None
    < {"id":2,"result":{}}
    * ClientCallId(1) finished: {}
    < {"method":"notifications/progress","params":{"progressToken":2,"progress":1}}
    * dropped Notification("notifications/progress")
    "#);
}

#[test]
fn a_call_without_a_token_has_no_progress() {
    let mut peer = Peer::ready_with(Version::V2026_07_28, |config| {
        config.timeouts = Timeouts::default();
    });
    peer.tool(CallOptions::default());
    assert!(!peer.line().contains("progressToken"));
    peer.tell(PROGRESS, &progress("2", 1.0));
    assert_eq!(peer.dropped, [DroppedByClient::Notification(PROGRESS.into())]);
    assert_eq!(peer.pipe.poll_timeout(), None);
}

#[test]
fn a_cancelled_call_ends_at_once_and_its_late_answer_is_dropped() {
    spec!("CAN-06", "CAN-12", "CAN-18");
    for version in Version::ALL {
        let (mut peer, call) = Peer::calling(version);
        peer.cancel(call).unwrap();
        assert_eq!(peer.outcome(), Err(CallError::Cancelled));
        let params = peer.member("/params").unwrap().to_string();
        assert_eq!(params, r#"{"reason":"Enough","requestId":2}"#);
        peer.reply("2", "{}");
        peer.tell(PROGRESS, &progress("2", 1.0));
        assert_eq!((peer.finished.len(), peer.dropped.len()), (0, 2));
        assert_eq!(peer.cancel(call), Err(CommandError::Gone));
        assert_eq!(peer.lines.len(), 0);
    }
}

#[test]
fn the_end_of_the_server_ends_every_call_and_says_what_is_known() {
    spec!("LIF-03", "LIF-04", "RPC-36");
    for version in Version::ALL {
        let (mut peer, first) = Peer::calling(version);
        let second = peer.call("resources/read", r#"{"uri":"a:1"}"#, patient());
        peer.exit();
        let lost = |call| (call, Err(CallError::Lost(Delivery::OutcomeUnknown)));
        assert_eq!(core::mem::take(&mut peer.finished), [lost(first), lost(second)]);
        let call = peer.tool(patient());
        assert_eq!(peer.finished, [(call, Err(CallError::Lost(Delivery::NotSent)))]);
        assert_eq!((peer.pipe.poll_timeout(), peer.pipe.client().calls().count()), (None, 0));
        assert_eq!(peer.notify("own/hint"), Err(CommandError::Gone));
    }
}

#[test]
fn an_answer_that_came_with_the_end_is_an_answer() {
    let (mut peer, _) = Peer::calling(Version::V2025_11_25);
    peer.pipe.handle_bytes(peer.now, b"{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{}}\n{\"json");
    peer.exit();
    assert_eq!(peer.outcome(), Ok(json("{}")));
    assert_eq!(peer.dropped, [DroppedByClient::Partial(6)]);
}

#[test]
fn results_are_kept_as_they_came() {
    spec!("META-15", "RES-13", "RPC-38", "TOL-11");
    let text = r#"{"x": 1.50, "_meta":{"io.modelcontextprotocol/serverInfo":{},"a":null},"content":[ ],"inputRequests":5}"#;
    for version in Version::ALL {
        let (mut peer, _) = Peer::calling(version);
        peer.reply("2", text);
        assert_eq!(peer.outcome(), Ok(json(text)));
    }
}

#[test]
fn the_type_of_a_result_is_one_that_was_agreed() {
    spec!("META-14", "META-15", "META-16", "VER-12");
    let unknown = |text: &str| Err(CallError::Violation(Violation::UnknownResultType(json(text))));
    for (text, accepted, with_extension) in [
        (r#"{"content":[]}"#, true, true),
        (r#"{"resultType":"complete"}"#, true, true),
        (r#"{"resultType":null}"#, true, true),
        (r#"{"resultType":"task","taskId":"1"}"#, false, true),
        (r#"{"resultType":"Complete"}"#, false, true),
        (r#"{"resultType":5}"#, false, false),
        (r#"{"resultType":{}}"#, false, false),
    ] {
        for (extended, accepted) in [(false, accepted), (true, with_extension)] {
            let mut peer = Peer::ready_with(Version::V2026_07_28, |config| {
                if extended {
                    let extensions = &mut config.capabilities.extensions;
                    extensions.insert("com.example/e".into(), json("{}"));
                }
            });
            peer.tool(patient());
            peer.reply("2", text);
            let expected = if accepted { Ok(json(text)) } else { unknown(text) };
            assert_eq!(peer.outcome(), expected, "{text}");
        }
        let (mut peer, _) = Peer::calling(Version::V2025_11_25);
        peer.reply("2", text);
        assert_eq!(peer.outcome(), Ok(json(text)), "older revisions have no such member");
    }
}

#[test]
fn logs_belong_to_the_only_call_that_asked_for_them() {
    let mut peer = Peer::ready(Version::V2026_07_28);
    peer.listen(&Listening { tools: true, ..Listening::default() });
    peer.tool(CallOptions { log_level: Some(Level::Info), ..patient() });
    peer.tool(patient());
    peer.forget();
    let log = r#"{"level":"info","logger":"l","data":{"a":1}}"#;
    peer.tell("notifications/message", log);
    assert_eq!(peer.pipe.set_level(peer.now, Level::Debug), None);
    peer.tell("notifications/message", log);
    peer.tell("notifications/message", r#"{"level":"loud","data":1}"#);
    insta::assert_snapshot!(peer.transcript(), @r#"
    < {"method":"notifications/message","params":{"level":"info","logger":"l",
          "data":{"a":1}}}
    * info of Some("l") in Some(ClientCallId(2)): {"a":1}
    < {"method":"notifications/message","params":{"level":"info","logger":"l",
          "data":{"a":1}}}
    * info of Some("l") in None: {"a":1}
    < {"method":"notifications/message","params":{"level":"loud","data":1}}
    * dropped Notification("notifications/message")
    "#);
}

#[test]
fn logs_of_a_session_belong_to_no_call() {
    let mut peer = Peer::ready(Version::V2025_06_18);
    let level = peer.pipe.set_level(peer.now, Level::Info).unwrap();
    peer.drain();
    peer.tell("notifications/message", r#"{"level":"info","data":"x"}"#);
    peer.reply("2", "{}");
    assert_eq!(peer.finished, [(level, Ok(json("{}")))]);
    insta::assert_snapshot!(peer.transcript(), @r#"
    > {"id":2,"method":"logging/setLevel","params":{"level":"info",
          "_meta":{"progressToken":2}}}
    < {"method":"notifications/message","params":{"level":"info","data":"x"}}
    * info of None in None: "x"
    < {"id":2,"result":{}}
    * ClientCallId(1) finished: {}
    "#);
}

#[test]
fn a_server_that_does_not_log_is_told_no_level() {
    spec!("INI-17", "INI-18");
    for (declared, told) in [("{}", 0), (r#"{"logging":null}"#, 0), (r#"{"logging":{}}"#, 1)] {
        let mut peer = Peer::with(|config| config.era = Era::Legacy).started();
        let result = format!(r#"{{"protocolVersion":"2025-11-25","capabilities":{declared}}}"#);
        peer.reply("1", &result);
        peer.forget();
        let level = peer.pipe.set_level(peer.now, Level::Info);
        peer.drain();
        assert_eq!((level.iter().count(), peer.lines.len()), (told, told), "{declared}");
        let mut early = Peer::with(|config| config.era = Era::Legacy).started();
        assert_eq!(early.pipe.set_level(early.now, Level::Info), None);
        early.forget();
        early.reply("1", &result);
        assert_eq!(early.lines.len(), 1 + told, "initialized, and the level: {declared}");
    }
}

#[test]
fn there_are_only_so_many_calls_at_once() {
    let mut peer = Peer::ready_with(Version::V2026_07_28, |config| config.limits.calls_max = 2);
    peer.tool(patient());
    peer.tool(patient());
    let third = peer.tool(patient());
    assert_eq!(peer.finished, [(third, Err(CallError::OverLimit))]);
    peer.reply("2", "{}");
    peer.forget();
    peer.tool(patient());
    assert_eq!(peer.lines.len(), 1);
}

#[test]
fn notifications_are_those_of_the_revision() {
    spec!("PRG-14", "ROO-03");
    let roots = "notifications/roots/list_changed";
    let mut peer = Peer::ready(Version::V2025_11_25);
    assert_eq!(peer.notify(roots), Ok(()));
    assert!(peer.line().contains(roots));
    let mut peer = Peer::ready(Version::V2026_07_28);
    for method in [roots, PROGRESS, "notifications/initialized"] {
        assert_eq!(peer.notify(method), Err(CommandError::NotInThisRevision));
    }
    assert_eq!(peer.notify("own/hint"), Ok(()));
    assert_eq!(peer.lines.len(), 1);
}
