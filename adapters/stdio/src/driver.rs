//! The loop, whatever the transport.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use mcp_proto::{
    ErrorObject, Instant, PipeOutput, Router, ServerPipe,
    router::{Outbox, Port},
    server::{Call, Command, Event, Reply, ServerConfig},
};

use crate::{entropy::OsEntropy, outbox::Commands};

/// What the loop needs of a transport.
pub(crate) trait Link {
    /// Writes as much as the peer takes now: zero bytes, where that is none.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Waits for one of the things that are wanted.
    fn wait(&mut self, want: &Want) -> io::Result<Woken<'_>>;

    /// What another thread wakes the loop with.
    fn waker(&self) -> io::Result<Box<dyn Fn() + Send + Sync>>;
}

/// What the loop waits for; it also waits for other threads and for the end of the process.
pub(crate) struct Want {
    /// Bytes of the peer.
    pub(crate) input: bool,
    /// To hear that the peer sends no more, though its bytes are not wanted.
    pub(crate) hang_up: bool,
    /// Room for what could not be written.
    pub(crate) output: bool,
    /// For this long at most.
    pub(crate) timeout: Option<Duration>,
    /// Nothing but input can happen: no other thread has anything to say, no deadline is set.
    pub(crate) idle: bool,
}

/// Why the loop goes on.
pub(crate) enum Woken<'a> {
    /// The peer sent something.
    Bytes(&'a [u8]),
    /// The peer will send nothing more.
    Eof,
    /// The peer will send nothing more, but what it has sent was not wanted.
    HungUp,
    /// The process is to end.
    ShutDown,
    /// Something else happened, or nothing at all.
    Other,
}

/// One server at the end of one byte stream.
pub(crate) struct Driver<S, L> {
    pipe: ServerPipe,
    router: Router<S>,
    state: S,
    link: L,
    commands: Arc<Commands>,
    clock: std::time::Instant,
    drain: Duration,
    /// Whether the peer may still send something.
    open: bool,
    /// Until when the rest is written, once nothing more comes.
    closing: Option<Instant>,
    /// Until when a peer that sends no more and has not read its answers may begin to.
    stalled: Option<Instant>,
}

