//! Answering later.

use core::{
    future::pending,
    pin::pin,
    task::{Context, Poll, Waker},
};

use serde::Deserialize;

use super::*;
use crate::schema::{Elicited, Form, Tool};

#[derive(Deserialize)]
struct Arguments {
    n: u8,
}

/// Keeps the tickets of its calls in the state.
fn router() -> Router<Vec<(Ticket, u8)>> {
    let mut router = Router::new();
    router.tool_later(Tool::new("t"), |tickets: &mut Vec<_>, ticket, arguments: Arguments| {
        tickets.push((ticket, arguments.n));
    });
    router
}

fn start(call: Call) -> (Ticket, Arc<Lines>) {
    let outbox = Arc::<Lines>::default();
    let mut port = Recorder { outbox: Some(Arc::clone(&outbox)), ..Recorder::default() };
    let mut tickets = Vec::new();
    router().serve(&mut tickets, Arc::new(call), &mut port);
    assert_eq!(port.said, [] as [&str; 0]);
    (tickets.pop().unwrap().0, outbox)
}

fn call(version: Version) -> Call {
    Call { method: tool("t", r#"{"n":1}"#), ..client(version) }
}

const DONE: &str = r#"result {"content":[{"type":"text","text":"done"}]}"#;
const FAILED: &str = "error -32603 Internal error";

#[test]
fn a_ticket_answers_once() {
    let (ticket, outbox) = start(call(MODERN));
    assert_eq!(ticket.call().id, CallId(7));
    assert_eq!(outbox.take(), [] as [&str; 0]);
    ticket.respond("done");
    assert_eq!(outbox.take(), [DONE]);
}

#[test]
fn a_ticket_that_is_dropped_answers_with_an_error() {
    let (ticket, outbox) = start(call(MODERN));
    drop(ticket);
    assert_eq!(outbox.take(), [FAILED]);
}

#[test]
fn a_ticket_can_be_used_on_another_thread() {
    let (ticket, outbox) = start(call(MODERN));
    std::thread::spawn(move || {
        ticket.run(|cx| {
            cx.log(Level::Info, "working");
            cx.progress(1.0, None);
            Ok("done")
        });
    })
    .join()
    .unwrap();
    assert_eq!(outbox.take(), ["log info \"working\"", "progress 1 of None None", DONE]);
}

#[test]
fn a_handler_that_panics_on_a_ticket_is_answered_for() {
    let (ticket, outbox) = start(call(MODERN));
    let panicked = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| {
        ticket.run::<()>(|_| panic!("on purpose"));
    }));
    assert!(panicked.is_err());
    assert_eq!(outbox.take(), [FAILED]);
}

#[test]
fn a_ticket_that_stops_ends_like_a_tool() {
    let (ticket, outbox) = start(call(MODERN));
    ticket.run::<()>(|_| Err(Stop::Failed("no room".into())));
    let expected = r#"result {"content":[{"type":"text","text":"no room"}],"isError":true}"#;
    assert_eq!(outbox.take(), [expected]);
}

fn greet(ticket: Ticket) {
    ticket.run(|cx| {
        cx.log(Level::Info, "begin");
        let choice = cx.elicit::<Json>("who", Form::new("Who?"))?;
        Ok(format!("{}", matches!(choice, Elicited::Accepted(_))))
    });
}

