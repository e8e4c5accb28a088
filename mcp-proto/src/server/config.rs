//! What a server is told once.

use alloc::{sync::Arc, vec::Vec};
use core::time::Duration;

use super::CacheHint;
use crate::{
    grant::Grant,
    limits::Limits,
    schema::{Implementation, Level},
    time::Timeouts,
    version::Version,
};

/// What a server is told once.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// What the server calls itself.
    pub info: Implementation,
    /// The revisions that it serves. Default: all.
    pub versions: Vec<Version>,
    /// Every ceiling.
    pub limits: Limits,
    /// Who is at the other end of a pipe. Default: somebody who may see everything.
    pub pipe_grant: Arc<Grant>,
    /// The log level of a legacy session before its client sets one. Default: info.
    pub log_level: Level,
    /// How long a client has to answer a question. Default: 5 min without progress, 30 min in all,
    /// because a person may have to think.
    pub ask_timeout: Timeouts,
    /// How long a client has to answer a ping. Default: 10 s.
    pub ping_timeout: Duration,
    /// How long accepted work may take after the end of input. Default: 2 s.
    pub drain: Duration,
    /// Wall-clock time at the driver's zero, since 1970. Used for the expiry of `requestState` and
    /// inside session ids, nowhere else.
    pub unix_at_zero: Duration,
    /// The keys that seal `requestState`: the first seals, all open. Default: none, and one that
    /// lives as long as the machine is drawn from its entropy.
    pub state_keys: Vec<StateKey>,
    /// How long a `requestState` is good for. Default: 1 h.
    pub state_ttl: Duration,
    /// Asked about each `requestState` that opens: for answers that must count once only.
    /// Default: none, and a state may be used again until it expires.
    pub state_guard: Option<StateGuard>,
    /// For results whose handler says nothing about caching. Default: not at all, private.
    pub cache: CacheHint,
    /// Whether the end of a `subscriptions/listen` is also told by `notifications/cancelled`, as
    /// the cancellation page wants it, after the result that the subscriptions page wants.
    pub cancel_ended_listens: bool,
}

impl ServerConfig {
    /// The defaults, for a server that calls itself `info`.
    pub fn new(info: Implementation) -> Self {
        Self {
            info,
            versions: Version::ALL.to_vec(),
            limits: Limits::default(),
            pipe_grant: Arc::default(),
            log_level: Level::Info,
            ask_timeout: Timeouts {
                idle: Some(Duration::from_mins(5)),
                total: Some(Duration::from_mins(30)),
            },
            ping_timeout: Duration::from_secs(10),
            drain: Duration::from_secs(2),
            unix_at_zero: Duration::ZERO,
            state_keys: Vec::new(),
            state_ttl: Duration::from_hours(1),
            state_guard: None,
            cache: CacheHint::default(),
            cancel_ended_listens: false,
        }
    }
}

/// A key that seals `requestState`.
///
/// Servers that answer for each other share their keys. To change keys, put the new one first and
/// keep the old one for as long as [`ServerConfig::state_ttl`].
#[derive(Clone)]
pub struct StateKey {
    /// Which key it is; visible in the state.
    pub id: u8,
    /// The key itself: 32 random bytes.
    pub key: [u8; 32],
}

impl core::fmt::Debug for StateKey {
    /// Leaves the key out.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("StateKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Decides whether a `requestState` may be used, this time.
///
/// It is given the text of a state that was sealed here, is meant for this request and has not
/// expired. No two states have the same text. Where it says no, the request is answered -32602,
/// as for a state that does not open.
#[derive(Clone)]
pub struct StateGuard(Arc<dyn Fn(&str) -> bool + Send + Sync>);

impl StateGuard {
    /// Asks `guard`, which must remember what it has seen if a state is to count once.
    pub fn new(guard: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(guard))
    }

    pub(crate) fn admits(&self, state: &str) -> bool {
        (self.0)(state)
    }
}

impl core::fmt::Debug for StateGuard {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("StateGuard")
    }
}
