//! What abandoned sessions leave behind: nothing. One test in a process of its own, because it
//! counts the bytes of the process.

mod common;

use std::{alloc::System, thread, time::Duration};

use common::{Running, eventually};
use mcp_proto::{http::HttpConfig, server::ServerConfig};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The bytes that are in use now.
fn live() -> isize {
    let stats = ALLOCATOR.stats();
    let bytes = stats.bytes_allocated.wrapping_sub(stats.bytes_deallocated);
    isize::try_from(bytes).unwrap()
}

const SESSIONS: usize = 10_000;

fn sessions(server: &Running) -> usize {
    server.handle.inspect(|endpoint| endpoint.sessions().count()).unwrap()
}

/// Opens sessions on a few connections and leaves them.
fn abandon(server: &Running) {
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut client = server.client();
                for _ in 0..SESSIONS / 4 {
                    assert_eq!(client.try_initialize().status, 200);
                }
            });
        }
    });
}

#[test]
fn ten_thousand_abandoned_sessions_leave_nothing_behind() {
    let server = Running::with(|server| {
        let mut config = ServerConfig::new(mcp_proto::schema::Implementation::new("test", "1"));
        config.limits.sessions_max = 2 * SESSIONS;
        config.limits.sessions_per_subject_max = 2 * SESSIONS;
        let http = HttpConfig { session_idle: Duration::from_secs(2), ..HttpConfig::default() };
        server.config(config).http_config(http)
    });
    // Whatever is made once.
    server.session().check_echo();
    eventually("the first session stays", || sessions(&server) == 0);
    let before = live();
    for _ in 0..2 {
        abandon(&server);
        // A second client of the same kind is served meanwhile.
        let mut other = server.session();
        other.check_echo();
        eventually("sessions stay", || sessions(&server) == 0);
    }
    eventually("bytes of sessions stay", || {
        println!("{} bytes before, {} after", before, live());
        live() - before < 64 << 10
    });
}
