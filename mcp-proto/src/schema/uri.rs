//! What a URI may consist of.
//!
//! Spec: RFC 3986, which `server/resources` names for the URIs of resources.

use alloc::{format, string::String};
use core::fmt;

use crate::error::excerpt;

/// A text is no absolute URI; repeats its beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidUri(String);

impl fmt::Display for InvalidUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for InvalidUri {}

/// Whether `text` is a URI with a scheme and otherwise consists of what RFC 3986 allows in URIs:
/// no spaces, no controls, nothing but ASCII, and `%` only before two hexadecimal digits.
pub fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let mut fragments = rest.splitn(2, '#');
    is_scheme(scheme) && fragments.all(|part| is_escaped(part) && part.chars().all(is_uri_char))
}

/// Gives back a text that is a URI.
pub(super) fn check_uri(text: String) -> Result<String, InvalidUri> {
    if is_uri(&text) {
        Ok(text)
    } else {
        Err(InvalidUri(format!("not an absolute URI: {}", excerpt(&text))))
    }
}

/// Whether each `%` stands before two hexadecimal digits.
pub(super) fn is_escaped(text: &str) -> bool {
    text.split('%').skip(1).all(|after| {
        let digits = after.as_bytes();
        digits.len() >= 2 && digits.iter().take(2).all(u8::is_ascii_hexdigit)
    })
}

/// What a segment of a path consists of, `%` of an escape included.
pub(super) fn is_path_char(char: char) -> bool {
    char.is_ascii_alphanumeric() || "-._~%!$&'()*+,;=:@".contains(char)
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|char: char| char.is_ascii_alphabetic())
        && text.chars().all(|char| char.is_ascii_alphanumeric() || "+-.".contains(char))
}

fn is_uri_char(char: char) -> bool {
    is_path_char(char) || "/?[]".contains(char)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_uris_are_accepted() {
        spec!("RES-06");
        for text in [
            "file:///a/b%20c",
            "https://u@example.com:80/a?b=c&d#e",
            "urn:isbn:1",
            "x-y.z+1://[::1]/",
            "a:",
        ] {
            assert!(is_uri(text), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        spec!("RES-06", "RES-07");
        for text in [
            "", "a", "/a", ":a", "1a:b", "a b:c", "a:b c", "a:\n", "a:é", "a:%", "a:%2", "a:%2g",
            "a:b#c#d", "a:<b>", "a:\"", "a:{b}", "a_b:c",
        ] {
            assert!(!is_uri(text), "{text}");
        }
    }
}
