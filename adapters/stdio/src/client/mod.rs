//! MCP clients: over the pipes of a child process, or over any reader and writer.
//!
//! ```no_run
//! use std::process::Command;
//! use mcp_proto::{client::ClientConfig, schema::{ClientCapabilities, Implementation}};
//! use mcp_stdio::Client;
//!
//! let info = Implementation::new("editor", "1.0.0");
//! let config = ClientConfig::new(info, ClientCapabilities::default());
//! let client = Client::spawn(Command::new("echo-server"), config)?;
//! let outcome = client.call_tool("echo", &serde_json::json!({"message": "hello"}))?;
//! println!("{}", outcome.text());
//! client.close();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Client`] finds out by itself which revision the server speaks; [`ClientConfig::era`] can say
//! so beforehand. [`Client::agreement`] tells what was found.
//!
//! # More than calls
//!
//! What a server may ask is what the configuration declares; a [`Connector`] takes the function
//! that answers. What a server tells is either about one call, as [`Progress`] is, or an event.
//!
//! ```no_run
//! use std::{process::Command, thread};
//! use mcp_proto::{
//!     client::{CallOptions, ClientConfig, ClientEvent},
//!     schema::{
//!         Answer, ClientCapabilities, ElicitationCapability, Implementation, Level, Question,
//!     },
//!     wire::Json,
//! };
//! use mcp_stdio::client::{Connector, ToolOutcome, unattended};
//!
//! let forms = ElicitationCapability { form: true, url: false };
//! let capabilities =
//!     ClientCapabilities { elicitation: Some(forms), ..ClientCapabilities::default() };
//! let config = ClientConfig::new(Implementation::new("editor", "1.0.0"), capabilities);
//! let client = Connector::new(config)
//!     .on_question(|question| match question {
//!         // A program would show the form and wait: this runs on a thread of its own.
//!         Question::Elicit(_form) => {
//!             let answer = serde_json::json!({"action": "accept", "content": {"name": "Ada"}});
//!             Json::of(&answer).map_or_else(|_| unattended(question), Answer::Given)
//!         }
//!         other => unattended(other),
//!     })
//!     .on_stderr(|line| eprintln!("server: {line}"))
//!     .spawn(Command::new("some-server"))?;
//!
//! let events = client.events();
//! thread::spawn(move || {
//!     for event in events {
//!         if let ClientEvent::Log { level, data, .. } = event {
//!             eprintln!("{level}: {}", data.as_str());
//!         }
//!     }
//! });
//! client.set_level(Level::Info)?;
//!
//! let options = CallOptions { progress: true, ..CallOptions::default() };
//! let call = client.begin_tool("index", &serde_json::json!({}), options)?;
//! let result = call.wait_with(|report| eprintln!("{} done", report.progress))?;
//! println!("{}", ToolOutcome(result).text());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What holds
//!
//! * **Every call ends**, once: with a result, or an [`Error`] that says whose fault it was. A
//!   server that exits ends all calls at once, with its status and the end of its stderr.
//! * **Nothing a server does hangs the client.** Reading goes on while a write is stuck; stderr is
//!   always read; [`Client::close`] and dropping take at most twice the grace, and a little.
//! * **No process is left behind**: a server runs in a process group of its own, and whatever is
//!   left of the group is killed when the server has exited or the client is closed. What has left
//!   that group is not found.
//! * **Memory is bounded** by [`Limits`](mcp_proto::Limits), 64 KiB of stderr and what [`Events`]
//!   says.
//! * **A call costs no hand-over**: whoever waits for an answer reads it, where nobody else does.
//!   What nobody waits for, such as the first bytes of a call that was begun, may take half a
//!   millisecond longer than it must.
//! * **The server is started once**; a second time only where it does not survive the question for
//!   its era. A server that dies later is not started anew: that is the application's decision.
//!
//! Those with an event loop of their own use the machine itself,
//! [`ClientPipe`](mcp_proto::ClientPipe): no decision of the protocol is made here.

