//! What the application is told, in the order in which it happened.

use alloc::{boxed::Box, sync::Arc};
use core::time::Duration;

use super::{About, Call, CallId, List, SessionId, SessionKey};
use crate::{
    terms::Terms,
    wire::{Frame, Json},
};

/// What the application is told, in the order in which it happened.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// A client's request that the application is to serve. Comes again, with the answers, when
    /// the application asked and the client has answered.
    Call(Arc<Call>),
    /// The client no longer wants an answer, or cannot be reached, or the call asked what may not
    /// be asked and has ended with an error: nothing about the call leaves any more, and its
    /// [`Call::is_cancelled`](super::Call::is_cancelled) is true.
    Cancelled {
        /// The call, as it was in [`Event::Call`].
        call: CallId,
        /// What the client gave as the reason; free text from the peer.
        reason: Option<Box<str>>,
    },
    /// A legacy session has begun.
    SessionOpened {
        /// Its key in commands.
        session: SessionKey,
        /// Its id on the wire, where the transport has one.
        id: Option<SessionId>,
        /// What was agreed on.
        terms: Arc<Terms>,
    },
    /// A legacy session has ended; its calls, subscriptions and attached values are gone.
    SessionClosed {
        /// Its key in commands, never used again.
        session: SessionKey,
        /// Why.
        reason: CloseReason,
    },
    /// The client's roots are other ones than before.
    RootsChanged {
        /// The session whose client said so.
        session: SessionKey,
    },
    /// A notification that the protocol itself gives no meaning to.
    Notified {
        /// The session it came in; `None` in 2026-07-28.
        session: Option<SessionKey>,
        /// Its method.
        method: Box<str>,
        /// Its parameters.
        params: Json,
    },
    /// A ping of ours has ended.
    Pinged {
        /// The session that was pinged.
        session: SessionKey,
        /// How long the answer took; `None` if there was none in time.
        round_trip: Option<Duration>,
    },
    /// Something was dropped, by rule; counted in [`Stats`](super::Stats).
    Dropped(Dropped),
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseReason {
    /// The client ended it.
    Client,
    /// The application ended it.
    Server,
    /// The transport ended: end of input, a lost connection.
    TransportClosed,
    /// Nothing happened in it for too long, or it had lasted as long as a session may.
    Expired,
    /// It was the one idle for longest when room was needed.
    Evicted,
}

/// Something that was dropped, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dropped {
    /// Input that is no message; the start of it.
    Junk(Box<str>),
    /// A line over the limit.
    TooLong,
    /// The last line was cut off by the end of input; how many bytes there were.
    Partial(usize),
    /// A response to nothing that is open: late, repeated or invented.
    UnknownResponse,
    /// A notification that came where it has no meaning; its method.
    Notification(Box<str>),
    /// Log messages or progress that the peer was too slow to take; said once for all of them until
    /// the next message comes.
    Congested,
}

/// What the machine wants done, in order.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServerOutput {
    /// Send a message to where what it is about is listened to.
    Send {
        /// What it is about.
        about: About,
        /// The message.
        frame: Frame,
        /// Whether it concludes the call that it is about.
        last: bool,
        /// What kind of message it is.
        kind: Kind,
    },
    /// Tell the application.
    Event(Event),
}

/// What kind of message it is: what may be done with it where its reader is behind or away.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A response: it is never lost.
    Response {
        /// The code, if it is an error.
        error: Option<i64>,
    },
    /// A request of ours: it is never lost.
    Request,
    /// A log message: it may be lost.
    Log,
    /// Progress of the call that it is about: the latest is enough.
    Progress,
    /// A list is another one than before: saying so once is enough.
    ListChanged(List),
    /// A resource is another one than before: saying so once is enough.
    ResourceUpdated(Arc<str>),
    /// Any other notification.
    Notification,
}
