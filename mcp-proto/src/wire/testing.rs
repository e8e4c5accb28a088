//! What several tests of this layer need.

use std::string::String;

use proptest::{collection, prelude::*};
use serde_json::{Map, Value};

/// Any JSON value, not deep; its strings are full of characters that need care.
pub(super) fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            collection::btree_map(text(), inner, 0..5)
                .prop_map(|members| Value::from(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// Any string, with more quotes, control characters and line ends than chance would give.
pub(super) fn text() -> impl Strategy<Value = String> {
    let special = prop::sample::select(&['"', '\\', '\n', '\r', '\t', '\0', '\u{1f}', '\u{2028}']);
    let character =
        prop_oneof![3 => any::<char>(), 1 => special, 4 => proptest::char::range(' ', '~')];
    collection::vec(character, 0..40).prop_map(|characters| characters.into_iter().collect())
}
