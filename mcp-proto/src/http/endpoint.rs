//! A server behind HTTP.

use alloc::{boxed::Box, sync::Arc};
use core::time::Duration;

use super::{Admission, Gate, HttpConfig, HttpOutput, StreamKind};
use crate::{
    CommandError, Entropy, Grant, Instant, Terms,
    server::{Call, Command, ExchangeId, Offer, Server, ServerConfig, SessionId, SessionKey},
};

/// A server behind HTTP, without sockets.
#[derive(Debug)]
pub struct Endpoint {
    server: Server,
    gate: Gate,
}

/// An open session, for operators.
#[derive(Debug)]
pub struct OpenSession<'a> {
    /// Its key in commands.
    pub key: SessionKey,
    /// Its id on the wire.
    pub id: &'a SessionId,
    /// What was agreed on.
    pub terms: &'a Terms,
    /// Who opened it.
    pub subject: Option<&'a str>,
    /// For how long nothing has happened in it.
    pub idle: Duration,
    /// How many streams are open.
    pub streams: usize,
}

/// A call in flight, for operators.
#[derive(Debug)]
pub struct RunningCall<'a> {
    /// The call.
    pub call: &'a Call,
    /// The exchange that carries its answer; `None` while its client is away.
    pub exchange: Option<ExchangeId>,
    /// How long it has been running.
    pub age: Duration,
}

/// An open stream, for operators.
#[derive(Debug)]
pub struct OpenStream {
    /// The exchange that carries it.
    pub exchange: ExchangeId,
    /// What it is for.
    pub kind: StreamKind,
    /// The session it belongs to.
    pub session: Option<SessionKey>,
}

impl Endpoint {
    /// An endpoint whose application offers nothing yet.
    pub fn new(config: ServerConfig, http: HttpConfig, entropy: Box<dyn Entropy>) -> Self {
        Self { gate: Gate::new(&config, &http), server: Server::new(config, entropy) }
    }

    /// What decides about heads.
    pub fn gate(&self) -> Gate {
        self.gate.clone()
    }

    /// The machine behind the endpoint, for its getters.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Says what the application offers from now on; whoever listens is told what has changed.
    pub fn set_offer(&mut self, offer: Arc<Offer>) {
        self.server.set_offer(offer);
    }

    /// Takes in a request. All that is to be done about it comes out of
    /// [`Endpoint::poll_output`].
    pub fn handle_request(
        &mut self,
        now: Instant,
        admission: Admission,
        grant: Arc<Grant>,
        body: &[u8],
    ) -> ExchangeId {
        let _ = (now, admission, grant, body);
        unimplemented!()
    }

    /// The connection of an exchange is gone. Nothing more comes out about it.
    pub fn handle_disconnect(&mut self, now: Instant, exchange: ExchangeId) {
        let _ = (now, exchange);
        unimplemented!()
    }

    /// The client of a stream is behind with reading, or has caught up: what may be lost is then
    /// dropped, what may be merged waits.
    pub fn handle_congestion(&mut self, now: Instant, exchange: ExchangeId, congested: bool) {
        let _ = (now, exchange, congested);
        unimplemented!()
    }

    /// Does what is due. Calls before that are harmless.
    pub fn handle_timeout(&mut self, now: Instant) {
        let _ = now;
        unimplemented!()
    }

    /// Carries out a command.
    pub fn handle_command(&mut self, now: Instant, command: Command) -> Result<(), CommandError> {
        let _ = (now, command);
        unimplemented!()
    }

    /// Ends in good order: new requests get 503, listens their result, streams are closed, running
    /// calls are given [`HttpConfig::drain`]. Then comes [`HttpOutput::Close`].
    pub fn shut_down(&mut self, now: Instant) {
        let _ = now;
        unimplemented!()
    }

    /// The next thing to do, until there is none.
    #[must_use]
    pub fn poll_output(&mut self) -> Option<HttpOutput> {
        unimplemented!()
    }

    /// When [`Endpoint::handle_timeout`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        unimplemented!()
    }

    /// The sessions that are open.
    pub fn sessions(&self) -> impl Iterator<Item = OpenSession<'_>> {
        core::iter::empty()
    }

    /// The calls in flight.
    pub fn calls(&self) -> impl Iterator<Item = RunningCall<'_>> {
        core::iter::empty()
    }

    /// The streams that are open.
    pub fn streams(&self) -> impl Iterator<Item = OpenStream> {
        core::iter::empty()
    }
}
