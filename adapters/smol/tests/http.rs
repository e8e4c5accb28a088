//! HTTP over loopback: what the adapter adds to the endpoint.

mod common;

use std::{
    io::Write as _,
    os::unix::net::UnixStream,
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::Duration,
};

use common::{Client, DEADLINE, start};
use mcp_proto::{
    Grant, Limits, Router,
    http::{Challenge, Head, Telemetry},
    router::Stop,
    schema::{Implementation, Tool},
    server::{About, Command, Event, ServerConfig},
};
use mcp_smol::{AsyncTools as _, Bounds, Server};
use serde_json::{Value, json};
use smol::future;

fn echo() -> Router<()> {
    let mut router = Router::new();
    router.tool(Tool::new("echo"), |_, arguments: Value| Ok(arguments.to_string()));
    router
}

fn server(router: Router<()>) -> Server<(), mcp_smol::Anyone> {
    Server::new("test", "1.0.0", router, ())
}

/// Says so when it is dropped.
struct Guard(Sender<&'static str>);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.send("dropped");
    }
}

fn hear(receiver: &Receiver<&'static str>) -> &'static str {
    receiver.recv_timeout(DEADLINE).unwrap()
}

/// A tool that never answers, and says when it starts and when it is dropped.
fn hanging() -> (Router<()>, Receiver<&'static str>) {
    let (told, heard) = channel();
    let mut router = echo();
    router.tool_async(Tool::new("hang"), async move |_, _: Value| {
        let _guard = Guard(told.clone());
        let _ = told.send("started");
        future::pending::<()>().await;
        Ok(())
    });
    (router, heard)
}

#[test]
fn a_session_serves_calls_and_streams() {
    let running = start(|| {
        let mut router = echo();
        router.tool(Tool::new("steps"), |cx, _: Value| {
            cx.progress(1.0, None);
            Ok("done")
        });
        server(router)
    });
    let mut client = running.connect();
    client.initialize();
    let answer = client.call(1, "echo", &json!({ "a": 1 }));
    assert_eq!(answer["result"]["content"][0]["text"], r#"{"a":1}"#);
    let reply = client.post(&common::call(2, "steps", &json!({})));
    assert_eq!(reply.header("content-type"), Some("text/event-stream"));
    let messages = client.rest_of_stream();
    assert_eq!(messages[0]["method"], "notifications/progress");
    assert_eq!(messages[1]["result"]["content"][0]["text"], "done");
    // The connection goes on after a stream.
    assert_eq!(client.call(3, "echo", &json!({}))["id"], 3);
}

#[test]
fn what_threads_say_reaches_the_general_stream() {
    let (opened, sessions) = channel();
    let running = start(move || {
        let mut router = echo();
        router.on_event(move |(), event| {
            if let Event::SessionOpened { session, .. } = event {
                let _ = opened.send(*session);
            }
        });
        server(router)
    });
    let mut client = running.connect();
    client.initialize();
    let mut stream = running.connect();
    stream.session.clone_from(&client.session);
    assert_eq!(stream.open_stream().status, 200);
    running.handle.outbox().send(Command::Notify {
        about: About::Session(sessions.recv_timeout(DEADLINE).unwrap()),
        method: "notifications/custom".into(),
        params: mcp_proto::wire::Json::parse_text(r#"{"a":1}"#).unwrap(),
    });
    assert_eq!(stream.next_message().unwrap()["params"]["a"], 1);
    let open = running.handle.inspect(|endpoint| endpoint.streams().count());
    assert_eq!(smol::block_on(open), Some(1));
}

#[test]
fn a_disconnect_cancels_an_unanswered_call_at_once() {
    let (make, heard) = {
        let (sender, heard) = channel();
        let make = move || {
            let (router, inner) = hanging();
            sender.send(inner).unwrap();
            server(router)
        };
        (make, heard)
    };
    let running = start(make);
    let heard = heard.recv_timeout(DEADLINE).unwrap();
    let mut client = running.connect();
    client.send_modern_call(1, "hang");
    assert_eq!(hear(&heard), "started");
    drop(client);
    assert_eq!(hear(&heard), "dropped");
}

#[test]
fn a_disconnect_cancels_a_call_whose_stream_is_open() {
    let (sender, receiver) = channel();
    let running = start(move || {
        let (router, inner) = hanging();
        sender.send(inner).unwrap();
        let http = mcp_proto::http::HttpConfig {
            stream_after: Duration::ZERO,
            ..mcp_proto::http::HttpConfig::default()
        };
        server(router).http_config(http)
    });
    let heard = receiver.recv_timeout(DEADLINE).unwrap();
    let mut client = running.connect();
    client.send_modern_call(1, "hang");
    let reply = client.reply();
    assert_eq!(reply.header("content-type"), Some("text/event-stream"), "{reply:?}");
    assert_eq!(hear(&heard), "started");
    drop(client);
    assert_eq!(hear(&heard), "dropped");
}

#[test]
fn a_head_that_does_not_come_ends_the_connection_and_holds_up_nobody() {
    let bounds = Bounds { head_timeout: Duration::from_millis(200), ..Bounds::default() };
    let running = start(move || server(echo()).bounds(bounds));
    let mut slow = running.connect();
    slow.write(b"POST /mcp HTTP/1.1\r\nHost: lo");
    let mut other = running.connect();
    other.initialize();
    assert!(slow.is_closed());
    assert_eq!(other.call(1, "echo", &json!({}))["id"], 1);
}

#[test]
fn an_idle_connection_is_closed_in_its_time() {
    let bounds = Bounds { idle_timeout: Duration::from_millis(200), ..Bounds::default() };
    let running = start(move || server(echo()).bounds(bounds));
    let mut client = running.connect();
    client.initialize();
    assert!(client.is_closed());
}

#[test]
fn a_body_that_does_not_come_is_408() {
    let bounds = Bounds { body_timeout: Duration::from_millis(200), ..Bounds::default() };
    let running = start(move || server(echo()).bounds(bounds));
    let mut slow = running.connect();
    slow.write(
        b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
          Accept: application/json, text/event-stream\r\nContent-Length: 100\r\n\r\n{",
    );
    let mut other = running.connect();
    other.initialize();
    assert_eq!(slow.reply().status, 408);
    assert!(slow.is_closed());
    assert_eq!(other.call(1, "echo", &json!({}))["id"], 1);
}

#[test]
fn a_body_over_the_limit_is_413_whether_its_length_is_declared_or_not() {
    let running = start(|| {
        let mut config = ServerConfig::new(Implementation::new("test", "1"));
        config.limits = Limits { message_bytes_max: 10_000, ..Limits::default() };
        server(echo()).config(config)
    });
    let head = "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                Accept: application/json, text/event-stream\r\n";
    let mut declared = running.connect();
    declared.write(format!("{head}Content-Length: 50000000000\r\n\r\n").as_bytes());
    assert_eq!(declared.reply().status, 413);
    let mut chunked = running.connect();
    chunked.write(format!("{head}Transfer-Encoding: chunked\r\n\r\n").as_bytes());
    for _ in 0..11 {
        chunked.write(format!("3e8\r\n{}\r\n", " ".repeat(1000)).as_bytes());
    }
    assert_eq!(chunked.reply().status, 413);
    let mut other = running.connect();
    other.initialize();
}

#[test]
fn a_body_in_pieces_is_one_message() {
    let running = start(|| server(echo()));
    let mut client = running.connect();
    let message = common::initialize().to_string();
    client.write(
        b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
          Accept: application/json, text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    for piece in message.as_bytes().chunks(7) {
        client.write(format!("{:x}\r\n", piece.len()).as_bytes());
        client.write(piece);
        client.write(b"\r\n");
    }
    client.write(b"0\r\n\r\n");
    let reply = client.reply();
    assert_eq!(reply.json()["result"]["protocolVersion"], "2025-11-25");
}

#[test]
fn forged_origins_and_hosts_are_403() {
    let running = start(|| server(echo()));
    let mut client = running.connect();
    client.send("POST", "Origin: http://evil.example\r\n", &common::initialize().to_string());
    assert_eq!(client.reply().status, 403);
    let mut client = running.connect();
    client.write(b"GET /mcp HTTP/1.1\r\nHost: evil.example\r\n\r\n");
    assert_eq!(client.reply().status, 403);
}

#[test]
fn a_server_for_strangers_does_not_start_without_the_names_it_goes_by() {
    let refused = server(echo()).bind("0.0.0.0:0").unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::InvalidInput);
    let hosts = ["mcp.example".into()].into();
    let http = mcp_proto::http::HttpConfig {
        hosts: mcp_proto::http::Hosts::Only(hosts),
        ..mcp_proto::http::HttpConfig::default()
    };
    assert!(server(echo()).http_config(http).bind("0.0.0.0:0").is_ok());
}

#[test]
fn the_hook_decides_who_is_calling() {
    let running = start(|| {
        let mut router = Router::new();
        router.tool(Tool::new("who"), |cx, _: Value| {
            Ok(cx.grant().subject.clone().unwrap_or_default())
        });
        server(router).authorize(|head: &Head<'_>| {
            let mut token = Vec::new();
            head.headers.each(&mut |name, value| {
                if name.eq_ignore_ascii_case("authorization") {
                    token = value.to_vec();
                }
            });
            async move {
                future::yield_now().await;
                match token.strip_prefix(b"Bearer ") {
                    Some(who) => {
                        let subject = Some(String::from_utf8_lossy(who).into());
                        Ok(Arc::new(Grant { subject, ..Grant::default() }))
                    }
                    None => Err(Challenge::unauthorized()),
                }
            }
        })
    });
    let mut client = running.connect();
    let refused = client.post(&common::initialize());
    assert_eq!(refused.status, 401);
    assert!(refused.header("www-authenticate").unwrap().starts_with("Bearer"), "{refused:?}");
    let lines = "Authorization: Bearer ann\r\n";
    client.send("POST", lines, &common::initialize().to_string());
    let reply = client.reply();
    client.session = reply.header("mcp-session-id").map(str::to_owned);
    client.send("POST", lines, &common::call(1, "who", &json!({})).to_string());
    assert_eq!(client.reply().json()["result"]["content"][0]["text"], "ann");
}

#[test]
fn an_operator_hears_of_requests_that_the_endpoint_never_sees() {
    let (told, heard) = channel();
    let running = start(move || {
        let server = server(echo()).authorize(|head: &Head<'_>| {
            let mut named = false;
            head.headers.each(&mut |name, _| named |= name.eq_ignore_ascii_case("authorization"));
            let grant = if named { Ok(Arc::default()) } else { Err(Challenge::unauthorized()) };
            std::future::ready(grant)
        });
        server.on_telemetry(move |telemetry| {
            if let Telemetry::TurnedAway { status } = telemetry {
                told.send(*status).unwrap();
            }
        })
    });
    let mut client = running.connect();
    for (lines, status) in
        [("", 401), ("Origin: http://evil.example\r\n", 403), ("Authorization: any\r\n", 200)]
    {
        client.send("POST", lines, &common::initialize().to_string());
        assert_eq!(client.reply().status, status);
    }
    drop(running);
    assert_eq!(heard.iter().collect::<Vec<_>>(), [401, 403]);
}

#[test]
fn a_unix_socket_is_served_and_removed() {
    let path = std::env::temp_dir().join(format!("mcp-smol-{}.sock", std::process::id()));
    let (sender, started) = channel();
    let at = path.clone();
    let server = thread::spawn(move || {
        let bound = server(echo()).signals(false).bind_unix(&at).unwrap();
        sender.send(bound.handle()).unwrap();
        bound.run()
    });
    let handle = started.recv_timeout(DEADLINE).unwrap();
    let stream = UnixStream::connect(&path).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut client = Client::over(stream);
    client.initialize();
    assert_eq!(client.call(1, "echo", &json!({}))["id"], 1);
    handle.shut_down();
    server.join().unwrap().unwrap();
    assert!(!path.exists());
}

#[test]
fn a_shutdown_drains_what_is_running() {
    let (told, heard) = channel();
    let (open, opened) = smol::channel::bounded::<()>(1);
    let mut running = start(move || {
        let mut router = echo();
        router.tool_async(Tool::new("wait"), async move |_, _: Value| {
            let _ = told.send("started");
            opened.recv().await.map_err(|_| Stop::Cancelled)?;
            Ok("answered")
        });
        server(router)
    });
    let mut other = running.connect();
    other.initialize();
    let mut client = running.connect();
    client.session.clone_from(&other.session);
    client.send("POST", "", &common::call(1, "wait", &json!({})).to_string());
    assert_eq!(hear(&heard), "started");
    running.handle.shut_down();
    assert_eq!(other.post(&common::call(2, "echo", &json!({}))).status, 503);
    open.send_blocking(()).unwrap();
    assert_eq!(client.reply().json()["result"]["content"][0]["text"], "answered");
    running.join();
    assert!(client.is_closed());
}

#[test]
fn a_panicking_handler_is_answered_and_the_server_goes_on() {
    let running = start(|| {
        let mut router = echo();
        router.tool(Tool::new("panic"), |_, _: Value| -> Result<(), Stop> { panic!("oh no") });
        server(router)
    });
    let mut client = running.connect();
    client.initialize();
    let reply = client.post(&common::call(1, "panic", &json!({})));
    assert!(reply.body.contains("-32603") && !reply.body.contains("oh no"), "{reply:?}");
    assert_eq!(client.call(2, "echo", &json!({}))["id"], 2);
}

#[test]
fn when_there_are_too_many_connections_the_one_longest_without_a_request_goes() {
    let bounds = Bounds { connections_max: 2, ..Bounds::default() };
    let (sender, receiver) = channel();
    let running = start(move || {
        let (router, inner) = hanging();
        sender.send(inner).unwrap();
        server(router).bounds(bounds)
    });
    let heard = receiver.recv_timeout(DEADLINE).unwrap();
    let mut busy = running.connect();
    busy.send_modern_call(1, "hang");
    assert_eq!(hear(&heard), "started");
    let mut idle = running.connect();
    idle.write(b"POST");
    let mut new = running.connect();
    new.send_modern_call(2, "hang");
    assert_eq!(hear(&heard), "started");
    assert!(idle.is_closed());
    // Now both are busy.
    let mut refused = running.connect();
    assert_eq!(refused.reply().status, 503);
    assert!(refused.is_closed());
}

#[test]
fn a_request_cut_off_in_its_body_is_forgotten() {
    let running = start(|| server(echo()));
    let mut cut = running.connect();
    cut.write(b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{");
    drop(cut);
    let mut client = running.connect();
    client.initialize();
    let seen = running.handle.inspect(|endpoint| endpoint.calls().count());
    assert_eq!(smol::block_on(seen), Some(0));
}

#[test]
fn the_pieces_of_a_stream_do_not_wait_for_acknowledgements() {
    const CALLS: u32 = 10;
    let (go, gone) = smol::channel::bounded::<()>(1);
    let running = start(move || {
        let mut router = echo();
        router.tool_async(Tool::new("steps"), async move |cx, _: Value| {
            for step in 1..=3 {
                cx.progress(f64::from(step), None);
                gone.recv().await.map_err(|_| Stop::Cancelled)?;
            }
            Ok("done")
        });
        server(router)
    });
    let mut client = running.connect();
    client.initialize();
    let round = || {
        let began = std::time::Instant::now();
        for _ in 0..CALLS {
            assert_eq!(client.post(&common::call(1, "steps", &json!({}))).status, 200);
            for _ in 1..=3 {
                client.next_message().unwrap();
                go.send_blocking(()).unwrap();
            }
            assert_eq!(client.rest_of_stream().len(), 1);
        }
        began.elapsed()
    };
    // An acknowledgement that waits for something to go with it takes 40 ms.
    let best = std::iter::repeat_with(round).take(3).min().unwrap();
    assert!(best < Duration::from_millis(20) * CALLS, "{best:?}");
}

#[test]
fn head_and_body_come_in_one_piece() {
    use std::io::Read as _;

    let running = start(|| server(echo()));
    let mut stream = std::net::TcpStream::connect(running.address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let body = common::initialize().to_string();
    let head = format!(
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
    let mut buffer = [0; 8192];
    let count = stream.read(&mut buffer).unwrap();
    assert!(buffer[..count].ends_with(b"}"), "{}", String::from_utf8_lossy(&buffer[..count]));
}
