//! The protocol revisions, and every difference between them as data.
//!
//! This is the only file that compares revisions: all others ask [`Version::rules`].

use core::{fmt, str::FromStr};

use crate::error::code;

/// A revision of the Model Context Protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// 2024-11-05, the first.
    V2024_11_05,
    /// 2025-03-26: batches, audio, tool annotations.
    V2025_03_26,
    /// 2025-06-18: elicitation, structured results, titles; no batches.
    V2025_06_18,
    /// 2025-11-25: icons, URL elicitation, sampling with tools.
    V2025_11_25,
    /// 2026-07-28: no handshake and no session; each request says what it needs.
    V2026_07_28,
}

impl Version {
    /// All revisions, oldest first.
    pub const ALL: [Self; 5] = [
        Self::V2024_11_05,
        Self::V2025_03_26,
        Self::V2025_06_18,
        Self::V2025_11_25,
        Self::V2026_07_28,
    ];

    /// The newest revision.
    pub const LATEST: Self = Self::V2026_07_28;

    /// The newest revision that begins with `initialize`.
    pub const LATEST_WITH_HANDSHAKE: Self = Self::V2025_11_25;

    /// What an HTTP request without `MCP-Protocol-Version` is taken for, where nothing else says.
    pub const WITHOUT_HEADER: Self = Self::V2025_03_26;

    /// The name of the revision on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2024_11_05 => "2024-11-05",
            Self::V2025_03_26 => "2025-03-26",
            Self::V2025_06_18 => "2025-06-18",
            Self::V2025_11_25 => "2025-11-25",
            Self::V2026_07_28 => "2026-07-28",
        }
    }

    /// What holds in this revision.
    pub const fn rules(self) -> &'static Rules {
        &RULES[self as usize]
    }

    /// The newest of `served` that begins with `initialize`: what a server counters with when the
    /// client offers a revision that it does not serve.
    pub(crate) fn newest_with_handshake(served: &[Self]) -> Option<Self> {
        served.iter().copied().filter(|version| version.rules().handshake).max()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no revision that this crate knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownVersion;

impl fmt::Display for UnknownVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unknown protocol version")
    }
}

impl core::error::Error for UnknownVersion {}

impl FromStr for Version {
    type Err = UnknownVersion;

    fn from_str(text: &str) -> Result<Self, UnknownVersion> {
        Self::ALL.into_iter().find(|version| version.as_str() == text).ok_or(UnknownVersion)
    }
}

/// What a server may ask of a client by elicitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Elicitation {
    /// Nothing: the revision has no elicitation.
    None,
    /// Flat forms without defaults for strings, numbers and enums.
    Forms,
    /// Forms with defaults and titled or multiple choice, and URLs.
    FormsAndUrls,
}

/// What `structuredContent` may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Structured {
    /// Absent: the revision does not have it.
    None,
    /// A JSON object.
    Object,
    /// Any JSON value, `null` included.
    Any,
}

