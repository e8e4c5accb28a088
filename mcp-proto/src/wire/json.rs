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

#[cfg(test)]
mod tests {
    use std::{format, vec::Vec};

    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::strategies as testing;

    #[derive(Debug, Deserialize, Serialize)]
    struct Holder {
        held: Json,
    }

    #[test]
    fn tokens_are_kept_and_line_breaks_between_them_are_dropped() {
        let raw: &RawValue =
            serde_json::from_str("\n {\r\n \"a\\n\" :\t1.50E+3,\r\"b\":[ ]\n} ").unwrap();
        assert_eq!(Json::from_raw(raw).as_str(), "{ \"a\\n\" :\t1.50E+3,\"b\":[ ]}");
    }

    #[test]
    fn a_value_that_writes_line_breaks_has_none_afterwards() {
        let raw: Box<RawValue> = serde_json::from_str("[1,\n2]").unwrap();
        assert_eq!(Json::of(&raw).unwrap().as_str(), "[1,2]");
        assert_eq!(Json::of(&json!({"a": "\n"})).unwrap().as_str(), r#"{"a":"\n"}"#);
    }

    #[test]
    fn one_json_value_is_taken_and_nothing_else() {
        assert_eq!(Json::parse_text(" 18446744073709551616\n").unwrap().as_str().len(), 20);
        for text in ["", " ", "{", "1 2", "{} x", "nul", "\"\n\"", "'a'", "[1,]", "\u{feff}1"] {
            assert!(Json::parse_text(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_error_says_what_is_wrong_and_not_where() {
        let error = Json::parse_text("[1,]").unwrap_err();
        assert_eq!(format!("{error}"), "expected value");
        let error = Json::from_trusted("{}").parse::<Holder>().unwrap_err();
        assert_eq!(format!("{error}"), "missing field `held`");
        let error = Json::of(&[(Vec::from([1]), 2)].into_iter().collect::<Pairs>()).unwrap_err();
        assert_eq!(format!("{error}"), "key must be a string");
    }

    type Pairs = std::collections::BTreeMap<Vec<u8>, u8>;

    #[test]
    fn an_error_never_repeats_more_than_a_little_of_the_input() {
        let long = Json::text(&"é at line ".repeat(1000));
        let error = long.parse::<u8>().unwrap_err();
        assert_eq!(error.0.chars().count(), 200);
        assert!(error.0.starts_with("invalid type: string \"é at line é"));
    }

    #[test]
    fn it_is_a_value_inside_other_values() {
        let text = r#"{"held":{"b": 1.0,  "a":[]}}"#;
        for holder in [
            serde_json::from_str::<Holder>(text).unwrap(),
            serde_json::from_slice(text.as_bytes()).unwrap(),
            serde_json::from_reader(text.as_bytes()).unwrap(),
        ] {
            assert_eq!(serde_json::to_string(&holder).unwrap(), text);
            assert_eq!(format!("{:?}", holder.held), r#"{"b": 1.0,  "a":[]}"#);
        }
        let value = json!({"held": {"a": [1]}});
        let holder: Holder = serde_json::from_value(value.clone()).unwrap();
        assert_eq!(serde_json::to_value(&holder).unwrap(), value);
    }

    proptest! {
        #[test]
        fn a_value_is_the_same_without_its_line_breaks(value in testing::value(), crlf: bool) {
            let pretty = serde_json::to_string_pretty(&value).unwrap();
            let sent = if crlf { pretty.replace('\n', "\r\n") } else { pretty.clone() };
            let json = Json::parse_text(&sent).unwrap();
            prop_assert_eq!(json.as_str(), pretty.replace('\n', ""));
            prop_assert_eq!(json.parse::<Value>().unwrap(), value);
        }

        #[test]
        fn a_text_is_a_json_string(text in testing::text()) {
            prop_assert_eq!(Json::text(&text), Json::of(&text).unwrap());
            prop_assert_eq!(Json::text(&text).parse::<String>().unwrap(), text);
        }
    }
}
