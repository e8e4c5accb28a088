//! Streamable HTTP without sockets (declarations).

use alloc::{borrow::Cow, boxed::Box, sync::Arc, vec::Vec};
use core::time::Duration;

use crate::{
    CommandError, Entropy, Grant, Instant,
    server::{Command, Event, ExchangeId, Offer, ServerConfig, SessionId, SessionKey},
    wire::{Frame, Json},
};

/// The head of a request.
pub struct Head<'a> {
    /// `POST`.
    pub method: &'a str,
    /// The path.
    pub path: &'a str,
    /// The fields.
    pub headers: &'a dyn Headers,
}
/// The fields of a head.
pub trait Headers {
    /// The one field of this name.
    fn get(&self, name: &str) -> Option<&str>;
    /// How many there are.
    fn count(&self, name: &str) -> usize;
}
/// Proof that a head passed what is checked before the body.
#[derive(Debug)]
#[must_use]
pub struct Admission {}
/// The head of a response.
#[derive(Debug)]
pub struct ResponseHead {
    /// The status.
    pub status: u16,
    /// The fields.
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
}
/// A whole answer that needs no state.
#[derive(Debug)]
pub struct Refusal {
    /// Its head.
    pub head: ResponseHead,
    /// Its body.
    pub body: Option<Json>,
}
/// What the driver is to do.
#[derive(Debug)]
pub enum Output {
    /// Answer whole.
    Respond {
        /// Which.
        exchange: ExchangeId,
        /// Head.
        head: ResponseHead,
        /// Body.
        body: Vec<u8>,
    },
    /// Answer with a stream.
    Open {
        /// Which.
        exchange: ExchangeId,
        /// Head.
        head: ResponseHead,
    },
    /// One frame of it.
    Write {
        /// Which.
        exchange: ExchangeId,
        /// What.
        frame: Frame,
    },
    /// Its end.
    Finish {
        /// Which.
        exchange: ExchangeId,
    },
    /// For the application.
    Event(Event),
    /// For the cluster.
    Effect(Effect),
}
/// What the core wants done on other nodes.
#[derive(Debug)]
pub enum Effect {
    /// Tell them.
    Publish {
        /// What about.
        topic: Box<str>,
        /// What.
        payload: Arc<[u8]>,
    },
}
/// What other nodes say.
#[derive(Debug)]
pub enum Signal {
    /// They said.
    Message {
        /// What about.
        topic: Box<str>,
        /// What.
        payload: Vec<u8>,
    },
}
/// A server behind HTTP.
#[derive(Debug)]
pub struct Endpoint {}
impl Endpoint {
    /// Serves nothing yet.
    pub fn new(config: ServerConfig, entropy: Box<dyn Entropy>) -> Self {
        todo!()
    }
    /// Says what is offered.
    pub fn set_offer(&mut self, now: Instant, offer: Arc<Offer>) {
        todo!()
    }
    /// Checks a head.
    pub fn admit(&self, head: &Head<'_>) -> Result<Admission, Refusal> {
        todo!()
    }
    /// Takes in a request.
    pub fn handle_request(
        &mut self,
        now: Instant,
        admission: Admission,
        grant: Arc<Grant>,
        body: &[u8],
    ) -> ExchangeId {
        todo!()
    }
    /// The peer is gone.
    pub fn handle_disconnect(&mut self, now: Instant, exchange: ExchangeId) {
        todo!()
    }
    /// The peer is slow.
    pub fn handle_congestion(&mut self, exchange: ExchangeId, congested: bool) {
        todo!()
    }
    /// Takes in what other nodes say.
    pub fn handle_signal(&mut self, now: Instant, signal: Signal) {
        todo!()
    }
    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        todo!()
    }
    /// Carries out a command.
    pub fn handle_command(&mut self, now: Instant, command: Command) -> Result<(), CommandError> {
        todo!()
    }
    /// The next thing to do.
    #[must_use]
    pub fn poll_output(&mut self) -> Option<Output> {
        todo!()
    }
    /// When something is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        todo!()
    }
    /// Ends.
    pub fn shut_down(&mut self, now: Instant, grace: Duration) {
        todo!()
    }
    /// Who is there.
    pub fn sessions(&self) -> impl Iterator<Item = (SessionKey, &SessionId)> {
        core::iter::empty()
    }
}
