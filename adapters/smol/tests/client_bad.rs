//! Servers that misbehave: what a client does ends in an error with a name, within its time.

mod site;

use std::{
    net::{Shutdown, TcpStream},
    sync::Arc,
    time::Duration,
};

use mcp_proto::{
    Version,
    client::{self, Delivery, Era, HttpError, Violation},
};
use mcp_smol::blocking::{Client, ConnectError, Connector, Error};
use serde_json::json;
use site::{
    JSON, Request, Site, accept, config, connect, legacy, modern, send, send_stream_head, site,
    soon, transport, within_deadline, write,
};

const MODERN: Era = Era::Pinned(Version::V2026_07_28);

fn call(client: &Client) -> Error {
    soon(|| client.call_tool("any", &json!({}))).expect_err("there is no result")
}

/// What a call comes to whose request the script answers, in either era.
fn each_era(script: impl Fn(&Request, &mut TcpStream) + Send + Sync + 'static, check: fn(&Error)) {
    let script = Arc::new(script);
    within_deadline(move || {
        let same = script.clone();
        let site = modern(move |request, stream| same(request, stream));
        check(&call(&connect(MODERN, &site)));
        let site = legacy(move |request, stream| script(request, stream));
        check(&call(&connect(Era::Legacy, &site)));
    });
}

/// Why a client does not come up.
fn refused(era: Era, site: &Site) -> client::ConnectError {
    let connector = Connector::new(config(era));
    match soon(|| connector.connect(transport(&site.url()))) {
        Err(ConnectError::Handshake { why, .. }) => why,
        other => panic!("a handshake that fails is expected: {other:?}"),
    }
}

#[test]
fn a_server_that_never_answers_is_given_up_in_time() {
    each_era(|_, _| {}, |error| assert!(matches!(error, Error::TimedOut), "{error:?}"));
}

#[test]
fn a_server_that_never_answers_the_first_request_is_given_up_in_time() {
    within_deadline(|| {
        for era in [Era::Auto, Era::Legacy, MODERN] {
            let why = refused(era, &site(|_, _| {}));
            assert_eq!(why, client::ConnectError::TimedOut, "{era:?}");
        }
    });
}

#[test]
fn what_is_no_http_breaks_the_connection() {
    each_era(
        |_, stream| write(stream, "SSH-2.0-OpenSSH_9.9\r\n\r\n\0\0\0garbage"),
        |error| assert!(is_broken(error), "{error:?}"),
    );
}

#[test]
fn a_server_that_speaks_no_http_is_named_so_at_once() {
    within_deadline(|| {
        for era in [Era::Auto, Era::Legacy, MODERN] {
            let site = accept(|_, mut stream| {
                write(&mut stream, "220 mail.example ESMTP\r\n");
                let _ = stream.shutdown(Shutdown::Both);
            });
            let why = refused(era, &site);
            // Whether the request had left by then is a matter of luck.
            let broken =
                [HttpError::Broken, HttpError::Unreachable].map(client::ConnectError::Http);
            assert!(broken.contains(&why), "{era:?}: {why:?}");
            assert!(site.heard.connections() < 20, "{}", site.heard.connections());
        }
    });
}

#[test]
fn a_body_that_is_no_message_is_a_violation_or_named() {
    each_era(
        |_, stream| send(stream, "200 OK", JSON, "{\"jsonrpc\": nonsense"),
        |error| assert!(is_malformed(error), "{error:?}"),
    );
    each_era(
        |_, stream| send(stream, "200 OK", "Content-Type: text/html\r\n", "<p>hello</p>"),
        |error| assert!(is_http(error, &HttpError::ContentType("text/html".into())), "{error:?}"),
    );
    each_era(
        |_, stream| send(stream, "500 Internal Server Error", "", "oh no"),
        |error| assert!(is_http(error, &HttpError::Status(500)), "{error:?}"),
    );
}

