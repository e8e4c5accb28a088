//! The server's state machine, without a transport.
//!
//! It says what each message is about; the transport around it knows where that goes. This folder
//! knows no transport, no HTTP status and no revision by name: it asks the
//! [`Rules`].
//!
//! ```text
//!  a legacy session                         one request
//!
//!  Fresh ──initialize──▶ Initializing       Call ──▶ running ──▶ concluded (one result or error)
//!    │                       │                        │   ▲
//!    │ (refused, but ping)   │ initialized            ▼   │ answers
//!    ▼                       ▼                       asking ──▶ concluded (input_required, from
//!  Fresh                 Operating                    │         2026-07-28 on)
//!                            │                        ▼
//!                            ▼                       cancelled (no answer at all)
//!                          Closed
//! ```

mod arrival;
mod ask;
mod batch;
mod builtin;
mod call;
mod command;
mod conclude;
mod config;
mod emit;
mod event;
mod lifecycle;
mod listen;
mod method;
mod notification;
mod offer;
mod request;
mod request_meta;
mod session;
mod state;
mod stats;
mod vocabulary;

use alloc::{
    boxed::Box,
    collections::{BTreeMap, VecDeque},
    string::String,
    sync::Arc,
};
use core::sync::atomic::AtomicU8;

pub use arrival::{Arrival, ExchangeId, Origin, Received};
pub(crate) use ask::{missing, undeclared};
pub use call::{Answers, Call, CallId, CallMeta, CompleteParams, Method, Reference};
pub(crate) use call::{Asked, Flags, LEVEL_OFF};
pub(crate) use command::Members;
pub use command::{About, CacheHint, Command, Key, Memo, Reply, ResultBody};
pub use config::{ServerConfig, StateGuard, StateKey};
pub use event::{CloseReason, Dropped, Event, Kind, ServerOutput};
pub use offer::Offer;
pub use session::{SessionId, SessionKey};
pub use stats::Stats;

use crate::{
    entropy::Entropy,
    error::{CommandError, ErrorObject},
    rpc::{Inbound, Outbound, Scope},
    schema::Level,
    time::Instant,
    version::{Rules, Version},
    wire::{Frame, Message, Params, RequestId},
};
pub use crate::{
    schema::{Answer, List, Question},
    time::Timeouts,
};
use ask::{Asking, Waiting};
use lifecycle::Phase;
use listen::Listen;
use request_meta::Declarations;
use session::Session;
use state::Sealer;
#[cfg(test)]
pub(crate) use state::digest;

/// The state machine of the server side, without a transport.
///
/// Its methods are of four kinds: getters, which take `&self`; `handle_*`, which take in what
/// comes from outside; verbs, by which the application speaks; and `poll_*`, which say what to do.
pub struct Server {
    config: ServerConfig,
    entropy: Box<dyn Entropy>,
    offer: Arc<Offer>,
    sealer: Sealer,
    /// `"io.modelcontextprotocol/serverInfo":{…}`
    own_info: String,
    /// One cell for each level that a request may name, and one for "none".
    levels: [Arc<AtomicU8>; Level::ALL.len() + 1],
    declarations: Declarations,
    sessions: BTreeMap<SessionKey, Session>,
    pipe_session: Option<SessionKey>,
    calls: BTreeMap<CallId, Running>,
    listens: BTreeMap<CallId, Box<Listen>>,
    inbound: Inbound<CallId>,
    outbound: Outbound<Waiting>,
    next_call: u64,
    next_session: u64,
    next_session_id: Option<SessionId>,
    next_ping: u64,
    congested: bool,
    /// Whether the application knows that messages are dropped because of that.
    congestion_told: bool,
    /// Whether the client of the pipe will answer nothing any more.
    departed: bool,
    outputs: VecDeque<ServerOutput>,
    stats: Stats,
}

