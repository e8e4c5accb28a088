//! Lines out of a byte stream, whatever the chunks.

use alloc::vec::Vec;

/// Splits a byte stream into lines, whatever the chunks it comes in.
///
/// Lines end with LF; a CR before it is dropped, and so is one UTF-8 byte order mark at the start
/// of the stream. Blank lines are skipped. Memory stays within the limit plus one chunk.
///
/// Spec: "stdio" on each revision's `basic/transports` page.
#[derive(Debug)]
pub struct LineDecoder {
    buffer: Vec<u8>,
    start: usize,
    scanned: usize,
    line_bytes_max: usize,
    skipping: bool,
}

/// One line of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// A line within the limit, without its end.
    Complete(&'a [u8]),
    /// A line over the limit; said once, and the rest up to its end is discarded.
    TooLong,
}

impl LineDecoder {
    /// A decoder that refuses lines of more than `line_bytes_max` bytes.
    pub fn new(line_bytes_max: usize) -> Self {
        todo!()
    }

    /// Takes in the next bytes of the stream.
    pub fn push(&mut self, chunk: &[u8]) {
        todo!()
    }

    /// Takes out the next line, if a whole one is there. Remembers how far it has looked.
    pub fn next_line(&mut self) -> Option<Line<'_>> {
        todo!()
    }

    /// How many bytes are held that no line has been made of yet.
    pub fn buffered(&self) -> usize {
        self.buffer.len() - self.start
    }
}
