//! MCP servers and clients over stdio and other byte streams: blocking, without an async runtime.
//!
//! ```no_run
//! use mcp_proto::{Router, schema::Tool};
//! use mcp_stdio::Server;
//!
//! let mut router = Router::new();
//! router.tool(Tool::new("count"), |cx, _: serde_json::Value| {
//!     *cx.state += 1;
//!     Ok(format!("called {} times", cx.state))
//! });
//! Server::new("counter", "1.0.0", router, 0_u64).serve()?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! The handlers of a [`Router`] run one at a time, on the thread that serves; what they say on
//! the way leaves at once, and the answers to what came in one piece leave together. Tools that
//! take long belong on a [`Pool`]: see [`ThreadedTools::tool_thread`].
//!
//! The other side, which starts servers and calls them, is in [`client`].
//!
//! # What holds
//!
//! * **stdout carries messages only.** On Unix, [`Server::serve`] points the process's stdout at
//!   stderr and its stdin at `/dev/null`, so that neither `println!` nor a child process gets
//!   between the messages. They stay there when it returns.
//! * **End of input** ends the server: calls that were accepted are answered, within
//!   [`ServerConfig::drain`]. So does SIGTERM (Unix); where nothing is open it ends the process at
//!   once, with status 0 and without destructors. A second SIGTERM ends it at once in any case.
//! * **A peer that is gone** is a normal end.
//! * **A peer that does not read** is no longer read from; memory stays bounded by
//!   [`Limits`](mcp_proto::Limits).
//! * **A handler that panics** is answered -32603, and the server goes on (unless the program is
//!   built with `panic = "abort"`).
//!
//! No decision of the protocol is made here: this crate moves bytes, time and randomness into
//! [`ServerPipe`](mcp_proto::ServerPipe) and calls the router.

pub mod client;
#[cfg_attr(not(unix), allow(dead_code, reason = "a part of it is for file descriptors"))]
mod driver;
mod entropy;
mod outbox;
mod pool;
mod stream;
mod thread;
#[cfg(unix)]
mod unix;

use std::{
    io::{self, Read, Write},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use mcp_proto::{Router, router::Outbox, schema::Implementation, server::ServerConfig};

pub use client::Client;
pub use pool::Pool;
pub use thread::ThreadedTools;

/// What other drivers are made of, too.
pub mod parts {
    pub use crate::{
        client::{
            desk::{Applicant, Desk, Machine},
            questions::Answerer,
        },
        entropy::OsEntropy,
        outbox::Commands,
    };
}

use driver::{Driver, Link};
use outbox::Commands;

/// Serves `router` over the stdin and stdout of this process until the client is done.
///
/// The short form of [`Server::serve`].
pub fn serve<S: 'static>(
    name: impl Into<String>,
    version: impl Into<String>,
    router: Router<S>,
    state: S,
) -> io::Result<()> {
    Server::new(name, version, router, state).serve()
}

/// A server that is about to serve one client.
#[must_use = "a server does nothing until it serves"]
pub struct Server<S> {
    config: ServerConfig,
    router: Router<S>,
    state: S,
    commands: Arc<Commands>,
    #[cfg_attr(not(unix), allow(dead_code, reason = "there are none"))]
    signals: bool,
}

impl<S> std::fmt::Debug for Server<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("config", &self.config).finish_non_exhaustive()
    }
}

impl<S: 'static> Server<S> {
    /// A server that calls itself `name` and `version`, offers what `router` offers, and whose
    /// handlers share `state`.
    pub fn new(
        name: impl Into<String>,
        version: impl Into<String>,
        router: Router<S>,
        state: S,
    ) -> Self {
        let config = ServerConfig::new(Implementation::new(name, version));
        Self { config, router, state, commands: Arc::new(Commands::new()), signals: true }
    }

    /// Replaces the configuration, name and version included. Its `unix_at_zero` is not used: the
    /// clock of this machine says what time it is.
    pub fn config(mut self, config: ServerConfig) -> Self {
        self.config = config;
        self
    }

    /// What other threads speak through while the server serves: to tell of a resource that has
    /// changed, say. What is said before it serves waits; what is said afterwards is dropped.
    pub fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::clone(&self.commands) as Arc<dyn Outbox>
    }

    /// Whether SIGTERM ends [`Server::serve`] in good order. Default: yes, on Unix.
    pub fn signals(mut self, heed: bool) -> Self {
        self.signals = heed;
        self
    }

    /// Serves over the stdin and stdout of this process.
    ///
    /// An error is one of the operating system's; that the client is gone is none.
    #[cfg(unix)]
    pub fn serve(self) -> io::Result<()> {
        let mut link = unix::Fds::stdio()?;
        if self.signals {
            link.heed_sigterm()?;
        }
        self.serve_link(link)
    }

    /// Serves over the stdin and stdout of this process.
    ///
    /// Nothing keeps handlers from printing to stdout here: they must not.
    #[cfg(not(unix))]
    pub fn serve(self) -> io::Result<()> {
        self.serve_on(io::stdin(), io::stdout())
    }

    /// Serves over two file descriptors, or one and its clone: pipes, sockets, terminals.
    ///
    /// Nothing else may read or write them meanwhile. While it is served, `output` does not
    /// block; that is undone at the end. A server of many connections serves each on a thread of
    /// its own:
    ///
    /// ```
    /// use std::{io, io::Write, net::Shutdown, os::unix::net::UnixStream, thread};
    /// use mcp_proto::Router;
    /// use mcp_stdio::Server;
    ///
    /// let (client, server) = UnixStream::pair()?;
    /// thread::spawn(move || {
    ///     Server::new("socket", "1.0.0", Router::new(), ()).serve_fds(server.try_clone()?, server)
    /// });
    /// writeln!(&client, r#"{{"jsonrpc":"2.0","id":1,"method":"ping"}}"#)?;
    /// client.shutdown(Shutdown::Write)?;
    /// assert_eq!(io::read_to_string(&client)?, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n");
    /// # Ok::<(), io::Error>(())
    /// ```
    #[cfg(unix)]
    pub fn serve_fds(
        self,
        input: impl Into<std::os::fd::OwnedFd>,
        output: impl Into<std::os::fd::OwnedFd>,
    ) -> io::Result<()> {
        self.serve_link(unix::Fds::new(input.into(), output.into())?)
    }

    /// Serves over any reader and writer. Both must block, and the reader is read on a thread of
    /// its own, which ends with the input: close it to end the server.
    ///
    /// While the peer does not read, the write waits, and with it the server.
    pub fn serve_on(
        self,
        reader: impl Read + Send + 'static,
        writer: impl Write,
    ) -> io::Result<()> {
        self.serve_link(stream::Stream::new(reader, writer)?)
    }

    fn serve_link(mut self, link: impl Link) -> io::Result<()> {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH);
        // A clock before 1970 is wrong anyway.
        self.config.unix_at_zero = unix.unwrap_or(Duration::ZERO);
        self.commands.wake_with(link.waker()?);
        Driver::new(self.config, self.router, self.state, self.commands, link).run()
    }
}
