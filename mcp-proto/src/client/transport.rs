//! What a transport that carries each message by itself tells of the messages.

use alloc::{boxed::Box, collections::BTreeSet, vec::Vec};
use core::fmt;

use super::{
    CallError, Client, ClientEvent, ConnectError, Delivery, Phase, QuestionId, Sent, Timer,
    call::{Pending, What},
    probe::{Choice, Step},
};
use crate::{time::Instant, wire::RequestId};

/// Why an HTTP exchange brought no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HttpError {
    /// The request never left: no connection.
    Unreachable,
    /// The connection broke before the answer was there, or ended without one.
    Broken,
    /// A status that is no success, with a body that is no message.
    Status(u16),
    /// The server wants other credentials, or none will do (401, 403).
    Unauthorized {
        /// 401 or 403.
        status: u16,
        /// The values of `WWW-Authenticate`, in order.
        challenges: Vec<Box<str>>,
    },
    /// A redirect that is not followed: to another origin, to no URL, or one that would change the
    /// method. Where to, shortened.
    Redirect(Box<str>),
    /// More redirects in a row than are followed.
    TooManyRedirects,
    /// A success whose body is neither JSON nor an event stream; its `Content-Type`, shortened.
    ContentType(Box<str>),
    /// The answer is over a limit.
    TooLong,
    /// The server gave a session an id that no header field can carry.
    SessionId,
    /// The server forgets each session that it gives.
    SessionLost,
    /// No answer in time.
    TimedOut,
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable => f.write_str("no connection to the server"),
            Self::Broken => f.write_str("the connection ended without an answer"),
            Self::Status(status) => write!(f, "the server answered with status {status}"),
            Self::Unauthorized { status, .. } => {
                write!(f, "the server wants authorization (status {status})")
            }
            Self::Redirect(location) => write!(f, "a redirect that is not followed: {location}"),
            Self::TooManyRedirects => f.write_str("too many redirects"),
            Self::ContentType(kind) => {
                write!(f, "the answer is neither JSON nor an event stream: {kind}")
            }
            Self::TooLong => f.write_str("the answer is over a limit"),
            Self::SessionId => f.write_str("the server gave an invalid session id"),
            Self::SessionLost => f.write_str("the server forgets its sessions"),
            Self::TimedOut => f.write_str("no answer in time"),
        }
    }
}

impl core::error::Error for HttpError {}

impl Client {
    /// Whether somebody waits for the answer to this request.
    pub(crate) fn awaits(&self, id: &RequestId) -> bool {
        self.sent.contains_key(id)
    }

    /// The request will not be answered.
    pub(crate) fn handle_lost(&mut self, id: &RequestId, error: CallError) {
        match self.sent.remove(id) {
            Some(Sent::Call(call)) => self.finish(call, Err(error)),
            Some(Sent::Subscribe(call)) => self.subscribed(call, id, false),
            Some(Sent::Probe | Sent::Initialize | Sent::Forgotten) | None => {}
        }
    }

    /// The request had no effect: its call sends another one in its place.
    pub(crate) fn send_again(&mut self, now: Instant, id: &RequestId) {
        let Some(Sent::Call(call)) = self.sent.remove(id) else { return };
        if let Some(Pending { what: What::Listen { open, .. }, .. }) = self.calls.get_mut(&call) {
            *open = false;
        }
        self.send_call(now, call);
    }

    /// The transport tries again to reach the server: until [`Self::resume_connect`] the silence is
    /// not the server's.
    pub(crate) fn pause_connect(&mut self) {
        self.timers.cancel(Timer::Connect);
    }

    /// The server is asked once more.
    pub(crate) fn resume_connect(&mut self, now: Instant) {
        let span = match self.phase {
            Phase::Probing { second } => self.probe_time(second),
            Phase::Initializing { .. } => self.config.initialize_timeout,
            Phase::Fresh | Phase::Respawning | Phase::Ready(_) | Phase::Failed => return,
        };
        self.timers.set(Timer::Connect, now + span);
    }

    /// The server did not take the probe for a message, as one may that does not know it.
    pub(crate) fn probe_not_understood(&mut self, now: Instant, error: HttpError) {
        let Phase::Probing { second } = self.phase else { return };
        self.timers.cancel(Timer::Connect);
        match (Choice { versions: &self.versions, second }).fall_back() {
            Step::FallBack => self.initialize(now, true),
            _ => self.fail(ConnectError::Http(error)),
        }
    }

    /// The server has forgotten the session: a new one is begun. The requests in `unsent` certainly
    /// had no effect. Subscriptions and calls that were never sent are sent in the new session.
    pub(crate) fn handle_session_lost(&mut self, now: Instant, unsent: &BTreeSet<RequestId>) {
        let mut lost = Vec::new();
        for (call, pending) in &mut self.calls {
            if let What::Listen { open, waiting, .. } = &mut pending.what {
                *open = false;
                waiting.clear();
                pending.sent = false;
            } else if pending.sent {
                let unsent = pending.wire.as_ref().is_some_and(|id| unsent.contains(id));
                lost.push((*call, unsent));
            }
        }
        for (call, unsent) in lost {
            let delivery = if unsent { Delivery::NotSent } else { Delivery::OutcomeUnknown };
            self.finish(call, Err(CallError::Lost(delivery)));
        }
        self.withdraw_questions();
        self.forgotten.clear();
        self.elicitations.clear();
        self.initialize(now, false);
    }

    /// The application wants no more.
    pub(crate) fn handle_closing(&mut self) {
        self.phase = Phase::Failed;
        self.timers.cancel(Timer::Connect);
        self.sent.clear();
        self.lose_calls();
    }

    pub(super) fn withdraw_questions(&mut self) {
        let questions: Vec<QuestionId> = self.questions.keys().copied().collect();
        for question in questions {
            self.questions.remove(&question);
            self.tell(ClientEvent::Withdrawn { question });
        }
    }
}
