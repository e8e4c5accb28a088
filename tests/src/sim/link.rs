//! A pipe from a client to its server and back, with the server at its end.
//!
//! As pipes do, it neither loses nor reorders bytes: it cuts them anywhere, takes its time, holds
//! only so much, and breaks.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use mcp_proto::{
    Instant, PipeOutput, ServerPipe,
    server::{CallId, Command, Event},
    wire::RequestId,
};

use super::{
    app,
    app::App,
    defect::{Defect, Mangled},
    interject, plan,
    plan::Interjection,
    script::Stage,
    trace::Leg,
};
use crate::{
    Seeded,
    checker::{Checker, ClientChecker, Expectations, Id},
    model::Revision,
};

/// One direction.
#[derive(Debug, Default)]
pub(super) struct Channel {
    pub(super) bytes: VecDeque<u8>,
    /// Whether nothing follows these bytes.
    pub(super) ends: bool,
    /// Whether the receiver knows that.
    pub(super) ended: bool,
    /// Whether a delivery is scheduled.
    pub(super) scheduled: bool,
    /// What has passed of a line that is not whole yet.
    partial: Vec<u8>,
}

impl Channel {
    /// Whether there is something to deliver.
    pub(super) fn is_loaded(&self) -> bool {
        !self.bytes.is_empty() || self.ends && !self.ended
    }

    /// Takes bytes from the front.
    pub(super) fn take(&mut self, count: usize) -> Vec<u8> {
        let count = count.min(self.bytes.len());
        self.bytes.drain(..count).collect()
    }

    /// The lines that are whole with these bytes.
    fn lines(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        self.partial.extend(bytes);
        let mut lines = Vec::new();
        while let Some(end) = self.partial.iter().position(|byte| *byte == b'\n') {
            let rest = self.partial.split_off(end + 1);
            let mut line = core::mem::replace(&mut self.partial, rest);
            line.pop();
            lines.push(line);
        }
        lines
    }
}

/// A pipe, and the server at its end.
pub(super) struct Link {
    /// The client at the other end.
    pub(super) client: usize,
    pub(super) pipe: ServerPipe,
    app: App,
    pub(super) up: Channel,
    pub(super) down: Channel,
    pub(super) hung_until: Instant,
    /// Whether nobody takes what the server sends.
    pub(super) abandoned: bool,
    checker: Checker,
    /// Stands at the client's end.
    conduct: ClientChecker,
    leg: Leg,
    /// The last request of the client that carries a state.
    last_retry: Option<String>,
    /// Lines that are not the client's own and must be answered.
    lies: BTreeSet<String>,
    lied: Option<String>,
    interjected: usize,
    /// Whether the server looks at each line at once, because it never waits for its client.
    prompt: bool,
    /// What has come of a line that is not whole yet.
    arrived: Vec<u8>,
    /// What the server has written, if it has a defect.
    mangled: Option<Mangled>,
    /// How much of what waits to be written the checker has seen.
    observed: usize,
    requests: BTreeMap<CallId, RequestId>,
    /// Whether the server reads no more.
    shut: bool,
    closed: bool,
    over: bool,
}

impl Link {
    pub(super) fn new(
        client: usize,
        case: &plan::Case,
        stage: &Stage,
        leg: Leg,
        seed: u64,
    ) -> Self {
        let server = &case.server;
        let config = app::config(server);
        let expected = Expectations {
            versions: server.revisions.iter().map(|revision| revision.date()).collect(),
            log_level: Some(config.log_level.as_str()),
            sealed: true,
            ..Expectations::default()
        };
        let mut link = Self {
            client,
            pipe: ServerPipe::new(config, Box::new(Seeded(seed))),
            app: App::new(server, stage),
            up: Channel::default(),
            down: Channel::default(),
            hung_until: Instant::ZERO,
            abandoned: false,
            checker: Checker::new(expected),
            // What the client writes may wait for room while it reads on.
            conduct: ClientChecker::default(),
            leg,
            last_retry: None,
            lies: BTreeSet::new(),
            lied: None,
            interjected: 0,
            prompt: server.output_bytes_max > 100_000,
            arrived: Vec::new(),
            mangled: case.defect.map(Mangled::new),
            observed: 0,
            requests: BTreeMap::new(),
            shut: false,
            closed: false,
            over: false,
        };
        link.serve(Instant::ZERO);
        link
    }

