//! The JSON-RPC envelope, borrowed whole from the bytes it came in.
//!
//! One visit of the tokens records where the members are that the protocol acts on; a payload is
//! parsed once more, typed, by whoever knows its type.
//!
//! Spec: "Messages" on each revision's `basic` page.

use alloc::{borrow::Cow, vec::Vec};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Id, InvalidParams, Json, RequestId};

/// What one line or one HTTP body holds.
#[derive(Debug)]
pub enum Body<'a> {
    /// One message.
    Single(Result<Message<'a>, Malformed>),
    /// A JSON array: each element by itself. Only 2025-03-26 has batches.
    Batch(Vec<Result<Message<'a>, Malformed>>),
}

/// A JSON-RPC message.
#[derive(Debug)]
pub enum Message<'a> {
    /// Has a `method` and an `id`.
    Request(Request<'a>),
    /// Has a `method` and no `id`.
    Notification(Notification<'a>),
    /// Has a `result` or an `error`.
    Response(Response<'a>),
}

/// A request.
#[derive(Debug)]
pub struct Request<'a> {
    /// Chosen by the sender, echoed in the response.
    pub id: Id<'a>,
    /// What is asked for.
    pub method: Cow<'a, str>,
    /// The parameters.
    pub params: Params<'a>,
}

/// A notification.
#[derive(Debug)]
pub struct Notification<'a> {
    /// What happened.
    pub method: Cow<'a, str>,
    /// The parameters.
    pub params: Params<'a>,
}

/// A response.
#[derive(Debug)]
pub struct Response<'a> {
    /// The id of the request; `None` if absent or `null`, which only an error response may have.
    pub id: Option<Id<'a>>,
    /// The raw `result` or the raw `error`.
    pub outcome: Result<&'a RawValue, &'a RawValue>,
}

/// The `params` of a request or a notification: where its members are.
#[derive(Debug, Default)]
pub struct Params<'a> {
    /// The text of the whole message, for payloads that are read later.
    pub(crate) text: &'a str,
    /// What `params` is.
    pub(crate) shape: Shape,
    /// `_meta`; `Err` if it is not an object.
    pub(crate) meta: Option<Result<Meta<'a>, ()>>,
    pub(crate) name: Option<&'a RawValue>,
    pub(crate) uri: Option<&'a RawValue>,
    pub(crate) arguments: Option<&'a RawValue>,
    pub(crate) input_responses: Option<&'a RawValue>,
    pub(crate) request_state: Option<&'a RawValue>,
    /// Whether there are members besides those above.
    pub(crate) more: bool,
}

/// What `params` is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Shape {
    #[default]
    Absent,
    Object,
    /// Positional or scalar: MCP has no such parameters.
    Other,
}

impl<'a> Params<'a> {
    /// Reads the parameters as `T`; absent ones as `{}`. Parses the message once more.
    pub fn parse<T: Deserialize<'a>>(&self) -> Result<T, InvalidParams> {
        todo!()
    }

    /// The parameters as they came; `{}` if absent.
    pub fn to_json(&self) -> Json {
        todo!()
    }
}

/// The `_meta` of a message: where the protocol's own members are.
#[derive(Debug, Default)]
pub struct Meta<'a> {
    /// `progressToken`.
    pub(crate) progress_token: Option<&'a RawValue>,
    /// `io.modelcontextprotocol/protocolVersion`.
    pub(crate) version: Option<&'a RawValue>,
    /// `io.modelcontextprotocol/clientCapabilities`.
    pub(crate) capabilities: Option<&'a RawValue>,
    /// `io.modelcontextprotocol/clientInfo`.
    pub(crate) client_info: Option<&'a RawValue>,
    /// `io.modelcontextprotocol/logLevel`.
    pub(crate) log_level: Option<&'a RawValue>,
    /// `io.modelcontextprotocol/subscriptionId`.
    pub(crate) subscription_id: Option<&'a RawValue>,
    /// All other members, in their order.
    pub(crate) rest: Vec<(Cow<'a, str>, &'a RawValue)>,
}

/// Bytes that are no message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// What is wrong with them.
    pub kind: MalformedKind,
    /// The request's id, where it could be read.
    pub id: Option<RequestId>,
    /// Whether they look like a response, which is never answered.
    pub response: bool,
}

/// What is wrong with bytes that are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MalformedKind {
    /// Not UTF-8, or not JSON: -32700.
    NotJson,
    /// JSON, but no message: -32600.
    NotAMessage,
}

impl<'a> Body<'a> {
    /// Reads one line or one body.
    pub fn parse(bytes: &'a [u8]) -> Self {
        todo!()
    }
}

impl<'a> Message<'a> {
    /// Reads one message.
    pub fn parse(text: &'a str) -> Result<Self, Malformed> {
        todo!()
    }
}
