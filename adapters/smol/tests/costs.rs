//! What clients that do nothing cost, in bytes and in the time of others. The tests count the bytes
//! of the process, so that they have it for themselves, one after the other.

mod common;

use std::{
    alloc::System,
    convert::Infallible,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    pin::Pin,
    rc::Rc,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    thread,
    time::{Duration, Instant},
};

use cap::Cap;
use common::{Client, DEADLINE, Running, start};
use hyper::{
    Request, Response,
    body::{Body, Bytes, Frame, Incoming},
    server::conn::http1,
    service::service_fn,
};
use mcp_proto::{
    Limits, Router,
    schema::{Implementation, Tool},
    server::ServerConfig,
};
use mcp_smol::{Anyone, Server};
use serde_json::{Value, json};
use smol::{Async, LocalExecutor};
use smol_hyper::rt::FuturesIo;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

static TURN: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn server() -> Running<Anyone> {
    start(|| {
        let mut router = Router::new();
        router.tool(Tool::new("echo"), |_, arguments: Value| Ok(arguments.to_string()));
        let mut config = ServerConfig::new(Implementation::new("test", "1"));
        config.limits = Limits { sessions_max: 2 * SESSIONS, ..Limits::default() };
        Server::new("test", "1", router, ()).config(config)
    })
}

const SESSIONS: usize = 10_000;
const STREAMS: usize = 400;

/// The stream of a server that has no protocol: a comment, and then nothing.
struct Silence(Option<Bytes>);

impl Body for Silence {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.take().map_or(Poll::Pending, |first| Poll::Ready(Some(Ok(Frame::data(first)))))
    }
}

/// hyper on smol by itself, for as long as the process lives.
fn bare() -> SocketAddr {
    async fn answer(_: Request<Incoming>) -> Result<Response<Silence>, Infallible> {
        let mut response = Response::new(Silence(Some(Bytes::from_static(b":\n\n"))));
        let headers = response.headers_mut();
        for (name, value) in [
            ("content-type", "text/event-stream"),
            ("cache-control", "no-cache, no-transform"),
            ("x-accel-buffering", "no"),
        ] {
            headers.insert(name, hyper::header::HeaderValue::from_static(value));
        }
        Ok(response)
    }
    let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).unwrap();
    let address = listener.get_ref().local_addr().unwrap();
    thread::spawn(move || {
        let executor = Rc::new(LocalExecutor::new());
        let accept = async {
            while let Ok((stream, _)) = listener.accept().await {
                let io = FuturesIo::new(stream);
                let connection = http1::Builder::new().serve_connection(io, service_fn(answer));
                executor.spawn(async { drop(connection.await) }).detach();
            }
        };
        smol::block_on(executor.run(accept));
    });
    address
}

/// Opens a stream, and waits for what it begins with.
fn open(address: SocketAddr, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let (mut bytes, mut length) = ([0; 4096], 0);
    loop {
        let count = stream.read(&mut bytes[length..]).unwrap();
        length += count;
        let text = str::from_utf8(&bytes[..length]).unwrap();
        assert!(count > 0 && text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
        if text.split_once("\r\n\r\n").is_some_and(|(_, body)| body.ends_with("\n\n\r\n")) {
            return stream;
        }
    }
}

/// The bytes that a stream costs, with all that belongs to it.
fn cost(address: SocketAddr, requests: &[String]) -> usize {
    let (first, rest) = requests.split_at(50);
    // Whatever is made once.
    let mut streams = Vec::with_capacity(requests.len());
    streams.extend(first.iter().map(|request| open(address, request)));
    let before = ALLOCATOR.allocated();
    streams.extend(rest.iter().map(|request| open(address, request)));
    ALLOCATOR.allocated().saturating_sub(before) / rest.len()
}

fn get(session: &str) -> String {
    format!(
        "GET /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\
         Mcp-Session-Id: {session}\r\nMCP-Protocol-Version: 2025-11-25\r\n\r\n"
    )
}

fn listen() -> String {
    let body = json!({
        "jsonrpc": "2.0", "id": 1, "method": "subscriptions/listen",
        "params": { "notifications": { "toolsListChanged": true }, "_meta": common::meta() },
    })
    .to_string();
    format!(
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2026-07-28\r\n\
         Mcp-Method: subscriptions/listen\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn an_open_stream_costs_little_more_than_one_of_hyper_alone() {
    let _turn = alone();
    common::take_all_descriptors();
    let plain = cost(bare(), &vec![get("none"); STREAMS]);
    let server = server();
    let mut client = server.connect();
    let sessions = (0..STREAMS).map(|_| {
        let reply = client.post(&common::initialize());
        get(reply.header("mcp-session-id").unwrap())
    });
    let general = cost(server.address, &sessions.collect::<Vec<_>>());
    let listens = cost(server.address, &vec![listen(); STREAMS]);
    println!("bytes a stream: {plain} bare, {general} general, {listens} listening");
    assert!(plain > 1024, "{plain} bytes of a bare stream: they are not counted");
    assert!(general <= plain + 1024, "{general} bytes, and {plain} bare");
    assert!(listens <= plain + 1024, "{listens} bytes, and {plain} bare");
}

/// How long some calls take.
fn round(client: &mut Client) -> Duration {
    let began = Instant::now();
    for id in 0..20 {
        client.call(id, "echo", &json!({}));
    }
    began.elapsed()
}

#[test]
fn ten_thousand_idle_sessions_slow_nobody_down() {
    let _turn = alone();
    let (empty, full) = (server(), server());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut client = full.connect();
                for _ in 0..SESSIONS / 4 {
                    assert_eq!(client.post(&common::initialize()).status, 200);
                }
            });
        }
    });
    let mut clients = [&empty, &full].map(|server| {
        let mut client = server.connect();
        client.initialize();
        client
    });
    // What else the machine does slows some rounds down, but not all of them.
    let mut best = [Duration::MAX; 2];
    for _ in 0..30 {
        for (client, best) in clients.iter_mut().zip(&mut best) {
            *best = round(client).min(*best);
        }
    }
    let [alone, among] = best;
    println!("20 calls: {alone:?} alone, {among:?} among {SESSIONS} idle sessions");
    assert!(among < alone * 2, "{among:?} among {SESSIONS} idle sessions, {alone:?} alone");
}