mod api;
mod call;
pub(crate) mod desk;
#[cfg(unix)]
mod drain;
mod driver;
mod error;
mod events;
mod helm;
#[cfg(unix)]
mod process;
pub(crate) mod questions;
mod shared;
#[cfg(unix)]
mod stderr;
mod streams;

use std::{
    fmt,
    io::{self, Read, Write},
    sync::Arc,
    thread,
    time::Duration,
};

use mcp_proto::{
    client::ClientConfig,
    schema::{Answer, Question},
};

pub use api::{Client, ToolOutcome};
pub use call::{Call, Progress};
pub use error::{ConnectError, End, Error};
pub use events::Events;
pub use questions::unattended;

use desk::Desk;
use driver::{Driver, Peer};
use questions::Answerer;

impl Client {
    /// Starts a server and comes to an agreement with it: the short form of
    /// [`Connector::spawn`].
    #[cfg(unix)]
    pub fn spawn(
        command: std::process::Command,
        config: ClientConfig,
    ) -> Result<Self, ConnectError> {
        Connector::new(config).spawn(command)
    }

    /// Comes to an agreement with a server at the end of a reader and a writer: the short form of
    /// [`Connector::connect`].
    pub fn connect(
        reader: impl Read + Send + 'static,
        writer: impl Write + Send + 'static,
        config: ClientConfig,
    ) -> Result<Self, ConnectError> {
        Connector::new(config).connect(reader, writer)
    }
}

/// What a client is told before it connects.
#[must_use = "nothing happens until it connects"]
pub struct Connector {
    config: ClientConfig,
    answerer: Option<Answerer>,
    #[cfg(unix)]
    on_stderr: Option<stderr::OnLine>,
    #[cfg(unix)]
    grace: Duration,
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
            #[cfg(unix)]
            on_stderr: None,
            #[cfg(unix)]
            grace: Duration::from_secs(2),
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

    /// What hears the lines that a spawned server writes to its stderr, on a thread of its own. It
    /// may be slow: beyond 1,024 waiting lines further ones are left out. Lines are cut after
    /// 8 KiB. Default: nobody.
    #[cfg(unix)]
    pub fn on_stderr(mut self, on_line: impl FnMut(&str) + Send + 'static) -> Self {
        self.on_stderr = Some(Box::new(on_line));
        self
    }

    /// How long a spawned server may take to exit after the end of its input, and once more after
    /// SIGTERM. Default: 2 s.
    #[cfg(unix)]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Starts a server in a process group of its own and comes to an agreement with it, within
    /// the timeouts of the configuration. On an error the server has been ended again.
    ///
    /// The command says which program, its arguments, environment and directory; its stdin,
    /// stdout and stderr are replaced by pipes.
    #[cfg(unix)]
    pub fn spawn(mut self, command: std::process::Command) -> Result<Client, ConnectError> {
        let spawn = || {
            let stderr = stderr::Stderr::new(self.on_stderr.take())?;
            process::ChildPeer::spawn(command, stderr, self.grace)
        };
        let peer = spawn().map_err(ConnectError::Spawn)?;
        self.start(peer)
    }

    /// Comes to an agreement with a server at the end of a reader and a writer, which are used on
    /// a thread each. Both must block.
    ///
    /// When the client is closed the writer is dropped, as soon as it lets go; the reader is when
    /// its input ends.
    pub fn connect(
        self,
        reader: impl Read + Send + 'static,
        writer: impl Write + Send + 'static,
    ) -> Result<Client, ConnectError> {
        let peer = streams::Streams::new(reader, writer).map_err(ConnectError::Spawn)?;
        self.start(peer)
    }

    fn start(self, peer: impl Peer + Send + 'static) -> Result<Client, ConnectError> {
        let start = || {
            let (desk, applicant) = Desk::new(self.answerer, peer.waker()?);
            let driver = Driver::new(self.config, peer, desk);
            thread::Builder::new().name("mcp-client".into()).spawn(|| driver.run())?;
            Ok(applicant)
        };
        start().map_err(|error: io::Error| ConnectError::Spawn(error))?.wait()
    }
}
