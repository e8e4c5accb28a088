//! The pipe, its client, its application, and the checker between them.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use mcp_proto::{
    Instant, PipeOutput, ServerPipe,
    server::{Call, CallId, Command, Event, Reply, SessionKey},
    wire::RequestId,
};

use super::{
    Cut, Settings, Trace,
    actions::{self, Speaker},
    canned::Seen,
};
use crate::{
    Seeded,
    checker::{Checker, Id, Line, Members, Reading},
    fuzz::lines::Lines,
};

/// More steps than any input has work for.
const STEPS_MAX: usize = 100_000;

pub(super) struct Rig {
    settings: Settings,
    pipe: ServerPipe,
    checker: Checker,
    /// Whether the checker sees the lines: what it is told is exact only line by line.
    watched: bool,
    now: Instant,
    /// The lines that the client sends.
    sent: Lines,
    /// What the client has read of a line that is not whole yet.
    read: Vec<u8>,
    reads: bool,
    /// How many bytes waited when the pipe said that it was done.
    closed: Option<usize>,
    ended: Option<Instant>,
    /// Whether the end came while the pipe waited for its client to read.
    cut_off: bool,
    offer_revision: u64,
    calls: Vec<Arc<Call>>,
    /// The ids of all calls that ever were.
    requests: BTreeMap<CallId, RequestId>,
    /// The last call that is over, so that commands come too late.
    last: Option<Arc<Call>>,
    session: Option<SessionKey>,
    pub(super) seen: Seen,
    trace: Trace,
}

impl Rig {
    pub(super) fn new(settings: Settings, watched: bool) -> Self {
        let mut pipe = ServerPipe::new(settings.config(), Box::new(Seeded(0)));
        pipe.set_offer(Arc::new(settings.offer(0)));
        Self {
            settings,
            pipe,
            checker: Checker::new(settings.expectations()),
            watched,
            now: Instant::ZERO,
            sent: Lines::new(settings.config().limits.message_bytes_max),
            read: Vec::new(),
            reads: true,
            closed: None,
            ended: None,
            cut_off: false,
            offer_revision: 0,
            calls: Vec::new(),
            requests: BTreeMap::new(),
            last: None,
            session: None,
            seen: Seen::default(),
            trace: Trace::default(),
        }
    }

    /// The client sends bytes.
    pub(super) fn feed(&mut self, bytes: &[u8], cut: Cut) {
        if bytes.is_empty() {
            return;
        }
        for chunk in cut.apply(bytes) {
            if self.watched && self.ended.is_none() {
                self.sent.push(chunk, |line| self.checker.sent(line));
            }
            self.pipe.handle_bytes(self.now, chunk);
            self.drain();
        }
    }

    /// Does all there is to do.
    fn drain(&mut self) {
        let limit = self.pipe.server().config().limits.output_bytes_max;
        for _ in 0..STEPS_MAX {
            let before = self.pipe.pending_write().len();
            while let Some(output) = self.pipe.poll_output() {
                match output {
                    PipeOutput::Event(event) => self.note(event),
                    PipeOutput::Close => {
                        self.checker.closed();
                        self.closed = Some(self.pipe.pending_write().len());
                    }
                    output => panic!("{output:?}"),
                }
            }
            if self.ended.is_none() {
                self.checker.pending(before, self.pipe.pending_write(), limit);
            }
            let pending = self.pipe.pending_write().len();
            assert!(self.closed.is_none_or(|closed| pending <= closed), "words after the end");
            if !self.reads {
                return;
            }
            if pending == 0 {
                if !self.cut_off {
                    self.checker.processed();
                }
                self.checker.assert_clean();
                return;
            }
            self.take(pending);
        }
        panic!("the pipe does not come to rest");
    }