    /// The client writes; gives the lines that are whole with that.
    pub(super) fn sent(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        self.up.bytes.extend(bytes);
        let lines = self.up.lines(bytes);
        for line in &lines {
            self.conduct.sent(line);
            let text = String::from_utf8_lossy(line);
            if text.contains("\"requestState\"") {
                self.last_retry = Some(text.into());
            }
        }
        lines
    }

    /// The client says several things at once, which go as one: whole lines; gives that one.
    pub(super) fn sent_together(&mut self, lines: &[u8]) -> Vec<u8> {
        let lines: Vec<&[u8]> = lines.split(|byte| *byte == b'\n').collect();
        let lines = &lines[..lines.len() - 1];
        for line in lines {
            self.conduct.sent(line);
        }
        let batch = [b"[", &*lines.join(&b','), b"]"].concat();
        self.up.bytes.extend(batch.iter().chain(b"\n"));
        batch
    }

    /// Whether these are several whole lines, after a whole line.
    pub(super) fn are_lines(&self, bytes: &[u8]) -> bool {
        let pieces = bytes.split(|byte| *byte == b'\n').count();
        self.up.partial.is_empty() && bytes.ends_with(b"\n") && (3..60).contains(&pieces)
    }

    /// The client reads; gives the lines that are whole with that.
    pub(super) fn received(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let lines = self.down.lines(bytes);
        for line in &lines {
            match interject::reply(line) {
                Ok(None) => self.conduct.received(line),
                Ok(Some(id)) => _ = self.lies.remove(&id),
                Err(why) => self.lied = self.lied.take().or(Some(why)),
            }
        }
        lines
    }

    /// A line comes between those of the client, which speaks this revision; gives it.
    pub(super) fn interject(&mut self, what: Interjection, revision: Revision) -> Option<String> {
        if !self.up.partial.is_empty() || self.up.ends {
            return None;
        }
        let number = self.interjected;
        let line = interject::line(what, revision, number, self.last_retry.as_deref())?;
        self.interjected += 1;
        let id = line.split('"').find(|part| part.starts_with("lie"));
        self.lies.extend(id.map(Into::into));
        self.up.bytes.extend(line.bytes().chain([b'\n']));
        Some(line)
    }

    /// Whether each request among these lines was answered; says otherwise.
    pub(super) fn lies_are_answered(&self) -> Result<(), String> {
        let open = self.lies.first().filter(|_| !self.shut && !self.closed);
        open.map_or(Ok(()), |id| Err(format!("VIOLATION: {id} is not answered")))
    }