/// Every difference between revisions that this crate acts on.
///
/// Spec: the changelog of each revision.
#[derive(Debug)]
pub struct Rules {
    /// Opens with `initialize` and has session terms; otherwise each request carries its own.
    pub handshake: bool,
    /// A JSON array of messages is received.
    pub batches: bool,
    /// The server may send requests; otherwise it answers `input_required`.
    pub server_requests: bool,
    /// Results say `resultType`, and cacheable ones `ttlMs` and `cacheScope`.
    pub result_type: bool,
    /// An error reply whose request id could not be read has `"id": null`; otherwise no `id`.
    pub null_error_id: bool,
    /// `message` in progress notifications.
    pub progress_message: bool,
    /// The `completions` capability.
    pub completions_capability: bool,
    /// `context` in completion requests.
    pub completion_context: bool,
    /// `annotations` of tools.
    pub tool_annotations: bool,
    /// Audio content.
    pub audio: bool,
    /// `title` of tools, prompts, resources and implementations; `_meta` on them.
    pub titles: bool,
    /// `resource_link` content.
    pub resource_links: bool,
    /// `structuredContent` and `outputSchema`.
    pub structured: Structured,
    /// Icons; `description` and `websiteUrl` of implementations.
    pub icons: bool,
    /// The `extensions` map of capabilities.
    pub extensions: bool,
    /// What may be elicited.
    pub elicitation: Elicitation,
    /// `elicitationId`, `notifications/elicitation/complete` and error -32042.
    pub elicitation_ids: bool,
    /// `tools`, `toolChoice` and content arrays in sampling.
    pub sampling_tools: bool,
    /// The error for a resource that does not exist.
    pub resource_not_found: i64,
    /// A resource may have no contents; otherwise one without any does not exist.
    pub empty_contents: bool,
    /// Over HTTP, events of a session's streams have ids, and a stream that was cut is resumed.
    pub event_ids: bool,
    /// Over HTTP, a stream begins with an id without a message, so that it can be resumed from its
    /// first moment, and may be closed at any time for the client to come back.
    pub priming_event: bool,
    /// Over HTTP, a client that goes away gives up what it asked for.
    pub disconnect_cancels: bool,
    /// Over HTTP, errors have statuses of their own.
    pub error_statuses: bool,
}

const FIRST: Rules = Rules {
    handshake: true,
    batches: false,
    server_requests: true,
    result_type: false,
    null_error_id: true,
    progress_message: false,
    completions_capability: false,
    completion_context: false,
    tool_annotations: false,
    audio: false,
    titles: false,
    resource_links: false,
    structured: Structured::None,
    icons: false,
    extensions: false,
    elicitation: Elicitation::None,
    elicitation_ids: false,
    sampling_tools: false,
    resource_not_found: code::RESOURCE_NOT_FOUND,
    empty_contents: true,
    event_ids: true,
    priming_event: false,
    disconnect_cancels: false,
    error_statuses: false,
};

const MARCH_2025: Rules = Rules {
    batches: true,
    progress_message: true,
    completions_capability: true,
    tool_annotations: true,
    audio: true,
    ..FIRST
};

const JUNE_2025: Rules = Rules {
    batches: false,
    completion_context: true,
    titles: true,
    resource_links: true,
    structured: Structured::Object,
    elicitation: Elicitation::Forms,
    ..MARCH_2025
};

const NOVEMBER_2025: Rules = Rules {
    null_error_id: false,
    icons: true,
    extensions: true,
    elicitation: Elicitation::FormsAndUrls,
    elicitation_ids: true,
    sampling_tools: true,
    priming_event: true,
    ..JUNE_2025
};

const JULY_2026: Rules = Rules {
    handshake: false,
    server_requests: false,
    result_type: true,
    structured: Structured::Any,
    elicitation_ids: false,
    resource_not_found: code::INVALID_PARAMS,
    empty_contents: false,
    event_ids: false,
    priming_event: false,
    disconnect_cancels: true,
    error_statuses: true,
    ..NOVEMBER_2025
};

static RULES: [Rules; 5] = [FIRST, MARCH_2025, JUNE_2025, NOVEMBER_2025, JULY_2026];

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, string::String};

    #[test]
    fn each_revision_is_found_by_its_name_and_no_other_text_is_one() {
        for version in Version::ALL {
            assert_eq!(version.as_str().parse(), Ok(version));
        }
        for text in ["", "2024-11-5", "2026-07-28 ", "1999-01-01", "latest"] {
            assert_eq!(text.parse::<Version>(), Err(UnknownVersion));
        }
    }

    #[test]
    fn the_counter_offer_is_the_newest_revision_with_a_handshake() {
        assert_eq!(Version::newest_with_handshake(&Version::ALL), Some(Version::V2025_11_25));
        assert_eq!(Version::newest_with_handshake(&[Version::V2026_07_28]), None);
    }

    #[test]
    fn the_rules_of_each_revision() {
        let mut table = String::new();
        for version in Version::ALL {
            table += &format!("{version} {:#?}\n", version.rules());
        }
        insta::assert_snapshot!(table);
    }
}
