//! What an endpoint is told once, besides what every server is.

use alloc::{boxed::Box, collections::BTreeSet, string::ToString, sync::Arc};
use core::{fmt, net::IpAddr, time::Duration};

use super::ProtectedResource;
use crate::{Grant, server::SessionId};

/// What an endpoint is told once, besides its [`ServerConfig`](crate::server::ServerConfig).
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// The one path that is served. Default `/mcp`.
    pub path: Box<str>,
    /// Which web pages may call. Default: those of loopback origins.
    pub origins: Origins,
    /// Under which names the server may be called. Default: loopback names.
    pub hosts: Hosts,
    /// Whether legacy clients get sessions. Without, each legacy POST stands by itself: nothing
    /// can be asked, subscribed to or resumed. Default: yes.
    pub sessions: bool,
    /// Where the ids of sessions come from. Default: drawn from the entropy, as `UUIDv7`.
    pub session_ids: SessionIds,
    /// How long a session may be without a request, an open stream or a running call. Default
    /// 30 min.
    pub session_idle: Duration,
    /// How long a session may last in all. Default: for ever.
    pub session_lifetime: Option<Duration>,
    /// What happens when a session too many is asked for. Default: the oldest idle one goes.
    pub over_sessions: OverSessions,
    /// What happens when a second general stream of a session is opened. Default: the newest wins.
    pub second_stream: Conflict,
    /// After how long an unanswered request gets a stream, so that neither side takes the silence
    /// for a dead connection. Default 5 s.
    pub stream_after: Duration,
    /// How often a silent stream carries a comment. Default 15 s.
    pub keep_alive: Duration,
    /// The same while a disconnect would cancel something that runs. Default 5 s.
    pub keep_alive_busy: Duration,
    /// How long clients are told to wait before they open a cut stream again. Default 1 s.
    pub retry: Duration,
    /// How long what was sent on a cut stream is kept for its client. Default 5 min.
    pub replay_keep: Duration,
    /// How long running calls may take after [`Endpoint::shut_down`](super::Endpoint::shut_down).
    /// Default 10 s.
    pub drain: Duration,
    /// What is told about authorization. Default: nothing, there is none.
    pub protected_resource: Option<ProtectedResource>,
}

/// The origins of web pages that may call. A request without `Origin` does not come from a page,
/// and is not held up by this.
#[derive(Clone, Debug, Default)]
pub enum Origins {
    /// `http` or `https`, any port, of `localhost`, `127.0.0.0/8` or `[::1]`.
    #[default]
    Loopback,
    /// These alone: `https://app.example`, with the port if it is not the scheme's own.
    Only(BTreeSet<Box<str>>),
    /// Whatever this says.
    Check(Check),
    /// Every one: only for servers that hold nothing a web page may not have.
    Any,
}

/// The names in `Host` that a server may be called under: a foreign one is a web page whose name
/// was pointed at this machine (DNS rebinding).
#[derive(Clone, Debug, Default)]
pub enum Hosts {
    /// `localhost`, `127.0.0.0/8` or `[::1]`, any port.
    #[default]
    Loopback,
    /// These alone, with any port unless one is given: `mcp.example`, `mcp.example:8443`.
    Only(BTreeSet<Box<str>>),
    /// Every one: only behind a proxy that has checked.
    Any,
}

/// A function of an application's own about the text of an origin.
#[derive(Clone)]
pub struct Check(Arc<dyn Fn(&str) -> bool + Send + Sync>);

impl Check {
    /// A check by `allows`, which sees the origin as it came: `https://app.example:8443`. It runs
    /// on the thread that asks the gate, for each request of a web page.
    pub fn new(allows: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(allows))
    }

    pub(super) fn allows(&self, origin: &str) -> bool {
        (self.0)(origin)
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Check")
    }
}

/// Where the ids of sessions come from.
#[derive(Clone, Default)]
pub enum SessionIds {
    /// Drawn from the entropy, as `UUIDv7`.
    #[default]
    Drawn,
    /// From the application: unguessable, never given twice, visible ASCII. Where it gives an id
    /// that is in use or not fit, one is drawn.
    Given(Arc<dyn Fn(&Grant) -> SessionId + Send + Sync>),
}

