//! Legacy clients of a server without sessions: each POST stands by itself.

use super::*;

fn site() -> Site {
    Site::with(|_, http| http.sessions = false)
}

#[test]
fn a_handshake_is_a_form_and_gives_no_id() {
    let mut site = site();
    site.post(&[], &initialize("0", "2025-06-18"));
    site.post(&[], INITIALIZED);
    insta::assert_snapshot!(site.transcript(), @r#"
    > POST #1 {"id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18",
          "capabilities":{all},"clientInfo":{"name":"c","version":"1"}}}
    < #1 200 {"id":0,"result":{"protocolVersion":"2025-06-18",
          "capabilities":{"logging":{},"completions":{},"prompts":{},"resources":{},
          "tools":{}},"serverInfo":{"name":"s","version":"1"}}}
    > POST #2 {"method":"notifications/initialized"}
    < #2 202
    "#);
    assert!(site.sessions.is_empty() && site.endpoint.is_empty());
}

#[test]
fn a_call_is_served_in_the_version_of_its_header() {
    spec!("SHL-43", "SHL-44");
    let mut site = site();
    for (version, served) in [
        (None, Version::V2025_03_26),
        (Some("2025-06-18"), Version::V2025_06_18),
        (Some("2025-11-25"), Version::V2025_11_25),
    ] {
        let fields = version.map(|version| ("MCP-Protocol-Version", version));
        let exchange = site.post(fields.as_slice(), &call("1"));
        let nth = site.calls.len() - 1;
        assert_eq!(site.calls[nth].terms.version, served);
        assert_eq!(site.calls[nth].session, None);
        site.answer(nth).unwrap();
        assert_eq!(site.got[&exchange].status, Some(200));
    }
    let unknown = site.post(&[("MCP-Protocol-Version", "1999-01-01")], &call("1"));
    assert_eq!(site.got[&unknown].status, Some(400));
    assert!(site.endpoint.is_empty());
}

#[test]
fn a_level_is_taken_and_forgotten() {
    spec!("SHL-54");
    let mut site = site();
    site.post(&[], &legacy("1", "logging/setLevel", r#"{"level":"error"}"#));
    site.post(&[], &legacy("2", "resources/subscribe", r#"{"uri":"a:1"}"#));
    site.post(&[], &legacy("3", "ping", "{}"));
    site.post(&[], r#"{"jsonrpc":"2.0","id":4,"result":{}}"#);
    insta::assert_snapshot!(site.transcript(), @r#"
    > POST #1 {"id":1,"method":"logging/setLevel","params":{"level":"error"}}
    < #1 200 {"id":1,"result":{}}
    > POST #2 {"id":2,"method":"resources/subscribe","params":{"uri":"a:1"}}
    * refused: Body
    < #2 200 {"id":2,"error":{"code":-32601,"message":"Method not found:
          resources/subscribe"}}
    > POST #3 {"id":3,"method":"ping","params":{}}
    < #3 200 {"id":3,"result":{}}
    > POST #4 {"id":4,"result":{}}
    < #4 202
    * dropped UnknownResponse
    "#);
    assert!(site.endpoint.is_empty());
}

#[test]
fn a_call_may_speak_but_not_ask() {
    let mut site = site();
    site.post(&[], &call("1"));
    site.log(0).unwrap();
    site.ask(0).unwrap();
    site.forget();
    let gone = site.post(&[], &call("1"));
    site.disconnect(gone);
    assert_eq!(site.answer(1), Ok(()));
    assert!(site.endpoint.is_empty());
    let first = site.messages(ExchangeId(1));
    assert!(first[1].contains(r#""error""#) && site.cursor(ExchangeId(1)).is_none());
}

#[test]
fn there_is_nothing_to_get_or_to_delete() {
    spec!("SHL-15", "SHL-40");
    let mut site = site();
    for method in ["GET", "DELETE"] {
        let exchange = site.request(method, &[], "");
        assert_eq!(site.got[&exchange].status, Some(405));
    }
}

#[test]
fn a_batch_is_served_in_2025_03_26() {
    let mut site = site();
    let batch = format!("[{},{}]", call("1"), legacy("2", "ping", "{}"));
    let exchange = site.post(&[], &batch);
    site.answer(0).unwrap();
    let ping = r#"{"jsonrpc":"2.0","id":2,"result":{}}"#;
    let tool = r#"{"jsonrpc":"2.0","id":1,"result":{"nth":0}}"#;
    assert_eq!(site.got[&exchange].body, [format!("[{ping},{tool}]")]);
    let refused = site.post(&[("MCP-Protocol-Version", "2025-06-18")], &batch);
    assert_eq!(site.got[&refused].status, Some(400));
    assert!(site.endpoint.is_empty());
}
