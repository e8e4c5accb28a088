//! What answers one request: whole, or as a stream that may outlive its connection.

use alloc::{boxed::Box, sync::Arc, vec::Vec};

use super::{
    StreamKind,
    answer::Answers,
    held::{Held, LogRate},
    replay::ReplayLog,
};
use crate::{
    Grant, Instant,
    server::{CallId, ExchangeId, SessionId, SessionKey},
    version::Rules,
};

/// What answers one request, named by the exchange that began it.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) kind: StreamKind,
    pub(super) session: Option<SessionKey>,
    pub(super) rules: &'static Rules,
    pub(super) grant: Arc<Grant>,
    pub(super) since: Instant,
    /// The requests that are not concluded.
    pub(super) waiting: Vec<CallId>,
    /// The connection, while there is one.
    pub(super) carrier: Option<Carrier>,
    /// What was sent, where a client can come back for it.
    pub(super) log: Option<Box<ReplayLog>>,
    /// What waits for a client that is behind.
    pub(super) held: Held,
    pub(super) logs: LogRate,
    /// Whether it is counted among what goes on in its session.
    pub(super) counted: bool,
    /// Whether the client was told to come back for what will follow.
    pub(super) parked: bool,
}

/// The connection that carries a stream.
#[derive(Debug)]
pub(super) struct Carrier {
    pub(super) exchange: ExchangeId,
    pub(super) answers: Answers,
    /// Told with the answer to `initialize`.
    pub(super) session_id: Option<SessionId>,
    pub(super) since: Instant,
    /// Whether the head of a stream was sent.
    pub(super) opened: bool,
    pub(super) congested: bool,
    /// When something was sent last.
    pub(super) wrote: Instant,
}

impl Carrier {
    pub(super) fn new(now: Instant, exchange: ExchangeId, answers: Answers) -> Self {
        Self {
            exchange,
            answers,
            session_id: None,
            since: now,
            opened: false,
            congested: false,
            wrote: now,
        }
    }
}

impl Stream {
    pub(super) fn new(
        now: Instant,
        kind: StreamKind,
        session: Option<SessionKey>,
        rules: &'static Rules,
        grant: Arc<Grant>,
        waiting: Vec<CallId>,
        carrier: Carrier,
    ) -> Self {
        Self {
            kind,
            session,
            rules,
            grant,
            since: now,
            waiting,
            carrier: Some(carrier),
            log: None,
            held: Held::default(),
            logs: LogRate::default(),
            counted: session.is_some(),
            parked: false,
        }
    }

    /// Whether something is still going on: it has a connection, or something to come.
    pub(super) fn is_live(&self) -> bool {
        self.carrier.is_some() || !self.waiting.is_empty()
    }

    /// Whether what is sent on it can reach its client, now or when it comes back.
    pub(super) fn is_reachable(&self) -> bool {
        self.carrier.is_some() || self.log.is_some()
    }

    /// Whether its connection waits for a head.
    pub(super) fn is_headless(&self) -> bool {
        self.carrier.as_ref().is_some_and(|carrier| !carrier.opened)
    }
}
