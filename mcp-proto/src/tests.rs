//! What errors and machines say of themselves.

use alloc::{boxed::Box, format, string::String, sync::Arc, vec::Vec};
use core::error::Error;

use crate::{
    CommandError, Entropy, ErrorObject, Instant, Router, Version,
    client::{ClientConfig, HttpError},
    http::{
        Check, HttpClient, HttpClientConfig, HttpClientOutput, InvalidHttpClient, SessionIds,
        UnsafeBind,
    },
    router::Stop,
    schema::{
        ClientCapabilities, Form, Implementation, Level, Resource, TraceContext, UriTemplate,
        extension_id, meta_key,
    },
    server::{Server, ServerConfig, SessionId, StateGuard},
    wire::{Json, decode_header_value},
};

/// The texts of errors, each in a line.
fn said<const N: usize>(errors: [&dyn Error; N]) -> String {
    errors.map(|error| format!("{error}")).join("\n")
}

#[test]
fn each_error_of_http_says_what_happened() {
    insta::assert_snapshot!(said([
        &HttpError::Unreachable,
        &HttpError::Broken,
        &HttpError::Status(418),
        &HttpError::Unauthorized { status: 401, challenges: Vec::new() },
        &HttpError::Redirect("https://other.example/".into()),
        &HttpError::TooManyRedirects,
        &HttpError::ContentType("text/html".into()),
        &HttpError::TooLong,
        &HttpError::SessionId,
        &HttpError::SessionLost,
        &HttpError::TimedOut,
        &InvalidHttpClient::Url,
        &InvalidHttpClient::Header("Host".into()),
        &UnsafeBind,
    ]), @"
    no connection to the server
    the connection ended without an answer
    the server answered with status 418
    the server wants authorization (status 401)
    a redirect that is not followed: https://other.example/
    too many redirects
    the answer is neither JSON nor an event stream: text/html
    the answer is over a limit
    the server gave an invalid session id
    the server forgets its sessions
    no answer in time
    not an absolute http or https URL
    not a header field of an application: Host
    to listen where strangers can call, say in `hosts` under which names they may call
    ");
}

#[test]
fn each_error_of_a_command_says_why_it_was_not_carried_out() {
    insta::assert_snapshot!(said([
        &CommandError::Gone,
        &CommandError::NotInThisRevision,
        &CommandError::Undeclared,
        &CommandError::OverLimit,
        &CommandError::InvalidAnswer,
    ]), @"
    what the command is about is gone
    the peer's revision has no such message
    the capability was not declared
    a limit is reached
    the answer does not fit the question
    ");
}

#[test]
fn each_stop_of_a_handler_says_why() {
    insta::assert_snapshot!(said([
        &Stop::Asked,
        &Stop::Cancelled,
        &Stop::Failed("no room".into()),
        &Stop::Invalid("n is too large".into()),
        &Stop::NotFound,
        &Stop::Error(ErrorObject::internal()),
    ]), @"
    the client is asked first
    the client no longer wants an answer
    no room
    n is too large
    there is no such resource
    Internal error (-32603)
    ");
}

#[test]
fn each_text_that_is_refused_says_what_is_wrong_with_it() {
    let array = Json::parse_text(r#"{"type":"array"}"#).unwrap();
    insta::assert_snapshot!(said([
        &"1999-01-01".parse::<Version>().unwrap_err(),
        &"loud".parse::<Level>().unwrap_err(),
        &meta_key("com.mcp/x").unwrap_err(),
        &extension_id("x").unwrap_err(),
        &UriTemplate::parse("x:/{a").unwrap_err(),
        &TraceContext::new("00").unwrap_err(),
        &decode_header_value("=?base64?!?=").unwrap_err(),
        &Resource::new("a b", "n").unwrap_err(),
        &Form::raw("?", array).unwrap_err(),
    ]), @"
    unknown protocol version
    unknown log level
    `_meta` key `com.mcp/x`: the prefix is reserved for the protocol
    an extension is named by a prefix, `/` and a name, like `com.example/name`
    a `{` has no `}`
    traceparent has not the format of W3C trace contexts
    not the base64 of a text
    not an absolute URI: a b
    missing field `properties`
    ");
}

struct Zeros;

impl Entropy for Zeros {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

#[test]
fn what_is_shown_of_a_client_over_http_holds_no_secret() {
    let config = ClientConfig::new(Implementation::new("c", "1"), ClientCapabilities::default());
    let mut http = HttpClientConfig::new("https://server.example/mcp");
    http.headers.push(("Authorization".into(), "Bearer secret".into()));
    let shown = format!("{http:?}");
    let mut client = HttpClient::new(config, http, Box::new(Zeros)).unwrap();
    client.start(Instant::ZERO);
    let first = client.poll_output().unwrap();
    assert!(matches!(&first, HttpClientOutput::Send(request)
        if request.headers.iter().any(|(_, value)| value == "Bearer secret")));
    for shown in [shown, format!("{client:?}"), format!("{first:?}")] {
        assert!(!shown.contains("secret"), "{shown}");
    }
    assert!(format!("{first:?}").contains("https://server.example/mcp"));
}

#[test]
fn what_is_shown_of_a_machine_is_where_it_stands() {
    let server = Server::new(ServerConfig::new(Implementation::new("s", "1")), Box::new(Zeros));
    let hooks = (Check::new(|_| true), StateGuard::new(|_| true));
    let given = SessionIds::Given(Arc::new(|_| SessionId::new("s")));
    let expected = "Server { sessions: 0, calls: 0, listens: 0, .. }";
    assert_eq!(format!("{server:?}"), expected);
    assert!(format!("{:?}", Router::<()>::new()).ends_with(", .. }"));
    let shown = format!("{hooks:?} {given:?} {:?}", SessionIds::Drawn);
    assert_eq!(shown, "(Check, StateGuard) Given Drawn");
}
