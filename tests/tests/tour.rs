//! The tour as a program: over real pipes, to its exit code.

use std::{
    path::PathBuf,
    process::{Command, Output},
};

fn tour(arguments: &[&str]) -> Output {
    let tour = env!("CARGO_BIN_EXE_tour");
    Command::new(tour).args(arguments).output().expect("the tour is run")
}

fn printed(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

/// Plays a script of one step.
fn play(name: &str, step: &str) -> Output {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, format!("= test\n# The step.\n{step}\n")).expect("a script is written");
    tour(&[path.to_str().expect("a path is a text")])
}

const DISCOVER: &str = concat!(
    r#"> {"jsonrpc":"2.0","id":1,"method":"server/discover","params":{"_meta":{"#,
    r#""io.modelcontextprotocol/protocolVersion":"2026-07-28","#,
    r#""io.modelcontextprotocol/clientCapabilities":{}}}}"#,
);

#[test]
fn every_step_of_the_tour_does_what_it_says() {
    let output = tour(&[]);
    let printed = printed(&output);
    assert!(output.status.success(), "{printed}");
    assert!(printed.contains("2025-11-25") && printed.contains("2026-07-28"), "{printed}");
    assert!(printed.trim_end().ends_with("steps did what they say."), "{printed}");
    assert!(!printed.contains('\x1b'), "no colours where there is no terminal");
}

#[test]
fn a_step_that_does_something_else_ends_the_tour_and_says_what() {
    let step = format!("{DISCOVER}\n< {{\"id\":1,\"result\":{{\"resultType\":\"incomplete\"}}}}");
    let output = play("else.txt", &step);
    let printed = printed(&output);
    assert_eq!(output.status.code(), Some(1), "{printed}");
    let because = r#"the message → result → resultType is "complete", not "incomplete""#;
    assert!(printed.contains(because), "{printed}");
}

#[test]
fn a_line_that_nobody_expected_ends_the_tour() {
    let output = play("more.txt", DISCOVER);
    assert_eq!(output.status.code(), Some(1));
    assert!(printed(&output).contains("expected  no more lines"), "{}", printed(&output));
}
