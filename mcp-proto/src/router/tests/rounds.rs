//! Running again: what is not said twice, what is remembered, how a waiting port differs.

use core::{cell::Cell, time::Duration};
use std::rc::Rc;

use serde::{Serialize, Serializer, ser};

use super::*;
use crate::schema::{Elicited, Form, Tool};

const YES: &str = r#"{"action":"accept","content":{}}"#;

/// Says something before, between and after two questions.
fn talkative() -> Router<u32> {
    let mut router = Router::new();
    router.tool(Tool::new("talk"), |cx, _: Json| {
        cx.log(Level::Debug, "too quiet");
        cx.log(Level::Info, "begin");
        cx.progress(1.0, 4.0);
        let first = cx.elicit::<Json>("first", Form::new("First?"))?;
        cx.notify("own/between", BTreeMap::from([("a", 1)]));
        cx.resource_updated("r:1");
        cx.park(Duration::from_secs(2));
        let second = cx.elicit::<Json>("second", Form::new("Second?"))?;
        cx.progress_message(4.0, None, "end");
        *cx.state += 1;
        let accepted = [&first, &second].map(|choice| matches!(choice, Elicited::Accepted(_)));
        Ok(format!("{accepted:?}"))
    });
    router
}

const BEGIN: [&str; 2] = ["log info \"begin\"", "progress 1 of Some(4.0) None"];
const BETWEEN: [&str; 3] = ["notify own/between {\"a\":1}", "updated r:1", "park until Some(2s)"];
const END: [&str; 2] = [
    "progress 4 of None Some(\"end\")",
    r#"result {"content":[{"type":"text","text":"[true, true]"}]}"#,
];

fn without_questions(said: Vec<String>) -> Vec<String> {
    said.into_iter().filter(|line| !line.starts_with("ask ")).collect()
}

#[test]
fn what_an_earlier_round_has_said_is_not_said_again() {
    for version in [LEGACY, MODERN] {
        let (mut router, mut state) = (talkative(), 0);
        let call = Call { method: tool("talk", "{}"), ..client(version) };
        let first = record(&mut router, &mut state, call.clone());
        let again = answered(&first, &call, &[given(YES)]);
        let second = record(&mut router, &mut state, again.clone());
        let again = answered(&second, &again, &[given(YES)]);
        let third = record(&mut router, &mut state, again);
        assert!(first.said[2].starts_with("ask first: "), "{:?}", first.said);
        assert!(second.said[3].starts_with("ask second: "), "{:?}", second.said);
        assert_eq!(without_questions(first.said), BEGIN);
        assert_eq!(without_questions(second.said), BETWEEN);
        assert_eq!(third.said, END);
        assert_eq!(state, 1);
    }
}

#[test]
fn a_level_that_changes_between_rounds_does_not_make_anything_be_said_twice() {
    let (mut router, mut state) = (talkative(), 0);
    let call = Call { method: tool("talk", "{}"), ..client(MODERN) };
    let first = record(&mut router, &mut state, call.clone());
    let again = answered(&first, &call, &[given(YES)]);
    again.flags.level.store(Level::Debug as u8, core::sync::atomic::Ordering::Relaxed);
    let second = record(&mut router, &mut state, again);
    assert_eq!(without_questions(second.said), BETWEEN);
}

#[test]
fn a_port_that_waits_runs_the_handler_once() {
    let (mut router, mut state) = (talkative(), 0);
    let call = Call { method: tool("talk", "{}"), ..client(LEGACY) };
    let waits = [Ok(given(YES)), Ok(given(YES))].into();
    let mut port = Recorder { waits, call: Some(call.clone()), ..Recorder::default() };
    router.serve(&mut state, Arc::new(call), &mut port);
    let expected: Vec<_> = [&BEGIN[..], &BETWEEN, &END].concat();
    assert_eq!(port.said.len(), 9);
    assert_eq!(without_questions(port.said), expected);
    assert_eq!(state, 1);
}

#[test]
fn a_port_is_not_asked_to_wait_in_2026_07_28() {
    let (mut router, mut state) = (talkative(), 0);
    let call = Call { method: tool("talk", "{}"), ..client(MODERN) };
    let waits = [Ok(given(YES))].into();
    let mut port = Recorder { waits, call: Some(call.clone()), ..Recorder::default() };
    router.serve(&mut state, Arc::new(call), &mut port);
    assert_eq!((port.waits.len(), state), (1, 0));
}

