//! What carries a handler: the driver's own thread, a worker thread, a task.

use alloc::{boxed::Box, sync::Arc};

use super::{CallContext, IntoToolResult, Stop};
use crate::server::{Call, CallId, Command};

/// What carries a handler: the driver's own thread, a worker thread, a task.
pub trait Port {
    /// Takes what the handler says, in order; may write it to the peer at once.
    fn emit(&mut self, command: Command);

    /// Waits until the client has answered what was just asked, and returns the call with its
    /// answers. `None`: this port does not wait, and the handler is run again instead.
    ///
    /// Only asked before 2026-07-28, where a call can be answered while it runs.
    fn wait(&mut self, call: CallId) -> Option<Result<Box<Call>, Stop>> {
        let _ = call;
        None
    }

    /// What a handler that answers later speaks through. `None`: such handlers are not served
    /// here, and their calls are answered -32603.
    fn outbox(&self) -> Option<Arc<dyn Outbox>> {
        None
    }
}

/// Takes commands from any thread to the driver.
pub trait Outbox: Send + Sync {
    /// Hands over one command. It is dropped if the driver is gone.
    fn send(&self, command: Command);
}

/// The right to answer a call later, from any thread.
///
/// Dropped unanswered, it answers -32603.
#[must_use = "a ticket that is dropped answers with an error"]
pub struct Ticket {
    call: Option<Box<Call>>,
    outbox: Arc<dyn Outbox>,
}

impl core::fmt::Debug for Ticket {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Ticket").field("call", &self.call).finish_non_exhaustive()
    }
}

impl Ticket {
    /// The call.
    pub fn call(&self) -> &Call {
        todo!()
    }

    /// Runs `handler` for the call, as if it were the tool's own, and answers with what it
    /// returns. Where it asks the client, the call comes again with a new ticket.
    pub fn run<R: IntoToolResult>(
        self,
        handler: impl FnOnce(&mut CallContext<'_>) -> Result<R, Stop>,
    ) {
        todo!()
    }

    /// Like [`Ticket::run`], with a port of the caller's: one that waits for answers, say.
    pub fn run_on<R: IntoToolResult>(
        self,
        port: &mut dyn Port,
        handler: impl FnOnce(&mut CallContext<'_>) -> Result<R, Stop>,
    ) {
        todo!()
    }

    /// Answers.
    pub fn respond(self, result: impl IntoToolResult) {
        self.run(|_| Ok(result));
    }

    /// Takes the call and the outbox apart, for those who carry the call themselves.
    pub fn into_parts(mut self) -> (Box<Call>, Arc<dyn Outbox>) {
        todo!()
    }
}
