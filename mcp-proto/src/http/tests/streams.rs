//! General streams, and what is about a session as a whole.

use super::*;
use crate::{CommandError, schema::List};

fn changed(site: &mut Site, list: List) {
    site.command(Command::ListChanged(list)).unwrap();
}

#[test]
fn what_is_about_the_session_goes_to_its_general_stream_and_to_no_other() {
    spec!("SHL-12", "SHL-16", "SHL-17", "SHL-18");
    let mut site = Site::operating(Version::V2025_11_25);
    let general = site.get();
    let call = site.say(&call("1"));
    site.log(0).unwrap();
    changed(&mut site, List::Tools);
    site.answer(0).unwrap();
    assert_eq!(
        site.messages(general),
        [r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#]
    );
    let of_call = site.messages(call);
    assert!(of_call[0].contains("notifications/message") && of_call[1].contains(r#""nth":0"#));
    assert_eq!(of_call.len(), 2);
}

#[test]
fn the_newest_general_stream_wins() {
    spec!("SHL-15", "SHL-18", "SHL-51");
    let mut site = Site::operating(Version::V2025_11_25);
    site.get();
    site.get();
    changed(&mut site, List::Tools);
    insta::assert_snapshot!(site.transcript(), @r#"
    > GET #3 Mcp-Session-Id={session 1}
    < #3 200 stream
    < #3 id: {stream 1}-0 retry: 1000 data:
    > GET #4 Mcp-Session-Id={session 1}
    < #3 end
    < #4 200 stream
    < #4 id: {stream 2}-0 retry: 1000 data:
    < #4 id: {stream 2}-1 {"method":"notifications/tools/list_changed"}
    "#);
}

#[test]
fn a_second_general_stream_is_refused_where_that_is_wanted() {
    spec!("SHL-51");
    let mut site = Site::with(|_, http| http.second_stream = Conflict::Refuse);
    site.open(Version::V2025_11_25);
    let first = site.get();
    let second = site.get();
    assert_eq!(site.got[&second].status, Some(409));
    site.disconnect(first);
    let third = site.get();
    assert_eq!(site.got[&third].status, Some(200));
}

#[test]
fn changes_wait_for_the_next_general_stream_also_where_one_could_go_on() {
    let mut site = Site::operating(Version::V2025_11_25);
    let first = site.get();
    site.congest(first, true);
    changed(&mut site, List::Tools);
    site.disconnect(first);
    changed(&mut site, List::Prompts);
    site.forget();
    let second = site.get();
    site.congest(second, true);
    changed(&mut site, List::Resources);
    site.get();
    insta::assert_snapshot!(site.transcript(), @r#"
    > GET #4 Mcp-Session-Id={session 1}
    < #4 200 stream
    < #4 id: {stream 2}-0 retry: 1000 data:
    < #4 id: {stream 2}-1 {"method":"notifications/tools/list_changed"}
    < #4 id: {stream 2}-2 {"method":"notifications/prompts/list_changed"}
    > #4 is behind
    > GET #5 Mcp-Session-Id={session 1}
    < #4 end
    < #5 200 stream
    < #5 id: {stream 3}-0 retry: 1000 data:
    < #5 id: {stream 3}-1 {"method":"notifications/resources/list_changed"}
    "#);
}

#[test]
fn changes_that_a_general_stream_has_told_wait_no_longer() {
    let mut site = Site::operating(Version::V2025_11_25);
    let first = site.get();
    let cursor = site.cursor(first).unwrap();
    site.disconnect(first);
    changed(&mut site, List::Tools);
    let resumed = site.resume(&cursor);
    let next = site.get();
    assert_eq!((site.messages(resumed).len(), site.messages(next).len()), (1, 0));
}

#[test]
fn changes_wait_for_the_next_general_stream_once_each_and_logs_do_not() {
    let mut site = Site::operating(Version::V2025_06_18);
    site.say(&legacy("1", "resources/subscribe", r#"{"uri":"a:1"}"#));
    site.forget();
    for _ in 0..3 {
        changed(&mut site, List::Tools);
        site.command(Command::ResourceUpdated { uri: "a:1".into() }).unwrap();
    }
    let (about, data) = (About::Session(site.sessions[0].0), Json::text("lost"));
    site.command(Command::Log { about, level: Level::Error, logger: None, data }).unwrap();
    site.get();
    insta::assert_snapshot!(site.transcript(), @r#"
    * dropped 1
    > GET #4 Mcp-Session-Id={session 1}
    < #4 200 stream
    < #4 :
    < #4 id: {stream 1}-1 {"method":"notifications/tools/list_changed"}
    < #4 id: {stream 1}-2 {"method":"notifications/resources/updated",
          "params":{"uri":"a:1"}}
    "#);
}

#[test]
fn a_silent_stream_carries_comments() {
    let mut site = Site::operating(Version::V2025_06_18);
    site.get();
    site.wait(Duration::from_secs(14));
    changed(&mut site, List::Tools);
    site.forget();
    site.wait(Duration::from_secs(14));
    assert_eq!(site.transcript(), "");
    site.wait(Duration::from_secs(1));
    assert_eq!(site.transcript(), "< #3 :\n");
}

#[test]
fn a_ping_is_answered_from_any_connection_of_the_session() {
    spec!("PNG-04");
    let mut site = Site::operating(Version::V2025_11_25);
    site.get();
    let session = site.sessions[0].0;
    site.command(Command::Ping { session }).unwrap();
    site.say(r#"{"jsonrpc":"2.0","id":"ping.1","result":{}}"#);
    insta::assert_snapshot!(site.transcript(), @r#"
    > GET #3 Mcp-Session-Id={session 1}
    < #3 200 stream
    < #3 id: {stream 1}-0 retry: 1000 data:
    < #3 id: {stream 1}-1 {"id":"ping.1","method":"ping","params":{}}
    > POST #4 Mcp-Session-Id={session 1} {"id":"ping.1","result":{}}
    < #4 202
    * ping in session #1: 0ns
    "#);
}

#[test]
fn a_cancellation_comes_on_any_connection_and_ends_the_stream_without_a_response() {
    let mut site = Site::calling(Version::V2025_06_18);
    site.say(&call("2"));
    site.log(1).unwrap();
    site.forget();
    site.say(&cancel("1"));
    site.say(&cancel("2"));
    assert_eq!(site.answer(0), Err(CommandError::Gone));
    insta::assert_snapshot!(site.transcript(), @r#"
    > POST #5 Mcp-Session-Id={session 1} {"method":"notifications/cancelled",
          "params":{"requestId":1}}
    < #5 202
    < #3 202
    * call #2 cancelled
    > POST #6 Mcp-Session-Id={session 1} {"method":"notifications/cancelled",
          "params":{"requestId":2}}
    < #6 202
    < #4 end
    * call #3 cancelled
    "#);
}

#[test]
fn a_session_cannot_cancel_what_another_one_asked() {
    let mut site = Site::calling(Version::V2025_06_18);
    site.open(Version::V2025_06_18);
    let cancel = site.say(&cancel("1"));
    assert_eq!(site.got[&cancel].status, Some(202));
    site.answer(0).unwrap();
    assert!(site.messages(ExchangeId(3)).is_empty());
    assert!(site.got[&ExchangeId(3)].body[0].contains(r#""nth":0"#));
}

#[test]
fn a_session_cannot_answer_what_another_one_was_asked() {
    let mut site = Site::calling(Version::V2025_06_18);
    site.ask(0).unwrap();
    site.open(Version::V2025_06_18);
    site.say(r#"{"jsonrpc":"2.0","id":"2.1.k","result":{"action":"accept"}}"#);
    assert_eq!(site.calls.len(), 1);
}

#[test]
fn a_head_that_is_refused_is_told_with_its_method() {
    let mut site = Site::operating(Version::V2025_11_25);
    let id = site.sessions[0].1.clone();
    for method in ["GET", "DELETE"] {
        let fields = [("Mcp-Session-Id", &*id), ("Content-Length", "x")];
        let exchange = site.request(method, &fields, "");
        assert_eq!(site.got[&exchange].status, Some(400));
        let started = site.telemetry.iter().any(|told| {
            matches!(told, Telemetry::ExchangeStarted { exchange: of, method: named, .. }
                if *of == exchange && &**named == method)
        });
        assert!(started, "{:?}", site.telemetry);
    }
}

#[test]
fn get_without_a_session_is_refused() {
    let mut site = Site::new();
    let exchange = site.request("GET", &[], "");
    assert_eq!(site.got[&exchange].status, Some(400));
    assert!(site.endpoint.is_empty());
}

#[test]
fn an_operator_sees_what_is_open() {
    let mut site = Site::calling(Version::V2025_11_25);
    let general = site.get();
    site.wait(Duration::from_secs(2));
    let session = site.endpoint.sessions().next().unwrap();
    assert_eq!((session.streams, session.idle), (2, Duration::ZERO));
    assert_eq!(session.terms.version, Version::V2025_11_25);
    let call = site.endpoint.calls().next().unwrap();
    assert_eq!((call.exchange, call.age), (Some(ExchangeId(3)), Duration::from_secs(2)));
    let streams: Vec<_> = site.endpoint.streams().map(|s| (s.exchange, s.kind)).collect();
    assert_eq!(streams, [(general, StreamKind::General)]);
    site.disconnect(ExchangeId(3));
    assert_eq!(site.endpoint.calls().next().unwrap().exchange, None);
}
