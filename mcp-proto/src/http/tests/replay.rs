//! Streams that are cut, and clients that come back for the rest.

use proptest::prelude::*;

use super::*;
use crate::schema::List;

/// A call that has said something on its stream.
fn streaming(version: Version) -> Site {
    let mut site = Site::calling(version);
    site.note_number(0, 0).unwrap();
    site.forget();
    site
}

const CALL: ExchangeId = ExchangeId(3);

#[test]
fn a_stream_goes_on_where_it_was_cut() {
    spec!("SHL-24");
    let mut site = streaming(Version::V2025_11_25);
    let cursor = site.cursor(CALL).unwrap();
    site.disconnect(CALL);
    site.note_number(0, 1).unwrap();
    site.resume(&cursor);
    site.note_number(0, 2).unwrap();
    site.answer(0).unwrap();
    insta::assert_snapshot!(site.transcript(), @r#"
    > #3 is gone
    > GET #4 Mcp-Session-Id={session 1} Last-Event-ID={stream 1}-1
    < #4 200 stream
    < #4 id: {stream 1}-2 {"method":"own/note","params":{"n":1}}
    < #4 id: {stream 1}-3 {"method":"own/note","params":{"n":2}}
    < #4 id: {stream 1}-4 {"id":1,"result":{"nth":0}}
    < #4 end
    "#);
}

#[test]
fn what_waits_for_a_client_that_is_behind_comes_when_it_resumes() {
    let mut site = Site::operating(Version::V2025_11_25);
    let general = site.get();
    let cursor = site.cursor(general).unwrap();
    site.congest(general, true);
    site.command(Command::ListChanged(List::Tools)).unwrap();
    let resumed = site.resume(&cursor);
    site.command(Command::ListChanged(List::Prompts)).unwrap();
    let changed =
        |list| format!(r#"{{"jsonrpc":"2.0","method":"notifications/{list}/list_changed"}}"#);
    assert_eq!(site.messages(resumed), [changed("tools"), changed("prompts")]);
}

#[test]
fn a_disconnect_cancels_nothing_in_a_session() {
    spec!("CAN-08");
    for version in [Version::V2025_03_26, Version::V2025_06_18, Version::V2025_11_25] {
        let mut site = Site::calling(version);
        site.disconnect(CALL);
        site.note_number(0, 1).unwrap();
        assert!(!site.calls[0].is_cancelled());
        assert_eq!(site.answer(0), Ok(()));
    }
}

#[test]
fn an_answer_can_be_fetched_after_its_stream_has_ended() {
    let mut site = streaming(Version::V2025_06_18);
    let cursor = site.cursor(CALL).unwrap();
    site.answer(0).unwrap();
    for _ in 0..2 {
        let again = site.resume(&cursor);
        assert_eq!(site.messages(again), [r#"{"jsonrpc":"2.0","id":1,"result":{"nth":0}}"#]);
        assert!(site.got[&again].ended);
    }
    site.wait(Duration::from_mins(5));
    let late = site.resume(&cursor);
    assert_eq!(site.got[&late].status, Some(400));
}

#[test]
fn a_cursor_that_is_not_good_is_refused() {
    spec!("SHL-20");
    let mut site = streaming(Version::V2025_11_25);
    let cursor = site.cursor(CALL).unwrap();
    let (stream, _) = cursor.split_once('-').unwrap();
    let future = format!("{stream}-9");
    for cursor in ["", "x", "0000000000000000-0", &future, stream] {
        let exchange = site.resume(cursor);
        assert_eq!(site.got[&exchange].status, Some(400), "{cursor}");
    }
    let other = site.sessions.len();
    site.open(Version::V2025_11_25);
    assert_eq!(other, 1);
    let foreign = site.resume(&cursor);
    assert_eq!(site.got[&foreign].status, Some(400));
}

#[test]
fn resuming_a_call_leaves_the_general_stream_alone() {
    let mut site = streaming(Version::V2025_11_25);
    let general = site.get();
    let cursor = site.cursor(CALL).unwrap();
    site.disconnect(CALL);
    let resumed = site.resume(&cursor);
    assert!(!site.got[&general].ended);
    site.command(Command::ListChanged(List::Tools)).unwrap();
    assert_eq!((site.messages(general).len(), site.messages(resumed).len()), (1, 0));
}

#[test]
fn nothing_of_another_stream_is_replayed() {
    spec!("SHL-23");
    let mut site = streaming(Version::V2025_11_25);
    let general = site.get();
    let other = site.say(&call("2"));
    site.note_number(1, 1).unwrap();
    let cursor = site.cursor(CALL).unwrap();
    for exchange in [CALL, general, other] {
        site.disconnect(exchange);
    }
    site.command(Command::ListChanged(List::Tools)).unwrap();
    site.note_number(1, 2).unwrap();
    site.note_number(0, 3).unwrap();
    let resumed = site.resume(&cursor);
    let expected = r#"{"jsonrpc":"2.0","method":"own/note","params":{"n":3}}"#;
    assert_eq!(site.messages(resumed), [expected]);
}

#[test]
fn a_second_resume_takes_the_stream_over() {
    let mut site = streaming(Version::V2025_11_25);
    let cursor = site.cursor(CALL).unwrap();
    let resumed = site.resume(&cursor);
    assert!(site.got[&CALL].ended && !site.got[&resumed].ended);
    let again = site.resume(&cursor);
    assert!(site.got[&resumed].ended);
    site.disconnect(again);
    site.answer(0).unwrap();
    let last = site.resume(&cursor);
    assert_eq!(site.messages(last).len(), 1);
}

#[test]
fn the_end_of_a_connection_whose_stream_was_taken_over_changes_nothing() {
    let mut site = streaming(Version::V2025_11_25);
    let cursor = site.cursor(CALL).unwrap();
    let resumed = site.resume(&cursor);
    site.endpoint.handle_disconnect(site.now, CALL);
    site.answer(0).unwrap();
    assert_eq!(site.messages(resumed), [r#"{"jsonrpc":"2.0","id":1,"result":{"nth":0}}"#]);
}

#[test]
fn two_cursors_in_one_request_are_none() {
    let mut site = streaming(Version::V2025_11_25);
    let (cursor, id) = (site.cursor(CALL).unwrap(), site.sessions[0].1.clone());
    let fields =
        [("Mcp-Session-Id", &*id), ("Last-Event-ID", &*cursor), ("Last-Event-ID", &*cursor)];
    let exchange = site.request("GET", &fields, "");
    assert_eq!(site.got[&exchange].status, Some(400));
    assert!(!site.got[&CALL].ended);
}

#[test]
fn a_general_stream_is_resumed_too() {
    let mut site = Site::operating(Version::V2025_11_25);
    let general = site.get();
    let cursor = site.cursor(general).unwrap();
    site.disconnect(general);
    site.command(Command::ListChanged(List::Tools)).unwrap();
    let resumed = site.resume(&cursor);
    assert_eq!(site.messages(resumed).len(), 1);
    assert!(!site.got[&resumed].ended);
    let newer = site.get();
    assert!(site.got[&resumed].ended && !site.got[&newer].ended);
    let old = site.resume(&cursor);
    assert_eq!(site.got[&old].status, Some(400));
}

#[test]
fn what_is_kept_for_a_client_that_is_away_has_an_end() {
    spec!("SEC-08");
    let mut site = streaming(Version::V2025_11_25);
    let cursor = site.cursor(CALL).unwrap();
    site.disconnect(CALL);
    site.wait(Duration::from_mins(6));
    let late = site.resume(&cursor);
    assert_eq!(site.got[&late].status, Some(400));
    site.forget();
    site.ask(0).unwrap();
    insta::assert_snapshot!(site.transcript(), @"
    * call #2 cancelled
    * dropped 2
    ");
    site.wait(Duration::from_mins(31));
    assert!(site.endpoint.is_empty());
}

#[test]
fn a_question_waits_in_the_log_for_a_client_that_comes_back() {
    let mut site = streaming(Version::V2025_11_25);
    let cursor = site.cursor(CALL).unwrap();
    site.disconnect(CALL);
    site.ask(0).unwrap();
    let resumed = site.resume(&cursor);
    assert!(site.messages(resumed)[0].contains("elicitation/create"));
    site.say(r#"{"jsonrpc":"2.0","id":"2.1.k","result":{"action":"decline"}}"#);
    assert_eq!(site.calls.len(), 2);
}

#[test]
fn a_call_may_send_its_client_away_until_later() {
    spec!("SHL-27", "SHL-28");
    let mut site = Site::calling(Version::V2025_11_25);
    site.park(0).unwrap();
    let cursor = site.cursor(CALL).unwrap();
    assert_eq!(site.park(0), Ok(()));
    site.note_number(0, 1).unwrap();
    site.answer(0).unwrap();
    site.wait(Duration::from_millis(500));
    site.resume(&cursor);
    insta::assert_snapshot!(site.transcript(), @r#"
    < #3 200 stream
    < #3 id: {stream 1}-0 retry: 1000 data:
    < #3 id: {stream 1}-1 retry: 500 data:
    < #3 end
    > GET #4 Mcp-Session-Id={session 1} Last-Event-ID={stream 1}-1
    < #4 200 stream
    < #4 id: {stream 1}-2 {"method":"own/note","params":{"n":1}}
    < #4 id: {stream 1}-3 {"id":1,"result":{"nth":0}}
    < #4 end
    "#);
}

#[test]
fn only_2025_11_25_has_clients_that_come_back() {
    spec!("SHL-26");
    for version in [Version::V2025_03_26, Version::V2025_06_18] {
        let mut site = Site::calling(version);
        assert_eq!(site.park(0), Err(CommandError::NotInThisRevision));
    }
    let mut site = Site::new();
    site.modern(&modern("1", "tools/call", TOOL));
    assert_eq!(site.park(0), Err(CommandError::NotInThisRevision));
    site.answer(0).unwrap();
    assert_eq!(site.park(0), Err(CommandError::Gone));
}

#[test]
fn only_so_many_streams_that_have_ended_are_kept() {
    spec!("SEC-08");
    let mut site = Site::with(|server, _| server.limits.replay_streams_max = 2);
    site.open(Version::V2025_06_18);
    let mut cursors = Vec::new();
    for nth in 0..4 {
        let exchange = site.say(&call("1"));
        site.note_number(nth, 0).unwrap();
        cursors.extend(site.cursor(exchange));
        site.answer(nth).unwrap();
    }
    let statuses: Vec<_> = cursors
        .iter()
        .map(|cursor| {
            let exchange = site.resume(cursor);
            site.got[&exchange].status.unwrap()
        })
        .collect();
    assert_eq!(statuses, [400, 400, 200, 200]);
}

#[derive(Clone, Debug)]
enum Step {
    Say,
    Cut,
    Resume,
    Wait,
    Behind(bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Say),
        2 => Just(Step::Cut),
        2 => Just(Step::Resume),
        1 => Just(Step::Wait),
        1 => any::<bool>().prop_map(Step::Behind),
    ]
}

proptest! {
    #[test]
    fn over_all_connections_a_client_sees_what_was_said(
        steps in proptest::collection::vec(step(), 0..40),
        version in prop_oneof![
            Just(Version::V2025_03_26),
            Just(Version::V2025_06_18),
            Just(Version::V2025_11_25),
        ],
    ) {
        let mut site = streaming(version);
        let mut current = CALL;
        let mut connected = true;
        let mut seen = site.messages(CALL);
        let mut cursor = site.cursor(CALL).unwrap();
        let mut said = 1;
        let steps = steps.into_iter().chain([Step::Cut]);
        for step in steps {
            match step {
                Step::Say => {
                    site.note_number(0, said).unwrap();
                    said += 1;
                }
                Step::Cut if connected => {
                    site.disconnect(current);
                    connected = false;
                    cursor = site.cursor(current).unwrap_or(cursor);
                }
                Step::Resume => {
                    cursor = site.cursor(current).unwrap_or(cursor);
                    current = site.resume(&cursor);
                    connected = true;
                }
                Step::Behind(behind) if connected => site.congest(current, behind),
                Step::Wait => site.wait(Duration::from_secs(20)),
                Step::Cut | Step::Behind(_) => {}
            }
        }
        site.answer(0).unwrap();
        site.resume(&cursor);
        let exchanges: Vec<ExchangeId> = site.got.keys().copied().filter(|e| *e > CALL).collect();
        for exchange in exchanges {
            seen.extend(site.messages(exchange));
        }
        let expected = (0..said).map(|n| {
            format!(r#"{{"jsonrpc":"2.0","method":"own/note","params":{{"n":{n}}}}}"#)
        });
        let answer = String::from(r#"{"jsonrpc":"2.0","id":1,"result":{"nth":0}}"#);
        let all_of_first = site.messages(CALL);
        seen.splice(0..1, all_of_first);
        prop_assert_eq!(seen, expected.chain([answer]).collect::<Vec<_>>());
        site.wait(Duration::from_mins(40));
        prop_assert!(site.endpoint.is_empty());
    }
}
