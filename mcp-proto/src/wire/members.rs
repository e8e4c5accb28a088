//! The members of a JSON object, in their order.

use alloc::{borrow::Cow, string::String, vec::Vec};
use core::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{InvalidJson, Json, escape_into};

/// The members of a JSON object, in their order, each value as it came.
pub(crate) struct Members<'a>(pub(crate) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry::<Cow<'de, str>, &'de RawValue>()? {
                    members.push(member);
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(InOrder).map(Members)
    }
}

/// A JSON object taken apart, so that members can be added.
#[derive(Debug, Default)]
pub(crate) struct Split {
    /// The members but `_meta`, as JSON text without the braces around it.
    pub(crate) members: String,
    /// The members of `_meta`, likewise.
    pub(crate) meta: Option<String>,
}

impl Split {
    pub(crate) fn of(object: &Json) -> Result<Self, InvalidJson> {
        let no_object = || InvalidJson("it must be an object".into());
        let Members(all) = serde_json::from_str(object.as_str()).map_err(|_| no_object())?;
        if !all.iter().any(|(key, _)| key == "_meta") {
            let inner = braced(object.as_str()).ok_or_else(no_object)?;
            return Ok(Self { members: inner.into(), meta: None });
        }
        let mut split = Self::default();
        split.members.reserve(object.as_str().len());
        for (key, value) in all {
            if key == "_meta" {
                let inner = braced(value.get());
                let inner = inner.ok_or_else(|| InvalidJson("_meta must be an object".into()))?;
                split.meta = Some(inner.into());
                continue;
            }
            push_member(&key, value.get(), &mut split.members);
        }
        Ok(split)
    }
}

/// What is between the braces of an object.
fn braced(object: &str) -> Option<&str> {
    object.trim().strip_prefix('{')?.strip_suffix('}').map(str::trim)
}

/// Appends a member to members.
pub(crate) fn push_member(key: &str, value: &str, members: &mut String) {
    if !members.is_empty() {
        members.push(',');
    }
    escape_into(key, members);
    members.push(':');
    members.push_str(value);
}
