//! The client's state machine, without a transport.
//!
//! ```text
//!           start                    result, or a version both speak
//!  Fresh ───────────▶ Probing ─────────────────────────────────────────▶ Ready
//!    │                   │ any other error, nonsense, silence              ▲
//!    │ Era::Legacy       ▼                                                 │
//!    └────────────▶ Initializing ──── result, then `initialized` ──────────┘
//!                        │            (a modern server that refuses it is probed once more)
//!                        ▼ an error, no common version, silence
//!                      Failed
//!
//!  a call:   held until Ready ──▶ sent ──▶ finished
//!                                  │  ▲
//!                 input_required   ▼  │ answers (a new request, the same call)
//!                                 asked
//! ```

mod answer;
mod cache;
mod call;
mod config;
mod encode;
mod event;
mod handshake;
mod intake;
mod listen;
mod notification;
mod probe;
mod result;
mod transport;

use alloc::{
    boxed::Box,
    collections::{BTreeMap, VecDeque},
    string::String,
    sync::Arc,
    vec::Vec,
};

pub use config::{CallOptions, ClientCallId, ClientConfig, Era, Listening, QuestionId};
pub use event::{
    Agreement, CallError, ClientEvent, ClientOutput, ConnectError, Delivery, DroppedByClient,
    Violation,
};
pub use transport::HttpError;

use answer::OpenQuestion;
use cache::Cache;
use call::Pending;

use crate::{
    error::CommandError,
    rpc,
    schema::Level,
    time::{Instant, Timers},
    version::{Rules, Version},
    wire::{Frame, Json, Message, RequestId},
};

/// The state machine of the client side, without a transport.
///
/// Its methods are of four kinds: getters, which take `&self`; `handle_*`, which take in what
/// comes from outside; verbs, by which the application speaks; and `poll_*`, which say what to do.
pub struct Client {
    config: ClientConfig,
    /// The revisions that the era leaves to choose from.
    versions: Vec<Version>,
    phase: Phase,
    /// What requests of this revision say of us, once it is agreed on.
    identity: Option<(Version, String)>,
    calls: BTreeMap<ClientCallId, Pending>,
    sent: BTreeMap<RequestId, Sent>,
    /// Requests whose answers nobody waits for, the oldest first; some are answered already.
    forgotten: VecDeque<RequestId>,
    questions: BTreeMap<QuestionId, OpenQuestion>,
    /// URL elicitations whose end the server may still tell, the oldest first (2025-11-25).
    elicitations: VecDeque<Box<str>>,
    /// Whether the server leaves too much unread.
    congested: bool,
    timers: Timers<Timer>,
    cache: Cache,
    /// From which level on calls hear logs whose options say nothing (2026-07-28).
    log_level: Option<Level>,
    next_request: i64,
    next_call: u64,
    next_question: u64,
    outputs: VecDeque<ClientOutput>,
}

/// How far the client is with the server.
#[derive(Clone, Debug)]
enum Phase {
    Fresh,
    Probing {
        second: bool,
    },
    /// The server is gone after the probe; a new one is awaited.
    Respawning,
    Initializing {
        /// Whether this very server has seen the probe.
        probed: bool,
    },
    Ready(Arc<Agreement>),
    Failed,
}

/// What a request of ours was.
#[derive(Clone, Copy, Debug)]
enum Sent {
    Probe,
    Initialize,
    Call(ClientCallId),
    /// `resources/subscribe`, for a subscription of a legacy session.
    Subscribe(ClientCallId),
    /// Nobody waits for the answer.
    Forgotten,
}

/// What a deadline is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    /// The probe, or `initialize`.
    Connect,
    Idle(ClientCallId),
    Total(ClientCallId),
    /// A subscription is not open yet.
    Listen(ClientCallId),
    /// A round without questions is sent again.
    Pause(ClientCallId),
}

impl core::fmt::Debug for Client {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Client")
            .field("phase", &self.phase)
            .field("calls", &self.calls.len())
            .field("questions", &self.questions.len())
            .finish_non_exhaustive()
    }
}

impl Client {
    /// A machine that has said nothing yet: see [`Client::start`].
    pub fn new(config: ClientConfig) -> Self {
        let offers = |handshake: bool| {
            let all = config.versions.iter().copied();
            all.filter(|version| version.rules().handshake == handshake || !handshake).collect()
        };
        let versions = match config.era {
            Era::Auto => offers(false),
            Era::Legacy => offers(true),
            Era::Pinned(version) => alloc::vec![version],
        };
        Self {
            versions,
            phase: Phase::Fresh,
            identity: None,
            calls: BTreeMap::new(),
            sent: BTreeMap::new(),
            forgotten: VecDeque::new(),
            questions: BTreeMap::new(),
            elicitations: VecDeque::new(),
            congested: false,
            timers: Timers::new(),
            cache: Cache::new(config.limits.cache_entries_max, config.limits.cache_bytes_max),
            log_level: None,
            next_request: 0,
            next_call: 0,
            next_question: 0,
            outputs: VecDeque::new(),
            config,
        }
    }

