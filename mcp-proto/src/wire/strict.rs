//! Readers that take nothing but an object with distinct members.

use alloc::{boxed::Box, collections::BTreeMap};
use core::{fmt, marker::PhantomData};

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A value that is written as an object. Derived readers would take an array of its members too.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct InObject<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for InObject<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        if !raw.starts_with('{') {
            return Err(D::Error::custom("expected an object"));
        }
        serde_json::from_str(raw).map(Self).map_err(D::Error::custom)
    }
}

/// The members of an object by name; a name that comes twice is refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Distinct<V>(pub(crate) BTreeMap<Box<str>, V>);

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Distinct<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(DistinctVisitor(PhantomData)).map(Self)
    }
}

struct DistinctVisitor<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for DistinctVisitor<V> {
    type Value = BTreeMap<Box<str>, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = BTreeMap::new();
        while let Some((name, value)) = map.next_entry()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a member comes twice"));
            }
        }
        Ok(members)
    }
}

impl<V> Default for Distinct<V> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<'a, T: Deserialize<'a>>(json: &'a str) -> Option<T> {
        serde_json::from_str(json).ok()
    }

    #[test]
    fn an_array_of_the_members_is_no_object() {
        #[derive(Debug, PartialEq, serde::Deserialize)]
        struct Pair {
            a: u8,
            b: u8,
        }
        let pair = Some(InObject(Pair { a: 1, b: 2 }));
        assert_eq!(read(r#" {"a":1,"b":2} "#), pair);
        assert_eq!(read::<InObject<Pair>>("[1,2]"), None);
        assert_eq!(read::<InObject<Pair>>("null"), None);
        assert_eq!(read::<InObject<Pair>>(r#"{"a":1}"#), None);
        assert_eq!(read::<InObject<Pair>>(r#"{"a":1,"b":2"#), None);
    }

    #[test]
    fn a_name_that_comes_twice_is_refused_however_it_is_escaped() {
        assert_eq!(
            read(r#"{"b":2,"a":1}"#),
            Some(Distinct([("a".into(), 1), ("b".into(), 2)].into()))
        );
        assert_eq!(read::<Distinct<u8>>(r#"{"a":1,"\u0061":1}"#), None);
        assert_eq!(read::<Distinct<u8>>("[]"), None);
    }
}
