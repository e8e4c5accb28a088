//! The connections of streams: their heads, their frames, their ends, and what becomes of a stream
//! without one.

use alloc::{boxed::Box, vec::Vec};
use core::time::Duration;

use super::{
    Endpoint, HttpOutput, StreamFrame, StreamKind, endpoint::End, replay::ReplayLog, visit::Refusal,
};
use crate::{
    CommandError,
    server::{CallId, CloseReason, ExchangeId, SessionKey},
    wire::{Frame, sse},
};

impl Endpoint {
    /// Begins a stream on a connection that waits for a head.
    pub(super) fn open_stream(&mut self, key: ExchangeId) {
        let Some(stream) = self.streams.get_mut(&key) else { return };
        let rules = stream.rules;
        let mut primed = None;
        if stream.session.is_some() && rules.event_ids {
            let log = ReplayLog::new(self.server.draw());
            primed = rules.priming_event.then(|| sse::priming(&log.start(), self.http.retry));
            stream.log = Some(Box::new(log));
        }
        let collected = stream.waiting.first().and_then(|call| self.batches.dissolve(*call));
        self.send_head(key);
        if let Some(head) = primed {
            self.write_raw(key, StreamFrame::alone(head));
        }
        if let Some(responses) = collected {
            self.write(key, Frame::owned(responses));
        }
    }

    /// Begins a stream that nothing is said on yet: a first byte shows both sides that it works.
    pub(super) fn open_quietly(&mut self, key: ExchangeId) {
        self.open_stream(key);
        if self.streams.get(&key).is_some_and(|stream| !stream.rules.priming_event) {
            self.comment(key);
        }
    }

    pub(super) fn send_head(&mut self, key: ExchangeId) {
        let Some(stream) = self.streams.get_mut(&key) else { return };
        let keep_alive = if stream.kind == StreamKind::Call && stream.rules.disconnect_cancels {
            self.http.keep_alive_busy
        } else {
            self.http.keep_alive
        };
        let Some(carrier) = &mut stream.carrier else { return };
        carrier.opened = true;
        carrier.wrote = self.now;
        let (exchange, head) = (carrier.exchange, carrier.answers.stream());
        self.outputs.push_back(HttpOutput::Open { exchange, head });
        self.timers.set(key, self.now + keep_alive);
    }

    /// Sends a message on a stream, and keeps it for a client that loses it.
    pub(super) fn write(&mut self, key: ExchangeId, frame: Frame) {
        let limits = &self.server.config().limits;
        let Some(stream) = self.streams.get_mut(&key) else { return };
        let frame = match &mut stream.log {
            None => StreamFrame::message(None, frame),
            Some(log) => {
                log.expire(self.now, self.http.replay_keep);
                let frame = StreamFrame::message(Some(&log.next_id()), frame.into_shared());
                log.push(self.now, limits, frame.clone());
                frame
            }
        };
        if stream.carrier.is_none() && stream.log.is_none() {
            self.dropped += 1;
            return;
        }
        self.write_raw(key, frame);
    }

    pub(super) fn write_raw(&mut self, key: ExchangeId, frame: StreamFrame) {
        let Some(stream) = self.streams.get_mut(&key) else { return };
        let Some(carrier) = &mut stream.carrier else { return };
        carrier.wrote = self.now;
        let exchange = carrier.exchange;
        self.outputs.push_back(HttpOutput::Write { exchange, frame });
    }

    pub(super) fn comment(&mut self, key: ExchangeId) {
        self.write_raw(key, StreamFrame::comment());
    }

    pub(super) fn flush_held(&mut self, key: ExchangeId) {
        let held = self.streams.get_mut(&key).map(|stream| stream.held.take());
        for frame in held.into_iter().flatten() {
            self.write(key, frame);
        }
    }

    /// What waits on a stream will not reach its client there; what waits on a general stream
    /// waits for the next one.
    pub(super) fn miss(&mut self, key: ExchangeId) -> Vec<Frame> {
        let Some(stream) = self.streams.get_mut(&key) else { return Vec::new() };
        if let Some(session) = stream.session.and_then(|session| self.sessions.get_mut(session))
            && session.general == Some(key)
            && !stream.held.is_empty()
        {
            session.missed = stream.held.clone();
        }
        stream.held.take().collect()
    }

