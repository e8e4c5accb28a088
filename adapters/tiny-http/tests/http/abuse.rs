//! Clients that hold on to what they get: others are served meanwhile.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use mcp_proto::{
    http::{HttpConfig, OverSessions, Telemetry},
    schema::Level,
    server::{About, Command, ServerConfig},
    wire::Json,
};
use mcp_tiny_http::Bounds;
use serde_json::json;

use crate::common::{Client, POST, Running, eventually};

fn bounded(change: impl FnOnce(&mut Bounds) + Send + 'static) -> Running {
    let mut bounds = Bounds::default();
    change(&mut bounds);
    Running::with(|server| server.bounds(bounds))
}

#[test]
fn slow_heads_keep_nobody_waiting() {
    let server = Running::new();
    let slow: Vec<_> = (0..100)
        .map(|_| {
            let mut client = server.client();
            client.write("POST /mcp HTTP/1.1\r\nhost: lo");
            client
        })
        .collect();
    server.session().check_echo();
    drop(slow);
}

#[test]
fn slow_bodies_keep_nobody_waiting_and_are_given_up() {
    let server = bounded(|bounds| bounds.body_timeout = Duration::from_millis(300));
    let mut slow: Vec<Client> = (0..50)
        .map(|_| {
            let mut client = server.client();
            let fields = format!("{POST}content-length: 5000\r\n");
            client.write(client.request("POST", &fields, "{"));
            client
        })
        .collect();
    server.session().check_echo();
    // What is late is noticed with the next byte, or when nothing has come for long.
    thread::park_timeout(Duration::from_millis(400));
    for client in &mut slow {
        client.write("\"");
        assert_eq!(client.answer().status, 408);
    }
}

#[test]
fn a_client_that_says_nothing_is_left() {
    let server = bounded(|bounds| bounds.silence_timeout = Duration::ZERO);
    let mut silent = server.client();
    let mut half = server.client();
    half.write("POST /mcp HT");
    let mut idle = server.session();
    let began = Instant::now();
    assert_eq!((silent.rest(), half.rest(), idle.rest()), (vec![], vec![], vec![]));
    assert!(began.elapsed() > Duration::from_secs(10), "it was left at once");
}

#[test]
fn a_body_over_the_limit_is_refused() {
    let config = |server: mcp_tiny_http::Server<()>| {
        let mut config = ServerConfig::new(mcp_proto::schema::Implementation::new("test", "1"));
        config.limits.message_bytes_max = 4096;
        server.config(config)
    };
    let server = Running::with(config);
    let body = "x".repeat(5000);
    let mut client = server.session();
    client.write(client.post(&body));
    assert_eq!(client.answer().status, 413);
    let mut client = server.session();
    let fields = format!("{POST}transfer-encoding: chunked\r\n");
    client.write(client.request("POST", &fields, &format!("1388\r\n{body}\r\n0\r\n\r\n")));
    assert_eq!(client.answer().status, 413);
    server.session().check_echo();
}

#[test]
fn two_thousand_half_open_connections_keep_nobody_waiting() {
    let server = Running::new();
    let half: Vec<_> = (0..2000)
        .map(|_| {
            let mut client = server.client();
            client.write("POST /mcp HTTP/1.1\r\nhost:");
            client
        })
        .collect();
    for _ in 0..5 {
        server.session().check_echo();
    }
    drop(half);
    server.session().check_echo();
}

#[test]
fn a_client_that_never_reads_keeps_nobody_waiting_and_is_given_up() {
    let server = bounded(|bounds| bounds.write_timeout = Duration::from_millis(300));
    let mut deaf = server.session();
    let big = json!({ "bytes": 3_000_000 });
    for _ in 0..5 {
        deaf.start("fill", &big);
    }
    let mut other = server.session();
    for _ in 0..5 {
        other.check_echo();
    }
    let open =
        |server: &Running| server.handle.inspect(|endpoint| endpoint.calls().count()).unwrap();
    eventually("calls of a deaf client go on", || open(&server) == 0);
    other.check_echo();
}

#[test]
fn a_client_that_asks_on_and_on_without_reading_keeps_nobody_waiting() {
    let server = bounded(|bounds| bounds.exchanges_max = 16);
    let mut deaf = server.session();
    for _ in 0..300 {
        deaf.start("fill", &json!({ "bytes": 100_000 }));
    }
    let mut other = server.session();
    other.check_echo();
    // One whose body has to be waited for.
    let message = "m".repeat(5000);
    let answer = other.call("echo", &json!({ "message": message }));
    assert_eq!(answer.response()["result"]["content"][0]["text"], message);
}

