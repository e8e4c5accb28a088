//! The blocking client of servers at a URL, over loopback.

mod common;
mod site;

use std::{
    io::ErrorKind,
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::Duration,
};

use common::{DEADLINE, Running, start};
use mcp_proto::{
    Router, Version,
    client::{self, CallOptions, ClientEvent, Delivery, Era, HttpError, Listening},
    http::{HttpClientConfig, HttpNotice},
    schema::{Answer, Form, List, Question, Tool},
    server::Command,
    wire::Json,
};
use mcp_smol::{
    Anyone, AsyncTools as _, Server,
    blocking::{self, Client, ConnectError, Connector, Error, unattended},
};
use serde_json::{Value, json};
use site::{JSON, config, connect, legacy, modern, send, soon, transport, within_deadline};
use smol::future;

const LEGACY: Era = Era::Pinned(Version::V2025_11_25);
const MODERN: Era = Era::Pinned(Version::V2026_07_28);

/// Says so when it is dropped.
struct Guard(Sender<&'static str>);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.send("dropped");
    }
}

/// A server with a tool that answers, one that asks and one that does neither, and what the last of
/// them tells.
fn server() -> (Running<Anyone>, Receiver<&'static str>) {
    let (told, heard) = channel();
    let running = start(move || {
        let mut router = Router::new();
        router.tool(Tool::new("echo"), |_, arguments: Value| Ok(arguments.to_string()));
        router.tool(Tool::new("ask"), |cx, _: Value| {
            Ok(format!("{:?}", cx.elicit::<Value>("name", Form::new("Your name?"))?))
        });
        router.tool_async(Tool::new("hang"), async move |_, _: Value| {
            let _guard = Guard(told.clone());
            let _ = told.send("started");
            future::pending::<()>().await;
            Ok(())
        });
        Server::new("test", "1.0.0", router, ())
    });
    (running, heard)
}

fn url(running: &Running<Anyone>) -> String {
    format!("http://{}/mcp", running.address)
}

fn connector(era: Era) -> Connector {
    let mut config = config(era);
    config.timeouts.total = Some(DEADLINE);
    Connector::new(config)
}

fn text(client: &Client, tool: &str) -> String {
    client.call_tool(tool, &json!({"a": 1})).unwrap().text()
}