    /// Bytes come to the server.
    ///
    /// The checker stands at its door: all that was said before is known before a line comes in,
    /// and what is said about a call after its cancellation was read is wrong.
    pub(super) fn arrive(&mut self, now: Instant, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.pipe.handle_bytes(now, piece);
            self.arrived.extend(piece);
            if self.arrived.last() == Some(&b'\n') {
                let mut line = core::mem::take(&mut self.arrived);
                line.pop();
                if !self.shut {
                    self.leg.said(false, &String::from_utf8_lossy(&line));
                    self.checker.sent(&line);
                }
                if !self.shut && self.prompt {
                    if interject::is_junk(&line) {
                        // The error about it has no id to know it by.
                        self.serve(now);
                    }
                    self.checker.processed();
                }
            }
            self.serve(now);
        }
    }

    /// What the server has written since the last time is looked at.
    fn observe(&mut self) {
        if let Some(mangled) = &mut self.mangled {
            let text = self.pipe.pending_write();
            mangled.write(text);
            let count = text.len();
            self.pipe.consume(count);
        }
        let written = self.mangled.as_ref().map(|mangled| &*mangled.bytes);
        let pending = written.unwrap_or_else(|| self.pipe.pending_write());
        for line in pending[self.observed..].split_inclusive(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            self.leg.said(true, &String::from_utf8_lossy(line));
            self.checker.received(line);
        }
        self.observed = pending.len();
    }

    /// The server does what there is to do, and writes what there is room for.
    pub(super) fn serve(&mut self, now: Instant) {
        if let Some(offer) = self.app.take_offer() {
            self.pipe.set_offer(offer);
        }
        loop {
            while let Some(output) = self.pipe.poll_output() {
                match output {
                    PipeOutput::Event(event) => self.told(event),
                    PipeOutput::Close => {
                        self.closed = true;
                        self.checker.closed();
                        self.app.end();
                    }
                    output => panic!("{output:?}"),
                }
            }
            let Some(command) = self.app.next_command() else { break };
            // An error is a race, or a fact about the peer.
            let _ = self.pipe.handle_command(now, command);
        }
        self.observe();
    }

    fn told(&mut self, event: Event) {
        match &event {
            Event::Call(call) => {
                self.requests.insert(call.id, call.request_id.clone());
            }
            Event::Cancelled { call, .. } if self.up.ended || self.shut => {
                if let Some(id) = self.requests.get(call) {
                    self.checker.gave_up(&checkers(id));
                }
            }
            _ => {}
        }
        self.app.handle(event);
    }

    /// The application says something of its own accord.
    pub(super) fn command(&mut self, now: Instant, command: Command) {
        let _ = self.pipe.handle_command(now, command);
    }

    /// Moves what the server writes into the pipe, as far as there is room; says whether any was.
    pub(super) fn write(&mut self, capacity: usize) -> bool {
        let room = capacity.saturating_sub(self.down.bytes.len());
        if self.abandoned {
            let count = self.take_written(usize::MAX).len();
            self.down.ends |= self.closed;
            return count > 0;
        }
        let bytes = self.take_written(room);
        self.down.bytes.extend(&bytes);
        self.down.ends |= self.closed && self.written().is_empty();
        !bytes.is_empty()
    }

    /// What the server has written and the pipe has not taken.
    fn written(&self) -> &[u8] {
        self.mangled.as_ref().map_or_else(|| self.pipe.pending_write(), |mangled| &mangled.bytes)
    }

    fn take_written(&mut self, most: usize) -> Vec<u8> {
        let count = self.written().len().min(most);
        let bytes = self.written()[..count].to_vec();
        match &mut self.mangled {
            Some(mangled) => drop(mangled.bytes.drain(..count)),
            None => self.pipe.consume(count),
        }
        self.observed -= count;
        bytes
    }

    /// Nothing moves at the moment: if nothing waits either, the server has seen all.
    pub(super) fn rested(&mut self) {
        if self.over || !self.written().is_empty() {
            return;
        }
        if !self.shut {
            self.checker.processed();
        }
        if self.closed {
            self.over = true;
            self.checker.over();
        }
    }

    /// Everything that will come has come.
    pub(super) fn settled(&mut self) {
        if !self.over && !self.closed {
            self.checker.settled(&[]);
        }
    }

    /// The server ends: what it has not read by now it will not read.
    pub(super) fn shut_down(&mut self, now: Instant) {
        self.shut = true;
        self.pipe.shut_down(now);
    }

    /// When the server has something to do.
    pub(super) fn due(&self) -> Option<Instant> {
        let endless = |mangled: &&Mangled| mangled.defect == Defect::EndlessTimer;
        let never = self.mangled.as_ref().filter(endless).map(|_| Instant::ZERO);
        never.or_else(|| self.pipe.poll_timeout())
    }

    pub(super) fn time_out(&mut self, now: Instant) {
        self.pipe.handle_timeout(now);
    }

    /// What is wrong, if anything is.
    pub(super) fn violation(&self) -> Option<String> {
        let mut all = self.checker.violations().iter().chain(self.conduct.violations());
        let lied = || self.lied.as_ref().map(|why| format!("VIOLATION: {why}"));
        all.next().map(ToString::to_string).or_else(lied)
    }

    /// Whether the server is done, or what is left of it.
    pub(super) fn is_over(&self) -> Result<(), String> {
        let server = self.pipe.server();
        if !self.closed {
            return Err("the server does not end".into());
        }
        if !server.is_idle() || server.sessions().count() > 0 || self.pipe.poll_timeout().is_some()
        {
            return Err(format!("something is left of the server: {server:?}"));
        }
        Ok(())
    }

    /// Whether the server has nothing to do but to listen.
    pub(super) fn is_quiet(&self) -> bool {
        self.app.is_idle() && self.pipe.server().calls().count() == 0
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }
}

/// The checker's name of an id.
fn checkers(id: &RequestId) -> Id {
    Id::read(&id.to_string()).expect("an id is an id")
}
