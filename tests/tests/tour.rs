//! The tour as a program: over real pipes, to its exit code.

use std::process::{Command, Output};

fn tour(arguments: &[&str]) -> Output {
    let tour = env!("CARGO_BIN_EXE_tour");
    Command::new(tour).args(arguments).output().expect("the tour is run")
}

fn printed(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

/// The tour of a server of which a shell changes what it says: `case`s for each `$line`.
fn tour_of_changed(cases: &str) -> Output {
    let script =
        format!(r#""$0" stdio | while IFS= read -r line; do case $line in {cases} esac; done"#);
    tour(&["2025-11-25", "--", "sh", "-c", &script, env!("CARGO_BIN_EXE_everything")])
}

#[test]
fn every_step_of_the_tour_does_what_it_says() {
    let output = tour(&[]);
    let printed = printed(&output).replace(env!("CARGO_PKG_VERSION"), "VERSION");
    assert!(output.status.success(), "{printed}");
    assert!(printed.trim_end().ends_with("steps did what they say."), "{printed}");
    assert!(!printed.contains('\x1b'), "no colours where there is no terminal");
    insta::assert_snapshot!(printed);
}

#[test]
fn one_leg_is_played_alone() {
    let output = tour(&["pipes: 2025-03-26"]);
    let printed = printed(&output);
    assert!(output.status.success(), "{printed}");
    assert_eq!(printed.matches("\n== ").count(), 1, "{printed}");
    assert_eq!(tour(&["pipes: 1999"]).status.code(), Some(1));
}

#[test]
fn a_step_that_does_something_else_ends_the_tour_and_says_what() {
    let change = r#"*Hello!*) echo "${line%%Hello!*}Goodbye!${line##*Hello!}";;"#;
    let output = tour_of_changed(&format!(r#"{change} *) printf '%s\n' "$line";;"#));
    let printed = printed(&output);
    assert_eq!(output.status.code(), Some(1), "{printed}");
    assert!(printed.contains("step 3: It calls a tool."), "{printed}");
    assert!(printed.contains("expected  Hello!\n     came      Goodbye!"), "{printed}");
}

#[test]
fn a_line_that_nobody_expected_ends_the_tour() {
    let more = r#"printf '%s\n' "$line"; case $line in *Hello!*)
        echo '{"jsonrpc":"2.0","method":"notifications/tour"}';; esac"#;
    let output = tour_of_changed(&format!("*) {more};;"));
    let printed = printed(&output);
    assert_eq!(output.status.code(), Some(1), "{printed}");
    assert!(printed.contains("came      ← notifications/tour"), "{printed}");
}

#[test]
fn a_server_that_does_not_answer_ends_the_tour() {
    let output = tour(&["2025-11-25", "--", "true"]);
    let printed = printed(&output);
    assert_eq!(output.status.code(), Some(1), "{printed}");
    assert!(printed.contains("expected  an agreement"), "{printed}");
}
