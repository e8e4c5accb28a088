//! The program `check`, on our own server and on one that is made bad.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    process::{Command, Output, Stdio},
    thread,
};

use mcp_tests::Served;

const CHECK: &str = env!("CARGO_BIN_EXE_check");
const SERVER: &str = env!("CARGO_BIN_EXE_everything");

fn check(options: &[&str], command: &[&str]) -> (Option<i32>, String) {
    check_place(options, &[&["--"], command].concat())
}

fn check_place(options: &[&str], place: &[&str]) -> (Option<i32>, String) {
    let mut program = Command::new(CHECK);
    program.args(options).args(place);
    let Output { status, stdout, .. } = program.output().expect("the program runs");
    (status.code(), String::from_utf8(stdout).expect("it prints UTF-8"))
}

#[test]
fn our_own_server_is_clean_in_every_revision() {
    let (status, printed) = check_place(&["--runs", "3"], &[SERVER, "stdio"]);
    assert_eq!(status, Some(0), "{printed}");
    assert_eq!(printed.matches(", 0 broken").count(), 5, "{printed}");
}

#[test]
fn our_own_servers_over_http_are_clean_in_every_revision() {
    for engine in ["smol", "tiny-http"] {
        let mut command = Command::new(SERVER);
        command.args(["http", "--engine", engine, "--listen", "127.0.0.1:0"]);
        let server = Served::start(&mut command).expect("it starts");
        let (status, printed) = check_place(&["--runs", "3"], &["--url", server.url()]);
        assert_eq!(status, Some(0), "{engine}: {printed}");
        assert_eq!(printed.matches(", 0 broken").count(), 5, "{engine}: {printed}");
    }
}

/// A server that answers every POST on one connection each, and is wrong about JSON-RPC.
fn bad_site() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut reader = BufReader::new(&stream);
            let heads = (&mut reader).lines().map_while(Result::ok);
            let head: Vec<String> = heads.take_while(|line| !line.is_empty()).collect();
            let length = head.iter().find_map(|line| line.strip_prefix("content-length: "));
            let length = length.and_then(|length| length.parse().ok()).unwrap_or(0);
            let mut body = String::new();
            let _ = reader.take(length).read_to_string(&mut body);
            let message: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
            let result = r#"{"protocolVersion":"2025-11-25","capabilities":{}}"#;
            let id = &message["id"];
            let body = format!(r#"{{"jsonrpc":"1.0","id":{id},"result":{result}}}"#);
            let (status, body) = if id.is_null() { (405, String::new()) } else { (200, body) };
            let length = body.len();
            let _ =
                write!(&stream, "HTTP/1.1 {status} x\r\ncontent-length: {length}\r\n\r\n{body}");
        }
    });
    url
}

#[test]
fn what_a_bad_server_at_a_url_breaks_is_shown() {
    let options = ["--runs", "1", "--version", "2025-11-25", "--patience", "2"];
    let (status, printed) = check_place(&options, &["--url", &bad_site()]);
    assert_eq!(status, Some(1), "{printed}");
    assert!(printed.contains(r#"2025-11-25: "framing" is broken, seed 1"#), "{printed}");
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
fn a_client_that_starts_it_as_its_server_is_judged_when_it_ends() {
    let report = std::env::temp_dir().join(format!("check-{}.txt", std::process::id()));
    let path = report.to_str().expect("a path of letters");
    let serve = |lines: &str| {
        let mut program = Command::new(CHECK);
        program.args(["--serve", "--seed", "3", "--report", path]);
        program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = program.spawn().expect("the program runs");
        let mut input = process.stdin.take().expect("it is piped");
        input.write_all(lines.as_bytes()).expect("it reads");
        drop(input);
        let Output { status, stdout, .. } = process.wait_with_output().expect("it ends");
        let written = std::fs::read_to_string(&report).expect("it writes a report");
        (status.code(), String::from_utf8(stdout).expect("it says UTF-8"), written)
    };
    let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    let (status, said, written) = serve(&format!("{ping}\n"));
    assert_eq!((status, said.trim()), (Some(0), r#"{"id":1,"jsonrpc":"2.0","result":{}}"#));
    assert_eq!(written, "seed 3: 2 lines, 0 broken\n");
    let (status, _, written) = serve(&format!("{ping}\n{ping}\n"));
    assert_eq!(status, Some(1));
    assert!(written.starts_with("\"one conclusion\" is broken, seed 3\n"), "{written}");
    std::fs::remove_file(&report).expect("it is there");
}

#[test]
fn what_is_no_server_is_said_to_be_none() {
    assert_eq!(check(&["--version", "2025-11-25"], &["true"]).0, Some(2));
    assert_eq!(check(&["--runs", "many"], &["true"]).0, Some(2));
    assert_eq!(check(&[], &["/no/such/program"]).0, Some(2));
    assert_eq!(check_place(&[], &["--url", "gopher://127.0.0.1/"]).0, Some(2));
    assert_eq!(check_place(&[], &["--url", "http://127.0.0.1:9/mcp"]).0, Some(2));
}
