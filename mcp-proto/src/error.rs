//! Errors, sorted by whose they are: the peer's words, or a race nobody is to blame for.

use alloc::{borrow::Cow, format, string::String};
use core::fmt;

use serde::Deserialize;

use crate::wire::Json;

/// The JSON-RPC and MCP error codes this crate sends or gives a meaning to.
///
/// Spec: each revision's `basic` page, and `schema.ts` of 2026-07-28 for the last three.
pub mod code {
    /// The input is not JSON.
    pub const PARSE_ERROR: i64 = -32700;
    /// The JSON is not a message that may be sent here and now.
    pub const INVALID_REQUEST: i64 = -32600;
    /// No such method, or one of a capability that was not advertised.
    pub const METHOD_NOT_FOUND: i64 = -32601;
    /// The parameters do not fit the method.
    pub const INVALID_PARAMS: i64 = -32602;
    /// The server failed.
    pub const INTERNAL_ERROR: i64 = -32603;
    /// No such resource; never sent in 2026-07-28.
    pub const RESOURCE_NOT_FOUND: i64 = -32002;
    /// 2025-11-25 only: URL elicitations must be completed first.
    pub const URL_ELICITATION_REQUIRED: i64 = -32042;
    /// 2026-07-28 over HTTP: header and body say different things.
    pub const HEADER_MISMATCH: i64 = -32020;
    /// The request needs a client capability that it did not declare.
    pub const MISSING_CLIENT_CAPABILITY: i64 = -32021;
    /// 2026-07-28: the version in `_meta` is not served.
    pub const UNSUPPORTED_VERSION: i64 = -32022;
}

/// A JSON-RPC error object, as sent or received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorObject {
    /// What kind of error it is; see [`code`].
    pub code: i64,
    /// One sentence for a person. It reaches the peer: no secrets, no internals.
    pub message: Cow<'static, str>,
    /// More about it, for a program.
    pub data: Option<Json>,
}

impl ErrorObject {
    /// An error of `code` that says `message`.
    pub fn new(code: i64, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    /// The same error with `data`.
    pub fn with_data(mut self, data: Json) -> Self {
        self.data = Some(data);
        self
    }

    /// Reads the error of a response. One that is malformed is an internal error of the peer.
    pub(crate) fn read(json: &str) -> Self {
        #[derive(Deserialize)]
        struct Wire {
            code: i64,
            message: String,
            data: Option<Json>,
        }
        match serde_json::from_str::<Wire>(json) {
            Ok(Wire { code, message, data }) => Self { code, message: message.into(), data },
            Err(_) => Self::new(code::INTERNAL_ERROR, "The peer sent a malformed error"),
        }
    }

    /// -32600 with a message.
    pub fn invalid_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(code::INVALID_REQUEST, message)
    }

    /// -32600 for JSON that is no message.
    pub(crate) fn not_a_message() -> Self {
        Self::invalid_request("Not a JSON-RPC message")
    }

    /// -32602 with a message.
    pub fn invalid_params(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(code::INVALID_PARAMS, message)
    }

    /// -32601 for `method`.
    pub fn method_not_found(method: &str) -> Self {
        Self::new(code::METHOD_NOT_FOUND, format!("Method not found: {}", excerpt(method)))
    }

    /// -32603, which says nothing about what went wrong inside.
    pub fn internal() -> Self {
        Self::new(code::INTERNAL_ERROR, "Internal error")
    }
}

impl fmt::Display for ErrorObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}

impl core::error::Error for ErrorObject {}

/// The start of a text from the peer, short enough to be repeated in an error message.
pub(crate) fn excerpt(text: &str) -> String {
    const CHARS_MAX: usize = 64;
    match text.char_indices().nth(CHARS_MAX) {
        None => text.into(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// The same of bytes that need not be text.
pub(crate) fn excerpt_of_bytes(bytes: &[u8]) -> String {
    excerpt(&String::from_utf8_lossy(bytes.get(..256).unwrap_or(bytes)))
}

/// Why a command could not be carried out. Each is a race or a fact about the peer, not a bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CommandError {
    /// What it is about is gone: answered, cancelled or closed before the command arrived.
    Gone,
    /// The revision that the peer speaks has no such message.
    NotInThisRevision,
    /// The peer, or this server, did not declare the capability it needs.
    Undeclared,
    /// A limit is reached; see [`Limits`](crate::Limits).
    OverLimit,
    /// The answer does not fit the question, which stays open; see
    /// [`Question::check`](crate::schema::Question::check).
    InvalidAnswer,
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gone => "what the command is about is gone",
            Self::NotInThisRevision => "the peer's revision has no such message",
            Self::Undeclared => "the capability was not declared",
            Self::OverLimit => "a limit is reached",
            Self::InvalidAnswer => "the answer does not fit the question",
        })
    }
}

impl core::error::Error for CommandError {}
