//! The loop over any reader and writer.

#![cfg(unix)]

mod common;

use std::{
    io::{self, Cursor, Read, Write},
    sync::{Arc, Mutex},
};

use common::{Client, DEADLINE, call, request, text};
use mcp_proto::{Router, schema::Tool};
use mcp_stdio::{Pool, Server, ThreadedTools};
use serde_json::{Value, json};

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn server() -> Server<()> {
    Server::new("stream", "1", Router::new(), ())
}

fn pings(count: u32) -> String {
    let line = |n| request(n, "ping", &json!({})).to_string() + "\n";
    (0..count).map(line).collect()
}

#[test]
fn a_reader_in_memory_is_served_to_its_end() {
    let written = Written::default();
    server().serve_on(Cursor::new(pings(1000)), written.clone()).unwrap();
    let written = written.0.lock().unwrap();
    assert_eq!(written.split(|byte| *byte == b'\n').count(), 1001);
}

#[test]
fn any_stream_of_bytes_carries_sessions_and_requests_without_one() {
    mcp_proto::spec!("STD-13", "STD-14", "STD-15");
    let params = json!({
        "protocolVersion": "2025-06-18", "capabilities": {},
        "clientInfo": {"name": "c", "version": "1"},
    });
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let requests = [
        request(1, "tools/list", &json!({})),
        request(2, "tools/list", &json!({"_meta": meta})),
        request(3, "initialize", &params),
        json!({"jsonrpc": "2.0", "method": "notifications/initialized"}),
        request(4, "tools/list", &json!({})),
    ];
    let lines = requests.iter().map(|message| message.to_string() + "\n");
    let input: String = lines.collect();
    let written = Written::default();
    let mut router = Router::new();
    router.tool(Tool::new("t"), |_, _: mcp_proto::wire::Json| Ok("done"));
    let server = Server::new("stream", "1", router, ());
    server.serve_on(Cursor::new(input), written.clone()).unwrap();
    let written = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    let answers: Vec<Value> =
        written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [refused, modern, opened, legacy] = &answers[..] else { panic!("{answers:?}") };
    assert!(answers.iter().all(|answer| answer["jsonrpc"] == "2.0"));
    assert!(refused["error"]["code"].is_i64(), "no session, and no revision: {refused}");
    assert_eq!(modern["result"]["resultType"], "complete");
    assert_eq!(opened["result"]["protocolVersion"], "2025-06-18");
    assert_eq!((&legacy["id"], &legacy["result"]["tools"][0]["name"]), (&json!(4), &json!("t")));
}

#[test]
fn an_error_of_the_reader_comes_back_after_the_answers() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("broken"))
        }
    }
    let written = Written::default();
    let outcome = server().serve_on(Cursor::new(pings(1)).chain(Broken), written.clone());
    assert_eq!(outcome.unwrap_err().to_string(), "broken");
    assert!(!written.0.lock().unwrap().is_empty());
}

#[test]
fn an_error_of_the_writer_ends_the_server() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::other("full"))
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let outcome = server().serve_on(Cursor::new(pings(1)), Full);
    assert_eq!(outcome.unwrap_err().to_string(), "full");
}

#[test]
fn a_thread_wakes_a_server_that_waits_for_its_reader() {
    let (input, client_output) = io::pipe().unwrap();
    let (client_input, output) = io::pipe().unwrap();
    let (ended, end) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut router = Router::new();
        router.tool_thread(&Pool::new(1), Tool::new("work"), |_, _: Value| Ok("done"));
        let server = Server::new("work", "1", router, ());
        let _ = ended.send(server.serve_on(input, output));
    });
    let mut client = Client::new(client_input, client_output);
    client.open_session();
    assert_eq!(text(&client.ask(&call(1, "work", &json!({})))), "done");
    client.finish();
    client.assert_ended();
    end.recv_timeout(DEADLINE).unwrap().unwrap();
}
