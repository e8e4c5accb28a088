//! A server in memory: lines in, lines out, on a clock that stands still until it is moved.

use std::{
    fmt::Write,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use mcp_proto::{
    CommandError, ErrorObject, Instant, PipeOutput, Router, ServerPipe,
    router::Port,
    server::{Call, Command, Event, Reply, ServerConfig},
};

use crate::Seeded;

/// A server in memory, and the driver around it: what a process does with its two pipes, without
/// the process, the threads and the clock.
pub struct Wire<S> {
    pipe: ServerPipe,
    router: Router<S>,
    /// The application's own state.
    pub state: S,
    now: Instant,
    closed: bool,
}

impl<S> std::fmt::Debug for Wire<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wire")
            .field("now", &self.now)
            .field("closed", &self.closed)
            .finish_non_exhaustive()
    }
}

impl<S: 'static> Wire<S> {
    /// A server that has read nothing yet.
    pub fn new(config: ServerConfig, router: Router<S>, state: S) -> Self {
        let pipe = ServerPipe::new(config, Box::new(Seeded(1)));
        let mut wire = Self { pipe, router, state, now: Instant::ZERO, closed: false };
        wire.drive();
        wire
    }

    /// Sends one line, and returns the lines that come back.
    pub fn send(&mut self, line: &str) -> Vec<String> {
        self.send_bytes(format!("{line}\n").as_bytes())
    }

    /// Sends bytes as they are, and returns the lines that come back.
    pub fn send_bytes(&mut self, bytes: &[u8]) -> Vec<String> {
        self.pipe.handle_bytes(self.now, bytes);
        self.run()
    }

    /// Ends the input, and returns the lines that come back.
    pub fn end_input(&mut self) -> Vec<String> {
        self.pipe.handle_eof(self.now);
        self.run()
    }

    /// Moves the clock, stopping at each deadline on the way, and returns the lines that come.
    pub fn advance(&mut self, by: Duration) -> Vec<String> {
        let end = self.now + by;
        let mut lines = Vec::new();
        while let Some(due) = self.pipe.poll_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.pipe.handle_timeout(self.now);
            lines.extend(self.run());
        }
        self.now = end;
        lines
    }

    /// Carries out a command of the application's, and returns the lines that come of it.
    pub fn command(&mut self, command: Command) -> Result<Vec<String>, CommandError> {
        self.pipe.handle_command(self.now, command)?;
        Ok(self.run())
    }

    /// Whether the server has closed its side.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Sends each line of `script`, and writes down both sides: `>` what the client says, `<` what
    /// the server says.
    pub fn transcript(&mut self, script: &str) -> String {
        let mut written = String::new();
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let _ = writeln!(written, "> {line}");
            for answer in self.send(line) {
                let _ = writeln!(written, "< {answer}");
            }
        }
        written
    }

    /// Serves what has arrived and takes what is to be written, until there is neither.
    fn run(&mut self) -> Vec<String> {
        let mut written = Vec::new();
        loop {
            self.drive();
            let pending = self.pipe.pending_write();
            if pending.is_empty() {
                break;
            }
            written.extend_from_slice(pending);
            let count = pending.len();
            self.pipe.consume(count);
        }
        let written = String::from_utf8(written).expect("what is written is UTF-8");
        assert!(written.is_empty() || written.ends_with('\n'), "a line without its end: {written}");
        written.lines().map(String::from).collect()
    }

    /// Does what the core says, until it has nothing more to say.
    fn drive(&mut self) {
        loop {
            if let Some(offer) = self.router.take_offer() {
                self.pipe.set_offer(offer);
            }
            match self.pipe.poll_output() {
                Some(PipeOutput::Event(Event::Call(call))) => self.serve(call),
                Some(PipeOutput::Event(event)) => self.router.observe(&mut self.state, &event),
                Some(PipeOutput::Close) => self.closed = true,
                Some(_) => {}
                None => return,
            }
        }
    }

    fn serve(&mut self, call: Arc<Call>) {
        let id = call.id;
        let mut port = Inline { pipe: &mut self.pipe, now: self.now };
        let Self { router, state, .. } = self;
        let served = catch_unwind(AssertUnwindSafe(|| router.serve(state, call, &mut port)));
        if served.is_err() {
            port.emit(Command::Respond { call: id, reply: Reply::Error(ErrorObject::internal()) });
        }
    }
}

/// Carries a handler on the thread that drives the pipe.
struct Inline<'a> {
    pipe: &'a mut ServerPipe,
    now: Instant,
}

impl Port for Inline<'_> {
    fn emit(&mut self, command: Command) {
        // An error is a race or a fact about the peer: nobody is there to be told.
        let _ = self.pipe.handle_command(self.now, command);
    }
}
