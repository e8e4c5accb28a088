//! What a server is told before it serves.

use std::{
    fmt, io,
    net::{SocketAddr, TcpListener, ToSocketAddrs},
    sync::Arc,
    time::{Duration, Instant as Clock},
};

use mcp_proto::{
    Router, ServerPipe,
    http::{Endpoint, HttpConfig, Telemetry},
    router::Outbox,
    schema::Implementation,
    server::ServerConfig,
};
use smol::{
    Async,
    io::{AsyncRead, AsyncWrite},
};

use crate::{
    app::{App, unix_now},
    driver::{Driver, Listener},
    entropy::OsEntropy,
    handle::{Anyone, Authorize, Handle},
    inbox::{Inbox, Input},
    listen::{Bound, Socket},
    pipe::PipeDriver,
};

/// Ceilings of what the clients of a server may hold open, besides those of
/// [`Limits`](mcp_proto::Limits).
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Open connections. Default 4,096: at some 18 KiB for each that is idle.
    ///
    /// When exceeded: the connection that has been without a request for longest is closed for the
    /// new one; if all are being served, the new one gets 503 and is closed. The same happens
    /// when the process may not open more sockets.
    pub connections_max: usize,
    /// How long the head of a request may take, from the connection's beginning or the head's
    /// first byte. Default 10 s.
    ///
    /// When exceeded: the connection is closed.
    pub head_timeout: Duration,
    /// How long a body may take. Default 30 s.
    ///
    /// When exceeded: 408, and the connection is closed.
    pub body_timeout: Duration,
    /// How long a connection may be without a request. Default 2 min.
    ///
    /// When exceeded: it is closed.
    pub idle_timeout: Duration,
    /// How long a client may take nothing of what is sent to it. Default 1 min.
    ///
    /// When exceeded: the connection is closed.
    pub write_timeout: Duration,
    /// Bytes that wait in one stream for a client that does not read, besides the 64 KiB that its
    /// connection buffers. Default 256 KiB.
    ///
    /// When exceeded: what may be dropped or merged is, until the client has caught up.
    pub stream_bytes_max: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections_max: 4096,
            head_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_mins(2),
            write_timeout: Duration::from_mins(1),
            stream_bytes_max: 256 << 10,
        }
    }
}

/// A server that is about to serve.
#[must_use = "a server does nothing until it serves"]
pub struct Server<S, A = Anyone> {
    pub(crate) config: ServerConfig,
    http: HttpConfig,
    pub(crate) bounds: Bounds,
    router: Router<S>,
    state: S,
    authorize: A,
    inbox: Arc<Inbox<Input>>,
    listener: Option<Listener>,
    pub(crate) signals: bool,
}

impl<S, A> fmt::Debug for Server<S, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("config", &self.config)
            .field("http", &self.http)
            .field("bounds", &self.bounds)
            .finish_non_exhaustive()
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
        Self {
            config: ServerConfig::new(Implementation::new(name, version)),
            http: HttpConfig::default(),
            bounds: Bounds::default(),
            router,
            state,
            authorize: Anyone::default(),
            inbox: Arc::new(Inbox::new()),
            listener: None,
            signals: true,
        }
    }
}

impl<S: 'static, A: Authorize + 'static> Server<S, A> {
    /// Replaces the configuration, name and version included. Its `unix_at_zero` is not used: the
    /// clock of this machine says what time it is.
    pub fn config(mut self, config: ServerConfig) -> Self {
        self.config = config;
        self
    }

    /// Says how the server appears in HTTP: its path, who may call it, its sessions.
    pub fn http_config(mut self, http: HttpConfig) -> Self {
        self.http = http;
        self
    }

    /// Replaces the ceilings of connections.
    pub fn bounds(mut self, bounds: Bounds) -> Self {
        self.bounds = bounds;
        self
    }

    /// Finds out who is calling with `hook`, which sees each request's head that has passed the
    /// gate. Default: everybody may call, as nobody in particular.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use mcp_proto::{Grant, Router, http::{Challenge, Head}};
    ///
    /// let server = mcp_smol::Server::new("secret", "1.0.0", Router::new(), ());
    /// let server = server.authorize(|head: &Head<'_>| {
    ///     let mut known = false;
    ///     head.headers.each(&mut |name, value| {
    ///         let is_authorization = name.eq_ignore_ascii_case("authorization");
    ///         known |= is_authorization && value == b"Bearer open sesame";
    ///     });
    ///     let grant = known.then(|| Arc::new(Grant::default()));
    ///     async move { grant.ok_or(Challenge::unauthorized()) }
    /// });
    /// # let _ = server;
    /// ```
    pub fn authorize<B: Authorize>(self, hook: B) -> Server<S, B> {
        let Self { config, http, bounds, router, state, inbox, listener, signals, .. } = self;
        Server { config, http, bounds, router, state, authorize: hook, inbox, listener, signals }
    }

