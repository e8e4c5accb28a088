//! The client as its two sides see it: lines of a server, and an application.
//!
//! Transcripts are written as those of the server's pipe, and `mcp` stands for the members of
//! `_meta` that every request of 2026-07-28 has.

mod bad;
mod calls;
mod connecting;
mod legacy_questions;
mod listening;
mod lists;
mod pairs;
mod races;
mod rounds;
mod show;

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::time::Duration;

use super::{ClientPipe, ClientPipeOutput};
use crate::{
    CommandError, ErrorObject, Instant, Version,
    client::{
        CallError, CallOptions, ClientCallId, ClientConfig, ClientEvent, Delivery, DroppedByClient,
        Era, Listening, QuestionId, Violation,
    },
    pipe::tests::{LEGACY, millis, notification, orders},
    schema::{
        Answer, ClientCapabilities, ElicitationCapability, Implementation, Level, ListCapability,
        SamplingCapability,
    },
    time::Timeouts,
    wire::Json,
};

/// A client, its server and its application, in virtual time.
struct Peer {
    pipe: ClientPipe,
    now: Instant,
    /// The lines that the server has read.
    lines: Vec<String>,
    /// The calls that have ended, and how.
    finished: Vec<(ClientCallId, Result<Json, CallError>)>,
    /// Every question that was asked.
    questions: Vec<QuestionId>,
    dropped: Vec<DroppedByClient>,
    /// How often a new server was asked for.
    respawns: usize,
    closes: usize,
    /// Whether the server reads.
    reads: bool,
    log: String,
}

/// All that a client can declare.
fn all_capabilities() -> ClientCapabilities {
    ClientCapabilities {
        roots: Some(ListCapability { list_changed: true }),
        sampling: Some(SamplingCapability { tools: true, context: true }),
        elicitation: Some(ElicitationCapability { form: true, url: true }),
        ..ClientCapabilities::default()
    }
}

fn config() -> ClientConfig {
    ClientConfig::new(Implementation::new("c", "1"), all_capabilities())
}

const SERVER: &str = r#"{"logging":{},"tools":{"listChanged":true},"prompts":{"listChanged":true},"resources":{"subscribe":true,"listChanged":true}}"#;

