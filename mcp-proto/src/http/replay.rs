//! What was sent on a resumable stream, for a client that lost it and comes back.
//!
//! Spec: "Resumability and Redelivery" of `basic/transports` up to 2025-11-25.

use alloc::collections::VecDeque;
use core::{fmt, time::Duration};

use super::StreamFrame;
use crate::{Instant, Limits};

/// The id of an event: which stream it was sent on, and where on it.
///
/// The stream is named by 64 random bits, so that nobody resumes a stream by guessing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct EventId {
    pub(super) stream: u64,
    pub(super) place: u64,
}

impl EventId {
    /// Reads an id as it is written, and in no other way.
    pub(super) fn parse(text: &str) -> Option<Self> {
        const STREAM_DIGITS: usize = 16;
        let (stream, place) = text.split_at_checked(STREAM_DIGITS)?;
        let place = place.strip_prefix('-')?;
        let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let plain = place.bytes().all(|byte| byte.is_ascii_digit())
            && (place == "0" || !place.starts_with('0'));
        if !plain || !stream.bytes().all(is_hex) {
            return None;
        }
        let stream = u64::from_str_radix(stream, 16).ok()?;
        Some(Self { stream, place: place.parse().ok()? })
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}-{}", self.stream, self.place)
    }
}

/// The last events of one stream, bounded by their number, their bytes and their age.
#[derive(Debug)]
pub(super) struct ReplayLog {
    stream: u64,
    /// The place of the first event in `kept`, or of the next one.
    first: u64,
    kept: VecDeque<(Instant, StreamFrame)>,
    bytes: usize,
}

/// Something that was sent after the cursor is no longer there, or the cursor was never given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gone;

impl ReplayLog {
    /// The log of a new stream, named by random bits.
    pub(super) const fn new(stream: u64) -> Self {
        Self { stream, first: 1, kept: VecDeque::new(), bytes: 0 }
    }

    /// The cursor before all events, which the priming event carries.
    pub(super) const fn start(&self) -> EventId {
        EventId { stream: self.stream, place: 0 }
    }

    /// The id of the event that is pushed next.
    pub(super) fn next_id(&self) -> EventId {
        EventId { stream: self.stream, place: self.first + self.kept.len() as u64 }
    }

    /// Keeps an event that has the [next id](Self::next_id); the oldest leave for it.
    pub(super) fn push(&mut self, now: Instant, limits: &Limits, frame: StreamFrame) {
        self.bytes += frame.byte_len();
        self.kept.push_back((now, frame));
        while self.kept.len() > limits.replay_events_max || self.bytes > limits.replay_bytes_max {
            self.forget_first();
        }
    }

    /// Lets events go that are older than `keep`.
    pub(super) fn expire(&mut self, now: Instant, keep: Duration) {
        while self.kept.front().is_some_and(|(sent, _)| now.saturating_since(*sent) > keep) {
            self.forget_first();
        }
        if self.kept.is_empty() {
            self.kept.shrink_to_fit();
        }
    }

    /// Whether `cursor` was given, and all that was sent after it is there.
    pub(super) fn knows(&self, cursor: EventId) -> bool {
        cursor.stream == self.stream
            && cursor.place < self.next_id().place
            && cursor.place + 1 >= self.first
    }

    /// The events after `cursor`, oldest first.
    pub(super) fn after(
        &self,
        cursor: EventId,
    ) -> Result<impl ExactSizeIterator<Item = &StreamFrame>, Gone> {
        if !self.knows(cursor) {
            return Err(Gone);
        }
        let seen = usize::try_from(cursor.place + 1 - self.first).map_err(|_| Gone)?;
        Ok(self.kept.iter().skip(seen).map(|(_, frame)| frame))
    }

