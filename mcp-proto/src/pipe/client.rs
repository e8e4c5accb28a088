//! A client at the end of a byte stream.

use super::outgoing::Outgoing;
use crate::{
    client::{
        CallOptions, Client, ClientCallId, ClientConfig, ClientEvent, ClientOutput,
        DroppedByClient, Listening, QuestionId,
    },
    error::CommandError,
    schema::{Answer, Level},
    time::Instant,
    wire::{Body, Json, Line, LineDecoder},
};

/// A client at the end of a byte stream.
///
/// After each input, and after each verb, call [`ClientPipe::poll_output`] until it returns
/// `None`, then write [`ClientPipe::pending_write`].
#[derive(Debug)]
pub struct ClientPipe {
    lines: LineDecoder,
    client: Client,
    out: Outgoing,
    now: Instant,
    /// Whether the server will send nothing more.
    ended: bool,
    closed: bool,
}

/// What the driver of a client is told.
#[derive(Debug)]
#[non_exhaustive]
pub enum ClientPipeOutput {
    /// Something for the application.
    Event(ClientEvent),
    /// The probe ended the server, as some legacy servers do: start it anew, then call
    /// [`ClientPipe::respawned`]. A driver that cannot calls [`ClientPipe::handle_eof`] again.
    Respawn,
    /// There will be no agreement: close.
    Close,
}

impl ClientPipe {
    /// A client that has said nothing yet: see [`ClientPipe::start`].
    pub fn new(config: ClientConfig) -> Self {
        Self {
            lines: LineDecoder::new(config.limits.message_bytes_max),
            client: Client::new(config),
            out: Outgoing::default(),
            now: Instant::ZERO,
            ended: false,
            closed: false,
        }
    }

    /// The machine behind the pipe, for its getters.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Begins: see [`Client::start`].
    pub fn start(&mut self, now: Instant) {
        self.now = now;
        self.client.start(now);
    }

    /// The server was started anew: bytes of the old one are forgotten.
    pub fn respawned(&mut self, now: Instant) {
        self.now = now;
        self.ended = false;
        self.lines = LineDecoder::new(self.client.config().limits.message_bytes_max);
        self.out.clear();
        self.client.respawned(now);
    }

    /// Calls a method: see [`Client::call`].
    pub fn call(
        &mut self,
        now: Instant,
        method: &str,
        params: &Json,
        options: CallOptions,
    ) -> ClientCallId {
        self.note_congestion();
        self.client.call(now, method, params, options)
    }

    /// Sends a notification: see [`Client::notify`].
    pub fn notify(&mut self, method: &str, params: &Json) -> Result<(), CommandError> {
        self.note_congestion();
        self.client.notify(method, params)
    }

    /// Gives a call up, or ends a subscription: see [`Client::cancel`].
    pub fn cancel(&mut self, call: ClientCallId, reason: Option<&str>) -> Result<(), CommandError> {
        self.client.cancel(call, reason)
    }

    /// Answers a question: see [`Client::answer`].
    pub fn answer(
        &mut self,
        now: Instant,
        question: QuestionId,
        answer: Answer,
    ) -> Result<(), CommandError> {
        self.client.answer(now, question, answer)
    }

    /// Wants to be told of changes: see [`Client::listen`].
    pub fn listen(&mut self, now: Instant, wish: Listening) -> ClientCallId {
        self.note_congestion();
        self.client.listen(now, wish)
    }

    /// From which level on to hear log messages: see [`Client::set_level`].
    pub fn set_level(&mut self, now: Instant, level: Level) -> Option<ClientCallId> {
        self.note_congestion();
        self.client.set_level(now, level)
    }

    /// Takes in bytes from the server.
    pub fn handle_bytes(&mut self, now: Instant, chunk: &[u8]) {
        self.now = now;
        self.lines.push(chunk);
    }

    /// The server will send nothing more: what has come is still read, then every call ends.
    pub fn handle_eof(&mut self, now: Instant) {
        self.now = now;
        self.ended = true;
        self.closed = false;
    }

    /// Does what is due. Calls before that are harmless.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        self.client.handle_timeout(now);
    }

    /// The next thing to do, until there is none.
    #[must_use]
    pub fn poll_output(&mut self) -> Option<ClientPipeOutput> {
        loop {
            while let Some(output) = self.client.poll_output() {
                match output {
                    ClientOutput::Send { frame, .. } => self.out.push_frame(&frame),
                    ClientOutput::Event(event) => return Some(ClientPipeOutput::Event(event)),
                    ClientOutput::Respawn => return Some(ClientPipeOutput::Respawn),
                    ClientOutput::Close => return Some(ClientPipeOutput::Close),
                }
            }
            let found = match self.lines.next_line() {
                Some(Line::Complete(line)) => {
                    take_line(&mut self.client, &self.out, self.now, line);
                    true
                }
                Some(Line::TooLong) => {
                    self.client.drop_noted(DroppedByClient::TooLong);
                    true
                }
                None => false,
            };
            if !found && !self.finish() {
                return None;
            }
        }
    }

    /// When [`ClientPipe::handle_timeout`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.client.poll_timeout()
    }

    /// The bytes to write to the server.
    #[must_use]
    pub fn pending_write(&self) -> &[u8] {
        self.out.pending()
    }

    /// `count` bytes of [`ClientPipe::pending_write`] have been written.
    pub fn consume(&mut self, count: usize) {
        self.out.consume(count);
    }

    /// What the server leaves unread holds up what would be added to it.
    fn note_congestion(&mut self) {
        let congested = is_stuck(&self.out, &self.client);
        self.client.handle_congestion(congested);
    }

    /// There is no further line. Returns whether something was done about the end.
    fn finish(&mut self) -> bool {
        if !self.ended || self.closed {
            return false;
        }
        self.closed = true;
        let partial = self.lines.take_partial();
        if partial > 0 {
            self.client.drop_noted(DroppedByClient::Partial(partial));
        }
        self.client.handle_closed();
        true
    }
}

fn is_stuck(out: &Outgoing, client: &Client) -> bool {
    out.pending().len() > client.config().limits.output_bytes_max
}

fn take_line(client: &mut Client, out: &Outgoing, now: Instant, line: &[u8]) {
    let stuck = is_stuck(out, client);
    match Body::parse(line) {
        Body::Single(element) => client.handle_element(now, element, None, stuck, line),
        Body::Batch(elements) if client.takes_batches() => {
            for element in elements {
                client.handle_element(now, element, None, stuck, line);
            }
        }
        Body::Batch(_) => client.drop_junk(line),
    }
}

#[cfg(test)]
mod tests;
