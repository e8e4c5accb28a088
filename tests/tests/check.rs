//! The program `check`, on our own server and on one that is made bad.

use std::process::{Command, Output};

const CHECK: &str = env!("CARGO_BIN_EXE_check");
const SERVER: &str = env!("CARGO_BIN_EXE_everything");

fn check(options: &[&str], command: &[&str]) -> (Option<i32>, String) {
    let mut program = Command::new(CHECK);
    program.args(options).arg("--").args(command);
    let Output { status, stdout, .. } = program.output().expect("the program runs");
    (status.code(), String::from_utf8(stdout).expect("it prints UTF-8"))
}

#[test]
fn our_own_server_is_clean_in_every_revision() {
    let (status, printed) = check(&["--runs", "3"], &[SERVER, "stdio"]);
    assert_eq!(status, Some(0), "{printed}");
    assert_eq!(printed.matches(", 0 broken").count(), 5, "{printed}");
}

#[test]
fn what_a_bad_server_breaks_is_shown_with_a_short_transcript() {
    let bad = format!("{SERVER} stdio | sed --unbuffered 's/\"2[.]0\"/\"1.0\"/'");
    let options = ["--runs", "1", "--version", "2025-11-25", "--patience", "2"];
    let (status, printed) = check(&options, &["sh", "-c", &bad]);
    assert_eq!(status, Some(1), "{printed}");
    assert!(printed.contains(r#"2025-11-25: "framing" is broken, seed 1"#), "{printed}");
    let sent = printed.lines().filter(|line| line.starts_with("  > "));
    assert!(sent.count() <= 4, "{printed}");
}

#[test]
fn what_is_no_server_is_said_to_be_none() {
    assert_eq!(check(&["--version", "2025-11-25"], &["true"]).0, Some(2));
    assert_eq!(check(&["--runs", "many"], &["true"]).0, Some(2));
    assert_eq!(check(&[], &["/no/such/program"]).0, Some(2));
}