#[test]
fn a_wait_may_end_without_an_answer() {
    let (mut router, mut state) = (talkative(), 0);
    let call = Call { method: tool("talk", "{}"), ..client(LEGACY) };
    let waits = [Err(Stop::Failed("The driver is gone.".into()))].into();
    let mut port = Recorder { waits, call: Some(call.clone()), ..Recorder::default() };
    router.serve(&mut state, Arc::new(call), &mut port);
    let text = r#"{"type":"text","text":"The driver is gone."}"#;
    assert_eq!(port.said[3], format!(r#"result {{"content":[{text}],"isError":true}}"#));
}

#[test]
fn nothing_is_said_behind_a_question_before_it_is_answered() {
    for version in [LEGACY, MODERN] {
        let mut router = Router::new();
        router.tool(Tool::new("t"), |cx, _: Json| {
            let _first = cx.elicit::<Json>("first", Form::new("First?"));
            cx.log(Level::Info, "behind the question");
            cx.attach("key", Some(json("1")));
            let _second = cx.elicit::<Json>("second", Form::new("Second?"));
            Ok("done")
        });
        let said = serve(&mut router, &mut (), client(version), tool("t", "{}"));
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].starts_with("ask first: "), "{said:?}");
    }
}

#[test]
fn a_handler_that_goes_on_without_an_answer_asks_all_the_same() {
    for version in [LEGACY, MODERN] {
        let mut router = Router::new();
        router.tool(Tool::new("t"), |cx, _: Json| {
            let first = cx.elicit::<Json>("first", Form::new("First?"));
            cx.log(Level::Info, "behind the question");
            let second = cx.elicit::<Json>("second", Form::new("Second?"));
            Ok(format!("{} {}", first.is_ok(), second.is_ok()))
        });
        let mut call = Call { method: tool("t", "{}"), ..client(version) };
        let (mut said, mut rounds) = (Vec::new(), 0);
        loop {
            let port = record(&mut router, &mut (), call.clone());
            said.extend(port.said.clone());
            let Some((questions, _)) = &port.asked else { break };
            rounds += 1;
            call = answered(&port, &call, &alloc::vec![given(YES); questions.len()]);
        }
        // Both at once where they are sent at the end of the run.
        assert_eq!(rounds, if version == MODERN { 1 } else { 2 });
        let expected = [
            "log info \"behind the question\"",
            r#"result {"content":[{"type":"text","text":"true true"}]}"#,
        ];
        assert_eq!(without_questions(said), expected);
    }
}

/// Counts in the state how often it has computed a value.
fn counting<T: Serialize + DeserializeOwned + 'static>(
    make: impl Fn(u32) -> T + 'static,
    show: impl Fn(T) -> String + 'static,
) -> Router<u32> {
    let mut router = Router::new();
    router.tool(Tool::new("t"), move |cx, _: Json| {
        let value = cx.once("value", |count: &mut u32| {
            *count += 1;
            make(*count)
        });
        cx.elicit::<Json>("go", Form::new("Go on?"))?;
        Ok(show(value))
    });
    router
}

fn two_rounds<S: 'static>(router: &mut Router<S>, state: &mut S) -> Vec<String> {
    let call = Call { method: tool("t", "{}"), ..client(MODERN) };
    let first = record(router, state, call.clone());
    let again = answered(&first, &call, &[given(YES)]);
    record(router, state, again).said
}

fn text(text: &str) -> [String; 1] {
    [format!(r#"result {{"content":[{{"type":"text","text":"{text}"}}]}}"#)]
}

#[test]
fn what_is_done_once_is_not_done_again() {
    let (mut router, mut count) = (counting(|count| count, |value| format!("{value}")), 0);
    assert_eq!(two_rounds(&mut router, &mut count), text("1"));
    assert_eq!(count, 1);
}

#[derive(serde::Deserialize)]
struct Unwritable;

impl Serialize for Unwritable {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(ser::Error::custom("never"))
    }
}

#[test]
fn a_value_without_a_json_text_is_made_in_each_round() {
    let (mut router, mut count) = (counting(|_| Unwritable, |_| "done".into()), 0);
    assert_eq!(two_rounds(&mut router, &mut count), text("done"));
    assert_eq!(count, 2);
}

#[test]
fn a_failure_is_not_remembered_and_success_is() {
    let mut router = Router::new();
    router.tool(Tool::new("t"), |cx, _: Json| {
        let failed = cx.try_once("fails first", |count: &mut u32| {
            *count += 1;
            if *count == 1 { Err("not yet") } else { Ok(*count) }
        });
        let calls = Rc::new(Cell::new(0));
        let plain: &mut CallContext<'_> = cx;
        let made: Result<u8, ()> = plain.try_once("works", || {
            calls.set(calls.get() + 1);
            Ok(9)
        });
        cx.elicit::<Json>("go", Form::new("Go on?"))?;
        Ok(format!("{failed:?} {made:?} {}", calls.get()))
    });
    let mut count = 0;
    assert_eq!(two_rounds(&mut router, &mut count), text("Ok(2) Ok(9) 0"));
    assert_eq!(count, 2);
}

#[test]
fn a_value_that_no_longer_fits_is_made_anew() {
    let mut router = Router::new();
    router.tool(Tool::new("t"), |cx, _: Json| {
        let plain: &mut CallContext<'_> = cx;
        Ok(format!("{}", plain.once("value", || 5_u8)))
    });
    let mut call = Call { method: tool("t", "{}"), ..client(MODERN) };
    call.memo.values.insert("value".into(), json("\"text\""));
    assert_eq!(record(&mut router, &mut (), call).said, text("5"));
}
