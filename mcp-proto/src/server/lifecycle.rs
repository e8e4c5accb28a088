//! The legacy lifecycle as a table. Nothing else knows what a phase allows.
//!
//! Spec: `basic/lifecycle` of 2024-11-05 to 2025-11-25.

/// How far a legacy session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// No `initialize` yet.
    Fresh,
    /// `initialize` is answered; `notifications/initialized` has not come.
    Initializing,
    /// In full operation.
    Operating,
    /// The application has ended it, and with it the pipe, which has no other.
    Ended,
}

/// What kind of message came, as far as the lifecycle cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Initialize,
    Initialized,
    Ping,
    Request,
    Notification,
}

/// What is done with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// A session begins.
    Begin,
    /// The session is in operation.
    Operate,
    /// It is served.
    Serve,
    /// It is answered -32600.
    Refuse,
    /// It is dropped: notifications and responses are never answered.
    Drop,
}

/// One row for each rule, whether or not two rules come to the same.
#[expect(clippy::match_same_arms, reason = "a table reads better row by row")]
pub(crate) const fn verdict(phase: Phase, kind: Kind) -> Verdict {
    match (phase, kind) {
        (Phase::Fresh, Kind::Initialize) => Verdict::Begin,
        // A session is initialized once, and a pipe has one session.
        (Phase::Initializing | Phase::Operating | Phase::Ended, Kind::Initialize) => {
            Verdict::Refuse
        }
        (Phase::Initializing, Kind::Initialized) => Verdict::Operate,
        (Phase::Fresh | Phase::Operating | Phase::Ended, Kind::Initialized) => Verdict::Drop,
        (_, Kind::Ping) => Verdict::Serve,
        (Phase::Fresh | Phase::Ended, Kind::Request) => Verdict::Refuse,
        (Phase::Fresh | Phase::Ended, Kind::Notification) => Verdict::Drop,
        // `initialized` may be overtaken by the next request, and only the client was told to wait.
        (Phase::Initializing | Phase::Operating, _) => Verdict::Serve,
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use core::fmt::Write;

    use super::*;

    #[test]
    fn the_table_of_phases_and_messages() {
        let mut table = String::new();
        for kind in
            [Kind::Initialize, Kind::Initialized, Kind::Ping, Kind::Request, Kind::Notification]
        {
            write!(table, "{kind:?}:").unwrap();
            for phase in [Phase::Fresh, Phase::Initializing, Phase::Operating, Phase::Ended] {
                write!(table, " {phase:?} {:?}", verdict(phase, kind)).unwrap();
            }
            table += "\n";
        }
        insta::assert_snapshot!(table, @"
        Initialize: Fresh Begin Initializing Refuse Operating Refuse Ended Refuse
        Initialized: Fresh Drop Initializing Operate Operating Drop Ended Drop
        Ping: Fresh Serve Initializing Serve Operating Serve Ended Serve
        Request: Fresh Refuse Initializing Serve Operating Serve Ended Refuse
        Notification: Fresh Drop Initializing Serve Operating Serve Ended Drop
        ");
    }
}
