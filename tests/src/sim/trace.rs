//! What happened, one line for each thing: the report of a failure, and the test of determinism.

use std::{cell::RefCell, fmt::Write as _, rc::Rc};

use mcp_proto::Instant;

/// What happened, in order. Copies of it are the same trace.
#[derive(Clone, Debug, Default)]
pub(super) struct Trace(Rc<RefCell<String>>);

impl Trace {
    pub(super) fn line(&self, now: Instant, text: &str) {
        let at = now.since_zero();
        let _ =
            writeln!(self.0.borrow_mut(), "{:>6}.{:03} {text}", at.as_secs(), at.subsec_millis());
    }

    pub(super) fn take(&self) -> String {
        self.0.take()
    }
}
