//! The example `editor` as a program, at servers that are commands and at servers at a URL.

#![cfg(unix)]

use std::{
    fs::File,
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::Value;

/// The path of an example, which `cargo test` has built beside this test.
fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.ancestors().nth(2).unwrap().join("examples").join(name);
    assert!(path.exists(), "build it first: cargo build -p mcp-stdio --examples");
    path
}

/// A server, as the command line of the editor says where it is.
struct Server {
    place: Vec<String>,
    process: Option<Child>,
}

impl Server {
    /// The fixture as a command, and the same at a URL.
    fn both() -> [Self; 2] {
        [Self::command(), Self::url()]
    }

    fn command() -> Self {
        Self::at(&["--", example("editor_fixture").to_str().unwrap()])
    }

    fn url() -> Self {
        let mut process = Command::new(example("editor_fixture"))
            .env("PORT", "0")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim_end().strip_prefix("listening on ").expect("where it listens");
        let mut server = Self::at(&["--url", url]);
        server.process = Some(process);
        server
    }

    fn at(place: &[&str]) -> Self {
        Self { place: place.iter().map(ToString::to_string).collect(), process: None }
    }

    fn is_command(&self) -> bool {
        self.place[0] == "--"
    }

    fn editor(&self, options: &[&str]) -> Output {
        self.editor_with(options, Stdio::null())
    }

    fn editor_with(&self, options: &[&str], stdin: Stdio) -> Output {
        let mut editor = Command::new(example("editor"));
        editor.env_remove("PORT").args(options).args(&self.place).stdin(stdin).output().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// What a call printed, which must be its result and nothing else.
#[track_caller]
fn result(output: &Output) -> Value {
    assert_eq!(text(&output.stdout).lines().count(), 1, "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[track_caller]
fn said(output: &Output) -> String {
    result(output)["content"][0]["text"].as_str().unwrap().to_owned()
}

#[test]
fn the_result_stands_alone_on_stdout_in_every_era() {
    for server in Server::both() {
        for (era, revision) in [
            ("auto", "2026-07-28"),
            ("legacy", "2025-11-25"),
            ("2026-07-28", "2026-07-28"),
            ("2025-11-25", "2025-11-25"),
            ("2025-06-18", "2025-06-18"),
            ("2025-03-26", "2025-03-26"),
            ("2024-11-05", "2024-11-05"),
        ] {
            if revision == "2024-11-05" && !server.is_command() {
                // It has no HTTP of this kind.
                continue;
            }
            let call = ["--era", era, "--call", "echo", "--args", r#"{"message":"hello"}"#];
            let output = server.editor(&call);
            let told = text(&output.stderr);
            assert!(output.status.success(), "{told}");
            assert_eq!(said(&output), "hello");
            assert!(told.contains(&format!("fixture 1.0.0 speaks {revision}")), "{told}");
            assert!(told.contains("tool echo: Says what it is told."), "{told}");
        }
    }
}

#[test]
fn the_offer_is_shown_where_nothing_is_called() {
    for server in Server::both() {
        let output = server.editor(&[]);
        assert!(output.status.success());
        assert_eq!(text(&output.stdout), "");
        let told = text(&output.stderr);
        assert!(
            ["echo", "progress", "ask", "fail"].iter().all(|tool| {
                told.lines().any(|line| line.starts_with(&format!("tool {tool}: ")))
            }),
            "{told}"
        );
    }
}

#[test]
fn progress_and_logs_are_shown_beside_the_result() {
    for server in Server::both() {
        for era in ["auto", "legacy"] {
            let output = server.editor(&["--era", era, "--call", "progress"]);
            assert_eq!(said(&output), "three steps");
            let told = text(&output.stderr);
            for shown in ["progress 1 of 3", "progress 3 of 3", "warning fixture: \"half of"] {
                assert!(told.contains(shown), "{shown}: {told}");
            }
        }
    }
}

#[test]
fn a_question_is_declined_where_there_is_no_terminal() {
    for server in Server::both() {
        for era in ["auto", "legacy"] {
            let output = server.editor(&["--era", era, "--call", "ask"]);
            assert!(output.status.success());
            assert_eq!(said(&output), "Hello, whoever you are!");
        }
    }
}

#[test]
fn a_question_is_answered_at_the_terminal() {
    for server in Server::both() {
        for era in ["auto", "legacy"] {
            // The terminal stays open for as long as its person does.
            let (mut person, terminal) = terminal();
            // Whether to answer; nothing, which is required; the name.
            person.write_all(b"y\n\nAda\n").unwrap();
            let output = server.editor_with(&["--era", era, "--call", "ask"], terminal.into());
            let told = text(&output.stderr);
            assert!(output.status.success(), "{told}");
            assert_eq!(said(&output), "Hello, Ada!");
            assert!(told.contains("Who are you?\nAnswer? [Y/n] name (string): That"), "{told}");
        }
    }
}

/// A new terminal, and the other end of it.
fn terminal() -> (File, File) {
    let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&person).unwrap();
    unlockpt(&person).unwrap();
    let path = ptsname(&person, Vec::new()).unwrap().into_string().unwrap();
    let terminal = File::options().read(true).write(true).open(path).unwrap();
    (person.into(), terminal)
}

#[test]
fn a_tool_that_fails_is_shown_and_is_no_success() {
    for server in Server::both() {
        let output = server.editor(&["--call", "fail"]);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(said(&output), "it failed");
        assert_eq!(result(&output)["isError"], true);
    }
}

#[test]
fn what_fails_is_said_and_is_no_success() {
    let unknown = "the server refused: Unknown tool: nothing";
    let both = Server::both().map(|server| (&["--call", "nothing"][..], server, unknown, 1));
    let alone = [
        (&["sh", "-c", "echo no >&2; exit 9"][..], "exit status: 9; the last it said: no"),
        (&["no-such-program"], "the server could not be started"),
    ];
    let alone =
        alone.map(|(command, said)| (&[][..], Server::at(&[&["--"], command].concat()), said, 1));
    let urls = [
        ("ftp://localhost/mcp", "the server cannot be reached so: not an absolute http"),
        ("http://127.0.0.1:1/mcp", "no connection to the server"),
    ];
    let urls = urls.map(|(url, said)| (&[][..], Server::at(&["--url", url]), said, 1));
    let misused = [
        (&["--era", "old"][..], Server::command(), "no such era: old", 2),
        (&["--url", "http://localhost"], Server::command(), "a URL and a command", 2),
        (&[], Server::at(&["--call", "echo"]), "no URL and no command", 2),
    ];
    for (options, server, said, status) in both.into_iter().chain(alone).chain(urls).chain(misused)
    {
        let output = server.editor(options);
        assert_eq!(output.status.code(), Some(status));
        assert_eq!(text(&output.stdout), "");
        let told = text(&output.stderr);
        assert!(told.contains(said), "{said}: {told}");
    }
}
