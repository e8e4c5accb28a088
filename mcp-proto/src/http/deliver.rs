//! What the machine says finds its way: to the stream of a call, or to the general stream of a
//! session.

use alloc::{boxed::Box, string::String, vec::Vec};

use super::{
    Endpoint, HttpOutput, StreamKind,
    held::Keep,
    status::{Arose, Era, status},
    stream::{Carrier, Stream},
    visit::Visit,
};
use crate::{
    server::{About, CallId, Event, ExchangeId, Kind, ServerOutput, SessionKey},
    version::Rules,
    wire::Frame,
};

impl Endpoint {
    /// A request is answered by what is said about its calls from now on.
    pub(super) fn begin_stream(
        &mut self,
        visit: Visit,
        kind: StreamKind,
        session: Option<SessionKey>,
        rules: &'static Rules,
        waiting: Vec<CallId>,
    ) {
        let Visit { exchange, admission, grant, .. } = visit;
        for call in &waiting {
            self.calls.insert(*call, exchange);
        }
        let count = waiting.len();
        self.subjects.count(grant.subject.as_deref(), |used| {
            used.calls += count;
            used.listens += usize::from(kind == StreamKind::Listen);
        });
        let carrier = Carrier::new(self.now, exchange, admission.into_answers());
        let stream = Stream::new(self.now, kind, session, rules, grant, waiting, carrier);
        self.streams.insert(exchange, Box::new(stream));
        if let Some(key) = session {
            self.sessions.enter(key);
            if let Some(session) = self.sessions.get_mut(key) {
                session.streams.push(exchange);
            }
        }
    }

    /// An answer that is not there at once gets a stream after some time.
    pub(super) fn await_answer(&mut self, key: ExchangeId) {
        if self.streams.get(&key).is_some_and(|stream| stream.is_headless()) {
            self.timers.set(key, self.now + self.http.stream_after);
        }
    }

    /// Sends what the machine says.
    pub(super) fn deliver_outputs(&mut self) {
        while let Some(output) = self.server.poll_output() {
            match output {
                ServerOutput::Send { about: About::Call(call), frame, last, kind } => {
                    self.deliver(call, frame, last, kind);
                }
                ServerOutput::Send { about: About::Session(session), frame, kind, .. } => {
                    self.deliver_to_session(session, frame, kind);
                }
                ServerOutput::Event(event) => {
                    if let Event::Cancelled { call, .. } = &event {
                        self.conclude_silently(*call);
                    }
                    self.outputs.push_back(HttpOutput::Event(event));
                }
            }
        }
    }

    fn deliver(&mut self, call: CallId, frame: Frame, last: bool, kind: Kind) {
        let Some(&key) = self.calls.get(&call) else {
            self.dropped += 1;
            return;
        };
        if last {
            self.uncall(key, call);
        }
        if last && self.batches.holds(call) {
            let response: String = frame.parts().concat();
            if let Some(answer) = self.batches.conclude(call, Some(&response)) {
                self.respond(key, 200, Some(Frame::owned(answer)));
            }
            return self.settle(key);
        }
        let Some(stream) = self.streams.get(&key) else { return };
        match &kind {
            Kind::Response { error } if last && stream.is_headless() => {
                let era = Era::of(stream.rules);
                let status = error.map_or(200, |code| status(era, Arose::Handler, code, false));
                self.respond(key, status, Some(frame));
            }
            Kind::Request if !stream.is_reachable() => self.server.fail_question(call),
            _ => {
                if stream.is_headless() {
                    self.open_stream(key);
                }
                self.say(key, Some(call), kind, frame);
                self.finish_if_done(key);
            }
        }
        self.settle(key);
    }

    /// What is about the session as a whole goes to its general stream; of changes, the latest
    /// wait for the next one, whether or not the client goes on with this one.
    fn deliver_to_session(&mut self, key: SessionKey, frame: Frame, kind: Kind) {
        let count_max = self.server.config().limits.subscriptions_max;
        let Some(session) = self.sessions.get_mut(key) else { return };
        let general = session.general;
        let stream = general.and_then(|key| self.streams.get(&key));
        if let Some(general) = general
            && stream.is_some_and(|stream| stream.carrier.is_some())
        {
            return self.say(general, None, kind, frame);
        }
        let frame = frame.into_shared();
        let kept = session.missed.keep(None, kind.clone(), frame.clone(), count_max);
        match (general, kept) {
            (Some(general), _) => self.say(general, None, kind, frame),
            (None, Keep::Held) => {}
            (None, Keep::Dropped | Keep::Must(_)) => self.dropped += 1,
        }
    }

    /// The call is over without a response.
    fn conclude_silently(&mut self, call: CallId) {
        let Some(&key) = self.calls.get(&call) else { return };
        self.uncall(key, call);
        if let Some(answer) = self.batches.conclude(call, None) {
            self.respond(key, 200, Some(Frame::owned(answer)));
        }
        let Some(stream) = self.streams.get(&key) else { return };
        if stream.waiting.is_empty() && stream.is_headless() {
            self.respond(key, 202, None);
        }
        self.finish_if_done(key);
        self.settle(key);
    }

    /// Takes a call out of the tables.
    pub(super) fn uncall(&mut self, key: ExchangeId, call: CallId) {
        if self.calls.remove(&call).is_none() {
            return;
        }
        if let Some(stream) = self.streams.get_mut(&key) {
            stream.waiting.retain(|waiting| *waiting != call);
            let kind = stream.kind;
            self.subjects.count(stream.grant.subject.as_deref(), |used| {
                used.calls = used.calls.saturating_sub(1);
                used.listens = used.listens.saturating_sub(usize::from(kind == StreamKind::Listen));
            });
        }
    }

    /// Says something on a stream: at once, when its client has caught up, or not at all.
    pub(super) fn say(&mut self, key: ExchangeId, call: Option<CallId>, kind: Kind, frame: Frame) {
        let limits = &self.server.config().limits;
        let (count_max, logs_max) = (limits.subscriptions_max, limits.logs_per_second_max);
        let Some(stream) = self.streams.get_mut(&key) else { return };
        if kind == Kind::Log {
            let session = stream.session.and_then(|session| self.sessions.get_mut(session));
            let rate = session.map_or(&mut stream.logs, |session| &mut session.logs);
            if !rate.admits(self.now, logs_max) {
                self.dropped += 1;
                return;
            }
        }
        if !stream.carrier.as_ref().is_some_and(|carrier| carrier.congested) {
            return self.write(key, frame);
        }
        match stream.held.keep(call, kind, frame, count_max) {
            Keep::Held => {}
            Keep::Dropped => self.dropped += 1,
            Keep::Must(frame) => {
                self.flush_held(key);
                self.write(key, frame);
            }
        }
    }

    /// Answers the request that a stream belongs to, whole.
    fn respond(&mut self, key: ExchangeId, status: u16, body: Option<Frame>) {
        let Some(stream) = self.streams.get_mut(&key) else { return };
        let Some(carrier) = stream.carrier.take() else {
            self.dropped += 1;
            return;
        };
        let mut response = match body {
            Some(body) => carrier.answers.json(status, body),
            None => carrier.answers.empty(status),
        };
        if let Some(id) = &carrier.session_id {
            response.head.push("mcp-session-id", String::from(id.as_str()));
        }
        let exchange = carrier.exchange;
        self.outputs.push_back(HttpOutput::Respond { exchange, response });
        let duration = self.now.saturating_since(carrier.since);
        self.tell_ended(exchange, Some(status), duration);
    }
}
