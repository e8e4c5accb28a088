//! A server behind HTTP.

use alloc::{
    boxed::Box,
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use super::{
    Admission, Gate, HttpConfig, HttpOutput, Telemetry,
    admit::Verb,
    session::{Sessions, Subjects},
    stream::Stream,
    visit::Visit,
};
use crate::{
    CommandError, Entropy, Grant, Instant,
    rpc::Batches,
    server::{CallId, CloseReason, Command, ExchangeId, Offer, Server, ServerConfig},
    time::Timers,
};

/// A server behind HTTP, without sockets.
#[derive(Debug)]
pub struct Endpoint {
    pub(super) server: Server,
    gate: Gate,
    pub(super) http: Arc<HttpConfig>,
    pub(super) now: Instant,
    pub(super) sessions: Sessions,
    pub(super) subjects: Subjects,
    /// What answers requests, by the exchange that began it. Boxed, because a tree has room for
    /// almost twice as many as are in it.
    pub(super) streams: BTreeMap<ExchangeId, Box<Stream>>,
    /// Exchanges that carry a stream which another exchange began.
    pub(super) resumed: BTreeMap<ExchangeId, ExchangeId>,
    /// Where what is about a call goes.
    pub(super) calls: BTreeMap<CallId, ExchangeId>,
    /// Batches that are answered whole.
    pub(super) batches: Batches<CallId>,
    pub(super) timers: Timers<ExchangeId>,
    pub(super) outputs: VecDeque<HttpOutput>,
    /// Messages that were dropped since that was told last.
    pub(super) dropped: u64,
    pub(super) end: End,
    next_exchange: u64,
}

/// How far the end of an endpoint is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Requests are served.
    Open,
    /// Running calls are finished.
    Draining { until: Instant },
    /// [`HttpOutput::Close`] was given out.
    Closed,
}

impl Endpoint {
    /// An endpoint whose application offers nothing yet.
    pub fn new(config: ServerConfig, http: HttpConfig, entropy: Box<dyn Entropy>) -> Self {
        Self {
            gate: Gate::new(&config, &http),
            server: Server::new(config, entropy),
            http: Arc::new(http),
            now: Instant::ZERO,
            sessions: Sessions::default(),
            subjects: Subjects::default(),
            streams: BTreeMap::new(),
            resumed: BTreeMap::new(),
            calls: BTreeMap::new(),
            batches: Batches::new(),
            timers: Timers::new(),
            outputs: VecDeque::new(),
            dropped: 0,
            end: End::Open,
            next_exchange: 0,
        }
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
        self.deliver_outputs();
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
        self.now = now;
        self.next_exchange += 1;
        let exchange = ExchangeId(self.next_exchange);
        let visit = Visit::new(exchange, admission, grant, &self.sessions);
        match (visit.admission.refusal(), visit.admission.verb()) {
            (Some(refusal), _) => self.refuse_head(&visit, refusal),
            (None, Verb::Post) => self.post(visit, body),
            (None, Verb::Get) => self.get(visit),
            (None, Verb::Delete) => self.delete(&visit),
        }
        self.deliver_outputs();
        self.await_answer(exchange);
        self.finish_draining();
        exchange
    }

    /// The connection of an exchange is gone. Nothing more comes out about it.
    pub fn handle_disconnect(&mut self, now: Instant, exchange: ExchangeId) {
        self.now = now;
        self.disconnect(exchange);
        self.deliver_outputs();
        self.finish_draining();
    }

    /// The client of a stream is behind with reading, or has caught up. While it is behind, log
    /// messages are dropped and counted; of progress and changes the latest waits; all else is
    /// sent.
    pub fn handle_congestion(&mut self, now: Instant, exchange: ExchangeId, congested: bool) {
        self.now = now;
        self.congest(exchange, congested);
    }

    /// Does what is due. Calls before that are harmless.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        self.server.handle_timeout(now);
        self.deliver_outputs();
        while let Some(stream) = self.timers.pop_due(now) {
            self.stream_due(stream);
        }
        let (idle, lifetime) = (self.http.session_idle, self.http.session_lifetime);
        while let Some(session) = self.sessions.expired(now, idle, lifetime) {
            self.end_session(session, CloseReason::Expired);
        }
        self.finish_draining();
    }

    /// Carries out a command.
    pub fn handle_command(&mut self, now: Instant, command: Command) -> Result<(), CommandError> {
        self.now = now;
        let done = match command {
            Command::Close { session } if self.sessions.get(session).is_some() => {
                self.end_session(session, CloseReason::Server);
                Ok(())
            }
            Command::Park { call, retry } => self.park(call, retry),
            command => self.server.handle_command(now, command),
        };
        self.deliver_outputs();
        self.finish_draining();
        done
    }

    /// Ends in good order: new requests get 503, listens their result, streams are closed, running
    /// calls are given [`HttpConfig::drain`]. Then comes [`HttpOutput::Close`].
    pub fn shut_down(&mut self, now: Instant) {
        self.now = now;
        if self.end == End::Open {
            self.end = End::Draining { until: now + self.http.drain };
            self.begin_draining();
        }
    }

    /// The next thing to do, until there is none.
    #[must_use]
    pub fn poll_output(&mut self) -> Option<HttpOutput> {
        if let Some(output) = self.outputs.pop_front() {
            return Some(output);
        }
        let count = core::mem::take(&mut self.dropped);
        (count > 0).then_some(HttpOutput::Telemetry(Telemetry::Dropped { count }))
    }

    /// When [`Endpoint::handle_timeout`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let (idle, lifetime) = (self.http.session_idle, self.http.session_lifetime);
        let drained = match self.end {
            End::Draining { until } => Some(until),
            End::Open | End::Closed => None,
        };
        let sessions = self.sessions.next_expiry(idle, lifetime);
        let all = [self.server.poll_timeout(), self.timers.next(), sessions, drained];
        all.into_iter().flatten().min()
    }

    /// Whether everything is done after a shut-down.
    pub fn is_drained(&self) -> bool {
        self.end == End::Closed
    }
}
