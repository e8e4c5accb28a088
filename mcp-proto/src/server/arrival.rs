//! What comes in from a transport, and what the machine makes of it.

use alloc::sync::Arc;

use super::{CallId, SessionKey};
use crate::{
    error::ErrorObject,
    grant::Grant,
    rpc::Scope,
    wire::{Message, RequestId},
};

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

impl Origin {
    /// Where its request ids can be named, if they can.
    pub(crate) const fn scope(self) -> Option<Scope> {
        match self {
            Self::Pipe => Some(Scope::Pipe),
            Self::Session(key) => Some(Scope::Session(key.0)),
            Self::Isolated(_) => None,
        }
    }
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
        /// Its id; `None` if it is not fit to be repeated.
        id: Option<RequestId>,
        /// Why.
        error: ErrorObject,
    },
}
