//! What a server is told before it serves.

use std::{
    fmt, io,
    net::{SocketAddr, TcpListener, ToSocketAddrs},
    sync::{Arc, mpsc::sync_channel},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use mcp_proto::{
    Grant, Router,
    http::{Challenge, Endpoint, Head, HttpConfig, Telemetry},
    router::Outbox,
    schema::Implementation,
    server::ServerConfig,
};
use mcp_stdio::{
    Pool,
    parts::{Commands, OsEntropy},
};

use crate::{
    driver::{Driver, Input},
    intake::Parked,
    peers::{Acquaintance, Seats},
    usher::{self, Usher},
    wires::{Listener, Wires},
};

/// Finds out who is calling: see [`Server::authorize`].
pub type Authorize = dyn Fn(&Head<'_>) -> Result<Arc<Grant>, Challenge> + Send + Sync;

/// Ceilings of what the clients of a server may hold open, besides those of
/// [`Limits`](mcp_proto::Limits).
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Connections with a request under way, open streams included. Default 256: each has a
    /// thread of `tiny_http`'s, and another one while something is waited for.
    ///
    /// When exceeded: 503.
    pub exchanges_max: usize,
    /// For how long a client may send nothing: within a request, or on a connection without one.
    /// Default 30 s, at least 15 s.
    ///
    /// When exceeded: the connection is closed; where the body of a request is missing, after a
    /// 408.
    pub silence_timeout: Duration,
    /// How long a body may take. Default 30 s.
    ///
    /// When exceeded: 408, and the connection is not used any more.
    pub body_timeout: Duration,
    /// How long a client may take nothing of what is sent to it. Default 30 s.
    ///
    /// When exceeded: it counts as gone.
    pub write_timeout: Duration,
    /// Bytes that wait in one stream for a client that does not read, besides what the operating
    /// system buffers. Default 256 KiB.
    ///
    /// When exceeded: what may be dropped or merged is, until the client has caught up.
    pub stream_bytes_max: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            exchanges_max: 256,
            silence_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(30),
            stream_bytes_max: 256 << 10,
        }
    }
}

/// A server that is about to serve.
#[must_use = "a server does nothing until it serves"]
pub struct Server<S> {
    config: ServerConfig,
    http: HttpConfig,
    bounds: Bounds,
    router: Router<S>,
    state: S,
    authorize: Option<Arc<Authorize>>,
    inbox: Arc<Commands<Input>>,
    listener: Option<Listener>,
    signals: bool,
}

impl<S> fmt::Debug for Server<S> {
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
            authorize: None,
            inbox: Arc::new(Commands::new()),
            listener: None,
            signals: true,
        }
    }

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
    /// gate, and may block: it is called on threads of its own. Default: everybody may call, as
    /// nobody in particular.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use mcp_proto::{Grant, Router, http::Challenge};
    ///
    /// let server = mcp_tiny_http::Server::new("secret", "1.0.0", Router::new(), ());
    /// let server = server.authorize(|head| {
    ///     let mut known = false;
    ///     head.headers.each(&mut |name, value| {
    ///         known |= name.eq_ignore_ascii_case("authorization") && value == b"Bearer sesame";
    ///     });
    ///     if known { Ok(Arc::new(Grant::default())) } else { Err(Challenge::unauthorized()) }
    /// });
    /// # let _ = server;
    /// ```
    pub fn authorize(
        mut self,
        hook: impl Fn(&Head<'_>) -> Result<Arc<Grant>, Challenge> + Send + Sync + 'static,
    ) -> Self {
        self.authorize = Some(Arc::new(hook));
        self
    }

    /// Tells `listener` what an operator wants to know, on the thread that serves.
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
    pub fn bind(self, address: impl ToSocketAddrs) -> io::Result<Bound<S>> {
        let addresses: Vec<SocketAddr> = address.to_socket_addrs()?.collect();
        for address in &addresses {
            let checked = self.http.check_bind(address.ip());
            checked.map_err(|why| io::Error::new(io::ErrorKind::InvalidInput, why))?;
        }
        let socket = usher::listen(&addresses, &self.bounds)?;
        Ok(Bound { address: socket.local_addr()?, socket, server: self })
    }
}

