//! What is served, and how it ends.

use std::{
    io::Write as _,
    net::TcpListener,
    sync::{Arc, mpsc::channel},
    thread,
    time::{Duration, Instant},
};

use mcp_proto::{
    Grant,
    http::{Challenge, HttpConfig, Telemetry},
    schema::List,
    server::Command,
};
use serde_json::json;

use crate::common::{Client, Running, eventually};

#[test]
fn a_session_is_opened_used_and_ended() {
    let server = Running::new();
    let mut client = server.session();
    assert!(client.session.is_some());
    client.check_echo();
    client.write(client.request("DELETE", "", ""));
    assert_eq!(client.answer().status, 204);
    assert_eq!(client.call("echo", &json!({})).status, 404);
}

#[test]
fn a_request_without_a_session_is_served_in_2026_07_28() {
    let server = Running::new();
    let mut client = server.client();
    let body = json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {
            "name": "echo", "arguments": { "message": "hello" },
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
                "io.modelcontextprotocol/clientCapabilities": {},
            },
        },
    })
    .to_string();
    let fields = format!(
        "{}mcp-protocol-version: 2026-07-28\r\nmcp-method: tools/call\r\nmcp-name: echo\r\n\
         content-length: {}\r\n",
        crate::common::POST,
        body.len(),
    );
    client.write(client.request("POST", &fields, &body));
    let answer = client.answer();
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.response()["result"]["content"][0]["text"], "hello");
}

#[test]
fn what_a_handler_says_on_the_way_comes_before_its_answer() {
    let server = Running::new();
    let mut client = server.session();
    let answer = client.call("steps", &json!({ "count": 3 }));
    assert!(answer.is_stream());
    let steps: Vec<_> =
        answer.events().iter().map(|event| event["params"]["data"]["step"].clone()).collect();
    assert_eq!(steps, [json!(0), json!(1), json!(2), json!(null)]);
    // The connection is used on after a stream.
    client.check_echo();
}

#[test]
fn a_tool_on_a_thread_holds_nobody_up() {
    let server = Running::with(|server| {
        let drain = Duration::from_millis(100);
        server.http_config(HttpConfig { drain, ..HttpConfig::default() })
    });
    let mut slow = server.session();
    slow.start("wait", &json!({}));
    server.session().check_echo();
}

#[test]
fn a_tool_that_answers_later_is_answered() {
    let server = Running::new();
    let answer = server.session().call("later", &json!({}));
    assert_eq!(answer.response()["result"]["content"][0]["text"], "later");
}

#[test]
fn a_handler_that_panics_is_answered_for() {
    let server = Running::new();
    let mut client = server.session();
    assert_eq!(client.call("panic", &json!({})).response()["error"]["code"], -32603);
    client.check_echo();
}

#[test]
fn a_change_told_by_another_thread_reaches_the_general_stream() {
    let server = Running::new();
    let mut client = server.session();
    client.open_stream();
    server.handle.outbox().send(Command::ListChanged(List::Tools));
    let event = client.next_event();
    assert_eq!(event["method"], "notifications/tools/list_changed");
}

#[test]
fn a_client_that_leaves_a_call_is_noticed_within_two_comments() {
    let every = Duration::from_millis(100);
    let server = Running::with(move |server| {
        let mut http = HttpConfig::default();
        (http.stream_after, http.keep_alive, http.keep_alive_busy) = (every / 10, every, every);
        server.http_config(http)
    });
    let mut client = server.session();
    client.start("wait", &json!({}));
    assert!(client.head().is_stream());
    let streams =
        |server: &Running| server.handle.inspect(|endpoint| endpoint.streams().count()).unwrap();
    assert_eq!(streams(&server), 1);
    let left = Instant::now();
    drop(client);
    eventually("nobody notices that a client has left", || streams(&server) == 0);
    assert!(left.elapsed() < every * 10, "it took {:?}", left.elapsed());
}

#[test]
fn who_may_not_call_is_told_so() {
    let server = Running::with(|server| {
        server.authorize(|head| {
            let mut token = None;
            head.headers.each(&mut |name, value| {
                if name.eq_ignore_ascii_case("authorization") {
                    token = Some(value.to_vec());
                }
            });
            match token.as_deref() {
                Some(b"Bearer sesame") => Ok(Arc::new(Grant::default())),
                Some(_) => Err(Challenge::invalid_token()),
                None => Err(Challenge::unauthorized()),
            }
        })
    });
    let mut client = server.client();
    let answer = client.try_initialize();
    assert_eq!(answer.status, 401);
    assert!(answer.headers["www-authenticate"].starts_with("Bearer"), "{answer:?}");
    client.headers = "authorization: Bearer sesame\r\n".into();
    client.initialize();
    client.check_echo();
}

#[test]
fn an_operator_hears_of_requests_that_the_endpoint_never_sees() {
    let (told, heard) = channel();
    let server = Running::with(move |server| {
        let server = server.authorize(|head| {
            let mut named = false;
            head.headers.each(&mut |name, _| named |= name.eq_ignore_ascii_case("authorization"));
            if named { Ok(Arc::default()) } else { Err(Challenge::unauthorized()) }
        });
        server.on_telemetry(move |telemetry| {
            if let Telemetry::TurnedAway { status } = telemetry {
                told.send(*status).unwrap();
            }
        })
    });
    assert_eq!(server.client().try_initialize().status, 401);
    let mut page = server.client();
    page.headers = "origin: http://evil.example\r\n".into();
    assert_eq!(page.try_initialize().status, 403);
    let mut known = server.client();
    known.headers = "authorization: any\r\n".into();
    known.initialize();
    server.end();
    assert_eq!(heard.iter().collect::<Vec<_>>(), [401, 403]);
}

#[test]
fn a_shut_down_ends_streams_and_the_server() {
    let server = Running::new();
    let mut client = server.session();
    client.open_stream();
    let handle = server.handle.clone();
    server.end();
    while client.chunk().is_some() {}
    assert!(handle.inspect(|_| ()).is_none());
}

/// How long `count` calls of `call` take, at best of some rounds.
fn fastest(mut call: impl FnMut()) -> Duration {
    let round = |call: &mut dyn FnMut()| {
        let began = Instant::now();
        for _ in 0..20 {
            call();
        }
        began.elapsed()
    };
    (0..5).map(|_| round(&mut call)).min().unwrap()
}

/// The most that waiting for an acknowledgement would be shorter than, for 20 calls.
const TWENTY_WAITS: Duration = Duration::from_millis(400);

#[test]
fn answers_do_not_wait_for_acknowledgements() {
    // A bare answer, in one write, on a connection that is kept.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let bare = thread::spawn(move || {
        let mut client = Client::on(listener.accept().unwrap().0);
        while client.peer_is_open() {
            client.skip_request();
            client.stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").unwrap();
        }
    });
    let mut client = Client::new(address);
    let bare_calls = fastest(|| {
        client.start("echo", &json!({}));
        client.answer();
    });
    drop(client);
    bare.join().unwrap();

    let server = Running::new();
    let mut client = server.session();
    let calls = fastest(|| client.check_echo());
    assert!(calls < bare_calls + TWENTY_WAITS, "{calls:?}, and bare {bare_calls:?}");
    let streams = fastest(|| {
        assert!(client.call("steps", &json!({ "count": 5 })).is_stream());
    });
    assert!(streams < bare_calls + TWENTY_WAITS, "{streams:?}, and bare {bare_calls:?}");
}
