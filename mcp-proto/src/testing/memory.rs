//! A server in memory: lines in, lines out, on a clock that stands still until it is moved.

use alloc::{
    boxed::Box,
    collections::VecDeque,
    format,
    string::{String, ToString},
    sync::Arc,
    vec::Vec,
};
use core::{fmt, time::Duration};

use super::{Clock, Remote, Seeded};
use crate::{
    CommandError, ErrorObject, Instant, PipeOutput, Router, ServerPipe,
    router::Port,
    server::{Call, Command, Event, Reply, ServerConfig},
};

/// How long, in virtual time, a line is waited for that is owed.
const PATIENCE: Duration = Duration::from_mins(10);

/// Runs a handler, and says whether it came to its end: `false` if it panicked and that was caught,
/// which needs `std`.
pub type Guard = fn(&mut dyn FnMut()) -> bool;

/// A server in memory, and the driver around it: what a process does with its two pipes, without
/// the process, the threads and the clock.
///
/// ```
/// use mcp_proto::{Router, schema::{Implementation, Tool}, server::ServerConfig};
/// use mcp_proto::{router::Context, testing::MemoryServer};
///
/// #[derive(serde::Deserialize)]
/// struct Nothing {}
///
/// let mut router = Router::new();
/// let greet = Tool::new("greet").no_arguments();
/// router.tool(greet, |_: &mut Context<'_, ()>, _: Nothing| Ok("hello"));
/// let config = ServerConfig::new(Implementation::new("greeter", "1"));
/// let mut server = MemoryServer::new(config, router, ());
///
/// let answers = server.send(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#);
/// assert_eq!(answers, [r#"{"jsonrpc":"2.0","id":1,"result":{}}"#]);
/// ```
pub struct MemoryServer<S> {
    pipe: ServerPipe,
    router: Router<S>,
    /// The application's own state.
    pub state: S,
    clock: Clock,
    closed: bool,
    guard: Guard,
    /// What the client has not read yet, for whoever reads line by line.
    unread: VecDeque<String>,
    /// What happened besides calls.
    events: Vec<Event>,
}

impl<S> fmt::Debug for MemoryServer<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryServer")
            .field("now", &self.clock.now())
            .field("closed", &self.closed)
            .finish_non_exhaustive()
    }
}

impl<S: 'static> MemoryServer<S> {
    /// A server that has read nothing yet. A handler that panics fails the test.
    pub fn new(config: ServerConfig, router: Router<S>, state: S) -> Self {
        let pipe = ServerPipe::new(config, Box::new(Seeded(1)));
        let guard: Guard = |handler| {
            handler();
            true
        };
        let (clock, closed) = (Clock::default(), false);
        let (unread, events) = (VecDeque::new(), Vec::new());
        let mut server = Self { pipe, router, state, clock, closed, guard, unread, events };
        server.drive();
        server
    }

    /// With something that catches panics, so that they are answered as an adapter does it.
    #[must_use]
    pub fn guarded(mut self, guard: Guard) -> Self {
        self.guard = guard;
        self
    }

    /// The machine itself.
    pub fn pipe(&self) -> &ServerPipe {
        &self.pipe
    }

    /// Sends one line, and returns the lines that come back.
    pub fn send(&mut self, line: &str) -> Vec<String> {
        self.send_bytes(format!("{line}\n").as_bytes())
    }

    /// Sends bytes as they are, and returns the lines that come back.
    pub fn send_bytes(&mut self, bytes: &[u8]) -> Vec<String> {
        self.pipe.handle_bytes(self.clock.now(), bytes);
        self.run()
    }

    /// Ends the input, and returns the lines that come back.
    pub fn end_input(&mut self) -> Vec<String> {
        self.pipe.handle_eof(self.clock.now());
        self.run()
    }

    /// Moves the clock, stopping at each deadline on the way, and returns the lines that come.
    pub fn advance(&mut self, by: Duration) -> Vec<String> {
        let end = self.clock.now() + by;
        let mut lines = Vec::new();
        while let Some(now) = self.clock.step(self.pipe.poll_timeout(), end) {
            self.pipe.handle_timeout(now);
            lines.extend(self.run());
        }
        lines
    }

    /// Carries out a command of the application's, and returns the lines that come of it.
    pub fn command(&mut self, command: Command) -> Result<Vec<String>, CommandError> {
        self.pipe.handle_command(self.clock.now(), command)?;
        Ok(self.run())
    }

    /// Whether the server has closed its side.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// What the application was told besides calls, since this was asked last.
    pub fn take_events(&mut self) -> Vec<Event> {
        core::mem::take(&mut self.events)
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
        String::from_utf8_lossy(&written).lines().map(ToString::to_string).collect()
    }

    /// Does what the core says, until it has nothing more to say.
    fn drive(&mut self) {
        loop {
            if let Some(offer) = self.router.take_offer() {
                self.pipe.set_offer(offer);
            }
            match self.pipe.poll_output() {
                Some(PipeOutput::Event(Event::Call(call))) => self.serve(call),
                Some(PipeOutput::Event(event)) => {
                    self.router.observe(&mut self.state, &event);
                    self.events.push(event);
                }
                Some(PipeOutput::Close) => self.closed = true,
                None => return,
            }
        }
    }

    fn serve(&mut self, call: Arc<Call>) {
        let id = call.id;
        let mut port = Inline { pipe: &mut self.pipe, now: self.clock.now() };
        let Self { router, state, .. } = self;
        let mut call = Some(call);
        let served = (self.guard)(&mut || {
            if let Some(call) = call.take() {
                router.serve(state, call, &mut port);
            }
        });
        if !served {
            port.emit(Command::Respond { call: id, reply: Reply::Error(ErrorObject::internal()) });
        }
    }
}

impl<S: 'static> Remote for MemoryServer<S> {
    fn write(&mut self, bytes: &[u8]) {
        let lines = self.send_bytes(bytes);
        self.unread.extend(lines);
    }

    fn read_line(&mut self, owed: bool) -> Option<String> {
        let end = self.clock.now() + PATIENCE;
        while owed && self.unread.is_empty() {
            let Some(now) = self.clock.step(self.pipe.poll_timeout(), end) else { break };
            self.pipe.handle_timeout(now);
            let lines = self.run();
            self.unread.extend(lines);
        }
        self.unread.pop_front()
    }

    fn close(&mut self) {
        let lines = self.end_input();
        self.unread.extend(lines);
    }

    fn pass(&mut self, span: Duration) {
        let lines = self.advance(span);
        self.unread.extend(lines);
    }

    fn is_over(&self) -> bool {
        self.closed && self.unread.is_empty()
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
