//! What happened, one line for each thing: the report of a failure, and the test of determinism.

use std::{cell::RefCell, collections::BTreeMap, fmt::Write as _, rc::Rc};

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

/// Every message, whole: what servers emit, and what is sent to them.
#[derive(Clone, Debug, Default)]
pub(super) struct Record(Rc<RefCell<BTreeMap<String, String>>>);

/// The messages of one connection.
#[derive(Clone, Debug)]
pub(super) struct Leg {
    record: Record,
    name: String,
}

impl Record {
    pub(super) fn leg(&self, name: String) -> Leg {
        Leg { record: self.clone(), name }
    }

    /// As [`recorded`](crate::conversation::recorded) reads it.
    pub(super) fn take(&self) -> String {
        self.0.take().into_values().collect::<Vec<_>>().join("\n")
    }
}

impl Leg {
    pub(super) fn said(&self, by_server: bool, text: &str) {
        let who = if by_server { "server" } else { "client" };
        let mut record = self.record.0.borrow_mut();
        let _ = writeln!(record.entry(self.name.clone()).or_default(), "{who}\t{text}");
    }
}
