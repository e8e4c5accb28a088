//! What carries a handler on the driver's own thread.

use std::sync::Arc;

use mcp_proto::{
    Instant,
    http::Endpoint,
    router::{Outbox, Port},
    server::{Command, Reply},
};
use mcp_stdio::parts::Commands;

use crate::{driver::Input, wires::Wires};

/// What carries a handler on the driver's own thread: what it says before its reply leaves at
/// once, as far as the client takes it.
pub(crate) struct InlinePort<'a> {
    pub(crate) endpoint: &'a mut Endpoint,
    pub(crate) wires: &'a mut Wires,
    pub(crate) inbox: &'a Arc<Commands<Input>>,
    pub(crate) clock: std::time::Instant,
    pub(crate) now: Instant,
}

impl Port for InlinePort<'_> {
    fn emit(&mut self, command: Command) {
        let is_reply = matches!(command, Command::Respond { .. });
        // Only what begins a deadline needs to know how long the handler has taken.
        if !matches!(command, Command::Respond { reply: Reply::Result(_) | Reply::Error(_), .. }) {
            self.now = Instant::from_zero(self.clock.elapsed());
        }
        // A call that is gone has nobody to tell it to; the handler sees that it is cancelled.
        let _ = self.endpoint.handle_command(self.now, command);
        if !is_reply {
            self.wires.carry_out(self.now, self.endpoint);
        }
    }

    fn outbox(&self) -> Option<Arc<dyn Outbox>> {
        Some(Arc::clone(self.inbox) as Arc<dyn Outbox>)
    }
}
