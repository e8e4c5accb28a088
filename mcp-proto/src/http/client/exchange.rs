//! One request and what has come of its response.

use alloc::{boxed::Box, string::String, vec::Vec};

use super::send::Field;
use crate::{
    Instant,
    client::{Delivery, HttpError},
    error::{excerpt, excerpt_of_bytes},
    http::{Headers, accept},
    wire::{EventDecoder, Frame},
};

/// What an exchange is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// It carries the request with this id.
    Request(i64),
    /// It tells the server that it is initialized: nothing else is sent before it is answered.
    Initialized,
    /// It carries a notification or an answer.
    Message,
    /// It is the general stream of a session.
    General,
    /// It goes on with the stream that answers the request with this id.
    Resume(i64),
    /// It ends the session.
    Delete,
}

impl Role {
    /// The request whose answer the exchange brings.
    pub(super) fn request(self) -> Option<i64> {
        match self {
            Self::Request(number) | Self::Resume(number) => Some(number),
            Self::Initialized | Self::Message | Self::General | Self::Delete => None,
        }
    }
}

/// A request as long as it may have to be sent again.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) role: Role,
    /// The method of a notification.
    pub(super) notification: Option<Box<str>>,
    pub(super) frame: Option<Frame>,
    /// The fields that mirror the body (2026-07-28), `MCP-Protocol-Version` among them.
    pub(super) mirrored: Vec<Field>,
    /// How often it was sent without leaving.
    pub(super) unsent: u32,
    pub(super) redirects: u32,
}

impl Draft {
    pub(super) fn of(role: Role, frame: Option<Frame>) -> Self {
        Self { role, notification: None, frame, mirrored: Vec::new(), unsent: 0, redirects: 0 }
    }

    pub(super) fn byte_len(&self) -> usize {
        self.frame.as_ref().map_or(0, Frame::byte_len)
    }
}

/// One request that was sent.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) role: Role,
    /// Kept until it is certain that it is not sent again.
    pub(super) draft: Option<Draft>,
    pub(super) status: u16,
    /// Whether it named a session.
    pub(super) in_session: bool,
    /// When its head came.
    pub(super) opened: Instant,
    pub(super) reading: Reading,
}

/// How the response is read.
#[derive(Debug)]
pub(super) enum Reading {
    /// Its head has not come.
    Head,
    /// Until its end.
    Body { bytes: Vec<u8>, bytes_max: usize },
    /// Event by event.
    Stream(EventDecoder),
    /// Not at all; how many bytes have come.
    Nothing(usize),
}

/// How much of a body that does not matter is read for the sake of the connection.
pub(super) const IGNORED_BYTES_MAX: usize = 64 << 10;

impl Exchange {
    pub(super) fn new(draft: Draft, in_session: bool) -> Self {
        Self {
            role: draft.role,
            draft: Some(draft),
            status: 0,
            in_session,
            opened: Instant::ZERO,
            reading: Reading::Head,
        }
    }
}

/// What matters of a response's head.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) kind: Kind,
    /// `Mcp-Session-Id`; an error if it is none.
    pub(super) session: Option<Result<Box<str>, HttpError>>,
    pub(super) location: Option<Box<str>>,
    pub(super) challenges: Vec<Box<str>>,
}

/// What a body is.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    /// It does not say.
    #[default]
    Unsaid,
    Json,
    Stream,
    /// Anything else, shortened.
    Other(Box<str>),
}

/// How many challenges are handed on, and how long each may be.
const CHALLENGES_MAX: usize = 16;
const CHALLENGE_BYTES_MAX: usize = 8 << 10;

impl Seen {
    /// Reads the fields. `value_bytes_max` is for ids and locations.
    pub(super) fn read(headers: &dyn Headers, value_bytes_max: usize) -> Self {
        let mut seen = Self::default();
        headers.each(&mut |name, value| {
            if name.eq_ignore_ascii_case("content-type") {
                seen.kind = Kind::of(value);
            } else if name.eq_ignore_ascii_case("mcp-session-id") {
                let fits = !value.is_empty()
                    && value.len() <= value_bytes_max
                    && value.iter().all(|byte| matches!(byte, b'!'..=b'~'));
                let text = String::from_utf8_lossy(value);
                seen.session = Some(if fits { Ok(text.into()) } else { Err(HttpError::SessionId) });
            } else if name.eq_ignore_ascii_case("location") {
                let start = value.get(..value_bytes_max).unwrap_or(value);
                seen.location = Some(String::from_utf8_lossy(start).into());
            } else if name.eq_ignore_ascii_case("www-authenticate")
                && seen.challenges.len() < CHALLENGES_MAX
                && value.len() <= CHALLENGE_BYTES_MAX
            {
                seen.challenges.push(String::from_utf8_lossy(value).into());
            }
        });
        seen
    }
}

impl Kind {
    fn of(value: &[u8]) -> Self {
        match core::str::from_utf8(value) {
            Ok(text) if accept::is_json(text) => Self::Json,
            Ok(text) if accept::is_event_stream(text) => Self::Stream,
            Ok("") => Self::Unsaid,
            Ok(text) => Self::Other(excerpt(text).into()),
            Err(_) => Self::Other(excerpt_of_bytes(value).into()),
        }
    }
}

/// What a status says that is no success.
pub(super) fn status_error(status: u16, challenges: Vec<Box<str>>) -> HttpError {
    match status {
        401 | 403 => HttpError::Unauthorized { status, challenges },
        _ => HttpError::Status(status),
    }
}

/// Whether a server that had no answer may have one in a while: it says nothing about its era.
pub(super) fn may_pass(error: &HttpError) -> bool {
    match error {
        HttpError::Unreachable | HttpError::Broken | HttpError::TimedOut => true,
        HttpError::Status(status) => matches!(status, 408 | 425 | 429 | 500..),
        _ => false,
    }
}

impl HttpError {
    /// Whether the request may have had an effect.
    pub fn delivery(&self) -> Delivery {
        match self {
            Self::Unreachable
            | Self::Unauthorized { .. }
            | Self::Redirect(_)
            | Self::TooManyRedirects
            | Self::SessionLost => Delivery::NotSent,
            Self::Status(status) if (400..500).contains(status) && *status != 408 => {
                Delivery::NotSent
            }
            _ => Delivery::OutcomeUnknown,
        }
    }
}
