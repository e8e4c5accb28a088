//! Servers that misbehave, as shell scripts, and what is left of them.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::{
    fs,
    process::Command,
    sync::mpsc::channel,
    thread,
    time::{Duration, Instant},
};

use mcp_proto::{
    client::{ClientConfig, ClientEvent, DroppedByClient, Era},
    schema::{ClientCapabilities, Implementation},
};
use mcp_stdio::{
    Client,
    client::{Connector, End},
};

/// Far beyond what anything here takes, so that a test fails instead of hanging.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);

/// How long a server may take to exit when it is asked to.
pub(crate) const GRACE: Duration = Duration::from_millis(100);

/// The answer to the probe, which is the first request.
pub(crate) const DISCOVERED: &str = r#"{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"ttlMs":0,"cacheScope":"private"}}"#;

/// The result of `initialize`.
pub(crate) const INITIALIZED: &str = r#"{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"bad","version":"1"}}"#;

/// Runs a test, which fails if it takes too long.
pub(crate) fn within_deadline(test: impl FnOnce() + Send + 'static) {
    let (sender, done) = channel();
    let body = thread::spawn(move || {
        test();
        let _ = sender.send(());
    });
    match done.recv_timeout(DEADLINE) {
        Ok(()) => {}
        Err(std::sync::mpsc::RecvTimeoutError::Timeout) => panic!("the test hangs"),
        Err(_) => std::panic::resume_unwind(body.join().expect_err("the test has failed")),
    }
}

pub(crate) fn config(era: Era) -> ClientConfig {
    let info = Implementation::new("test", "1");
    let mut config = ClientConfig::new(info, ClientCapabilities::default());
    config.era = era;
    config.probe_timeout = Duration::from_millis(500);
    config.initialize_timeout = Duration::from_millis(500);
    config.timeouts.idle = Some(Duration::from_secs(20));
    config.round_pause = Duration::from_millis(1);
    config
}

/// A server that is a shell script; the first that it writes to stderr is its process number.
pub(crate) fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("echo \"pid $$\" >&2\n{script}"));
    command
}

/// What says one line.
pub(crate) fn say(line: &str) -> String {
    format!("printf '%s\\n' '{line}'\n")
}

/// A server of 2026-07-28 that goes on as `script` says. The first request after that has id 2.
pub(crate) fn modern(script: &str) -> Command {
    shell(&format!("read -r line\n{}{script}", say(DISCOVERED)))
}

/// A server of 2025-11-25 that goes on as `script` says. The first request after that has id 2.
pub(crate) fn legacy(script: &str) -> Command {
    let answer = say(&format!(r#"{{"jsonrpc":"2.0","id":1,"result":{INITIALIZED}}}"#));
    shell(&format!("read -r line\n{answer}read -r line\n{script}"))
}

/// The result of a request.
pub(crate) fn result(id: u32, text: &str) -> String {
    let content = format!(r#"{{"type":"text","text":"{text}"}}"#);
    say(&format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"content":[{content}]}}}}"#))
}

pub(crate) fn connector(era: Era) -> Connector {
    Connector::new(config(era)).grace(GRACE)
}

/// The client of a server that must come up.
pub(crate) fn connect(era: Era, server: Command) -> Client {
    connector(era).spawn(server).expect("the server is agreed with")
}

/// Closes a client within its deadline, and asserts that nothing is left of the server.
pub(crate) fn close(client: &Client) -> std::sync::Arc<End> {
    let start = Instant::now();
    let end = client.close();
    assert!(start.elapsed() < 2 * GRACE + Duration::from_secs(5), "closing takes too long");
    assert_gone(&end);
    end
}

/// Asserts that no process of a server's group is left.
pub(crate) fn assert_gone(end: &End) {
    let groups: Vec<u32> =
        end.stderr.lines().filter_map(|line| line.strip_prefix("pid ")?.parse().ok()).collect();
    assert!(!groups.is_empty(), "the server has said who it is: {end:?}");
    let start = Instant::now();
    // What is killed is gone soon, though nobody can wait for it who is not its parent.
    while let Some(left) = members(&groups) {
        assert!(start.elapsed() < Duration::from_secs(5), "left behind: {left}");
        thread::yield_now();
    }
}

/// A process of one of the groups: one that runs, or a leader that nobody has waited for.
fn members(groups: &[u32]) -> Option<String> {
    fs::read_dir("/proc").unwrap().find_map(|entry| {
        let stat = fs::read_to_string(entry.ok()?.path().join("stat")).ok()?;
        let pid: u32 = stat.split(' ').next()?.parse().ok()?;
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let [state, _parent, group, ..] = fields[..] else { return None };
        let ours = groups.contains(&group.parse().ok()?);
        let zombie = matches!(state, "Z" | "X");
        (ours && (!zombie || groups.contains(&pid))).then_some(stat)
    })
}

/// What was dropped while the client lived; it must be closed by now.
pub(crate) fn dropped(client: &Client) -> Vec<DroppedByClient> {
    let dropped = client.events().map(|event| match event {
        ClientEvent::Dropped(dropped) => dropped,
        event => panic!("an event that was not expected: {event:?}"),
    });
    dropped.collect()
}
