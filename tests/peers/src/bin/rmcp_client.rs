//! The official Rust SDK drives a server over HTTP, in every revision that both speak there.
//!
//! `rmcp_client COMMAND…`: the command starts a server whose first line says where it listens.

#[path = "../../../tests/rmcp/checks.rs"]
mod checks;

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, ExitCode, Stdio},
    thread,
    time::Duration,
};

use rmcp::{
    model::ProtocolVersion,
    transport::{StreamableHttpClientTransport, streamable_http_client::StreamableHttpClient},
};

use checks::{MODERN, Session};

const HANDSHAKES: [ProtocolVersion; 3] =
    [ProtocolVersion::V_2025_03_26, ProtocolVersion::V_2025_06_18, ProtocolVersion::V_2025_11_25];

/// A server process; it ends with this.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start(command: &[String]) -> Self {
        let mut process = Command::new(&command[0])
            .args(&command[1..])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        let mut line = String::new();
        let stdout = process.stdout.take().expect("its output is a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("its output is text");
        let url = line.trim_end().strip_prefix("listening on ").expect("it says where it listens");
        Self { url: url.into(), process }
    }

    fn transport(&self) -> StreamableHttpClientTransport<impl StreamableHttpClient> {
        StreamableHttpClientTransport::from_uri(self.url.as_str())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended already needs no more.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What passed and what did not.
struct Count {
    command: Vec<String>,
    version: ProtocolVersion,
    passed: u32,
    failed: u32,
}

impl Count {
    /// Runs a check with a server of its own and a deadline, on a thread that may panic.
    fn check<C>(&mut self, check: C)
    where
        C: AsyncFn(&Session) + Send + 'static,
    {
        let (server, version) = (Server::start(&self.command), self.version.clone());
        let run = move || {
            block_on(async {
                let session = Session::open(server.transport(), version).await;
                check(&session).await;
                session.close().await;
            });
        };
        let outcome = thread::spawn(run).join();
        *if outcome.is_ok() { &mut self.passed } else { &mut self.failed } += 1;
    }

    /// What the Rust SDK sees over a pipe, it sees over HTTP.
    fn run(&mut self) {
        self.check(checks::the_revision_is_agreed_on);
        self.check(checks::everything_is_listed);
        self.check(checks::a_call_returns_what_it_was_given);
        self.check(checks::progress_arrives_and_grows);
        self.check(checks::a_person_is_asked_where_the_revision_can);
        self.check(checks::errors_have_their_codes_and_end_nothing);
        self.check(checks::a_call_is_cancelled_and_others_go_on);
        self.check(checks::a_new_tool_is_announced_and_served);
        let (version, passed, failed) = (&self.version, self.passed, self.failed);
        println!("  rmcp        {version} over HTTP {passed:>4} passed {failed:>3} failed");
    }
}

fn main() -> ExitCode {
    let command: Vec<String> = std::env::args().skip(1).collect();
    if command.is_empty() {
        eprintln!("usage: rmcp_client COMMAND…");
        return ExitCode::from(2);
    }
    let (mut passed, mut failed) = (0, 0);
    for version in HANDSHAKES.into_iter().chain([MODERN]) {
        let mut count = Count { command: command.clone(), version, passed: 0, failed: 0 };
        count.run();
        passed += count.passed;
        failed += count.failed;
    }
    let server = Server::start(&command);
    let probed = thread::spawn(move || {
        block_on(async {
            let session = Session::probe(server.transport()).await;
            checks::the_revision_is_agreed_on(&session).await;
            checks::a_call_returns_what_it_was_given(&session).await;
            session.close().await;
        });
    });
    *if probed.join().is_ok() { &mut passed } else { &mut failed } += 1;
    println!("{passed} passed, {failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn block_on(work: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime starts").block_on(async {
        tokio::time::timeout(Duration::from_secs(30), work).await.expect("it ends in time");
    });
}
