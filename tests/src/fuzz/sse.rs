//! Events out of a byte stream, whatever the chunks.

use mcp_proto::wire::{EventDecoder, StreamItem};

use super::{
    input::Input,
    script::{Cut, however_cut},
};

/// `[limit, seed of the cuts, stream…]`: what the stream says is the same in one piece, byte by
/// byte, and cut anyhow; no more is held than the limit; and what came out, sent again in the
/// plainest way, comes out again.
///
/// # Panics
///
/// If it is not so.
pub fn sse(data: &[u8]) {
    let mut input = Input(data);
    let limit = usize::from(input.byte());
    let seed = input.byte();
    let stream = input.rest();
    let cuts = [Cut::Whole, Cut::Bytes, Cut::Chunks(seed)];
    let whole = however_cut(cuts, |cut| decode(limit, &cut.apply(stream)));
    let fit: Vec<_> = whole.into_iter().filter(|item| *item != StreamItem::TooLong).collect();
    let sent: Vec<u8> = fit.iter().flat_map(encode).collect();
    assert_eq!(decode(usize::MAX, &[&sent]), fit, "sent again");
}

/// What a stream in chunks says.
fn decode(limit: usize, chunks: &[&[u8]]) -> Vec<StreamItem> {
    let mut decoder = EventDecoder::new(limit);
    let mut items = Vec::new();
    for chunk in chunks {
        items.extend(decoder.push(chunk));
        assert!(decoder.buffered() <= limit, "{decoder:?}");
    }
    items
}

/// The lines that say it.
fn encode(item: &StreamItem) -> Vec<u8> {
    let mut sent = Vec::new();
    match item {
        StreamItem::Retry(pause) => sent.extend(format!("retry: {}\n", pause.as_millis()).bytes()),
        StreamItem::Event { data, id } => {
            for line in data.iter().flat_map(|data| data.split(|byte| *byte == b'\n')) {
                sent.extend([b"data: ", line, b"\n"].concat());
            }
            sent.extend(id.iter().flat_map(|id| format!("id: {id}\n").into_bytes()));
            sent.push(b'\n');
        }
        StreamItem::TooLong => {}
    }
    sent
}
