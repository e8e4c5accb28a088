//! A server on a thread, and a client that writes whatever a test wants it to.

#![allow(dead_code, reason = "each test binary needs a part of it")]

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    sync::mpsc::channel,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use mcp_proto::{
    Router,
    router::Ticket,
    schema::{Level, Tool},
};
use mcp_tiny_http::{Handle, Pool, Server, ThreadedTools as _};
use serde_json::{Value, json};

/// How long anything may take before a test fails.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// What tests call.
pub(crate) fn router() -> Router<()> {
    let mut router = Router::new();
    router.tool(Tool::new("echo"), |_, arguments: Value| {
        Ok(arguments["message"].as_str().unwrap_or_default().to_owned())
    });
    router.tool(Tool::new("fill"), |_, arguments: Value| {
        Ok("x".repeat(usize::try_from(arguments["bytes"].as_u64().unwrap()).unwrap()))
    });
    router.tool(Tool::new("steps"), |cx, arguments: Value| {
        for step in 0..arguments["count"].as_u64().unwrap_or_default() {
            cx.log(Level::Warning, json!({ "step": step }));
        }
        Ok("done".to_owned())
    });
    router.tool(Tool::new("panic"), |_, _: Value| -> Result<String, _> { panic!("on purpose") });
    router.tool_thread(&Pool::new(64), Tool::new("wait"), |cx, _: Value| {
        let began = Instant::now();
        while !cx.is_cancelled() && began.elapsed() < DEADLINE {
            thread::park_timeout(Duration::from_millis(5));
        }
        Ok("waited".to_owned())
    });
    router.tool_later(Tool::new("later"), |(), ticket: Ticket, _: Value| {
        thread::spawn(move || ticket.respond("later".to_owned()));
    });
    router
}

/// A server on a thread of its own, ended with this.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) handle: Handle,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    pub(crate) fn new() -> Self {
        Self::with(|server| server)
    }

    pub(crate) fn with(settings: impl FnOnce(Server<()>) -> Server<()> + Send + 'static) -> Self {
        let (sender, bound) = channel();
        let thread = thread::spawn(move || {
            let server = Server::new("test", "1.0.0", router(), ()).signals(false);
            let server = settings(server).bind("127.0.0.1:0").unwrap();
            sender.send((server.local_addr(), server.handle())).unwrap();
            server.run().unwrap();
        });
        let (address, handle) = bound.recv().unwrap();
        Self { address, handle, thread: Some(thread) }
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.address)
    }

    /// A client with a session.
    pub(crate) fn session(&self) -> Client {
        let mut client = self.client();
        client.initialize();
        client
    }

    /// Shuts down and waits.
    pub(crate) fn end(mut self) {
        self.handle.shut_down();
        self.thread.take().unwrap().join().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.handle.shut_down();
        if let Some(thread) = self.thread.take()
            && !thread::panicking()
        {
            thread.join().unwrap();
        }
    }
}

/// One connection.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    pub(crate) session: Option<String>,
    /// Lines for each head.
    pub(crate) headers: String,
    buffer: Vec<u8>,
    next_id: u64,
}

/// An answer, or the head of one.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn closes(&self) -> bool {
        self.headers.get("connection").is_some_and(|value| value == "close")
    }

    pub(crate) fn is_stream(&self) -> bool {
        self.headers.get("content-type").is_some_and(|value| value == "text/event-stream")
    }

    /// The messages of a stream.
    pub(crate) fn events(&self) -> Vec<Value> {
        events(std::str::from_utf8(&self.body).unwrap())
    }

    /// The response, however it came.
    pub(crate) fn response(&self) -> Value {
        if self.is_stream() { self.events().pop().unwrap() } else { self.json() }
    }
}

