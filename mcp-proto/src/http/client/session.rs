//! The session of a legacy server: how it begins, is lost, and ends.
//!
//! Spec: "Session Management" of `basic/transports`.

use alloc::{boxed::Box, collections::BTreeSet, vec::Vec};
use core::time::Duration;

use super::{
    End, HttpClient, HttpClientOutput, HttpNotice, Timer,
    exchange::{Draft, Role},
    route::{General, Next, Via},
};
use crate::{
    Instant, Version,
    client::{CallError, ConnectError, HttpError},
    wire::{Id, RequestId},
};

/// The session of a legacy server.
#[derive(Debug, Default)]
pub(super) struct Session {
    /// What the server calls it, if it does.
    pub(super) id: Option<Box<str>>,
    /// The revision that was agreed on.
    pub(super) version: Option<Version>,
    pub(super) gate: Gate,
    /// Whether the server has answered anything in it: only then is its loss not a habit.
    pub(super) proven: bool,
    pub(super) begun: Instant,
}

/// Whether messages may be sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Gate {
    /// They may.
    #[default]
    Open,
    /// `initialize` is not answered.
    Handshake,
    /// The server has not taken `initialized`.
    Initialized,
    /// The general stream is not open: the server may want it for what the first call brings.
    General,
}

/// How long a server may take over `initialized`, and over the head of the general stream, before
/// everything else goes on without.
const INITIALIZED_WAIT: Duration = Duration::from_secs(5);
const GENERAL_WAIT: Duration = Duration::from_millis(500);

/// How long a server may take to end a session.
const DELETE_WAIT: Duration = Duration::from_secs(2);

impl HttpClient {
    /// The first request to a server is about to be sent.
    pub(super) fn begin_session(&mut self, gate: Gate) {
        self.session = Session { gate, begun: self.now, ..Session::default() };
        self.reset_general();
        self.drop_unawaited();
    }

    /// The server gave the session a name.
    pub(super) fn name_session(&mut self, name: Option<Result<Box<str>, HttpError>>) {
        match name {
            None => {}
            Some(Ok(id)) => self.session.id = Some(id),
            Some(Err(error)) => self.client.fail(ConnectError::Http(error)),
        }
    }

    /// `initialized` is about to be sent.
    pub(super) fn close_gate(&mut self) {
        self.session.version = self.client.agreement().map(|agreement| agreement.version);
        self.session.gate = Gate::Initialized;
        self.timers.set(Timer::Gate, self.now + INITIALIZED_WAIT);
    }

    /// The server has taken `initialized`, or takes its time.
    pub(super) fn handshake_done(&mut self) {
        if self.session.gate != Gate::Initialized {
            return;
        }
        if self.http.general_stream {
            self.session.gate = Gate::General;
            self.timers.set(Timer::Gate, self.now + GENERAL_WAIT);
            self.send(Draft::of(Role::General, None));
        } else {
            self.open_gate();
        }
    }

    pub(super) fn open_gate(&mut self) {
        self.timers.cancel(Timer::Gate);
        self.session.gate = Gate::Open;
    }

    /// What the gate waited for is late.
    pub(super) fn gate_timed_out(&mut self) {
        match self.session.gate {
            Gate::Initialized => self.handshake_done(),
            Gate::General => self.open_gate(),
            Gate::Open | Gate::Handshake => {}
        }
    }

    /// The server does not know the session (404). `refused` is the request that it said it to.
    pub(super) fn lose_session(&mut self, refused: Option<i64>) {
        let unsent = |(number, via): (&i64, &Via)| {
            let unsent = matches!(via, Via::Waiting | Via::Pausing(Next::Post(_)));
            (unsent || refused == Some(*number)).then_some(Id::Int(*number))
        };
        let routes = self.routes.iter().map(|(number, route)| (number, &route.via));
        let unsent: BTreeSet<RequestId> = routes.filter_map(unsent).collect();
        let (policy, uptime) = (self.http.reconnect, self.uptime(self.session.begun));
        self.losses.worked_for(&policy, uptime);
        let again = self.losses.next(&policy, policy.attempts, None, &mut *self.entropy);
        let again = again.filter(|_| self.session.proven);
        self.abandon();
        if again.is_some() {
            self.outputs.push_back(HttpClientOutput::Notice(HttpNotice::SessionLost));
            self.client.handle_session_lost(self.now, &unsent);
        } else {
            for request in &unsent {
                self.client.handle_lost(request, CallError::Http(HttpError::SessionLost));
            }
            self.client.fail(ConnectError::Http(HttpError::SessionLost));
        }
    }

    /// Forgets all that is open or waits, and the session with it.
    fn abandon(&mut self) {
        let open: Vec<_> = self.exchanges.keys().copied().collect();
        for exchange in open {
            self.abort(exchange);
        }
        let numbers: Vec<i64> = self.routes.keys().copied().collect();
        for number in numbers {
            self.drop_route(number);
        }
        self.waiting.clear();
        self.waiting_bytes = 0;
        self.session = Session::default();
        self.reset_general();
        self.timers.cancel(Timer::Gate);
    }

    /// There is no general stream any more. How often it failed is not forgotten.
    fn reset_general(&mut self) {
        self.general = General { backoff: self.general.backoff, ..General::default() };
        self.timers.cancel(Timer::General);
    }

    /// Nothing more is sent but the end of the session.
    pub(super) fn end(&mut self) {
        if self.end != End::Open {
            return;
        }
        let session = core::mem::take(&mut self.session);
        self.abandon();
        self.end = End::Ending;
        if session.id.is_none() {
            return self.ended();
        }
        self.session = session;
        self.send(Draft::of(Role::Delete, None));
        self.timers.set(Timer::End, self.now + DELETE_WAIT.min(self.http.message_timeout));
    }

    /// The session has ended, or the server does not say.
    pub(super) fn ended(&mut self) {
        self.abandon();
        self.timers.cancel(Timer::End);
        self.end = End::Ended;
        self.outputs.push_back(HttpClientOutput::Close);
    }
}
