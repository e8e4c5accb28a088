//! Many clients, and clients that mean ill: others are served meanwhile.

mod common;

use std::{
    io::Write as _,
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{Receiver, channel},
    },
    thread,
};

use common::{Client, DEADLINE, Running, start};
use mcp_proto::{
    Limits, Router,
    http::{HttpConfig, OverSessions, Telemetry},
    router::Stop,
    schema::{Implementation, Level, Tool},
    server::{About, Command, Event, ServerConfig, SessionKey},
};
use mcp_smol::{Anyone, AsyncTools as _, Bounds, Server};
use serde_json::{Value, json};

fn echo() -> Router<()> {
    let mut router = Router::new();
    router.tool(Tool::new("echo"), |_, arguments: Value| Ok(arguments.to_string()));
    router
}

fn check_served(running: &Running<Anyone>) {
    let mut client = running.connect();
    client.initialize();
    assert_eq!(client.call(1, "echo", &json!({}))["id"], 1);
}

#[test]
fn half_open_connections_keep_nobody_out() {
    common::take_all_descriptors();
    let running = start(|| Server::new("test", "1", echo(), ()));
    let half_open: Vec<TcpStream> = (0..2_000)
        .map(|_| {
            let mut stream = TcpStream::connect(running.address).unwrap();
            stream.write_all(b"POST /mcp HTTP/1.1\r\nHost:").unwrap();
            stream
        })
        .collect();
    for _ in 0..5 {
        check_served(&running);
    }
    drop(half_open);
    check_served(&running);
}

#[test]
fn half_open_connections_over_the_cap_make_room_for_others() {
    let bounds = Bounds { connections_max: 50, ..Bounds::default() };
    let running = start(move || Server::new("test", "1", echo(), ()).bounds(bounds));
    let half_open: Vec<TcpStream> = (0..200)
        .map(|_| {
            let mut stream = TcpStream::connect(running.address).unwrap();
            // One that is closed for another may refuse this.
            let _ = stream.write_all(b"POST /mcp HTTP/1.1\r\nHost:");
            stream
        })
        .collect();
    check_served(&running);
    drop(half_open);
}

/// A server that tells of the sessions that are opened and counts the messages it drops.
struct Talkative {
    running: Running<Anyone>,
    sessions: Receiver<SessionKey>,
    dropped: Arc<AtomicU64>,
}

fn talkative(bounds: Bounds) -> Talkative {
    let (opened, sessions) = channel();
    let dropped = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&dropped);
    let running = start(move || {
        let mut router = echo();
        router.on_event(move |(), event| {
            if let Event::SessionOpened { session, .. } = event {
                let _ = opened.send(*session);
            }
        });
        let mut config = ServerConfig::new(Implementation::new("test", "1"));
        config.limits = Limits { logs_per_second_max: u32::MAX, ..Limits::default() };
        let server = Server::new("test", "1", router, ()).config(config).bounds(bounds);
        server.on_telemetry(move |telemetry| {
            if let Telemetry::Dropped { count } = telemetry {
                counted.fetch_add(*count, Ordering::SeqCst);
            }
        })
    });
    Talkative { running, sessions, dropped }
}

impl Talkative {
    /// Opens a session and its general stream.
    fn listen(&self) -> (Client, Client, SessionKey) {
        let mut client = self.running.connect();
        client.initialize();
        let session = self.sessions.recv_timeout(DEADLINE).unwrap();
        let mut stream = self.running.connect();
        stream.session.clone_from(&client.session);
        assert_eq!(stream.open_stream().status, 200);
        (client, stream, session)
    }
}

fn log(session: SessionKey, text: &str) -> Command {
    Command::Log {
        about: About::Session(session),
        level: Level::Error,
        logger: None,
        data: mcp_proto::wire::Json::text(text),
    }
}

