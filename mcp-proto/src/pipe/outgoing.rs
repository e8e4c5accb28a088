//! Bytes on their way to the peer.

use alloc::vec::Vec;

use crate::wire::Frame;

/// Lines that wait to be written.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    bytes: Vec<u8>,
    written: usize,
}

/// What an empty buffer keeps, once messages are usual ones again.
const SPARE_BYTES: usize = 256 << 10;

impl Outgoing {
    pub(super) fn push_frame(&mut self, frame: &Frame) {
        frame.append_to(&mut self.bytes);
        self.bytes.push(b'\n');
    }

    pub(super) fn push_line(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
        self.bytes.push(b'\n');
    }

    /// What is to be written.
    pub(super) fn pending(&self) -> &[u8] {
        self.bytes.get(self.written..).unwrap_or_default()
    }

    /// So many bytes were written.
    pub(super) fn consume(&mut self, count: usize) {
        self.written = self.written.saturating_add(count);
        if self.written >= self.bytes.len() {
            self.clear();
        } else if self.written > SPARE_BYTES && self.written > self.bytes.len() / 2 {
            self.bytes.drain(..self.written);
            self.written = 0;
        }
    }

    /// Nobody will read what is left.
    pub(super) fn clear(&mut self) {
        let used = self.bytes.len();
        self.written = 0;
        self.bytes.clear();
        // Large messages seldom come alone; when they do, the next small one gives the memory back.
        if used < self.bytes.capacity() / 4 {
            self.bytes.shrink_to(SPARE_BYTES);
        }
    }
}