#[test]
fn a_ticket_asks_and_the_call_comes_again_with_a_new_one() {
    for version in [LEGACY, MODERN] {
        let (ticket, outbox) = start(call(version));
        greet(ticket);
        let said = outbox.take();
        assert_eq!(said[0], "log info \"begin\"");
        assert!(said[1].starts_with("ask who: ") && said.len() == 2, "{said:?}");
    }
    let (ticket, outbox) = start(call(LEGACY));
    let mut port = Recorder::default();
    ticket.run_on(&mut port, |cx| cx.roots().map(|_| ()));
    assert_eq!(port.said, ["ask roots: Roots"]);
    let again = answered(&port, &call(LEGACY), &[given(r#"{"roots":[]}"#)]);
    assert_eq!(outbox.take(), [] as [&str; 0]);
    let (ticket, outbox) = start(again);
    ticket.run(|cx| cx.roots().map(|roots| format!("{roots:?}")));
    assert_eq!(outbox.take(), [r#"result {"content":[{"type":"text","text":"[]"}]}"#]);
}

#[test]
fn a_ticket_waits_on_a_port_that_waits() {
    let (ticket, outbox) = start(call(LEGACY));
    let waits = [Ok(given(r#"{"roots":[]}"#))].into();
    let mut port = Recorder { waits, call: Some(call(LEGACY)), ..Recorder::default() };
    ticket.run_on(&mut port, |cx| cx.roots().map(|_| "done"));
    assert_eq!(port.said, ["ask roots: Roots", DONE]);
    assert_eq!(outbox.take(), [] as [&str; 0]);
}

#[test]
fn whoever_takes_a_ticket_apart_answers_himself() {
    let (ticket, outbox) = start(call(MODERN));
    let (call, sender) = ticket.into_parts();
    assert_eq!(call.id, CallId(7));
    assert_eq!(outbox.take(), [] as [&str; 0]);
    sender.send(Command::Respond { call: call.id, reply: Reply::Result(ResultBody::default()) });
    assert_eq!(outbox.take(), ["result {}"]);
}

#[test]
fn arguments_that_do_not_fit_start_nothing() {
    let mut tickets = Vec::new();
    let outbox = Some(Arc::<Lines>::default());
    let mut port = Recorder { outbox, ..Recorder::default() };
    let bad = Call { method: tool("t", "{}"), ..client(MODERN) };
    router().serve(&mut tickets, Arc::new(bad), &mut port);
    let text = "Invalid arguments: missing field `n`";
    let expected =
        format!(r#"result {{"content":[{{"type":"text","text":"{text}"}}],"isError":true}}"#);
    assert_eq!((port.said, tickets.len()), ([expected].into(), 0));
}

#[test]
fn a_port_without_an_outbox_serves_no_such_tool() {
    let mut tickets = Vec::new();
    let said = record(&mut router(), &mut tickets, call(MODERN)).said;
    assert_eq!((said, tickets.len()), ([FAILED.to_owned()].into(), 0));
}

#[test]
fn a_port_that_only_takes_commands_serves_no_such_tool() {
    struct Silent(Vec<String>);
    impl Port for Silent {
        fn emit(&mut self, command: Command) {
            self.0.push(line(&command));
        }
    }
    let (mut tickets, mut port) = (Vec::new(), Silent(Vec::new()));
    router().serve(&mut tickets, Arc::new(call(MODERN)), &mut port);
    assert_eq!((port.0, tickets.len()), ([FAILED.to_owned()].into(), 0));
}

/// Runs a future that never waits.
fn now<T>(future: impl Future<Output = T>) -> T {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut context) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

#[test]
fn a_ticket_runs_a_future_too() {
    let (ticket, outbox) = start(call(LEGACY));
    now(ticket.run_async(async |cx| {
        cx.log(Level::Info, "working");
        Ok("done")
    }));
    assert_eq!(outbox.take(), ["log info \"working\"", DONE]);
    let (ticket, outbox) = start(call(LEGACY));
    now(ticket.run_async(async |cx| cx.roots().map(|_| "done")));
    assert_eq!(outbox.take(), ["ask roots: Roots"]);
}

#[test]
fn a_future_that_is_dropped_half_way_is_answered_for() {
    let (ticket, outbox) = start(call(MODERN));
    {
        let mut future = pin!(ticket.run_async(async |_| pending::<Result<&str, Stop>>().await));
        let mut context = Context::from_waker(Waker::noop());
        assert!(future.as_mut().poll(&mut context).is_pending());
        assert_eq!(outbox.take(), [] as [&str; 0]);
    }
    assert_eq!(outbox.take(), [FAILED]);
}

#[test]
fn what_is_shown_of_a_ticket_is_its_call() {
    let (ticket, _outbox) = start(call(MODERN));
    let shown = format!("{ticket:?}");
    assert!(shown.starts_with(&format!("Ticket {{ call: {:?}", ticket.call())), "{shown}");
}
