//! What the driver is to do, and what an operator is told.

use alloc::{borrow::Cow, boxed::Box};
use core::time::Duration;

use super::{Response, ResponseHead, replay::EventId};
use crate::{
    server::{Event, ExchangeId, SessionKey},
    wire::{Frame, sse},
};

/// What the driver is to do, in order.
///
/// Each exchange gets one `Respond`, or one `Open`, then any number of `Write`, then one `Finish`;
/// nothing more after its disconnect was told.
#[derive(Debug)]
#[non_exhaustive]
pub enum HttpOutput {
    /// Answer whole.
    Respond {
        /// Which exchange.
        exchange: ExchangeId,
        /// Head and body.
        response: Response,
    },
    /// Begin a stream (`text/event-stream`): send the head at once.
    Open {
        /// Which exchange.
        exchange: ExchangeId,
        /// Its head.
        head: ResponseHead,
    },
    /// Send a frame of a stream, and flush.
    Write {
        /// Which exchange.
        exchange: ExchangeId,
        /// What.
        frame: StreamFrame,
    },
    /// End the stream in good order.
    Finish {
        /// Which exchange.
        exchange: ExchangeId,
    },
    /// Tell the application.
    Event(Event),
    /// Tell the operator.
    Telemetry(Telemetry),
    /// Everything is done after a shut-down: close the connections.
    Close,
}

/// One event or comment of a stream, encoded: what is shared with other streams is not copied.
#[derive(Clone, Debug)]
pub struct StreamFrame {
    pub(super) head: Cow<'static, str>,
    pub(super) body: Option<Frame>,
    pub(super) tail: &'static str,
}

impl StreamFrame {
    /// A message, with the id of its event where it has one.
    pub(super) fn message(id: Option<&EventId>, frame: Frame) -> Self {
        let head = match id {
            Some(id) => Cow::Owned(sse::event_head(id).into()),
            None => Cow::Borrowed(sse::EVENT_HEAD),
        };
        Self { head, body: Some(frame), tail: sse::EVENT_END }
    }

    /// An event without a message.
    pub(super) fn alone(text: Box<str>) -> Self {
        Self { head: Cow::Owned(text.into()), body: None, tail: "" }
    }

    /// What keeps a connection alive.
    pub(super) fn comment() -> Self {
        Self { head: Cow::Borrowed(sse::COMMENT), body: None, tail: "" }
    }

    /// The parts whose concatenation is the frame.
    pub fn parts(&self) -> [&str; 4] {
        let [first, second] = self.body.as_ref().map_or(["", ""], Frame::parts);
        [&self.head, first, second, self.tail]
    }

    /// The length in bytes.
    pub fn byte_len(&self) -> usize {
        self.parts().iter().map(|part| part.len()).sum()
    }
}

/// What an operator wants to know, for logs, traces and counters.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Telemetry {
    /// A request passed the gate.
    ExchangeStarted {
        /// Which exchange.
        exchange: ExchangeId,
        /// The method of the message, or of HTTP where there is none; bounded.
        method: Box<str>,
        /// The session it belongs to.
        session: Option<SessionKey>,
    },
    /// Its response has ended.
    ExchangeEnded {
        /// Which exchange.
        exchange: ExchangeId,
        /// The status that was sent; `None` if the client was gone first.
        status: Option<u16>,
        /// How long it took.
        duration: Duration,
    },
    /// A request passed the gate, and was refused.
    Refused {
        /// Which exchange.
        exchange: ExchangeId,
        /// Why.
        reason: Refused,
    },
    /// A request was answered with an error before the endpoint got to see it: its head did not
    /// pass the gate, nobody who may call has sent it, its body did not come, or there was no room
    /// for it. The driver says so.
    TurnedAway {
        /// The status that was sent.
        status: u16,
    },
    /// Messages for a stream were dropped, because its client is behind or gone.
    Dropped {
        /// How many since the last time this was said.
        count: u64,
    },
}

/// Why a request was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Refused {
    /// The head: path, method, `Accept`, `Content-Type`.
    Head,
    /// The body is no message that may come here.
    Body,
    /// The session is unknown, ended, or somebody else's.
    Session,
    /// Header fields and body say different things.
    Mismatch,
    /// A ceiling is reached.
    Limit,
    /// The caller's grant lacks scopes.
    Scope,
    /// The server is shutting down.
    ShuttingDown,
}

/// What a stream is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamKind {
    /// It answers a request.
    Call,
    /// It carries what belongs to no request.
    General,
    /// A `subscriptions/listen`.
    Listen,
}
