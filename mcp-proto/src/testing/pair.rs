//! A client and what it talks to, linked in memory.

use alloc::{boxed::Box, format, string::String, vec::Vec};
use core::{fmt, time::Duration};

use super::{
    Clock, Entry, Faults, Remote, Transcript,
    told::{Linked, Told},
};
use crate::{
    ClientPipe, ClientPipeOutput, Instant,
    client::{CallError, CallOptions, ClientConfig, ClientEvent},
    schema::{Answer, Question},
    wire::Json,
};

/// A [`ClientPipe`] and the other end of its pipe, linked in memory: a
/// [`MemoryServer`](super::MemoryServer), a [`Scripted`](super::Scripted) one, or a real process.
/// All that goes through is written down.
///
/// ```
/// use mcp_proto::client::ClientConfig;
/// use mcp_proto::router::Context;
/// use mcp_proto::schema::{ClientCapabilities, Implementation, Tool};
/// use mcp_proto::testing::{Faults, MemoryServer, Pair};
/// use mcp_proto::{Router, server::ServerConfig, wire::Json};
///
/// #[derive(serde::Deserialize)]
/// struct Nothing {}
///
/// let mut router = Router::new();
/// let greet = Tool::new("greet").no_arguments();
/// router.tool(greet, |_: &mut Context<'_, ()>, _: Nothing| Ok("hello"));
/// let server = ServerConfig::new(Implementation::new("greeter", "1"));
/// let info = Implementation::new("editor", "1");
/// let client = ClientConfig::new(info, ClientCapabilities::default());
///
/// // Whatever pieces the bytes arrive in.
/// let faults = Faults::pieces(1, 5);
/// let mut pair = Pair::with_faults(client, MemoryServer::new(server, router, ()), faults);
/// let params = Json::parse_text(r#"{"name":"greet","arguments":{}}"#).unwrap();
/// assert!(pair.call("tools/call", &params).unwrap().as_str().contains("hello"));
/// assert_eq!(pair.transcript().check(Default::default()), []);
/// ```
pub struct Pair<R> {
    /// What the client talks to.
    pub remote: R,
    client: ClientPipe,
    faults: Faults,
    clock: Clock,
    told: Told,
    transcript: Transcript,
    /// What the client has sent of a line.
    partial: Vec<u8>,
    broken: bool,
    closed: bool,
}

impl<R: fmt::Debug> fmt::Debug for Pair<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pair")
            .field("remote", &self.remote)
            .field("now", &self.clock.now())
            .field("broken", &self.broken)
            .finish_non_exhaustive()
    }
}

impl<R: Remote> Pair<R> {
    /// A client that has begun, on a connection without faults. Questions are refused.
    pub fn new(config: ClientConfig, remote: R) -> Self {
        Self::with_faults(config, remote, Faults::default())
    }

    /// A client that has begun, on a connection that does this to its bytes.
    pub fn with_faults(config: ClientConfig, remote: R, faults: Faults) -> Self {
        let mut pair = Self {
            remote,
            client: ClientPipe::new(config),
            faults,
            clock: Clock::default(),
            told: Told::new(),
            transcript: Transcript::new(),
            partial: Vec::new(),
            broken: false,
            closed: false,
        };
        pair.client.start(pair.clock.now());
        pair.run();
        pair
    }

    /// Says what answers questions from now on.
    #[must_use]
    pub fn answering(mut self, answerer: impl FnMut(&Question) -> Answer + 'static) -> Self {
        self.told.answerer = Box::new(answerer);
        self
    }

    /// Calls a method, and lets both sides speak, and time pass if need be, until the call ends.
    pub fn call(&mut self, method: &str, params: &Json) -> Result<Json, CallError> {
        let options = CallOptions::default();
        let call = self.with(|client, now| client.call(now, method, params, options));
        self.wait_for(call)
    }

    /// Does something with the client, and lets both sides speak.
    pub fn with<T>(&mut self, act: impl FnOnce(&mut ClientPipe, Instant) -> T) -> T {
        let done = act(&mut self.client, self.clock.now());
        self.run();
        done
    }

    /// The client, for its getters.
    pub fn client(&self) -> &ClientPipe {
        &self.client
    }

    /// What the application was told since this was asked last, but for questions.
    pub fn take_events(&mut self) -> Vec<ClientEvent> {
        self.told.take()
    }

    /// Lets time pass on both sides.
    pub fn advance(&mut self, by: Duration) {
        self.pass(by);
    }

    /// Breaks the connection.
    pub fn cut(&mut self) {
        self.faults = self.faults.breaking_after(0);
        self.run();
    }

    /// Whether the client is done.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// All that went through.
    pub fn transcript(&self) -> &Transcript {
        &self.transcript
    }

    /// Lets both sides speak until they have nothing to say.
    fn run(&mut self) {
        loop {
            self.drain();
            let spoken = self.carry();
            if !self.hear() && !spoken {
                break;
            }
        }
        if self.faults.is_broken() && !core::mem::replace(&mut self.broken, true) {
            self.transcript.push(Entry::Note("the connection breaks".into()));
            self.remote.close();
            self.client.handle_eof(self.clock.now());
            self.drain();
        }
    }

    /// Carries what the client says.
    fn carry(&mut self) -> bool {
        let bytes = self.client.pending_write().to_vec();
        self.client.consume(bytes.len());
        let Self { faults, remote, .. } = self;
        for piece in faults.carry(&bytes) {
            remote.write(piece);
        }
        self.partial.extend_from_slice(&bytes);
        while let Some(end) = self.partial.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.partial.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line).trim_end().into();
            self.transcript.push(Entry::Sent(line));
        }
        !bytes.is_empty()
    }

    /// Carries what the other end says.
    fn hear(&mut self) -> bool {
        let mut heard = false;
        while let Some(line) = self.remote.read_line(false) {
            heard = true;
            let bytes = format!("{line}\n");
            if !self.faults.is_broken() {
                self.transcript.push(Entry::Received(line));
            }
            for piece in self.faults.carry(bytes.as_bytes()) {
                self.client.handle_bytes(self.clock.now(), piece);
                self.drain();
            }
        }
        heard
    }

    fn drain(&mut self) {
        while let Some(output) = self.client.poll_output() {
            match output {
                ClientPipeOutput::Event(event) => {
                    if let Some((question, answer)) = self.told.tell(event) {
                        // It fails only if the question was withdrawn meanwhile.
                        let _ = self.client.answer(self.clock.now(), question, answer);
                    }
                }
                ClientPipeOutput::Respawn => self.client.handle_eof(self.clock.now()),
                ClientPipeOutput::Close => self.closed = true,
            }
        }
    }
}

impl<R: Remote> Linked for Pair<R> {
    fn now(&self) -> Instant {
        self.clock.now()
    }

    fn told(&mut self) -> &mut Told {
        &mut self.told
    }

    fn step(&mut self, end: Instant) -> bool {
        let before = self.clock.now();
        let due = self.clock.step(self.client.poll_timeout(), end);
        let passed = self.clock.now().saturating_since(before);
        if passed > Duration::ZERO {
            self.transcript.push(Entry::Passed(passed));
            self.remote.pass(passed);
            self.run();
        }
        if let Some(now) = due {
            self.client.handle_timeout(now);
            self.run();
        }
        due.is_some()
    }
}