/// What a transport has to say against a call, just before it begins.
pub(crate) type Check<'a> = dyn Fn(&Method, &Offer) -> Result<(), ErrorObject> + 'a;

/// A call that is not concluded.
#[derive(Debug)]
struct Running {
    call: Arc<Call>,
    origin: Origin,
    /// Whether the call may be answered with a question.
    may_ask: bool,
    /// Whether its result may carry caching hints.
    cacheable: bool,
    progress: Option<Progress>,
    asking: Option<Asking>,
}

/// The progress that a client asked for.
#[derive(Debug)]
struct Progress {
    token: RequestId,
    /// The last value sent.
    floor: Option<f64>,
}

impl core::fmt::Debug for Server {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Server")
            .field("sessions", &self.sessions.len())
            .field("calls", &self.calls.len())
            .field("listens", &self.listens.len())
            .finish_non_exhaustive()
    }
}

impl Server {
    /// A machine that offers nothing yet: see [`Server::set_offer`].
    pub fn new(config: ServerConfig, mut entropy: Box<dyn Entropy>) -> Self {
        let sealer = Sealer::new(&config.state_keys, &mut *entropy);
        Self {
            sealer,
            own_info: builtin::server_info(&config),
            levels: core::array::from_fn(|place| {
                Arc::new(AtomicU8::new(Level::ALL.get(place).map_or(LEVEL_OFF, |l| *l as u8)))
            }),
            declarations: Declarations::new(config.limits.terms_max),
            config,
            entropy,
            offer: Arc::default(),
            sessions: BTreeMap::new(),
            pipe_session: None,
            calls: BTreeMap::new(),
            listens: BTreeMap::new(),
            inbound: Inbound::new(),
            outbound: Outbound::new(),
            next_call: 0,
            next_session: 0,
            next_session_id: None,
            next_ping: 0,
            congested: false,
            congestion_told: false,
            departed: false,
            outputs: VecDeque::new(),
            stats: Stats::default(),
        }
    }

    /// What the machine was told at its beginning.
    pub fn config(&self) -> &ServerConfig {
        &self.config
    }

    /// The sessions that are open, with what was agreed on in each.
    pub fn sessions(
        &self,
    ) -> impl Iterator<Item = (SessionKey, Option<&SessionId>, &Arc<crate::Terms>)> {
        self.sessions.iter().map(|(key, session)| (*key, session.id.as_ref(), &session.terms))
    }

    /// The calls that are not concluded.
    pub fn calls(&self) -> impl Iterator<Item = &Arc<Call>> {
        self.calls.values().map(|running| &running.call)
    }

    /// Who is told of changes of which resource: a session, or a call that listens.
    pub fn subscriptions(&self) -> impl Iterator<Item = (About, &str)> {
        let sessions = self.sessions.iter().flat_map(|(key, session)| {
            session.subscriptions.iter().map(|uri| (About::Session(*key), &**uri))
        });
        let listens = self
            .listens
            .iter()
            .flat_map(|(call, listen)| listen.uris().map(|uri| (About::Call(*call), uri)));
        sessions.chain(listens)
    }

    /// A value that the application attached to a session.
    pub fn attached(&self, session: SessionKey, key: &str) -> Option<&crate::wire::Json> {
        self.sessions.get(&session)?.attached().get(key)
    }

    /// What was counted so far.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Whether nothing is open: no call, no subscription, no question.
    pub fn is_idle(&self) -> bool {
        self.calls.is_empty()
            && self.listens.is_empty()
            && self.outbound.is_empty()
            && self.outputs.is_empty()
    }

    /// Takes in a message.
    pub fn handle_message(&mut self, now: Instant, arrival: Arrival<'_>) -> Received {
        self.handle_checked(now, arrival, &|_, _| Ok(()))
    }