    /// What both sides agreed on, once they did.
    pub fn agreement(&self) -> Option<&Arc<Agreement>> {
        match &self.phase {
            Phase::Ready(agreement) => Some(agreement),
            _ => None,
        }
    }

    /// What the machine was told at its beginning.
    pub fn config(&self) -> &ClientConfig {
        &self.config
    }

    /// The calls and subscriptions that have not ended.
    pub fn calls(&self) -> impl Iterator<Item = (ClientCallId, &str)> {
        self.calls.iter().map(|(call, pending)| (*call, pending.method()))
    }

    /// Forgets the results that were good for a while, and keeps none of those that are awaited:
    /// they belong to whom the client called as until now.
    pub fn forget_results(&mut self) {
        self.cache.clear();
        for pending in self.calls.values_mut() {
            pending.cache = None;
        }
    }

    /// The questions that wait for the application.
    pub fn questions(&self) -> impl Iterator<Item = QuestionId> {
        self.questions.keys().copied()
    }

    /// Takes in a message.
    pub fn handle_message(&mut self, now: Instant, message: Message<'_>) {
        match message {
            Message::Request(request) => self.handle_request(&request, None),
            Message::Notification(notification) => self.handle_notification(now, &notification),
            Message::Response(response) => self.handle_response(now, response),
        }
    }

    /// Does what is due. Calls before that are harmless.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.timers.pop_due(now) {
            match timer {
                Timer::Connect => self.connect_timed_out(now),
                // Which call a person is asked for is not known; none is given up meanwhile.
                Timer::Idle(call) if self.awaits_person() => self.heard_of(now, call),
                Timer::Idle(call) | Timer::Total(call) => self.call_timed_out(call),
                Timer::Listen(call) => self.listen_timed_out(call),
                Timer::Pause(call) => self.send_call(now, call),
            }
        }
    }

    /// Sends a notification; `params` is a JSON object. What only clients of the older revisions
    /// say is refused in 2026-07-28.
    pub fn notify(&mut self, method: &str, params: &Json) -> Result<(), CommandError> {
        const LEGACY: [&str; 3] = [
            "notifications/initialized",
            "notifications/progress",
            "notifications/roots/list_changed",
        ];
        let rules = self.rules().ok_or(CommandError::Gone)?;
        if !rules.handshake && LEGACY.contains(&method) {
            return Err(CommandError::NotInThisRevision);
        }
        if self.congested {
            return Err(CommandError::OverLimit);
        }
        let text = rpc::notification(method, params.as_str());
        self.send(None, Frame::owned(text));
        Ok(())
    }

    /// From which level on to hear log messages. In a legacy session the server is told by a call,
    /// if it has declared `logging`; in 2026-07-28 each call says so whose options do not say
    /// otherwise. Before there is an agreement the level is kept, and told as the server's era
    /// demands.
    pub fn set_level(&mut self, now: Instant, level: Level) -> Option<ClientCallId> {
        self.log_level = Some(level);
        self.agreement().is_some_and(|agreed| handshake::sets_level(agreed)).then(|| {
            let params = encode::level_params(level);
            self.call(now, "logging/setLevel", &params, CallOptions::default())
        })
    }

    /// The next thing to do, until there is none.
    #[must_use]
    pub fn poll_output(&mut self) -> Option<ClientOutput> {
        self.outputs.pop_front()
    }

    /// When [`Client::handle_timeout`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// The rules of the revision that is spoken.
    fn rules(&self) -> Option<&'static Rules> {
        self.agreement().map(|agreement| agreement.version.rules())
    }

    fn new_request(&mut self, what: Sent) -> RequestId {
        self.next_request += 1;
        let id = RequestId::Int(self.next_request);
        self.sent.insert(id.clone(), what);
        id
    }

    /// The name of a request whose answer nobody waits for. So many are remembered; the answer to
    /// an older one is reported as unknown.
    fn new_forgotten(&mut self) -> RequestId {
        let id = self.new_request(Sent::Forgotten);
        self.forgotten.push_back(id.clone());
        if self.forgotten.len() > self.config.limits.subscriptions_max
            && let Some(oldest) = self.forgotten.pop_front()
        {
            self.sent.remove(&oldest);
        }
        id
    }

    fn send(&mut self, call: Option<ClientCallId>, frame: Frame) {
        self.outputs.push_back(ClientOutput::Send { call, frame });
    }

    fn tell(&mut self, event: ClientEvent) {
        self.outputs.push_back(ClientOutput::Event(event));
    }

    /// Whether the server leaves more unread than it may: then nothing new is begun.
    pub(crate) fn handle_congestion(&mut self, congested: bool) {
        self.congested = congested;
    }

    /// Something has no place; the application is told.
    pub(crate) fn drop_noted(&mut self, dropped: DroppedByClient) {
        self.tell(ClientEvent::Dropped(dropped));
    }
}
