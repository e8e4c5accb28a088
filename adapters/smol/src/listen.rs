//! Listening, accepting, ending.

use std::{cell::RefCell, fmt, io, net::SocketAddr, rc::Rc, time::Duration};

use smol::{
    Async, LocalExecutor, Timer, future,
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _},
};

use crate::{
    connection::{self, Table},
    driver::Driver,
    handle::{Authorize, Handle},
    server::Server,
    socket::{Scratch, scratch},
};

/// What is listened at.
pub(crate) enum Socket {
    Tcp(Async<std::net::TcpListener>, SocketAddr),
    #[cfg(unix)]
    Unix(Async<std::os::unix::net::UnixListener>, Box<std::path::Path>),
}

impl Drop for Socket {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Self::Unix(_, path) = self {
            // Somebody else may have removed it.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// A server that listens; it serves when it runs.
#[must_use = "a server does nothing until it runs"]
pub struct Bound<S, A> {
    socket: Socket,
    path: Box<str>,
    table: Table,
    signals: bool,
    handle: Handle<A>,
    driver: Driver<S>,
}

impl<S, A> fmt::Debug for Bound<S, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bound").finish_non_exhaustive()
    }
}

impl<S: 'static, A: Authorize + 'static> Bound<S, A> {
    pub(crate) fn new(server: Server<S, A>, socket: Socket) -> Self {
        let (path, signals) = (server.path().into(), server.signals);
        let table = Table::new(&server.bounds);
        let (handle, driver) = server.into_parts();
        Self { socket, path, table, signals, handle, driver }
    }

    /// Where the server listens; `None` at a Unix socket.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        match &self.socket {
            Socket::Tcp(_, address) => Some(*address),
            #[cfg(unix)]
            Socket::Unix(..) => None,
        }
    }

    /// The URL of the endpoint, for clients on this machine.
    pub fn url(&self) -> String {
        match &self.socket {
            Socket::Tcp(_, address) => format!("http://{address}{}", self.path),
            #[cfg(unix)]
            Socket::Unix(..) => format!("http://localhost{}", self.path),
        }
    }

    /// What reaches the server while it runs.
    pub fn handle(&self) -> Handle<A> {
        self.handle.clone()
    }

    /// Serves on this thread until it is shut down: by SIGTERM, or by [`Handle::shut_down`].
    pub fn run(self) -> io::Result<()> {
        smol::block_on(self.serve())
    }

    /// Serves until it is shut down, within somebody's executor.
    pub async fn serve(self) -> io::Result<()> {
        let Self { socket, table, signals, handle, driver, .. } = self;
        let executor = Rc::new(LocalExecutor::new());
        let table = Rc::new(RefCell::new(table));
        let driver = executor.spawn(driver.run());
        let acceptor =
            Acceptor { socket, executor: Rc::clone(&executor), table, handle, scratch: scratch() };
        let ended = async {
            driver.await;
            acceptor.finish().await;
            Ok(())
        };
        let accept = future::or(acceptor.accept(), acceptor.watch());
        let heed = heed(signals, &acceptor.handle);
        executor.run(future::or(ended, future::or(heed, accept))).await
    }
}

/// Takes in connections and watches over them.
struct Acceptor<A> {
    socket: Socket,
    executor: Rc<LocalExecutor<'static>>,
    table: Rc<RefCell<Table>>,
    handle: Handle<A>,
    scratch: Scratch,
}

impl<A: Authorize + 'static> Acceptor<A> {
    /// Accepts for ever.
    async fn accept<T>(&self) -> T {
        loop {
            // Clients that come in a row must not keep those that are there waiting.
            for _ in 0..16 {
                if self.accept_one().await.is_err() {
                    // Of file descriptors there are none left, say.
                    self.table.borrow_mut().close_oldest();
                    Timer::after(Duration::from_millis(10)).await;
                }
            }
            future::yield_now().await;
        }
    }

    async fn accept_one(&self) -> io::Result<()> {
        match &self.socket {
            Socket::Tcp(listener, _) => {
                let (stream, _) = listener.accept().await?;
                // A client that is gone already is noticed when it is read from.
                let _ = stream.get_ref().set_nodelay(true);
                self.admit(stream);
            }
            #[cfg(unix)]
            Socket::Unix(listener, _) => self.admit(listener.accept().await?.0),
        }
        Ok(())
    }

    fn admit<T: AsyncRead + AsyncWrite + Unpin + 'static>(&self, io: T) {
        if !self.table.borrow_mut().make_room() {
            self.handle.tell_turned_away(503);
            return self.executor.spawn(refuse(io)).detach();
        }
        let (handle, scratch) = (self.handle.clone(), Rc::clone(&self.scratch));
        Table::insert(&self.table, |connection, entry| {
            self.executor.spawn(async move {
                connection::serve(io, scratch, connection, handle).await;
                entry.leave();
            })
        });
    }

    /// Closes what takes too long, for ever.
    async fn watch<T>(&self) -> T {
        let tick = self.table.borrow().tick;
        loop {
            Timer::after(tick).await;
            self.table.borrow_mut().pass();
        }
    }

    /// Lets the last answers leave.
    async fn finish(&self) {
        for _ in 0..100 {
            future::yield_now().await;
            self.table.borrow_mut().close_quiet();
            if self.table.borrow().is_empty() {
                break;
            }
            Timer::after(Duration::from_millis(10)).await;
        }
    }
}

/// Answers a connection too many.
async fn refuse<T: AsyncRead + AsyncWrite + Unpin>(mut io: T) {
    const ANSWER: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
        retry-after: 1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let answer = async {
        // Whether it hears it is its own affair.
        let _ = io.write_all(ANSWER).await;
        let _ = io.close().await;
    };
    let late = async {
        Timer::after(Duration::from_secs(1)).await;
    };
    future::or(answer, late).await;
}

/// Shuts down at the first SIGTERM, and ends at the second.
#[cfg(unix)]
async fn heed<A>(signals: bool, handle: &Handle<A>) -> io::Result<()> {
    use smol::stream::StreamExt as _;

    if !signals {
        return future::pending().await;
    }
    let mut terminate = async_signal::Signals::new([async_signal::Signal::Term])?;
    terminate.next().await;
    handle.shut_down();
    terminate.next().await;
    Ok(())
}

#[cfg(not(unix))]
async fn heed<A>(_: bool, _: &Handle<A>) -> io::Result<()> {
    future::pending().await
}
