//! Texts that mean the same, and texts that do not.

use alloc::{format, string::ToString};
use core::fmt::Write;

use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn canonical_of(text: &str) -> String {
    canonical(&Json::from_trusted(text))
}

#[test]
fn members_are_sorted_by_the_bytes_of_their_decoded_keys() {
    let text = r#"{"b":1,"\u0061":2,"":3,"é":4,"z":5,"B":6,"a\n":7,"a":8}"#;
    let sorted = r#"{"":3,"B":6,"a":2,"a":8,"a\n":7,"b":1,"z":5,"é":4}"#;
    assert_eq!(canonical_of(text), sorted);
}

#[test]
fn white_space_goes_and_empty_containers_stay() {
    let text = " { \"a\" : [ ] , \"b\" :\t{ } , \"c\" : [ 1 , [ true ,null ] , { } ] } ";
    assert_eq!(canonical_of(text), r#"{"a":[],"b":{},"c":[1,[true,null],{}]}"#);
}

#[test]
fn a_scalar_alone_is_its_own_canonical_text() {
    for text in ["0", "-1.50e+3", "true", "null", r#""""#, r#""a\\\"b""#, "[]", "{}"] {
        assert_eq!(canonical_of(text), text);
        assert_eq!(canonical_of(&format!("  {text} ")), text);
    }
}

#[test]
fn numbers_are_kept_digit_by_digit() {
    let text = "[1,1.0,1e0,10000000000000000000000000001,-0]";
    assert_eq!(canonical_of(text), text);
}

#[test]
fn structure_inside_strings_is_text() {
    let text = r#"{"}":"{\"a\":1,","[":"\\","\\":":"}"#;
    assert_eq!(canonical_of(text), r#"{"[":"\\","\\":":","}":"{\"a\":1,"}"#);
}

#[test]
fn a_lone_surrogate_stays_as_it_came_and_its_key_comes_last() {
    let text = r#"{"\ud800":"\udc00\u0041","z":"\ud83d\ude00\/"}"#;
    assert_eq!(canonical_of(text), r#"{"z":"😀/","\ud800":"\udc00\u0041"}"#);
}

#[test]
fn members_of_the_same_key_keep_their_order() {
    assert_eq!(canonical_of(r#"{"b":0,"a":2,"a":1}"#), r#"{"a":2,"a":1,"b":0}"#);
    assert_ne!(canonical_of(r#"{"a":1,"a":2}"#), canonical_of(r#"{"a":2,"a":1}"#));
}

#[test]
fn a_hundred_thousand_levels_are_no_matter() {
    const DEPTH: usize = 100_000;
    let arrays = "[".repeat(DEPTH) + &"]".repeat(DEPTH);
    assert_eq!(canonical_of(&arrays), arrays);
    let objects = r#"{"b":"#.repeat(DEPTH) + "0" + &r#","a":1}"#.repeat(DEPTH);
    let sorted = r#"{"a":1,"b":"#.repeat(DEPTH) + "0" + &"}".repeat(DEPTH);
    assert_eq!(canonical_of(&objects), sorted);
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-3_i64..3).prop_map(Value::from),
        any::<i32>().prop_map(|eighths| Value::from(f64::from(eighths) / 8.0)),
        "[ab\"\\\\\n\u{1}é😀]{0,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map("[ab\"\\\\é]{0,3}", inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Writes values as a peculiar client might, differently for each seed.
struct Scribe(u64);

impl Scribe {
    /// A number below `bound`.
    fn draw(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % bound
    }

    fn space(&mut self, out: &mut String) {
        for _ in 0..self.draw(3) {
            out.push([' ', '\t', ' '][usize::try_from(self.draw(3)).unwrap()]);
        }
    }

    fn text(&mut self, text: &str, out: &mut String) {
        out.push('"');
        for unit in text.chars() {
            if self.draw(2) == 0 || unit < ' ' || unit == '"' || unit == '\\' {
                for half in unit.encode_utf16(&mut [0; 2]) {
                    write!(out, "\\u{half:04x}").unwrap();
                }
            } else {
                out.push(unit);
            }
        }
        out.push('"');
    }

    fn value(&mut self, value: &Value, out: &mut String) {
        self.space(out);
        match value {
            Value::String(text) => self.text(text, out),
            Value::Array(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    out.push_str(if at == 0 { "" } else { "," });
                    self.value(item, out);
                }
                out.push(']');
            }
            Value::Object(members) => {
                let mut members: Vec<_> = members.iter().collect();
                out.push('{');
                for left in (1..=members.len()).rev() {
                    let pick = usize::try_from(self.draw(left as u64)).unwrap();
                    let (key, member) = members.swap_remove(pick);
                    self.space(out);
                    self.text(key, out);
                    self.space(out);
                    out.push(':');
                    self.value(member, out);
                    out.push_str(if left == 1 { "" } else { "," });
                }
                out.push('}');
            }
            scalar => out.push_str(&scalar.to_string()),
        }
        self.space(out);
    }
}

fn scribbled(value: &Value, seed: u64) -> String {
    let mut out = String::new();
    Scribe(seed).value(value, &mut out);
    out
}

proptest! {
    #[test]
    fn texts_of_one_value_have_one_canonical_text(
        value in any_value(),
        seeds in any::<[u64; 2]>(),
    ) {
        let texts = seeds.map(|seed| scribbled(&value, seed));
        let [first, second] = texts.map(|text| canonical_of(&text));
        prop_assert_eq!(&first, &second);
        prop_assert_eq!(serde_json::from_str::<Value>(&first).unwrap(), value);
        prop_assert_eq!(canonical_of(&first), first);
    }

    #[test]
    fn texts_of_different_values_have_different_canonical_texts(
        values in [any_value(), any_value()],
        seed in any::<u64>(),
    ) {
        let [first, second] = values.each_ref().map(|value| canonical_of(&scribbled(value, seed)));
        prop_assert_eq!(first == second, values[0] == values[1]);
    }
}
