//! Where the answer to each request of ours is to come from.

use alloc::boxed::Box;
use core::time::Duration;

use super::{ClientExchange, backoff::Backoff, exchange::Draft};
use crate::{ErrorObject, client::ClientCallId};

/// Where the answer to a request is to come from.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) call: Option<ClientCallId>,
    pub(super) what: What,
    pub(super) via: Via,
    pub(super) stream: Cursor,
    pub(super) backoff: Backoff,
}

/// What a request is, as far as that matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Probe,
    Initialize,
    /// `subscriptions/listen`.
    Listen,
    /// `tools/list` of 2026-07-28.
    Tools,
    /// `tools/call` of 2026-07-28.
    Tool,
    Other,
}

/// Where a request is.
#[derive(Debug)]
pub(super) enum Via {
    /// Not sent yet.
    Waiting,
    /// This exchange brings the answer.
    Exchange(ClientExchange),
    /// Nothing is open until a timer is due.
    Pausing(Next),
    /// The server has taken it (202): the answer comes on the general stream.
    Elsewhere,
    /// Refused for its header fields, until the tools are known anew.
    Refreshing(Box<ErrorObject>),
}

/// What comes after a pause.
#[derive(Debug)]
pub(super) enum Next {
    /// The same request again: it had no effect.
    Post(Box<Draft>),
    /// The rest of its stream.
    Resume,
    /// The subscription again, with a new id.
    Listen,
}

/// How to go on with a stream that broke.
#[derive(Debug, Default)]
pub(super) struct Cursor {
    /// The id of the last event.
    pub(super) last: Option<Box<str>>,
    /// The pause that the server asked for.
    pub(super) retry: Option<Duration>,
}

impl Cursor {
    /// Takes in the id of an event. One that no header field can carry is none.
    pub(super) fn set(&mut self, id: Box<str>, bytes_max: usize) {
        let fits = !id.is_empty()
            && id.len() <= bytes_max
            && id.bytes().all(|byte| matches!(byte, b' '..=b'~'))
            && id.trim() == &*id;
        self.last = fits.then_some(id);
    }
}

impl Route {
    pub(super) fn new(call: Option<ClientCallId>, what: What) -> Self {
        Self {
            call,
            what,
            via: Via::Waiting,
            stream: Cursor::default(),
            backoff: Backoff::default(),
        }
    }
}

/// The general stream of a session.
#[derive(Debug, Default)]
pub(super) struct General {
    pub(super) state: GeneralState,
    pub(super) stream: Cursor,
    pub(super) backoff: Backoff,
    /// Whether it was ever open in this session.
    pub(super) was_open: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum GeneralState {
    /// There is no session, or it is given up.
    #[default]
    Off,
    Exchange(ClientExchange),
    Pausing,
}
