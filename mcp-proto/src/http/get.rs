//! What is no message: a stream is wanted, or the end of a session.
//!
//! Spec: "Listening for messages from the server", "Resumability and Redelivery" and "Session
//! Management" of `basic/transports`, 2025-03-26 to 2025-11-25.

use alloc::vec::Vec;

use super::{
    Conflict, Endpoint, Refused, StreamFrame, StreamKind,
    admit::Value,
    endpoint::End,
    held::Held,
    replay::{EventId, ReplayLog},
    stream::Carrier,
    visit::{Refusal, Visit},
};
use crate::server::{CloseReason, ExchangeId, SessionKey};

impl Endpoint {
    pub(super) fn get(&mut self, visit: Visit) {
        self.tell_started(visit.exchange, "GET", visit.session);
        let session = match self.check_get(&visit) {
            Ok(session) => session,
            Err(refusal) => return self.refuse(&visit, None, &refusal),
        };
        self.sessions.touch(self.now, session);
        match visit.admission.last_event_id() {
            Value::Absent => self.open_general(visit, session),
            Value::One(cursor) => match self.find_cursor(session, cursor) {
                Some((stream, frames)) => self.resume(&visit, stream, frames),
                None => self.refuse(&visit, self.session_rules(Some(session)), &bad_cursor()),
            },
            Value::Many | Value::Malformed => {
                self.refuse(&visit, self.session_rules(Some(session)), &bad_cursor());
            }
        }
    }

    fn check_get(&self, visit: &Visit) -> Result<SessionKey, Refusal<'static>> {
        if self.end != End::Open {
            return Err(Refusal::shutting_down());
        }
        visit.check_session()
    }

    fn open_general(&mut self, visit: Visit, session: SessionKey) {
        let Some(rules) = self.session_rules(Some(session)) else { return };
        let older = self.sessions.get(session).and_then(|session| session.general);
        if let Some(older) = older {
            let carried = self.streams.get(&older).is_some_and(|stream| stream.carrier.is_some());
            if carried && self.http.second_stream == Conflict::Refuse {
                let refusal = Refusal::bad(Refused::Limit, "The session has a general stream");
                return self.refuse(&visit, Some(rules), &Refusal { status: 409, ..refusal });
            }
            self.miss(older);
            self.drop_stream(older);
        }
        if self.streams.len() >= self.server.config().limits.streams_max {
            let refusal = Refusal::limit(503, "Too many streams");
            return self.refuse(&visit, Some(rules), &refusal);
        }
        let exchange = visit.exchange;
        self.begin_stream(visit, StreamKind::General, Some(session), rules, Vec::new());
        let missed = self.sessions.get_mut(session).map(|session| {
            session.general = Some(exchange);
            session.missed.take()
        });
        self.open_quietly(exchange);
        for frame in missed.into_iter().flatten() {
            self.write(exchange, frame);
        }
    }

    /// The stream that a cursor of this session is on, and what followed it there: also what waits
    /// because the connection up to now is behind.
    fn find_cursor(
        &mut self,
        session: SessionKey,
        cursor: &str,
    ) -> Option<(ExchangeId, Vec<StreamFrame>)> {
        let cursor = EventId::parse(cursor)?;
        let mut streams = self.sessions.get(session)?.streams.iter();
        let key = *streams.find(|key| self.log_of(**key).is_some_and(|log| log.knows(cursor)))?;
        self.flush_held(key);
        let frames = self.log_of(key)?.after(cursor).ok()?.cloned().collect();
        Some((key, frames))
    }

    fn log_of(&self, key: ExchangeId) -> Option<&ReplayLog> {
        self.streams.get(&key)?.log.as_deref()
    }

    /// Goes on with a stream on another connection.
    fn resume(&mut self, visit: &Visit, key: ExchangeId, frames: Vec<StreamFrame>) {
        self.let_go(key);
        let carrier = Carrier::new(self.now, visit.exchange, visit.admission.answers().clone());
        let Some(stream) = self.streams.get_mut(&key) else { return };
        stream.carrier = Some(carrier);
        stream.parked = false;
        if let Some(session) = stream.session.and_then(|session| self.sessions.get_mut(session))
            && session.general == Some(key)
        {
            session.missed = Held::default();
        }
        self.resumed.insert(visit.exchange, key);
        self.send_head(key);
        let replayed = !frames.is_empty();
        for frame in frames {
            self.write_raw(key, frame);
        }
        if !replayed {
            self.comment(key);
        }
        self.settle(key);
    }

    pub(super) fn delete(&mut self, visit: &Visit) {
        self.tell_started(visit.exchange, "DELETE", visit.session);
        match visit.check_session() {
            Ok(session) => {
                self.accept(visit, 204);
                self.end_session(session, CloseReason::Client);
            }
            Err(refusal) => self.refuse(visit, None, &refusal),
        }
    }
}

fn bad_cursor() -> Refusal<'static> {
    Refusal::bad(Refused::Session, "There is nothing to resume after this Last-Event-ID")
}
