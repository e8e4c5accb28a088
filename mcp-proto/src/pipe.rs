//! A state machine at the end of a byte stream: stdio, a socket.
//!
//! Spec: "stdio" on each revision's `basic/transports` page.

mod client;
mod junk;
mod outgoing;

use alloc::{boxed::Box, collections::VecDeque, string::String, sync::Arc, vec::Vec};

use crate::{
    entropy::Entropy,
    error::{CommandError, ErrorObject, code, excerpt_of_bytes},
    rpc::{Batches, error_response},
    server::{
        About, Arrival, CallId, CloseReason, Command, Dropped, Event, Offer, Origin, Received,
        Server, ServerConfig, ServerOutput,
    },
    time::Instant,
    wire::{Body, Frame, Line, LineDecoder, Malformed, MalformedKind, Message, RequestId},
};
pub use client::{ClientPipe, ClientPipeOutput};

use junk::JunkGate;
use outgoing::Outgoing;

/// A server at the end of a byte stream.
///
/// Messages are looked at one by one, as [`ServerPipe::poll_output`] gets to them: a burst of
/// requests fills no table when each is served at once, and a peer that does not read its answers
/// is not served further ones.
///
/// After each input, and after each [`ServerPipe::consume`], call `poll_output` until it returns
/// `None`, then write [`ServerPipe::pending_write`].
#[derive(Debug)]
pub struct ServerPipe {
    lines: LineDecoder,
    end: End,
    /// Whether lines were left unserved because the peer did not read.
    behind: bool,
    /// What the application is still to be told.
    events: VecDeque<Event>,
    side: Side,
}

/// How far the end of the pipe is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Messages may come.
    Open,
    /// No more input; what is there already is still served.
    Ending { until: Instant },
    /// Accepted work is being finished.
    Draining { until: Instant },
    /// Everything is given up or done; events of that may still be queued.
    Over,
    /// [`PipeOutput::Close`] was given out.
    Closed,
}

/// Everything but the bytes that come in, so that a line can be borrowed while it is served.
#[derive(Debug)]
struct Side {
    server: Server,
    batches: Batches<CallId>,
    out: Outgoing,
    now: Instant,
    junk: JunkGate,
}

/// What the driver is told.
#[derive(Debug)]
#[non_exhaustive]
pub enum PipeOutput {
    /// Something for the application.
    Event(Event),
    /// Nothing will come any more: write what is pending and close.
    Close,
}

impl ServerPipe {
    /// A pipe whose application offers nothing yet.
    pub fn new(config: ServerConfig, entropy: Box<dyn Entropy>) -> Self {
        let limits = &config.limits;
        Self {
            lines: LineDecoder::new(limits.message_bytes_max),
            end: End::Open,
            behind: false,
            events: VecDeque::new(),
            side: Side {
                junk: JunkGate::new(limits.junk_replies_max, limits.junk_window),
                server: Server::new(config, entropy),
                batches: Batches::new(),
                out: Outgoing::default(),
                now: Instant::ZERO,
            },
        }
    }

    /// The machine behind the pipe, for its getters.
    pub fn server(&self) -> &Server {
        &self.side.server
    }

    /// Says what the application offers from now on; whoever listens is told what has changed.
    pub fn set_offer(&mut self, offer: Arc<Offer>) {
        self.side.server.set_offer(offer);
    }

    /// Takes in bytes from the peer.
    pub fn handle_bytes(&mut self, now: Instant, chunk: &[u8]) {
        self.side.now = now;
        if self.end == End::Open {
            self.lines.push(chunk);
        }
    }

    /// The peer will send nothing more: accepted work is finished within
    /// [`ServerConfig::drain`], then comes [`PipeOutput::Close`]. What waits for an answer of the
    /// peer fails at once; subscriptions end with their result.
    pub fn handle_eof(&mut self, now: Instant) {
        self.side.now = now;
        if self.end == End::Open {
            self.end = End::Ending { until: now + self.side.server.config().drain };
        }
    }

