//! Strings that are borrowed from the message wherever they carry no escapes.

use alloc::{borrow::Cow, string::String};
use core::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, Visitor},
};

/// A JSON string, borrowed if it has no escapes.
///
/// A bare `Cow` behind an `Option` would always be copied: serde borrows it only where a field is
/// of exactly that type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(String::from(text))))
    }
}
