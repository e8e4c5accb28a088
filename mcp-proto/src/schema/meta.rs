//! Members of `_meta` that are an application's own.
//!
//! Spec: "`_meta`" on the `basic` pages from 2025-06-18.

use alloc::{boxed::Box, format, string::String, vec::Vec};
use core::fmt;

use super::trace;
use crate::wire::{Json, Object, escape_into};

/// A key, or the value under it, may not stand in `_meta`; says why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidMetaKey(String);

impl fmt::Display for InvalidMetaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for InvalidMetaKey {}

/// Gives back `key` if an application may put it into `_meta`.
///
/// A key is a name, with or without a prefix: `name`, `com.example/name`. The prefix consists of
/// labels with dots between them, each of which begins with a letter and ends with a letter or a
/// digit. The name is empty or begins and ends with a letter or a digit. Refused are also
/// `progressToken` and the prefixes that any revision reserves for the protocol.
pub fn meta_key(key: &str) -> Result<&str, InvalidMetaKey> {
    let refuse = |why: &str| Err(InvalidMetaKey(format!("`_meta` key `{key}`: {why}")));
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    if !is_name(name) {
        return refuse("the name is not well-formed");
    }
    match prefix {
        None if key.is_empty() => refuse("it is empty"),
        None if key == "progressToken" => refuse("it is the protocol's own"),
        Some(prefix) if !is_prefix(prefix) => refuse("the prefix is not well-formed"),
        Some(prefix) if is_reserved(prefix) => refuse("the prefix is reserved for the protocol"),
        _ => Ok(key),
    }
}

/// Puts an application's member among the others, in place of an earlier one under the same key.
pub(super) fn insert(
    members: &mut Vec<(Box<str>, Json)>,
    key: &str,
    value: Json,
) -> Result<(), InvalidMetaKey> {
    meta_key(key)?;
    if !trace::may_stand(key, &value) {
        return Err(InvalidMetaKey(format!("`_meta` key `{key}`: the value has not its format")));
    }
    match members.iter_mut().find(|(known, _)| **known == *key) {
        Some((_, old)) => *old = value,
        None => members.push((key.into(), value)),
    }
    Ok(())
}

/// Appends the members, without braces around them.
pub(crate) fn encode_meta(members: &[(Box<str>, Json)], out: &mut String) {
    for (index, (key, value)) in members.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        escape_into(key, out);
        out.push(':');
        out.push_str(value.as_str());
    }
}

/// Writes `_meta` into `object`, if there is anything in it.
pub(super) fn write(members: &[(Box<str>, Json)], object: &mut Object<'_>) {
    if !members.is_empty() {
        let out = object.key("_meta");
        out.push('{');
        encode_meta(members, out);
        out.push('}');
    }
}

pub(super) fn is_prefix(prefix: &str) -> bool {
    prefix.split('.').all(is_label)
}

pub(super) fn is_name(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    name.bytes().all(inner) && alphanumeric_ends(name)
}

fn is_label(label: &str) -> bool {
    label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && label.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic())
        && alphanumeric_ends(label)
}

fn alphanumeric_ends(text: &str) -> bool {
    [text.bytes().next(), text.bytes().last()]
        .into_iter()
        .flatten()
        .all(|byte| byte.is_ascii_alphanumeric())
}

/// 2025-06-18 reserves by the last label but one, later revisions by the second label. A key that
/// one of them reserves is refused for all, because definitions are made before a peer is known.
fn is_reserved(prefix: &str) -> bool {
    let is_ours = |label: Option<&str>| {
        label.is_some_and(|label| {
            ["mcp", "modelcontextprotocol"].iter().any(|own| label.eq_ignore_ascii_case(own))
        })
    };
    is_ours(prefix.split('.').nth(1)) || is_ours(prefix.rsplit('.').nth(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_an_application_are_accepted() {
        spec!("META-07", "META-08");
        for key in
            ["name", "a", "a.b-c_d", "com.example/", "com.example/x", "com.example.mcp/x", "mcp/x"]
        {
            assert_eq!(meta_key(key), Ok(key));
        }
    }

    #[test]
    fn keys_that_are_not_well_formed_are_refused() {
        spec!("META-07", "META-08");
        for key in [
            "", "/x", "-x", "x-", "x y", "é", "1a.b/x", "a-/x", "a..b/x", ".a/x", "a./x", "a/b/c",
            "a_b/x", "a/\n",
        ] {
            assert!(meta_key(key).is_err(), "{key:?}");
        }
    }

    #[test]
    fn keys_that_any_revision_reserves_are_refused() {
        spec!("META-09", "META-10");
        for key in [
            "progressToken",
            "io.modelcontextprotocol/x",
            "dev.mcp/",
            "com.mcp.tools/x",
            "modelcontextprotocol.io/x",
            "mcp.dev/x",
            "tools.mcp.com/x",
            "IO.ModelContextProtocol/x",
        ] {
            assert!(meta_key(key).is_err(), "{key:?}");
        }
    }

    #[test]
    fn the_second_value_under_a_key_replaces_the_first() {
        let mut members = Vec::new();
        for value in ["1", "2"] {
            insert(&mut members, "a", Json::from_trusted(value)).unwrap();
        }
        insert(&mut members, "b", Json::text("\"")).unwrap();
        let mut out = String::new();
        encode_meta(&members, &mut out);
        assert_eq!(out, r#""a":2,"b":"\"""#);
    }

    #[test]
    fn a_trace_parent_without_its_format_is_refused() {
        let mut members = Vec::new();
        assert!(insert(&mut members, "traceparent", Json::text("here")).is_err());
        assert!(insert(&mut members, "traceparent", Json::from_trusted("1")).is_err());
        assert!(members.is_empty());
    }
}
