//! The loop over file descriptors: what leaves, in which order, and how it ends.

#![cfg(unix)]

mod common;

use std::{
    io::{Read, Write},
    net::Shutdown,
    os::unix::net::UnixStream,
    sync::mpsc::{Receiver, Sender, channel},
    time::Duration,
};

use common::{Client, DEADLINE, call, request, start, text};
use mcp_proto::{
    Router,
    schema::{Implementation, Tool},
    server::{Command, Event, List, ServerConfig},
};
use mcp_stdio::Server;
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Echo {
    message: String,
}

fn echo_router<S: 'static>() -> Router<S> {
    let mut router = Router::new();
    router.tool(Tool::new("echo"), |_, arguments: Echo| Ok(arguments.message));
    router.tool(Tool::new("panic"), |_, _: Value| -> Result<String, _> { panic!("on purpose") });
    router
}

fn echo() -> Server<()> {
    Server::new("echo", "1", echo_router(), ())
}

fn echo_call(id: impl Into<Value>, message: &str) -> Value {
    call(id, "echo", &json!({"message": message}))
}

fn ping(id: u32) -> Value {
    request(id, "ping", &json!({}))
}

#[test]
fn a_burst_is_answered_in_order() {
    let (mut client, _server, _) = start(echo);
    client.open_session();
    let burst: Vec<String> = (0..100).map(|n| echo_call(n, "hi").to_string() + "\n").collect();
    client.write(burst.concat().as_bytes());
    for n in 0..100 {
        assert_eq!(client.next()["id"], n);
    }
}

#[test]
fn a_message_larger_than_every_buffer_comes_back_whole() {
    let (mut client, _server, _) = start(echo);
    client.open_session();
    let message = "x".repeat(3 << 20);
    assert_eq!(text(&client.ask(&echo_call(1, &message))), message);
}

#[test]
fn the_end_of_input_ends_the_server_after_all_answers() {
    let (mut client, server, _) = start(echo);
    client.open_session();
    for n in 0..50 {
        client.send(&echo_call(n, "bye"));
    }
    client.finish();
    for n in 0..50 {
        assert_eq!(client.next()["id"], n);
    }
    client.assert_ended();
    server.outcome().unwrap();
}

#[test]
fn a_line_that_is_cut_off_by_the_end_of_input_is_dropped() {
    let (mut client, server, _) = start(echo);
    client.open_session();
    let cut = echo_call(2, "cut off").to_string();
    client.write(format!("{}\n{}", echo_call(1, "whole"), &cut[..cut.len() / 2]).as_bytes());
    client.finish();
    assert_eq!(text(&client.next()), "whole");
    client.assert_ended();
    server.outcome().unwrap();
}

#[test]
fn a_panicking_handler_is_answered_and_the_next_message_is_served() {
    let (mut client, _server, _) = start(echo);
    client.open_session();
    let answer = client.ask(&call(1, "panic", &json!({})));
    assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(1), &json!(-32603)));
    assert!(!answer.to_string().contains("on purpose"), "{answer}");
    assert_eq!(text(&client.ask(&echo_call(2, "still here"))), "still here");
}

#[test]
fn a_panicking_observer_ends_nothing() {
    let (mut client, _server, _) = start(|| {
        let mut router = echo_router();
        router.on_event(|(), _| panic!("on purpose"));
        Server::new("echo", "1", router, ())
    });
    client.open_session();
    assert_eq!(text(&client.ask(&echo_call(1, "still here"))), "still here");
}

#[test]
fn what_an_inline_handler_says_leaves_while_it_runs() {
    let (go, gone): (Sender<()>, Receiver<()>) = channel();
    let (mut client, _server, _) = start(move || {
        let mut router = Router::new();
        router.tool(Tool::new("wait"), move |cx, _: Value| {
            cx.notify("notifications/x-waiting", json!({}));
            gone.recv_timeout(DEADLINE).unwrap();
            Ok("done")
        });
        Server::new("wait", "1", router, ())
    });
    client.open_session();
    let said = client.ask(&call(1, "wait", &json!({})));
    assert_eq!(said["method"], "notifications/x-waiting");
    go.send(()).unwrap();
    assert_eq!(text(&client.next()), "done");
}

#[test]
fn a_tool_that_a_handler_adds_is_offered_at_once() {
    let (mut client, _server, _) = start(|| {
        let mut router = Router::new();
        router.tool(Tool::new("add"), |cx, _: Value| {
            cx.edit_offer(|router: &mut Router<()>| {
                router.tool(Tool::new("added"), |_, _: Value| Ok("new"));
            });
            Ok("")
        });
        Server::new("add", "1", router, ())
    });
    client.open_session();
    client.send(&call(1, "add", &json!({})));
    let said = [client.next(), client.next()];
    let changed = |message: &Value| message["method"] == "notifications/tools/list_changed";
    assert!(said.iter().any(changed), "{said:?}");
    assert_eq!(text(&client.ask(&call(2, "added", &json!({})))), "new");
}

#[test]
fn a_peer_that_never_reads_is_not_read_from_for_ever() {
    let (ended, end) = channel();
    let (ours, theirs) = UnixStream::pair().unwrap();
    std::thread::spawn(move || {
        let mut config = ServerConfig::new(Implementation::new("echo", "1"));
        config.limits.output_bytes_max = 100_000;
        config.drain = Duration::from_millis(50);
        let server = echo().config(config);
        let _ = ended.send(server.serve_fds(theirs.try_clone().unwrap(), theirs));
    });
    let mut ours = ours;
    ours.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    // Each ping costs a line and makes one.
    let pings = format!("{}\n", ping(1)).repeat(1000);
    let mut taken = 0;
    while ours.write_all(pings.as_bytes()).is_ok() {
        taken += pings.len();
        assert!(taken < 8 << 20, "the server takes in what it cannot answer");
    }
    ours.shutdown(Shutdown::Write).unwrap();
    let outcome: std::io::Result<()> = end.recv_timeout(DEADLINE).expect("the server gives up");
    outcome.unwrap();
}