    /// Ends the pipe from this side. What has been read is served; then as after
    /// [`ServerPipe::handle_eof`].
    pub fn shut_down(&mut self, now: Instant) {
        self.handle_eof(now);
    }

    /// Does what is due. Calls before that are harmless.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.side.now = now;
        self.side.server.handle_timeout(now);
        if let End::Ending { until } | End::Draining { until } = self.end
            && now >= until
        {
            self.give_up();
        }
    }

    /// Carries out a command. What it says is in [`ServerPipe::pending_write`] at once, so that a
    /// driver may write it while the handler that says it still runs.
    pub fn handle_command(&mut self, now: Instant, command: Command) -> Result<(), CommandError> {
        self.side.now = now;
        self.side.note_congestion();
        let done = self.side.server.handle_command(now, command);
        self.sort_outputs();
        done
    }

    /// The next thing to tell the application, until there is none.
    #[must_use]
    pub fn poll_output(&mut self) -> Option<PipeOutput> {
        loop {
            self.sort_outputs();
            if let Some(event) = self.events.pop_front() {
                return Some(PipeOutput::Event(event));
            }
            if self.end == End::Over {
                self.end = End::Closed;
                return Some(PipeOutput::Close);
            }
            self.behind = self.side.is_congested();
            if self.end == End::Closed || self.behind {
                return None;
            }
            let found = match self.lines.next_line() {
                Some(Line::Complete(line)) => {
                    self.side.handle_line(line);
                    true
                }
                Some(Line::TooLong) => {
                    self.side.too_long();
                    true
                }
                None => false,
            };
            if !found && !self.finish() {
                return None;
            }
        }
    }

    /// When [`ServerPipe::handle_timeout`] is due: at once, when the peer has read and there are
    /// messages that waited for that.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.behind && self.end != End::Closed && !self.side.is_congested() {
            return Some(self.side.now);
        }
        let drained = match self.end {
            End::Ending { until } | End::Draining { until } => Some(until),
            End::Open | End::Over | End::Closed => None,
        };
        match (self.side.server.poll_timeout(), drained) {
            (Some(due), Some(drained)) => Some(due.min(drained)),
            (due, drained) => due.or(drained),
        }
    }

    /// The bytes to write to the peer.
    #[must_use]
    pub fn pending_write(&self) -> &[u8] {
        self.side.out.pending()
    }

    /// `count` bytes of [`ServerPipe::pending_write`] have been written.
    pub fn consume(&mut self, count: usize) {
        self.side.out.consume(count);
        self.side.note_congestion();
    }

    /// Whether the driver should read from the peer: not while the peer does not read itself, and
    /// not after the end.
    #[must_use]
    pub fn accepts_input(&self) -> bool {
        self.end == End::Open && !self.side.is_congested()
    }

    /// Whether nothing is open: no call, no subscription, no deadline, nothing to write. A driver
    /// may then wait for input alone.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.end == End::Open
            && self.pending_write().is_empty()
            && self.events.is_empty()
            && self.side.server.is_idle()
            && self.poll_timeout().is_none()
    }

    /// Messages go to the peer, events wait for the application.
    fn sort_outputs(&mut self) {
        while let Some(output) = self.side.server.poll_output() {
            match output {
                ServerOutput::Send { about, frame, last, .. } => {
                    self.side.write(about, &frame, last);
                }
                ServerOutput::Event(event) => {
                    self.note(&event);
                    self.events.push_back(event);
                }
            }
        }
    }

    /// There is no further line. Returns whether something was done about the end of the pipe.
    fn finish(&mut self) -> bool {
        match self.end {
            End::Ending { until } => {
                let partial = self.lines.take_partial();
                if partial > 0 {
                    self.side.server.drop_noted(Dropped::Partial(partial));
                }
                self.side.server.handle_departure();
                self.end = End::Draining { until };
                true
            }
            End::Draining { .. } if self.side.server.is_idle() => {
                self.give_up();
                true
            }
            End::Open | End::Draining { .. } | End::Over | End::Closed => false,
        }
    }

    fn give_up(&mut self) {
        self.side.server.handle_closed();
        self.end = End::Over;
    }

    /// Events that concern the pipe itself.
    fn note(&mut self, event: &Event) {
        match event {
            Event::Cancelled { call, .. } => self.side.conclude_in_batch(*call, None),
            // The session of a pipe is all there is to it.
            Event::SessionClosed { reason: CloseReason::Server, .. } => {
                self.handle_eof(self.side.now);
            }
            _ => {}
        }
    }
}

