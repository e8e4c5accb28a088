//! What must hold on a pipe between a client and a server, whatever either of them does.
//!
//! A [`Checker`] stands at the client's end of the pipe and sees nothing but lines and their
//! direction, so that it judges any server. What is wrong is kept as a [`Violation`], which names
//! the [`Invariant`] that is broken.
//!
//! A client does not know how far the server is with what it was sent. So what a line permits (an
//! answer, progress) is permitted as soon as it is sent, and what it forbids (anything about a
//! cancelled call) is forbidden only once the checker was told by [`Checker::processed`] that all
//! lines so far have been looked at. Without such marks it is only more lenient.

use alloc::{format, string::String, vec::Vec};

mod asks;
mod bounds;
mod client;
mod exchanges;
mod invariant;
mod listens;
mod logs;
mod reading;
mod requests;
mod results;
mod session;
mod states;

use core::fmt::Write;

pub use client::{ClientChecker, ClientExchanges, ClientExpectations};
pub use exchanges::{Asked, Exchanges};
pub use invariant::{Invariant, Violation};
pub use reading::{Id, Line, Malformed, Members, Params, Reading};

use asks::Asks;
use bounds::Bounds;
use invariant::Findings;
use listens::Listens;
use logs::Logs;
use requests::{Answer, Ledger, Request};
use session::Session;
use states::States;

/// The revision without a handshake.
const MODERN: &str = "2026-07-28";
/// The revisions with one.
const LEGACY: [&str; 4] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];
/// The one revision with batches.
const WITH_BATCHES: &str = "2025-03-26";
/// Where a request names its revision.
const META_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
/// Where a request says what its client can.
const META_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

/// What is known of the server before it says anything.
#[derive(Clone, Debug)]
pub struct Expectations {
    /// The revisions that it serves.
    pub versions: Vec<&'static str>,
    /// A request with a longer id is answered without one.
    pub id_bytes_max: usize,
    /// A longer line is answered as one that is no message.
    pub line_bytes_max: usize,
    /// A longer batch is answered as a whole.
    pub batch_max: usize,
    /// The log level of a session before its client sets one, if that is known.
    pub log_level: Option<&'static str>,
    /// It serves no request with a `requestState` that it did not give to such a request before.
    pub sealed: bool,
}

impl Default for Expectations {
    /// Of a server of which nothing is known.
    fn default() -> Self {
        Self {
            versions: LEGACY.into_iter().chain([MODERN]).collect(),
            id_bytes_max: usize::MAX,
            line_bytes_max: usize::MAX,
            batch_max: usize::MAX,
            log_level: None,
            sealed: false,
        }
    }
}

/// Watches one pipe, from the client's end.
#[derive(Debug)]
pub struct Checker {
    expected: Expectations,
    /// Counts the lines of the client, so that it can be said what came before what.
    serial: u64,
    ledger: Ledger,
    session: Session,
    logs: Logs,
    listens: Listens,
    asks: Asks,
    states: States,
    bounds: Bounds,
    /// Requests that were cancelled with lines that may still be unread, and how many lines there
    /// were before.
    withdrawn: Vec<(Id, u64)>,
    findings: Findings,
    transcript: String,
}

impl Checker {
    /// A checker of a pipe through which nothing has gone.
    pub fn new(expected: Expectations) -> Self {
        Self {
            logs: Logs::new(expected.log_level),
            expected,
            serial: 0,
            ledger: Ledger::default(),
            session: Session::default(),
            listens: Listens::default(),
            asks: Asks::default(),
            states: States::default(),
            bounds: Bounds::default(),
            withdrawn: Vec::new(),
            findings: Findings::default(),
            transcript: String::new(),
        }
    }

