//! What a client's application is told.

use alloc::{boxed::Box, string::String, sync::Arc};

use super::{ClientCallId, HttpError, Listening, QuestionId};
use crate::{
    error::ErrorObject,
    schema::{Implementation, Level, List, Question},
    version::Version,
    wire::{Frame, Json},
};

/// What the application is told, in the order in which it happened.
#[derive(Debug)]
#[non_exhaustive]
pub enum ClientEvent {
    /// The server may be called. Calls made before this were kept and are sent now.
    Ready(Arc<Agreement>),
    /// No agreement was reached; nothing will be sent.
    Failed(ConnectError),
    /// A call has ended.
    Finished {
        /// Which.
        call: ClientCallId,
        /// The result as it came, or why there is none. Its `resultType` is `complete` or absent;
        /// a client that declared an extension may find one that the extension defines.
        outcome: Result<Json, CallError>,
    },
    /// The server asks; answer with [`Client::answer`](super::Client::answer).
    Asked {
        /// Names the question in the answer.
        question: QuestionId,
        /// The call during which it is asked, where that is known: always in 2026-07-28, and over
        /// HTTP where it comes on the stream of a call. When that call ends, the question is
        /// withdrawn.
        call: Option<ClientCallId>,
        /// What is asked.
        ask: Question,
    },
    /// A question needs no answer any more.
    Withdrawn {
        /// Which.
        question: QuestionId,
    },
    /// How far a call is.
    Progress {
        /// Which.
        call: ClientCallId,
        /// How far; more each time.
        progress: f64,
        /// How far it will go.
        total: Option<f64>,
        /// For a person.
        message: Option<Box<str>>,
    },
    /// A log message.
    Log {
        /// The call it is about, where that is known: over a pipe, when one alone asked for logs.
        call: Option<ClientCallId>,
        /// How severe.
        level: Level,
        /// Who says it.
        logger: Option<Box<str>>,
        /// What it says.
        data: Json,
    },
    /// A subscription is open: what of the wish is granted.
    Listening {
        /// Which.
        call: ClientCallId,
        /// What the server will tell.
        granted: Listening,
    },
    /// A list is another one than before.
    ListChanged(List),
    /// A resource has changed.
    ResourceUpdated {
        /// Which: the one that was subscribed to, or one below it.
        uri: Box<str>,
    },
    /// What a URL elicitation led to is done (2025-11-25).
    ElicitationComplete {
        /// The id that the elicitation had.
        elicitation: Box<str>,
    },
    /// A notification that the protocol itself gives no meaning to.
    Notified {
        /// Its method.
        method: Box<str>,
        /// Its parameters.
        params: Json,
    },
    /// The server sent something that has no place; it was dropped.
    Dropped(DroppedByClient),
}

/// What both sides agreed on.
#[derive(Clone, Debug, PartialEq)]
pub struct Agreement {
    /// The revision that is spoken: the verdict on the server's era.
    pub version: Version,
    /// What the server calls itself; for display and logs.
    pub server: Option<Implementation>,
    /// What the server declared, as it came.
    pub capabilities: Json,
    /// How to use the server, for a model.
    pub instructions: Option<String>,
}

/// Why no agreement was reached.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ConnectError {
    /// No revision that both speak.
    NoCommonVersion,
    /// The server refused.
    Refused(ErrorObject),
    /// The server's answer is none.
    Malformed(Box<str>),
    /// No answer in time.
    TimedOut,
    /// The transport ended.
    Closed,
    /// Over HTTP: there was no answer, and this is why.
    Http(HttpError),
}

/// Why a call has no result: whose fault it was, and what is known of its effect.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum CallError {
    /// The server said no.
    Refused(ErrorObject),
    /// The server broke the protocol.
    Violation(Violation),
    /// No answer in time. The server was told to stop.
    TimedOut,
    /// The server did not say in time what it grants of a subscription. It was told to forget it.
    Unacknowledged,
    /// The transport ended.
    Lost(Delivery),
    /// Over HTTP: there was no answer, and this is why; [`HttpError::delivery`] says what is known
    /// of its effect.
    Http(HttpError),
    /// The application cancelled it.
    Cancelled,
    /// The server asked once more than is allowed.
    TooManyRounds,
    /// A question was refused, and this revision cannot say so to the server.
    QuestionRefused,
    /// The parameters are no JSON object; nothing was sent.
    InvalidParams,
    /// A limit of ours is reached: too many calls, pages or questions, or too much that the server
    /// leaves unread.
    OverLimit,
}

/// Whether a call that failed may have had an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It was never sent: it may be made again.
    NotSent,
    /// It was sent, and nobody knows: making it again is the caller's decision.
    OutcomeUnknown,
}

/// How a server broke the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// A `resultType` that nobody declared; the result as it came.
    UnknownResultType(Json),
    /// `input_required` where the method cannot be, or without anything required.
    MisplacedInputRequired,
    /// A question about something that was not declared, or one that cannot be read.
    Undeclared,
    /// A result or a list that cannot be read.
    Malformed,
    /// A list whose cursors go in a circle.
    RepeatedCursor,
}

/// Something of the server's that was dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DroppedByClient {
    /// Input that is no message; the start of it.
    Junk(Box<str>),
    /// A line over the limit.
    TooLong,
    /// The last line was cut off; how many bytes there were.
    Partial(usize),
    /// A response to nothing that is open: late, repeated or invented.
    UnknownResponse,
    /// An error that names no request.
    UncorrelatedError(ErrorObject),
    /// A notification about nothing that is open; its method.
    Notification(Box<str>),
    /// A request where the server may have none (2026-07-28), whose id is too long or in use, or
    /// that could not be answered because the server does not read; its method.
    Request(Box<str>),
}

/// What the machine wants done, in order.
#[derive(Debug)]
#[non_exhaustive]
pub enum ClientOutput {
    /// Send a message.
    Send {
        /// The call that it is about, if any.
        call: Option<ClientCallId>,
        /// The message.
        frame: Frame,
    },
    /// Tell the application.
    Event(ClientEvent),
    /// The probe ended the server: start it anew; the machine goes on with `initialize`.
    Respawn,
    /// No agreement was reached: close the transport.
    Close,
}
