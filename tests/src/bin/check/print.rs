//! Reports, for people.

use std::fmt::Write as _;

use mcp_proto::testing::{Report, checker::Invariant};

/// A longer line is cut, but for `--full`.
const SHOWN_MAX: usize = 240;

/// Adds what shows that an invariant is broken.
pub(crate) fn report(text: &mut String, report: &Report, invariant: Invariant, full: bool) {
    for violation in report.violations.iter().filter(|found| found.invariant == invariant) {
        let _ = writeln!(text, "  {violation}");
    }
    for line in report.transcript.to_string().lines() {
        let cut = line.char_indices().nth(SHOWN_MAX).filter(|_| !full);
        let _ = match cut {
            Some((end, _)) => writeln!(text, "  {} …", &line[..end]),
            None => writeln!(text, "  {line}"),
        };
    }
    text.push('\n');
}
