//! The thread that owns the machine: it carries bytes, time and commands in, and events out.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use mcp_proto::{
    ClientPipe, ClientPipeOutput, Instant,
    client::{ClientConfig, ClientEvent},
};

use super::{desk::Desk, error::End, helm::Turn};
use crate::driver::{Link, Want, Woken};

/// The most that is read of a server that has exited: what a pipe holds, and some more.
const LAST_WORDS_BYTES_MAX: usize = 2 << 20;

/// What the loop needs of the other end.
pub(super) trait Peer: Link {
    /// How long it may take to exit once it has closed a stream, before it counts as gone without
    /// a status. One that has died is noticed at once.
    const EXIT_GRACE: Duration;

    /// Whether it is a process that has exited.
    fn has_exited(&self) -> bool;

    /// What is known of its end; what it leaves behind once it has exited is done away with.
    fn take_stock(&mut self) -> End;

    /// Starts it anew.
    fn respawn(&mut self) -> io::Result<()>;

    /// Ends it, within its deadlines.
    fn shut_down(self) -> End;
}

/// One client at the end of one byte stream.
pub(super) struct Driver<P> {
    pipe: ClientPipe,
    peer: P,
    desk: Desk,
    clock: std::time::Instant,
    /// Whether the server may still say something.
    readable: bool,
    /// Whether the server may still hear something.
    writable: bool,
    /// Until when a server that has closed a stream may exit.
    leaving: Option<Instant>,
    /// Whether the machine was told of the end.
    ended: bool,
    closing: bool,
    error: Option<io::Error>,
}

impl<P: Peer> Driver<P> {
    pub(super) fn new(config: ClientConfig, peer: P, desk: Desk) -> Self {
        Self {
            pipe: ClientPipe::new(config),
            peer,
            desk,
            clock: std::time::Instant::now(),
            readable: true,
            writable: true,
            leaving: None,
            ended: false,
            closing: false,
            error: None,
        }
    }

    /// Drives the machine until the connection has ended, and ends the server.
    pub(super) fn run(mut self)
    where
        P: Send + 'static,
    {
        self.pipe.start(self.now());
        let shared = self.desk.shared();
        shared.helm.keep(Box::new(self));
    }

    fn turn_until(&mut self, enough: &mut dyn FnMut(bool) -> bool) -> bool {
        let mut now = self.now();
        loop {
            // 1. Serve what has come out, until nothing more does.
            let woken = self.serve_outputs(now);
            // 2. Write what is pending, as far as the server takes it.
            self.write(now);
            if self.ended || enough(woken) {
                return self.ended;
            }
            // 3. Wait.
            let woken = match self.want() {
                Some(want) => self.peer.wait(&want),
                None => Ok(Woken::Other),
            };
            // 4. Read the clock, once.
            now = Instant::from_zero(self.clock.elapsed());
            // 5. Feed what has come in.
            match woken {
                Ok(Woken::Bytes(bytes)) => self.pipe.handle_bytes(now, bytes),
                Ok(Woken::Eof) => self.stop_reading(now, None),
                Err(error) => self.stop_reading(now, Some(error)),
                Ok(_) => {}
            }
            self.notice_end(now);
            if self.desk.carry_out(&mut self.pipe, now) {
                self.close(now);
            }
            if self.pipe.poll_timeout().is_some_and(|due| due <= now) {
                self.pipe.handle_timeout(now);
            }
        }
    }

    /// Tells the application what there is to tell. Returns whether that has woken somebody.
    fn serve_outputs(&mut self, now: Instant) -> bool {
        while let Some(output) = self.pipe.poll_output() {
            match output {
                ClientPipeOutput::Event(event) => self.tell(now, event),
                ClientPipeOutput::Respawn => self.respawn(now),
                ClientPipeOutput::Close => self.ended = true,
                _ => {}
            }
        }
        self.desk.wake_settled()
    }

