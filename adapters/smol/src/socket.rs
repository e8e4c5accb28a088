//! Byte streams as hyper takes them.

use std::{
    cell::RefCell,
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};

use hyper::rt::{Read, ReadBufCursor, Write};
use smol::io::{AsyncRead, AsyncWrite};

/// Where what comes is read first, shared by all connections: the buffers of hyper would have to be
/// cleared before each read, which costs more than to copy the few bytes of a message.
pub(crate) type Scratch = Rc<RefCell<Box<[u8]>>>;

pub(crate) fn scratch() -> Scratch {
    Rc::new(RefCell::new(vec![0; SCRATCH_BYTES].into()))
}

/// The most that one read takes.
const SCRATCH_BYTES: usize = 32 << 10;

/// A byte stream of smol's.
pub(crate) struct Socket<T> {
    io: T,
    scratch: Scratch,
}

impl<T> Socket<T> {
    pub(crate) fn new(io: T, scratch: Scratch) -> Self {
        Self { io, scratch }
    }
}

impl<T: AsyncRead + Unpin> Read for Socket<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut into: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let mut scratch = this.scratch.borrow_mut();
        let len = into.remaining().min(scratch.len());
        let room = scratch.get_mut(..len).unwrap_or_default();
        let count = ready!(Pin::new(&mut this.io).poll_read(cx, room))?;
        into.put_slice(room.get(..count).unwrap_or_default());
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> Write for Socket<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_close(cx)
    }
}
