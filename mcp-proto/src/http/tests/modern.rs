//! 2026-07-28: what a head must say, which status an error has, and what a disconnect means.

use super::*;

/// A status, and the code of an error.
type Outcome = (u16, Option<i64>);

type Fields<'f> = &'f [(&'f str, &'f str)];

/// What a request gets whose head says this.
fn status(site: &mut Site, fields: Fields<'_>, body: &str) -> Outcome {
    let exchange = site.post(fields, body);
    let got = &site.got[&exchange];
    let code = got.body.first().and_then(|body| {
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        body.pointer("/error/code")?.as_i64()
    });
    (got.status.unwrap_or(0), code)
}

const VERSION: (&str, &str) = ("MCP-Protocol-Version", "2026-07-28");
const METHOD: (&str, &str) = ("Mcp-Method", "tools/call");
const NAME: (&str, &str) = ("Mcp-Name", "echo");

#[test]
fn the_head_must_say_what_the_body_says() {
    spec!("SHM-04", "SHM-05", "SHM-08", "SHM-09", "SHM-12", "SHM-13", "SHM-62");
    let mut site = Site::new();
    let body = modern("1", "tools/call", TOOL);
    let table: [(Fields<'_>, u16); 11] = [
        (&[VERSION, METHOD, NAME], 0),
        (&[METHOD, NAME], 400),
        (&[VERSION, NAME], 400),
        (&[VERSION, METHOD], 400),
        (&[VERSION, VERSION, METHOD, NAME], 400),
        (&[VERSION, METHOD, METHOD, NAME], 400),
        (&[VERSION, METHOD, NAME, NAME], 400),
        (&[("MCP-Protocol-Version", "2025-11-25"), METHOD, NAME], 400),
        (&[VERSION, ("Mcp-Method", "tools/Call"), NAME], 400),
        (&[VERSION, METHOD, ("Mcp-Name", "Echo")], 400),
        (&[VERSION, METHOD, ("Mcp-Name", "=?base64?ZWNobw==?=")], 0),
    ];
    for (fields, expected) in table {
        let (status, code) = status(&mut site, fields, &body);
        assert_eq!(status, expected, "{fields:?}");
        assert_eq!(code, (status == 400).then_some(-32020), "{fields:?}");
    }
    assert_eq!(site.calls.len(), 2);
}

#[test]
fn of_several_faults_the_first_of_the_ladder_is_told() {
    spec!("ERA-30", "ERA-31", "PNG-02", "SHM-05", "SHM-06", "SHM-22", "SHM-23", "SHM-25");
    let mut site = Site::new();
    let right = modern("1", "tools/call", TOOL);
    let future = right.replace("2026-07-28", "2027-01-01");
    let future_head = ("MCP-Protocol-Version", "2027-01-01");
    let bare = right.replace("clientCapabilities", "other");
    let table: [(Fields<'_>, &str, u16, i64); 9] = [
        // A mismatch comes before a version that is not served,
        (&[VERSION], &future, 400, -32020),
        // which comes before the other fields,
        (&[future_head], &future, 400, -32022),
        // which come before the method,
        (&[VERSION, METHOD, NAME], &modern("1", "no/such", ""), 400, -32020),
        (&[VERSION, ("Mcp-Method", "no/such")], &modern("1", "no/such", ""), 404, -32601),
        // which comes before the rest of the envelope,
        (&[VERSION, METHOD, NAME], &bare, 400, -32602),
        (&[VERSION, ("Mcp-Method", "tools/call")], &modern("1", "tools/call", ""), 400, -32602),
        // and a body that says nothing is told what it lacks.
        (&[VERSION, METHOD, NAME], &call("1"), 400, -32602),
        (&[VERSION], &initialize("1", "2026-07-28"), 400, -32020),
        (&[VERSION, ("Mcp-Method", "ping")], &modern("1", "ping", ""), 404, -32601),
    ];
    for (fields, body, expected, code) in table {
        assert_eq!(status(&mut site, fields, body), (expected, Some(code)), "{fields:?} {body}");
    }
    let echoed = |got: &Got| got.body[0].starts_with(r#"{"jsonrpc":"2.0","id":1,"error""#);
    assert!(site.got.values().all(echoed));
    assert!(site.calls.is_empty() && site.endpoint.is_empty());
}

#[test]
fn what_is_no_request_is_accepted_or_refused() {
    spec!("CAN-16", "SHM-01", "SHM-18", "SHM-19", "SHM-20", "SHM-21");
    let mut site = Site::new();
    let response = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#;
    let batch = format!("[{}]", modern("1", "tools/call", TOOL));
    let table: [(Fields<'_>, &str, Outcome); 8] = [
        (&[VERSION], &cancel("1"), (202, None)),
        (&[VERSION, ("Mcp-Method", "notifications/cancelled")], &cancel("1"), (202, None)),
        (&[VERSION, METHOD], &cancel("1"), (400, Some(-32020))),
        (&[VERSION], response, (400, Some(-32600))),
        (&[VERSION], &batch, (400, Some(-32600))),
        (&[VERSION], "{", (400, Some(-32700))),
        (&[VERSION], "{}", (400, Some(-32600))),
        (&[VERSION], r#"{"jsonrpc":"2.0","id":null,"method":"x"}"#, (400, Some(-32600))),
    ];
    for (fields, body, expected) in table {
        assert_eq!(status(&mut site, fields, body), expected, "{fields:?} {body}");
    }
    assert!(site.endpoint.is_empty());
}

#[test]
fn session_and_event_ids_mean_nothing() {
    spec!("SHM-28", "SHM-29");
    let mut site = Site::operating(Version::V2025_11_25);
    let id = site.sessions[0].1.clone();
    for id in [&*id, "no-such"] {
        let session = [("Mcp-Session-Id", id), ("Last-Event-ID", "no-such")];
        let fields = [&[VERSION, METHOD, NAME][..], &session].concat();
        let exchange = site.post(&fields, &modern("1", "tools/call", TOOL));
        site.answer(site.calls.len() - 1).unwrap();
        assert_eq!(site.got[&exchange].status, Some(200));
        assert_eq!(site.calls.last().unwrap().session, None);
        assert!(site.got[&exchange].headers.iter().all(|(name, _)| *name != "mcp-session-id"));
    }
}

#[test]
fn there_is_nothing_to_get_or_to_delete() {
    spec!("SHM-26", "SHM-27");
    let mut site = Site::operating(Version::V2025_11_25);
    for method in ["GET", "DELETE"] {
        let exchange = site.request(method, &[VERSION], "");
        assert_eq!(site.got[&exchange].status, Some(405));
    }
}

#[test]
fn a_disconnect_cancels_a_call_with_a_stream_or_without() {
    spec!("CAN-10", "CAN-11");
    let mut site = Site::new();
    for streams in [false, true] {
        let exchange = site.modern(&modern("1", "tools/call", TOOL));
        let nth = site.calls.len() - 1;
        if streams {
            site.note_number(nth, 0).unwrap();
        }
        site.forget();
        site.disconnect(exchange);
        assert!(site.calls[nth].is_cancelled());
        let call = site.calls[nth].id.0;
        assert_eq!(
            site.transcript(),
            format!("> #{} is gone\n* call #{call} cancelled\n", exchange.0)
        );
        assert_eq!(site.answer(nth), Err(CommandError::Gone));
        assert!(site.endpoint.is_empty());
    }
}

#[test]
fn what_a_call_says_goes_on_its_stream_and_changes_go_to_those_who_listen() {
    spec!("LIS-07", "LOG-08", "LOG-09", "PRG-10", "SHM-30", "SHM-34");
    let mut site = Site::new();
    let told = r#""_meta":{"progressToken":7,"io.modelcontextprotocol/logLevel":"debug","#;
    let body = modern("1", "tools/call", TOOL).replace(r#""_meta":{"#, told);
    let listens = site.modern(&listen("2", r#"{"toolsListChanged":true}"#));
    let [first, second] = [0; 2].map(|_| site.modern(&body));
    site.progress(0, 1.0).unwrap();
    site.log(1).unwrap();
    site.command(Command::ListChanged(crate::schema::List::Tools)).unwrap();
    for nth in [0, 1] {
        site.answer(nth).unwrap();
    }
    for (exchange, expected) in [
        (first, ["notifications/progress", "null"]),
        (second, ["notifications/message", "null"]),
        (listens, ["notifications/subscriptions/acknowledged", "notifications/tools/list_changed"]),
    ] {
        let messages = site.messages(exchange);
        let methods = messages.iter().map(|message| {
            let message: serde_json::Value = serde_json::from_str(message).unwrap();
            message["method"].as_str().unwrap_or("null").to_string()
        });
        assert_eq!(methods.collect::<Vec<_>>(), expected);
        assert!(site.got[&exchange].headers.contains(&("x-accel-buffering", "no".into())));
    }
}

#[test]
fn an_error_after_something_was_said_travels_in_the_stream() {
    spec!("SHM-67");
    for code in [-32601, -32602, -32021] {
        let mut site = Site::new();
        let exchange = site.modern(&modern("1", "tools/call", TOOL));
        site.note_number(0, 0).unwrap();
        site.fail(0, code).unwrap();
        assert_eq!(site.got[&exchange].status, Some(200));
        let error = format!(r#"{{"jsonrpc":"2.0","id":1,"error":{{"code":{code}"#);
        assert!(site.messages(exchange)[1].starts_with(&error), "{:?}", site.messages(exchange));
    }
}

#[test]
fn equal_ids_of_different_requests_do_not_meet() {
    spec!("CAN-16", "SHM-69");
    let mut site = Site::new();
    let exchanges = [0; 3].map(|_| site.modern(&modern("1", "tools/call", TOOL)));
    let cancel = site.modern(&cancel("1"));
    assert_eq!(site.got[&cancel].status, Some(202));
    for nth in [2, 0, 1] {
        site.answer(nth).unwrap();
    }
    for (nth, exchange) in exchanges.iter().enumerate() {
        assert!(site.got[exchange].body[0].contains(&format!(r#""nth":{nth}"#)));
    }
}

#[test]
fn a_call_that_asks_ends_with_what_it_wants_to_know() {
    spec!("SHM-32");
    let mut site = Site::new();
    let exchange = site.modern(&modern("1", "tools/call", TOOL));
    site.ask(0).unwrap();
    assert!(site.got[&exchange].body[0].contains(r#""resultType":"input_required""#));
    assert_eq!(site.got[&exchange].status, Some(200));
    assert!(site.endpoint.is_empty());
}

#[test]
fn a_subscription_is_a_stream_from_its_acknowledgement_to_its_end() {
    let mut site = Site::new();
    let listens = site.modern(&listen("\"l\"", r#"{"toolsListChanged":true}"#));
    site.command(Command::ListChanged(crate::schema::List::Tools)).unwrap();
    site.command(Command::ListChanged(crate::schema::List::Prompts)).unwrap();
    site.wait(Duration::from_secs(15));
    assert_eq!(site.endpoint.streams().map(|s| s.kind).collect::<Vec<_>>(), [StreamKind::Listen]);
    site.shut_down();
    insta::assert_snapshot!(site.transcript(), @r#"
    > POST #1 MCP-Protocol-Version=2026-07-28 Mcp-Method=subscriptions/listen
          {"id":"l","method":"subscriptions/listen",
          "params":{"notifications":{"toolsListChanged":true},"_meta":{modern}}}
    < #1 200 stream
    < #1 {"method":"notifications/subscriptions/acknowledged",
          "params":{"notifications":{"toolsListChanged":true},
          "_meta":{"mcp/subscriptionId":"l"}}}
    < #1 {"method":"notifications/tools/list_changed",
          "params":{"_meta":{"mcp/subscriptionId":"l"}}}
    < #1 :
    * shut down
    < #1 {"id":"l","result":{"resultType":"complete",
          "_meta":{"mcp/serverInfo":{"name":"s","version":"1"},"mcp/subscriptionId":"l"}}}
    < #1 end
    * close
    "#);
    assert!(site.got[&listens].ended && site.endpoint.is_empty());
}

#[test]
fn a_client_that_goes_away_listens_no_longer() {
    spec!("LIS-10", "LIS-16");
    let mut site = Site::new();
    let listens = site.modern(&listen("\"l\"", r#"{"toolsListChanged":true}"#));
    site.disconnect(listens);
    assert!(site.endpoint.is_empty());
    site.command(Command::ListChanged(crate::schema::List::Tools)).unwrap();
}

#[test]
fn a_server_of_this_revision_alone_refuses_older_clients() {
    spec!("ERA-27");
    let mut site = Site::with(|server, _| server.versions = Vec::from([Version::V2026_07_28]));
    let (status_of, code) = status(&mut site, &[], &initialize("0", "2025-11-25"));
    assert_eq!((status_of, code), (400, Some(-32022)));
    let exchange = ExchangeId(1);
    assert!(site.got[&exchange].body[0].contains("2026-07-28"));
    assert_eq!(status(&mut site, &[], INITIALIZED), (202, None));
    assert_eq!(status(&mut site, &[], &call("1")).0, 400);
    assert_eq!(status(&mut site, &[], r#"{"jsonrpc":"2.0","id":1,"result":{}}"#).0, 400);
    for method in ["GET", "DELETE"] {
        let exchange = site.request(method, &[], "");
        assert_eq!(site.got[&exchange].status, Some(405));
    }
    assert!(site.endpoint.is_empty());
}

#[test]
fn a_server_of_older_revisions_alone_has_not_heard_of_this_one() {
    let versions = [Version::V2025_06_18, Version::V2025_11_25];
    let mut site = Site::with(|server, _| server.versions = versions.to_vec());
    let exchange = site.modern(&modern("1", "tools/call", TOOL));
    assert_eq!(site.got[&exchange].status, Some(400));
    assert!(site.endpoint.is_empty());
}