    fn tell(&mut self, now: Instant, event: ClientEvent) {
        if matches!(event, ClientEvent::Failed(_)) && !self.ended {
            let end = self.peer.take_stock();
            self.desk.set_end(end);
        }
        self.desk.tell(&mut self.pipe, now, event);
    }

    fn respawn(&mut self, now: Instant) {
        let respawned = if self.closing { Ok(false) } else { self.peer.respawn().map(|()| true) };
        match respawned {
            Ok(true) => {
                (self.readable, self.writable) = (true, true);
                self.leaving = None;
                self.ended = false;
                self.pipe.respawned(now);
            }
            Ok(false) => self.pipe.handle_eof(now),
            Err(error) => {
                self.error = Some(error);
                self.pipe.handle_eof(now);
            }
        }
    }

    fn write(&mut self, now: Instant) {
        while self.writable && !self.pipe.pending_write().is_empty() {
            match self.peer.write(self.pipe.pending_write()) {
                Ok(0) => return,
                Ok(count) => self.pipe.consume(count),
                Err(_) => {
                    // What the server has said before it left is still read.
                    self.writable = false;
                    self.leaving.get_or_insert(now + P::EXIT_GRACE);
                }
            }
        }
        self.pipe.consume(self.pipe.pending_write().len());
    }

    fn stop_reading(&mut self, now: Instant, error: Option<io::Error>) {
        self.readable = false;
        self.error = error.or(self.error.take());
        self.leaving.get_or_insert(now + P::EXIT_GRACE);
    }

    /// Notices a server that has exited, or that has had its time to.
    fn notice_end(&mut self, now: Instant) {
        if self.ended {
            return;
        }
        if self.peer.has_exited() {
            self.read_last_words(now);
            self.end(now);
        } else if self.leaving.is_some_and(|until| until <= now) {
            self.end(now);
        }
    }

    /// Reads what a server has said before it exited.
    fn read_last_words(&mut self, now: Instant) {
        let at_once = Want {
            input: true,
            hang_up: false,
            output: false,
            timeout: Some(Duration::ZERO),
            idle: false,
        };
        let mut read = 0;
        while self.readable && read < LAST_WORDS_BYTES_MAX {
            let Ok(Woken::Bytes(bytes)) = self.peer.wait(&at_once) else { return };
            read += bytes.len();
            self.pipe.handle_bytes(now, bytes);
            self.serve_outputs(now);
        }
    }

    fn end(&mut self, now: Instant) {
        let end = self.peer.take_stock();
        self.desk.set_end(end);
        self.ended = true;
        self.pipe.handle_eof(now);
    }

    fn close(&mut self, now: Instant) {
        self.closing = true;
        if !self.ended {
            self.end(now);
        }
    }

    /// What to wait for; `None` if there is something to do at once.
    fn want(&self) -> Option<Want> {
        if self.ended || !self.desk.fall_asleep() {
            return None;
        }
        let due = [self.pipe.poll_timeout(), self.leaving].into_iter().flatten().min();
        Some(Want {
            input: self.readable,
            hang_up: false,
            output: self.writable && !self.pipe.pending_write().is_empty(),
            timeout: due.map(|due| due.saturating_since(self.now())),
            idle: false,
        })
    }

    fn now(&self) -> Instant {
        Instant::from_zero(self.clock.elapsed())
    }
}

impl<P: Peer + Send> Turn for Driver<P> {
    fn turn(&mut self, enough: &mut dyn FnMut(bool) -> bool) -> bool {
        // The panic hook has reported it; nobody is left waiting and no process behind.
        catch_unwind(AssertUnwindSafe(|| self.turn_until(enough))).unwrap_or(true)
    }

    fn finish(self: Box<Self>) {
        let Self { peer, mut desk, error, .. } = *self;
        desk.stop();
        let end = peer.shut_down();
        desk.finish(End { error, ..end });
    }
}