    /// Takes in a message. Whatever it asks for, `check` is asked once everything else is known to
    /// be in order.
    pub(crate) fn handle_checked(
        &mut self,
        now: Instant,
        arrival: Arrival<'_>,
        check: &Check<'_>,
    ) -> Received {
        let Arrival { origin, grant, message } = arrival;
        self.congestion_told = false;
        match message {
            Message::Request(request) => self.handle_request(now, origin, grant, request, check),
            Message::Notification(notification) => {
                self.handle_notification(now, origin, &notification);
                Received::Accepted
            }
            Message::Response(response) => {
                self.handle_response(now, origin, &response);
                Received::Accepted
            }
        }
    }

    /// Says what the application offers from now on; whoever listens is told what has changed.
    pub fn set_offer(&mut self, offer: Arc<Offer>) {
        let before = core::mem::replace(&mut self.offer, offer);
        for list in before.changes(&self.offer) {
            self.list_changed(list);
        }
    }

    /// Carries out a command.
    pub fn handle_command(&mut self, now: Instant, command: Command) -> Result<(), CommandError> {
        match command {
            Command::Respond { call, reply } => self.respond(now, call, reply),
            Command::Log { about, level, logger, data } => {
                self.log(about, level, logger.as_deref(), &data)
            }
            Command::Progress { call, progress, total, message } => {
                self.progress(call, progress, total, message.as_deref())
            }
            Command::Notify { about, method, params } => self.notify(about, &method, &params),
            Command::ListChanged(list) => {
                self.list_changed(list);
                Ok(())
            }
            Command::ResourceUpdated { uri } => {
                self.resource_updated(&uri);
                Ok(())
            }
            Command::ElicitationComplete { elicitation } => self.elicitation_complete(&elicitation),
            Command::Ping { session } => self.ping(now, session),
            Command::Attach { session, key, value } => {
                let limits = &self.config.limits;
                let session = self.sessions.get_mut(&session).ok_or(CommandError::Gone)?;
                session.attach(limits, key, value)
            }
            Command::Close { session } => self.close_session(session, CloseReason::Server),
            Command::Park { call, .. } => {
                self.running(call)?;
                Err(CommandError::NotInThisRevision)
            }
        }
    }