impl Side {
    fn handle_line(&mut self, line: &[u8]) {
        match Body::parse(line) {
            Body::Single(Ok(message)) => {
                let received = self.receive(message);
                if let Some((id, error)) = received.refusal() {
                    self.write_error(id.as_ref(), &error);
                }
            }
            Body::Single(Err(malformed)) => self.malformed(&malformed, line),
            Body::Batch(elements) => self.handle_batch(elements, line),
        }
    }

    fn receive(&mut self, message: Message<'_>) -> Received {
        let grant = self.server.config().pipe_grant.clone();
        self.server.handle_message(self.now, Arrival { origin: Origin::Pipe, grant, message })
    }

    /// A batch is served where the session's revision has them; its responses leave together.
    fn handle_batch(&mut self, elements: Vec<Result<Message<'_>, Malformed>>, line: &[u8]) {
        let grant = self.server.config().pipe_grant.clone();
        match self.server.handle_batch(self.now, Origin::Pipe, &grant, elements, line) {
            Ok(received) => {
                if let Some(answer) = self.batches.begin(received.waiting, &received.responses) {
                    self.out.push_line(&answer);
                }
            }
            Err(error) => {
                if self.junk.may_reply(self.now) {
                    self.write_error(None, &error);
                }
                self.drop_junk(line);
            }
        }
    }

    /// Junk never ends the connection. What begins like a message is answered, at a limited rate,
    /// so that two peers do not answer each other's errors for ever.
    fn malformed(&mut self, malformed: &Malformed, line: &[u8]) {
        let first = line.iter().copied().find(|byte| !byte.is_ascii_whitespace());
        let begins_like_json = matches!(first, Some(b'{' | b'['));
        let error = match malformed.kind {
            MalformedKind::NotJson => ErrorObject::new(code::PARSE_ERROR, "Parse error"),
            MalformedKind::NotAMessage => ErrorObject::not_a_message(),
        };
        let answered = match &malformed.id {
            _ if malformed.response || !begins_like_json => false,
            Some(_) => true,
            None => self.junk.may_reply(self.now),
        };
        if answered {
            self.write_error(malformed.id.as_ref(), &error);
        }
        self.drop_junk(line);
    }

    fn drop_junk(&mut self, line: &[u8]) {
        self.server.drop_noted(Dropped::Junk(excerpt_of_bytes(line).into()));
    }

    fn too_long(&mut self) {
        if self.junk.may_reply(self.now) {
            self.write_error(None, &ErrorObject::new(code::PARSE_ERROR, "The message is too long"));
        }
        self.server.drop_noted(Dropped::TooLong);
    }

    fn write(&mut self, about: About, frame: &Frame, last: bool) {
        if last
            && let About::Call(call) = about
            && self.batches.holds(call)
        {
            let response: String = frame.parts().concat();
            return self.conclude_in_batch(call, Some(&response));
        }
        self.out.push_frame(frame);
    }

    fn conclude_in_batch(&mut self, call: CallId, response: Option<&str>) {
        if let Some(answer) = self.batches.conclude(call, response) {
            self.out.push_line(&answer);
        }
    }

    fn write_error(&mut self, id: Option<&RequestId>, error: &ErrorObject) {
        let null_id = self.server.rules_of(Origin::Pipe).is_some_and(|rules| rules.null_error_id);
        let text = error_response(id, null_id, error);
        self.out.push_line(&text);
    }

    fn is_congested(&self) -> bool {
        self.out.pending().len() > self.server.config().limits.output_bytes_max
    }

    fn note_congestion(&mut self) {
        let congested = self.is_congested();
        self.server.handle_congestion(congested);
    }
}

#[cfg(test)]
pub(crate) mod tests;
