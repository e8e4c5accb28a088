//! Lines out of a byte stream, whatever the chunks.

use alloc::vec::Vec;
use core::ops::Range;

use memchr::memchr;

/// Splits a byte stream into lines, whatever the chunks it comes in.
///
/// Lines end with LF; a CR before it is dropped, and so is one UTF-8 byte order mark at the start
/// of the stream. Blank lines are skipped. Memory stays within the limit plus two chunks as long
/// as [`next_line`](Self::next_line) is called until `None` between chunks.
///
/// Spec: "stdio" on each revision's `basic/transports` page.
#[derive(Debug)]
pub struct LineDecoder {
    buffer: Vec<u8>,
    /// Where the first line that was not taken out begins.
    start: usize,
    /// Up to where there is no LF, so that each byte is searched once.
    scanned: usize,
    line_bytes_max: usize,
    /// Whether the rest of a line over the limit is still to come. The buffer is empty then.
    skipping: bool,
    /// Whether a byte order mark may still come.
    fresh: bool,
}

/// One line of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// A line within the limit, without its end.
    Complete(&'a [u8]),
    /// A line over the limit; said once, and the rest up to its end is discarded.
    TooLong,
}

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// What is kept allocated beyond what is in use: enough for usual lines, so that a huge one does
/// not hold memory for ever.
const SPARE_BYTES_MAX: usize = 64 << 10;

/// A line by its place in the buffer.
enum Found {
    Complete(Range<usize>),
    TooLong,
}

impl LineDecoder {
    /// A decoder that refuses lines of more than `line_bytes_max` bytes.
    pub fn new(line_bytes_max: usize) -> Self {
        Self {
            buffer: Vec::new(),
            start: 0,
            scanned: 0,
            line_bytes_max,
            skipping: false,
            fresh: true,
        }
    }

    /// Takes in the next bytes of the stream.
    pub fn push(&mut self, chunk: &[u8]) {
        let mut chunk = chunk;
        if self.skipping {
            let Some(end) = memchr(b'\n', chunk) else { return };
            chunk = &chunk[end + 1..];
            self.skipping = false;
        }
        // What moves is either the piece of one chunk after its last LF or less than what was
        // taken out, so that moving costs no more in all than the bytes that came.
        let drained = self.scanned == self.buffer.len();
        if drained || self.start >= self.buffered() {
            self.compact();
        }
        self.make_room(chunk.len());
        self.buffer.extend_from_slice(chunk);
        if self.fresh {
            self.drop_byte_order_mark();
        }
    }

    /// Takes out the next line, if a whole one is there. Remembers how far it has looked.
    pub fn next_line(&mut self) -> Option<Line<'_>> {
        match self.find_line()? {
            Found::Complete(range) => self.buffer.get(range).map(Line::Complete),
            Found::TooLong => Some(Line::TooLong),
        }
    }

    /// How many bytes are held that no line has been made of yet.
    pub fn buffered(&self) -> usize {
        self.buffer.len() - self.start
    }

    /// Drops what is left at the end of the stream, and says how many bytes that were: 0 if they
    /// were blank, or the rest of a line that was said to be too long.
    pub fn take_partial(&mut self) -> usize {
        let partial = &self.buffer[self.start..];
        let count = if is_blank(partial) { 0 } else { partial.len() };
        self.discard();
        count
    }

    fn find_line(&mut self) -> Option<Found> {
        loop {
            let Some(distance) = memchr(b'\n', &self.buffer[self.scanned..]) else {
                return self.look_at_unfinished();
            };
            let end = self.scanned + distance;
            let range = self.start..end - usize::from(self.ends_with_cr(end));
            self.start = end + 1;
            self.scanned = end + 1;
            if range.len() > self.line_bytes_max {
                return Some(Found::TooLong);
            }
            if !is_blank(&self.buffer[range.clone()]) {
                return Some(Found::Complete(range));
            }
        }
    }

    /// All bytes were searched: those that are left begin a line, and it may be too long already.
    fn look_at_unfinished(&mut self) -> Option<Found> {
        if self.fresh {
            return None; // a byte order mark that is not whole yet
        }
        let end = self.buffer.len();
        self.scanned = end;
        // A CR at the end does not count: it may belong to the end of the line.
        let length = self.buffered() - usize::from(self.ends_with_cr(end));
        if length > self.line_bytes_max {
            self.discard();
            self.skipping = true;
            return Some(Found::TooLong);
        }
        if self.start == end {
            self.discard();
        }
        None
    }

    /// Whether the line that begins at `start` and goes to `end` has a CR as its last byte.
    fn ends_with_cr(&self, end: usize) -> bool {
        self.buffer[self.start..end].ends_with(b"\r")
    }

    /// The mark may come byte by byte, so it is decided as soon as the bytes can be told from it.
    fn drop_byte_order_mark(&mut self) {
        if self.buffer.starts_with(BYTE_ORDER_MARK) {
            self.start = BYTE_ORDER_MARK.len();
            self.scanned = self.start;
            self.fresh = false;
        } else {
            self.fresh = BYTE_ORDER_MARK.starts_with(&self.buffer);
        }
    }

    /// Forgets the lines that were taken out.
    fn compact(&mut self) {
        if self.start == 0 {
            return; // a line is growing, and so may the buffer
        }
        self.buffer.drain(..self.start);
        self.scanned -= self.start;
        self.start = 0;
        self.buffer.shrink_to(self.buffer.len() + SPARE_BYTES_MAX);
    }

    /// Forgets everything.
    fn discard(&mut self) {
        self.start = self.buffer.len();
        self.scanned = self.start;
        self.compact();
    }

    /// Grows by doubling, but not beyond what the longest line and a chunk need.
    fn make_room(&mut self, chunk_len: usize) {
        let held = self.buffer.len();
        let needed = held + chunk_len;
        if needed > self.buffer.capacity() {
            let ceiling = self.line_bytes_max.saturating_add(chunk_len);
            let roomy = self.buffer.capacity().saturating_mul(2).min(ceiling);
            self.buffer.reserve_exact(roomy.max(needed) - held);
        }
    }
}

fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r'))
}
