//! Connections to one server, and those of them that wait for their next request.

use std::{
    cell::RefCell,
    error::Error,
    fmt,
    future::Future,
    io,
    rc::Weak,
    time::{Duration, Instant},
};

use hyper::{
    Uri,
    client::conn::http1::{self, SendRequest},
};
use smol::{
    LocalExecutor, Timer, future,
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};

use crate::{
    body::Body,
    socket::{Scratch, Socket},
};

/// How many connections are kept for the next request.
const IDLE_MAX: usize = 8;

/// For how long. Servers close what is idle, some after five seconds, and a request that meets the
/// end of its connection is one whose outcome is unknown.
const IDLE_TIME: Duration = Duration::from_secs(4);

/// How long a connection may take to be free again after a response.
const SETTLE_TIME: Duration = Duration::from_millis(20);

/// How much of a response is buffered at once, its head included.
const BUFFER_BYTES_MAX: usize = 64 << 10;

/// Why no request can be sent to a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum UnusableUrl {
    /// It is not one of a server.
    Malformed,
    /// Only a build with TLS reaches it.
    #[cfg(not(feature = "tls"))]
    WithoutTls,
    /// TLS cannot be set up.
    #[cfg(feature = "tls")]
    NoTls,
}

impl fmt::Display for UnusableUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "not the URL of a server",
            #[cfg(not(feature = "tls"))]
            Self::WithoutTls => "https needs the feature tls of mcp-smol",
            #[cfg(feature = "tls")]
            Self::NoTls => "TLS cannot be set up",
        })
    }
}

impl Error for UnusableUrl {}

/// Makes connections to one server.
pub(crate) struct Connector {
    host: Box<str>,
    port: u16,
    timeout: Duration,
    #[cfg(feature = "tls")]
    tls: Option<super::tls::Tls>,
}

impl Connector {
    /// For the server of an absolute URL. A connection, TLS included, may take `timeout`.
    pub(crate) fn new(
        url: &str,
        timeout: Duration,
        #[cfg(feature = "tls")] config: Option<super::tls::Config>,
    ) -> Result<Self, UnusableUrl> {
        let uri: Uri = url.parse().map_err(|_| UnusableUrl::Malformed)?;
        let host = uri.host().ok_or(UnusableUrl::Malformed)?;
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let secure = uri.scheme_str() == Some("https");
        #[cfg(not(feature = "tls"))]
        if secure {
            return Err(UnusableUrl::WithoutTls);
        }
        Ok(Self {
            host: host.into(),
            port: uri.port_u16().unwrap_or(if secure { 443 } else { 80 }),
            timeout,
            #[cfg(feature = "tls")]
            tls: secure.then(|| super::tls::Tls::new(host, config)).transpose()?,
        })
    }

    /// A new connection, which lives on `executor`.
    pub(super) async fn connect(
        &self,
        executor: &Weak<LocalExecutor<'static>>,
        scratch: &Scratch,
    ) -> io::Result<SendRequest<Body>> {
        within(self.timeout, self.open(executor, scratch)).await?
    }

    async fn open(
        &self,
        executor: &Weak<LocalExecutor<'static>>,
        scratch: &Scratch,
    ) -> io::Result<SendRequest<Body>> {
        let tcp = TcpStream::connect((&*self.host, self.port)).await?;
        tcp.set_nodelay(true)?;
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            return speak(Socket::new(tls.wrap(tcp).await?, scratch.clone()), executor).await;
        }
        speak(Socket::new(tcp, scratch.clone()), executor).await
    }
}

/// HTTP/1.1 over a stream.
async fn speak(
    socket: Socket<impl AsyncRead + AsyncWrite + Unpin + 'static>,
    executor: &Weak<LocalExecutor<'static>>,
) -> io::Result<SendRequest<Body>> {
    let mut builder = http1::Builder::new();
    builder.max_buf_size(BUFFER_BYTES_MAX);
    let (sender, connection) = builder.handshake(socket).await.map_err(io::Error::other)?;
    let executor = executor.upgrade().ok_or(io::ErrorKind::ConnectionAborted)?;
    let serve = async move {
        // How it ends is told to the request that meets it.
        let _ = connection.await;
    };
    executor.spawn(serve).detach();
    Ok(sender)
}

/// Connections that wait for their next request, the one used last at the end.
#[derive(Default)]
pub(super) struct Pool {
    idle: RefCell<Vec<(Instant, SendRequest<Body>)>>,
}

impl Pool {
    /// A connection that the server has not closed, as far as that is known.
    pub(super) fn take(&self) -> Option<SendRequest<Body>> {
        let mut idle = self.idle.borrow_mut();
        idle.retain(|(since, sender)| since.elapsed() < IDLE_TIME && sender.is_ready());
        idle.pop().map(|(_, sender)| sender)
    }

    /// Keeps a connection whose response has been read, if it will be of use.
    pub(super) async fn put(&self, mut sender: SendRequest<Body>) {
        if !matches!(within(SETTLE_TIME, sender.ready()).await, Ok(Ok(()))) {
            return;
        }
        let mut idle = self.idle.borrow_mut();
        if idle.len() >= IDLE_MAX {
            idle.remove(0);
        }
        idle.push((Instant::now(), sender));
    }
}

/// What a future gives, if it does so in time.
pub(super) async fn within<T>(time: Duration, future: impl Future<Output = T>) -> io::Result<T> {
    let done = async { Ok(future.await) };
    let late = async {
        Timer::after(time).await;
        Err(io::ErrorKind::TimedOut.into())
    };
    future::or(done, late).await
}