    /// The bytes of all events that are kept.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    fn forget_first(&mut self) {
        if let Some((_, frame)) = self.kept.pop_front() {
            self.bytes -= frame.byte_len();
            self.first += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{string::ToString, vec::Vec};

    use proptest::{collection, prelude::*};

    use super::*;

    const STREAM: u64 = 0x00AB_CDEF_0123_4567;

    fn id(place: u64) -> EventId {
        EventId { stream: STREAM, place }
    }

    fn frame(length: usize) -> StreamFrame {
        StreamFrame { head: "x".repeat(length).into(), body: None, tail: "" }
    }

    fn at(seconds: u64) -> Instant {
        Instant::from_zero(Duration::from_secs(seconds))
    }

    fn lengths(log: &ReplayLog, cursor: EventId) -> Result<Vec<usize>, Gone> {
        log.after(cursor).map(|frames| frames.map(StreamFrame::byte_len).collect())
    }

    #[test]
    fn an_id_is_read_as_it_is_written() {
        assert_eq!(id(7).to_string(), "00abcdef01234567-7");
        for text in ["00abcdef01234567-0", "ffffffffffffffff-18446744073709551615"] {
            assert_eq!(EventId::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "",
            "-",
            "00abcdef01234567",
            "00abcdef01234567-",
            "00abcdef01234567-01",
            "00abcdef01234567-+1",
            "00abcdef01234567--1",
            "00abcdef01234567-1 ",
            "00ABCDEF01234567-1",
            "+0abcdef01234567-1",
            "0abcdef01234567-1",
            "000abcdef01234567-1",
            "00abcdef0123456é-1",
            "00abcdef01234567-18446744073709551616",
        ] {
            assert_eq!(EventId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_client_gets_what_came_after_the_event_it_saw_last() {
        let limits = Limits::default();
        let mut log = ReplayLog::new(STREAM);
        assert_eq!(log.start(), id(0));
        assert_eq!(lengths(&log, id(0)), Ok(Vec::new()));
        for length in 1..=3 {
            assert_eq!(log.next_id(), id(length as u64));
            log.push(at(0), &limits, frame(length));
        }
        assert_eq!(lengths(&log, id(0)), Ok(Vec::from([1, 2, 3])));
        assert_eq!(lengths(&log, id(2)), Ok(Vec::from([3])));
        assert_eq!(lengths(&log, id(3)), Ok(Vec::new()));
    }

    #[test]
    fn a_cursor_that_was_never_given_is_gone() {
        let mut log = ReplayLog::new(STREAM);
        log.push(at(0), &Limits::default(), frame(1));
        for cursor in [id(2), id(u64::MAX), EventId { stream: STREAM + 1, place: 0 }] {
            assert_eq!(lengths(&log, cursor), Err(Gone));
        }
    }

    #[test]
    fn an_event_that_is_larger_than_all_may_be_takes_all_with_it() {
        let limits = Limits { replay_bytes_max: 10, ..Limits::default() };
        let mut log = ReplayLog::new(STREAM);
        log.push(at(0), &limits, frame(4));
        log.push(at(0), &limits, frame(11));
        assert_eq!(log.bytes(), 0);
        assert_eq!(lengths(&log, id(1)), Err(Gone));
        assert_eq!(lengths(&log, id(2)), Ok(Vec::new()));
        assert_eq!(log.next_id(), id(3));
    }

    proptest! {
        #[test]
        fn what_is_kept_is_what_the_three_bounds_allow(
            steps in collection::vec((0_u64..4, 0_usize..12), 0..40),
            events_max in 0_usize..6,
            bytes_max in 0_usize..30,
            keep in 0_u64..9,
        ) {
            spec!("SEC-08");
            let limits = Limits {
                replay_events_max: events_max,
                replay_bytes_max: bytes_max,
                ..Limits::default()
            };
            let mut log = ReplayLog::new(STREAM);
            let (mut now, mut sent, mut lost) = (0, Vec::new(), 0);
            for (wait, length) in steps {
                now += wait;
                sent.push((now, length));
                log.push(at(now), &limits, frame(length));
                log.expire(at(now), Duration::from_secs(keep));
                let fits = |from: usize| {
                    let rest = &sent[from..];
                    rest.len() <= events_max
                        && rest.iter().map(|(_, length)| length).sum::<usize>() <= bytes_max
                        && rest.iter().all(|(sent, _)| now - sent <= keep)
                };
                lost = (lost..=sent.len()).find(|from| fits(*from)).unwrap();
                for seen in 0..=sent.len() {
                    let after = sent[seen..].iter().map(|(_, length)| *length).collect();
                    let expected = if seen < lost { Err(Gone) } else { Ok(after) };
                    prop_assert_eq!(lengths(&log, id(seen as u64)), expected);
                }
                let kept: usize = sent[lost..].iter().map(|(_, length)| length).sum();
                prop_assert_eq!(log.bytes(), kept);
                prop_assert_eq!(log.next_id(), id(sent.len() as u64 + 1));
            }
        }
    }
}
