//! MCP clients of servers at a URL: blocking, each on a thread of its own.
//!
//! ```no_run
//! use mcp_proto::{client::ClientConfig, schema::{ClientCapabilities, Implementation}};
//! use mcp_smol::blocking;
//!
//! let info = Implementation::new("editor", "1.0.0");
//! let config = ClientConfig::new(info, ClientCapabilities::default());
//! let client = blocking::connect("http://127.0.0.1:8080/mcp", config)?;
//! let outcome = client.call_tool("echo", &serde_json::json!({"message": "hello"}))?;
//! println!("{}", outcome.text());
//! client.close();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Client`] is the very type that `mcp-stdio` has for servers that are commands: a program that
//! calls either sees no difference once it is connected. What may be said beforehand is said to a
//! [`Connector`], as it is there; [`mcp_stdio::client`] shows questions, events and progress.
//!
//! # What holds
//!
//! * **Every call ends**, once, as its [timeouts](mcp_proto::client::ClientConfig::timeouts) say at
//!   the latest: with a result, or an [`Error`] that says whose fault it was.
//! * **Nothing is sent twice** that may have had an effect; what certainly never left is.
//! * **Credentials stay where they belong**: redirects lead nowhere but within the origin.
//! * **Memory is bounded** by [`Limits`](mcp_proto::Limits), whatever the server sends.
//! * **Streams that break** are gone on with, as
//!   [`Reconnect`](mcp_proto::http::Reconnect) says, and what may be lost by that is
//!   [told](Connector::on_notice).
//! * **Closing** ends a session at the server too, within two seconds.
//!
//! It speaks HTTP/1.1 over connections that it keeps for a few seconds; `https` needs the feature
//! `tls`. Those with an event loop of their own use the machine itself,
//! [`HttpClient`]: no decision of the protocol is made here.

use std::{
    fmt, io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread,
    time::Duration,
};

use mcp_proto::{
    client::ClientConfig,
    http::{HttpClient, HttpClientConfig, HttpNotice, Verdict},
    schema::{Answer, Question},
};
use mcp_stdio::parts::{Answerer, Desk};
use smol::channel::bounded;

pub use mcp_stdio::client::{
    Call, Client, ConnectError, End, Error, Events, Progress, ToolOutcome, unattended,
};

use crate::{
    client::{self, Driver, Listeners, Transport},
    entropy::OsEntropy,
};

/// Comes to an agreement with the server at `url`: the short form of [`Connector::connect`].
pub fn connect(url: &str, config: ClientConfig) -> Result<Client, ConnectError> {
    Connector::new(config).connect(HttpClientConfig::new(url))
}

/// What a client is told before it connects.
#[must_use = "nothing happens until it connects"]
pub struct Connector {
    config: ClientConfig,
    answerer: Option<Answerer>,
    listeners: Listeners,
    connect_timeout: Duration,
    read_timeout: Duration,
    #[cfg(feature = "tls")]
    tls: Option<client::tls::Config>,
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Connector {
    /// A connector with the defaults.
    pub fn new(config: ClientConfig) -> Self {
        Self {
            config,
            answerer: None,
            listeners: Listeners::default(),
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_mins(5),
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    /// What answers the questions of the server, each on a thread of its own, 64 at once; a
    /// question beyond those is refused. Only what the configuration declares is asked. An answer
    /// that does not fit its question ([`Question::check`]) is a refusal. Default: [`unattended`].
    pub fn on_question(
        mut self,
        answer: impl Fn(&Question) -> Answer + Send + Sync + 'static,
    ) -> Self {
        self.answerer = Some(Arc::new(answer));
        self
    }

    /// Who hears what is so over HTTP alone, on the client's thread, which waits meanwhile: to call
    /// the client there and wait for the outcome is to wait for ever. Default: nobody.
    pub fn on_notice(mut self, hear: impl FnMut(HttpNotice) + Send + 'static) -> Self {
        self.listeners.notice = Some(Box::new(hear));
        self
    }

    /// Who hears what was found out about the server, to be kept for the
    /// [`verdict`](HttpClientConfig::verdict) of its next client; on the client's thread, as
    /// [`Connector::on_notice`] is. Default: nobody.
    pub fn on_verdict(mut self, hear: impl FnMut(Verdict) + Send + 'static) -> Self {
        self.listeners.verdict = Some(Box::new(hear));
        self
    }

    /// How long a connection may take, the look-up of the name and TLS included. Default: 10 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long a server may be silent in the middle of a response before its connection counts as
    /// broken; a stream is then gone on with. How long an answer may take is a matter of its
    /// [call](mcp_proto::client::CallOptions::timeouts). Default: 5 min.
    pub fn read_timeout(mut self, timeout: Duration) -> Self {
        self.read_timeout = timeout;
        self
    }

    /// How servers prove who they are, and the client itself. Default: what the feature that was
    /// chosen trusts, and no certificate of the client's.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, config: Arc<futures_rustls::rustls::ClientConfig>) -> Self {
        self.tls = Some(config);
        self
    }

    /// Comes to an agreement with a server, within the timeouts of the configuration.
    pub fn connect(self, http: HttpClientConfig) -> Result<Client, ConnectError> {
        let Self { config, answerer, listeners, connect_timeout, read_timeout, .. } = self;
        let connector = client::Connector::new(
            &http.url,
            connect_timeout,
            #[cfg(feature = "tls")]
            self.tls,
        );
        let http = HttpClient::new(config, http, Box::new(OsEntropy));
        let http = http.map_err(|error| ConnectError::Invalid(error.into()))?;
        let connector = connector.map_err(|error| ConnectError::Invalid(error.into()))?;
        let (wake, woken) = bounded(1);
        let wake = Box::new(move || {
            // A full channel wakes as well as one more message would.
            let _ = wake.try_send(());
        });
        let (mut desk, applicant) = Desk::new(answerer, wake);
        let drive = move || {
            let run = AssertUnwindSafe(|| {
                let transport = Transport::new(connector, read_timeout);
                smol::block_on(Driver::new(http, transport, &mut desk, woken, listeners).run())
            });
            // The panic hook has reported it; nobody is left waiting.
            let error = catch_unwind(run).unwrap_or_default();
            desk.stop();
            let mut end = End::default();
            end.error = error;
            desk.finish(end);
        };
        let thread = thread::Builder::new().name("mcp-client".into());
        thread.spawn(drive).map_err(|error: io::Error| ConnectError::Spawn(error))?;
        applicant.wait()
    }
}
