//! JSON text without a line break in it.

use alloc::{
    boxed::Box,
    string::{String, ToString},
    sync::Arc,
};
use core::fmt;

use memchr::memchr2;
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser};
use serde_json::value::RawValue;

use super::escape_into;

/// JSON text without a line break, which is what lines and SSE events need.
///
/// Payloads are kept token by token as they came; only raw line breaks between tokens are dropped.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Json(Arc<str>);

impl Json {
    /// The JSON text of a value; fails where the value's own `Serialize` does.
    pub fn of(value: &(impl Serialize + ?Sized)) -> Result<Self, InvalidJson> {
        let text = serde_json::to_string(value).map_err(|error| InvalidJson(reason(&error)))?;
        Ok(Self(without_line_breaks(&text)))
    }

    /// The JSON string `text`.
    pub fn text(text: &str) -> Self {
        let mut json = String::new();
        escape_into(text, &mut json);
        Self(json.into())
    }

    /// Checks that `json` is one JSON value, and takes it.
    pub fn parse_text(json: &str) -> Result<Self, InvalidJson> {
        let raw: &RawValue =
            serde_json::from_str(json).map_err(|error| InvalidJson(reason(&error)))?;
        Ok(Self::from_raw(raw))
    }

    /// Takes a raw value, without the line breaks its sender may have put between tokens.
    pub fn from_raw(raw: &RawValue) -> Self {
        Self(without_line_breaks(raw.get()))
    }

    /// Takes text that the caller knows to be one JSON value without a line break.
    pub(crate) fn from_trusted(text: &str) -> Self {
        Self(text.into())
    }

    /// Reads a typed value out of the text.
    pub fn parse<'a, T: Deserialize<'a>>(&'a self) -> Result<T, InvalidParams> {
        serde_json::from_str(&self.0).map_err(|error| InvalidParams::because(&error))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Only serde_json can make a `RawValue`, so the text is looked through once more.
        let raw: &RawValue = serde_json::from_str(&self.0).map_err(ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from_raw(&Box::<RawValue>::deserialize(deserializer)?))
    }
}

/// A value has no JSON text, or a text is not JSON; says why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidJson(pub(crate) String);

/// Parameters do not fit the type that was asked for; says which member and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidParams(pub(crate) String);

impl fmt::Display for InvalidJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for InvalidParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for InvalidJson {}
impl core::error::Error for InvalidParams {}

impl InvalidParams {
    /// Says what `error` says, shortly and without a place: a place in the text of a message is of
    /// no use to its sender.
    pub(super) fn because(error: &serde_json::Error) -> Self {
        Self(reason(error))
    }
}

/// What an error of `serde_json` says, without the place, in at most 200 characters.
fn reason(error: &serde_json::Error) -> String {
    const CHARS_MAX: usize = 200;
    let text = error.to_string();
    let said = match text.rfind(" at line ") {
        Some(end) if error.line() > 0 => &text[..end],
        _ => &text,
    };
    said.chars().take(CHARS_MAX).collect()
}

/// JSON text without its raw line breaks, which can only be white space between tokens.
fn without_line_breaks(json: &str) -> Arc<str> {
    let Some(first) = memchr2(b'\n', b'\r', json.as_bytes()) else {
        return json.into();
    };
    let (clean, rest) = json.split_at(first);
    let mut kept = String::with_capacity(json.len());
    kept.push_str(clean);
    rest.split(['\n', '\r']).for_each(|piece| kept.push_str(piece));
    kept.into()
}
