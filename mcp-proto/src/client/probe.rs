//! Which era a server is of: the table of what each reply to the probe means.
//!
//! Nothing here knows a transport or holds state.
//!
//! Spec: "Backward compatibility" of 2026-07-28's `basic/versioning`.

use alloc::{string::String, vec::Vec};

use serde::Deserialize;

use crate::{
    error::{ErrorObject, code},
    version::Version,
};

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The server speaks this revision, request by request.
    Modern(Version),
    /// Probe once more, with this revision.
    Again(Version),
    /// Begin with `initialize`.
    FallBack,
    /// There is no common revision.
    NoCommonVersion,
    /// The server is modern and refuses for good.
    Refused(ErrorObject),
}

/// What the client can choose from.
#[derive(Clone, Copy)]
pub(super) struct Choice<'a> {
    /// The revisions that the client speaks.
    pub(super) versions: &'a [Version],
    /// Whether the probe was sent for the second time.
    pub(super) second: bool,
}

impl Choice<'_> {
    /// The server answered `server/discover`, and named these revisions; `None` if the answer is
    /// nonsense, which is what a server says that does not know the question.
    pub(super) fn on_result(self, supported: Option<&[String]>) -> Step {
        match supported.and_then(|supported| self.newest_common(supported)) {
            Some(version) => Step::Modern(version),
            None => self.fall_back(),
        }
    }

    /// The server answered with an error.
    pub(super) fn on_error(self, error: ErrorObject) -> Step {
        match error.code {
            code::UNSUPPORTED_VERSION => self.on_unsupported(&error),
            // Modern codes: the server is a modern one, and falling back would not help.
            code::HEADER_MISMATCH | code::MISSING_CLIENT_CAPABILITY => match self.newest() {
                Some(version) if !self.second => Step::Again(version),
                _ => Step::Refused(error),
            },
            _ => self.fall_back(),
        }
    }

    /// The server refused `initialize`: the revision to probe with, if it is a modern server.
    pub(super) fn on_initialize_error(self, error: &ErrorObject) -> Option<Version> {
        self.newest_common(&supported(error)?)
    }

    fn on_unsupported(self, error: &ErrorObject) -> Step {
        let Some(supported) = supported(error) else { return self.fall_back() };
        match self.newest_common(&supported) {
            Some(version) if !self.second => Step::Again(version),
            Some(_) => Step::Refused(error.clone()),
            None if self.shares_legacy(&supported) => Step::FallBack,
            None => Step::NoCommonVersion,
        }
    }

    /// Silence, or the end of the server, is what a legacy server may answer with too.
    pub(super) fn fall_back(self) -> Step {
        if self.versions.iter().any(|version| version.rules().handshake) {
            Step::FallBack
        } else {
            Step::NoCommonVersion
        }
    }

    /// The newest revision without a handshake that the client speaks.
    pub(super) fn newest(self) -> Option<Version> {
        self.versions.iter().copied().filter(|version| !version.rules().handshake).max()
    }

    fn newest_common(self, named: &[String]) -> Option<Version> {
        self.common(named).filter(|version| !version.rules().handshake).max()
    }

    fn shares_legacy(self, named: &[String]) -> bool {
        self.common(named).any(|version| version.rules().handshake)
    }

    fn common(self, named: &[String]) -> impl Iterator<Item = Version> {
        let known = named.iter().filter_map(|name| name.parse::<Version>().ok());
        known.filter(move |version| self.versions.contains(version))
    }
}

/// The revisions that a server names with which it refuses one.
fn supported(error: &ErrorObject) -> Option<Vec<String>> {
    #[derive(Deserialize)]
    struct Data {
        supported: Vec<String>,
    }
    let data = error.data.as_ref().filter(|_| error.code == code::UNSUPPORTED_VERSION);
    data.and_then(|data| data.parse::<Data>().ok()).map(|data| data.supported)
}
