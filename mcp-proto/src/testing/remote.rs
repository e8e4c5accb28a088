//! The other end of a pipe, whatever carries it.

use alloc::{format, string::String};
use core::time::Duration;

/// The other end of a pipe, for whoever tests what is there: a process, a socket, something in
/// memory.
pub trait Remote {
    /// Carries bytes there: lines, or pieces of lines.
    fn write(&mut self, bytes: &[u8]);

    /// Carries one line there; given without its end.
    fn write_line(&mut self, line: &str) {
        self.write(format!("{line}\n").as_bytes());
    }

    /// The next line that comes from there, without its end. If one is `owed`, it is waited for, as
    /// long as the implementation has patience; if not, only a line that is there already counts.
    fn read_line(&mut self, owed: bool) -> Option<String>;

    /// Nothing will be sent any more.
    fn close(&mut self);

    /// Lets time pass, where time is virtual.
    fn pass(&mut self, span: Duration) {
        let _ = span;
    }

    /// Whether nothing can come any more.
    fn is_over(&self) -> bool;
}