#[test]
fn a_stream_that_is_never_read_stays_within_its_bound() {
    let server = talkative(Bounds::default());
    let (mut client, deaf, session) = server.listen();
    let outbox = server.running.handle.outbox();
    let text = "x".repeat(10_000);
    // 60 MB, of which sockets and queues hold a few.
    for round in 0..30 {
        for _ in 0..200 {
            outbox.send(log(session, &text));
        }
        assert_eq!(client.call(round, "echo", &json!({}))["id"], round);
    }
    assert!(server.dropped.load(Ordering::SeqCst) > 3_000, "{:?}", server.dropped);
    drop(deaf);
    check_served(&server.running);
}

#[test]
fn a_client_that_catches_up_hears_again() {
    let server = talkative(Bounds::default());
    let (mut client, mut stream, session) = server.listen();
    let outbox = server.running.handle.outbox();
    let text = "x".repeat(100_000);
    for id in 0.. {
        outbox.send(log(session, &text));
        client.call(id, "echo", &json!({}));
        if server.dropped.load(Ordering::SeqCst) > 0 {
            break;
        }
    }
    let reader =
        thread::spawn(move || while stream.next_message().unwrap()["params"]["data"] != "last" {});
    while !reader.is_finished() {
        outbox.send(log(session, "last"));
        client.call(0, "echo", &json!({}));
    }
    reader.join().unwrap();
}

#[test]
fn a_stream_that_is_never_read_is_closed_in_its_time() {
    let write_timeout = std::time::Duration::from_millis(200);
    let server = talkative(Bounds { write_timeout, ..Bounds::default() });
    let (_client, _deaf, session) = server.listen();
    let handle = &server.running.handle;
    let text = "x".repeat(100_000);
    for _ in 0..500 {
        handle.outbox().send(log(session, &text));
    }
    let began = std::time::Instant::now();
    while smol::block_on(handle.inspect(|endpoint| endpoint.streams().count())) != Some(0) {
        assert!(began.elapsed() < DEADLINE, "the stream is still open");
        thread::yield_now();
    }
}

#[test]
fn a_flood_of_sessions_ends_at_the_cap_and_keeps_those_in_use() {
    let running = start(|| {
        let mut config = ServerConfig::new(Implementation::new("test", "1"));
        config.limits = Limits { sessions_max: 20, ..Limits::default() };
        let http = HttpConfig { over_sessions: OverSessions::Refuse, ..HttpConfig::default() };
        Server::new("test", "1", echo(), ()).config(config).http_config(http)
    });
    let mut client = running.connect();
    client.initialize();
    let refused: usize = thread::scope(|scope| {
        let flood = || {
            let mut flood = running.connect();
            let statuses = (0..100).map(|_| flood.post(&common::initialize()).status);
            statuses.filter(|status| *status == 503).count()
        };
        let floods: Vec<_> = (0..4).map(|_| scope.spawn(flood)).collect();
        for id in 0..100 {
            assert_eq!(client.call(id, "echo", &json!({}))["id"], id);
        }
        floods.into_iter().map(|flood| flood.join().unwrap()).sum()
    });
    assert_eq!(refused, 400 - 19);
    let open = running.handle.inspect(|endpoint| endpoint.sessions().count());
    assert_eq!(smol::block_on(open), Some(20));
    assert_eq!(client.call(1, "echo", &json!({}))["id"], 1);
}

#[test]
fn many_clients_are_served_at_once() {
    let running = start(|| {
        let mut router = echo();
        router.tool_blocking(Tool::new("block"), |_, arguments: Value| {
            Ok::<_, Stop>(arguments.to_string())
        });
        Server::new("test", "1", router, ())
    });
    let failed = Arc::new(AtomicBool::new(false));
    thread::scope(|scope| {
        for number in 0..64_u32 {
            let (running, failed) = (&running, Arc::clone(&failed));
            scope.spawn(move || {
                let mut client = running.connect();
                client.initialize();
                for id in 0..50 {
                    let tool = if id % 10 == 0 { "block" } else { "echo" };
                    let answer = client.call(id, tool, &json!({ "n": number }));
                    let expected = format!(r#"{{"n":{number}}}"#);
                    if answer["result"]["content"][0]["text"] != expected {
                        failed.store(true, Ordering::SeqCst);
                    }
                }
            });
        }
    });
    assert!(!failed.load(Ordering::SeqCst));
}
