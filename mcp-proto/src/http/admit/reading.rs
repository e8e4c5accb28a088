//! One pass over the fields of a head.

use alloc::{string::String, vec::Vec};
use core::ops::Range;

use super::{Slot, Value};
use crate::{
    Limits,
    http::{
        Head,
        accept::{Accepted, is_json},
        field::{self, Field},
    },
};

/// What the fields of a head say.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) text: String,
    pub(super) host: Slot,
    pub(super) origin: Slot,
    pub(super) session_id: Slot,
    pub(super) version: Slot,
    pub(super) method: Slot,
    pub(super) name: Slot,
    pub(super) last_event_id: Slot,
    pub(super) arguments: Vec<(Range<usize>, Slot)>,
    pub(super) accepted: Accepted,
    /// Whether `Content-Type` stands once and is that of JSON.
    pub(super) json: bool,
    pub(super) content_length: Option<u64>,
    /// Whether `Content-Length` and `Transfer-Encoding` contradict themselves or each other.
    pub(super) framing_error: bool,
    pub(super) authorizations: usize,
    /// Whether `Access-Control-Request-Method` is there, as in a preflight.
    pub(super) request_method: bool,
    pub(super) request_headers: String,
    /// Whether a limit is exceeded.
    pub(super) too_large: bool,
    content_types: usize,
    chunked: bool,
}

/// Room for the values of a usual head.
const TEXT_BYTES: usize = 192;

impl Reading {
    pub(super) fn of(head: &Head<'_>, limits: &Limits) -> Self {
        let mut reading = Self { text: String::with_capacity(TEXT_BYTES), ..Self::default() };
        head.headers.each(&mut |name, value| reading.add(name, value, limits));
        reading
    }

    pub(super) fn value<'s>(&'s self, slot: &Slot) -> Value<'s> {
        slot.value(&self.text)
    }

    fn add(&mut self, name: &str, value: &[u8], limits: &Limits) {
        let (field, argument) = (Field::of(name), field::mirrored_argument(name));
        if field.is_none() && argument.is_none() {
            return;
        }
        let short = value.len() <= limits.header_bytes_max;
        self.too_large |= !short;
        let value = if short { visible(value) } else { None };
        if let Some(field) = field {
            self.add_field(field, value);
        } else if let Some(argument) = argument {
            self.add_argument(argument, value, limits);
        }
    }

    /// `None` is a value with characters that may not be.
    fn add_field(&mut self, field: Field, value: Option<&str>) {
        match field {
            Field::Accept => self.accepted.add(value.unwrap_or_default()),
            Field::Authorization => self.authorizations += 1,
            Field::ContentLength => self.add_length(value.unwrap_or_default()),
            Field::ContentType => {
                self.json = self.content_types == 0 && value.is_some_and(is_json);
                self.content_types += 1;
            }
            Field::Host => self.host.put(&mut self.text, value),
            Field::LastEventId => self.last_event_id.put(&mut self.text, value),
            Field::Method => self.method.put(&mut self.text, value),
            Field::Name => self.name.put(&mut self.text, value),
            Field::Origin => self.origin.put(&mut self.text, value),
            Field::RequestHeaders => {
                self.request_headers.extend([value.unwrap_or_default(), ","]);
            }
            Field::RequestMethod => self.request_method = true,
            Field::SessionId => self.session_id.put(&mut self.text, value),
            Field::TransferEncoding => {
                let chunked = value.is_some_and(|value| value.eq_ignore_ascii_case("chunked"));
                self.framing_error |= !chunked || self.chunked || self.content_length.is_some();
                self.chunked = true;
            }
            Field::Version => self.version.put(&mut self.text, value),
        }
    }

    fn add_length(&mut self, value: &str) {
        let length = value.parse().ok().filter(|_| value.bytes().all(|byte| byte.is_ascii_digit()));
        self.framing_error |= length.is_none() || self.chunked || self.content_length.is_some();
        self.content_length = length;
    }

    fn add_argument(&mut self, name: &str, value: Option<&str>, limits: &Limits) {
        let text = &self.text;
        let known = self.arguments.iter_mut().find(|(range, _)| {
            text.get(range.clone()).is_some_and(|known| known.eq_ignore_ascii_case(name))
        });
        if let Some((_, slot)) = known {
            *slot = Slot::Many;
        } else if self.arguments.len() < limits.mirrored_arguments_max {
            let start = self.text.len();
            self.text.push_str(name);
            let range = start..self.text.len();
            let mut slot = Slot::Absent;
            slot.put(&mut self.text, value);
            self.arguments.push((range, slot));
        } else {
            self.too_large = true;
        }
    }
}

impl Slot {
    fn put(&mut self, text: &mut String, value: Option<&str>) {
        *self = match (&self, value) {
            (Self::Absent, None) => Self::Malformed,
            (Self::Absent, Some(value)) => {
                let start = text.len();
                text.push_str(value);
                Self::One(start..text.len())
            }
            _ => Self::Many,
        };
    }

    pub(super) fn value<'t>(&self, text: &'t str) -> Value<'t> {
        match self {
            Self::Absent => Value::Absent,
            Self::One(range) => Value::One(text.get(range.clone()).unwrap_or_default()),
            Self::Many => Value::Many,
            Self::Malformed => Value::Malformed,
        }
    }
}

/// A value of visible ASCII, spaces and tabs, without the white space around it.
fn visible(value: &[u8]) -> Option<&str> {
    let visible = |byte: &u8| matches!(byte, b' '..=b'~' | b'\t');
    let text = core::str::from_utf8(value).ok().filter(|_| value.iter().all(visible))?;
    Some(text.trim_matches([' ', '\t']))
}
