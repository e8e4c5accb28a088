//! Request ids and progress tokens: a string or an integer, echoed as it was.

use alloc::{borrow::Cow, string::String};

use super::{Text, escape_into};

/// The id of a request, or a progress token.
///
/// Equality is typed: `1` is not `"1"`. Strings are equal if they are equal as JSON, however they
/// were escaped. Integers are those of `i64` and `u64`; a fraction or an exponent is refused,
/// because it could not be echoed exactly.
///
/// Spec: "Requests" on each revision's `basic` page.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Id<'a> {
    /// An integer that fits in `i64`.
    Int(i64),
    /// An integer above `i64::MAX`.
    Uint(u64),
    /// A string.
    Text(Cow<'a, str>),
}

/// An id that borrows nothing.
pub type RequestId = Id<'static>;

impl<'a> Id<'a> {
    /// Reads an id from its JSON text; `None` if it is neither a string nor an integer.
    pub fn parse(json: &'a str) -> Option<Self> {
        if json.starts_with('"') {
            return serde_json::from_str::<Text>(json).ok().map(|text| Self::Text(text.0));
        }
        if !is_integer_token(json) {
            return None;
        }
        match json.parse() {
            Ok(number) => Some(Self::Int(number)),
            Err(_) => json.parse().ok().map(Self::Uint),
        }
    }

    /// How long the id is: the bytes of a string, 20 for an integer.
    pub(crate) fn byte_len(&self) -> usize {
        match self {
            Self::Int(_) | Self::Uint(_) => 20,
            Self::Text(text) => text.len(),
        }
    }

    /// The same id, borrowing nothing.
    pub fn into_owned(self) -> RequestId {
        match self {
            Self::Int(number) => Id::Int(number),
            Self::Uint(number) => Id::Uint(number),
            Self::Text(text) => Id::Text(Cow::Owned(text.into_owned())),
        }
    }

    /// Appends the JSON text of the id.
    pub(crate) fn append_to(&self, out: &mut String) {
        match self {
            Self::Int(number) => {
                if *number < 0 {
                    out.push('-');
                }
                push_digits(number.unsigned_abs(), out);
            }
            Self::Uint(number) => push_digits(*number, out),
            Self::Text(text) => escape_into(text, out),
        }
    }
}

impl core::fmt::Display for Id<'_> {
    /// The JSON text, so that `92` and `"92"` look different.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let mut text = String::new();
        self.append_to(&mut text);
        f.write_str(&text)
    }
}

/// Whether `json` is a JSON number without fraction and exponent, of any size.
fn is_integer_token(json: &str) -> bool {
    let digits = json.strip_prefix('-').unwrap_or(json).as_bytes();
    match digits {
        [] => false,
        [b'0', rest @ ..] => rest.is_empty(),
        digits => digits.iter().all(u8::is_ascii_digit),
    }
}

/// Appends `number` in decimal. Ids are written with every answer, and `write!` costs several
/// times as much.
fn push_digits(mut number: u64, out: &mut String) {
    let mut digits = [0; 20]; // u64::MAX has 20 digits
    let mut first = digits.len();
    loop {
        first -= 1;
        digits[first] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.push_str(core::str::from_utf8(&digits[first..]).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use proptest::prelude::*;

    use super::*;
    use crate::testing::strategies as testing;

    #[test]
    fn integers_of_i64_and_u64_and_strings_are_ids() {
        let table = [
            ("0", Id::Int(0)),
            ("-0", Id::Int(0)),
            ("7", Id::Int(7)),
            ("-9223372036854775808", Id::Int(i64::MIN)),
            ("9223372036854775807", Id::Int(i64::MAX)),
            ("9223372036854775808", Id::Uint(1 << 63)),
            ("18446744073709551615", Id::Uint(u64::MAX)),
            (r#""""#, Id::Text("".into())),
            (r#""7""#, Id::Text("7".into())),
            (r#""a\u0062\n\ud83d\ude00""#, Id::Text("ab\n😀".into())),
        ];
        for (json, id) in table {
            assert_eq!(Id::parse(json), Some(id), "{json}");
        }
    }

    #[test]
    fn an_id_that_could_not_be_echoed_is_refused() {
        let table = [
            "",
            "-",
            "+1",
            "01",
            "-01",
            "00",
            "1.0",
            "1.5",
            "1e3",
            "1E0",
            "0x1",
            "1 2",
            "١",
            "null",
            "true",
            "{}",
            "[]",
            "[1]",
            "18446744073709551616",
            "-9223372036854775809",
            "\"",
            "\"a",
            "\"a\"b",
            r#""\ud800""#,
            r#""\q""#,
            "\"\n\"",
            "a",
        ];
        for json in table {
            assert_eq!(Id::parse(json), None, "{json}");
        }
    }

    #[test]
    fn ids_of_different_types_differ_and_escapes_do_not_matter() {
        assert_ne!(Id::parse("1"), Id::parse(r#""1""#));
        assert_eq!(Id::parse(r#""\u0041""#), Id::parse(r#""A""#));
    }

    #[test]
    fn a_string_without_escapes_is_borrowed() {
        assert!(matches!(Id::parse(r#""abc""#), Some(Id::Text(Cow::Borrowed("abc")))));
    }

    proptest! {
        #[test]
        fn every_integer_is_written_as_it_was_read(small in any::<i64>(), large in any::<u64>()) {
            for json in [small.to_string(), large.to_string()] {
                prop_assert_eq!(Id::parse(&json).unwrap().to_string(), json);
            }
        }

        #[test]
        fn every_string_comes_back(text in testing::text()) {
            let id = Id::Text(text.into());
            let json = id.to_string();
            prop_assert_eq!(Id::parse(&json), Some(id));
        }

        #[test]
        fn whatever_is_accepted_is_that_value_for_others_too(json in r#"[-"0-9a-z\\.e]{0,24}"#) {
            if let Some(id) = Id::parse(&json) {
                let value: serde_json::Value = serde_json::from_str(&json).unwrap();
                // `-0` is a float to serde_json, and the one integer with two texts.
                let echo = serde_json::from_str::<serde_json::Value>(&id.to_string()).unwrap();
                prop_assert!(value == echo || json == "-0");
            }
        }
    }
}