/// The messages in the text of a stream.
pub(crate) fn events(text: &str) -> Vec<Value> {
    let data = text.lines().filter_map(|line| line.strip_prefix("data:"));
    data.map(str::trim)
        .filter(|data| !data.is_empty())
        .map(|data| serde_json::from_str(data).unwrap())
        .collect()
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_write_timeout(Some(DEADLINE)).unwrap();
        Self { stream, session: None, headers: String::new(), buffer: Vec::new(), next_id: 1 }
    }

    /// The server's end of a connection.
    pub(crate) fn on(stream: TcpStream) -> Self {
        Self { stream, session: None, headers: String::new(), buffer: Vec::new(), next_id: 1 }
    }

    /// Whether there is something to read.
    pub(crate) fn peer_is_open(&self) -> bool {
        !self.buffer.is_empty() || self.stream.peek(&mut [0]).is_ok_and(|count| count > 0)
    }

    /// Reads a request with a body of known length.
    pub(crate) fn skip_request(&mut self) {
        let head = String::from_utf8(self.until(b"\r\n\r\n")).unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        self.take(length.unwrap().parse().unwrap());
    }

    /// Opens the general stream of the session.
    pub(crate) fn open_stream(&mut self) {
        self.write(self.request("GET", "accept: text/event-stream\r\n", ""));
        let head = self.head();
        assert!(head.status == 200 && head.is_stream(), "{head:?}");
    }

    /// The next message of an open stream.
    pub(crate) fn next_event(&mut self) -> Value {
        loop {
            let chunk = self.chunk().expect("the stream goes on");
            if let Some(event) = events(std::str::from_utf8(&chunk).unwrap()).into_iter().next() {
                return event;
            }
        }
    }

    /// Reads the head of an interim answer.
    pub(crate) fn interim(&mut self) -> String {
        String::from_utf8(self.until(b"\r\n\r\n")).unwrap()
    }

    pub(crate) fn write(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).unwrap();
    }

    pub(crate) fn finish_writing(&self) {
        self.stream.shutdown(Shutdown::Write).unwrap();
    }

    /// A request as text. `headers` are lines of their own.
    pub(crate) fn request(&self, method: &str, headers: &str, body: &str) -> String {
        let host = self.stream.peer_addr().unwrap();
        let session = self.session.as_ref().map(|id| format!("mcp-session-id: {id}\r\n"));
        let session = session.unwrap_or_default();
        let always = &self.headers;
        format!("{method} /mcp HTTP/1.1\r\nhost: {host}\r\n{session}{always}{headers}\r\n{body}")
    }

    pub(crate) fn post(&self, body: &str) -> String {
        let headers = format!("{POST}content-length: {}\r\n", body.len());
        self.request("POST", &headers, body)
    }

    /// Calls a tool; the answer is not read.
    pub(crate) fn start(&mut self, tool: &str, arguments: &Value) {
        self.next_id += 1;
        let call = json!({
            "jsonrpc": "2.0", "id": self.next_id, "method": "tools/call",
            "params": { "name": tool, "arguments": arguments },
        });
        self.write(self.post(&call.to_string()));
    }

    pub(crate) fn call(&mut self, tool: &str, arguments: &Value) -> Answer {
        self.start(tool, arguments);
        self.answer()
    }

    /// Calls `echo` and checks what comes back.
    #[track_caller]
    pub(crate) fn check_echo(&mut self) {
        let answer = self.call("echo", &json!({ "message": "hello" }));
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.response()["result"]["content"][0]["text"], "hello");
    }

    pub(crate) fn initialize(&mut self) {
        let answer = self.try_initialize();
        assert_eq!(answer.status, 200, "{answer:?}");
        self.session = answer.headers.get("mcp-session-id").cloned();
        self.write(self.post(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#));
        assert_eq!(self.answer().status, 202);
    }

    pub(crate) fn try_initialize(&mut self) -> Answer {
        let body = json!({
            "jsonrpc": "2.0", "id": 1, "method": "initialize",
            "params": {
                "protocolVersion": "2025-11-25", "capabilities": {},
                "clientInfo": { "name": "test", "version": "1" },
            },
        });
        self.write(self.post(&body.to_string()));
        self.answer()
    }

    /// Reads a whole answer.
    #[track_caller]
    pub(crate) fn answer(&mut self) -> Answer {
        let mut answer = self.head();
        if let Some(length) = answer.headers.get("content-length") {
            let length = length.parse().unwrap();
            answer.body = self.take(length);
        } else if answer.headers.contains_key("transfer-encoding") {
            while let Some(chunk) = self.chunk() {
                answer.body.extend(chunk);
            }
        }
        answer
    }

    /// Reads the head of an answer, past interim ones.
    #[track_caller]
    pub(crate) fn head(&mut self) -> Answer {
        loop {
            let head = self.until(b"\r\n\r\n");
            let head = String::from_utf8(head).unwrap();
            let mut lines = head.trim_end().split("\r\n");
            let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
            let fields = lines.map(|line| line.split_once(": ").unwrap());
            let headers = fields.map(|(name, value)| (name.to_lowercase(), value.to_owned()));
            if status != 100 {
                return Answer { status, headers: headers.collect(), body: Vec::new() };
            }
        }
    }

    /// Reads a chunk; `None` is the end.
    #[track_caller]
    pub(crate) fn chunk(&mut self) -> Option<Vec<u8>> {
        let size = self.until(b"\r\n");
        let size = std::str::from_utf8(&size).unwrap().trim_end();
        let size = usize::from_str_radix(size, 16).unwrap();
        let mut chunk = self.take(size + 2);
        chunk.truncate(size);
        (size > 0).then_some(chunk)
    }

    /// Reads until the server closes, and returns what came.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let mut rest = std::mem::take(&mut self.buffer);
        // A connection that is reset is closed as well.
        let _ = self.stream.read_to_end(&mut rest);
        rest
    }

    #[track_caller]
    fn until(&mut self, end: &[u8]) -> Vec<u8> {
        loop {
            if let Some(at) = self.buffer.windows(end.len()).position(|found| found == end) {
                return self.take(at + end.len());
            }
            self.read();
        }
    }

    #[track_caller]
    fn take(&mut self, length: usize) -> Vec<u8> {
        while self.buffer.len() < length {
            self.read();
        }
        self.buffer.drain(..length).collect()
    }

    #[track_caller]
    fn read(&mut self) {
        let mut piece = [0; 16 << 10];
        let count = self.stream.read(&mut piece).unwrap();
        let so_far = String::from_utf8_lossy(&self.buffer);
        assert!(count > 0, "the server closed the connection after {so_far:?}");
        self.buffer.extend_from_slice(&piece[..count]);
    }
}

/// The fields of a POST, but for its length.
pub(crate) const POST: &str =
    "content-type: application/json\r\naccept: application/json, text/event-stream\r\n";

/// Waits for something that comes about on another thread.
#[track_caller]
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < DEADLINE, "{what}");
        thread::park_timeout(Duration::from_millis(5));
    }
}
