//! The responses to one request, such as a web page of an allowed origin may read them.
//!
//! Spec: the Fetch standard, "CORS protocol"; "Sending messages to the server" of each revision.

use alloc::{borrow::Cow, boxed::Box, string::String, vec::Vec};

use super::{Response, ResponseHead, field};
use crate::{
    error::ErrorObject,
    rpc::error_response,
    wire::{Frame, is_token},
};

/// Makes the responses to one request.
#[derive(Clone, Debug, Default)]
pub(super) struct Answers {
    /// The allowed origin that the request came from, if it came from a web page.
    origin: Option<Box<str>>,
}

/// For how long, in seconds, a browser does not ask again. A change of the configuration is noticed
/// that late.
const PREFLIGHT_MAX_AGE: &str = "600";

impl Answers {
    /// Answers to a page of `origin`, which is allowed, or to no page.
    pub(super) fn to(origin: Option<Box<str>>) -> Self {
        Self { origin }
    }

    /// A JSON text.
    pub(super) fn json(&self, status: u16, body: Frame) -> Response {
        self.empty(status).with_json(body)
    }

    /// A JSON-RPC error that answers no request in particular.
    pub(super) fn error(&self, status: u16, error: &ErrorObject) -> Response {
        self.json(status, Frame::owned(error_response(None, false, error)))
    }

    /// A head alone.
    pub(super) fn empty(&self, status: u16) -> Response {
        Response { head: self.head(status), body: None }
    }

    /// The head of a stream, which nothing between here and the client may keep or change.
    pub(super) fn stream(&self) -> ResponseHead {
        let mut head = self.head(200);
        head.push("content-type", "text/event-stream");
        head.push("cache-control", "no-cache, no-transform");
        head.push("x-accel-buffering", "no");
        head
    }

    /// What a page may send. `requested` are the names in `Access-Control-Request-Headers`.
    pub(super) fn preflight(&self, methods: &'static str, requested: &str) -> Response {
        let mut response = self.empty(204);
        let mut names = field::of_pages().collect::<Vec<_>>().join(", ");
        for name in requested.split(',').map(str::trim) {
            if field::mirrored_argument(name).is_some_and(is_token) {
                names.extend([", ", name]);
            }
        }
        let head = &mut response.head;
        head.push("access-control-allow-methods", methods);
        head.push("access-control-allow-headers", names);
        head.push("access-control-max-age", PREFLIGHT_MAX_AGE);
        response
    }

    fn head(&self, status: u16) -> ResponseHead {
        let mut head = ResponseHead { status, headers: Vec::new() };
        if let Some(origin) = &self.origin {
            head.push("access-control-allow-origin", String::from(&**origin));
            head.push("access-control-expose-headers", field::EXPOSED);
            head.push("vary", "Origin");
        }
        head
    }
}

impl Response {
    /// The same with a JSON text.
    pub(super) fn with_json(mut self, body: Frame) -> Self {
        self.head.push("content-type", "application/json");
        self.body = Some(body);
        self
    }
}

impl ResponseHead {
    /// Adds a field.
    pub(super) fn push(&mut self, name: &'static str, value: impl Into<Cow<'static, str>>) {
        self.headers.push((name, value.into()));
    }
}
