//! The thread that owns the machine: it carries bytes, time and commands in, and events out.

use std::{
    collections::HashMap,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use mcp_proto::{
    ClientPipe, ClientPipeOutput, CommandError, ErrorObject, Instant,
    client::{ClientCallId, ClientConfig, ClientEvent, Delivery, QuestionId},
    code,
    schema::Answer,
    wire::Json,
};

use super::{
    call::{Progress, Slot},
    error::{End, Error},
    questions::Questions,
    shared::{Command, Shared},
};
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
    shared: Arc<Shared>,
    questions: Questions,
    calls: HashMap<ClientCallId, Arc<Slot>>,
    /// Calls that have ended and for which somebody waits: woken together, so that of answers that
    /// come in one piece all are there when the first is looked at.
    settled: Vec<Arc<Slot>>,
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
    pub(super) fn new(
        config: ClientConfig,
        peer: P,
        shared: Arc<Shared>,
        questions: Questions,
    ) -> Self {
        Self {
            pipe: ClientPipe::new(config),
            peer,
            shared,
            questions,
            calls: HashMap::new(),
            settled: Vec::new(),
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
    pub(super) fn run(mut self) {
        // The panic hook has reported it; nobody is left waiting and no process behind.
        let _ = catch_unwind(AssertUnwindSafe(|| self.turn_until_ended()));
        self.wake_settled();
        let Self { peer, shared, calls, error, .. } = self;
        for slot in calls.values() {
            shared.lose(slot, Delivery::OutcomeUnknown);
        }
        shared.stop();
        let end = peer.shut_down();
        shared.finish(End { error, ..end });
    }

    fn turn_until_ended(&mut self) {
        let mut commands = Vec::new();
        let mut now = self.now();
        self.pipe.start(now);
        loop {
            // 1. Serve what has come out, until nothing more does.
            let over = self.serve_outputs(now);
            // 2. Write what is pending, as far as the server takes it.
            self.write(now);
            if over {
                return;
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
            self.shared.commands.take(&mut commands);
            for command in commands.drain(..) {
                self.carry_out(now, command);
            }
            if self.pipe.poll_timeout().is_some_and(|due| due <= now) {
                self.pipe.handle_timeout(now);
            }
        }
    }

    /// Tells the application what there is to tell. Returns whether that was all, for ever.
    fn serve_outputs(&mut self, now: Instant) -> bool {
        while let Some(output) = self.pipe.poll_output() {
            match output {
                ClientPipeOutput::Event(event) => self.tell(now, event),
                ClientPipeOutput::Respawn => self.respawn(now),
                ClientPipeOutput::Close => self.ended = true,
                _ => {}
            }
        }
        self.wake_settled();
        self.ended
    }

    fn wake_settled(&mut self) {
        self.settled.drain(..).for_each(|slot| slot.wake());
    }

    fn tell(&mut self, now: Instant, event: ClientEvent) {
        match event {
            ClientEvent::Ready(agreement) => self.shared.agree(agreement),
            ClientEvent::Failed(why) => {
                if !self.ended {
                    let end = self.peer.take_stock();
                    self.shared.set_end(end);
                }
                self.shared.fail(why);
            }
            ClientEvent::Finished { call, outcome } => {
                if let Some(slot) = self.calls.remove(&call) {
                    let outcome =
                        outcome.map_err(|error| Error::of_call(error, || self.shared.end()));
                    if slot.settle(outcome) {
                        self.settled.push(slot);
                    }
                }
            }
            ClientEvent::Asked { question, ask, .. } => {
                if let Some(answer) = self.questions.ask(&self.shared, question, ask) {
                    self.answer(now, question, answer);
                }
            }
            // Its answer will find nothing.
            ClientEvent::Withdrawn { .. } => {}
            ClientEvent::Progress { call, progress, total, message } => {
                if let Some(slot) = self.calls.get(&call) {
                    slot.report(Progress { progress, total, message });
                }
            }
            event => self.shared.events.push(event),
        }
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
        self.shared.set_end(end);
        self.ended = true;
        self.pipe.handle_eof(now);
    }

    fn carry_out(&mut self, now: Instant, command: Command) {
        match command {
            Command::Call { method, params, options, slot } => {
                let call = self.pipe.call(now, &method, &params, options);
                self.expect(call, slot);
            }
            Command::Listen { wish, slot } => {
                let call = self.pipe.listen(now, wish);
                self.expect(call, slot);
            }
            Command::SetLevel { level, slot } => match self.pipe.set_level(now, level) {
                Some(call) => self.expect(call, slot),
                // Each call says it from now on.
                None => slot.finish(Ok(Json::text(""))),
            },
            Command::Cancel { slot, reason } => {
                if let Some(call) = slot.id.get() {
                    // A call that is gone has its outcome.
                    let _ = self.pipe.cancel(*call, reason.as_deref());
                }
            }
            // Nobody waits for it, and a server that is gone is noticed anyway.
            Command::Notify { method, params } => drop(self.pipe.notify(&method, &params)),
            Command::Answer { question, answer } => self.answer(now, question, answer),
            Command::Close => {
                self.closing = true;
                if !self.ended {
                    self.end(now);
                }
            }
        }
    }

    /// Passes an answer on; its question may have been withdrawn meanwhile. Nobody is asked twice:
    /// one that does not fit is a refusal, so that the server is not left waiting.
    fn answer(&mut self, now: Instant, question: QuestionId, answer: Answer) {
        if self.pipe.answer(now, question, answer) == Err(CommandError::InvalidAnswer) {
            let why = CommandError::InvalidAnswer.to_string();
            let refusal = ErrorObject::new(code::INTERNAL_ERROR, why);
            let _ = self.pipe.answer(now, question, Answer::Refused(refusal));
        }
    }

    fn expect(&mut self, call: ClientCallId, slot: Arc<Slot>) {
        let _ = slot.id.set(call);
        self.calls.insert(call, slot);
    }

    /// What to wait for; `None` if there is something to do at once.
    fn want(&self) -> Option<Want> {
        if self.ended || !self.shared.commands.fall_asleep() {
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
