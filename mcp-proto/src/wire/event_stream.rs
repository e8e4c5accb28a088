//! Server-sent events out of a byte stream, whatever the chunks.
//!
//! Spec: the WHATWG HTML standard, "Interpreting an event stream".

use alloc::{boxed::Box, string::String, vec::Vec};
use core::{mem, time::Duration};

use memchr::memchr2;

/// Reads server-sent events, whatever the chunks they come in.
///
/// Memory stays within the limit plus what one chunk holds.
#[derive(Debug)]
pub struct EventDecoder {
    /// The start of a line whose end has not come.
    line: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
    id: Option<Box<str>>,
    /// Whether the event is of another type than `message`.
    foreign: bool,
    event_bytes_max: usize,
    /// The event is over the limit: the rest of it is discarded. Whether the line at hand has
    /// anything on it.
    skipping: Option<bool>,
    /// Whether a LF would belong to the CR before it.
    after_cr: bool,
    /// Whether a byte order mark may still come.
    fresh: bool,
}

/// What a stream says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamItem {
    /// An event of type `message`, or one of another type or without data that has an id.
    Event {
        /// The data; `None` where there is none, or it is not a message.
        data: Option<Vec<u8>>,
        /// The id, if this event has one; an empty one takes back the last.
        id: Option<Box<str>>,
    },
    /// How long to wait before the stream is opened again.
    Retry(Duration),
    /// An event over the limit; said once, and the rest up to its end is discarded.
    TooLong,
}

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// What is kept allocated beyond what is in use.
const SPARE_BYTES_MAX: usize = 64 << 10;

impl EventDecoder {
    /// A decoder that refuses events of more than `event_bytes_max` bytes.
    pub fn new(event_bytes_max: usize) -> Self {
        Self {
            line: Vec::new(),
            data: Vec::new(),
            has_data: false,
            id: None,
            foreign: false,
            event_bytes_max,
            skipping: None,
            after_cr: false,
            fresh: true,
        }
    }

    /// Takes in a chunk, and says what it completes.
    pub fn push(&mut self, mut chunk: &[u8]) -> Vec<StreamItem> {
        let mut items = Vec::new();
        loop {
            if self.after_cr && !chunk.is_empty() {
                self.after_cr = false;
                chunk = chunk.strip_prefix(b"\n").unwrap_or(chunk);
            }
            let Some(end) = memchr2(b'\r', b'\n', chunk) else { break };
            let Some((line, rest)) = chunk.split_at_checked(end) else { break };
            self.extend(line, &mut items);
            self.end_line(&mut items);
            self.after_cr = rest.first() == Some(&b'\r');
            chunk = rest.get(1..).unwrap_or_default();
        }
        self.extend(chunk, &mut items);
        items
    }

    /// How many bytes are held of an event that is not whole yet.
    pub fn buffered(&self) -> usize {
        self.line.len() + self.data.len()
    }

    fn extend(&mut self, part: &[u8], items: &mut Vec<StreamItem>) {
        if let Some(anything) = &mut self.skipping {
            *anything |= !part.is_empty();
            return;
        }
        let bytes = self.line.len() + self.data.len() + part.len();
        if bytes > self.event_bytes_max {
            items.push(StreamItem::TooLong);
            self.skipping = Some(true);
            self.line = Vec::new();
            self.begin_event();
            self.data = Vec::new();
            return;
        }
        self.line.extend_from_slice(part);
    }

    fn end_line(&mut self, items: &mut Vec<StreamItem>) {
        if let Some(anything) = self.skipping {
            // The blank line ends the event that is skipped.
            self.skipping = anything.then_some(false);
            return;
        }
        let line = mem::take(&mut self.line);
        let mut text = &*line;
        if mem::take(&mut self.fresh) {
            text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        }
        if text.is_empty() {
            self.dispatch(items);
        } else {
            self.take_field(text, items);
        }
        // The buffer of one line serves the next.
        self.line = line;
        self.line.clear();
        self.line.shrink_to(SPARE_BYTES_MAX);
    }

