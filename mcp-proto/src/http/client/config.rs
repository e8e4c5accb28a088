//! What a client over HTTP is told once.

use alloc::{boxed::Box, string::String, vec::Vec};
use core::{fmt, time::Duration};

use super::target::Target;
use crate::{client::Era, version::Version, wire::is_token};

/// What a client over HTTP is told once, besides its
/// [`ClientConfig`](crate::client::ClientConfig).
#[derive(Clone)]
pub struct HttpClientConfig {
    /// Where the server is: an absolute `http` or `https` URL without user, password or fragment.
    pub url: Box<str>,
    /// Fields of the application's own that go with each request, `Authorization` among them. They
    /// never leave the origin of `url`.
    pub headers: Vec<(Box<str>, Box<str>)>,
    /// What was found out about the server before: see
    /// [`HttpClient::verdict`](super::HttpClient::verdict). One about another origin is ignored,
    /// and so is any unless the era is [`Era::Auto`].
    pub verdict: Option<Verdict>,
    /// Whether to open the general stream of a legacy session, on which the server tells and asks
    /// what belongs to no call. Default: yes.
    pub general_stream: bool,
    /// How streams that broke are opened again, and requests sent again that certainly never left.
    pub reconnect: Reconnect,
    /// How long a message without an answer of its own may take: an answer to a question, a
    /// notification, the end of a session. Default 30 s.
    pub message_timeout: Duration,
}

impl HttpClientConfig {
    /// The defaults, for the server at `url`.
    pub fn new(url: &str) -> Self {
        Self {
            url: url.into(),
            headers: Vec::new(),
            verdict: None,
            general_stream: true,
            reconnect: Reconnect::default(),
            message_timeout: Duration::from_secs(30),
        }
    }
}

impl fmt::Debug for HttpClientConfig {
    /// Leaves out the fields: some are secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClientConfig")
            .field("url", &self.url)
            .field("verdict", &self.verdict)
            .field("general_stream", &self.general_stream)
            .field("reconnect", &self.reconnect)
            .field("message_timeout", &self.message_timeout)
            .finish_non_exhaustive()
    }
}

/// How often and when something is tried again.
///
/// The pause doubles with each attempt from `first` to `longest`; the half of each is random, so
/// that clients which lost the same server do not come back all at once. Where the server named a
/// pause, that is the least.
///
/// Only a stream that brought a message, or that was open for `proven`, begins the count of
/// attempts anew, and only the latter the pause: one that opens and ends is an attempt like any
/// other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reconnect {
    /// The first pause. Default 500 ms.
    pub first: Duration,
    /// The longest pause of ours. Default 30 s.
    pub longest: Duration,
    /// Attempts in a row to open a stream again that brings nothing, or to begin a session again
    /// that is lost at once. Default 8, which is about a minute and a half for a stream.
    pub attempts: u32,
    /// How often the first contact is tried again where the server cannot be reached or is not
    /// well (5xx). Default 3, which is about three seconds.
    pub contact_attempts: u32,
    /// How often a request is sent again that certainly never left. Default 2.
    pub unsent_attempts: u32,
    /// For how long a stream that brings nothing must be open to count as working. Default 10 s.
    pub proven: Duration,
    /// The longest pause of the server's that is kept; a longer one ends the stream. Default 5 min.
    pub server_pause_max: Duration,
}

impl Default for Reconnect {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(500),
            longest: Duration::from_secs(30),
            attempts: 8,
            contact_attempts: 3,
            unsent_attempts: 2,
            proven: Duration::from_secs(10),
            server_pause_max: Duration::from_mins(5),
        }
    }
}

/// Which era the server of an origin is of. An application that keeps it saves the next client the
/// probe; one whose client then [fails](crate::client::ClientEvent::Failed) drops it and begins
/// without.
///
/// Spec: "Backward compatibility" of 2026-07-28's `basic/versioning`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The origin: scheme, host and port.
    pub origin: Box<str>,
    /// What it is.
    pub era: Era,
}

impl Verdict {
    pub(super) fn of(target: &Target, version: Version) -> Self {
        let era = if version.rules().handshake { Era::Legacy } else { Era::Auto };
        Self { origin: target.origin().into(), era }
    }
}

/// What a client over HTTP cannot be told.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidHttpClient {
    /// The URL is not an absolute one of `http` or `https`, or has a user, password, fragment, or
    /// characters that no URL has.
    Url,
    /// A field has a name or value that no field can have, or is one that the client sets itself.
    Header(Box<str>),
}

impl fmt::Display for InvalidHttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url => f.write_str("not an absolute http or https URL"),
            Self::Header(name) => write!(f, "not a header field of an application: {name}"),
        }
    }
}

impl core::error::Error for InvalidHttpClient {}

/// Fields that the client or the driver sets.
const OWN_FIELDS: [&str; 13] = [
    "accept",
    "connection",
    "content-length",
    "content-type",
    "expect",
    "host",
    "last-event-id",
    "mcp-method",
    "mcp-name",
    "mcp-protocol-version",
    "mcp-session-id",
    "te",
    "transfer-encoding",
];

/// Whether these are fields that an application may add.
pub(super) fn check_fields(fields: &[(Box<str>, Box<str>)]) -> Result<(), InvalidHttpClient> {
    for (name, value) in fields {
        let lower = name.to_ascii_lowercase();
        let own = OWN_FIELDS.contains(&lower.as_str()) || lower.starts_with("mcp-param-");
        if own || !is_token(name) || !is_field_value(value) {
            let name: String = name.escape_debug().take(64).collect();
            return Err(InvalidHttpClient::Header(name.into()));
        }
    }
    Ok(())
}

/// Visible ASCII and inner white space.
fn is_field_value(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~'))
        && text.trim_matches([' ', '\t']).len() == text.len()
}
