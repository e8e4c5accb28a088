//! Clients that are behind with reading.

use super::*;
use crate::schema::List;

#[test]
fn of_changes_the_latest_wait_and_logs_are_lost() {
    let mut site = Site::operating(Version::V2025_06_18);
    let general = site.get();
    site.congest(general, true);
    let (about, data) = (About::Session(site.sessions[0].0), Json::text("lost"));
    for _ in 0..3 {
        site.command(Command::ListChanged(List::Tools)).unwrap();
        let data = data.clone();
        site.command(Command::Log { about, level: Level::Error, logger: None, data }).unwrap();
    }
    site.command(Command::ListChanged(List::Prompts)).unwrap();
    site.congest(general, false);
    insta::assert_snapshot!(site.transcript(), @r#"
    > GET #3 Mcp-Session-Id={session 1}
    < #3 200 stream
    < #3 :
    > #3 is behind
    * dropped 1
    * dropped 1
    * dropped 1
    > #3 has caught up
    < #3 id: {stream 1}-1 {"method":"notifications/tools/list_changed"}
    < #3 id: {stream 1}-2 {"method":"notifications/prompts/list_changed"}
    "#);
}

#[test]
fn of_progress_the_latest_waits_and_comes_before_the_answer() {
    let mut site = Site::new();
    let body = modern("1", "tools/call", TOOL);
    let body = body.replace(r#""_meta":{"#, r#""_meta":{"progressToken":7,"#);
    let exchange = site.modern(&body);
    site.progress(0, 1.0).unwrap();
    site.congest(exchange, true);
    site.forget();
    for progress in [2.0, 3.0, 4.0] {
        site.progress(0, progress).unwrap();
    }
    site.answer(0).unwrap();
    insta::assert_snapshot!(site.transcript(), @r#"
    < #1 {"method":"notifications/progress","params":{"progressToken":7,"progress":4}}
    < #1 {"id":1,"result":{"resultType":"complete","nth":0,
          "_meta":{"mcp/serverInfo":{"name":"s","version":"1"}}}}
    < #1 end
    "#);
    assert!(site.endpoint.is_empty());
}

#[test]
fn a_client_that_is_behind_holds_up_nobody_else() {
    let mut site = Site::operating(Version::V2025_11_25);
    let slow = site.get();
    site.congest(slow, true);
    site.open(Version::V2025_11_25);
    let quick = site.get();
    site.command(Command::ListChanged(List::Tools)).unwrap();
    assert_eq!((site.messages(slow).len(), site.messages(quick).len()), (0, 1));
}

#[test]
fn an_exchange_that_is_over_is_behind_with_nothing() {
    let mut site = Site::calling(Version::V2025_11_25);
    site.answer(0).unwrap();
    site.forget();
    site.congest(ExchangeId(3), true);
    site.congest(ExchangeId(99), true);
    site.congest(ExchangeId(3), false);
    site.disconnect(ExchangeId(3));
    assert_eq!(site.transcript().lines().filter(|line| !line.starts_with('>')).count(), 0);
}

#[test]
fn a_change_told_to_a_thousand_streams_is_encoded_once_for_each_era() {
    const EACH: usize = 500;
    let mut site = Site::new();
    for _ in 0..EACH {
        site.open(Version::V2025_11_25);
        site.get();
        site.modern(&listen("1", r#"{"toolsListChanged":true}"#));
    }
    site.endpoint.handle_command(site.now, Command::ListChanged(List::Tools)).unwrap();
    let mut told = BTreeMap::new();
    while let Some(output) = site.endpoint.poll_output() {
        let HttpOutput::Write { frame, .. } = output else { panic!("{output:?}") };
        let [payload, _] = frame.body.as_ref().unwrap().parts();
        *told.entry(payload.as_ptr()).or_insert(0) += 1;
    }
    assert!(told.values().eq(&[EACH; 2]), "{told:?}");
}