    fn take_field(&mut self, line: &[u8], items: &mut Vec<StreamItem>) {
        let colon = memchr::memchr(b':', line).unwrap_or(line.len());
        let (field, value) = line.split_at_checked(colon).unwrap_or((line, b""));
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"data" => {
                if mem::replace(&mut self.has_data, true) {
                    self.data.push(b'\n');
                }
                self.data.extend_from_slice(value);
            }
            b"event" => self.foreign = !matches!(value, b"" | b"message"),
            b"id" if !value.contains(&0) => self.id = Some(String::from_utf8_lossy(value).into()),
            b"retry" if !value.is_empty() && value.iter().all(u8::is_ascii_digit) => {
                // Digits are text; more than fit are for ever.
                let millis = core::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
                items.push(StreamItem::Retry(Duration::from_millis(millis.unwrap_or(u64::MAX))));
            }
            _ => {}
        }
    }

    fn dispatch(&mut self, items: &mut Vec<StreamItem>) {
        let data = (self.has_data && !self.foreign).then(|| mem::take(&mut self.data));
        let id = self.id.take();
        if data.is_some() || id.is_some() {
            items.push(StreamItem::Event { data, id });
        }
        self.begin_event();
    }

    fn begin_event(&mut self) {
        self.data.clear();
        self.has_data = false;
        self.foreign = false;
        self.id = None;
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use proptest::{collection, prelude::*};

    use super::*;

    fn decode<'c>(limit: usize, chunks: impl IntoIterator<Item = &'c [u8]>) -> Vec<StreamItem> {
        let mut decoder = EventDecoder::new(limit);
        let mut items = Vec::new();
        for chunk in chunks {
            items.extend(decoder.push(chunk));
            assert!(decoder.buffered() <= limit, "{decoder:?}");
        }
        items
    }

    /// Checks a stream whole, byte by byte, and with the start of one more event after it.
    fn check(limit: usize, stream: &[u8], expected: &[StreamItem]) {
        assert_eq!(decode(limit, [stream]), expected, "whole");
        assert_eq!(decode(limit, stream.chunks(1)), expected, "byte by byte");
        assert_eq!(decode(limit, [stream, b"d", b":\n"]), expected, "with a tail");
    }

    /// The same line by line, for streams within the limit.
    fn reference(stream: &str) -> Vec<StreamItem> {
        let text = stream.strip_prefix('\u{feff}').unwrap_or(stream);
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let mut lines: Vec<&str> = text.split('\n').collect();
        lines.pop();
        let (mut items, mut data, mut kind, mut id) = (vec![], String::new(), "", None);
        for line in lines {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match name {
                "" if line.is_empty() => {
                    let mut whole = mem::take(&mut data);
                    let is_message = matches!(mem::take(&mut kind), "" | "message");
                    let whole = (whole.pop().is_some() && is_message).then(|| whole.into_bytes());
                    let id: Option<&str> = id.take();
                    if whole.is_some() || id.is_some() {
                        items.push(StreamItem::Event { data: whole, id: id.map(Box::from) });
                    }
                }
                "event" => kind = value,
                "data" => data.extend([value, "\n"]),
                "id" if !value.contains('\0') => id = Some(value),
                "retry" if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) => {
                    let millis = value.parse().unwrap_or(u64::MAX);
                    items.push(StreamItem::Retry(Duration::from_millis(millis)));
                }
                _ => {}
            }
        }
        items
    }

    fn event(data: &str) -> StreamItem {
        StreamItem::Event { data: Some(data.as_bytes().into()), id: None }
    }

    fn event_with_id(data: Option<&str>, id: &str) -> StreamItem {
        let data = data.map(|data| data.as_bytes().into());
        StreamItem::Event { data, id: Some(id.into()) }
    }

    #[test]
    fn lines_end_in_any_of_three_ways() {
        spec!("SSE-01", "SSE-03");
        for end in ["\n", "\r", "\r\n"] {
            let text = "data: a{}data:b{}{}data:c{}{}".replace("{}", end);
            check(99, text.as_bytes(), &[event("a\nb"), event("c")]);
        }
        check(99, b"data:a\r\n\ndata:b\n\r\n", &[event("a"), event("b")]);
        check(99, b"data:a\r\rdata:b\n\r", &[event("a"), event("b")]);
    }

    #[test]
    fn one_space_after_the_colon_is_dropped() {
        spec!("SSE-04");
        check(99, b"data:  a \n\ndata\n\ndata:\n\n", &[event(" a "), event(""), event("")]);
    }

    #[test]
    fn comments_unknown_fields_and_blank_lines_say_nothing() {
        spec!("SSE-02");
        check(99, b":\n\n: data: x\n\nfoo: bar\ndatax: 1\n Data: 1\n\n\n\n", &[]);
    }

    #[test]
    fn an_id_is_told_with_its_event_even_if_that_has_no_data() {
        spec!("SSE-05", "SSE-06");
        check(
            99,
            b"id: 1\ndata:\n\nid: 2\n\nid:3\ndata: x\n\nid\n\nid: a\0b\n\n",
            &[
                event_with_id(Some(""), "1"),
                event_with_id(None, "2"),
                event_with_id(Some("x"), "3"),
                event_with_id(None, ""),
            ],
        );
    }

    #[test]
    fn only_messages_have_data() {
        spec!("SSE-10");
        check(
            99,
            b"event: message\ndata: a\n\nevent\ndata: b\n\n\
              event: ping\ndata: c\nid: 4\n\ndata: d\n\n",
            &[event("a"), event("b"), event_with_id(None, "4"), event("d")],
        );
    }

    #[test]
    fn a_pause_is_told_at_once_and_is_made_of_digits() {
        spec!("SSE-07");
        let millis = |millis| StreamItem::Retry(Duration::from_millis(millis));
        check(
            99,
            b"retry: 500\nretry: -1\nretry: 1.5\nretry:\nretry: 0x1\nretry: 7\n",
            &[millis(500), millis(7)],
        );
        check(99, b"retry: 99999999999999999999999\n", &[millis(u64::MAX)]);
    }

    #[test]
    fn a_byte_order_mark_at_the_start_is_dropped_and_no_other() {
        spec!("SSE-09");
        check(99, b"\xEF\xBB\xBFdata: a\n\n\xEF\xBB\xBFdata: b\n\n", &[event("a")]);
    }

    #[test]
    fn an_event_over_the_limit_is_said_once_and_the_next_is_read() {
        check(
            8,
            b"data: ab\n\ndata: abc\ndata: d\n\ndata: e\n\n",
            &[event("ab"), StreamItem::TooLong, event("e")],
        );
        check(8, b"data: a\nid: 4567890\n\ndata: b\n\n", &[StreamItem::TooLong, event("b")]);
        check(3, b"12345\r\n\r\n\r\n12345\r\r", &[StreamItem::TooLong, StreamItem::TooLong]);
    }

    #[test]
    fn a_line_without_end_is_not_kept() {
        let mut decoder = EventDecoder::new(1 << 10);
        let mut items = Vec::new();
        for _ in 0..10_000 {
            items.extend(decoder.push(&[b'x'; 1 << 10]));
            assert!(decoder.line.capacity() <= 2 << 10);
        }
        assert_eq!(items, vec![StreamItem::TooLong]);
    }

    const PIECES: &[&str] = &[
        "data", "event", "id", "retry", ":", ": ", "\n", "\n\n", "\r", "\r\n", "message", "7", "x",
        "\0", " ", "\u{feff}", "é",
    ];

    const LINES: &[&str] = &["data: a", "data:bc", "id: 7", "", ":", "event: e", "retry: 3"];

    proptest! {
        #[test]
        fn the_events_are_those_of_the_standard_whatever_the_chunks(
            pieces in collection::vec(prop::sample::select(PIECES), 0..50),
            sizes in collection::vec(1..9_usize, 1..60),
        ) {
            spec!("SSE-01", "SSE-03", "SSE-08", "SSE-11");
            let stream = pieces.concat();
            let mut rest = stream.as_bytes();
            let mut chunks = Vec::new();
            for size in sizes.into_iter().chain([usize::MAX]) {
                let (chunk, tail) = rest.split_at(size.min(rest.len()));
                chunks.push(chunk);
                rest = tail;
            }
            prop_assert_eq!(decode(1000, chunks), reference(&stream));
        }

        #[test]
        fn chunks_do_not_matter(
            lines in collection::vec(
                prop::sample::select(LINES),
                0..20,
            ),
            ends in collection::vec(prop::sample::select(&["\n", "\r", "\r\n"]), 20),
            cuts in collection::vec(0..200_usize, 0..6),
            limit in 0..20_usize,
        ) {
            let mut stream = Vec::new();
            for (line, end) in lines.iter().zip(&ends) {
                stream.extend_from_slice(line.as_bytes());
                stream.extend_from_slice(end.as_bytes());
            }
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(stream.len())).collect();
            cuts.extend([0, stream.len()]);
            cuts.sort_unstable();
            let chunks = cuts.windows(2).map(|pair| &stream[pair[0]..pair[1]]);
            prop_assert_eq!(decode(limit, chunks), decode(limit, [&*stream]));
        }
    }
}
