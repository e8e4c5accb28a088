//! A real process on real pipes.

#![cfg(unix)]

mod common;

use std::{
    io::Write,
    net::TcpListener,
    os::unix::net::UnixStream,
    process::{Child, Command, Stdio},
    sync::mpsc::channel,
    thread,
    time::{Duration, Instant},
};

use common::{Client, DEADLINE, call, example, request, text};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

fn spawn(name: &str, arguments: &[&str]) -> (Client, Child) {
    let mut child = Command::new(example(name))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (input, output) = (child.stdout.take().unwrap(), child.stdin.take().unwrap());
    (Client::new(input, output), child)
}

fn terminate(child: &Child) {
    kill_process(Pid::from_child(child), Signal::TERM).unwrap();
}

/// Waits for the process to end; one that does not is killed.
fn assert_exits_well(mut child: Child) {
    let pid = Pid::from_child(&child);
    let (sender, status) = channel();
    thread::spawn(move || sender.send(child.wait()));
    if let Ok(status) = status.recv_timeout(DEADLINE) {
        assert_eq!(status.unwrap().code(), Some(0));
    } else {
        kill_process(pid, Signal::KILL).unwrap();
        panic!("the process did not end");
    }
}

fn echo_call(id: u32, message: &str) -> serde_json::Value {
    call(id, "echo", &json!({"message": message}))
}

#[test]
fn the_end_of_input_ends_the_process_with_status_0_after_all_answers() {
    let (mut client, child) = spawn("fixture", &[]);
    client.open_session();
    for n in 0..20 {
        client.send(&echo_call(n, "bye"));
    }
    client.finish();
    for n in 0..20 {
        assert_eq!(client.next()["id"], n);
    }
    client.assert_ended();
    assert_exits_well(child);
}

#[test]
fn what_a_handler_prints_and_reads_is_not_the_peers() {
    mcp_proto::spec!("STD-02");
    let (mut client, child) = spawn("fixture", &[]);
    client.open_session();
    client.send(&call(1, "print", &json!({})));
    client.send(&call(2, "read", &json!({})));
    assert_eq!(text(&client.next()), "printed");
    assert_eq!(text(&client.next()), "");
    client.finish();
    client.assert_ended();
    assert_exits_well(child);
}

#[test]
fn sigterm_ends_an_idle_process_with_status_0() {
    let (mut client, child) = spawn("fixture", &[]);
    client.open_session();
    assert_eq!(text(&client.ask(&echo_call(1, "hi"))), "hi");
    terminate(&child);
    client.assert_ended();
    assert_exits_well(child);
}

#[test]
fn sigterm_lets_a_running_call_finish() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (mut client, child) = spawn("fixture", &["20000"]);
    client.open_session();
    client.send(&call(1, "hold", &json!({"port": listener.local_addr().unwrap().port()})));
    let (mut held, _) = listener.accept().unwrap();
    terminate(&child);
    held.write_all(b"finished").unwrap();
    drop(held);
    assert_eq!(text(&client.next()), "finished");
    client.assert_ended();
    assert_exits_well(child);
}

#[test]
fn sigterm_gives_a_call_up_that_does_not_finish() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (mut client, child) = spawn("fixture", &["50"]);
    client.open_session();
    client.send(&call(1, "hold", &json!({"port": listener.local_addr().unwrap().port()})));
    let _held = listener.accept().unwrap();
    terminate(&child);
    client.assert_ended();
    assert_exits_well(child);
}

#[test]
fn sigterm_ends_a_process_whose_handler_hangs_when_it_comes_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (mut client, mut child) = spawn("fixture", &[]);
    client.open_session();
    client.send(&call(1, "hang", &json!({"port": listener.local_addr().unwrap().port()})));
    let (held, _) = listener.accept().unwrap();
    // Two signals that come together may be one.
    let ended = (0..DEADLINE.as_millis() / 10).any(|_| {
        terminate(&child);
        client.has_ended_within(Duration::from_millis(10))
    });
    drop(held);
    assert!(ended, "the process hangs");
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn sigterm_ends_a_process_whose_peer_does_not_read() {
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    let child = Command::new(example("fixture"))
        .arg("50")
        .stdin(std::os::fd::OwnedFd::from(theirs.try_clone().unwrap()))
        .stdout(std::os::fd::OwnedFd::from(theirs))
        .spawn()
        .unwrap();
    ours.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    let pings = format!("{}\n", request(1, "ping", &json!({}))).repeat(1000);
    let mut taken = 0;
    while ours.write_all(pings.as_bytes()).is_ok() {
        taken += pings.len();
        assert!(taken < 64 << 20, "the server takes in what it cannot answer");
    }
    terminate(&child);
    assert_exits_well(child);
}

#[test]
fn a_closed_stdout_ends_the_process() {
    let mut child = Command::new(example("fixture"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut input = child.stdin.take().unwrap();
    let ping = format!("{}\n", request(1, "ping", &json!({})));
    // Not once: a process that another test is just starting may hold the other end for a moment.
    let until = Instant::now() + DEADLINE;
    while input.write_all(ping.as_bytes()).is_ok() {
        assert!(Instant::now() < until, "the process goes on");
    }
    assert_exits_well(child);
}
