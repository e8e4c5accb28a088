//! What a client is told once, and how each call is made.

use alloc::{boxed::Box, vec::Vec};
use core::time::Duration;

use crate::{
    limits::Limits,
    schema::{ClientCapabilities, Implementation, Level, TraceContext},
    time::Timeouts,
    version::Version,
    wire::Json,
};

/// What a client is told once.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// What the client calls itself.
    pub info: Implementation,
    /// What the client can do. Questions about anything else are refused without asking.
    pub capabilities: ClientCapabilities,
    /// The revisions that it speaks. Default: all.
    pub versions: Vec<Version>,
    /// Which era to begin with.
    pub era: Era,
    /// Every ceiling.
    pub limits: Limits,
    /// How long the probe (`server/discover`) may take before the server counts as a legacy one.
    /// Default: 3 s. Servers that know nothing of it often say nothing.
    pub probe_timeout: Duration,
    /// How long `initialize` may take, or the probe where nothing can come after it. Default: 30 s.
    pub initialize_timeout: Duration,
    /// How long a call may take whose options say nothing. Default: 60 s without progress, no
    /// limit in all.
    pub timeouts: Timeouts,
    /// How long a server may take to say what it grants of a subscription. Default: 30 s. An open
    /// subscription lasts as long as it lasts.
    pub listen_timeout: Duration,
    /// How long a round without questions waits before it is sent again. Default: 100 ms.
    pub round_pause: Duration,
}

impl ClientConfig {
    /// The defaults, for a client that calls itself `info`.
    pub fn new(info: Implementation, capabilities: ClientCapabilities) -> Self {
        Self {
            info,
            capabilities,
            versions: Version::ALL.to_vec(),
            era: Era::Auto,
            limits: Limits::default(),
            probe_timeout: Duration::from_secs(3),
            initialize_timeout: Duration::from_secs(30),
            timeouts: Timeouts { idle: Some(Duration::from_mins(1)), total: None },
            listen_timeout: Duration::from_secs(30),
            round_pause: Duration::from_millis(100),
        }
    }
}

/// Which era a client begins with.
///
/// The era is a fact about the server: [`ClientEvent::Ready`](super::ClientEvent::Ready) tells the
/// verdict, and an application that keeps it saves the probe next time.
///
/// Spec: "Backward compatibility" of 2026-07-28's `basic/versioning`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Era {
    /// Asks `server/discover` first, and falls back to `initialize`.
    #[default]
    Auto,
    /// Begins with `initialize`.
    Legacy,
    /// This revision and no other; one with a handshake is what `initialize` offers and demands.
    Pinned(Version),
}

/// How a call is made.
#[derive(Clone, Debug, Default)]
pub struct CallOptions {
    /// How long it may take; what is `None` here is as in [`ClientConfig::timeouts`].
    pub timeouts: Timeouts,
    /// Whether to ask for progress. Asked for anyway where the call has an idle timeout, since
    /// progress begins that anew.
    pub progress: bool,
    /// From which level on to hear log messages of this call (2026-07-28).
    pub log_level: Option<Level>,
    /// The trace context that the call belongs to.
    pub trace: Option<TraceContext>,
    /// Whether a list is to be walked to its end, its pages joined. Other methods have no pages.
    pub all_pages: bool,
    /// Whether a result that was kept earlier will not do.
    pub fresh: bool,
    /// More members of `_meta`: a JSON object. Those that the protocol keeps for itself (see
    /// [`meta_key`](crate::schema::meta_key)) and those of `trace` are left out.
    pub meta: Option<Json>,
}

/// The name of a call, or of a subscription, for as long as the client lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientCallId(pub(super) u64);

/// The name of a question of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuestionId(pub(super) u64);

/// What to be told of (`subscriptions/listen`, or `resources/subscribe` in a legacy session).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listening {
    /// Changes of the tools.
    pub tools: bool,
    /// Changes of the prompts.
    pub prompts: bool,
    /// Changes of the list of resources.
    pub resources: bool,
    /// Changes of these resources, by URI.
    pub uris: Vec<Box<str>>,
}
