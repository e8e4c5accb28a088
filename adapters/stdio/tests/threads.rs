//! Tools on threads of their own.

#![cfg(unix)]

mod common;

use std::sync::{
    Arc, Barrier, Mutex,
    atomic::{AtomicUsize, Ordering},
    mpsc::{Receiver, Sender, channel},
};

use common::{Client, DEADLINE, Running, call, modern_call, start, text};
use mcp_proto::{
    Router,
    router::{CallContext, Stop},
    schema::{Elicited, Form, Level, Tool},
};
use mcp_stdio::{Pool, Server, ThreadedTools};
use serde_json::{Value, json};

/// A server of one threaded tool, `tool`.
fn start_with(
    pool: Pool,
    handler: impl Fn(&mut CallContext<'_>, Value) -> Result<String, Stop> + Send + Sync + 'static,
) -> (Client, Running) {
    let (client, server, _) = start(move || {
        let mut router = Router::new();
        router.tool_thread(&pool, Tool::new("tool"), handler);
        router.tool(Tool::new("fast"), |_, _: Value| Ok("fast"));
        router.tool(Tool::new("withdraw"), |cx, _: Value| {
            cx.edit_offer(|router: &mut Router<()>| assert!(router.remove_tool("tool")));
            Ok("withdrawn")
        });
        Server::new("threads", "1", router, ())
    });
    (client, server)
}

/// Asks for a name and says hello; every run is counted.
fn greet(runs: &AtomicUsize, cx: &mut CallContext<'_>) -> Result<String, Stop> {
    runs.fetch_add(1, Ordering::SeqCst);
    match cx.elicit::<Value>("name", Form::new("Your name?"))? {
        Elicited::Accepted(answer) => Ok(format!("Hello {}", answer["name"])),
        other => Ok(format!("{other:?}")),
    }
}

fn accepted() -> Value {
    json!({"action": "accept", "content": {"name": "Ada"}})
}

#[test]
fn two_slow_calls_overlap_and_a_fast_one_overtakes_them() {
    let meeting = Arc::new(Barrier::new(3));
    let met = Arc::clone(&meeting);
    let (mut client, _server) = start_with(Pool::new(2), move |_, _| {
        met.wait();
        Ok("met".into())
    });
    client.open_session();
    client.send(&call(1, "tool", &json!({})));
    client.send(&call(2, "tool", &json!({})));
    assert_eq!(text(&client.ask(&call(3, "fast", &json!({})))), "fast");
    meeting.wait();
    let mut ids = [client.next(), client.next()].map(|answer| answer["id"].as_u64());
    ids.sort_unstable();
    assert_eq!(ids, [Some(1), Some(2)]);
}

#[test]
fn a_threaded_tool_waits_for_an_answer_in_a_session() {
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let (mut client, _server) = start_with(Pool::new(1), move |cx, _| greet(&counted, cx));
    client.open_session();
    let question = client.ask(&call(1, "tool", &json!({})));
    assert_eq!(question["method"], "elicitation/create");
    // The thread waits, the server does not.
    assert_eq!(text(&client.ask(&call(2, "fast", &json!({})))), "fast");
    let answer = json!({"jsonrpc": "2.0", "id": question["id"], "result": accepted()});
    assert_eq!(text(&client.ask(&answer)), "Hello \"Ada\"");
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

#[test]
fn a_threaded_tool_is_run_again_in_2026_07_28() {
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let (mut client, _server) = start_with(Pool::new(1), move |cx, _| greet(&counted, cx));
    let first = client.ask(&modern_call(1, "tool", json!({})));
    assert_eq!(first["result"]["resultType"], "input_required", "{first}");
    let more = json!({
        "requestState": first["result"]["requestState"],
        "inputResponses": {"name": accepted()},
    });
    assert_eq!(text(&client.ask(&modern_call(2, "tool", more))), "Hello \"Ada\"");
    assert_eq!(runs.load(Ordering::SeqCst), 2);
}

/// A tool that asks, and the way in which it stopped.
fn start_asking() -> (Client, Running, Receiver<String>) {
    let (sender, stops): (Sender<String>, _) = channel();
    let (client, server) = start_with(Pool::new(1), move |cx, _| {
        let outcome = cx.elicit::<Value>("name", Form::new("Your name?"));
        sender.send(format!("{outcome:?}")).unwrap();
        outcome.map(|_| "asked".into())
    });
    (client, server, stops)
}

#[test]
fn a_cancellation_wakes_a_thread_that_waits_for_an_answer() {
    let (mut client, _server, stops) = start_asking();
    client.open_session();
    assert_eq!(client.ask(&call(1, "tool", &json!({})))["method"], "elicitation/create");
    client.send(&json!({
        "jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1},
    }));
    assert_eq!(stops.recv_timeout(DEADLINE).unwrap(), "Err(Cancelled)");
}

#[test]
fn a_thread_does_not_wait_for_a_tool_that_is_no_longer_offered() {
    let (mut client, _server, stops) = start_asking();
    client.open_session();
    assert_eq!(client.ask(&call(1, "tool", &json!({})))["method"], "elicitation/create");
    client.send(&call(2, "withdraw", &json!({})));
    assert_eq!(stops.recv_timeout(DEADLINE).unwrap(), "Err(Cancelled)");
}

#[test]
fn the_end_of_input_wakes_a_thread_that_waits_for_an_answer() {
    let (mut client, server, stops) = start_asking();
    client.open_session();
    assert_eq!(client.ask(&call(1, "tool", &json!({})))["method"], "elicitation/create");
    client.finish();
    stops.recv_timeout(DEADLINE).expect("the thread goes on");
    server.outcome().unwrap();
}

#[test]
fn a_call_over_the_capacity_of_the_pool_is_refused() {
    let (go, gone): (Sender<()>, _) = channel();
    let gone = Mutex::new(gone);
    let (mut client, _server) = start_with(Pool::new(1).waiting(1), move |_, _| {
        gone.lock().unwrap().recv_timeout(DEADLINE).unwrap();
        Ok("done".into())
    });
    client.open_session();
    client.send(&call(1, "tool", &json!({})));
    client.send(&call(2, "tool", &json!({})));
    let refused = client.ask(&call(3, "tool", &json!({})));
    assert_eq!((&refused["id"], &refused["error"]["code"]), (&json!(3), &json!(-32603)));
    assert_eq!(refused["error"]["message"], "Too many requests in flight");
    go.send(()).unwrap();
    go.send(()).unwrap();
    assert_eq!(
        [client.next(), client.next()].map(|answer| answer["id"].as_u64()),
        [Some(1), Some(2)]
    );
    // There is room again.
    go.send(()).unwrap();
    assert_eq!(text(&client.ask(&call(4, "tool", &json!({})))), "done");
}

#[test]
fn a_panic_on_a_thread_is_answered_and_the_thread_goes_on() {
    let (mut client, _server) = start_with(Pool::new(1), |_, arguments| {
        assert!(arguments["panic"] != true, "on purpose");
        Ok("done".into())
    });
    client.open_session();
    for round in 0..3 {
        let answer = client.ask(&call(round, "tool", &json!({"panic": true})));
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(round), &json!(-32603)));
        assert!(!answer.to_string().contains("on purpose"), "{answer}");
    }
    assert_eq!(text(&client.ask(&call(9, "tool", &json!({})))), "done");
}