impl<S: 'static, L: Link> Driver<S, L> {
    pub(crate) fn new(
        config: ServerConfig,
        router: Router<S>,
        state: S,
        commands: Arc<Commands>,
        link: L,
    ) -> Self {
        Self {
            commands,
            drain: config.drain,
            pipe: ServerPipe::new(config, Box::new(OsEntropy)),
            router,
            state,
            link,
            clock: std::time::Instant::now(),
            open: true,
            closing: None,
            stalled: None,
        }
    }

    /// Serves until the peer is gone or the pipe has closed.
    pub(crate) fn run(mut self) -> io::Result<()> {
        let mut outcome = self.turn_until_closed();
        if outcome.is_err() {
            self.abandon();
        }
        // What threads still have to say is for nobody.
        drop(self.commands.close());
        if outcome.as_ref().is_err_and(is_peer_gone) {
            outcome = Ok(());
        }
        outcome
    }

    fn turn_until_closed(&mut self) -> io::Result<()> {
        let mut failure = None;
        let mut commands = Vec::new();
        let mut now = self.now();
        self.renew_offer();
        loop {
            // 1. Serve what has come out, until nothing more does.
            self.serve_outputs(now);
            // 2. Write what is pending: all answers of this turn with one call.
            if write_pending(&mut self.pipe, &mut self.link)? {
                self.stalled = None;
            }
            if self.is_closed(now) {
                return failure.map_or(Ok(()), Err);
            }
            if self.stalled.is_some_and(|until| until <= now) {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            // 3. Wait.
            let want = self.want();
            let woken = self.link.wait(&want);
            // 4. Read the clock, once.
            now = Instant::from_zero(self.clock.elapsed());
            // 5. Feed what has come in.
            match woken {
                Ok(Woken::Bytes(bytes)) => self.pipe.handle_bytes(now, bytes),
                Ok(Woken::ShutDown) => self.pipe.shut_down(now),
                Ok(Woken::HungUp) => self.stalled = Some(now + self.drain),
                Ok(Woken::Other) => {}
                Ok(Woken::Eof) => self.end_input(now),
                Err(error) => {
                    failure = failure.or(Some(error));
                    self.end_input(now);
                }
            }
            // Where it was idle, nobody had an outbox.
            if !want.idle {
                self.commands.take(&mut commands);
            }
            for command in commands.drain(..) {
                // An error is a race with the peer or a fact about it, which the thread that
                // sent the command no longer waits for.
                let _ = self.pipe.handle_command(now, command);
            }
            if self.pipe.poll_timeout().is_some_and(|due| due <= now) {
                self.pipe.handle_timeout(now);
            }
        }
    }

    fn serve_outputs(&mut self, now: Instant) {
        while let Some(output) = self.pipe.poll_output() {
            match output {
                PipeOutput::Event(Event::Call(call)) => self.serve_call(now, call),
                PipeOutput::Event(event) => self.observe(&event),
                // A handler may have taken long since the turn began.
                PipeOutput::Close => self.closing = Some(self.now() + self.drain),
                _ => {}
            }
            self.renew_offer();
        }
    }

    /// Runs a handler. One that panics is answered for, and the loop goes on.
    fn serve_call(&mut self, now: Instant, call: Arc<Call>) {
        let id = call.id;
        let (router, state) = (&mut self.router, &mut self.state);
        let mut port = InlinePort {
            pipe: &mut self.pipe,
            link: &mut self.link,
            commands: &self.commands,
            clock: self.clock,
            now,
        };
        if catch_unwind(AssertUnwindSafe(|| router.serve(state, call, &mut port))).is_err() {
            let reply = Reply::Error(ErrorObject::internal());
            port.emit(Command::Respond { call: id, reply });
        }
    }

    fn observe(&mut self, event: &Event) {
        let (router, state) = (&mut self.router, &mut self.state);
        // The panic hook has reported it; nobody waits for an answer.
        let _ = catch_unwind(AssertUnwindSafe(|| router.observe(state, event)));
    }

    fn renew_offer(&mut self) {
        if let Some(offer) = self.router.take_offer() {
            self.pipe.set_offer(offer);
        }
    }

    fn end_input(&mut self, now: Instant) {
        self.open = false;
        self.pipe.handle_eof(now);
    }

    /// Nobody is there to write to: what is open is given up without a drain.
    fn abandon(&mut self) {
        let now = self.now();
        self.pipe.handle_eof(now);
        let drained = now + self.drain;
        self.pipe.handle_timeout(drained);
        self.serve_outputs(drained);
    }

    /// Whether all is written that will be: a peer that does not read is not waited for for ever.
    fn is_closed(&self, now: Instant) -> bool {
        self.closing.is_some_and(|until| self.pipe.pending_write().is_empty() || until <= now)
    }

    /// What to wait for. Where there is something to do at once, input is looked at all the same:
    /// threads that never stop talking must not keep it waiting.
    fn want(&self) -> Want {
        let due =
            [self.pipe.poll_timeout(), self.closing, self.stalled].into_iter().flatten().min();
        let output = !self.pipe.pending_write().is_empty();
        let open = self.open && self.closing.is_none();
        let input = open && self.pipe.accepts_input();
        // Read before the queue is looked at: whoever gave its outbox back said all before.
        let alone = Arc::strong_count(&self.commands) == 1;
        let idle =
            alone && input && due.is_none() && self.pipe.is_idle() && self.commands.is_empty();
        let asleep = idle || self.commands.fall_asleep();
        let timeout = due.map(|due| due.saturating_since(self.now()));
        Want {
            input,
            hang_up: open && !input && self.stalled.is_none(),
            output,
            timeout: if asleep { timeout } else { Some(Duration::ZERO) },
            idle,
        }
    }

    fn now(&self) -> Instant {
        Instant::from_zero(self.clock.elapsed())
    }
}

/// What carries a handler on the driver's own thread: what it says before its reply leaves at
/// once, as far as the peer takes it.
struct InlinePort<'a, L> {
    pipe: &'a mut ServerPipe,
    link: &'a mut L,
    commands: &'a Arc<Commands>,
    clock: std::time::Instant,
    now: Instant,
}

impl<L: Link> Port for InlinePort<'_, L> {
    fn emit(&mut self, command: Command) {
        let is_reply = matches!(command, Command::Respond { .. });
        // Only what begins a deadline needs to know how long the handler has taken.
        if !matches!(command, Command::Respond { reply: Reply::Result(_) | Reply::Error(_), .. }) {
            self.now = Instant::from_zero(self.clock.elapsed());
        }
        // A call that is gone has nobody to tell it to; the handler sees that it is cancelled.
        let _ = self.pipe.handle_command(self.now, command);
        if !is_reply {
            // A peer that is gone is noticed by the loop, which writes next.
            let _ = write_pending(self.pipe, self.link);
        }
    }

    fn outbox(&self) -> Option<Arc<dyn Outbox>> {
        Some(Arc::clone(self.commands) as Arc<dyn Outbox>)
    }
}

/// Writes until nothing is pending or the peer takes no more; says whether it took anything.
fn write_pending(pipe: &mut ServerPipe, link: &mut impl Link) -> io::Result<bool> {
    let mut wrote = false;
    while !pipe.pending_write().is_empty() {
        let written = link.write(pipe.pending_write())?;
        if written == 0 {
            break;
        }
        pipe.consume(written);
        wrote = true;
    }
    Ok(wrote)
}

/// Whether an error says no more than that nobody is at the other end, which is how a connection
/// ends.
fn is_peer_gone(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected};
    matches!(error.kind(), BrokenPipe | ConnectionReset | ConnectionAborted | NotConnected)
}