    pub(super) fn congest(&mut self, exchange: ExchangeId, congested: bool) {
        let key = self.carried_by(exchange);
        let Some(carrier) = self.streams.get_mut(&key).and_then(|s| s.carrier.as_mut()) else {
            return;
        };
        carrier.congested = congested;
        if !congested {
            self.flush_held(key);
        }
    }

    /// The stream that an exchange carries.
    fn carried_by(&self, exchange: ExchangeId) -> ExchangeId {
        self.resumed.get(&exchange).copied().unwrap_or(exchange)
    }

    /// The connection is gone.
    pub(super) fn disconnect(&mut self, exchange: ExchangeId) {
        let key = self.carried_by(exchange);
        let Some(stream) = self.streams.get_mut(&key) else { return };
        let Some(carrier) = stream.carrier.take_if(|carrier| carrier.exchange == exchange) else {
            return;
        };
        let status = carrier.opened.then_some(200);
        let given_up = stream.rules.disconnect_cancels;
        let waiting = if given_up { stream.waiting.clone() } else { Vec::new() };
        let kept = stream.log.is_some();
        self.resumed.remove(&exchange);
        self.tell_ended(exchange, status, self.now.saturating_since(carrier.since));
        for frame in self.miss(key) {
            if kept {
                self.write(key, frame);
            }
        }
        for call in waiting {
            self.uncall(key, call);
            self.server.abandon(call);
        }
        self.settle(key);
    }

    /// Ends the connection of a stream in good order, if it has one. The stream may go on.
    pub(super) fn let_go(&mut self, key: ExchangeId) {
        self.flush_held(key);
        let Some(stream) = self.streams.get_mut(&key) else { return };
        let Some(carrier) = stream.carrier.take() else { return };
        let exchange = carrier.exchange;
        self.resumed.remove(&exchange);
        if carrier.opened {
            self.outputs.push_back(HttpOutput::Finish { exchange });
            let duration = self.now.saturating_since(carrier.since);
            self.tell_ended(exchange, Some(200), duration);
        } else {
            let refusal = if self.end == End::Open {
                Refusal::no_session()
            } else {
                Refusal::shutting_down()
            };
            let response = carrier.answers.error(refusal.status, &refusal.error);
            self.respond_at_once(exchange, response);
        }
    }

    /// A stream of calls ends with the last of them.
    pub(super) fn finish_if_done(&mut self, key: ExchangeId) {
        let Some(stream) = self.streams.get(&key) else { return };
        if stream.kind != StreamKind::General && stream.waiting.is_empty() {
            self.let_go(key);
        }
    }

    /// Brings the tables in line with what a stream is now.
    pub(super) fn settle(&mut self, key: ExchangeId) {
        self.finish_if_done(key);
        let Some(stream) = self.streams.get_mut(&key) else { return };
        let live = stream.is_live();
        if stream.carrier.is_none() {
            match &stream.log {
                Some(_) => self.timers.set(key, self.now + self.http.replay_keep),
                None => self.timers.cancel(key),
            }
        }
        if let Some(session) = stream.session
            && stream.counted != live
        {
            stream.counted = live;
            if live {
                self.sessions.enter(session);
            } else {
                self.sessions.leave(self.now, session);
            }
        }
        if !live && self.streams.get(&key).is_some_and(|stream| stream.log.is_none()) {
            self.remove_stream(key);
        } else if !live {
            self.bound_finished(key);
        }
    }

    /// Only so many streams of a session that have ended are kept for their clients.
    fn bound_finished(&mut self, key: ExchangeId) {
        let max = self.server.config().limits.replay_streams_max;
        let session = self.streams.get(&key).and_then(|stream| stream.session);
        let Some(session) = session.and_then(|key| self.sessions.get(key)) else { return };
        let ended = |key: &&ExchangeId| self.streams.get(key).is_some_and(|s| !s.is_live());
        let surplus = session.streams.iter().filter(ended).count().saturating_sub(max);
        let oldest: Vec<ExchangeId> =
            session.streams.iter().filter(ended).take(surplus).copied().collect();
        for key in oldest {
            self.remove_stream(key);
        }
    }