#[test]
fn a_connection_that_drops_after_the_head_leaves_the_outcome_unknown() {
    each_era(
        |_, stream| {
            write(stream, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n");
            write(stream, "Content-Length: 100\r\n\r\n{");
            let _ = stream.shutdown(Shutdown::Both);
        },
        |error| assert!(is_broken(error), "{error:?}"),
    );
}

#[test]
fn a_stream_that_drops_after_the_head_leaves_the_outcome_unknown() {
    each_era(
        |_, stream| {
            send_stream_head(stream);
            let _ = stream.shutdown(Shutdown::Both);
        },
        |error| assert!(is_broken(error), "{error:?}"),
    );
}

#[test]
fn a_connection_that_drops_before_the_head_is_not_tried_again() {
    within_deadline(|| {
        let site = modern(|_, stream| drop(stream.shutdown(Shutdown::Both)));
        let error = call(&connect(MODERN, &site));
        assert!(is_broken(&error), "{error:?}");
        assert_eq!(site.heard.count("tools/call"), 1);
    });
}

#[test]
fn a_head_without_an_end_is_not_read_for_ever() {
    each_era(
        |_, stream| {
            write(stream, "HTTP/1.1 200 OK\r\n");
            write(stream, &format!("X-Field: {}\r\n", "a".repeat(1 << 20)));
        },
        |error| assert!(is_broken(error), "{error:?}"),
    );
}

#[test]
fn a_server_that_falls_silent_within_an_answer_is_given_up_in_its_time() {
    within_deadline(|| {
        let site = modern(|_, stream| {
            write(stream, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n");
            write(stream, "Content-Length: 100\r\n\r\n{");
        });
        let mut config = config(MODERN);
        config.timeouts.total = None;
        let connector = Connector::new(config).read_timeout(Duration::from_millis(100));
        let client = connector.connect(transport(&site.url())).unwrap();
        let error = call(&client);
        assert!(is_broken(&error), "{error:?}");
        let Error::Lost { end, .. } = error else { panic!("{error:?}") };
        assert_eq!(end.error.as_ref().unwrap().kind(), std::io::ErrorKind::TimedOut);
        assert_eq!(site.heard.count("tools/call"), 1);
    });
}

#[test]
fn a_redirect_to_another_origin_is_not_followed() {
    within_deadline(|| {
        let other = modern(|request, stream| {
            send(stream, "200 OK", JSON, &request.says("stolen"));
        });
        let location = format!("Location: {}\r\n", other.url());
        for status in ["307 Temporary Redirect", "308 Permanent Redirect", "302 Found"] {
            let fields = location.clone();
            let site = modern(move |_, stream| send(stream, status, &fields, ""));
            let error = call(&connect(MODERN, &site));
            assert!(is_http(&error, &HttpError::Redirect(other.url().into())), "{error:?}");
        }
        assert_eq!(other.heard.connections(), 0);
    });
}

#[test]
fn redirects_in_a_circle_come_to_an_end() {
    each_era(
        |_, stream| send(stream, "307 Temporary Redirect", "Location: /mcp\r\n", ""),
        |error| assert!(is_http(error, &HttpError::TooManyRedirects), "{error:?}"),
    );
}

#[test]
fn a_server_that_forgets_each_session_is_given_up() {
    within_deadline(|| {
        let site = legacy(|_, stream| send(stream, "404 Not Found", "", ""));
        let client = connect(Era::Legacy, &site);
        let error = call(&client);
        assert!(is_http(&error, &HttpError::SessionLost), "{error:?}");
        assert!(site.heard.count("initialize") < 10, "{:?}", site.heard.requests());
        assert!(site.heard.count("tools/call") < 10, "{:?}", site.heard.requests());
        let again = call(&client);
        assert!(again.to_string().contains("forgets its sessions"), "{again}");
    });
}

#[test]
fn a_server_that_knows_no_path_is_named_so() {
    within_deadline(|| {
        for era in [Era::Auto, Era::Legacy, MODERN] {
            let site = site(|_, stream| send(stream, "404 Not Found", "", "nothing here"));
            let why = refused(era, &site);
            assert_eq!(why, client::ConnectError::Http(HttpError::Status(404)), "{era:?}");
            assert!(site.heard.requests().len() < 5, "{:?}", site.heard.requests());
        }
    });
}

fn is_broken(error: &Error) -> bool {
    matches!(error, Error::Lost { delivery: Delivery::OutcomeUnknown, .. })
}

fn is_malformed(error: &Error) -> bool {
    matches!(error, Error::Violation(Violation::Malformed))
}

fn is_http(error: &Error, what: &HttpError) -> bool {
    matches!(error, Error::Http(http) if http == what)
}