impl fmt::Debug for SessionIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Drawn => "Drawn",
            Self::Given(_) => "Given",
        })
    }
}

/// What happens when a session too many is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OverSessions {
    /// The session that was idle for longest ends; if none is idle, 503.
    #[default]
    EndIdle,
    /// 503.
    Refuse,
}

/// What happens when a second general stream of a session is opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Conflict {
    /// The older one ends: it may be dead without anybody having noticed.
    #[default]
    NewestWins,
    /// 409.
    Refuse,
}

/// An address for strangers, without saying who may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnsafeBind;

impl fmt::Display for UnsafeBind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "to listen where strangers can call, say in `hosts` under which names they may call",
        )
    }
}

impl core::error::Error for UnsafeBind {}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            path: "/mcp".into(),
            origins: Origins::default(),
            hosts: Hosts::default(),
            sessions: true,
            session_ids: SessionIds::default(),
            session_idle: Duration::from_mins(30),
            session_lifetime: None,
            over_sessions: OverSessions::default(),
            second_stream: Conflict::default(),
            stream_after: Duration::from_secs(5),
            keep_alive: Duration::from_secs(15),
            keep_alive_busy: Duration::from_secs(5),
            retry: Duration::from_secs(1),
            replay_keep: Duration::from_mins(5),
            drain: Duration::from_secs(10),
            protected_resource: None,
        }
    }
}

impl HttpConfig {
    /// The defaults for a server that listens at `address`. Where that is one address of this
    /// machine that others can reach, the server may be called by it and by nothing else; where it
    /// is every address (`0.0.0.0`, `::`), nothing can be said, and [`HttpConfig::check_bind`]
    /// fails until [`HttpConfig::hosts`] is set.
    pub fn for_bind(address: IpAddr) -> Self {
        let address = address.to_canonical();
        if address.is_loopback() || address.is_unspecified() {
            return Self::default();
        }
        let host = match address {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => alloc::format!("[{address}]"),
        };
        Self { hosts: Hosts::Only(BTreeSet::from([host.into()])), ..Self::default() }
    }

    /// Whether a server may listen at `address` with this configuration: at other addresses than
    /// loopback it must say under which names it may be called.
    pub fn check_bind(&self, address: IpAddr) -> Result<(), UnsafeBind> {
        match &self.hosts {
            Hosts::Loopback if !address.to_canonical().is_loopback() => Err(UnsafeBind),
            Hosts::Loopback | Hosts::Only(_) | Hosts::Any => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_for_strangers_needs_names() {
        spec!("SHL-48");
        let only = Hosts::Only(BTreeSet::from(["mcp.example".into()]));
        for (listen, safe) in [
            ("127.0.0.1", true),
            ("127.8.0.1", true),
            ("::1", true),
            ("::ffff:127.0.0.1", true),
            ("0.0.0.0", false),
            ("::", false),
            ("192.0.2.1", false),
        ] {
            let listen = address(listen);
            let config = HttpConfig::default();
            assert_eq!(config.check_bind(listen), if safe { Ok(()) } else { Err(UnsafeBind) });
            for hosts in [only.clone(), Hosts::Any] {
                let config = HttpConfig { hosts, ..HttpConfig::default() };
                assert_eq!(config.check_bind(listen), Ok(()), "{listen}");
            }
        }
    }

    #[test]
    fn one_address_is_a_name_and_every_address_is_none() {
        for (listen, host) in [("192.0.2.1", "192.0.2.1"), ("2001:DB8::1", "[2001:db8::1]")] {
            let config = HttpConfig::for_bind(address(listen));
            assert_eq!(config.check_bind(address(listen)), Ok(()));
            assert!(matches!(config.hosts, Hosts::Only(only) if only.iter().eq([&host.into()])));
        }
        for listen in ["0.0.0.0", "::"] {
            let config = HttpConfig::for_bind(address(listen));
            assert_eq!(config.check_bind(address(listen)), Err(UnsafeBind));
        }
        assert!(matches!(HttpConfig::for_bind(address("::1")).hosts, Hosts::Loopback));
    }
}
