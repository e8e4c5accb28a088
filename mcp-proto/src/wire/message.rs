//! The JSON-RPC envelope, borrowed whole from the bytes it came in.
//!
//! One visit of the tokens records where the members are that the protocol acts on; a payload is
//! parsed once more, typed, by whoever knows its type.
//!
//! Spec: "Messages" on each revision's `basic` page.

mod visit;

#[cfg(test)]
mod tests;

use alloc::{borrow::Cow, vec::Vec};

use serde::Deserialize;
use serde_json::value::RawValue;

use self::visit::{Elements, Envelope, ErrorMembers, Lenient};
use super::{Id, InvalidParams, Json, RequestId};

/// What one line or one HTTP body holds.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one lives at a time, on the stack")]
pub enum Body<'a> {
    /// One message.
    Single(Result<Message<'a>, Malformed>),
    /// A JSON array: each element by itself. Only 2025-03-26 has batches.
    ///
    /// An array of more than 1,024 elements is no batch but one message that is malformed, so that
    /// the memory for it stays in proportion to the text.
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
        match self.shape {
            Shape::Absent => serde_json::from_str("{}"),
            Shape::Object => serde_json::from_str(self.text).map(|With { params }| params),
            Shape::Other => return Err(InvalidParams("params is not an object".into())),
        }
        .map_err(|error| InvalidParams::because(&error))
    }

    /// Whether `_meta` names a revision, as each request of 2026-07-28 does.
    pub(crate) fn names_version(&self) -> bool {
        self.meta.as_ref().is_some_and(|meta| meta.as_ref().is_ok_and(|m| m.version.is_some()))
    }

    /// The parameters as they came; `{}` if absent.
    pub fn to_json(&self) -> Json {
        match serde_json::from_str::<With<&RawValue>>(self.text) {
            Ok(With { params }) => Json::from_raw(params),
            Err(_) => Json::from_trusted("{}"),
        }
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
        let not_json = || Self::Single(Err(Malformed::without_id(MalformedKind::NotJson)));
        let Ok(text) = core::str::from_utf8(bytes) else { return not_json() };
        if !text.trim_start_matches(WHITE_SPACE).starts_with('[') {
            return Self::Single(Message::parse(text));
        }
        match serde_json::from_str::<Elements>(text) {
            Err(_) => not_json(),
            Ok(Elements(None)) => {
                Self::Single(Err(Malformed::without_id(MalformedKind::NotAMessage)))
            }
            Ok(Elements(Some(elements))) => Self::Batch(
                elements.into_iter().map(|element| Message::parse(element.get())).collect(),
            ),
        }
    }
}

impl<'a> Message<'a> {
    /// Reads one message.
    pub fn parse(text: &'a str) -> Result<Self, Malformed> {
        Envelope::read(text).and_then(Envelope::into_message).ok_or_else(|| diagnose(text))
    }
}

impl<'a> Envelope<'a> {
    /// Which message it is, by the members that are there and not by their values; `None` if it is
    /// none of the four.
    fn into_message(self) -> Option<Message<'a>> {
        if self.jsonrpc?.0 != "2.0" {
            return None;
        }
        match (self.method, self.result, self.error) {
            (Some(method), None, None) => {
                let (method, params) = (method.0, self.params);
                let Some(id) = self.id else {
                    return Some(Message::Notification(Notification { method, params }));
                };
                let id = Id::parse(id.get())?;
                Some(Message::Request(Request { id, method, params }))
            }
            (None, Some(result), None) => {
                let id = Some(Id::parse(self.id?.get())?);
                let outcome = result.get().starts_with('{').then_some(Ok(result))?;
                Some(Message::Response(Response { id, outcome }))
            }
            (None, None, Some(error)) => {
                let id = match self.id.map(RawValue::get) {
                    None | Some("null") => None,
                    Some(id) => Some(Id::parse(id)?),
                };
                // A struct would be read out of an array too.
                let object = error.get().starts_with('{').then_some(error.get())?;
                serde_json::from_str::<ErrorMembers>(object).ok()?;
                Some(Message::Response(Response { id, outcome: Err(error) }))
            }
            _ => None,
        }
    }
}

/// `params` out of the text of a message.
#[derive(Deserialize)]
struct With<T> {
    params: T,
}

impl Malformed {
    fn without_id(kind: MalformedKind) -> Self {
        Self { kind, id: None, response: false }
    }
}

/// What is wrong with a text that is no message. Reads it once more, for such texts are rare.
fn diagnose(text: &str) -> Malformed {
    // `RawValue` asks for the grammar alone: not for a depth, a range or paired surrogates.
    if serde_json::from_str::<&RawValue>(text).is_err() {
        return Malformed::without_id(MalformedKind::NotJson);
    }
    let seen = Lenient::read(text).unwrap_or_default();
    Malformed {
        kind: MalformedKind::NotAMessage,
        id: seen.id.and_then(|id| Id::parse(id.get())).map(Id::into_owned),
        response: seen.answers && !seen.asks,
    }
}

/// What JSON takes for white space.
const WHITE_SPACE: [char; 4] = [' ', '\t', '\n', '\r'];
