//! Values of header fields that mirror the body: `Mcp-Name` and `Mcp-Param-*`.
//!
//! What a field cannot carry as it is travels as base64 between two marks, and so does a text that
//! looks like that.
//!
//! Spec: "Streamable HTTP" of 2026-07-28, "Value Encoding".

use alloc::{borrow::Cow, string::String};
use core::fmt;

use super::base64::{base64_decode, base64_encode};

const PREFIX: &str = "=?base64?";
const SUFFIX: &str = "?=";

/// The value of a field that mirrors `text`: visible ASCII and inner spaces, never empty.
pub fn encode_header_value(text: &str) -> Cow<'_, str> {
    let looks_encoded = text.starts_with(PREFIX) && text.ends_with(SUFFIX);
    let plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        && !text.is_empty()
        && !text.starts_with(' ')
        && !text.ends_with(' ')
        && !looks_encoded;
    if plain {
        return Cow::Borrowed(text);
    }
    Cow::Owned([PREFIX, &base64_encode(text.as_bytes()), SUFFIX].concat())
}

/// The text that the value of a field mirrors. A value without both marks, exactly as they are,
/// stands for itself.
pub fn decode_header_value(value: &str) -> Result<Cow<'_, str>, InvalidHeaderValue> {
    let marked = value.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX));
    let Some(base64) = marked else { return Ok(Cow::Borrowed(value)) };
    let bytes = base64_decode(base64).ok_or(InvalidHeaderValue)?;
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| InvalidHeaderValue)
}

/// Between the marks there is no base64, or no UTF-8 in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidHeaderValue;

impl fmt::Display for InvalidHeaderValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the base64 of a text")
    }
}

impl core::error::Error for InvalidHeaderValue {}

/// Whether a text is a token, as the names of fields are (RFC 9110).
pub(crate) fn is_token(text: &str) -> bool {
    let is_token_char =
        |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_token_char)
}

/// The integer that a value stands for: decimal digits, perhaps with a sign and a fraction of
/// zeros.
pub(crate) fn integer(value: &str) -> Option<i64> {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, "0"));
    let zeros = !fraction.is_empty() && fraction.bytes().all(|byte| byte == b'0');
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    let decimal = digits.bytes().all(|byte| byte.is_ascii_digit());
    whole.parse().ok().filter(|_| zeros && decimal)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::strategies as testing;

    #[test]
    fn a_text_is_sent_as_it_is_where_that_is_safe_and_as_base64_elsewhere() {
        spec!("SHM-14", "SHM-52", "SHM-53");
        for (text, value) in [
            ("us-west1", "us-west1"),
            ("us west 1", "us west 1"),
            ("42", "42"),
            ("true", "true"),
            ("~", "~"),
            ("a%20b?id=1", "a%20b?id=1"),
            ("", "=?base64??="),
            (" padded ", "=?base64?IHBhZGRlZCA=?="),
            (" us-west1", "=?base64?IHVzLXdlc3Qx?="),
            ("us-west1 ", "=?base64?dXMtd2VzdDEg?="),
            ("\tindented", "=?base64?CWluZGVudGVk?="),
            ("a\tb", "=?base64?YQli?="),
            ("line1\nline2", "=?base64?bGluZTEKbGluZTI=?="),
            ("line1\r\nline2", "=?base64?bGluZTENCmxpbmUy?="),
            ("\u{7f}", "=?base64?fw==?="),
            ("Hello, 世界", "=?base64?SGVsbG8sIOS4lueVjA==?="),
            ("日本語", "=?base64?5pel5pys6Kqe?="),
            ("=?base64?literal?=", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="),
            ("=?base64?=", "=?base64?PT9iYXNlNjQ/PQ==?="),
            ("=?base64?", "=?base64?"),
            ("?=", "?="),
        ] {
            assert_eq!(encode_header_value(text), value);
            assert_eq!(decode_header_value(value).as_deref(), Ok(text), "{value}");
        }
    }

    #[test]
    fn a_value_without_both_marks_stands_for_itself() {
        spec!("SHM-54");
        for value in [
            "",
            "=?BASE64?SGVsbG8=?=",
            "=?Base64?SGVsbG8=?=",
            "SGVsbG8=",
            "SGVsbG8=?=",
            "=?base64?SGVsbG8=",
            "=?base64?=",
            "=?base64?SGVsbG8=?= ",
            "=?base64 ?SGVsbG8=?=",
        ] {
            assert_eq!(decode_header_value(value), Ok(Cow::Borrowed(value)));
        }
    }

    #[test]
    fn what_is_no_base64_of_a_text_between_the_marks_is_refused() {
        spec!("SHM-55");
        for inside in [
            "SGVsbG8",     // no padding
            "SGVs!!!bG8=", // other characters
            "SGVsbG8=\n",
            " SGVsbG8=",
            "=",
            "A",
            "Zh==", // bits beyond the last byte
            "_-==", // the other alphabet
            "/w==", // no UTF-8
            "7aCA", // a surrogate
        ] {
            let value = [PREFIX, inside, SUFFIX].concat();
            assert_eq!(decode_header_value(&value), Err(InvalidHeaderValue), "{value}");
        }
    }

    #[test]
    fn names_of_fields_are_tokens() {
        for token in ["a", "X-1", "!#$%&'*+-.^_`|~09azAZ"] {
            assert!(is_token(token), "{token}");
        }
        for other in ["", " ", "a b", "a:b", "a\r", "a\n", "é", "a/b", "\"a\"", "a,b", "a\0", "(a"]
        {
            assert!(!is_token(other), "{other}");
        }
    }

    #[test]
    fn integers_are_decimal_and_their_fraction_is_nothing() {
        for (value, number) in [
            ("42", Some(42)),
            ("42.0", Some(42)),
            ("42.000", Some(42)),
            ("-42", Some(-42)),
            ("-0", Some(0)),
            ("042", Some(42)),
            ("9223372036854775807", Some(i64::MAX)),
            ("9223372036854775808", None),
            ("42.", None),
            ("42.5", None),
            ("42.0.0", None),
            (".0", None),
            ("+42", None),
            ("--42", None),
            ("-", None),
            ("", None),
            ("4.2e1", None),
            ("4e1", None),
            ("0x2a", None),
            (" 42", None),
            ("4_2", None),
            ("٤٢", None),
        ] {
            assert_eq!(integer(value), number, "{value}");
        }
    }

    proptest! {
        #[test]
        fn every_text_comes_back_out_of_visible_ascii(text in testing::text()) {
            spec!("SEC-14", "SHM-52");
            let value = encode_header_value(&text).into_owned();
            prop_assert!(value.bytes().all(|byte| matches!(byte, b' '..=b'~')));
            prop_assert_eq!(value.trim(), &*value);
            prop_assert!(!value.is_empty());
            prop_assert_eq!(decode_header_value(&value), Ok(text.into()));
        }

        #[test]
        fn texts_that_look_encoded_come_back_too(text in r"(=\?base64\?)?[A-Z=]{0,5}(\?=)?") {
            spec!("SHM-53");
            let value = encode_header_value(&text).into_owned();
            prop_assert_eq!(decode_header_value(&value), Ok(text.into()));
        }
    }
}
