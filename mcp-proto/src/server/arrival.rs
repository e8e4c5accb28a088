//! What comes in from a transport, and what the machine makes of it.

use alloc::{boxed::Box, collections::BTreeSet, sync::Arc};

use super::{CallId, SessionKey};
use crate::{
    error::ErrorObject,
    grant::Grant,
    rpc::Scope,
    version::Version,
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
    /// A legacy exchange that stands by itself, because its server has no sessions.
    Sessionless {
        /// The exchange.
        exchange: ExchangeId,
        /// The revision it is served in.
        version: Version,
    },
}

impl Origin {
    /// Where its request ids can be named, if they can.
    pub(crate) const fn scope(self) -> Option<Scope> {
        match self {
            Self::Pipe => Some(Scope::Pipe),
            Self::Session(key) => Some(Scope::Session(key.0)),
            Self::Isolated(_) | Self::Sessionless { .. } => None,
        }
    }
}

impl Received {
    /// The answer to a request that ends here.
    pub(crate) fn refusal(self) -> Option<(Option<RequestId>, ErrorObject)> {
        match self {
            Self::Refused { id, error } => Some((id, error)),
            Self::Forbidden { id, error, .. } => Some((Some(id), error)),
            Self::Call(_) | Self::Opened(..) | Self::Accepted => None,
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
    /// A request that ends here because its caller's grant lacks scopes.
    Forbidden {
        /// Its id.
        id: RequestId,
        /// Why.
        error: ErrorObject,
        /// All the scopes that it needs.
        scopes: BTreeSet<Box<str>>,
    },
}