    /// The client has sent a line; without its end.
    pub fn sent(&mut self, line: &[u8]) {
        self.serial += 1;
        let _ = writeln!(self.transcript, "> {}", shown(line));
        if line.len() > self.expected.line_bytes_max {
            self.ledger.stray(None, false);
            return;
        }
        match Line::read(line) {
            Line::Single(reading) => self.sent_message(reading, None),
            Line::Batch(elements) => {
                let batch = self.serial;
                let short = elements.len() <= self.expected.batch_max;
                let version = self.session.version();
                if version.is_none() && self.session.is_opening(self.ledger.read()) {
                    // Whether the batch is served is not to be told.
                    self.findings.mute();
                }
                if version == Some(WITH_BATCHES) && short {
                    self.ledger.open_batch(batch);
                    for reading in elements {
                        self.sent_message(reading, Some(batch));
                    }
                } else {
                    // A batch that is refused is one line that is no message.
                    self.ledger.stray(None, false);
                }
            }
        }
    }

    /// The server has looked at all lines that were sent so far, and what it had to say at once
    /// was [received](Self::received).
    pub fn processed(&mut self) {
        self.ledger.processed(self.serial);
        for (id, until) in core::mem::take(&mut self.withdrawn) {
            if self.ledger.cancel(&id, until).is_some() {
                self.listens.cancelled(&id);
            }
        }
        self.asks.processed();
    }

    /// The server has sent a line; without its end.
    pub fn received(&mut self, line: &[u8]) {
        let _ = writeln!(self.transcript, "< {}", shown(line));
        self.bounds.received(&mut self.findings);
        match Line::read(line) {
            Line::Single(reading) => self.received_message(reading, false),
            Line::Batch(elements) => self.received_batch(elements),
        }
    }

    /// Everything was read and answered: each request that was not cancelled has its conclusion,
    /// but for subscriptions, and for those with the ids in `waiting`, which are at work still.
    pub fn settled(&mut self, waiting: &[Id]) {
        self.processed();
        self.ledger.settled(waiting, true, &mut self.findings);
    }

    /// `handle_timeout` was called at a moment, and what is due next is this.
    pub fn timed<T: Ord + Copy + core::fmt::Debug>(&mut self, now: T, next: Option<T>) {
        if next.is_some_and(|next| next <= now) {
            self.findings.add(Invariant::Bounds, format!("at {now:?} the next is {next:?}"));
        }
    }

    /// The server took in what it could while `before` bytes waited to be read by the client, and
    /// now `pending` wait. It goes on only while not more than `limit` wait.
    pub fn pending(&mut self, before: usize, pending: &[u8], limit: usize) {
        bounds::pending(before, pending, limit, &mut self.findings);
    }

    /// The server says that it is done.
    pub fn closed(&mut self) {
        self.bounds.closed(&mut self.findings);
    }

    /// The server gave a request up with its own end: it may be answered or not.
    pub fn gave_up(&mut self, id: &Id) {
        self.ledger.give_up(id);
    }

    /// All that the server wrote has come. Each request that was [read](Self::processed) and
    /// neither cancelled nor [given up](Self::gave_up) has its conclusion.
    pub fn over(&mut self) {
        self.bounds.over(&mut self.findings);
        self.ledger.settled(&[], false, &mut self.findings);
    }

    /// The ids of the subscriptions that are open.
    pub fn listening(&self) -> impl Iterator<Item = &Id> {
        self.listens.open()
    }

    /// What was wrong, in order.
    pub fn violations(&self) -> &[Violation] {
        self.findings.all()
    }

    /// Does nothing if nothing was wrong.
    ///
    /// # Panics
    ///
    /// With the first thing that was wrong, and all that went through the pipe.
    #[track_caller]
    pub fn assert_clean(&self) {
        if let [first, ..] = self.violations() {
            panic!("{first}\n{}", self.transcript);
        }
    }

