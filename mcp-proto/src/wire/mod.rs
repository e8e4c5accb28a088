//! Bytes to messages and back: no time, no state but buffers, no knowledge of methods.

mod base64;
mod canonical;
mod encode;
mod event_stream;
mod header;
mod id;
mod json;
mod line;
mod members;
mod message;
pub(crate) mod sse;
mod strict;
mod text;

pub use base64::base64_encode;
pub(crate) use base64::{base64url_decode, base64url_encode};
pub(crate) use canonical::canonical;
pub use encode::Frame;
pub(crate) use encode::{Object, escape_into};
pub use event_stream::{EventDecoder, StreamItem};
pub use header::{InvalidHeaderValue, decode_header_value, encode_header_value};
pub(crate) use header::{integer, is_token};
pub use id::{Id, RequestId};
pub use json::{InvalidJson, InvalidParams, Json};
pub use line::{Line, LineDecoder};
pub(crate) use members::{Members, Split, push_member};
pub(crate) use message::Shape;
pub use message::{
    Body, Malformed, MalformedKind, Message, Meta, Notification, Params, Request, Response,
};
pub(crate) use strict::{Distinct, InObject};
pub(crate) use text::Text;
