//! Connections: how long they may take, and which one goes when there are too many.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    convert::Infallible,
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
    time::Duration,
};

use hyper::{
    Request,
    body::{Body as HttpBody, Frame, Incoming, SizeHint},
    rt::{Read, ReadBufCursor, Write},
    server::conn::http1,
    service::service_fn,
};
use smol::{
    Task,
    io::{AsyncRead, AsyncWrite},
};

use crate::{
    Authorize, Bounds, Handle,
    body::{Body, Chunk},
    socket::{Scratch, Socket},
};

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing: the client keeps it for its next request.
    Idle,
    /// The head of a request is coming.
    Head,
    /// A request is being served.
    Busy,
}

/// A connection, as those see it who watch over its time. Time is counted in ticks.
#[derive(Debug)]
pub(crate) struct Connection {
    clock: Rc<Cell<u64>>,
    phase: Cell<Phase>,
    since: Cell<u64>,
    /// Since when the client takes nothing of what is sent.
    stalled: Cell<Option<u64>>,
}

impl Connection {
    fn enter(&self, phase: Phase) {
        self.phase.set(phase);
        self.since.set(self.clock.get());
    }

    fn is_waiting(&self) -> bool {
        self.phase.get() != Phase::Busy
    }

    /// Whether it has taken too long.
    fn is_overdue(&self, limits: &Ticks) -> bool {
        let now = self.clock.get();
        let waited = now - self.since.get();
        let late = match self.phase.get() {
            Phase::Idle => waited > limits.idle,
            Phase::Head => waited > limits.head,
            Phase::Busy => false,
        };
        late || self.stalled.get().is_some_and(|since| now - since > limits.write)
    }
}

/// Timeouts in ticks.
#[derive(Debug)]
struct Ticks {
    head: u64,
    idle: u64,
    write: u64,
}

/// The open connections.
#[derive(Debug)]
pub(crate) struct Table {
    clock: Rc<Cell<u64>>,
    pub(crate) tick: Duration,
    limits: Ticks,
    connections_max: usize,
    next: u64,
    open: BTreeMap<u64, (Rc<Connection>, Task<()>)>,
}

impl Table {
    pub(crate) fn new(bounds: &Bounds) -> Self {
        const FINEST: Duration = Duration::from_millis(1);
        let shortest = bounds.head_timeout.min(bounds.idle_timeout).min(bounds.write_timeout);
        let tick = (shortest / 8).max(FINEST);
        let ticks = |span: Duration| {
            u64::try_from(span.as_nanos().div_ceil(tick.as_nanos())).unwrap_or(u64::MAX)
        };
        Self {
            clock: Rc::default(),
            tick,
            limits: Ticks {
                head: ticks(bounds.head_timeout),
                idle: ticks(bounds.idle_timeout),
                write: ticks(bounds.write_timeout),
            },
            connections_max: bounds.connections_max.max(1),
            next: 0,
            open: BTreeMap::new(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Makes room for one more connection; says whether there is any. The one that has been
    /// without a request for longest is closed for it.
    pub(crate) fn make_room(&mut self) -> bool {
        self.open.len() < self.connections_max || self.close_oldest()
    }

    /// Closes the connection that has been without a request for longest, if there is one.
    pub(crate) fn close_oldest(&mut self) -> bool {
        let waiting = self.open.iter().filter(|(_, (connection, _))| connection.is_waiting());
        let oldest = waiting.min_by_key(|(_, (connection, _))| connection.since.get());
        let oldest = oldest.map(|(key, _)| *key);
        oldest.is_some_and(|key| self.open.remove(&key).is_some())
    }

    /// Lets a tick pass, and closes what has taken too long.
    pub(crate) fn pass(&mut self) {
        self.clock.set(self.clock.get() + 1);
        self.open.retain(|_, (connection, _)| !connection.is_overdue(&self.limits));
    }

    /// Closes what has nothing more to send.
    pub(crate) fn close_quiet(&mut self) {
        self.open.retain(|_, (connection, _)| {
            !connection.is_waiting() || connection.stalled.get().is_some()
        });
    }

    /// Takes in a connection, which `spawn` starts; it takes itself out with [`Entry`].
    pub(crate) fn insert(
        table: &Rc<RefCell<Self>>,
        spawn: impl FnOnce(Rc<Connection>, Entry) -> Task<()>,
    ) {
        let mut this = table.borrow_mut();
        let key = this.next;
        this.next += 1;
        let connection = Rc::new(Connection {
            clock: Rc::clone(&this.clock),
            phase: Cell::new(Phase::Head),
            since: Cell::new(this.clock.get()),
            stalled: Cell::new(None),
        });
        let entry = Entry { key, table: Rc::clone(table) };
        let task = spawn(Rc::clone(&connection), entry);
        this.open.insert(key, (connection, task));
    }
}

/// A connection's place in the table.
pub(crate) struct Entry {
    key: u64,
    table: Rc<RefCell<Table>>,
}

impl Entry {
    /// Gives the place up, at the end of the task that has it.
    pub(crate) fn leave(self) {
        let left = self.table.borrow_mut().open.remove(&self.key);
        if let Some((_, task)) = left {
            task.detach();
        }
    }
}

/// Serves the requests of one connection until it ends.
pub(crate) async fn serve<T, A>(
    io: T,
    scratch: Scratch,
    connection: Rc<Connection>,
    handle: Handle<A>,
) where
    T: AsyncRead + AsyncWrite + Unpin,
    A: Authorize,
{
    let service = service_fn(|request: Request<Incoming>| {
        connection.enter(Phase::Busy);
        let response = handle.handle(request);
        async {
            let response = response.await;
            let connection = Rc::clone(&connection);
            Ok::<_, Infallible>(response.map(|inner| Watched { inner, connection }))
        }
    });
    let io = Link { socket: Socket::new(io, scratch), connection: Rc::clone(&connection) };
    // How it ended is between hyper and the client.
    let _ = http1::Builder::new()
        // Heads are watched over by the table, at less cost.
        .header_read_timeout(None)
        .max_header_size(HEAD_BYTES_MAX)
        .max_buf_size(BUFFER_BYTES_MAX)
        .serve_connection(io, service)
        .await;
}

/// The longest head that is read, in bytes. Longer ones are answered 431.
const HEAD_BYTES_MAX: usize = 32 << 10;
/// How much of a response or request is buffered besides what its stream has queued.
const BUFFER_BYTES_MAX: usize = 64 << 10;

/// A body with whose end the connection is idle again.
struct Watched<B> {
    inner: B,
    connection: Rc<Connection>,
}

impl HttpBody for Watched<Body> {
    type Data = Chunk;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Chunk>, Self::Error>>> {
        Pin::new(&mut self.inner).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl<B> Drop for Watched<B> {
    fn drop(&mut self) {
        self.connection.enter(Phase::Idle);
    }
}

/// A socket that notes when something comes and when nothing goes.
struct Link<T> {
    socket: Socket<T>,
    connection: Rc<Connection>,
}

impl<T: AsyncRead + Unpin> Read for Link<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.socket).poll_read(cx, into))?;
        if self.connection.phase.get() == Phase::Idle {
            self.connection.enter(Phase::Head);
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> Write for Link<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(cx, bytes);
        let connection = &self.connection;
        connection.stalled.set(match written {
            Poll::Ready(_) => None,
            Poll::Pending => connection.stalled.get().or(Some(connection.clock.get())),
        });
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
