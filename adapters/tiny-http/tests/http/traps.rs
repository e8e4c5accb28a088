//! Requests that `tiny_http` 0.12 mistakes, dies of or never lets go of.

use std::time::Duration;

use serde_json::json;

use crate::common::{POST, Running, eventually};

const PING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;

/// Sends a request with these fields and this body, and expects a refusal, after which nothing on
/// the connection is served, though the server goes on.
#[track_caller]
fn refused(status: u16, fields: &str, body: &str) {
    let server = Running::new();
    let mut client = server.session();
    // What a reader of another mind takes for the next request.
    let smuggled = client.post(PING);
    client.write(client.request("POST", &format!("{POST}{fields}"), body) + &smuggled);
    let answer = client.answer();
    assert_eq!(answer.status, status, "{answer:?}");
    assert!(answer.closes(), "{answer:?}");
    client.finish_writing();
    // What tiny_http itself says of the rest is no more than that it is malformed.
    let rest = String::from_utf8(client.rest()).unwrap();
    assert!(!rest.contains("jsonrpc") && !rest.contains("200"), "the rest was served: {rest}");
    server.session().check_echo();
}

#[test]
fn a_body_of_fifty_gigabytes_is_refused_and_the_process_lives() {
    let server = Running::new();
    let mut client = server.session();
    client.write(client.request("POST", &format!("{POST}content-length: 50000000000\r\n"), "{"));
    let answer = client.answer();
    assert_eq!(answer.status, 413);
    assert!(answer.closes());
    drop(client);
    server.session().check_echo();
}

#[test]
fn too_many_bodies_of_absurd_length_let_nobody_new_in() {
    let server = Running::new();
    let mut known = server.session();
    let turned_away = || {
        let mut client = server.client();
        client.write(client.request("POST", &format!("{POST}content-length: 50000000000\r\n"), ""));
        client.answer().status
    };
    let statuses: Vec<_> = std::iter::repeat_with(turned_away).take(70).collect();
    let (refused, rest) = statuses.split_at(64);
    assert!(refused.iter().all(|status| *status == 413), "{refused:?}");
    assert!(rest.iter().all(|status| [413, 503].contains(status)), "{rest:?}");
    eventually("somebody new is let in", || {
        let mut client = server.client();
        client.stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
        client.write(client.post(PING));
        client.rest().starts_with(b"HTTP/1.1 503 ")
    });
    // Who is in is served on.
    known.check_echo();
}

#[test]
fn a_transfer_coding_that_is_unknown_is_refused() {
    let length = PING.len();
    refused(400, &format!("transfer-encoding: garbage\r\ncontent-length: {length}\r\n"), PING);
    refused(400, "transfer-encoding: garbage\r\n", "0\r\n\r\n");
    refused(400, "transfer-encoding: gzip, chunked\r\n", "0\r\n\r\n");
}

#[test]
fn a_length_beside_chunks_is_refused() {
    refused(400, "transfer-encoding: chunked\r\ncontent-length: 5\r\n", "0\r\n\r\n");
}

#[test]
fn chunks_announced_twice_are_refused() {
    refused(400, "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n", "0\r\n\r\n");
}

#[test]
fn two_lengths_are_refused_even_if_they_agree() {
    refused(400, "content-length: 40\r\ncontent-length: 5\r\n", PING);
    refused(400, "content-length: 40\r\ncontent-length: 40\r\n", PING);
    refused(400, "content-length: 40, 40\r\n", PING);
}

#[test]
fn a_length_that_is_no_number_is_refused() {
    for length in ["+40", "-1", "0x28", "40.0", "", "99999999999999999999999999"] {
        refused(400, &format!("content-length: {length}\r\n"), "");
    }
}

#[test]
fn a_line_feed_within_a_field_is_refused() {
    refused(400, "x-a: b\nx-c: d\r\ncontent-length: 0\r\n", "");
    refused(400, "x-a: b\rx-c: d\r\ncontent-length: 0\r\n", "");
}

#[test]
fn a_head_with_bare_line_feeds_is_never_a_request() {
    let server = Running::new();
    let mut client = server.client();
    client.write(client.post(PING).replace("\r\n", "\n"));
    client.finish_writing();
    assert_eq!(String::from_utf8_lossy(&client.rest()), "");
    server.session().check_echo();
}

#[test]
fn chunks_that_are_none_are_refused() {
    refused(400, "transfer-encoding: chunked\r\n", "zz\r\n\r\n");
}

#[test]
fn a_body_in_chunks_is_a_body() {
    let server = Running::new();
    let mut client = server.session();
    for _ in 0..2 {
        let (first, second) = PING.split_at(7);
        let body = format!("7\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n", second.len());
        let fields = format!("{POST}transfer-encoding: chunked\r\n");
        client.write(client.request("POST", &fields, &body));
        assert_eq!(client.answer().response(), json!({"jsonrpc": "2.0", "id": 1, "result": {}}));
    }
}

#[test]
fn a_client_that_waits_for_a_word_is_told_to_go_on() {
    let server = Running::new();
    let mut client = server.session();
    let fields = format!("{POST}expect: 100-continue\r\ncontent-length: {}\r\n", PING.len());
    client.write(client.request("POST", &fields, ""));
    assert!(client.interim().starts_with("HTTP/1.1 100 "));
    client.write(PING);
    assert_eq!(client.answer().status, 200);
    client.check_echo();
}

#[test]
fn a_client_that_offers_http_2_is_served_all_the_same() {
    let server = Running::new();
    let mut client = server.session();
    let offer =
        "connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n";
    let fields = format!("{POST}{offer}content-length: {}\r\n", PING.len());
    client.write(client.request("POST", &fields, PING));
    let answer = client.answer();
    assert_eq!(answer.status, 200);
    assert!(answer.closes());
}

#[test]
fn a_long_body_is_a_body() {
    let server = Running::new();
    let mut client = server.session();
    let message = "m".repeat(300_000);
    let answer = client.call("echo", &json!({ "message": message }));
    assert_eq!(answer.response()["result"]["content"][0]["text"], message);
    client.check_echo();
}

#[test]
fn requests_in_one_piece_are_answered_in_order() {
    let server = Running::new();
    let mut client = server.session();
    let piece: String = (1..=8)
        .map(|id| client.post(&json!({"jsonrpc": "2.0", "id": id, "method": "ping"}).to_string()))
        .collect();
    client.write(piece);
    for id in 1..=8 {
        assert_eq!(client.answer().response()["id"], id);
    }
}

#[test]
fn a_request_of_http_1_0_is_answered() {
    let server = Running::new();
    let mut client = server.session();
    let request = client.post(PING).replace("HTTP/1.1", "HTTP/1.0");
    client.write(request);
    let answer = client.answer();
    assert_eq!((answer.status, answer.closes()), (200, true));
    assert_eq!(client.rest(), b"");
}

#[test]
fn a_connection_that_is_cut_within_a_body_is_forgotten() {
    let server = Running::new();
    let mut client = server.session();
    client.write(client.request("POST", &format!("{POST}content-length: 5000\r\n"), "{"));
    drop(client);
    server.session().check_echo();
}

#[test]
fn strangers_cannot_be_listened_to_by_mistake() {
    let server = mcp_tiny_http::Server::new("test", "1", crate::common::router(), ());
    let error = server.bind("0.0.0.0:0").unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
}
