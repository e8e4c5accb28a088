//! JSON text without a line break in it.

use alloc::{string::String, sync::Arc};
use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// JSON text without a line break, which is what lines and SSE events need.
///
/// Payloads are kept token by token as they came; only raw line breaks between tokens are dropped.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Json(Arc<str>);

impl Json {
    /// The JSON text of a value; fails where the value's own `Serialize` does.
    pub fn of(value: &(impl Serialize + ?Sized)) -> Result<Self, InvalidJson> {
        todo!()
    }

    /// The JSON string `text`.
    pub fn text(text: &str) -> Self {
        todo!()
    }

    /// Checks that `json` is one JSON value, and takes it.
    pub fn parse_text(json: &str) -> Result<Self, InvalidJson> {
        todo!()
    }

    /// Takes a raw value, without the line breaks its sender may have put between tokens.
    pub fn from_raw(raw: &RawValue) -> Self {
        todo!()
    }

    /// Takes text that the caller knows to be one JSON value without a line break.
    pub(crate) fn from_trusted(text: &str) -> Self {
        Self(text.into())
    }

    /// Reads a typed value out of the text.
    pub fn parse<'a, T: Deserialize<'a>>(&'a self) -> Result<T, InvalidParams> {
        todo!()
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
        todo!()
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        todo!()
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