    /// The client reads so many bytes.
    fn take(&mut self, count: usize) {
        let count = count.min(self.pipe.pending_write().len());
        let bytes = self.pipe.pending_write()[..count].to_vec();
        self.pipe.consume(count);
        self.closed = self.closed.map(|closed| closed - count);
        self.read.extend(&bytes);
        while let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
            let rest = self.read.split_off(end + 1);
            let line = core::mem::replace(&mut self.read, rest);
            if self.watched {
                self.checker.received(&line[..end]);
            }
            self.see(&line[..end]);
            self.trace.output += &String::from_utf8_lossy(&line);
        }
        self.checker.assert_clean();
    }

    /// What the client needs to know for its answers.
    fn see(&mut self, line: &[u8]) {
        let messages = match Line::read(line) {
            Line::Single(reading) => vec![reading],
            Line::Batch(readings) => readings,
        };
        for reading in messages {
            match reading {
                Reading::Request { id, .. } => self.seen.questions.push(id.to_json()),
                Reading::Response { outcome: Ok(result), .. } => {
                    let result = Members::read(result).unwrap_or_default();
                    if let Some(state) = result.get("requestState") {
                        self.seen.state = Some(state.into());
                    }
                }
                _ => {}
            }
        }
    }

    fn note(&mut self, event: Event) {
        let shown = match &event {
            Event::Call(call) => format!("{:?} {:?} {:?}", call.id, call.method, call.memo),
            event => format!("{event:?}"),
        };
        self.trace.events.push(shown);
        match event {
            Event::Call(call) => {
                self.forget(call.id);
                self.requests.insert(call.id, call.request_id.clone());
                self.calls.push(call);
            }
            Event::Cancelled { call, .. } => {
                self.forget(call);
                if let Some(request) = self.requests.get(&call).filter(|_| self.ended.is_some()) {
                    self.checker.gave_up(&id(request));
                }
            }
            Event::SessionOpened { session, .. } => self.session = Some(session),
            _ => {}
        }
    }

    fn forget(&mut self, id: CallId) {
        if let Some(place) = self.calls.iter().position(|call| call.id == id) {
            self.last = Some(self.calls.remove(place));
        }
    }

    pub(super) fn command(&mut self, command: Command) {
        let responded = match &command {
            Command::Respond { call, .. } => Some(*call),
            _ => None,
        };
        let closes = matches!(command, Command::Close { .. });
        let done = self.pipe.handle_command(self.now, command);
        self.trace.events.push(format!("{done:?}"));
        if let Some(call) = responded {
            self.forget(call);
        }
        if closes && done.is_ok() {
            self.ended.get_or_insert(self.now);
        }
        self.drain();
    }

    pub(super) fn change_offer(&mut self) {
        self.offer_revision += 1;
        self.pipe.set_offer(Arc::new(self.settings.offer(self.offer_revision)));
        self.drain();
    }

    pub(super) fn stop_reading(&mut self) {
        self.reads = false;
    }

    pub(super) fn go_on_reading(&mut self) {
        self.reads = true;
        self.drain();
    }

    /// The client reads so many bytes and no more.
    pub(super) fn read(&mut self, count: usize) {
        self.take(count);
        self.drain();
    }

    pub(super) fn pass(&mut self, span: Duration) {
        self.now = self.now + span;
        self.time_out();
    }

    fn time_out(&mut self) {
        let config = self.settings.config();
        let deadline = self.ended.map(|ended| ended + config.drain);
        let congested = self.pipe.pending_write().len() > config.limits.output_bytes_max;
        if congested && deadline.is_some_and(|deadline| self.now >= deadline) {
            // Whoever does not read up to the deadline does not hear how its subscriptions end,
            // and what it sent meanwhile is not served.
            self.cut_off = true;
            for id in self.checker.listening().cloned().collect::<Vec<_>>() {
                self.checker.gave_up(&id);
            }
        }
        self.pipe.handle_timeout(self.now);
        self.drain();
        self.checker.timed(self.now, self.pipe.poll_timeout());
        self.checker.assert_clean();
    }

    pub(super) fn end_input(&mut self, shut_down: bool) {
        if shut_down {
            self.pipe.shut_down(self.now);
        } else {
            self.pipe.handle_eof(self.now);
        }
        self.ended.get_or_insert(self.now);
        self.drain();
    }

    /// Brings the pipe to its end.
    pub(super) fn finish(mut self) -> Trace {
        self.go_on_reading();
        if !self.settings.gives_up() {
            self.answer_all();
            if self.ended.is_none() {
                let waiting = self.pipe.server().calls().map(|call| id(&call.request_id));
                self.checker.settled(&waiting.collect::<Vec<_>>());
                self.checker.assert_clean();
            }
        }
        self.end_input(false);
        if !self.settings.gives_up() {
            self.answer_all();
            assert!(self.closed.is_some(), "all is answered and the pipe goes on");
        }
        let deadline = self.ended.unwrap_or_default() + self.settings.config().drain;
        while self.closed.is_none() {
            let next = self.pipe.poll_timeout().expect("a pipe that ends has a deadline");
            assert!(next <= deadline, "the deadline is missed");
            self.now = self.now.max(next);
            self.time_out();
        }
        assert!(self.pipe.poll_output().is_none());
        assert!(self.pipe.poll_timeout().is_none(), "a timer after the end");
        assert!(self.pipe.server().is_idle(), "{:?}", self.pipe.server());
        assert_eq!(self.pipe.server().sessions().count(), 0);
        self.checker.over();
        self.checker.assert_clean();
        self.trace
    }

    /// The application answers all that it was asked.
    fn answer_all(&mut self) {
        while let Some(call) = self.calls.first() {
            let reply = Reply::Result(actions::result("{}"));
            self.command(Command::Respond { call: call.id, reply });
        }
    }
}

impl Speaker for Rig {
    fn open_calls(&self) -> &[Arc<Call>] {
        &self.calls
    }

    fn last_call(&self) -> Option<&Arc<Call>> {
        self.last.as_ref()
    }

    fn session(&self) -> Option<SessionKey> {
        self.session
    }
}

/// The checker's name of an id.
fn id(id: &RequestId) -> Id {
    Id::read(&id.to_string()).expect("an id is an id")
}