#[test]
fn what_is_left_of_an_answer_is_not_followed_by_another() {
    let server = bounded(|bounds| bounds.write_timeout = Duration::from_millis(100));
    let mut patience = Duration::from_millis(200);
    eventually("an answer that nobody reads is given up", || {
        let mut deaf = server.session();
        for _ in 0..3 {
            deaf.start("fill", &json!({ "bytes": 9_000_000 }));
        }
        thread::park_timeout(patience);
        patience *= 2;
        deaf.start("echo", &json!({ "message": "the answer after" }));
        deaf.stream.set_read_timeout(Some(patience)).unwrap();
        is_cut(&deaf.rest())
    });
}

/// Whether the last of these answers is not whole. What follows on an answer begins another.
fn is_cut(answers: &[u8]) -> bool {
    let mut answers = std::str::from_utf8(answers).unwrap();
    while let Some((head, rest)) = answers.split_once("\r\n\r\n") {
        assert!(head.starts_with("HTTP/1.1 200 "), "{head:.100}");
        let (_, length) = head.split_once("content-length: ").unwrap();
        let length: usize = length.lines().next().unwrap().parse().unwrap();
        let body = rest.get(..length).unwrap_or(rest);
        assert!(!body.contains("HTTP/1.1 "), "another answer came after a part of one");
        if body.len() < length {
            return true;
        }
        answers = &rest[length..];
    }
    !answers.is_empty()
}

#[test]
fn a_stream_that_is_never_read_stays_within_its_bound_and_is_given_up() {
    let dropped = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&dropped);
    let server = Running::with(move |server| {
        let mut config = ServerConfig::new(mcp_proto::schema::Implementation::new("test", "1"));
        config.limits.logs_per_second_max = u32::MAX;
        let bounds = Bounds { write_timeout: Duration::from_millis(300), ..Bounds::default() };
        server.config(config).bounds(bounds).on_telemetry(move |telemetry| {
            if let Telemetry::Dropped { count } = telemetry {
                counted.fetch_add(*count, Ordering::SeqCst);
            }
        })
    });
    let mut deaf = server.session();
    deaf.open_stream();
    let session = server.handle.inspect(|endpoint| endpoint.sessions().next().unwrap().key);
    let about = About::Session(session.unwrap());
    let data = Json::text(&"x".repeat(10_000));
    let mut other = server.session();
    // 60 MB, of which sockets and queues hold a few.
    for _ in 0..30 {
        for _ in 0..200 {
            let (level, data) = (Level::Error, data.clone());
            server.handle.outbox().send(Command::Log { about, level, logger: None, data });
        }
        other.check_echo();
    }
    let open =
        |server: &Running| server.handle.inspect(|endpoint| endpoint.streams().count()).unwrap();
    eventually("a stream that nobody reads stays open", || open(&server) == 0);
    assert!(dropped.load(Ordering::SeqCst) > 3_000, "{dropped:?} of 6000 are dropped");
    other.check_echo();
}

#[test]
fn over_the_cap_a_request_is_refused_and_under_it_served() {
    let server = bounded(|bounds| bounds.exchanges_max = 3);
    let mut open: Vec<_> = (0..3).map(|_| server.client()).collect();
    for client in &mut open {
        client.initialize();
        client.open_stream();
    }
    let mut client = server.client();
    assert_eq!(client.try_initialize().status, 503);
    drop(open.pop());
    // That it is gone is noticed when it is written to.
    server.handle.outbox().send(Command::ListChanged(mcp_proto::schema::List::Tools));
    eventually("a stream that is closed keeps its place", || client.try_initialize().status == 200);
}

#[test]
fn a_flood_of_handshakes_ends_at_the_cap_and_sessions_live_on() {
    let config = |server: mcp_tiny_http::Server<()>| {
        let mut config = ServerConfig::new(mcp_proto::schema::Implementation::new("test", "1"));
        config.limits.sessions_max = 20;
        let over_sessions = OverSessions::Refuse;
        let http = HttpConfig { over_sessions, ..HttpConfig::default() };
        server.config(config).http_config(http)
    };
    let server = Running::with(config);
    let mut first = server.session();
    let refused: usize = thread::scope(|scope| {
        let flood = || {
            let mut flood = server.client();
            (0..100).filter(|_| flood.try_initialize().status == 503).count()
        };
        let floods: Vec<_> = (0..4).map(|_| scope.spawn(flood)).collect();
        for _ in 0..100 {
            first.check_echo();
        }
        floods.into_iter().map(|flood| flood.join().unwrap()).sum()
    });
    assert_eq!(refused, 400 - 19);
    first.check_echo();
}
