//! The pipe as its two sides see it: lines of a client, and an application that answers.
//!
//! Transcripts leave out `"jsonrpc":"2.0"`, which every line is checked to begin with, and write
//! `mcp/` for `io.modelcontextprotocol/`, `{all}` for all capabilities of a client, and `{modern}`
//! for the `_meta` that declares them in 2026-07-28. A line that goes on is indented.

mod ask_legacy;
mod ask_modern;
mod batches;
mod bounds;
mod changes;
mod chunks;
mod closing;
mod eras;
mod exhaustive;
mod fresh;
mod initializing;
mod junk;
mod listening;
mod logs;
mod modern;
mod operating;
mod params;
mod progress;
mod races;
mod results;
mod shape;
pub(crate) mod show;
mod walk;

use alloc::{
    boxed::Box,
    format,
    string::{String, ToString},
    sync::Arc,
    vec::Vec,
};
use core::{
    fmt::Write,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use super::{PipeOutput, ServerPipe};
use crate::{
    CommandError, Entropy, ErrorObject, Instant, Version,
    schema::{Implementation, Level, ListCapability, ResourcesCapability, ServerCapabilities},
    server::{
        About, Answer, Call, Command, Event, Key, Memo, Offer, Question, Reply, ResultBody,
        ServerConfig, SessionKey,
    },
    wire::{Body, Json},
};

/// A pipe, its client and its application, in virtual time.
pub(super) struct Peer {
    pub(super) pipe: ServerPipe,
    pub(super) now: Instant,
    /// Every time that the application was given a call.
    pub(super) calls: Vec<Arc<Call>>,
    pub(super) sessions: Vec<SessionKey>,
    /// The lines that the client has read.
    pub(super) lines: Vec<String>,
    /// How often the pipe said that it is over.
    pub(super) closes: usize,
    /// Whether the client reads.
    pub(super) reads: bool,
    /// How many random bytes were drawn.
    pub(super) drawn: Arc<AtomicUsize>,
    log: String,
}

/// Random bytes that are the same in every run; counts them.
pub(crate) struct Seeded {
    state: u64,
    drawn: Arc<AtomicUsize>,
}

impl Seeded {
    pub(crate) fn new(drawn: &Arc<AtomicUsize>) -> Self {
        Self { state: 0x9E37_79B9_7F4A_7C15, drawn: drawn.clone() }
    }
}

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.drawn.fetch_add(bytes.len(), Ordering::Relaxed);
        for byte in bytes {
            self.state ^= self.state << 13;
            self.state ^= self.state >> 7;
            self.state ^= self.state << 17;
            [*byte, ..] = self.state.to_le_bytes();
        }
    }
}

/// The member `_meta` of a 2026-07-28 request whose client declares `capabilities`.
pub(crate) fn meta(capabilities: &str) -> String {
    format!(
        r#""_meta":{{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{capabilities}}}"#
    )
}

/// A request of a legacy client; `params` is an object.
pub(crate) fn legacy(id: &str, method: &str, params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{params}}}"#)
}

/// A 2026-07-28 request that declares every capability; `members` of its parameters besides.
pub(crate) fn modern(id: &str, method: &str, members: &str) -> String {
    modern_with(ALL_CAPABILITIES, id, method, members)
}

pub(crate) fn modern_with(capabilities: &str, id: &str, method: &str, members: &str) -> String {
    let comma = if members.is_empty() { "" } else { "," };
    legacy(id, method, &format!("{{{members}{comma}{}}}", meta(capabilities)))
}

pub(crate) fn notification(method: &str, params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","method":"{method}","params":{params}}}"#)
}

