//! Servers that do not come up, that leave, and that do not want to leave.

#![cfg(target_os = "linux")]

mod bad;

use std::{
    os::unix::process::ExitStatusExt,
    process::Command,
    time::{Duration, Instant},
};

use bad::{
    GRACE, INITIALIZED, assert_gone, close, config, connect, connector, legacy, modern, result,
    say, shell, within_deadline,
};
use mcp_proto::{
    Version,
    client::{self as proto, CallOptions, Delivery, Era},
};
use mcp_stdio::client::{ConnectError, Connector, End, Error};
use serde_json::json;

/// The error of a handshake that fails.
fn failure(era: Era, server: Command) -> (proto::ConnectError, std::sync::Arc<End>) {
    match connector(era).spawn(server) {
        Err(ConnectError::Handshake { why, end }) => {
            assert_gone(&end);
            (why, end)
        }
        other => panic!("no failed handshake: {other:?}"),
    }
}

/// The delivery and the end that a lost call reports.
fn lost(error: Error) -> (Delivery, std::sync::Arc<End>) {
    match error {
        Error::Lost { delivery, end } => (delivery, end),
        other => panic!("not lost: {other:?}"),
    }
}

#[test]
fn a_program_that_is_not_there_is_the_systems_error() {
    let error = Connector::new(config(Era::Auto)).spawn(Command::new("no-such-program"));
    let Err(ConnectError::Spawn(error)) = error else { panic!("no error of spawning: {error:?}") };
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
}

#[test]
fn a_server_that_exits_at_once_is_closed_with_its_status_and_its_last_words() {
    within_deadline(|| {
        for era in [Era::Auto, Era::Legacy, Era::Pinned(Version::V2026_07_28)] {
            let (why, end) = failure(era, shell("echo no licence >&2; exit 3"));
            assert_eq!(why, proto::ConnectError::Closed);
            assert_eq!(end.status.unwrap().code(), Some(3));
            assert!(end.stderr.ends_with("no licence\n"));
        }
    });
}

