//! The loop around a pipe: any reader and writer.

use std::{
    future::poll_fn,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use mcp_proto::{
    Instant, PipeOutput, ServerPipe,
    server::{Command, Offer},
};
use smol::io::{AsyncRead, AsyncWrite};

use crate::{
    app::{App, Machine},
    driver::Alarm,
    inbox::{Inbox, Input},
};

/// The most that one read takes.
const CHUNK_BYTES: usize = 64 << 10;

/// One server at the end of one byte stream.
pub(crate) struct PipeDriver<S, R, W> {
    app: App<S>,
    inbox: Arc<Inbox<Input>>,
    alarm: Alarm,
    link: Link<R, W>,
    drain: Duration,
    /// Until when the rest is written, once nothing more comes.
    closing: Option<Instant>,
}

struct Link<R, W> {
    pipe: ServerPipe,
    reader: R,
    writer: W,
    buffer: Box<[u8]>,
    /// Whether the peer may still send something.
    open: bool,
    /// Whether something was written that may still be held back.
    unflushed: bool,
}

/// Why the loop goes on.
enum Woken {
    /// Something was read; how much.
    Read(usize),
    /// The peer sends no more.
    Eof,
    /// There may be something else to do.
    Other,
}

impl<S, R, W> PipeDriver<S, R, W>
where
    S: 'static,
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    pub(crate) fn new(
        app: App<S>,
        inbox: Arc<Inbox<Input>>,
        pipe: ServerPipe,
        (reader, writer): (R, W),
    ) -> Self {
        let drain = pipe.server().config().drain;
        let buffer = vec![0; CHUNK_BYTES].into();
        let link = Link { pipe, reader, writer, buffer, open: true, unflushed: false };
        Self { app, inbox, alarm: Alarm::default(), link, drain, closing: None }
    }

    /// Serves until the peer is gone or the pipe has closed.
    pub(crate) async fn run(mut self) -> io::Result<()> {
        let outcome = self.turn_until_closed().await;
        // What tasks still have to say is for nobody.
        drop(self.inbox.close());
        match outcome {
            Err(error) if is_peer_gone(&error) => Ok(()),
            outcome => outcome,
        }
    }

    async fn turn_until_closed(&mut self) -> io::Result<()> {
        let mut inputs = Vec::new();
        let mut now = self.app.now();
        self.app.renew_offer(&mut self.link.pipe);
        loop {
            while let Some(output) = self.link.pipe.poll_output() {
                match output {
                    PipeOutput::Event(event) => {
                        self.app.handle_event(now, event, &mut self.link.pipe);
                    }
                    PipeOutput::Close => self.closing = Some(self.app.now() + self.drain),
                    _ => {}
                }
            }
            if self.is_closed(now) {
                return Ok(());
            }
            let woken = self.wait(&mut inputs).await?;
            now = self.app.now();
            let pipe = &mut self.link.pipe;
            match woken {
                Woken::Read(count) => {
                    pipe.handle_bytes(now, self.link.buffer.get(..count).unwrap_or_default());
                }
                Woken::Eof => {
                    self.link.open = false;
                    pipe.handle_eof(now);
                }
                Woken::Other => {}
            }
            for input in inputs.drain(..) {
                match input {
                    Input::Command(command) => pipe.command(now, command),
                    Input::ShutDown => pipe.shut_down(now),
                    _ => {}
                }
            }
            if pipe.poll_timeout().is_some_and(|due| due <= now) {
                pipe.handle_timeout(now);
            }
        }
    }

    /// Writes, and waits for one thing; the tasks go on meanwhile.
    async fn wait(&mut self, inputs: &mut Vec<Input>) -> io::Result<Woken> {
        let due = self.link.pipe.poll_timeout().into_iter().chain(self.closing).min();
        let due = due.map(|due| self.app.moment(due));
        let Self { app, inbox, alarm, link, closing, .. } = self;
        poll_fn(|cx| {
            app.tasks.poll(cx);
            let taken = inbox.poll_take(cx, inputs).is_ready();
            let written = link.poll_write(cx)?.is_ready();
            // Looked at in any case: tasks that never stop talking must not keep it waiting.
            if closing.is_none()
                && let Poll::Ready(read) = link.poll_read(cx)
            {
                return Poll::Ready(read);
            }
            if taken || written || alarm.poll(cx, due).is_ready() {
                return Poll::Ready(Ok(Woken::Other));
            }
            Poll::Pending
        })
        .await
    }

    /// Whether all is written that will be: a peer that does not read is not waited for for ever.
    fn is_closed(&self, now: Instant) -> bool {
        let written = self.link.pipe.pending_write().is_empty() && !self.link.unflushed;
        self.closing.is_some_and(|until| written || until <= now)
    }
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Link<R, W> {
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Woken>> {
        if !self.open || !self.pipe.accepts_input() {
            return Poll::Pending;
        }
        Poll::Ready(Ok(match ready!(Pin::new(&mut self.reader).poll_read(cx, &mut self.buffer))? {
            0 => Woken::Eof,
            count => Woken::Read(count),
        }))
    }

    /// Writes and flushes; pending also when there is nothing to write.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.pipe.pending_write().is_empty() {
            let writer = Pin::new(&mut self.writer);
            let written = ready!(writer.poll_write(cx, self.pipe.pending_write()))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.pipe.consume(written);
            self.unflushed = true;
            return Poll::Ready(Ok(()));
        }
        if self.unflushed {
            ready!(Pin::new(&mut self.writer).poll_flush(cx))?;
            self.unflushed = false;
            return Poll::Ready(Ok(()));
        }
        Poll::Pending
    }
}

impl Machine for ServerPipe {
    fn set_offer(&mut self, offer: Arc<Offer>) {
        self.set_offer(offer);
    }

    fn command(&mut self, now: Instant, command: Command) {
        let _ = self.handle_command(now, command);
    }

    /// Nothing: what is pending is written when the handler has returned.
    fn flush(&mut self, _: Instant) {}
}

/// Whether an error says no more than that nobody is at the other end, which is how a connection
/// ends.
fn is_peer_gone(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected};
    matches!(error.kind(), BrokenPipe | ConnectionReset | ConnectionAborted | NotConnected)
}
