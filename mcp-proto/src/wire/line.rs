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

/// What is kept allocated beyond what is in use, once lines are usual ones again.
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
            self.buffer = Vec::new();
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
        let used = self.buffer.len();
        self.buffer.drain(..self.start);
        self.scanned -= self.start;
        self.start = 0;
        // A peer that sends long lines is likely to send more of them; one that no longer does
        // does not hold the memory for them.
        if used < self.buffer.capacity() / 4 {
            self.buffer.shrink_to(self.buffer.len() + SPARE_BYTES_MAX);
        }
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

#[cfg(test)]
mod tests {
    use proptest::{collection, prelude::*};

    use super::*;

    /// `None` is a line that is too long.
    type Lines = Vec<Option<Vec<u8>>>;

    /// The lines of a stream that comes in `chunks`, and how many bytes are left at its end.
    fn decode<'c>(limit: usize, chunks: impl IntoIterator<Item = &'c [u8]>) -> (Lines, usize) {
        let mut decoder = LineDecoder::new(limit);
        let mut lines = Lines::new();
        for chunk in chunks {
            decoder.push(chunk);
            while let Some(line) = decoder.next_line() {
                lines.push(match line {
                    Line::Complete(bytes) => Some(bytes.into()),
                    Line::TooLong => None,
                });
            }
            assert!(decoder.buffered() <= limit.max(2) + 1, "{decoder:?}");
        }
        let partial = decoder.take_partial();
        assert_eq!(decoder.buffered(), 0);
        (lines, partial)
    }

    /// Checks a stream whole, byte by byte, and with the start of one more line after it.
    fn check(limit: usize, stream: &[u8], expected: &[Option<&str>]) {
        let expected: Lines =
            expected.iter().map(|line| line.map(|text| text.as_bytes().into())).collect();
        assert_eq!(decode(limit, [stream]), (expected.clone(), 0), "whole");
        assert_eq!(decode(limit, stream.chunks(1)), (expected.clone(), 0), "byte by byte");
        assert_eq!(decode(limit, [stream, b"{", b"x"]), (expected, 2), "with a tail");
    }

    #[test]
    fn lines_end_with_a_line_feed_and_perhaps_a_carriage_return() {
        check(9, b"a\nbc\r\n d\r\r\n", &[Some("a"), Some("bc"), Some(" d\r")]);
    }

    #[test]
    fn blank_lines_are_skipped() {
        check(9, b"\n\r\n \t\r\r\na\n\n", &[Some("a")]);
    }

    #[test]
    fn one_byte_order_mark_at_the_start_is_dropped() {
        check(9, b"\xEF\xBB\xBFa\n", &[Some("a")]);
        check(2, b"\xEF\xBB\xBFab\n", &[Some("ab")]);
        check(9, b"\xEF\xBB\xBF\n\xEF\xBB\xBFa\n", &[Some("\u{feff}a")]);
        check(9, b"\xEF\xBB\xBF\xEF\xBB\xBFa\n", &[Some("\u{feff}a")]);
        check(9, "¡\n".as_bytes(), &[Some("¡")]);
    }

    #[test]
    fn a_line_over_the_limit_is_said_once_and_the_next_is_served() {
        check(
            3,
            b"abc\nabcd\nabc\r\nabcd\r\nabc\r\r\nx\n",
            &[Some("abc"), None, Some("abc"), None, None, Some("x")],
        );
        check(3, b"        \nx\n", &[None, Some("x")]);
    }

    #[test]
    fn the_rest_of_a_line_that_is_too_long_is_not_left_over() {
        assert_eq!(decode(3, [&b"abcd"[..], b"efg"]), ([None].into(), 0));
        assert_eq!(decode(3, [&b"  \r"[..]]), ([].into(), 0));
        assert_eq!(decode(3, [&b"\xEF\xBB"[..]]), ([].into(), 2));
    }

    #[test]
    fn memory_stays_within_the_limit_and_the_chunks_and_is_given_back() {
        const LIMIT: usize = 1 << 20;
        let chunk = [b'x'; 1000];
        let mut decoder = LineDecoder::new(LIMIT);
        let mut refused = 0;
        for _ in 0..5000 {
            decoder.push(&chunk);
            refused += usize::from(decoder.next_line() == Some(Line::TooLong));
            assert!(decoder.buffer.capacity() <= LIMIT + chunk.len());
        }
        assert_eq!(refused, 1);
        assert!(decoder.buffer.capacity() <= SPARE_BYTES_MAX);
        decoder.push(b"\n");
        for _ in 0..1000 {
            decoder.push(&chunk);
            assert_eq!(decoder.next_line(), None);
        }
        decoder.push(b"\ny");
        assert!(
            matches!(decoder.next_line(), Some(Line::Complete(line)) if line.len() == 1_000_000)
        );
        assert_eq!(decoder.next_line(), None);
        decoder.push(b"\n");
        assert_eq!(decoder.next_line(), Some(Line::Complete(b"y")));
        decoder.push(b"z\n");
        assert_eq!(decoder.next_line(), Some(Line::Complete(b"z")));
        assert_eq!(decoder.next_line(), None);
        decoder.push(b"z\n");
        assert!(decoder.buffer.capacity() <= SPARE_BYTES_MAX + 2);
    }

    #[test]
    fn many_lines_of_one_chunk_are_taken_out_without_moving_the_rest() {
        let mut decoder = LineDecoder::new(9);
        decoder.push(&b"a\n".repeat(1000));
        for taken in 1..=1000 {
            assert_eq!(decoder.next_line(), Some(Line::Complete(b"a")));
            assert_eq!((decoder.start, decoder.buffer.len()), (2 * taken, 2000));
        }
        assert_eq!(decoder.next_line(), None);
        assert_eq!(decoder.buffer.len(), 0);
    }

    #[test]
    fn lines_left_in_the_decoder_come_out_after_more_chunks() {
        let mut decoder = LineDecoder::new(9);
        let mut lines = 0;
        for _ in 0..100 {
            decoder.push(b"a\nb\nc\n");
            lines += usize::from(decoder.next_line().is_some());
        }
        while decoder.next_line().is_some() {
            lines += 1;
        }
        assert_eq!(lines, 300);
    }

    /// The same by splitting the whole stream.
    fn reference(limit: usize, stream: &[u8]) -> Lines {
        let stream = stream.strip_prefix(BYTE_ORDER_MARK).unwrap_or(stream);
        let ended = stream.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        let (ended, partial) = stream.split_at(ended);
        let mut lines = Lines::new();
        for line in ended.split_inclusive(|&byte| byte == b'\n') {
            let line = line.strip_suffix(b"\n").unwrap();
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.len() > limit {
                lines.push(None);
            } else if !line.iter().all(|byte| b" \t\r".contains(byte)) {
                lines.push(Some(line.into()));
            }
        }
        if partial.strip_suffix(b"\r").unwrap_or(partial).len() > limit {
            lines.push(None);
        }
        lines
    }

    proptest! {
        #[test]
        fn the_lines_do_not_depend_on_the_chunks(
            mark: bool,
            body in collection::vec(prop::sample::select(&b"\n\n\r \tab\xEF\xBB\xBF"[..]), 0..60),
            splits in collection::vec(1_usize..9, 1..60),
            limit in 0_usize..9,
        ) {
            let mut stream = if mark { BYTE_ORDER_MARK.to_vec() } else { Vec::new() };
            stream.extend(body);
            let mut rest = &stream[..];
            let mut chunks = Vec::new();
            for size in splits.into_iter().chain([usize::MAX]) {
                let (chunk, tail) = rest.split_at(size.min(rest.len()));
                chunks.push(chunk);
                rest = tail;
            }
            // A mark that is cut off by the end of the stream is not told from text.
            prop_assume!(stream.len() > 2 || limit > 1);
            prop_assert_eq!(decode(limit, chunks).0, reference(limit, &stream));
        }
    }
}
