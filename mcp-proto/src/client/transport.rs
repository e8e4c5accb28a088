//! What a transport that carries each message by itself tells of the messages.

use alloc::{boxed::Box, vec::Vec};
use core::fmt;

use super::Delivery;

/// Why an HTTP exchange brought no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HttpError {
    /// The request never left: no connection.
    Unreachable,
    /// The connection broke before the answer was there, or ended without one.
    Broken,
    /// A status that is no success, with a body that is no message.
    Status(u16),
    /// The server wants other credentials, or none will do (401, 403).
    Unauthorized {
        /// 401 or 403.
        status: u16,
        /// The values of `WWW-Authenticate`, in order.
        challenges: Vec<Box<str>>,
    },
    /// A redirect that is not followed: to another origin, to no URL, or one that would change the
    /// method. Where to, shortened.
    Redirect(Box<str>),
    /// More redirects in a row than are followed.
    TooManyRedirects,
    /// A success whose body is neither JSON nor an event stream; its `Content-Type`, shortened.
    ContentType(Box<str>),
    /// The answer is over a limit.
    TooLong,
    /// The server gave a session an id that no header field can carry.
    SessionId,
    /// The server forgets each session that it gives.
    SessionLost,
    /// No answer in time.
    TimedOut,
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

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable => f.write_str("no connection to the server"),
            Self::Broken => f.write_str("the connection ended without an answer"),
            Self::Status(status) => write!(f, "the server answered with status {status}"),
            Self::Unauthorized { status, .. } => {
                write!(f, "the server wants authorization (status {status})")
            }
            Self::Redirect(location) => write!(f, "a redirect that is not followed: {location}"),
            Self::TooManyRedirects => f.write_str("too many redirects"),
            Self::ContentType(kind) => {
                write!(f, "the answer is neither JSON nor an event stream: {kind}")
            }
            Self::TooLong => f.write_str("the answer is over a limit"),
            Self::SessionId => f.write_str("the server gave an invalid session id"),
            Self::SessionLost => f.write_str("the server forgets its sessions"),
            Self::TimedOut => f.write_str("no answer in time"),
        }
    }
}

impl core::error::Error for HttpError {}