#[test]
fn a_call_is_answered_in_every_revision() {
    within_deadline(|| {
        let (running, _heard) = server();
        for version in Version::ALL.into_iter().filter(|version| *version != Version::V2024_11_05) {
            let http = HttpClientConfig::new(&url(&running));
            let client = connector(Era::Pinned(version)).connect(http).unwrap();
            assert_eq!(client.agreement().version, version);
            assert_eq!(text(&client, "echo"), r#"{"a":1}"#);
            assert_eq!(client.list_tools().unwrap().len(), 3);
            assert!(matches!(client.call_tool("none", &json!({})), Err(Error::Refused(_))));
            client.close();
        }
        let client = blocking::connect(&url(&running), config(Era::Auto)).unwrap();
        assert_eq!(client.agreement().version, Version::V2026_07_28);
    });
}

#[test]
fn a_question_is_answered_by_the_application() {
    within_deadline(|| {
        let (running, _heard) = server();
        for era in [LEGACY, MODERN] {
            let answer = |question: &Question| match question {
                Question::Elicit(_) => Answer::Given(
                    Json::of(&json!({"action": "accept", "content": {"name": "Ada"}})).unwrap(),
                ),
                other => unattended(other),
            };
            let connector = connector(era).on_question(answer);
            let client = connector.connect(HttpClientConfig::new(&url(&running))).unwrap();
            assert!(text(&client, "ask").starts_with("Accepted("), "{era:?}");
        }
    });
}

#[test]
fn a_call_that_is_cancelled_ends_at_the_server_too() {
    within_deadline(|| {
        let (running, heard) = server();
        for era in [LEGACY, MODERN] {
            let http = HttpClientConfig::new(&url(&running));
            let client = connector(era).connect(http).unwrap();
            let call = client.begin_tool("hang", &json!({}), CallOptions::default()).unwrap();
            assert_eq!(heard.recv_timeout(DEADLINE).unwrap(), "started");
            call.cancel(Some("enough"));
            assert!(matches!(call.wait(), Err(Error::Cancelled)));
            assert_eq!(heard.recv_timeout(DEADLINE).unwrap(), "dropped", "{era:?}");
            assert_eq!(text(&client, "echo"), r#"{"a":1}"#);
        }
    });
}

#[test]
fn changes_are_told_to_whoever_listens() {
    within_deadline(|| {
        let (running, _heard) = server();
        for era in [LEGACY, MODERN] {
            let http = HttpClientConfig::new(&url(&running));
            let client = connector(era).connect(http).unwrap();
            // The server tells of changes once the session has begun, before its first call.
            assert_eq!(text(&client, "echo"), r#"{"a":1}"#);
            let listening = client.listen(Listening { tools: true, ..Listening::default() });
            let mut events = client.events();
            assert!(matches!(
                events.next_within(DEADLINE),
                Some(ClientEvent::Listening { granted: Listening { tools: true, .. }, .. })
            ));
            running.handle.outbox().send(Command::ListChanged(List::Tools));
            let event = events.next_within(DEADLINE);
            assert!(matches!(event, Some(ClientEvent::ListChanged(List::Tools))), "{event:?}");
            listening.cancel(None);
            assert!(matches!(listening.wait(), Err(Error::Cancelled)));
        }
    });
}

#[test]
fn a_lost_session_is_begun_again_and_the_application_told() {
    within_deadline(|| {
        let calls = AtomicUsize::new(0);
        let site = legacy(move |request, stream| {
            let session = request.header("mcp-session-id").unwrap_or_default();
            match calls.fetch_add(1, Ordering::SeqCst) {
                1 => send(stream, "404 Not Found", "", ""),
                _ => send(stream, "200 OK", JSON, &request.says(session)),
            }
        });
        let (told, notices) = channel();
        let connector = connector(Era::Legacy).on_notice(move |notice| drop(told.send(notice)));
        let client = connector.connect(transport(&site.url())).unwrap();
        assert_eq!(text(&client, "any"), "0");
        let error = client.call_tool("any", &json!({})).unwrap_err();
        assert!(matches!(error, Error::Lost { delivery: Delivery::NotSent, .. }), "{error:?}");
        assert_eq!(text(&client, "any"), "1");
        let notices: Vec<HttpNotice> = notices.try_iter().collect();
        assert!(notices.contains(&HttpNotice::SessionLost), "{notices:?}");
        assert_eq!(site.heard.count("tools/call"), 3);
    });
}

#[test]
fn a_session_is_ended_with_its_client() {
    within_deadline(|| {
        let site = legacy(|_, _| {});
        let client = connect(Era::Legacy, &site);
        client.close();
        assert_eq!(site.heard.count("DELETE"), 1);
        drop(connect(Era::Legacy, &site));
        assert_eq!(site.heard.count("DELETE"), 2);
    });
}

#[test]
fn calls_in_a_row_go_over_one_connection() {
    within_deadline(|| {
        let site = modern(|request, stream| send(stream, "200 OK", JSON, &request.says("here")));
        let client = connect(MODERN, &site);
        for _ in 0..100 {
            assert_eq!(text(&client, "any"), "here");
        }
        assert_eq!(site.heard.connections(), 1);
    });
}

#[test]
fn calls_at_once_have_a_connection_each_and_later_ones_share_these() {
    within_deadline(|| {
        let all = Arc::new(std::sync::Barrier::new(4));
        let site = modern(move |request, stream| {
            all.wait();
            send(stream, "200 OK", JSON, &request.says("here"));
        });
        let client = connect(MODERN, &site);
        for _ in 0..20 {
            let begin = || client.begin_tool("any", &json!({}), CallOptions::default()).unwrap();
            for call in [begin(), begin(), begin(), begin()] {
                call.wait().unwrap();
            }
        }
        assert_eq!(site.heard.connections(), 4);
    });
}

#[test]
fn a_connection_that_the_server_closes_is_not_used_again() {
    within_deadline(|| {
        let site = modern(|request, stream| {
            send(stream, "200 OK", &format!("{JSON}Connection: close\r\n"), &request.says("here"));
            let _ = stream.shutdown(Shutdown::Both);
        });
        let client = connect(MODERN, &site);
        for _ in 0..10 {
            assert_eq!(text(&client, "any"), "here");
        }
        assert_eq!(site.heard.count("tools/call"), 10);
        assert_eq!(site.heard.connections(), 10);
    });
}

/// Why there is no client, and what the operating system said.
fn refusal(connector: Connector, url: &str) -> (client::ConnectError, Option<ErrorKind>) {
    match soon(|| connector.connect(transport(url))) {
        Err(ConnectError::Handshake { why, end }) => {
            (why, end.error.as_ref().map(std::io::Error::kind))
        }
        other => panic!("a handshake that fails is expected: {other:?}"),
    }
}

#[test]
fn a_server_that_is_not_there_is_named_so() {
    within_deadline(|| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/mcp", listener.local_addr().unwrap());
        drop(listener);
        let (why, error) = refusal(connector(Era::Auto), &url);
        assert_eq!(why, client::ConnectError::Http(HttpError::Unreachable));
        assert_eq!(error, Some(ErrorKind::ConnectionRefused));
    });
}

#[test]
fn a_connection_that_does_not_come_about_is_given_up_in_its_time() {
    within_deadline(|| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        // Nobody accepts these; when the queue is full, the next one waits.
        let brief = Duration::from_millis(100);
        let queue: Vec<TcpStream> =
            std::iter::from_fn(|| TcpStream::connect_timeout(&address, brief).ok()).collect();
        assert!(!queue.is_empty());
        let connector = connector(Era::Auto).connect_timeout(Duration::from_millis(50));
        let (why, error) = refusal(connector, &format!("http://{address}/mcp"));
        assert_eq!(why, client::ConnectError::Http(HttpError::Unreachable));
        assert_eq!(error, Some(ErrorKind::TimedOut));
    });
}

#[test]
fn a_url_that_cannot_be_is_refused_before_anything_is_sent() {
    for url in ["", "mcp", "ftp://127.0.0.1/", "http://", "http://user:word@127.0.0.1/"] {
        let error = blocking::connect(url, config(Era::Auto)).unwrap_err();
        assert!(matches!(error, ConnectError::Invalid(_)), "{url}: {error:?}");
    }
    let mut http = HttpClientConfig::new("http://127.0.0.1/");
    http.headers.push(("Host".into(), "elsewhere".into()));
    let error = connector(Era::Auto).connect(http).unwrap_err();
    assert!(matches!(error, ConnectError::Invalid(_)), "{error:?}");
}

#[test]
fn a_verdict_saves_the_next_client_the_probe() {
    within_deadline(|| {
        let site = legacy(|request, stream| match request.what() {
            "server/discover" => send(stream, "400 Bad Request", "", "no session"),
            _ => send(stream, "200 OK", JSON, &request.says("here")),
        });
        let (told, verdicts) = channel();
        let first = connector(Era::Auto).on_verdict(move |verdict| drop(told.send(verdict)));
        first.connect(transport(&site.url())).unwrap().close();
        assert_eq!(site.heard.count("server/discover"), 1);
        let mut http = transport(&site.url());
        http.verdict = Some(verdicts.recv_timeout(DEADLINE).unwrap());
        let client = connector(Era::Auto).connect(http).unwrap();
        assert_eq!(text(&client, "any"), "here");
        assert_eq!(site.heard.count("server/discover"), 1);
    });
}

#[test]
fn threads_call_at_once() {
    within_deadline(|| {
        let (running, _heard) = server();
        for era in [LEGACY, MODERN] {
            let client = connector(era).connect(HttpClientConfig::new(&url(&running))).unwrap();
            let in_a_thread = |thread: u32| {
                let client = client.clone();
                thread::spawn(move || {
                    for call in 0..20 {
                        let sent = json!({"thread": thread, "call": call});
                        let outcome = client.call_tool("echo", &sent).unwrap();
                        let came: Value = serde_json::from_str(&outcome.text()).unwrap();
                        assert_eq!(came, sent);
                    }
                })
            };
            for thread in [0, 1, 2, 3, 4, 5, 6, 7].map(in_a_thread) {
                thread.join().unwrap();
            }
        }
    });
}