#[test]
fn what_a_thread_says_leaves_while_it_runs() {
    let (go, gone): (Sender<()>, _) = channel();
    let gone = Mutex::new(gone);
    let (mut client, _server) = start_with(Pool::new(1), move |cx, _| {
        cx.notify("notifications/x-waiting", json!({}));
        gone.lock().unwrap().recv_timeout(DEADLINE).unwrap();
        Ok("done".into())
    });
    client.open_session();
    let said = client.ask(&call(1, "tool", &json!({})));
    assert_eq!(said["method"], "notifications/x-waiting");
    go.send(()).unwrap();
    assert_eq!(text(&client.next()), "done");
}

#[test]
fn a_thread_that_never_stops_talking_does_not_keep_input_waiting() {
    let (sender, stops) = channel();
    let (mut client, _server) = start_with(Pool::new(1), move |cx, _| {
        while !cx.is_cancelled() {
            cx.log(Level::Error, "again");
        }
        sender.send(()).unwrap();
        Err(Stop::Cancelled)
    });
    client.open_session();
    assert_eq!(client.ask(&call(1, "tool", &json!({})))["method"], "notifications/message");
    client.send(&json!({
        "jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1},
    }));
    stops.recv_timeout(DEADLINE).expect("the cancellation is seen");
}
