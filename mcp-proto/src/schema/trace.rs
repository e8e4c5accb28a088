//! W3C trace context in `_meta`.
//!
//! Spec: "`_meta`" on the `basic` page of 2026-07-28, W3C Trace Context and W3C Baggage.

use alloc::{boxed::Box, string::String, vec, vec::Vec};
use core::fmt;

use crate::wire::Json;

const TRACEPARENT: &str = "traceparent";
const TRACESTATE: &str = "tracestate";
const BAGGAGE: &str = "baggage";

/// The longest `tracestate` or `baggage` that is taken, in bytes: what W3C Baggage asks for.
const VALUE_BYTES_MAX: usize = 8192;
/// How many entries a `tracestate` may have.
const STATES_MAX: usize = 32;

/// A W3C trace context: which trace a request belongs to.
///
/// It comes from the peer: good for joining traces, not for decisions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext {
    traceparent: String,
    tracestate: Option<String>,
    baggage: Option<String>,
}

/// A text has not the format that W3C gives it; names the member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidTraceContext(&'static str);

impl fmt::Display for InvalidTraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} has not the format of W3C trace contexts", self.0)
    }
}

impl core::error::Error for InvalidTraceContext {}

impl TraceContext {
    /// A trace context of this `traceparent` alone.
    pub fn new(traceparent: impl Into<String>) -> Result<Self, InvalidTraceContext> {
        let traceparent = check(TRACEPARENT, traceparent.into())?;
        Ok(Self { traceparent, tracestate: None, baggage: None })
    }

    /// The same with a `tracestate`.
    pub fn with_tracestate(
        mut self,
        tracestate: impl Into<String>,
    ) -> Result<Self, InvalidTraceContext> {
        self.tracestate = Some(check(TRACESTATE, tracestate.into())?);
        Ok(self)
    }

    /// The same with `baggage`.
    pub fn with_baggage(mut self, baggage: impl Into<String>) -> Result<Self, InvalidTraceContext> {
        self.baggage = Some(check(BAGGAGE, baggage.into())?);
        Ok(self)
    }

    /// Reads a trace context out of `_meta`. Without a valid `traceparent` there is none; the
    /// other two are left out if they are not valid.
    pub(crate) fn read<'j>(get: impl Fn(&str) -> Option<&'j Json>) -> Option<Self> {
        let text = |key: &'static str| {
            let text = get(key)?.parse::<String>().ok()?;
            check(key, text).ok()
        };
        Some(Self {
            traceparent: text(TRACEPARENT)?,
            tracestate: text(TRACESTATE),
            baggage: text(BAGGAGE),
        })
    }

    /// `traceparent` as a whole.
    pub fn traceparent(&self) -> &str {
        &self.traceparent
    }

    /// `tracestate`: what the vendors of tracing systems add.
    pub fn tracestate(&self) -> Option<&str> {
        self.tracestate.as_deref()
    }

    /// `baggage`: what applications add.
    pub fn baggage(&self) -> Option<&str> {
        self.baggage.as_deref()
    }

    /// The id of the trace: 32 hexadecimal digits.
    pub fn trace_id(&self) -> &str {
        self.part(1)
    }

    /// The id of the span that made the request: 16 hexadecimal digits.
    pub fn parent_id(&self) -> &str {
        self.part(2)
    }

    /// Whether the caller records the trace.
    pub fn is_sampled(&self) -> bool {
        u8::from_str_radix(self.part(3), 16).is_ok_and(|flags| flags & 1 == 1)
    }

    /// The members that carry the context in `_meta`.
    pub fn to_members(&self) -> Vec<(Box<str>, Json)> {
        let mut members = vec![(TRACEPARENT.into(), Json::text(&self.traceparent))];
        let others = [(TRACESTATE, &self.tracestate), (BAGGAGE, &self.baggage)];
        for (key, value) in others {
            members.extend(value.as_deref().map(|value| (key.into(), Json::text(value))));
        }
        members
    }

    fn part(&self, index: usize) -> &str {
        self.traceparent.split('-').nth(index).unwrap_or_default()
    }
}

/// Whether `value` may stand under `key` in `_meta`: the three keys of trace contexts have a
/// format, all others have none.
pub(super) fn may_stand(key: &str, value: &Json) -> bool {
    let Some(key) = [TRACEPARENT, TRACESTATE, BAGGAGE].into_iter().find(|known| *known == key)
    else {
        return true;
    };
    value.parse::<String>().is_ok_and(|text| check(key, text).is_ok())
}

fn check(key: &'static str, text: String) -> Result<String, InvalidTraceContext> {
    let valid = match key {
        TRACEPARENT => is_traceparent(&text),
        TRACESTATE => text.len() <= VALUE_BYTES_MAX && is_tracestate(&text),
        _ => text.len() <= VALUE_BYTES_MAX && is_baggage(&text),
    };
    if valid { Ok(text) } else { Err(InvalidTraceContext(key)) }
}