pub(crate) fn cancel(id: &str) -> String {
    notification("notifications/cancelled", &format!(r#"{{"requestId":{id}}}"#))
}

pub(crate) fn initialize(id: &str, version: &str) -> String {
    let info = r#""clientInfo":{"name":"c","version":"1"}"#;
    let params =
        format!(r#"{{"protocolVersion":"{version}","capabilities":{ALL_CAPABILITIES},{info}}}"#);
    legacy(id, "initialize", &params)
}

pub(crate) const INITIALIZED: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;

pub(crate) const ALL_CAPABILITIES: &str = r#"{"roots":{"listChanged":true},"sampling":{"tools":{},"context":{}},"elicitation":{"form":{},"url":{}}}"#;

/// The arguments of a `tools/call`.
pub(crate) const TOOL: &str = r#""name":"echo","arguments":{"n":1}"#;

pub(crate) const LEGACY: [Version; 4] =
    [Version::V2024_11_05, Version::V2025_03_26, Version::V2025_06_18, Version::V2025_11_25];

pub(crate) fn config() -> ServerConfig {
    ServerConfig::new(Implementation::new("s", "1"))
}

/// Everything that can be offered, and two methods of the application's own.
pub(crate) fn offer() -> Offer {
    Offer {
        capabilities: ServerCapabilities {
            logging: true,
            completions: true,
            prompts: Some(ListCapability { list_changed: true }),
            resources: Some(ResourcesCapability { subscribe: true, list_changed: true }),
            tools: Some(ListCapability { list_changed: true }),
            ..ServerCapabilities::default()
        },
        methods: ["own/echo".into(), "own/slow".into()].into(),
        ..Offer::default()
    }
}

/// All orders of some things that differ.
pub(crate) fn orders<T: Copy + PartialEq>(things: &[T]) -> Vec<Vec<T>> {
    if things.is_empty() {
        return Vec::from([Vec::new()]);
    }
    let begun_with = |first: &T| {
        let rest: Vec<T> = things.iter().copied().filter(|thing| thing != first).collect();
        let first = *first;
        orders(&rest).into_iter().map(move |mut order| {
            order.insert(0, first);
            order
        })
    };
    things.iter().flat_map(begun_with).collect()
}

pub(crate) fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A form, as the parameters of `elicitation/create`.
pub(crate) fn form(message: &str) -> Question {
    let params = format!(r#"{{"message":"{message}","requestedSchema":{{"type":"object"}}}}"#);
    Question::Elicit(Json::parse_text(&params).unwrap())
}

/// The constructors bring a pipe to the state under test and forget how it got there.
impl Peer {
    /// A pipe that nothing was said on.
    pub(super) fn fresh() -> Self {
        Self::with(|_| {})
    }

    /// A pipe of a server that is configured by `change`.
    pub(super) fn with(change: impl FnOnce(&mut ServerConfig)) -> Self {
        let mut config = config();
        change(&mut config);
        let drawn = Arc::new(AtomicUsize::new(0));
        let mut pipe = ServerPipe::new(config, Box::new(Seeded::new(&drawn)));
        pipe.set_offer(Arc::new(offer()));
        Self {
            pipe,
            now: Instant::from_zero(Duration::from_mins(1)),
            calls: Vec::new(),
            sessions: Vec::new(),
            lines: Vec::new(),
            closes: 0,
            reads: true,
            drawn,
            log: String::new(),
        }
    }

    /// `initialize` is answered; `initialized` has not come.
    pub(super) fn initializing(version: Version) -> Self {
        Self::fresh().after_initialize(version)
    }

    /// A session of a revision with a handshake, or a pipe that 2026-07-28 is spoken on.
    pub(super) fn operating(version: Version) -> Self {
        Self::fresh().in_operation(version)
    }

    /// A tool is called: `calls[0]`, with the id 1.
    pub(super) fn calling(version: Version) -> Self {
        let mut peer = Self::operating(version);
        peer.call(version, "1");
        peer.forgetting()
    }

    /// The tool has asked one question, under the key `k`.
    pub(super) fn asked(version: Version) -> Self {
        let mut peer = Self::calling(version);
        peer.ask(0, &[("k", form("Name?"))]).unwrap();
        peer.forgetting()
    }

    /// A client listens to everything, and to `a:1`; the id is `"l"`.
    pub(super) fn listening() -> Self {
        let mut peer = Self::fresh();
        peer.send(&listen("\"l\"", EVERYTHING));
        peer.forgetting()
    }

    pub(super) fn after_initialize(mut self, version: Version) -> Self {
        self.send(&initialize("0", version.as_str()));
        self.forgetting()
    }

    pub(super) fn in_operation(self, version: Version) -> Self {
        if !version.rules().handshake {
            return self;
        }
        let mut peer = self.after_initialize(version);
        peer.send(INITIALIZED);
        peer.forgetting()
    }

    pub(super) fn forgetting(mut self) -> Self {
        self.forget();
        self
    }
}

/// Asks for every kind of change.
pub(crate) const EVERYTHING: &str = r#"{"toolsListChanged":true,"promptsListChanged":true,"resourcesListChanged":true,"resourceSubscriptions":["a:1"]}"#;

pub(crate) fn listen(id: &str, filter: &str) -> String {
    modern(id, "subscriptions/listen", &format!(r#""notifications":{filter}"#))
}

/// What the client does.
impl Peer {
    /// Writes one line.
    pub(super) fn send(&mut self, line: &str) {
        self.note('>', line);
        self.feed(line.as_bytes());
        self.feed(b"\n");
    }

    /// Writes bytes; they are not in the transcript.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.pipe.handle_bytes(self.now, bytes);
        self.drain();
    }

    /// Calls a tool in the way of `version`.
    pub(super) fn call(&mut self, version: Version, id: &str) {
        self.request(version, id, "tools/call", TOOL);
    }

    /// Sends a request in the way of `version`.
    pub(super) fn request(&mut self, version: Version, id: &str, method: &str, members: &str) {
        if version.rules().handshake {
            self.send(&legacy(id, method, &format!("{{{members}}}")));
        } else {
            self.send(&modern(id, method, members));
        }
    }

    /// Answers a request of the server.
    pub(super) fn reply(&mut self, id: &str, result: &str) {
        self.send(&format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#));
    }

    pub(super) fn eof(&mut self) {
        self.log += "> end of input\n";
        self.pipe.handle_eof(self.now);
        self.drain();
    }

    /// Lets time pass, with everything that is due on the way.
    pub(super) fn wait(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some(due) = self.pipe.poll_timeout().filter(|due| *due <= end) {
            assert!(due >= self.now, "a deadline lies in the past");
            self.now = due;
            self.timeout();
        }
        self.now = end;
        self.timeout();
    }

    fn timeout(&mut self) {
        self.pipe.handle_timeout(self.now);
        self.drain();
        let next = self.pipe.poll_timeout();
        assert!(next.is_none_or(|next| next > self.now), "what is due was not done");
    }

    /// Reads everything that waits, when `reads` was false.
    pub(super) fn catch_up(&mut self) {
        self.reads = true;
        self.drain();
    }
}

/// What the application does. Calls are named by their place in `calls`.
impl Peer {
    pub(super) fn command(&mut self, command: Command) -> Result<(), CommandError> {
        let done = self.pipe.handle_command(self.now, command);
        self.drain();
        done
    }

    pub(super) fn respond(&mut self, nth: usize, reply: Reply) -> Result<(), CommandError> {
        let call = self.calls[nth].id;
        self.command(Command::Respond { call, reply })
    }

    /// Answers with a result that is this JSON object.
    pub(super) fn answer(&mut self, nth: usize, result: &str) -> Result<(), CommandError> {
        let body = ResultBody::raw(&Json::parse_text(result).unwrap()).unwrap();
        self.respond(nth, Reply::Result(body))
    }

    pub(super) fn fail(&mut self, nth: usize, code: i64) -> Result<(), CommandError> {
        self.respond(nth, Reply::Error(ErrorObject::new(code, "It failed")))
    }

    pub(super) fn ask(
        &mut self,
        nth: usize,
        questions: &[(&str, Question)],
    ) -> Result<(), CommandError> {
        self.ask_with(nth, questions, self.calls[nth].memo.clone())
    }

    pub(super) fn ask_with(
        &mut self,
        nth: usize,
        questions: &[(&str, Question)],
        memo: Memo,
    ) -> Result<(), CommandError> {
        let questions =
            questions.iter().map(|(key, question)| (Key::from(*key), question.clone())).collect();
        self.respond(nth, Reply::Ask { questions, memo })
    }

    pub(super) fn log(&mut self, nth: usize, level: Level) -> Result<(), CommandError> {
        let about = About::Call(self.calls[nth].id);
        self.command(Command::Log { about, level, logger: None, data: Json::text("said") })
    }

    pub(super) fn progress(&mut self, nth: usize, progress: f64) -> Result<(), CommandError> {
        let call = self.calls[nth].id;
        self.command(Command::Progress { call, progress, total: None, message: None })
    }

    pub(super) fn set_offer(&mut self, offer: Offer) {
        self.pipe.set_offer(Arc::new(offer));
        self.drain();
    }

    /// Polls, as a driver does after each input and after each write.
    pub(super) fn drain(&mut self) {
        loop {
            self.read();
            match self.pipe.poll_output() {
                Some(output) => {
                    self.read();
                    self.take(output);
                }
                None if self.reads && !self.pipe.pending_write().is_empty() => {}
                None => return,
            }
        }
    }

    fn take(&mut self, output: PipeOutput) {
        match output {
            PipeOutput::Event(event) => {
                self.note('*', &show::event(&event));
                match event {
                    Event::Call(call) => self.calls.push(call),
                    Event::SessionOpened { session, .. } => self.sessions.push(session),
                    _ => {}
                }
            }
            PipeOutput::Close => {
                self.closes += 1;
                self.log += "* close\n";
            }
        }
    }

    /// Takes what is to be written, and checks that it is one JSON message a line.
    fn read(&mut self) {
        if !self.reads {
            return;
        }
        let written = String::from_utf8(self.pipe.pending_write().into()).unwrap();
        self.pipe.consume(written.len());
        for line in written.split_inclusive('\n') {
            let line = line.strip_suffix('\n').expect("a line has an end");
            assert!(!line.contains('\r'), "a line break in {line}");
            match Body::parse(line.as_bytes()) {
                Body::Single(message) => assert!(message.is_ok(), "no message: {line}"),
                Body::Batch(all) => assert!(all.iter().all(Result::is_ok), "no batch: {line}"),
            }
            let begins = [r#"{"jsonrpc":"2.0","#, r#"[{"jsonrpc":"2.0","#];
            assert!(begins.iter().any(|begin| line.starts_with(begin)), "no version: {line}");
            self.lines.push(line.to_string());
            self.note('<', line);
        }
    }

    fn note(&mut self, mark: char, text: &str) {
        self.log += &show::entry(mark, text);
    }

    /// What happened since this was last asked.
    pub(super) fn transcript(&mut self) -> String {
        core::mem::take(&mut self.log)
    }

    /// Forgets what happened so far.
    pub(super) fn forget(&mut self) {
        self.log.clear();
        self.lines.clear();
    }

    /// The only line since the last [`Peer::forget`].
    pub(super) fn line(&mut self) -> String {
        assert_eq!(self.lines.len(), 1, "{:?}", self.lines);
        self.lines.remove(0)
    }

    /// The member of an object in the only line, by its path.
    pub(super) fn member(&mut self, pointer: &str) -> Option<serde_json::Value> {
        let line: serde_json::Value = serde_json::from_str(&self.line()).unwrap();
        line.pointer(pointer).cloned()
    }

    /// The answer under `key` to `question` that the `nth` call brings.
    pub(super) fn answer_to(&self, nth: usize, key: &str, question: &Question) -> Option<Answer> {
        self.calls[nth].memo.answers.to(key, question).cloned()
    }
}
