//! Typed values out of JSON text, with errors that name the member that does not fit.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt::Write as _;

use serde::de::DeserializeOwned;

use crate::wire::Json;

/// Reads a `T`; otherwise says which member does not fit, and why.
pub(super) fn read<T: DeserializeOwned>(json: &Json) -> Result<T, String> {
    serde_json::from_str(json.as_str()).map_err(|error| explain(json.as_str(), &error))
}

/// What a peer reads about `error`. Its own values may be in it, so that it is cut short.
fn explain(json: &str, error: &serde_json::Error) -> String {
    const CHARS_MAX: usize = 200;
    let said = error.to_string();
    let reason = said.rfind(" at line ").map_or(&*said, |end| &said[..end]);
    let reason: String = reason.chars().take(CHARS_MAX).collect();
    // `Json` has no line breaks, so that the column counts the bytes of the whole text.
    let path: String = path_at(json, error.column()).chars().take(CHARS_MAX).collect();
    if path.is_empty() { reason } else { format!("{path}: {reason}") }
}

/// One level of nesting on the way to a place in a text.
enum Level<'j> {
    /// In an object; the key read last, as it is written.
    Object(Option<&'j str>),
    /// In an array, behind so many commas.
    Array(usize),
}

/// The path to the member that is being read where `consumed` bytes of `json` have been read:
/// `recipients[1].name`. `json` is valid.
fn path_at(json: &str, consumed: usize) -> String {
    let bytes = json.as_bytes();
    let mut levels = Vec::new();
    let mut at = 0;
    while at < consumed.min(bytes.len()) {
        let start = at;
        at += 1;
        match (bytes[start], levels.last_mut()) {
            (b'{', _) => levels.push(Level::Object(None)),
            (b'[', _) => levels.push(Level::Array(0)),
            (b'}' | b']', _) => drop(levels.pop()),
            (b',', Some(Level::Object(key))) => *key = None,
            (b',', Some(Level::Array(index))) => *index += 1,
            (b'"', level) => {
                at = string_end(bytes, at);
                if let Some(Level::Object(key @ None)) = level {
                    *key = json.get(start + 1..at - 1);
                }
            }
            _ => {}
        }
    }
    render(&levels)
}

/// Where the string ends whose text begins at `at`, behind its closing quote.
fn string_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn render(levels: &[Level<'_>]) -> String {
    let mut path = String::new();
    for level in levels {
        match level {
            Level::Object(Some(key)) => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(key);
            }
            Level::Object(None) => {}
            Level::Array(index) => {
                let _ = write!(path, "[{index}]");
            }
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;

    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "read by serde alone")]
    struct Mail {
        #[serde(default)]
        subject: String,
        #[serde(default)]
        urgent: Option<bool>,
        #[serde(default)]
        to: Vec<Recipient>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "read by serde alone")]
    struct Recipient {
        name: String,
        #[serde(default)]
        copies: u8,
    }

    fn misfit(json: &str) -> String {
        read::<Mail>(&Json::parse_text(json).unwrap()).unwrap_err()
    }

    #[test]
    fn a_wrong_type_is_named_with_its_member() {
        assert_eq!(
            misfit(r#"{"subject":7}"#),
            "subject: invalid type: integer `7`, expected a string"
        );
        assert!(misfit(r#"{"subject":"a\"b","urgent":"no"}"#).starts_with("urgent: "));
        assert!(misfit(r#"{"subject":{"a":[1,2]},"urgent":true}"#).starts_with("subject: "));
        assert!(misfit(r#"{"subject":null}"#).starts_with("subject: "));
    }

    #[test]
    fn a_misfit_deep_inside_is_named_with_its_path() {
        let json = r#"{"to":[{"name":"a"},{"copies":1,"name":[]}]}"#;
        assert!(misfit(json).starts_with("to[1].name: invalid type"));
        let json = r#"{"to":[{"name":"a","copies":256}]}"#;
        assert!(misfit(json).starts_with("to[0].copies: invalid value"));
    }

    #[test]
    fn a_missing_or_unknown_member_is_named() {
        assert_eq!(misfit(r#"{"to":[{"copies":1}]}"#), "to[0]: missing field `name`");
        assert!(misfit(r#"{"cc":1}"#).contains("unknown field `cc`"));
    }

    #[test]
    fn a_misfit_of_the_whole_is_named_without_a_path() {
        assert_eq!(misfit("7"), "invalid type: integer `7`, expected struct Mail");
    }

    #[test]
    fn a_long_value_is_not_sent_back_whole() {
        let json = format!(r#"{{"urgent":"{}"}}"#, "x".repeat(10_000));
        assert!(misfit(&json).len() < 300);
    }

    proptest! {
        #[test]
        fn any_place_in_any_json_has_a_path(
            keys in proptest::collection::vec(".{0,4}", 0..4),
            consumed in 0_usize..100,
        ) {
            let map: BTreeMap<&String, [&[String]; 2]> =
                keys.iter().map(|key| (key, [&keys[..], &keys[..1]])).collect();
            let json = serde_json::to_string(&map).unwrap();
            prop_assert!(path_at(&json, consumed).len() <= json.len() + 24);
        }
    }
}