    fn sent_message(&mut self, reading: Reading<'_>, batch: Option<u64>) {
        match reading {
            Reading::Request { id, method, params } => {
                let modern = self.expected.versions.contains(&MODERN)
                    && params.meta.get(META_VERSION).is_some();
                let request = Request::new(self.serial, id, method, modern, batch, &params);
                if modern {
                    self.listens.sent(&request, &params);
                } else {
                    self.session.sent(&request, &params);
                    self.logs.sent(&request, &params);
                    self.listens.subscribed(&request);
                }
                self.ledger.open(request, &mut self.findings);
            }
            Reading::Notification { method, params } => self.notified(&method, &params),
            Reading::Response { id, .. } => self.asks.answered(id.as_ref()),
            Reading::Malformed(malformed) if malformed.response => {}
            Reading::Malformed(malformed) => self.ledger.stray(malformed.id, batch.is_some()),
        }
    }

    fn notified(&mut self, method: &str, params: &Params<'_>) {
        match method {
            "notifications/initialized" => self.session.initialized(),
            "notifications/cancelled" => {
                if let Some(id) = params.members.get("requestId").and_then(Id::read) {
                    self.ledger.cancelling(&id);
                    self.withdrawn.push((id, self.serial));
                }
            }
            _ => {}
        }
    }

    fn received_batch(&mut self, elements: Vec<Reading<'_>>) {
        if self.session.version() != Some(WITH_BATCHES) {
            let what = "an array, which only 2025-03-26 has";
            self.findings.add(Invariant::Framing, what.into());
        }
        if elements.is_empty() {
            self.findings.add(Invariant::Framing, "an empty array".into());
        }
        self.ledger.begin_array();
        for reading in elements {
            self.received_message(reading, true);
        }
        self.ledger.end_array(&mut self.findings);
    }

    fn received_message(&mut self, reading: Reading<'_>, in_array: bool) {
        match reading {
            Reading::Request { id, method, params } => {
                self.session.asked(&id, &method, &params, &mut self.findings);
                self.asks.asked(id, &mut self.findings);
            }
            Reading::Notification { method, params } => self.told(&method, &params),
            Reading::Response { id, outcome } => {
                self.answered(Answer { id: id.as_ref(), outcome, in_array });
            }
            Reading::Malformed(malformed) => {
                self.findings.add(Invariant::Framing, format!("no message: {malformed:?}"));
            }
        }
    }

    fn answered(&mut self, answer: Answer<'_>) {
        let findings = &mut self.findings;
        let (outcome, limit) = (answer.outcome, self.expected.id_bytes_max);
        let Some(request) = self.ledger.answered(answer, limit, findings) else { return };
        if request.batch.is_some() != answer.in_array {
            let what = format!("the answer to {} is not where its batch is", request.id);
            findings.add(Invariant::Framing, what);
        }
        results::check(&request, outcome, findings);
        if request.modern {
            self.listens.concluded(&request, outcome, findings);
            self.states.answered(&request, outcome, self.expected.sealed, findings);
        } else {
            self.session.answered(&request, outcome, &self.expected, findings);
            self.logs.answered(&request, outcome.is_ok());
            self.listens.answered(&request, outcome.is_ok());
        }
    }

    fn told(&mut self, method: &str, params: &Params<'_>) {
        let findings = &mut self.findings;
        match method {
            "notifications/progress" => self.ledger.progressed(params, findings),
            "notifications/message" => {
                let level = logs::level(params, findings);
                let wanted = self.ledger.wants_log(level)
                    || self.session.logs(findings) && self.logs.wants(level);
                if !wanted {
                    let what = format!("a message of level {}", logs::LEVELS[level]);
                    findings.add(Invariant::LogGate, what);
                }
            }
            "notifications/cancelled" => {
                let id = params.members.get("requestId").and_then(Id::read);
                let listened = id.as_ref().is_some_and(|id| self.listens.is_known(id));
                self.asks.cancelled(id.as_ref(), listened, findings);
            }
            _ => self.listens.told(method, params, &self.session, findings),
        }
    }
}

/// The start of a line, for people.
fn shown(line: &[u8]) -> String {
    String::from_utf8_lossy(line.get(..600).unwrap_or(line)).into_owned()
}
