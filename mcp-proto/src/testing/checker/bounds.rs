//! What a driver sees besides lines: bytes that wait, and the end.

use alloc::format;

use super::{Invariant, invariant::Findings};

/// Whether the end was told.
#[derive(Debug, Default)]
pub(super) struct Bounds {
    closed: bool,
    over: bool,
}

impl Bounds {
    pub(super) fn received(&self, findings: &mut Findings) {
        if self.over {
            findings.add(Invariant::Bounds, "a line after the end".into());
        }
    }

    pub(super) fn closed(&mut self, findings: &mut Findings) {
        if core::mem::replace(&mut self.closed, true) {
            findings.add(Invariant::Bounds, "the end is told twice".into());
        }
    }

    pub(super) fn over(&mut self, findings: &mut Findings) {
        if !self.closed {
            findings.add(Invariant::Bounds, "the end is not told".into());
        }
        self.over = true;
    }
}

/// Each line of a client has one response at most. So once more than `limit` bytes wait, one
/// response may still be among what follows only if it is what went over the limit.
pub(super) fn pending(before: usize, pending: &[u8], limit: usize, findings: &mut Findings) {
    let mut end = 0;
    for line in pending.split_inclusive(|byte| *byte == b'\n') {
        let start = end;
        end += line.len();
        if start >= before && start > limit && is_response(line) {
            let what = format!("an answer at {start}, while {limit} bytes may wait");
            findings.add(Invariant::Bounds, what);
        }
    }
}

fn is_response(line: &[u8]) -> bool {
    use super::{Line, Reading};
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    matches!(Line::read(line), Line::Batch(_) | Line::Single(Reading::Response { .. }))
}
