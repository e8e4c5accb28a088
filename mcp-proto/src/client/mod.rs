//! The client's state machine (declarations).

use alloc::{boxed::Box, vec::Vec};
use core::time::Duration;

use crate::{
    CommandError, Entropy, ErrorObject, Instant, Version,
    schema::*,
    server::{Answer, List, Question, Timeouts},
    wire::Json,
};

/// Names one call of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientCallId(u64);
/// Names one question of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuestionId(u64);

/// Which era to speak.
#[derive(Clone, Copy, Debug)]
pub enum EraChoice {
    /// Probe.
    Auto,
    /// `initialize`.
    Legacy,
    /// This revision.
    Pinned(Version),
}
/// What a client is told once.
#[derive(Debug)]
pub struct ClientConfig {
    /// Which era.
    pub era: EraChoice,
    /// Who we are.
    pub info: Implementation,
    /// What we can do.
    pub capabilities: ClientCapabilities,
    /// How long the probe may take.
    pub probe_timeout: Duration,
}
/// How certain it is that a failed call had no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It was never sent.
    NotSent,
    /// Nobody knows.
    OutcomeUnknown,
    /// The peer answered.
    Answered,
}
/// Why a call failed.
#[derive(Debug)]
pub enum CallError {
    /// The server said no.
    Refused(ErrorObject),
    /// The server broke the protocol.
    Violation(Box<str>),
    /// Gave up waiting.
    TimedOut,
    /// The transport ended.
    Lost(Delivery),
    /// We cancelled it.
    Cancelled,
    /// Asked for ever.
    RoundsExceeded,
}
/// What the application is told.
#[derive(Debug)]
pub enum ClientEvent {
    /// The server may be called.
    Ready {
        /// In this revision.
        version: Version,
        /// Who it is.
        server: Option<Implementation>,
        /// What it offers.
        capabilities: ServerCapabilities,
        /// How to use it.
        instructions: Option<Box<str>>,
    },
    /// A call has ended.
    Finished {
        /// Which.
        call: ClientCallId,
        /// How.
        outcome: Result<Json, CallError>,
    },
    /// The server asks.
    Asked {
        /// Names the question.
        question: QuestionId,
        /// During this call.
        call: Option<ClientCallId>,
        /// What.
        ask: Question,
    },
    /// How far a call is.
    Progress {
        /// Which.
        call: ClientCallId,
        /// How far.
        progress: f64,
        /// Of how much.
        total: Option<f64>,
        /// For a person.
        message: Option<Box<str>>,
    },
    /// A log message.
    Log {
        /// About this call, where known.
        call: Option<ClientCallId>,
        /// How severe.
        level: Level,
        /// Who says it.
        logger: Option<Box<str>>,
        /// What.
        data: Json,
    },
    /// A list has changed.
    ListChanged(List),
    /// A resource has changed.
    ResourceUpdated {
        /// Which.
        uri: Box<str>,
    },
    /// Another notification.
    Notified {
        /// Its method.
        method: Box<str>,
        /// Its parameters.
        params: Json,
    },
    /// The session is gone.
    SessionLost,
    /// Something was dropped.
    Dropped(Box<str>),
}
/// How a call is made.
#[derive(Clone, Debug, Default)]
pub struct CallOptions {
    /// How long it may take.
    pub timeouts: Timeouts,
    /// Ask for progress.
    pub progress: bool,
    /// Ask for logs.
    pub log_level: Option<Level>,
}

/// A client at the end of a byte stream.
#[derive(Debug)]
pub struct ClientPipe {}
/// What the driver is told.
#[derive(Debug)]
pub enum ClientPipeOutput {
    /// For the application.
    Event(ClientEvent),
    /// The probe wants a fresh process.
    Respawn,
    /// Write what is pending and close.
    Close,
}
impl ClientPipe {
    /// A client that has sent nothing yet.
    pub fn new(config: ClientConfig, entropy: Box<dyn Entropy>) -> Self {
        todo!()
    }
    /// Calls a method.
    pub fn call(
        &mut self,
        now: Instant,
        method: &str,
        params: Json,
        options: CallOptions,
    ) -> ClientCallId {
        todo!()
    }
    /// Sends a notification.
    pub fn notify(&mut self, now: Instant, method: &str, params: Json) -> Result<(), CommandError> {
        todo!()
    }
    /// Gives a call up.
    pub fn cancel(
        &mut self,
        now: Instant,
        call: ClientCallId,
        reason: Option<&str>,
    ) -> Result<(), CommandError> {
        todo!()
    }
    /// Answers a question.
    pub fn answer(
        &mut self,
        now: Instant,
        question: QuestionId,
        answer: Answer,
    ) -> Result<(), CommandError> {
        todo!()
    }
    /// Takes in bytes.
    pub fn handle_bytes(&mut self, now: Instant, chunk: &[u8]) {
        todo!()
    }
    /// Nothing more will come.
    pub fn handle_eof(&mut self, now: Instant) {
        todo!()
    }
    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        todo!()
    }
    /// The next thing to do.
    #[must_use]
    pub fn poll_output(&mut self) -> Option<ClientPipeOutput> {
        todo!()
    }
    /// When something is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        todo!()
    }
    /// Bytes to write.
    #[must_use]
    pub fn pending_write(&self) -> &[u8] {
        todo!()
    }
    /// So many were written.
    pub fn consume(&mut self, count: usize) {
        todo!()
    }
    /// Whether to read.
    #[must_use]
    pub fn accepts_input(&self) -> bool {
        todo!()
    }
}
/// What an HTTP client is to do.
#[derive(Debug)]
pub enum HttpClientOutput {
    /// Send a request.
    Send {
        /// Names it.
        exchange: crate::server::ExchangeId,
        /// Its method.
        method: &'static str,
        /// Where to.
        url: Box<str>,
        /// Its head.
        headers: Vec<(Box<str>, Box<str>)>,
        /// Its body.
        body: Vec<u8>,
    },
    /// Give a request up.
    Abort {
        /// Which.
        exchange: crate::server::ExchangeId,
    },
    /// For the application.
    Event(ClientEvent),
}