/// A server that listens; it serves when it runs.
#[must_use = "a server does nothing until it runs"]
pub struct Bound<S> {
    socket: TcpListener,
    address: SocketAddr,
    server: Server<S>,
}

impl<S> fmt::Debug for Bound<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bound").field("address", &self.address).finish_non_exhaustive()
    }
}

impl<S: 'static> Bound<S> {
    /// Where the server listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// The URL of the endpoint, for clients on this machine.
    pub fn url(&self) -> String {
        format!("http://{}{}", self.address, self.server.http.path)
    }

    /// What reaches the server while it runs.
    pub fn handle(&self) -> Handle {
        Handle { inbox: Arc::clone(&self.server.inbox) }
    }

    /// Serves until the server is shut down.
    ///
    /// An error is one of the operating system's.
    pub fn run(self) -> io::Result<()> {
        #[cfg(unix)]
        let _signals = if self.server.signals {
            let handle = self.handle();
            Some(crate::signals::Terminate::heed(move || handle.shut_down())?)
        } else {
            None
        };
        let Server { mut config, http, bounds, router, state, authorize, inbox, listener, .. } =
            self.server;
        let unix = SystemTime::now().duration_since(UNIX_EPOCH);
        // A clock before 1970 is wrong anyway.
        config.unix_at_zero = unix.unwrap_or(Duration::ZERO);
        let clock = Instant::now();
        let endpoint = Endpoint::new(config, http, Box::new(OsEntropy));
        let (usher, tiny) = Usher::begin(self.socket, Arc::clone(&inbox))?;
        // Whoever keeps an outbox must not keep the socket open.
        let waker = Arc::downgrade(&tiny);
        inbox.wake_with(Box::new(move || {
            if let Some(tiny) = waker.upgrade() {
                tiny.unblock();
            }
        }));
        // All that are under way may have to be waited for, and refusals besides.
        let pool = Pool::new(bounds.exchanges_max + bounds.exchanges_max / 4 + 1).waiting(0);
        let driver = Driver {
            gate: endpoint.gate(),
            endpoint,
            router,
            state,
            authorize,
            wires: Wires::new(Arc::clone(&inbox), pool.clone(), bounds.clone(), listener),
            bounds,
            inbox,
            tiny,
            usher,
            pool,
            seats: Arc::new(Seats::default()),
            acquaintance: Acquaintance::new(clock),
            parked: Arc::new(Parked::default()),
            nobody: Arc::new(Grant::default()),
            clock,
        };
        driver.run();
        Ok(())
    }
}

/// Reaches a server from any thread, before and while it runs.
#[derive(Clone)]
pub struct Handle {
    inbox: Arc<Commands<Input>>,
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").finish_non_exhaustive()
    }
}

impl Handle {
    /// What other threads speak through: to tell of a resource that has changed, say.
    pub fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::clone(&self.inbox) as Arc<dyn Outbox>
    }

    /// Ends the server in good order: see [`Endpoint::shut_down`].
    pub fn shut_down(&self) {
        // A driver that has ended is shut down.
        let _ = self.inbox.push(Input::ShutDown);
    }

    /// Looks at the endpoint: its sessions, calls and streams. Waits for the handler that runs;
    /// `None` if the server has ended.
    pub fn inspect<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Endpoint) -> T + Send + 'static,
    ) -> Option<T> {
        let (sender, seen) = sync_channel(1);
        let look = move |endpoint: &Endpoint| drop(sender.send(look(endpoint)));
        self.inbox.push(Input::Inspect(Box::new(look))).ok()?;
        seen.recv().ok()
    }
}
