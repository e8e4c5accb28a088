//! A server on a thread of its own, and a small HTTP client with a deadline on every read.
#![allow(dead_code, reason = "no test needs all of it")]

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::mpsc::channel,
    thread,
    time::Duration,
};

use mcp_smol::{Authorize, Handle, Server};
use serde_json::{Value, json};

/// How long anything may take before a test gives up.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// A server that runs until it is dropped.
pub(crate) struct Running<A> {
    pub(crate) address: SocketAddr,
    pub(crate) handle: Handle<A>,
    thread: Option<thread::JoinHandle<io::Result<()>>>,
}

/// Starts a server that is made on the thread it runs on.
pub(crate) fn start<S, A>(make: impl FnOnce() -> Server<S, A> + Send + 'static) -> Running<A>
where
    S: 'static,
    A: Authorize + Send + Sync + 'static,
{
    let (sender, started) = channel();
    let thread = thread::spawn(move || {
        let bound = make().signals(false).bind("127.0.0.1:0")?;
        sender.send((bound.local_addr().unwrap(), bound.handle())).unwrap();
        bound.run()
    });
    let (address, handle) = started.recv_timeout(DEADLINE).unwrap();
    Running { address, handle, thread: Some(thread) }
}

impl<A> Running<A> {
    pub(crate) fn connect(&self) -> Client {
        Client::new(TcpStream::connect(self.address).unwrap())
    }

    /// Waits until the server has ended, which somebody has told it to.
    pub(crate) fn join(&mut self) {
        self.thread.take().unwrap().join().unwrap().unwrap();
    }
}

impl<A> Drop for Running<A> {
    fn drop(&mut self) {
        self.handle.shut_down();
        if let Some(thread) = self.thread.take()
            && !thread::panicking()
        {
            thread.join().unwrap().unwrap();
        }
    }
}

/// Lets the process have as many descriptors as it may: both ends of all connections are in it.
pub(crate) fn take_all_descriptors() {
    use rustix::process::{Resource, getrlimit, setrlimit};

    let most = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, rustix::process::Rlimit { current: most, maximum: most }).unwrap();
}

/// One connection.
pub(crate) struct Client<T: Read + Write = TcpStream> {
    stream: BufReader<T>,
    /// The session that requests belong to.
    pub(crate) session: Option<String>,
}

/// The head of a response, and its body if that is no stream.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| &**value)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("JSON in {self:?}"))
    }
}

impl Client {
    fn new(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self::over(stream)
    }
}

impl<T: Read + Write> Client<T> {
    pub(crate) fn over(stream: T) -> Self {
        Self { stream: BufReader::new(stream), session: None }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).unwrap();
    }

    /// Sends a request with these further header lines.
    pub(crate) fn send(&mut self, method: &str, lines: &str, body: &str) {
        let session = self.session.as_ref();
        let session = session.map_or_else(String::new, |id| format!("Mcp-Session-Id: {id}\r\n"));
        let request = format!(
            "{method} /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Accept: application/json, text/event-stream\r\n{session}{lines}\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.write(request.as_bytes());
    }

    /// Posts a message and waits for the response.
    pub(crate) fn post(&mut self, message: &Value) -> Reply {
        self.send("POST", "", &message.to_string());
        self.reply()
    }

    /// Begins a session of 2025-11-25.
    pub(crate) fn initialize(&mut self) {
        let reply = self.post(&initialize());
        assert_eq!(reply.status, 200, "{reply:?}");
        self.session = Some(reply.header("mcp-session-id").expect("a session").to_owned());
        let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        assert_eq!(self.post(&initialized).status, 202);
    }

    /// Calls a tool and returns the response, from a stream's end if it comes in one.
    pub(crate) fn call(&mut self, id: u32, tool: &str, arguments: &Value) -> Value {
        let reply = self.post(&call(id, tool, arguments));
        assert_eq!(reply.status, 200, "{reply:?}");
        let text = reply.header("content-type").unwrap();
        if text.starts_with("text/event-stream") {
            return self.rest_of_stream().pop().expect("a response");
        }
        reply.json()
    }

    /// A call of 2026-07-28, whose response is not waited for.
    pub(crate) fn send_modern_call(&mut self, id: u32, tool: &str) {
        let message = json!({
            "jsonrpc": "2.0", "id": id, "method": "tools/call",
            "params": { "name": tool, "arguments": {}, "_meta": meta() },
        });
        let lines = format!(
            "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: {tool}\r\n"
        );
        self.send("POST", &lines, &message.to_string());
    }

    /// Opens the general stream of the session.
    pub(crate) fn open_stream(&mut self) -> Reply {
        self.send("GET", "", "");
        self.reply()
    }

    /// Reads the head of a response, and its body if that has a length.
    pub(crate) fn reply(&mut self) -> Reply {
        self.try_reply().unwrap()
    }

    pub(crate) fn try_reply(&mut self) -> io::Result<Reply> {
        let status = self.line()?;
        let status = status.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.ok_or(io::ErrorKind::UnexpectedEof)?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut reply = Reply { status, headers, body: String::new() };
        let length = reply.header("content-length").and_then(|length| length.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        self.stream.read_exact(&mut body)?;
        reply.body = String::from_utf8(body).unwrap();
        Ok(reply)
    }

    /// The next message of a stream; `None` at its end. Comments and priming events are skipped.
    pub(crate) fn next_message(&mut self) -> Option<Value> {
        loop {
            let size = usize::from_str_radix(&self.line().unwrap(), 16).unwrap();
            let mut chunk = vec![0; size + 2];
            self.stream.read_exact(&mut chunk).unwrap();
            if size == 0 {
                return None;
            }
            let chunk = String::from_utf8(chunk).unwrap();
            let data = chunk.lines().find_map(|line| line.strip_prefix("data:"));
            if let Some(data) = data.map(str::trim).filter(|data| !data.is_empty()) {
                return Some(serde_json::from_str(data).unwrap());
            }
        }
    }

    pub(crate) fn rest_of_stream(&mut self) -> Vec<Value> {
        std::iter::from_fn(|| self.next_message()).collect()
    }

    /// Whether the server has closed the connection; waits for it.
    pub(crate) fn is_closed(&mut self) -> bool {
        let mut rest = Vec::new();
        match self.stream.read_to_end(&mut rest) {
            Ok(_) => true,
            Err(error) => error.kind() == io::ErrorKind::ConnectionReset,
        }
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }
}

pub(crate) fn initialize() -> Value {
    json!({
        "jsonrpc": "2.0", "id": 0, "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25", "capabilities": {},
            "clientInfo": { "name": "test", "version": "1" },
        },
    })
}

pub(crate) fn call(id: u32, tool: &str, arguments: &Value) -> Value {
    json!({
        "jsonrpc": "2.0", "id": id, "method": "tools/call",
        "params": { "name": tool, "arguments": arguments, "_meta": { "progressToken": id } },
    })
}

pub(crate) fn meta() -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
    })
}
