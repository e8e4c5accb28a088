//! Sessions that are opened and abandoned leave nothing behind. One test in a process of its own,
//! because it counts the bytes of the process.

mod common;

use std::{
    alloc::System,
    thread,
    time::{Duration, Instant},
};

use cap::Cap;
use common::{DEADLINE, Running, start};
use mcp_proto::{Limits, Router, http::HttpConfig, schema::Implementation, server::ServerConfig};
use mcp_smol::{Anyone, Server};

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

const SESSIONS: usize = 10_000;

fn sessions(running: &Running<Anyone>) -> usize {
    smol::block_on(running.handle.inspect(|endpoint| endpoint.sessions().count())).unwrap()
}

/// Opens sessions and turns away from them; says how many bytes they held together.
fn abandon(running: &Running<Anyone>, count: usize) -> usize {
    let before = ALLOCATOR.allocated();
    let mut client = running.connect();
    for _ in 0..count {
        assert_eq!(client.post(&common::initialize()).status, 200);
    }
    ALLOCATOR.allocated().saturating_sub(before)
}

/// Waits until the last session has expired.
fn wait_for_expiry(running: &Running<Anyone>) {
    let began = Instant::now();
    while sessions(running) > 0 {
        assert!(began.elapsed() < DEADLINE, "sessions do not expire");
        thread::yield_now();
    }
}

#[test]
fn abandoned_sessions_cost_little_and_leave_nothing_behind() {
    let running = start(|| {
        let mut config = ServerConfig::new(Implementation::new("test", "1"));
        config.limits = Limits { sessions_max: 2 * SESSIONS, ..Limits::default() };
        let http = HttpConfig { session_idle: Duration::from_secs(2), ..HttpConfig::default() };
        Server::new("test", "1", Router::new(), ()).config(config).http_config(http)
    });
    // What is made once and kept is made.
    abandon(&running, 100);
    wait_for_expiry(&running);
    let before = ALLOCATOR.allocated();
    let held = abandon(&running, SESSIONS);
    let open = sessions(&running);
    assert!(open > 0, "nothing is left to be looked at");
    wait_for_expiry(&running);
    let after = ALLOCATOR.allocated();
    println!("{} bytes a session, {before} bytes before, {after} after", held / open);
    assert!(held < open * 1536, "{} bytes a session", held / open);
    // Tables keep some room.
    assert!(after < before + (64 << 10), "{before} bytes before, {after} after");
}
