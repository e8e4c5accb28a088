//! The invariants by name, and what breaks them.

use alloc::{string::String, vec::Vec};
use core::fmt;

/// What must hold on a pipe, and between HTTP requests and what they get.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// A request gets one result or one error, none if it was cancelled, and never two.
    OneConclusion,
    /// An answer is the answer to a request; notifications and answers are not answered.
    NoReplyToNothing,
    /// After a cancellation nothing about the request leaves any more.
    SilenceAfterCancel,
    /// No log message below the level in force, or that nobody asked for.
    LogGate,
    /// Progress has the token of an open request and grows with each.
    Progress,
    /// Each line is one message of the revision that is spoken.
    Framing,
    /// A message about a subscription has its tag, its types, and comes between its
    /// acknowledgement and its end.
    RightPlace,
    /// Before `initialize` only it and `ping` are served, before `initialized` nothing is asked,
    /// and the revision is one that both sides have.
    Handshake,
    /// Nothing that the other side did not declare.
    Capabilities,
    /// Each exchange gets one head, then frames, then one end, and nothing after it.
    ExchangeOrder,
    /// What comes on a stream over all its connections has no gap, nothing twice, and its order.
    Replay,
    /// Nothing is done in a session that has ended or is somebody else's.
    Isolation,
    /// A state and the answers that go with it come back as they were given and asked for, on the
    /// request that they belong to, and no other state is taken.
    StateIntegrity,
    /// The header fields of an HTTP request say what its body says.
    Headers,
    /// Buffers stay within their limits, timers go on, and the end comes once.
    Bounds,
}

impl Invariant {
    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OneConclusion => "one conclusion",
            Self::NoReplyToNothing => "no reply to nothing",
            Self::SilenceAfterCancel => "silence after cancel",
            Self::LogGate => "log gate",
            Self::Progress => "progress",
            Self::Framing => "framing",
            Self::RightPlace => "right place",
            Self::Handshake => "handshake",
            Self::Capabilities => "capabilities",
            Self::ExchangeOrder => "exchange order",
            Self::Replay => "replay",
            Self::Isolation => "isolation",
            Self::StateIntegrity => "state integrity",
            Self::Headers => "headers",
            Self::Bounds => "bounds and rest",
        }
    }
}

/// An invariant that was broken, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub invariant: Invariant,
    /// What was seen.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VIOLATION of {:?}: {}", self.invariant.name(), self.what)
    }
}

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    all: Vec<Violation>,
    mute: bool,
}

impl Findings {
    pub(super) fn add(&mut self, invariant: Invariant, what: String) {
        if !self.mute {
            self.all.push(Violation { invariant, what });
        }
    }

    /// From here on nothing can be judged: the client's own requests cannot be told apart.
    pub(super) fn mute(&mut self) {
        self.mute = true;
    }

    pub(super) fn all(&self) -> &[Violation] {
        &self.all
    }
}
