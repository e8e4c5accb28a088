//! The example `editor` as a program, on real pipes.

#![cfg(unix)]

mod common;

use std::process::{Command, Output, Stdio};

use common::example;

fn editor(options: &[&str], server: &[&str]) -> Output {
    Command::new(example("editor"))
        .args(options)
        .arg("--")
        .args(server)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn the_result_stands_alone_on_stdout_in_every_era() {
    let echo = example("echo");
    let server = [echo.to_str().unwrap()];
    for (era, revision) in [
        ("auto", "2026-07-28"),
        ("legacy", "2025-11-25"),
        ("2026-07-28", "2026-07-28"),
        ("2025-11-25", "2025-11-25"),
        ("2025-06-18", "2025-06-18"),
        ("2025-03-26", "2025-03-26"),
        ("2024-11-05", "2024-11-05"),
    ] {
        let call = ["--era", era, "--call", "echo", "--args", r#"{"message":"hello"}"#];
        let output = editor(&call, &server);
        let told = text(&output.stderr);
        assert!(output.status.success(), "{told}");
        let result: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(result["content"][0]["text"], "hello");
        assert!(told.contains(&format!("echo 1.0.0 speaks {revision}")), "{told}");
        assert!(told.contains("tool echo: Says what it is told."), "{told}");
    }
}

#[test]
fn what_fails_is_said_and_is_no_success() {
    let echo = example("echo");
    let echo = echo.to_str().unwrap();
    for (options, server, said) in [
        (&["--call", "nothing"][..], &[echo][..], "the server refused: Unknown tool: nothing"),
        (&[], &["sh", "-c", "echo no >&2; exit 9"], "exit status: 9; the last it said: no"),
        (&[], &["no-such-program"], "the server could not be started"),
        (&["--era", "old"], &[echo], "no such era: old"),
    ] {
        let output = editor(options, server);
        assert!(!output.status.success());
        assert_eq!(text(&output.stdout), "");
        let told = text(&output.stderr);
        assert!(told.contains(said), "{told}");
    }
}

#[test]
fn a_tool_that_fails_is_shown_and_is_no_success() {
    let fixture = example("fixture");
    // Nobody listens there.
    let call = ["--call", "hold", "--args", r#"{"port":1}"#];
    let output = editor(&call, &[fixture.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let result: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(result["isError"], true);
}
