//! The end in good order.

use super::*;

#[test]
fn an_endpoint_that_is_idle_closes_at_once() {
    let mut site = Site::new();
    site.shut_down();
    site.shut_down();
    insta::assert_snapshot!(site.transcript(), @"
    * shut down
    * close
    * shut down
    ");
    assert!(site.endpoint.is_drained());
    assert_eq!(site.endpoint.poll_timeout(), None);
}

#[test]
fn running_calls_are_finished_and_nothing_new_begins() {
    let mut site = Site::calling(Version::V2025_11_25);
    site.get();
    site.modern(&modern("1", "tools/call", TOOL));
    site.forget();
    site.shut_down();
    for exchange in [
        site.say(&call("2")),
        site.modern(&modern("1", "tools/call", TOOL)),
        site.get(),
        site.post(&[], &initialize("0", "2025-11-25")),
    ] {
        assert_eq!(site.got[&exchange].status, Some(503));
    }
    let heard = site.say(&cancel("99"));
    assert_eq!(site.got[&heard].status, Some(202));
    site.answer(0).unwrap();
    assert!(!site.endpoint.is_drained());
    site.answer(1).unwrap();
    insta::assert_snapshot!(site.transcript(), @r#"
    * shut down
    < #4 retry: 1000
    < #4 end
    > POST #6 Mcp-Session-Id={session 1} {"id":2,"method":"tools/call",
          "params":{"name":"echo","arguments":{"n":1}}}
    * refused: ShuttingDown
    < #6 503 {"id":2,"error":{"code":-32603,"message":"The server is shutting down"}}
    > POST #7 MCP-Protocol-Version=2026-07-28 Mcp-Method=tools/call Mcp-Name=echo
          {"id":1,"method":"tools/call","params":{"name":"echo","arguments":{"n":1},
          "_meta":{modern}}}
    * refused: ShuttingDown
    < #7 503 {"id":1,"error":{"code":-32603,"message":"The server is shutting down"}}
    > GET #8 Mcp-Session-Id={session 1}
    * refused: ShuttingDown
    < #8 503 {"error":{"code":-32603,"message":"The server is shutting down"}}
    > POST #9 {"id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25",
          "capabilities":{all},"clientInfo":{"name":"c","version":"1"}}}
    * refused: ShuttingDown
    < #9 503 {"id":0,"error":{"code":-32603,"message":"The server is shutting down"}}
    > POST #10 Mcp-Session-Id={session 1} {"method":"notifications/cancelled",
          "params":{"requestId":99}}
    < #10 202
    * dropped Notification("notifications/cancelled")
    < #3 200 {"id":1,"result":{"nth":0}}
    < #5 200 {"id":1,"result":{"resultType":"complete","nth":1,
          "_meta":{"mcp/serverInfo":{"name":"s","version":"1"}}}}
    * session #1 closed: Server
    * close
    "#);
    assert!(site.endpoint.is_drained() && site.endpoint.is_empty());
}

#[test]
fn a_call_that_takes_too_long_is_given_up() {
    let mut site = Site::calling(Version::V2025_11_25);
    site.modern(&modern("1", "tools/call", TOOL));
    site.shut_down();
    site.forget();
    site.wait(Duration::from_secs(10));
    insta::assert_snapshot!(site.transcript(), @"
    < #3 200 stream
    < #3 id: {stream 1}-0 retry: 1000 data:
    < #4 200 stream
    < #4 :
    < #4 :
    < #3 retry: 1000
    < #3 end
    < #4 end
    * call #2 cancelled
    * session #1 closed: Server
    * call #3 cancelled
    * close
    ");
    assert!(site.endpoint.is_empty());
    let late = site.endpoint.handle_command(
        site.now,
        Command::Respond { call: site.calls[0].id, reply: Reply::Result(ResultBody::default()) },
    );
    assert_eq!(late, Err(CommandError::Gone));
}

#[test]
fn a_batch_that_comes_while_calls_are_finished_is_refused() {
    let mut site = Site::calling(Version::V2025_03_26);
    site.shut_down();
    let late = site.say(&format!("[{}]", call("2")));
    assert_eq!(site.got[&late].status, Some(503));
    assert_eq!(site.calls.len(), 1);
}

#[test]
fn a_call_that_is_given_up_before_anything_was_said_is_refused() {
    let mut site = Site::with(|_, http| http.drain = Duration::from_millis(1));
    site.open(Version::V2025_11_25);
    site.say(&call("1"));
    site.shut_down();
    site.forget();
    site.wait(Duration::from_millis(1));
    insta::assert_snapshot!(site.transcript(), @r#"
    < #3 503 {"error":{"code":-32603,"message":"The server is shutting down"}}
    * call #2 cancelled
    * session #1 closed: Server
    * close
    "#);
    assert!(site.endpoint.is_empty());
}