    /// Ends a stream whatever it has to say still.
    pub(super) fn drop_stream(&mut self, key: ExchangeId) {
        self.let_go(key);
        let Some(stream) = self.streams.get_mut(&key) else { return };
        stream.log = None;
        for call in stream.waiting.clone() {
            self.batches.dissolve(call);
            self.uncall(key, call);
        }
        self.settle(key);
    }

    fn remove_stream(&mut self, key: ExchangeId) {
        self.timers.cancel(key);
        let Some(stream) = self.streams.remove(&key) else { return };
        let Some(session) = stream.session.and_then(|session| self.sessions.get_mut(session))
        else {
            return;
        };
        session.streams.retain(|other| *other != key);
        if session.general == Some(key) {
            session.general = None;
        }
    }

    /// The time of a stream is over, one way or another.
    pub(super) fn stream_due(&mut self, key: ExchangeId) {
        let Some(stream) = self.streams.get_mut(&key) else { return };
        let busy = stream.kind == StreamKind::Call && stream.rules.disconnect_cancels;
        let span = if busy { self.http.keep_alive_busy } else { self.http.keep_alive };
        match &stream.carrier {
            Some(carrier) if !carrier.opened => self.open_quietly(key),
            Some(carrier) if carrier.wrote + span <= self.now => {
                if let Some(log) = &mut stream.log {
                    log.expire(self.now, self.http.replay_keep);
                }
                self.comment(key);
                self.timers.set(key, self.now + span);
            }
            Some(carrier) => self.timers.set(key, carrier.wrote + span),
            None => {
                stream.log = None;
                self.settle(key);
            }
        }
    }

    /// Closes the connection that carries a call, once its client knows when to come back.
    pub(super) fn park(
        &mut self,
        call: CallId,
        retry: Option<Duration>,
    ) -> Result<(), CommandError> {
        let key = *self.calls.get(&call).ok_or(CommandError::Gone)?;
        let retry = retry.unwrap_or(self.http.retry);
        let parked_max = self.server.config().limits.parked_max;
        let stream = self.streams.get(&key).ok_or(CommandError::Gone)?;
        let Some(session) = stream.session.filter(|_| stream.rules.priming_event) else {
            return Err(CommandError::NotInThisRevision);
        };
        let parked = self.sessions.get(session).map_or(0, |session| {
            let is_parked = |key: &&ExchangeId| self.streams.get(key).is_some_and(|s| s.parked);
            session.streams.iter().filter(is_parked).count()
        });
        if parked >= parked_max {
            return Err(CommandError::OverLimit);
        }
        if stream.carrier.is_none() {
            return Ok(());
        }
        if stream.is_headless() {
            self.open_stream(key);
        }
        // What waits comes before the last event on this connection.
        self.flush_held(key);
        let limits = &self.server.config().limits;
        if let Some(stream) = self.streams.get_mut(&key)
            && let Some(log) = &mut stream.log
        {
            stream.parked = true;
            let frame = StreamFrame::alone(sse::priming(&log.next_id(), retry));
            log.push(self.now, limits, frame.clone());
            self.write_raw(key, frame);
        }
        self.let_go(key);
        self.settle(key);
        Ok(())
    }

    /// Ends a session with all its streams.
    pub(super) fn end_session(&mut self, key: SessionKey, reason: CloseReason) {
        let streams = self.sessions.get(key).map(|session| session.streams.clone());
        for stream in streams.into_iter().flatten() {
            self.drop_stream(stream);
        }
        if let Some(session) = self.sessions.remove(key) {
            self.subjects.count(session.subject.as_deref(), |used| {
                used.sessions = used.sessions.saturating_sub(1);
            });
        }
        // Its calls are gone from here already.
        let _closed = self.server.close_session(key, reason);
        self.deliver_outputs();
    }
}
