//! A state machine at the end of a byte stream: stdio, a socket.

use alloc::{boxed::Box, sync::Arc};

use crate::{
    CommandError, Entropy, Instant,
    server::{Command, Event, Offer, ServerConfig},
};

/// A server at the end of a byte stream.
#[derive(Debug)]
pub struct ServerPipe {}

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
        todo!()
    }

    /// Says what the application offers from now on; whoever listens is told what has changed.
    pub fn set_offer(&mut self, now: Instant, offer: Arc<Offer>) {
        todo!()
    }

    /// Takes in bytes from the peer.
    pub fn handle_bytes(&mut self, now: Instant, chunk: &[u8]) {
        todo!()
    }

    /// The peer will send nothing more: accepted work is finished within
    /// [`ServerConfig::drain`], then comes [`PipeOutput::Close`].
    pub fn handle_eof(&mut self, now: Instant) {
        todo!()
    }

    /// Ends the pipe from this side: nothing more is read, subscriptions end with their result,
    /// accepted work is finished as after [`ServerPipe::handle_eof`].
    pub fn shut_down(&mut self, now: Instant) {
        todo!()
    }

    /// Does what is due. Calls before that are harmless.
    pub fn handle_timeout(&mut self, now: Instant) {
        todo!()
    }

    /// Carries out a command.
    pub fn handle_command(&mut self, now: Instant, command: Command) -> Result<(), CommandError> {
        todo!()
    }

    /// The next thing to tell the application, until there is none.
    #[must_use]
    pub fn poll_output(&mut self) -> Option<PipeOutput> {
        todo!()
    }

    /// When [`ServerPipe::handle_timeout`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        todo!()
    }

    /// The bytes to write to the peer.
    #[must_use]
    pub fn pending_write(&self) -> &[u8] {
        todo!()
    }

    /// `count` bytes of [`ServerPipe::pending_write`] have been written.
    pub fn consume(&mut self, count: usize) {
        todo!()
    }

    /// Whether the driver should read from the peer: false while the peer does not read itself.
    #[must_use]
    pub fn accepts_input(&self) -> bool {
        todo!()
    }

    /// Whether nothing is open: no call, no subscription, no deadline, nothing to write. A driver
    /// may then wait for input alone.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        todo!()
    }
}
