//! The machine with many sessions and exchanges, as a transport like HTTP uses it.

mod exchanges;
mod forms;
mod sessions;

use alloc::{boxed::Box, format, string::String, sync::Arc, vec::Vec};
use core::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use super::*;
use crate::{
    Version,
    schema::{Implementation, ListCapability, ResourcesCapability, ServerCapabilities},
    wire::{Json, Message},
};

struct Counted {
    next: u8,
    drawn: Arc<AtomicUsize>,
}

impl Entropy for Counted {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.drawn.fetch_add(bytes.len(), Ordering::Relaxed);
        for byte in bytes {
            self.next = self.next.wrapping_add(1);
            *byte = self.next;
        }
    }
}

/// The machine, and what has come out of it.
struct Core {
    server: Server,
    drawn: Arc<AtomicUsize>,
    sent: Vec<(About, String, bool)>,
    events: Vec<Event>,
}

impl Core {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut ServerConfig)) -> Self {
        let mut config = ServerConfig::new(Implementation::new("s", "1"));
        config.unix_at_zero = Duration::from_millis(0x0123_4567_89AB);
        change(&mut config);
        let drawn = Arc::new(AtomicUsize::new(0));
        let mut server = Server::new(config, Box::new(Counted { next: 0, drawn: drawn.clone() }));
        let capabilities = ServerCapabilities {
            logging: true,
            tools: Some(ListCapability { list_changed: true }),
            resources: Some(ResourcesCapability { subscribe: true, list_changed: false }),
            ..ServerCapabilities::default()
        };
        server.set_offer(Arc::new(Offer { capabilities, ..Offer::default() }));
        drawn.store(0, Ordering::Relaxed);
        Self { server, drawn, sent: Vec::new(), events: Vec::new() }
    }

    fn drawn(&self) -> usize {
        self.drawn.load(Ordering::Relaxed)
    }

    fn receive(&mut self, origin: Origin, text: &str) -> Received {
        let message = Message::parse(text).unwrap();
        let arrival = Arrival { origin, grant: Arc::default(), message };
        let received = self.server.handle_message(Instant::ZERO, arrival);
        self.drain();
        received
    }

    /// Takes in a request that must be a call.
    fn call(&mut self, origin: Origin, text: &str) -> CallId {
        match self.receive(origin, text) {
            Received::Call(call) => call,
            other => panic!("{other:?}"),
        }
    }

    /// Opens a session on an exchange of its own and brings it into operation.
    fn session(&mut self, exchange: u64) -> Origin {
        let received = self.receive(Origin::Isolated(ExchangeId(exchange)), INITIALIZE);
        let Received::Opened(_, key) = received else { panic!("{received:?}") };
        let origin = Origin::Session(key);
        let initialized = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
        assert!(matches!(self.receive(origin, initialized), Received::Accepted));
        self.sent.clear();
        self.events.clear();
        origin
    }

    fn command(&mut self, command: Command) -> Result<(), CommandError> {
        let done = self.server.handle_command(Instant::ZERO, command);
        self.drain();
        done
    }

    fn respond(&mut self, call: CallId) -> Result<(), CommandError> {
        self.command(Command::Respond { call, reply: Reply::Result(ResultBody::default()) })
    }

    fn ask(&mut self, call: CallId) {
        let questions = Vec::from([("k".into(), Question::Roots)]);
        let reply = Reply::Ask { questions, memo: Memo::default() };
        self.command(Command::Respond { call, reply }).unwrap();
    }

    fn drain(&mut self) {
        while let Some(output) = self.server.poll_output() {
            match output {
                ServerOutput::Send { about, frame, last, .. } => {
                    self.sent.push((about, frame.parts().concat(), last));
                }
                ServerOutput::Event(event) => self.events.push(event),
            }
        }
    }

    /// The only message since the last time.
    fn only(&mut self) -> (About, String, bool) {
        assert_eq!(self.sent.len(), 1, "{:?}", self.sent);
        self.sent.remove(0)
    }
}

const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{"roots":{},"elicitation":{"url":{}}},"clientInfo":{"name":"c","version":"1"}}}"#;

const TOOL: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}"#;

/// A 2026-07-28 request with the id 1.
fn modern(method: &str, members: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{{{members}"_meta":{{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{{}}}}}}}}"#
    )
}

const fn exchange(number: u64) -> Origin {
    Origin::Isolated(ExchangeId(number))
}
