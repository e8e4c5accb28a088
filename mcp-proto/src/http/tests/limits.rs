//! Ceilings: what happens at each.

use super::*;

fn as_subject(site: &mut Site, subject: &str) {
    site.grant = Arc::new(Grant { subject: Some(subject.into()), ..Grant::default() });
}

#[test]
fn a_session_has_only_so_many_calls_at_once() {
    spec!("SEC-07");
    let mut site = Site::with(|server, _| server.limits.calls_max = 1);
    site.open(Version::V2025_11_25);
    site.say(&call("1"));
    site.forget();
    site.say(&call("2"));
    insta::assert_snapshot!(site.transcript(), @r#"
    > POST #4 Mcp-Session-Id={session 1} {"id":2,"method":"tools/call",
          "params":{"name":"echo","arguments":{"n":1}}}
    * refused: Limit
    < #4 429 {"id":2,"error":{"code":-32603,"message":"Too many requests in flight"}}
    "#);
    site.answer(0).unwrap();
    site.say(&call("2"));
    assert_eq!(site.calls.len(), 2);
}

#[test]
fn a_subject_has_only_so_many_calls_at_once_in_both_eras() {
    let mut site = Site::with(|server, _| server.limits.calls_per_subject_max = 2);
    as_subject(&mut site, "a");
    site.open(Version::V2025_11_25);
    site.say(&call("1"));
    let lost = site.modern(&modern("1", "tools/call", TOOL));
    for exchange in [site.say(&call("2")), site.modern(&modern("1", "tools/call", TOOL))] {
        assert_eq!(site.got[&exchange].status, Some(429));
    }
    as_subject(&mut site, "b");
    let other = site.modern(&modern("1", "tools/call", TOOL));
    assert_eq!(site.got[&other].status, None);
    as_subject(&mut site, "a");
    site.disconnect(lost);
    site.say(&call("2"));
    assert_eq!(site.calls.len(), 4);
}

#[test]
fn the_server_has_only_so_many_calls_at_once() {
    let mut site = Site::with(|server, _| server.limits.calls_total_max = 1);
    site.modern(&modern("1", "tools/call", TOOL));
    let refused = site.modern(&modern("1", "tools/call", TOOL));
    assert_eq!(site.got[&refused].status, Some(503));
}

#[test]
fn a_subject_has_only_so_many_listens() {
    let mut site = Site::with(|server, _| server.limits.listens_max = 1);
    as_subject(&mut site, "a");
    let body = listen("1", "{}");
    let first = site.modern(&body);
    let refused = site.modern(&body);
    assert_eq!(site.got[&refused].status, Some(429));
    site.disconnect(first);
    let second = site.modern(&body);
    assert_eq!(site.got[&second].status, Some(200));
}

#[test]
fn there_are_only_so_many_streams() {
    let mut site = Site::with(|server, _| server.limits.streams_max = 1);
    site.open(Version::V2025_11_25);
    site.modern(&listen("1", "{}"));
    for exchange in [site.modern(&listen("1", "{}")), site.get()] {
        assert_eq!(site.got[&exchange].status, Some(503));
    }
}

#[test]
fn a_stream_that_replaces_or_resumes_one_is_none_too_many() {
    let mut site = Site::with(|server, _| server.limits.streams_max = 1);
    site.open(Version::V2025_11_25);
    site.get();
    let newer = site.get();
    site.command(Command::ListChanged(crate::schema::List::Tools)).unwrap();
    let cursor = site.cursor(newer).unwrap();
    let resumed = site.resume(&cursor);
    for exchange in [newer, resumed] {
        assert_eq!(site.got[&exchange].status, Some(200));
    }
    assert_eq!(site.endpoint.streams().count(), 1);
}

#[test]
fn only_so_many_calls_of_a_session_send_their_clients_away() {
    let mut site = Site::with(|server, _| server.limits.parked_max = 1);
    site.open(Version::V2025_11_25);
    site.say(&call("1"));
    site.say(&call("2"));
    assert_eq!(site.park(0), Ok(()));
    assert_eq!(site.park(1), Err(CommandError::OverLimit));
    let cursor = site.cursor(ExchangeId(3)).unwrap();
    site.resume(&cursor);
    assert_eq!(site.park(1), Ok(()));
}

#[test]
fn a_session_gets_only_so_many_logs_in_a_second() {
    spec!("LOG-13", "SEC-16");
    let mut site = Site::with(|server, _| server.limits.logs_per_second_max = 2);
    site.open(Version::V2025_11_25);
    let exchange = site.say(&call("1"));
    for _ in 0..5 {
        site.log(0).unwrap();
    }
    assert_eq!(site.messages(exchange).len(), 2);
    site.wait(Duration::from_secs(1));
    site.log(0).unwrap();
    assert_eq!(site.messages(exchange).len(), 3);
    let dropped = site.telemetry.iter().filter_map(|telemetry| match telemetry {
        Telemetry::Dropped { count } => Some(*count),
        _ => None,
    });
    assert_eq!(dropped.sum::<u64>(), 3);
}

#[test]
fn a_tool_that_takes_scopes_names_them_to_those_who_lack_them() {
    spec!("AUT-07", "SEC-11");
    let mut site = Site::new();
    let scopes = BTreeMap::from([("echo".into(), ["a".into(), "b".into()].into())]);
    let offer = Offer { tool_scopes: scopes, ..offer() };
    site.endpoint.set_offer(Arc::new(offer));
    site.modern(&modern("1", "tools/call", TOOL));
    insta::assert_snapshot!(site.transcript(), @r#"
    > POST #1 MCP-Protocol-Version=2026-07-28 Mcp-Method=tools/call Mcp-Name=echo
          {"id":1,"method":"tools/call","params":{"name":"echo","arguments":{"n":1},
          "_meta":{modern}}}
    * refused: Scope
    < #1 403 www-authenticate=Bearer error="insufficient_scope", scope="a b" {"id":1,
          "error":{"code":-32600,"message":"The tool needs scopes that were not granted",
          "data":{"requiredScopes":["a","b"]}}}
    "#);
    site.open(Version::V2025_11_25);
    let exchange = site.say(&call("1"));
    assert_eq!(site.got[&exchange].status, Some(403));
    let scopes = ["a".into(), "b".into()].into();
    site.grant = Arc::new(Grant { scopes, ..Grant::default() });
    site.modern(&modern("1", "tools/call", TOOL));
    assert_eq!(site.calls.len(), 1);
}

#[test]
fn many_calls_that_are_abandoned_leave_nothing() {
    let mut site = Site::operating(Version::V2025_11_25);
    for nth in 0..200 {
        let modern = site.modern(&modern("1", "tools/call", TOOL));
        site.disconnect(modern);
        let legacy = site.say(&call(&nth.to_string()));
        site.note_number(2 * nth + 1, 0).unwrap();
        site.disconnect(legacy);
        site.answer(2 * nth + 1).unwrap();
    }
    assert!(site.endpoint.streams.len() <= 16);
    site.delete();
    assert!(site.endpoint.is_empty());
}

#[test]
fn a_batch_takes_the_room_of_all_its_elements() {
    let mut site = Site::with(|server, _| server.limits.calls_max = 1);
    site.open(Version::V2025_03_26);
    let refused = site.say(&format!("[{},{}]", call("1"), call("2")));
    assert_eq!((site.got[&refused].status, site.calls.len()), (Some(429), 0));
    site.say(&format!("[{}]", call("1")));
    assert_eq!(site.calls.len(), 1);
}