/// The result of `server/discover`.
fn discovered(versions: &str) -> String {
    format!(r#"{{"supportedVersions":{versions},"capabilities":{SERVER}}}"#)
}

/// The result of `initialize`.
fn initialized(version: &str) -> String {
    let info = r#""serverInfo":{"name":"s","version":"1"}"#;
    format!(r#"{{"protocolVersion":"{version}","capabilities":{SERVER},{info}}}"#)
}

fn json(text: &str) -> Json {
    Json::parse_text(text).unwrap()
}

/// A form, as the parameters of `elicitation/create`.
const FORM: &str = r#"{"message":"Name?","requestedSchema":{"type":"object","properties":{}}}"#;

const ACCEPT: &str = r#"{"action":"accept","content":{}}"#;

/// Options without an idle clock, so that nothing ends by itself.
fn patient() -> CallOptions {
    CallOptions { timeouts: Timeouts { idle: Some(Duration::MAX), total: None }, ..within(None) }
}

fn within(total: Option<Duration>) -> CallOptions {
    CallOptions { timeouts: Timeouts { idle: None, total }, ..CallOptions::default() }
}

/// The constructors bring a client to the state under test and forget how it got there.
impl Peer {
    /// A client that has not begun.
    fn with(change: impl FnOnce(&mut ClientConfig)) -> Self {
        let mut config = config();
        change(&mut config);
        Self {
            pipe: ClientPipe::new(config),
            now: Instant::from_zero(Duration::from_mins(1)),
            lines: Vec::new(),
            finished: Vec::new(),
            questions: Vec::new(),
            dropped: Vec::new(),
            respawns: 0,
            closes: 0,
            reads: true,
            log: String::new(),
        }
    }

    /// The probe is sent; its id is 1.
    fn probing() -> Self {
        Self::with(|_| {}).started()
    }

    /// An agreement on `version` is reached; the next request has the id 2.
    fn ready(version: Version) -> Self {
        Self::ready_with(version, |_| {})
    }

    fn ready_with(version: Version, change: impl FnOnce(&mut ClientConfig)) -> Self {
        let handshake = version.rules().handshake;
        let mut peer = Self::with(|config| {
            config.era = if handshake { Era::Legacy } else { Era::Auto };
            change(config);
        })
        .started();
        peer.agree(version);
        peer.forget();
        peer
    }

    /// A tool is called: the request 2, whose call is given.
    fn calling(version: Version) -> (Self, ClientCallId) {
        let mut peer = Self::ready(version);
        let call = peer.tool(patient());
        peer.forget();
        (peer, call)
    }

    fn started(mut self) -> Self {
        self.pipe.start(self.now);
        self.drain();
        self
    }

    /// Answers what the client opened with.
    fn agree(&mut self, version: Version) {
        if version.rules().handshake {
            self.reply("1", &initialized(version.as_str()));
        } else {
            self.reply("1", &discovered(r#"["2026-07-28"]"#));
        }
        let agreed = self.pipe.client().agreement().map(|agreed| agreed.version);
        assert_eq!(agreed, Some(version));
    }
}

/// What the server does.
impl Peer {
    /// Writes one line.
    fn send(&mut self, line: &str) {
        self.note('<', line);
        self.feed(line.as_bytes());
        self.feed(b"\n");
    }

    /// Writes bytes; they are not in the transcript.
    fn feed(&mut self, bytes: &[u8]) {
        self.pipe.handle_bytes(self.now, bytes);
        self.drain();
    }

    fn reply(&mut self, id: &str, result: &str) {
        self.send(&format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#));
    }

    fn refuse(&mut self, id: &str, error: &str) {
        self.send(&format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{error}}}"#));
    }

    /// Asks, as servers of the older revisions do.
    fn ask(&mut self, id: &str, method: &str, params: &str) {
        self.send(&crate::pipe::tests::legacy(id, method, params));
    }

    fn tell(&mut self, method: &str, params: &str) {
        self.send(&notification(method, params));
    }

    fn exit(&mut self) {
        self.log += "< end of output\n";
        self.pipe.handle_eof(self.now);
        self.drain();
    }
}

/// What the application does.
impl Peer {
    fn call(&mut self, method: &str, params: &str, options: CallOptions) -> ClientCallId {
        let call = self.pipe.call(self.now, method, &json(params), options);
        self.drain();
        call
    }

    fn tool(&mut self, options: CallOptions) -> ClientCallId {
        self.call("tools/call", r#"{"name":"echo","arguments":{"n":1}}"#, options)
    }

    fn cancel(&mut self, call: ClientCallId) -> Result<(), CommandError> {
        let done = self.pipe.cancel(call, Some("Enough"));
        self.drain();
        done
    }

    /// Answers the `nth` of all questions.
    fn answer(&mut self, nth: usize, answer: Answer) -> Result<(), CommandError> {
        let done = self.pipe.answer(self.now, self.questions[nth], answer);
        self.drain();
        done
    }

    fn give(&mut self, nth: usize, result: &str) -> Result<(), CommandError> {
        self.answer(nth, Answer::Given(json(result)))
    }

    fn listen(&mut self, wish: &Listening) -> ClientCallId {
        let call = self.pipe.listen(self.now, wish.clone());
        self.drain();
        call
    }

    fn notify(&mut self, method: &str) -> Result<(), CommandError> {
        let done = self.pipe.notify(method, &json("{}"));
        self.drain();
        done
    }

    /// A fresh server is there.
    fn respawn(&mut self) {
        self.pipe.respawned(self.now);
        self.drain();
    }

    /// Lets time pass, with everything that is due on the way.
    fn wait(&mut self, span: Duration) {
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
}

/// What came of it.
impl Peer {
    fn drain(&mut self) {
        loop {
            self.read();
            let Some(output) = self.pipe.poll_output() else { break };
            self.read();
            match output {
                ClientPipeOutput::Event(event) => {
                    self.note('*', &show::event(&event));
                    match event {
                        ClientEvent::Finished { call, outcome } => {
                            self.finished.push((call, outcome));
                        }
                        ClientEvent::Asked { question, .. } => self.questions.push(question),
                        ClientEvent::Dropped(dropped) => self.dropped.push(dropped),
                        _ => {}
                    }
                }
                ClientPipeOutput::Respawn => {
                    self.respawns += 1;
                    self.log += "* respawn\n";
                }
                ClientPipeOutput::Close => {
                    self.closes += 1;
                    self.log += "* close\n";
                }
            }
        }
        self.read();
    }

    fn read(&mut self) {
        if !self.reads {
            return;
        }
        let written = String::from_utf8(self.pipe.pending_write().into()).unwrap();
        self.pipe.consume(written.len());
        for line in written.split_inclusive('\n') {
            let line = line.strip_suffix('\n').expect("a line has an end");
            let begins = line.starts_with(r#"{"jsonrpc":"2.0","#);
            assert!(begins && !line.contains('\r'), "no message: {line}");
            assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "no JSON: {line}");
            self.lines.push(line.to_string());
            self.note('>', line);
        }
    }

    fn note(&mut self, mark: char, text: &str) {
        self.log += &show::entry(mark, text);
    }

    fn transcript(&mut self) -> String {
        core::mem::take(&mut self.log)
    }

    fn forget(&mut self) {
        self.log.clear();
        self.lines.clear();
        self.dropped.clear();
    }

    /// The only line since the last [`Peer::forget`].
    fn line(&mut self) -> String {
        assert_eq!(self.lines.len(), 1, "{:?}", self.lines);
        self.lines.remove(0)
    }

    /// A member of an object in the only line, by its path.
    fn member(&mut self, pointer: &str) -> Option<serde_json::Value> {
        let line: serde_json::Value = serde_json::from_str(&self.line()).unwrap();
        line.pointer(pointer).cloned()
    }

    /// How the only call that has ended did.
    fn outcome(&mut self) -> Result<Json, CallError> {
        assert_eq!(self.finished.len(), 1, "{:?}", self.finished);
        self.finished.remove(0).1
    }
}
