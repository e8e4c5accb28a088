//! Servers that are scripts: what they answer is up to each test. And the clients that call them.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::{
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc::{RecvTimeoutError, channel},
    },
    thread,
    time::{Duration, Instant},
};

use mcp_proto::{
    client::{ClientConfig, Era},
    http::{HttpClientConfig, Reconnect},
    schema::{ClientCapabilities, ElicitationCapability, Implementation},
};
use mcp_smol::blocking::{Client, Connector};
use serde_json::{Value, json};

/// Far beyond what anything here takes, so that a test fails instead of hanging.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);

/// How long a call may take here.
pub(crate) const CALL_TIME: Duration = Duration::from_millis(500);

/// A request that has come.
pub(crate) struct Request {
    pub(crate) method: String,
    headers: Vec<(String, String)>,
    /// The message; null if there is none.
    pub(crate) message: Value,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let named = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        named.map(|(_, value)| &**value)
    }

    /// The method of its message, or else its own.
    pub(crate) fn what(&self) -> &str {
        self.message["method"].as_str().unwrap_or(&self.method)
    }

    /// The answer to its message.
    pub(crate) fn result(&self, result: &Value) -> Value {
        json!({"jsonrpc": "2.0", "id": self.message["id"], "result": result})
    }

    /// The answer of a tool.
    pub(crate) fn says(&self, text: &str) -> Value {
        self.result(&json!({"resultType": "complete", "content": [{"type": "text", "text": text}]}))
    }
}

/// A server that is a script, until it is dropped.
pub(crate) struct Site {
    address: SocketAddr,
    pub(crate) heard: Arc<Heard>,
}

/// What has come to a site.
#[derive(Default)]
pub(crate) struct Heard {
    connections: AtomicUsize,
    requests: Mutex<Vec<String>>,
    over: AtomicBool,
}

impl Heard {
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// What was asked, in order.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How often this was asked.
    pub(crate) fn count(&self, what: &str) -> usize {
        self.requests().iter().filter(|heard| *heard == what).count()
    }
}

impl Site {
    pub(crate) fn url(&self) -> String {
        format!("http://{}/mcp", self.address)
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.heard.over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

/// Accepts connections, each served on a thread of its own.
pub(crate) fn accept(serve: impl Fn(&Heard, TcpStream) + Send + Sync + 'static) -> Site {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let heard = Arc::new(Heard::default());
    let site = Site { address, heard: heard.clone() };
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for stream in listener.incoming() {
            if heard.over.load(Ordering::SeqCst) {
                return;
            }
            heard.connections.fetch_add(1, Ordering::SeqCst);
            let (serve, heard, stream) = (serve.clone(), heard.clone(), stream.unwrap());
            thread::spawn(move || serve(&heard, stream));
        }
    });
    site
}

/// A site that answers each request as the script says. A connection that is to end is shut down by
/// the script.
pub(crate) fn site(script: impl Fn(&Request, &mut TcpStream) + Send + Sync + 'static) -> Site {
    accept(move |heard, mut stream| {
        stream.set_nodelay(true).unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        while let Ok(Some(request)) = read_request(&mut reader) {
            heard.requests.lock().unwrap().push(request.what().to_owned());
            script(&request, &mut stream);
        }
        let _ = stream.shutdown(Shutdown::Both);
    })
}

/// A site of 2026-07-28: all but the discovery is up to the script.
pub(crate) fn modern(script: impl Fn(&Request, &mut TcpStream) + Send + Sync + 'static) -> Site {
    site(move |request, stream| match request.what() {
        "server/discover" => send(stream, "200 OK", JSON, &request.result(&discovered())),
        _ => script(request, stream),
    })
}

