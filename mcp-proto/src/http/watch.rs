//! What an operator may look at.

use core::time::Duration;

use super::{Endpoint, StreamKind};
use crate::{
    Terms,
    server::{Call, ExchangeId, SessionId, SessionKey},
};

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
    /// The sessions that are open.
    pub fn sessions(&self) -> impl Iterator<Item = OpenSession<'_>> {
        self.sessions.iter().filter_map(|(key, session)| {
            let carried = |stream| self.streams.get(stream).is_some_and(|s| s.carrier.is_some());
            Some(OpenSession {
                key,
                id: &session.id,
                terms: self.server.session_terms(key)?,
                subject: session.subject.as_deref(),
                idle: session.idle(self.now),
                streams: session.streams.iter().filter(|stream| carried(stream)).count(),
            })
        })
    }

    /// The calls in flight.
    pub fn calls(&self) -> impl Iterator<Item = RunningCall<'_>> {
        self.server.calls().map(|call| {
            let stream = self.calls.get(&call.id).and_then(|stream| self.streams.get(stream));
            let since = stream.map_or(self.now, |stream| stream.since);
            RunningCall {
                call,
                exchange: stream.and_then(|s| s.carrier.as_ref()).map(|carrier| carrier.exchange),
                age: self.now.saturating_since(since),
            }
        })
    }

    /// The streams that are open.
    pub fn streams(&self) -> impl Iterator<Item = OpenStream> {
        self.streams.values().filter_map(|stream| {
            let carrier = stream.carrier.as_ref().filter(|carrier| carrier.opened)?;
            let (kind, session) = (stream.kind, stream.session);
            Some(OpenStream { exchange: carrier.exchange, kind, session })
        })
    }

    /// Whether nothing is kept of anything.
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.sessions.is_empty()
            && self.subjects.is_empty()
            && self.streams.is_empty()
            && self.resumed.is_empty()
            && self.calls.is_empty()
            && self.batches.is_empty()
            && self.timers.next().is_none()
            && self.server.is_idle()
            && self.server.sessions().next().is_none()
    }
}
