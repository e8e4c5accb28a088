//! The common paths of both eras.

use super::*;

#[test]
fn a_session_is_opened_and_serves_a_call() {
    spec!("SHL-06", "SHL-09", "SHL-32");
    let mut site = Site::new();
    site.post(&[], &initialize("0", "2025-11-25"));
    site.say(INITIALIZED);
    site.say(&call("1"));
    site.answer(0).unwrap();
    insta::assert_snapshot!(site.transcript(), @r#"
    > POST #1 {"id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25",
          "capabilities":{all},"clientInfo":{"name":"c","version":"1"}}}
    < #1 200 mcp-session-id={session 1} {"id":0,
          "result":{"protocolVersion":"2025-11-25","capabilities":{"logging":{},
          "completions":{},"prompts":{"listChanged":true},"resources":{"subscribe":true,
          "listChanged":true},"tools":{"listChanged":true}},"serverInfo":{"name":"s",
          "version":"1"}}}
    * session #1 opened: 2025-11-25
    > POST #2 Mcp-Session-Id={session 1} {"method":"notifications/initialized"}
    < #2 202
    > POST #3 Mcp-Session-Id={session 1} {"id":1,"method":"tools/call",
          "params":{"name":"echo","arguments":{"n":1}}}
    * call #2 for 1: tools/call echo {"n":1}
    < #3 200 {"id":1,"result":{"nth":0}}
    "#);
}

#[test]
fn a_modern_call_needs_no_session() {
    spec!("SHM-01", "SHM-17", "SHM-31");
    let mut site = Site::new();
    site.modern(&modern("1", "tools/call", TOOL));
    site.answer(0).unwrap();
    insta::assert_snapshot!(site.transcript(), @r#"
    > POST #1 MCP-Protocol-Version=2026-07-28 Mcp-Method=tools/call Mcp-Name=echo
          {"id":1,"method":"tools/call","params":{"name":"echo","arguments":{"n":1},
          "_meta":{modern}}}
    * call #1 for 1: tools/call echo {"n":1}
    < #1 200 {"id":1,"result":{"resultType":"complete","nth":0,
          "_meta":{"mcp/serverInfo":{"name":"s","version":"1"}}}}
    "#);
    assert!(site.endpoint.is_empty());
}

#[test]
fn what_is_said_before_the_answer_makes_a_stream() {
    spec!("SHL-09", "SHL-11", "SHL-13", "SHL-14", "SHL-26");
    let mut site = Site::calling(Version::V2025_06_18);
    site.log(0).unwrap();
    site.answer(0).unwrap();
    insta::assert_snapshot!(site.transcript(), @r#"
    < #3 200 stream
    < #3 id: {stream 1}-1 {"method":"notifications/message","params":{"level":"error",
          "data":"said"}}
    < #3 id: {stream 1}-2 {"id":1,"result":{"nth":0}}
    < #3 end
    "#);
}

#[test]
fn a_stream_of_2025_11_25_begins_with_a_cursor() {
    spec!("SHL-25");
    let mut site = Site::calling(Version::V2025_11_25);
    site.log(0).unwrap();
    site.answer(0).unwrap();
    insta::assert_snapshot!(site.transcript(), @r#"
    < #3 200 stream
    < #3 id: {stream 1}-0 retry: 1000 data:
    < #3 id: {stream 1}-1 {"method":"notifications/message","params":{"level":"error",
          "data":"said"}}
    < #3 id: {stream 1}-2 {"id":1,"result":{"nth":0}}
    < #3 end
    "#);
}

#[test]
fn a_modern_stream_has_no_event_ids() {
    spec!("SHM-17", "SHM-33");
    let mut site = Site::new();
    let body = modern("1", "tools/call", TOOL);
    let token = r#""_meta":{"progressToken":7,"#;
    site.modern(&body.replace(r#""_meta":{"#, token));
    site.progress(0, 1.0).unwrap();
    site.answer(0).unwrap();
    site.wait(Duration::from_mins(1));
    insta::assert_snapshot!(site.transcript(), @r#"
    > POST #1 MCP-Protocol-Version=2026-07-28 Mcp-Method=tools/call Mcp-Name=echo
          {"id":1,"method":"tools/call","params":{"name":"echo","arguments":{"n":1},
          "_meta":{"progressToken":7,"mcp/protocolVersion":"2026-07-28",
          "mcp/clientCapabilities":{all}}}}
    * call #1 for 1: tools/call echo {"n":1}
    < #1 200 stream
    < #1 {"method":"notifications/progress","params":{"progressToken":7,"progress":1}}
    < #1 {"id":1,"result":{"resultType":"complete","nth":0,
          "_meta":{"mcp/serverInfo":{"name":"s","version":"1"}}}}
    < #1 end
    "#);
    assert!(site.endpoint.is_empty());
}

#[test]
fn the_machine_answers_by_itself_on_the_exchange_that_asked() {
    let mut site = Site::operating(Version::V2025_11_25);
    site.say(&legacy("1", "ping", "{}"));
    site.modern(&modern("2", "server/discover", ""));
    insta::assert_snapshot!(site.transcript(), @r#"
    > POST #3 Mcp-Session-Id={session 1} {"id":1,"method":"ping","params":{}}
    < #3 200 {"id":1,"result":{}}
    > POST #4 MCP-Protocol-Version=2026-07-28 Mcp-Method=server/discover {"id":2,
          "method":"server/discover","params":{"_meta":{modern}}}
    < #4 200 {"id":2,"result":{"resultType":"complete",
          "supportedVersions":["2026-07-28"],"capabilities":{"logging":{},
          "completions":{},"prompts":{"listChanged":true},"resources":{"subscribe":true,
          "listChanged":true},"tools":{"listChanged":true}},"ttlMs":0,
          "cacheScope":"private","_meta":{"mcp/serverInfo":{"name":"s","version":"1"}}}}
    "#);
}