    /// Does what is due. Calls before that are harmless.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((id, waiting)) = self.outbound.expire(now) {
            self.handle_silence(&id, waiting);
        }
    }

    /// The next thing to do, until there is none.
    #[must_use]
    pub fn poll_output(&mut self) -> Option<ServerOutput> {
        self.outputs.pop_front()
    }

    /// When [`Server::handle_timeout`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.outbound.next_timeout()
    }

    /// Whether peers are behind with reading: what may be lost (logs, progress) is then dropped.
    pub(crate) fn handle_congestion(&mut self, congested: bool) {
        self.congested = congested;
    }

    /// The client will send nothing more: what waits for its answers fails, subscriptions end.
    pub(crate) fn handle_departure(&mut self) {
        self.fail_questions();
        self.end_listens();
    }

    /// The transport is gone: what still runs is given up.
    pub(crate) fn handle_closed(&mut self) {
        let calls: alloc::vec::Vec<CallId> = self.calls.keys().copied().collect();
        for call in calls {
            self.cancel(call, None);
        }
        self.listens.clear();
        let sessions: alloc::vec::Vec<SessionKey> = self.sessions.keys().copied().collect();
        for session in sessions {
            let _closed = self.close_session(session, CloseReason::TransportClosed);
        }
    }

    /// Nothing about a call can reach its client any more, and in its revision that is how a client
    /// gives it up.
    pub(crate) fn abandon(&mut self, call: CallId) {
        if self.close_listen(call).is_none() {
            self.cancel(call, None);
        }
    }

    /// The id of the next session that is opened; without it one is drawn.
    pub(crate) fn name_next_session(&mut self, id: Option<SessionId>) {
        self.next_session_id = id;
    }

    pub(crate) fn session_terms(&self, key: SessionKey) -> Option<&Arc<crate::Terms>> {
        self.sessions.get(&key).map(|session| &session.terms)
    }

    pub(crate) fn session_id(&self, key: SessionKey) -> Option<&SessionId> {
        self.sessions.get(&key)?.id.as_ref()
    }

    /// Random bits.
    pub(crate) fn draw(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.entropy.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    pub(crate) fn serves_version(&self, version: Version) -> bool {
        self.config.versions.contains(&version)
    }

    /// Whether the revision that parameters name is one that a request may name.
    pub(crate) fn serves_version_of(&self, params: &Params<'_>) -> bool {
        let meta = params.meta.as_ref().and_then(|meta| meta.as_ref().ok());
        let version = meta.and_then(|meta| meta.version);
        version.is_some_and(|raw| request_meta::version(raw, &self.config.versions).is_ok())
    }

    /// The error for a request that names no revision.
    pub(crate) fn missing_version(&self) -> ErrorObject {
        request_meta::missing_version(&self.config.versions)
    }

    /// How many requests of a session are being served.
    pub(crate) fn in_flight(&self, key: SessionKey) -> usize {
        self.inbound.count(Scope::Session(key.0))
    }

    /// What holds for messages from there, as far as that is known without their words.
    pub(crate) fn rules_of(&self, origin: Origin) -> Option<&'static Rules> {
        if let Origin::Sessionless { version, .. } = origin {
            return Some(version.rules());
        }
        let session = self.sessions.get(&self.session_of(origin)?)?;
        Some(session.terms.version.rules())
    }

    /// A log message or progress is dropped. A handler may make any number of them before the
    /// application looks at its events, so it is told once for all until the next message.
    fn drop_congested(&mut self) {
        self.stats.count(&Dropped::Congested);
        if !self.congestion_told {
            self.congestion_told = true;
            self.tell(Event::Dropped(Dropped::Congested));
        }
    }

    /// Something was dropped: it is counted, and the application is told.
    pub(crate) fn drop_noted(&mut self, dropped: Dropped) {
        self.stats.count(&dropped);
        self.outputs.push_back(ServerOutput::Event(Event::Dropped(dropped)));
    }

    /// Wall-clock time since 1970.
    fn unix(&self, now: Instant) -> core::time::Duration {
        self.config.unix_at_zero.saturating_add(now.since_zero())
    }

    fn new_call(&mut self) -> CallId {
        self.next_call += 1;
        CallId(self.next_call)
    }

    /// How far a session is that there is or was; without one, nothing has begun.
    fn phase_of(&self, session: Option<SessionKey>) -> Phase {
        session.map_or(Phase::Fresh, |key| {
            self.sessions.get(&key).map_or(Phase::Ended, |session| session.phase)
        })
    }

    fn session_of(&self, origin: Origin) -> Option<SessionKey> {
        match origin {
            Origin::Pipe => self.pipe_session,
            Origin::Session(key) => self.sessions.contains_key(&key).then_some(key),
            Origin::Isolated(_) | Origin::Sessionless { .. } => None,
        }
    }

    fn running(&mut self, call: CallId) -> Result<&Running, CommandError> {
        let Some(running) = self.calls.get(&call) else {
            self.stats.late_commands += 1;
            return Err(CommandError::Gone);
        };
        Ok(running)
    }

    /// Sends the response that concludes a call; `error` is its code, if it is one.
    fn send_response(&mut self, call: CallId, text: String, error: Option<i64>) {
        let (about, frame) = (About::Call(call), Frame::owned(text));
        let kind = Kind::Response { error };
        self.outputs.push_back(ServerOutput::Send { about, frame, last: true, kind });
    }

    /// Sends a message that concludes nothing.
    fn send(&mut self, about: About, frame: Frame, kind: Kind) {
        self.outputs.push_back(ServerOutput::Send { about, frame, last: false, kind });
    }

    fn tell(&mut self, event: Event) {
        self.outputs.push_back(ServerOutput::Event(event));
    }
}

#[cfg(test)]
mod tests;