#[test]
fn a_server_that_exits_on_the_probe_is_started_anew_as_a_legacy_one() {
    within_deadline(|| {
        let answer = say(&format!(r#"{{"jsonrpc":"2.0","id":2,"result":{INITIALIZED}}}"#));
        let server = shell(&format!(
            "read -r line\ncase $line in *discover*) exit 1;; esac\n{answer}read -r line\n\
             read -r line\n{}",
            result(3, "alive"),
        ));
        let client = connect(Era::Auto, server);
        assert_eq!(client.agreement().version, Version::V2025_11_25);
        assert_eq!(client.call_tool("any", &json!({})).unwrap().text(), "alive");
        let end = close(&client);
        assert_eq!(end.stderr.matches("pid ").count(), 2);
    });
}

#[test]
fn a_server_that_never_answers_times_out() {
    within_deadline(|| {
        let start = Instant::now();
        for era in [Era::Auto, Era::Legacy] {
            let (why, _) = failure(era, shell("while read -r line; do :; done"));
            assert_eq!(why, proto::ConnectError::TimedOut);
        }
        assert!(start.elapsed() < Duration::from_secs(10));
    });
}

#[test]
fn a_server_that_stops_answering_times_out_call_by_call() {
    within_deadline(|| {
        let script = "while read -r line; do echo \"$line\" >&2; done";
        for (era, server) in [(Era::Legacy, legacy(script)), (Era::Auto, modern(script))] {
            let client = connect(era, server);
            let mut options = CallOptions::default();
            options.timeouts.idle = Some(Duration::from_millis(100));
            let error = client.call("tools/call", &json!({"name": "any"}), options).unwrap_err();
            assert!(matches!(error, Error::TimedOut));
            let end = close(&client);
            assert!(end.stderr.contains("notifications/cancelled"), "it was not told: {end:?}");
            assert!(end.status.unwrap().success());
        }
    });
}

#[test]
fn a_server_that_dies_fails_every_call_at_once_with_its_status() {
    within_deadline(|| {
        let client =
            connect(Era::Legacy, legacy("read -r line; read -r line; echo bye >&2; exit 7"));
        let calls: Vec<_> = (0..2)
            .map(|_| client.begin_tool("any", &json!({}), CallOptions::default()).unwrap())
            .collect();
        for call in calls {
            let (delivery, end) = lost(call.wait().unwrap_err());
            assert_eq!(delivery, Delivery::OutcomeUnknown);
            assert_eq!(end.status.unwrap().code(), Some(7));
            assert!(end.stderr.ends_with("bye\n"));
        }
        let (delivery, end) = lost(client.call_tool("any", &json!({})).unwrap_err());
        assert_eq!((delivery, end.status.unwrap().code()), (Delivery::NotSent, Some(7)));
        close(&client);
    });
}

#[test]
fn the_last_words_of_a_server_that_dies_are_heard() {
    within_deadline(|| {
        let server = legacy(&format!("read -r line\n{}exit 1", result(2, "done")));
        let client = connect(Era::Legacy, server);
        assert_eq!(client.call_tool("any", &json!({})).unwrap().text(), "done");
        assert_eq!(close(&client).status.unwrap().code(), Some(1));
    });
}

#[test]
fn what_outlives_a_server_holds_nothing_up_and_is_killed() {
    within_deadline(|| {
        let client = connect(Era::Legacy, legacy("read -r line; sleep 1000 & exit 5"));
        let (_, end) = lost(client.call_tool("any", &json!({})).unwrap_err());
        assert_eq!(end.status.unwrap().code(), Some(5));
        close(&client);
    });
}

#[test]
fn a_server_that_closes_its_stdout_but_lives_is_gone_and_is_terminated() {
    within_deadline(|| {
        let client = connect(Era::Legacy, legacy("read -r line; exec >&-; sleep 1000"));
        let (delivery, end) = lost(client.call_tool("any", &json!({})).unwrap_err());
        assert_eq!((delivery, end.status), (Delivery::OutcomeUnknown, None));
        assert_eq!(close(&client).status.unwrap().signal(), Some(15));
    });
}

#[test]
fn a_server_that_ignores_sigterm_is_killed_with_its_group() {
    mcp_proto::spec!("LIF-01");
    within_deadline(|| {
        let client = connect(Era::Legacy, legacy("trap '' TERM; while :; do sleep 1000; done"));
        let start = Instant::now();
        assert_eq!(close(&client).status.unwrap().signal(), Some(9));
        assert!(start.elapsed() >= 2 * GRACE, "it was given no time");
    });
}

#[test]
fn a_server_that_leaves_at_the_end_of_input_is_not_signalled() {
    mcp_proto::spec!("LIF-01");
    within_deadline(|| {
        let client = connect(
            Era::Legacy,
            // What it still says is more than a pipe holds.
            legacy("while read -r line; do :; done; head -c 1000000 /dev/zero; exit 4"),
        );
        assert_eq!(close(&client).status.unwrap().code(), Some(4));
    });
}

#[test]
fn a_client_that_is_dropped_leaves_no_process_behind() {
    within_deadline(|| {
        let (sender, lines) = std::sync::mpsc::channel();
        let connector =
            connector(Era::Legacy).on_stderr(move |line| drop(sender.send(line.into())));
        let client = connector.spawn(legacy("trap '' TERM; sleep 1000")).unwrap();
        let other = client.clone();
        drop(client);
        assert!(other.agreement().server.is_some());
        drop(other);
        let pid: String = lines.recv_timeout(bad::DEADLINE).unwrap();
        let mut end = End::default();
        end.stderr = pid;
        assert_gone(&end);
    });
}

#[test]
fn a_server_that_never_reads_does_not_hold_up_closing() {
    within_deadline(|| {
        let client = connect(Era::Legacy, legacy("sleep 1000"));
        let large = json!({"text": "x".repeat(16 << 20)});
        let call = client.begin_tool("any", &large, CallOptions::default()).unwrap();
        let end = close(&client);
        assert_eq!(end.status.unwrap().signal(), Some(15));
        assert_eq!(lost(call.wait().unwrap_err()).0, Delivery::OutcomeUnknown);
    });
}

#[test]
fn a_server_that_closes_its_stdin_loses_the_call_that_cannot_be_written() {
    within_deadline(|| {
        let client = connect(Era::Legacy, legacy("exec <&-; echo closed >&2; sleep 1000"));
        let large = json!({"text": "x".repeat(1 << 20)});
        let (delivery, _) = lost(client.call_tool("any", &large).unwrap_err());
        assert_eq!(delivery, Delivery::OutcomeUnknown);
        close(&client);
    });
}