/// A site of 2025-11-25 without a general stream: calls are up to the script. Each session has a
/// name of its own.
pub(crate) fn legacy(script: impl Fn(&Request, &mut TcpStream) + Send + Sync + 'static) -> Site {
    let sessions = AtomicUsize::new(0);
    site(move |request, stream| match request.what() {
        "initialize" => {
            let session = sessions.fetch_add(1, Ordering::SeqCst);
            let head = format!("{JSON}Mcp-Session-Id: {session}\r\n");
            send(stream, "200 OK", &head, &request.result(&initialized()));
        }
        "GET" => send(stream, "405 Method Not Allowed", "", ""),
        "DELETE" => send(stream, "200 OK", "", ""),
        what if what.starts_with("notifications/") => send(stream, "202 Accepted", "", ""),
        _ => script(request, stream),
    })
}

pub(crate) const JSON: &str = "Content-Type: application/json\r\n";

fn discovered() -> Value {
    json!({
        "resultType": "complete",
        "supportedVersions": ["2026-07-28"],
        "capabilities": {"tools": {}},
        "ttlMs": 0,
        "cacheScope": "private",
    })
}

fn initialized() -> Value {
    json!({
        "protocolVersion": "2025-11-25",
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "site", "version": "1"},
    })
}

/// Sends a response with its length.
pub(crate) fn send(
    stream: &mut TcpStream,
    status: &str,
    fields: &str,
    body: &(impl ToString + ?Sized),
) {
    let body = body.to_string();
    let length = body.len();
    write(stream, &format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {length}\r\n\r\n{body}"));
}

/// Sends the head of a stream whose end is that of the connection.
pub(crate) fn send_stream_head(stream: &mut TcpStream) {
    write(stream, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
}

/// Sends these bytes; a client that is gone is none of the site's business.
pub(crate) fn write(stream: &mut TcpStream, text: &str) {
    let _ = stream.write_all(text.as_bytes());
}

fn read_request(reader: &mut BufReader<TcpStream>) -> io::Result<Option<Request>> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let Some(method) = line.split(' ').next().filter(|word| !word.is_empty()) else {
        return Ok(None);
    };
    let mut request = Request { method: method.into(), headers: Vec::new(), message: Value::Null };
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        request.headers.push((name.into(), value.into()));
    }
    if let Some(length) = request.header("content-length") {
        let mut body = vec![0; length.parse().unwrap()];
        reader.read_exact(&mut body)?;
        request.message = serde_json::from_slice(&body).unwrap();
    }
    Ok(Some(request))
}

/// A configuration with short times.
pub(crate) fn config(era: Era) -> ClientConfig {
    let forms = ElicitationCapability { form: true, url: false };
    let capabilities =
        ClientCapabilities { elicitation: Some(forms), ..ClientCapabilities::default() };
    let mut config = ClientConfig::new(Implementation::new("test", "1"), capabilities);
    config.era = era;
    config.probe_timeout = CALL_TIME;
    config.initialize_timeout = CALL_TIME;
    config.timeouts.total = Some(CALL_TIME);
    config.round_pause = Duration::from_millis(1);
    config
}

/// A configuration of the transport whose pauses are short.
pub(crate) fn transport(url: &str) -> HttpClientConfig {
    let mut http = HttpClientConfig::new(url);
    http.reconnect = Reconnect {
        first: Duration::from_millis(10),
        longest: Duration::from_millis(50),
        ..Reconnect::default()
    };
    http
}

/// The client of a site that must come up.
pub(crate) fn connect(era: Era, site: &Site) -> Client {
    Connector::new(config(era)).connect(transport(&site.url())).expect("the server is agreed with")
}

/// Runs a test, which fails if it takes too long.
pub(crate) fn within_deadline(test: impl FnOnce() + Send + 'static) {
    let (sender, done) = channel();
    let body = thread::spawn(move || {
        test();
        let _ = sender.send(());
    });
    match done.recv_timeout(DEADLINE) {
        Ok(()) => {}
        Err(RecvTimeoutError::Timeout) => panic!("the test hangs"),
        Err(_) => std::panic::resume_unwind(body.join().expect_err("the test has failed")),
    }
}

/// What `act` gives, which it does well within the time that a call has.
pub(crate) fn soon<T>(act: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = act();
    assert!(start.elapsed() < CALL_TIME + Duration::from_secs(5), "{:?}", start.elapsed());
    done
}
