//! The server's state machine, without a transport.

mod call;
mod command;
mod config;
mod event;
mod offer;
mod state;

use alloc::{boxed::Box, sync::Arc};

pub use call::{Answers, Call, CallId, CallMeta, CompleteParams, Method, Reference};
pub(crate) use call::{Asked, Flags, LEVEL_OFF};
pub(crate) use command::Members;
pub use command::{
    About, Answer, CacheHint, Command, Key, List, Memo, Question, Reply, ResultBody,
};
pub use config::{ServerConfig, StateKey, Timeouts};
pub use event::{CloseReason, Dropped, Event};
pub use offer::Offer;

use crate::{
    CommandError, ErrorObject, Grant, Instant,
    wire::{Frame, Message, RequestId},
};

/// Names one legacy session for as long as the machine lives; never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionKey(pub(crate) u64);

/// A session's id on the wire: visible ASCII, to be kept like a secret.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(Arc<str>);

impl SessionId {
    /// Takes the text of an id.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The text of the id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl core::fmt::Debug for SessionId {
    /// Shows the end of the id alone, so that logs do not give sessions away.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let text = self.as_str();
        let shown = text.char_indices().rev().nth(3).map_or("", |(at, _)| &text[at..]);
        write!(f, "SessionId(…{shown})")
    }
}

/// Names one exchange of a transport with many of them (an HTTP request).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExchangeId(pub u64);

/// Where a message came from: request ids are unique within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// The one pipe.
    Pipe,
    /// A legacy session.
    Session(SessionKey),
    /// An exchange that shares its ids with nobody.
    Isolated(ExchangeId),
}

/// A message that arrived.
#[derive(Debug)]
pub struct Arrival<'a> {
    /// Where it came from.
    pub origin: Origin,
    /// Who sent it.
    pub grant: Arc<Grant>,
    /// What it says.
    pub message: Message<'a>,
}

/// What an arrival was. A refusal came before any handler ran, so a transport may give it a
/// status of its own.
#[derive(Debug)]
#[must_use]
pub enum Received {
    /// A request; what is said about it is about this call.
    Call(CallId),
    /// An `initialize` that opened a session.
    Opened(CallId, SessionKey),
    /// A notification or a response.
    Accepted,
    /// A request that ends here.
    Refused {
        /// Its id.
        id: RequestId,
        /// Why.
        error: ErrorObject,
    },
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
    },
    /// Tell the application.
    Event(Event),
}

/// The state machine of the server side, without a transport.
#[derive(Debug)]
pub struct Server {}

impl Server {
    /// A machine that serves nothing yet: see [`Server::set_offer`].
    pub fn new(config: ServerConfig, entropy: Box<dyn crate::Entropy>) -> Self {
        todo!()
    }

    /// Says what the application offers from now on; whoever listens is told what has changed.
    pub fn set_offer(&mut self, now: Instant, offer: Arc<Offer>) {
        todo!()
    }

    /// Takes in a message.
    pub fn handle_message(&mut self, now: Instant, arrival: Arrival<'_>) -> Received {
        todo!()
    }

    /// Carries out a command.
    pub fn handle_command(&mut self, now: Instant, command: Command) -> Result<(), CommandError> {
        todo!()
    }

    /// Does what is due. Calls before that are harmless.
    pub fn handle_timeout(&mut self, now: Instant) {
        todo!()
    }

    /// The next thing to do, until there is none.
    #[must_use]
    pub fn poll_output(&mut self) -> Option<ServerOutput> {
        todo!()
    }

    /// When [`Server::handle_timeout`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        todo!()
    }
}
