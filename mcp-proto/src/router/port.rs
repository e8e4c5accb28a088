//! What carries a handler: the driver's own thread, a worker thread, a task.

use alloc::sync::Arc;

use super::Stop;
use crate::server::{Call, CallId, Command};

/// What carries a handler: the driver's own thread, a worker thread, a task.
pub trait Port {
    /// Takes what the handler says, in order; may write it to the peer at once.
    fn emit(&mut self, command: Command);

    /// Waits until the client has answered what was just asked, and returns the call with its
    /// answers. `None`: this port does not wait, and the handler is run again instead.
    ///
    /// Only asked before 2026-07-28, where a call can be answered while it runs, and after the
    /// question was emitted.
    fn wait(&mut self, call: CallId) -> Option<Result<Arc<Call>, Stop>> {
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
