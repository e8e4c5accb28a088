//! Answering later, from any thread.

use alloc::sync::Arc;

use super::{CallContext, IntoToolResult, Outbox, Port, Stop, tool};
use crate::{
    error::ErrorObject,
    server::{Call, CallId, Command, Reply},
};

/// The right to answer a call later, from any thread.
///
/// Dropped unanswered, it answers -32603.
#[must_use = "a ticket that is dropped answers with an error"]
pub struct Ticket {
    call: Arc<Call>,
    open: OpenCall,
}

impl core::fmt::Debug for Ticket {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Ticket").field("call", &self.call).finish_non_exhaustive()
    }
}

impl Ticket {
    pub(super) fn new(call: Arc<Call>, outbox: Arc<dyn Outbox>) -> Self {
        let open = OpenCall { call: Some(call.id), outbox };
        Self { call, open }
    }

    /// The call.
    pub fn call(&self) -> &Call {
        &self.call
    }

    /// What the ticket speaks through.
    pub fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::clone(&self.open.outbox)
    }

    /// Runs `handler` for the call, as if it were the tool's own, and answers with what it
    /// returns. Where it asks the client, the call comes again with a new ticket.
    ///
    /// A panic of the handler passes through; the call is answered -32603. What the router
    /// [validates](super::Router::validate_with) beyond the arguments is not checked here.
    pub fn run<R: IntoToolResult>(
        self,
        handler: impl FnOnce(&mut CallContext<'_>) -> Result<R, Stop>,
    ) {
        let mut port = OutboxPort(self.outbox());
        self.run_on(&mut port, handler);
    }

    /// Like [`Ticket::run`], with a port of the caller's: one that waits for answers, say.
    pub fn run_on<R: IntoToolResult>(
        self,
        port: &mut dyn Port,
        handler: impl FnOnce(&mut CallContext<'_>) -> Result<R, Stop>,
    ) {
        let (call, open) = (self.call, self.open);
        let mut context = CallContext::new(Arc::clone(&call), port, None);
        let outcome = handler(&mut context);
        let reply = conclude(&call, context, outcome);
        open.close();
        if let Some(reply) = reply {
            port.emit(Command::Respond { call: call.id, reply });
        }
    }

    /// Like [`Ticket::run`], for a handler that is a future.
    ///
    /// Dropped before it is done, it answers -32603.
    pub async fn run_async<R: IntoToolResult>(
        self,
        handler: impl AsyncFnOnce(&mut CallContext<'_>) -> Result<R, Stop>,
    ) {
        let mut port = OutboxPort(self.outbox());
        let (call, open) = (self.call, self.open);
        let mut context = CallContext::new(Arc::clone(&call), &mut port, None);
        let outcome = handler(&mut context).await;
        let reply = conclude(&call, context, outcome);
        open.close();
        if let Some(reply) = reply {
            port.emit(Command::Respond { call: call.id, reply });
        }
    }

    /// Answers.
    pub fn respond(self, result: impl IntoToolResult) {
        self.run(|_| Ok(result));
    }

    /// Takes the call and the outbox apart, for those who carry the call themselves: nothing
    /// answers it for them.
    pub fn into_parts(self) -> (Arc<Call>, Arc<dyn Outbox>) {
        let outbox = self.outbox();
        self.open.close();
        (self.call, outbox)
    }
}

/// What a handler's end says to the client.
fn conclude<R: IntoToolResult>(
    call: &Call,
    context: CallContext<'_>,
    outcome: Result<R, Stop>,
) -> Option<Reply> {
    let outcome = outcome.map(IntoToolResult::into_tool_result);
    context.conclude(tool::body(outcome, call.terms.version.rules()))
}

/// Answers -32603 when it is dropped, unless it was closed before.
struct OpenCall {
    call: Option<CallId>,
    outbox: Arc<dyn Outbox>,
}

impl OpenCall {
    fn close(mut self) {
        self.call = None;
    }
}

impl Drop for OpenCall {
    fn drop(&mut self) {
        if let Some(call) = self.call.take() {
            let reply = Reply::Error(ErrorObject::internal());
            self.outbox.send(Command::Respond { call, reply });
        }
    }
}

struct OutboxPort(Arc<dyn Outbox>);

impl Port for OutboxPort {
    fn emit(&mut self, command: Command) {
        self.0.send(command);
    }
}