#[test]
fn a_slow_reader_gets_everything() {
    let (mut client, _server, ours) = {
        let (ours, theirs) = UnixStream::pair().unwrap();
        std::thread::spawn(move || {
            let mut config = ServerConfig::new(Implementation::new("echo", "1"));
            config.limits.output_bytes_max = 10_000;
            let server = echo().config(config);
            let _ = server.serve_fds(theirs.try_clone().unwrap(), theirs);
        });
        (ours.try_clone().unwrap(), (), ours)
    };
    const PINGS: u32 = 50_000;
    let writer = std::thread::spawn(move || {
        for n in 0..PINGS {
            client.write_all(format!("{}\n", ping(n)).as_bytes()).unwrap();
        }
        client.shutdown(Shutdown::Write).unwrap();
    });
    let mut answers = String::new();
    (&ours).read_to_string(&mut answers).unwrap();
    writer.join().unwrap();
    assert_eq!(answers.lines().count(), PINGS as usize);
}

#[test]
fn a_peer_that_is_gone_is_a_normal_end_that_the_application_hears_of() {
    let (sender, events) = channel();
    let (mut client, server, ours) = start(move || {
        let mut router = echo_router();
        router.on_event(move |(), event| {
            if matches!(event, Event::SessionClosed { .. }) {
                let _ = sender.send(());
            }
        });
        Server::new("echo", "1", router, ())
    });
    client.open_session();
    ours.shutdown(Shutdown::Both).unwrap();
    server.outcome().unwrap();
    events.recv_timeout(DEADLINE).expect("the end of the session is told");
}

#[test]
fn a_command_from_another_thread_wakes_the_server() {
    let (sender, tickets) = channel();
    let (mut client, _server, _) = start(move || {
        let mut router = echo_router();
        router.tool_later(Tool::new("later"), move |(), ticket, _: Value| {
            sender.send(ticket).unwrap();
        });
        Server::new("later", "1", router, ())
    });
    client.open_session();
    client.send(&call(1, "later", &json!({})));
    let ticket = tickets.recv_timeout(DEADLINE).unwrap();
    assert_eq!(text(&client.ask(&echo_call(2, "meanwhile"))), "meanwhile");
    ticket.respond("now");
    assert_eq!(text(&client.next()), "now");
}

#[test]
fn a_command_after_the_end_is_dropped() {
    let (sender, tickets) = channel();
    let (mut client, server, _) = start(move || {
        let mut config = ServerConfig::new(Implementation::new("later", "1"));
        config.drain = Duration::from_millis(50);
        let mut router = Router::new();
        router.tool_later(Tool::new("later"), move |(), ticket, _: Value| {
            sender.send(ticket).unwrap();
        });
        Server::new("later", "1", router, ()).config(config)
    });
    client.open_session();
    client.send(&call(1, "later", &json!({})));
    let ticket = tickets.recv_timeout(DEADLINE).unwrap();
    client.finish();
    client.assert_ended();
    server.outcome().unwrap();
    assert!(ticket.call().is_cancelled());
    let (_, outbox) = ticket.into_parts();
    outbox.send(Command::ResourceUpdated { uri: "file:///late".into() });
}

#[test]
fn a_file_is_served_like_a_pipe() {
    let folder = std::env::temp_dir();
    let path = folder.join(format!("mcp-stdio-{}.jsonl", std::process::id()));
    std::fs::write(&path, format!("{}\n{}\n", ping(1), ping(2))).unwrap();
    let input = std::fs::File::open(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let (ours, theirs) = UnixStream::pair().unwrap();
    echo().serve_fds(input, theirs).unwrap();
    let client = Client::new(ours, std::io::sink());
    assert_eq!([&client.next()["id"], &client.next()["id"]], [1, 2]);
    client.assert_ended();
}

#[test]
fn a_thread_without_a_call_is_heard() {
    let (sender, outboxes) = channel();
    let (mut client, _server, _) = start(move || {
        let server = echo();
        sender.send(server.outbox()).unwrap();
        server
    });
    client.open_session();
    assert_eq!(text(&client.ask(&echo_call(1, "hi"))), "hi");
    let outbox = outboxes.recv_timeout(DEADLINE).unwrap();
    outbox.send(Command::ListChanged(List::Tools));
    assert_eq!(client.next()["method"], "notifications/tools/list_changed");
}

#[test]
fn an_input_that_somebody_made_non_blocking_is_waited_for() {
    let (input, client_output) = std::io::pipe().unwrap();
    let (client_input, output) = std::io::pipe().unwrap();
    fcntl_setfl(&input, OFlags::NONBLOCK).unwrap();
    std::thread::spawn(move || echo().serve_fds(input, output));
    let mut client = Client::new(client_input, client_output);
    client.open_session();
    assert_eq!(text(&client.ask(&echo_call(1, "hi"))), "hi");
}

#[test]
fn the_output_blocks_again_after_the_end() {
    let (input, _) = std::io::pipe().unwrap();
    let (_kept, output) = std::io::pipe().unwrap();
    let again = output.try_clone().unwrap();
    let before = fcntl_getfl(&again).unwrap();
    echo().serve_fds(input, output).unwrap();
    assert_eq!(fcntl_getfl(&again).unwrap(), before);
    assert!(!before.contains(OFlags::NONBLOCK));
}