/// `00-<32 hex>-<16 hex>-<2 hex>`; formats above 00 may add more at the end.
fn is_traceparent(text: &str) -> bool {
    let mut parts = text.splitn(5, '-');
    let mut hex = |digits: usize| {
        parts.next().filter(|part| {
            part.len() == digits
                && part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        })
    };
    let not_zero = |part: &str| part.bytes().any(|byte| byte != b'0');
    let (Some(format), Some(trace), Some(parent), Some(_flags)) =
        (hex(2), hex(32), hex(16), hex(2))
    else {
        return false;
    };
    let at_end = parts.next().is_none();
    format != "ff" && not_zero(trace) && not_zero(parent) && (at_end || format != "00")
}

fn is_tracestate(text: &str) -> bool {
    let is_key = |key: &str| {
        let allowed = |b: u8| {
            b.is_ascii_lowercase()
                || b.is_ascii_digit()
                || matches!(b, b'_' | b'-' | b'*' | b'/' | b'@')
        };
        (1..=256).contains(&key.len())
            && key.bytes().all(allowed)
            && key.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    let is_value = |value: &str| {
        (1..=256).contains(&value.len())
            && value.bytes().all(|b| matches!(b, b' '..=b'~') && b != b'=')
    };
    text.split(',').count() <= STATES_MAX
        && text.split(',').map(|entry| entry.trim_matches([' ', '\t'])).all(|entry| {
            entry.is_empty()
                || entry.split_once('=').is_some_and(|(key, value)| is_key(key) && is_value(value))
        })
}

fn is_baggage(text: &str) -> bool {
    text.split(',').all(|entry| {
        entry.split_once('=').is_some_and(|(key, value)| {
            !key.trim().is_empty()
                && key
                    .trim()
                    .bytes()
                    .all(|b| b.is_ascii_graphic() && !b"\"(),/:;<=>?@[\\]{}".contains(&b))
                && value
                    .bytes()
                    .all(|b| matches!(b, b' '..=b'~' | b'\t') && b != b'"' && b != b'\\')
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn the_parts_of_a_trace_parent_are_read() {
        let trace = TraceContext::new(PARENT).unwrap();
        assert_eq!(trace.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(trace.parent_id(), "00f067aa0ba902b7");
        assert!(trace.is_sampled());
        assert!(!TraceContext::new(PARENT.replace("-01", "-02")).unwrap().is_sampled());
    }

    #[test]
    fn a_later_version_may_have_more_parts() {
        assert!(TraceContext::new(PARENT.replacen("00", "01", 1) + "-more-of-it").is_ok());
        assert!(TraceContext::new(PARENT.replacen("00", "01", 1)).is_ok());
        assert!(TraceContext::new(alloc::format!("{PARENT}-more")).is_err());
    }

    #[test]
    fn a_trace_parent_without_the_format_is_refused() {
        for text in [
            "",
            "00",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        ] {
            assert_eq!(TraceContext::new(text), Err(InvalidTraceContext(TRACEPARENT)), "{text}");
        }
    }

    #[test]
    fn states_and_baggage_have_their_formats() {
        let trace = || TraceContext::new(PARENT).unwrap();
        for text in ["a=b", "congo=t61, rojo=00f067", "t@v=1,,b=2"] {
            assert!(trace().with_tracestate(text).is_ok(), "{text}");
        }
        for text in ["a", "A=b", "a=", "=b", "a=b\n", "a=b=c"] {
            assert!(trace().with_tracestate(text).is_err(), "{text}");
        }
        for text in ["a=b", "user=1;secret;x=y , b=%20"] {
            assert!(trace().with_baggage(text).is_ok(), "{text}");
        }
        for text in ["", "a", "a b=c", "a=\"b\"", "a=é"] {
            assert!(trace().with_baggage(text).is_err(), "{text}");
        }
        assert!(trace().with_tracestate("a=b,".repeat(STATES_MAX)).is_err());
    }

    #[test]
    fn members_are_read_as_they_are_written_and_bad_ones_are_left_out() {
        let trace = TraceContext::new(PARENT).unwrap().with_tracestate("a=b").unwrap();
        let trace = trace.with_baggage("c=d").unwrap();
        let mut members: BTreeMap<Box<str>, Json> = trace.to_members().into_iter().collect();
        assert_eq!(TraceContext::read(|key| members.get(key)), Some(trace));
        members.insert("tracestate".into(), Json::text("bad"));
        members.insert("baggage".into(), Json::from_trusted("7"));
        let read = TraceContext::read(|key| members.get(key)).unwrap();
        assert_eq!((read.tracestate(), read.baggage()), (None, None));
        members.insert("traceparent".into(), Json::text("bad"));
        assert_eq!(TraceContext::read(|key| members.get(key)), None);
    }
}
