//! Lines out of a byte stream, whatever the chunks.

use mcp_proto::wire::{Line, LineDecoder};

use super::{
    input::Input,
    script::{Cut, however_cut},
};

/// What a line came out as; `None` is one that is too long.
type Lines = Vec<Option<Vec<u8>>>;

/// `[limit, seed of the cuts, stream…]`: the lines are the same in one piece, byte by byte, and
/// cut anyhow; they are those of a plain split; and no more is held than the limit and a chunk.
///
/// # Panics
///
/// If it is not so.
pub fn line(data: &[u8]) {
    let mut input = Input(data);
    let limit = usize::from(input.byte());
    let seed = input.byte();
    let stream = input.rest();
    let cuts = [Cut::Whole, Cut::Bytes, Cut::Chunks(seed)];
    let whole = however_cut(cuts, |cut| decode(limit, &cut.apply(stream)));
    // A byte order mark that the end of the stream cuts off is not told from text.
    if stream.len() > 2 {
        assert_eq!(whole, split(limit, stream), "by a plain split");
    }
}

/// The lines of a stream that comes in chunks, and how many bytes are left at its end.
fn decode(limit: usize, chunks: &[&[u8]]) -> (Lines, usize) {
    let mut decoder = LineDecoder::new(limit);
    let mut lines = Lines::new();
    for chunk in chunks {
        decoder.push(chunk);
        assert!(decoder.buffered() <= limit.max(2) + 1 + chunk.len(), "{decoder:?}");
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

/// The same by splitting the whole stream.
fn split(limit: usize, stream: &[u8]) -> (Lines, usize) {
    let stream = stream.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(stream);
    let ended = stream.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let (ended, partial) = stream.split_at(ended);
    let blank = |line: &[u8]| line.iter().all(|byte| b" \t\r".contains(byte));
    let mut lines = Lines::new();
    for line in ended.split_inclusive(|byte| *byte == b'\n') {
        let line = &line[..line.len() - 1];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.len() > limit {
            lines.push(None);
        } else if !blank(line) {
            lines.push(Some(line.into()));
        }
    }
    if partial.strip_suffix(b"\r").unwrap_or(partial).len() > limit {
        lines.push(None);
        return (lines, 0);
    }
    (lines, if blank(partial) { 0 } else { partial.len() })
}