#[test]
fn a_head_says_how_a_response_is_to_be_treated() {
    spec!("SHL-15");
    let mut site = Site::operating(Version::V2025_11_25);
    let stream = site.get();
    let headers = &site.got[&stream].headers;
    insta::assert_debug_snapshot!(headers, @r#"
    [
        (
            "content-type",
            "text/event-stream",
        ),
        (
            "cache-control",
            "no-cache, no-transform",
        ),
        (
            "x-accel-buffering",
            "no",
        ),
    ]
    "#);
    let id = site.sessions[0].1.clone();
    let page = [("Mcp-Session-Id", &*id), ("Origin", "http://localhost:5173")];
    let whole = site.post(&page, &legacy("1", "ping", "{}"));
    insta::assert_debug_snapshot!(site.got[&whole].headers, @r#"
    [
        (
            "access-control-allow-origin",
            "http://localhost:5173",
        ),
        (
            "access-control-expose-headers",
            "Mcp-Session-Id, MCP-Protocol-Version, WWW-Authenticate",
        ),
        (
            "vary",
            "Origin",
        ),
        (
            "content-type",
            "application/json",
        ),
    ]
    "#);
}

#[test]
fn an_answer_that_takes_long_gets_a_stream() {
    spec!("SHL-26", "SHL-45", "SHM-35");
    let mut site = Site::calling(Version::V2025_03_26);
    site.modern(&modern("1", "tools/call", TOOL));
    site.forget();
    site.wait(Duration::from_secs(16));
    site.answer(0).unwrap();
    site.answer(1).unwrap();
    insta::assert_snapshot!(site.transcript(), @r#"
    < #3 200 stream
    < #3 :
    < #4 200 stream
    < #4 :
    < #4 :
    < #4 :
    < #3 id: {stream 1}-1 {"id":1,"result":{"nth":0}}
    < #3 end
    < #4 {"id":1,"result":{"resultType":"complete","nth":1,
          "_meta":{"mcp/serverInfo":{"name":"s","version":"1"}}}}
    < #4 end
    "#);
}

#[test]
fn a_question_goes_on_the_stream_of_its_call() {
    spec!("SAM-13", "SHL-16", "SHL-20", "SHL-21", "SHL-52");
    let mut site = Site::calling(Version::V2025_11_25);
    let general = site.get();
    site.ask(0).unwrap();
    site.say(r#"{"jsonrpc":"2.0","id":"2.1.k","result":{"action":"decline"}}"#);
    site.answer(1).unwrap();
    insta::assert_snapshot!(site.transcript(), @r#"
    > GET #4 Mcp-Session-Id={session 1}
    < #4 200 stream
    < #4 id: {stream 1}-0 retry: 1000 data:
    < #3 200 stream
    < #3 id: {stream 2}-0 retry: 1000 data:
    < #3 id: {stream 2}-1 {"id":"2.1.k","method":"elicitation/create",
          "params":{"message":"Name?","requestedSchema":{"type":"object"},
          "_meta":{"progressToken":"2.1.k"}}}
    > POST #5 Mcp-Session-Id={session 1} {"id":"2.1.k","result":{"action":"decline"}}
    < #5 202
    * call #2 for 1: tools/call echo {"n":1}; k = {"action":"decline"}
    < #3 id: {stream 2}-2 {"id":1,"result":{"nth":1}}
    < #3 end
    "#);
    assert_eq!(site.messages(general).len(), 0);
}

#[test]
fn errors_of_legacy_handlers_travel_with_200_and_modern_ones_have_statuses() {
    spec!("SHL-50", "SHM-22", "SHM-24");
    for (code, modern_status) in
        [(-32601, 404), (-32602, 200), (-32603, 200), (-32021, 400), (7, 200)]
    {
        let mut site = Site::calling(Version::V2025_06_18);
        let modern = site.modern(&modern("1", "tools/call", TOOL));
        site.fail(0, code).unwrap();
        site.fail(1, code).unwrap();
        let legacy = ExchangeId(3);
        let statuses = [legacy, modern].map(|exchange| site.got[&exchange].status);
        assert_eq!(statuses, [Some(200), Some(modern_status)], "{code}");
    }
}

#[test]
fn what_is_told_to_operators_begins_and_ends_with_each_exchange() {
    let mut site = Site::operating(Version::V2025_11_25);
    site.say(&call("1"));
    site.wait(Duration::from_secs(2));
    site.answer(0).unwrap();
    site.post(&[], "{");
    let gone = site.say(&call("2"));
    site.disconnect(gone);
    let told: String = site
        .telemetry
        .iter()
        .map(|telemetry| match telemetry {
            Telemetry::ExchangeStarted { exchange, method, session } => {
                format!("#{} {method} {:?}\n", exchange.0, session.map(|key| key.0))
            }
            Telemetry::ExchangeEnded { exchange, status, duration } => {
                format!("#{} ended {status:?} {duration:?}\n", exchange.0)
            }
            other => format!("{other:?}\n"),
        })
        .collect();
    insta::assert_snapshot!(told, @"
    #3 tools/call Some(1)
    #3 ended Some(200) 2s
    #4 POST None
    Refused { exchange: ExchangeId(4), reason: Body }
    #4 ended Some(400) 0ns
    #5 tools/call Some(1)
    #5 ended None 0ns
    ");
}
