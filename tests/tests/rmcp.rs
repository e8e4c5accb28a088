//! The official Rust SDK drives the everything server over a pipe, in every revision it speaks.

#[path = "rmcp/checks.rs"]
mod checks;

use std::{process::Stdio, time::Duration};

use rmcp::{model::ProtocolVersion, transport::TokioChildProcess};
use tokio::process::Command;

use checks::{MODERN, Session};

const HANDSHAKES: [ProtocolVersion; 4] = [
    ProtocolVersion::V_2024_11_05,
    ProtocolVersion::V_2025_03_26,
    ProtocolVersion::V_2025_06_18,
    ProtocolVersion::V_2025_11_25,
];

/// A server at the end of a pipe.
fn pipe() -> TokioChildProcess {
    let mut command = Command::new(env!("CARGO_BIN_EXE_everything"));
    command.arg("stdio");
    let pipe = TokioChildProcess::builder(command).stderr(Stdio::null()).spawn();
    pipe.expect("the server starts").0
}

/// Runs a check in every revision, each with a server of its own and a deadline.
fn in_each_revision(check: &impl AsyncFn(&Session)) {
    let versions = HANDSHAKES.into_iter().chain([MODERN]);
    for version in versions {
        block_on(async {
            let session = Session::open(pipe(), version).await;
            check(&session).await;
            session.close().await;
        });
    }
}

fn block_on(work: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime starts").block_on(async {
        tokio::time::timeout(Duration::from_secs(30), work).await.expect("it ends in time");
    });
}

#[test]
fn the_revision_is_agreed_on() {
    in_each_revision(&checks::the_revision_is_agreed_on);
}

#[test]
fn everything_is_listed() {
    in_each_revision(&checks::everything_is_listed);
}

#[test]
fn a_call_returns_what_it_was_given() {
    in_each_revision(&checks::a_call_returns_what_it_was_given);
}

#[test]
fn progress_arrives_and_grows() {
    in_each_revision(&checks::progress_arrives_and_grows);
}

#[test]
fn a_person_is_asked_where_the_revision_can() {
    in_each_revision(&checks::a_person_is_asked_where_the_revision_can);
}

#[test]
fn errors_have_their_codes_and_end_nothing() {
    in_each_revision(&checks::errors_have_their_codes_and_end_nothing);
}

#[test]
fn a_call_is_cancelled_and_others_go_on() {
    in_each_revision(&checks::a_call_is_cancelled_and_others_go_on);
}

#[test]
fn a_new_tool_is_announced_and_served() {
    in_each_revision(&checks::a_new_tool_is_announced_and_served);
}

#[test]
fn a_client_that_probes_finds_the_newest_revision() {
    block_on(async {
        let session = Session::probe(pipe()).await;
        checks::the_revision_is_agreed_on(&session).await;
        checks::a_call_returns_what_it_was_given(&session).await;
        session.close().await;
    });
}
