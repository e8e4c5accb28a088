//! The other end of the pipe: a client that never waits for ever.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::net::UnixStream,
    path::PathBuf,
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::Duration,
};

use mcp_stdio::Server;
use serde_json::{Value, json};

/// Far beyond what anything here takes, so that a test fails instead of hanging.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// The path of an example, which `cargo test` has built beside this test. Not `echo`: other
/// packages have one, and whichever is built last is at the place of all.
pub(crate) fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.ancestors().nth(2).unwrap().join("examples").join(name);
    assert!(path.exists(), "build it first: cargo build -p mcp-stdio --examples");
    path
}

/// What a client writes to and what it has read.
pub(crate) struct Client {
    output: Option<Box<dyn Write + Send>>,
    lines: Receiver<String>,
}

impl Client {
    pub(crate) fn new(
        input: impl Read + Send + 'static,
        output: impl Write + Send + 'static,
    ) -> Self {
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(input).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { output: Some(Box::new(output)), lines }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        let output = self.output.as_mut().expect("the output is open");
        output.write_all(bytes).expect("the server reads");
        output.flush().expect("the server reads");
    }

    pub(crate) fn send(&mut self, message: &Value) {
        self.write(format!("{message}\n").as_bytes());
    }

    /// The next line, which must be a message.
    pub(crate) fn next(&self) -> Value {
        let line = self.lines.recv_timeout(DEADLINE).expect("the server says something");
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("not a message: {line}"))
    }

    /// Sends a request and returns what comes next.
    pub(crate) fn ask(&mut self, message: &Value) -> Value {
        self.send(message);
        self.next()
    }

    /// Sends no more.
    pub(crate) fn finish(&mut self) {
        self.output = None;
    }

    /// Asserts that the server has closed its side, having said nothing more.
    pub(crate) fn assert_ended(&self) {
        assert!(self.has_ended_within(DEADLINE), "the server goes on");
    }

    /// Whether the server closes its side within `time`, saying nothing more.
    pub(crate) fn has_ended_within(&self, time: Duration) -> bool {
        self.lines.recv_timeout(time) == Err(RecvTimeoutError::Disconnected)
    }

    /// Opens a session of 2025-11-25 in which every kind of question may be asked.
    pub(crate) fn open_session(&mut self) {
        let params = json!({
            "protocolVersion": "2025-11-25",
            "capabilities": {"elicitation": {}, "sampling": {}, "roots": {}},
            "clientInfo": {"name": "test", "version": "1"},
        });
        self.send(&request(json!("open"), "initialize", &params));
        assert_eq!(self.next()["result"]["protocolVersion"], "2025-11-25");
        self.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
    }
}

pub(crate) fn request(id: impl Into<Value>, method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id.into(), "method": method, "params": params})
}

/// A call of a tool in a session.
pub(crate) fn call(id: impl Into<Value>, tool: &str, arguments: &Value) -> Value {
    request(id, "tools/call", &json!({"name": tool, "arguments": arguments}))
}

/// A call of a tool in 2026-07-28, with further parameters.
pub(crate) fn modern_call(id: impl Into<Value>, tool: &str, more: Value) -> Value {
    let mut params = json!({"name": tool, "arguments": {}, "_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {"elicitation": {}},
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
    }});
    if let (Some(params), Value::Object(more)) = (params.as_object_mut(), more) {
        params.extend(more);
    }
    request(id, "tools/call", &params)
}

/// The text that a tool returned.
pub(crate) fn text(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text: {answer}"))
}

/// A server on a thread, and how it ended.
pub(crate) struct Running(Receiver<io::Result<()>>);

impl Running {
    pub(crate) fn outcome(&self) -> io::Result<()> {
        self.0.recv_timeout(DEADLINE).expect("the server ends")
    }
}

/// Serves on a thread over one end of a socket pair.
pub(crate) fn start<S: 'static>(
    build: impl FnOnce() -> Server<S> + Send + 'static,
) -> (Client, Running, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let (sender, outcome) = channel();
    thread::spawn(move || {
        let input = theirs.try_clone().unwrap();
        let _ = sender.send(build().serve_fds(input, theirs));
    });
    let output = Half(ours.try_clone().unwrap());
    (Client::new(ours.try_clone().unwrap(), output), Running(outcome), ours)
}

/// A socket whose writing side ends when this is dropped, as that of a pipe does.
pub(crate) struct Half(pub(crate) UnixStream);

impl Write for Half {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Half {
    fn drop(&mut self) {
        let _ = self.0.shutdown(std::net::Shutdown::Write);
    }
}