    /// Tells `listener` what an operator wants to know. It must not block.
    pub fn on_telemetry(mut self, listener: impl FnMut(&Telemetry) + 'static) -> Self {
        self.listener = Some(Box::new(listener));
        self
    }

    /// Whether SIGTERM ends [`Bound::run`] in good order, and a second one at once. Default: yes,
    /// on Unix.
    pub fn signals(mut self, heed: bool) -> Self {
        self.signals = heed;
        self
    }

    /// What other threads speak through: to tell of a resource that has changed, say. What is said
    /// before the server serves waits; what is said afterwards is dropped.
    pub fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::clone(&self.inbox) as Arc<dyn Outbox>
    }

    /// Listens at an address; port 0 is any that is free.
    ///
    /// An address that strangers can reach is refused (`InvalidInput`), unless
    /// [`HttpConfig::hosts`] says under which names the server may be called.
    pub fn bind(self, address: impl ToSocketAddrs) -> io::Result<Bound<S, A>> {
        let addresses: Vec<SocketAddr> = address.to_socket_addrs()?.collect();
        for address in &addresses {
            let checked = self.http.check_bind(address.ip());
            checked.map_err(|why| io::Error::new(io::ErrorKind::InvalidInput, why))?;
        }
        let listener = TcpListener::bind(&*addresses)?;
        let address = listener.local_addr()?;
        let socket = Socket::Tcp(Async::new(listener)?, address);
        Ok(Bound::new(self, socket))
    }

    /// Listens at a Unix socket, which must not be there yet and is removed at the end.
    #[cfg(unix)]
    pub fn bind_unix(self, path: impl AsRef<std::path::Path>) -> io::Result<Bound<S, A>> {
        let path = path.as_ref();
        let socket = Async::<std::os::unix::net::UnixListener>::bind(path)?;
        Ok(Bound::new(self, Socket::Unix(socket, path.into())))
    }

    /// Serves one client at the other end of any byte stream, without HTTP, until it is done.
    ///
    /// What concerns HTTP alone is not used. At the end of input, accepted calls are answered
    /// within [`ServerConfig::drain`]. Over stdin and stdout, which nothing else may then use:
    ///
    /// ```no_run
    /// use std::io::{stdin, stdout};
    /// use smol::Unblock;
    ///
    /// let server = mcp_smol::Server::new("pipe", "1.0.0", mcp_proto::Router::new(), ());
    /// smol::block_on(server.serve_pipe(Unblock::new(stdin()), Unblock::new(stdout())))?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub async fn serve_pipe<R, W>(self, reader: R, writer: W) -> io::Result<()>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        let mut config = self.config;
        config.unix_at_zero = unix_now();
        let pipe = ServerPipe::new(config, Box::new(OsEntropy));
        let outbox = Arc::clone(&self.inbox) as Arc<dyn Outbox>;
        let app = App::new(self.router, self.state, outbox, Clock::now());
        PipeDriver::new(app, self.inbox, pipe, (reader, writer)).run().await
    }

    /// The server without a listener: a handle to be mounted in a service of hyper's, and the
    /// driver that somebody's executor is to run. There, connections and their timeouts are in
    /// other hands, but for that of bodies.
    pub fn into_parts(self) -> (Handle<A>, Driver<S>) {
        let mut config = self.config;
        config.unix_at_zero = unix_now();
        let endpoint = Endpoint::new(config, self.http, Box::new(OsEntropy));
        let handle = Handle::new(
            endpoint.gate(),
            self.authorize,
            Arc::clone(&self.inbox),
            self.bounds.body_timeout,
        );
        let outbox = Arc::clone(&self.inbox) as Arc<dyn Outbox>;
        let app = App::new(self.router, self.state, outbox, Clock::now());
        let queued_max = self.bounds.stream_bytes_max;
        (handle, Driver::new(app, endpoint, self.inbox, queued_max, self.listener))
    }

    /// What `path` of the server is.
    pub(crate) fn path(&self) -> &str {
        &self.http.path
    }
}
