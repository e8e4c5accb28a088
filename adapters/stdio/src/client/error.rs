//! What goes wrong, sorted by whose fault it is.

use std::{error, fmt, io, process::ExitStatus, sync::Arc};

use mcp_proto::{
    ErrorObject,
    client::{self as proto, CallError, Delivery, HttpError, Violation},
    wire::InvalidJson,
};

/// How a connection has ended, or what is known of it so far.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct End {
    /// How the server's process ended, if it was ours and has ended.
    pub status: Option<ExitStatus>,
    /// The last that the server wrote to its stderr, 64 KiB at most.
    pub stderr: String,
    /// What the operating system reported, if that is why the connection ended.
    pub error: Option<io::Error>,
}

/// Why there is no [`Client`](super::Client). Nothing of the server is left behind.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConnectError {
    /// Over HTTP: what was said of the server, or of the requests to it, cannot be.
    Invalid(Box<dyn error::Error + Send + Sync>),
    /// The server could not be started: the operating system's answer.
    Spawn(io::Error),
    /// Client and server came to no agreement.
    Handshake {
        /// Why.
        why: proto::ConnectError,
        /// How the server ended: by itself, or because it was closed.
        end: Arc<End>,
    },
}

/// Why a call has no result: whose fault it was, and what is known of its effect.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Error {
    /// What was to be sent is no JSON: the caller's fault.
    Arguments(InvalidJson),
    /// The server said no.
    Refused(ErrorObject),
    /// The server broke the protocol.
    Violation(Violation),
    /// No answer in time. The server was told to stop.
    TimedOut,
    /// The server did not say in time what it grants of a subscription. It was told to forget it.
    Unacknowledged,
    /// The server is gone, or the client was closed.
    Lost {
        /// Whether the call may have had an effect.
        delivery: Delivery,
        /// How the server ended, as far as that was known at that moment.
        end: Arc<End>,
    },
    /// Over HTTP: there was no answer, and this is why; [`HttpError::delivery`] says what is known
    /// of its effect.
    Http(HttpError),
    /// The call was cancelled here.
    Cancelled,
    /// The server asked once more than is allowed.
    TooManyRounds,
    /// A question of the server was refused, and this revision cannot say so to the server.
    QuestionRefused,
    /// A limit of this client is reached; see [`Limits`](mcp_proto::Limits).
    OverLimit,
    /// What this version of the client has no name for.
    Other(CallError),
}

impl Error {
    pub(super) fn of_call(error: CallError, end: impl FnOnce() -> Arc<End>) -> Self {
        match error {
            CallError::Refused(error) => Self::Refused(error),
            CallError::Violation(violation) => Self::Violation(violation),
            CallError::TimedOut => Self::TimedOut,
            CallError::Unacknowledged => Self::Unacknowledged,
            CallError::Lost(delivery) => Self::Lost { delivery, end: end() },
            CallError::Http(error) => Self::Http(error),
            CallError::Cancelled => Self::Cancelled,
            CallError::TooManyRounds => Self::TooManyRounds,
            CallError::QuestionRefused => Self::QuestionRefused,
            CallError::OverLimit => Self::OverLimit,
            other => Self::Other(other),
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.status, &self.error) {
            (Some(status), _) => write!(f, "the server has ended with {status}")?,
            (None, Some(error)) => write!(f, "the connection has failed: {error}")?,
            (None, None) => f.write_str("the connection has ended")?,
        }
        match self.stderr.trim_end().lines().next_back() {
            Some(line) => write!(f, "; the last it said: {line}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(error) => write!(f, "the server cannot be reached so: {error}"),
            Self::Spawn(error) => write!(f, "the server could not be started: {error}"),
            Self::Handshake { why, end } => {
                match why {
                    proto::ConnectError::NoCommonVersion => {
                        f.write_str("the server speaks no revision that this client speaks")
                    }
                    proto::ConnectError::Refused(error) => {
                        write!(f, "the server refused: {error}")
                    }
                    proto::ConnectError::Malformed(method) => {
                        write!(f, "the server's answer to {method} is none")
                    }
                    proto::ConnectError::Http(error) => write!(f, "{error}"),
                    proto::ConnectError::TimedOut => f.write_str("the server did not answer"),
                    _ => f.write_str("the server has left"),
                }?;
                write!(f, " ({end})")
            }
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arguments(error) => write!(f, "the parameters have no JSON text: {error}"),
            Self::Refused(error) => write!(f, "the server refused: {error}"),
            Self::Violation(violation) => match violation {
                Violation::UnknownResultType(_) => {
                    f.write_str("the server broke the protocol: a result of an unknown type")
                }
                Violation::MisplacedInputRequired => {
                    f.write_str("the server broke the protocol: input required where it cannot be")
                }
                Violation::Undeclared => {
                    f.write_str("the server broke the protocol: it asked what was not declared")
                }
                Violation::RepeatedCursor => {
                    f.write_str("the server broke the protocol: a list that goes in a circle")
                }
                _ => f.write_str("the server broke the protocol: a result that cannot be read"),
            },
            Self::TimedOut => f.write_str("the server did not answer in time"),
            Self::Unacknowledged => f.write_str("the subscription was not acknowledged in time"),
            Self::Lost { delivery: Delivery::NotSent, end } => write!(f, "not sent: {end}"),
            Self::Lost { end, .. } => write!(f, "the outcome is unknown: {end}"),
            Self::Http(error) => write!(f, "{error}"),
            Self::Cancelled => f.write_str("cancelled"),
            Self::TooManyRounds => f.write_str("the server asked too often"),
            Self::QuestionRefused => f.write_str("a question of the server was refused"),
            Self::OverLimit => f.write_str("a limit of this client is reached"),
            Self::Other(error) => write!(f, "{error:?}"),
        }
    }
}

impl error::Error for ConnectError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Invalid(error) => Some(&**error),
            Self::Spawn(error) => Some(error),
            Self::Handshake { .. } => None,
        }
    }
}

impl error::Error for Error {}
