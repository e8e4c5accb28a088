//! Calls and subscriptions of 2026-07-28.

use super::*;
use crate::client::Listening;

#[test]
fn a_request_says_in_its_header_fields_what_its_body_says() {
    spec!("SHM-02", "SHM-03", "SHM-07", "SHM-10", "SHM-11", "SHM-14", "SHM-37", "SHM-38", "SHM-52");
    let mut net = Net::modern();
    let probe = net.sent[0].clone();
    net.call("tools/call", r#"{"name":"grüß","arguments":{}}"#);
    net.call("resources/read", r#"{"uri":"file:///a%20b"}"#);
    net.call("prompts/get", r#"{"name":" p"}"#);
    net.call("tools/list", "{}");
    let calls = ["tools/call", "resources/read", "prompts/get", "tools/list"];
    let sent: Vec<Seen> = calls.into_iter().map(|method| net.next(method)).collect();
    for seen in sent.iter().chain([&probe]) {
        assert_eq!((seen.verb, &*seen.url), ("POST", URL));
        assert_eq!(seen.header("Accept"), Some("application/json, text/event-stream"));
        assert_eq!(seen.header("Content-Type"), Some("application/json"));
        assert_eq!(seen.header("MCP-Protocol-Version"), Some("2026-07-28"));
        assert_eq!(seen.header("Mcp-Method"), Some(&*seen.method()));
        assert_eq!(seen.header("Authorization"), Some("Bearer secret"));
        assert_eq!((seen.header("Mcp-Session-Id"), seen.header("Last-Event-ID")), (None, None));
        let version = &seen.member("params")["_meta"]["io.modelcontextprotocol/protocolVersion"];
        assert_eq!(version, "2026-07-28");
    }
    let names: Vec<Option<&str>> = sent.iter().map(|seen| seen.header("Mcp-Name")).collect();
    let expected =
        [Some("=?base64?Z3LDvMOf?="), Some("file:///a%20b"), Some("=?base64?IHA=?="), None];
    assert_eq!(names, expected);
}

#[test]
fn a_notification_names_its_method_too() {
    spec!("SHM-07");
    let mut net = Net::modern();
    net.http.notify("notifications/x", &json("{}")).unwrap();
    net.drain();
    let told = net.next("notifications/x");
    assert_eq!(told.header("Mcp-Method"), Some("notifications/x"));
    assert_eq!(told.header("MCP-Protocol-Version"), Some("2026-07-28"));
    net.respond(&told, 202, &[], "");
    assert_eq!(net.notices, []);
}

#[test]
fn what_one_caller_was_told_is_not_told_to_another() {
    spec!("CCH-10");
    let mut net = Net::modern();
    let lists = |net: &mut Net| {
        net.call("tools/list", "{}");
        let asked = net.sent.len() > net.looked;
        asked.then(|| net.next("tools/list"))
    };
    let page = r#"{"tools":[],"ttlMs":60000,"cacheScope":"private"}"#;
    let first = lists(&mut net).unwrap();
    net.answer(&first, page);
    net.outcome().unwrap();
    let token = |value: &str| Vec::from([("Authorization".into(), value.into())]);
    net.http.set_headers(token("Bearer secret")).unwrap();
    assert!(lists(&mut net).is_none(), "the caller is the same");
    net.outcome().unwrap();
    net.http.set_headers(token("Bearer another")).unwrap();
    let second = lists(&mut net).unwrap();
    net.http.set_headers(token("Bearer third")).unwrap();
    net.answer(&second, page);
    net.outcome().unwrap();
    assert_eq!(lists(&mut net).unwrap().header("Authorization"), Some("Bearer third"));
}

const TOOLS: &str = r#"{"tools":[
    {"name":"good","inputSchema":{"type":"object","properties":{
        "region":{"type":"string","x-mcp-header":"Region"},
        "on":{"type":"boolean","x-mcp-header":"On"},
        "at":{"type":"object","properties":{"n":{"type":"integer","x-mcp-header":"N"}}}}}},
    {"name":"bad","inputSchema":{"type":"object","properties":{
        "x":{"type":"number","x-mcp-header":"X"}}}},
    {"name":"plain","inputSchema":{"type":"object"}}]}"#;

#[test]
fn arguments_go_into_header_fields_once_the_tools_are_known() {
    spec!("SHM-39", "SHM-42", "SHM-44", "SHM-45", "SHM-46", "SHM-48", "SHM-49", "SHM-50", "SHM-52");
    let mut net = Net::modern();
    net.call("tools/list", "{}");
    let list = net.next("tools/list");
    net.answer(&list, TOOLS);
    let tools = net.outcome().unwrap();
    assert!(tools.contains("good") && tools.contains("plain") && !tools.contains("bad"), "{tools}");
    let [HttpNotice::ToolLeftOut { tool, reason }] = &net.notices[..] else {
        panic!("{:?}", net.notices)
    };
    assert!(&**tool == "bad" && reason.contains("type"), "{reason}");
    for (arguments, region, number) in [
        (r#"{"region":"eu west","at":{"n":42}}"#, Some("eu west"), Some("42")),
        (r#"{"region":"日本語"}"#, Some("=?base64?5pel5pys6Kqe?="), None),
        (r#"{"region":null,"at":{"n":null}}"#, None, None),
        ("{}", None, None),
    ] {
        net.call("tools/call", &format!(r#"{{"name":"good","arguments":{arguments}}}"#));
        let call = net.next("tools/call");
        assert_eq!(call.header("Mcp-Param-Region"), region, "{arguments}");
        assert_eq!(call.header("Mcp-Param-N"), number, "{arguments}");
    }
    net.call("tools/call", r#"{"name":"good","arguments":{"on":true}}"#);
    assert_eq!(net.next("tools/call").header("Mcp-Param-On"), Some("true"));
}

#[test]
fn only_so_many_tools_are_remembered_for_their_header_fields() {
    let mut net = Net::with(|config, _| config.limits.mirrored_tools_max = 1);
    let probe = net.next("server/discover");
    net.answer(&probe, &discovered());
    net.call("tools/list", "{}");
    let list = net.next("tools/list");
    let region = r#"{"type":"object","properties":{"r":{"type":"string","x-mcp-header":"R"}}}"#;
    let tool = |name: &str| format!(r#"{{"name":"{name}","inputSchema":{region}}}"#);
    net.answer(&list, &format!(r#"{{"tools":[{},{}]}}"#, tool("one"), tool("two")));
    for (name, field) in [("one", Some("eu")), ("two", None)] {
        net.call("tools/call", &format!(r#"{{"name":"{name}","arguments":{{"r":"eu"}}}}"#));
        assert_eq!(net.next("tools/call").header("Mcp-Param-R"), field, "{name}");
    }
}

#[test]
fn a_call_refused_for_its_header_fields_is_sent_again_once_with_those_of_the_new_list() {
    spec!("SHM-61");
    let mut net = Net::modern();
    net.call("tools/call", r#"{"name":"good","arguments":{"region":"eu"}}"#);
    let first = net.next("tools/call");
    assert_eq!(first.header("Mcp-Param-Region"), None);
    net.refuse(&first, 400, &error(-32020, "null"));
    let list = net.next("tools/list");
    net.answer(&list, TOOLS);
    let second = net.next("tools/call");
    assert_eq!(second.header("Mcp-Param-Region"), Some("eu"));
    assert_ne!(first.id(), second.id());
    net.refuse(&second, 400, &error(-32020, "null"));
    net.nothing_more();
    assert!(matches!(net.outcome(), Err(CallError::Refused(error)) if error.code == -32020));
}

#[test]
fn a_call_refused_for_its_header_fields_in_a_stream_outlives_that_stream() {
    let mut net = Net::modern();
    net.call("tools/call", r#"{"name":"t"}"#);
    let call = net.next("tools/call");
    net.head(&call, 200, &[STREAM]);
    let refusal = error(-32020, "null");
    let refused = format!(r#"{{"jsonrpc":"2.0","id":{},"error":{refusal}}}"#, call.id());
    net.event(&call, "", &refused);
    net.end(&call);
    let list = net.next("tools/list");
    net.answer(&list, r#"{"resultType":"complete","tools":[]}"#);
    let again = net.next("tools/call");
    net.answer(&again, "{}");
    assert_eq!(net.finished.len(), 1);
    assert_eq!(net.outcome().as_deref(), Ok("{}"));
}

#[test]
fn a_call_refused_by_a_liar_before_it_left_waits_for_the_tools_alone() {
    let mut net = Net::modern();
    let calls = [0; 2].map(|_| {
        net.call("tools/call", r#"{"name":"t"}"#);
        net.next("tools/call")
    });
    net.fail(&calls[0], Delivery::NotSent);
    net.head(&calls[1], 200, &[STREAM]);
    let refusal = error(-32020, "null");
    let refused = format!(r#"{{"jsonrpc":"2.0","id":{},"error":{refusal}}}"#, calls[0].id());
    net.event(&calls[1], "", &refused);
    net.next("tools/list");
    net.pass(Duration::from_secs(5));
    net.nothing_more();
}

#[test]
fn a_subscription_whose_stream_never_holds_is_given_up() {
    let mut net = Net::with(|_, http| http.reconnect.attempts = 3);
    let probe = net.next("server/discover");
    net.answer(&probe, &discovered());
    let wish = Listening { tools: true, ..Listening::default() };
    let call = net.http.listen(net.now, wish);
    net.drain();
    for _ in 0..3 {
        let listen = net.next("subscriptions/listen");
        net.respond(&listen, 200, &[STREAM], "");
        assert!(net.finished.is_empty());
        net.pass(Duration::from_secs(4));
    }
    let listen = net.next("subscriptions/listen");
    net.respond(&listen, 200, &[STREAM], "");
    assert_eq!(net.notices.last(), Some(&HttpNotice::StreamLost { call: Some(call), again: None }));
    assert_eq!(net.outcome(), Err(CallError::Lost(Delivery::OutcomeUnknown)));
    net.pass(Duration::from_hours(1));
    net.nothing_more();
}

#[test]
fn a_call_is_refused_if_the_tools_cannot_be_learned() {
    let mut net = Net::modern();
    let call = net.call("tools/call", r#"{"name":"good"}"#);
    let first = net.next("tools/call");
    net.refuse(&first, 400, &error(-32020, "null"));
    let list = net.next("tools/list");
    net.refuse(&list, 200, &error(-32601, "null"));
    net.nothing_more();
    assert_eq!(net.finished[0].0, call);
    assert!(matches!(net.outcome(), Err(CallError::Refused(error)) if error.code == -32020));
}

#[test]
fn an_answer_is_read_under_any_status_and_in_either_form() {
    spec!("SHM-15", "SHM-17", "SHM-68");
    for status in [200, 202, 400, 404, 409, 500, 503] {
        for stream in [false, true] {
            let mut net = Net::modern();
            net.call("tools/call", r#"{"name":"t"}"#);
            let call = net.next("tools/call");
            let answer = format!(r#"{{"jsonrpc":"2.0","id":{},"result":{{"n":1}}}}"#, call.id());
            if stream {
                net.respond(&call, status, &[STREAM], &format!("data: {answer}\n\n"));
            } else {
                net.respond(&call, status, &[JSON], &answer);
            }
            assert_eq!(net.outcome().as_deref(), Ok(r#"{"n":1}"#), "{status} {stream}");
        }
    }
}

#[test]
fn an_error_without_an_id_answers_the_request_of_its_exchange() {
    spec!("RPC-20", "SHL-53", "SHM-68");
    let mut net = Net::modern();
    net.call("tools/call", r#"{"name":"t"}"#);
    let call = net.next("tools/call");
    let body = r#"{"jsonrpc":"2.0","error":{"code":-32602,"message":"no"}}"#;
    net.respond(&call, 400, &[JSON], body);
    assert!(matches!(net.outcome(), Err(CallError::Refused(error)) if error.code == -32602));
}

#[test]
fn the_end_of_the_exchange_is_what_cancels() {
    spec!("LIF-14");
    let mut net = Net::modern();
    let call = net.call("tools/call", r#"{"name":"t"}"#);
    let sent = net.next("tools/call");
    net.http.cancel(call, None).unwrap();
    net.drain();
    assert_eq!(net.last_aborted(), Some(sent.exchange));
    assert_eq!(net.outcome(), Err(CallError::Cancelled));
    let options = CallOptions {
        timeouts: Timeouts { idle: Some(millis(10)), total: None },
        ..CallOptions::default()
    };
    net.http.call(net.now, "tools/call", &json(r#"{"name":"t"}"#), options);
    net.drain();
    let sent = net.next("tools/call");
    net.pass(millis(10));
    assert_eq!(net.last_aborted(), Some(sent.exchange));
    assert_eq!(net.outcome(), Err(CallError::TimedOut));
    net.nothing_more();
}

#[test]
fn a_stream_that_breaks_loses_its_call_and_nothing_is_sent_again() {
    spec!("SHM-36", "SHM-37");
    let mut net = Net::modern();
    for end in 0..3 {
        net.call("tools/call", r#"{"name":"t"}"#);
        let call = net.next("tools/call");
        net.head(&call, 200, &[STREAM]);
        // Ids mean nothing in this revision.
        net.body(&call, "id: 1\ndata:\n\n");
        match end {
            0 => net.end(&call),
            1 => net.fail(&call, Delivery::OutcomeUnknown),
            _ => net.fail(&call, Delivery::NotSent),
        }
        assert_eq!(net.outcome(), Err(CallError::Lost(Delivery::OutcomeUnknown)));
        net.pass(Duration::from_hours(1));
        net.nothing_more();
    }
}

#[test]
fn a_request_that_never_left_is_sent_again_a_few_times() {
    let mut net = Net::modern();
    net.call("tools/call", r#"{"name":"t"}"#);
    let first = net.next("tools/call");
    net.fail(&first, Delivery::NotSent);
    net.nothing_more();
    for _ in 0..2 {
        net.pass(Duration::from_secs(1));
        let again = net.next("tools/call");
        assert_eq!(again.body, first.body);
        net.fail(&again, Delivery::NotSent);
    }
    assert_eq!(net.outcome(), Err(CallError::Lost(Delivery::NotSent)));
    net.pass(Duration::from_hours(1));
    net.nothing_more();
    net.call("tools/call", r#"{"name":"t"}"#);
    let call = net.next("tools/call");
    net.fail(&call, Delivery::OutcomeUnknown);
    assert_eq!(net.outcome(), Err(CallError::Lost(Delivery::OutcomeUnknown)));
}

#[test]
fn a_round_of_questions_goes_on_in_a_new_request() {
    let mut net = Net::modern();
    net.call("tools/call", r#"{"name":"t","arguments":{"a":1}}"#);
    let first = net.next("tools/call");
    let ask = r#"{"message":"Name?","requestedSchema":{"type":"object","properties":{}}}"#;
    let request = format!(r#"{{"method":"elicitation/create","params":{ask}}}"#);
    let members = format!(r#""requestState":"é","inputRequests":{{"k":{request}}}"#);
    net.answer(&first, &format!(r#"{{"resultType":"input_required",{members}}}"#));
    let question = net.questions[0];
    let answer = crate::schema::Answer::Given(json(r#"{"action":"accept","content":{}}"#));
    net.http.answer(net.now, question, answer).unwrap();
    net.drain();
    let second = net.next("tools/call");
    assert_ne!(first.id(), second.id());
    assert_eq!(second.header("Mcp-Name"), Some("t"));
    assert_eq!(second.member("params")["requestState"], "é");
    assert_eq!(second.member("params")["inputResponses"]["k"]["action"], "accept");
    net.answer(&second, "{}");
    assert_eq!(net.outcome().as_deref(), Ok("{}"));
}

fn acknowledge(net: &mut Net, listen: &Seen) {
    net.head(listen, 200, &[STREAM]);
    let id = listen.id();
    let meta = format!(r#""_meta":{{"io.modelcontextprotocol/subscriptionId":{id}}}"#);
    let params = format!(r#"{{"notifications":{{"toolsListChanged":true}},{meta}}}"#);
    let method = "notifications/subscriptions/acknowledged";
    net.event(listen, "", &format!(r#"{{"jsonrpc":"2.0","method":"{method}","params":{params}}}"#));
}

#[test]
fn a_subscription_outlives_its_stream() {
    spec!("SHM-36");
    let mut net = Net::modern();
    let wish = Listening { tools: true, ..Listening::default() };
    let call = net.http.listen(net.now, wish);
    net.drain();
    let mut ids = Vec::new();
    for round in 1..4 {
        let listen = net.next("subscriptions/listen");
        assert!(!ids.contains(&listen.id()), "a new id");
        ids.push(listen.id());
        acknowledge(&mut net, &listen);
        assert_eq!(net.listening, round);
        net.fail(&listen, Delivery::OutcomeUnknown);
        let again = net.notices.pop().unwrap();
        assert!(
            matches!(again, HttpNotice::StreamLost { call: Some(c), again: Some(_) } if c == call)
        );
        net.nothing_more();
        net.pass(Duration::from_secs(3));
    }
    let listen = net.next("subscriptions/listen");
    acknowledge(&mut net, &listen);
    let result = format!(r#"{{"jsonrpc":"2.0","id":{},"result":{{}}}}"#, listen.id());
    net.event(&listen, "", &result);
    net.end(&listen);
    assert_eq!(net.outcome().as_deref(), Ok("{}"), "the server has ended it");
    net.pass(Duration::from_hours(1));
    net.nothing_more();
}

#[test]
fn a_subscription_that_is_cancelled_between_two_streams_is_over() {
    let mut net = Net::modern();
    let wish = Listening { tools: true, ..Listening::default() };
    let call = net.http.listen(net.now, wish);
    net.drain();
    let listen = net.next("subscriptions/listen");
    acknowledge(&mut net, &listen);
    net.end(&listen);
    net.http.cancel(call, None).unwrap();
    net.drain();
    assert_eq!(net.outcome(), Err(CallError::Cancelled));
    net.pass(Duration::from_hours(1));
    net.nothing_more();
}

#[test]
fn what_the_server_leaves_open_after_the_answer_is_aborted() {
    let mut net = Net::modern();
    net.call("tools/call", r#"{"name":"t"}"#);
    let call = net.next("tools/call");
    net.head(&call, 200, &[STREAM]);
    net.result_event(&call, &call, "{}");
    assert_eq!(net.outcome().as_deref(), Ok("{}"));
    assert_eq!(net.last_aborted(), None, "the connection may serve again");
    net.pass(Duration::from_secs(5));
    assert_eq!(net.last_aborted(), Some(call.exchange));
    assert_eq!(net.http.poll_timeout(), None);
}
