//! Forms: what is sent of them, and which answers fit.

use alloc::{string::ToString, vec};

use proptest::prelude::*;

use super::*;
use crate::{schema::tests::table_of_params, version::Version};

fn json(text: &str) -> Json {
    Json::parse_text(text).unwrap()
}

/// A form with every kind of field that all revisions with forms have.
fn form() -> Form {
    let all = Field::string().title("T").description("D").min_length(1).max_length(9).required();
    let number = Field::number().minimum(-0.5).maximum(1e3).default_value(0.25).title("N");
    let titled = Field::titled_choice([("s", "Small"), ("l", "Large")]);
    Form::new("Fill in:\n")
        .field("string", all.format(Format::Email).default_value("a@b"))
        .field("number", number)
        .field("integer", Field::integer().minimum(-1).maximum(5).default_value(3).required())
        .field("boolean", Field::boolean().default_value(true).description("B"))
        .field("choice", Field::choice(["red", "green"]).default_value("red"))
        .field("titled", titled.clone())
        .field("legacy", titled.legacy())
}

#[test]
fn a_form_has_what_the_revision_has() {
    spec!("ELI-13");
    insta::assert_snapshot!(table_of_params(|rules| form().to_params(rules)));
}

#[test]
fn a_multiple_choice_is_sent_from_the_revision_that_has_it() {
    spec!("ELI-12");
    let form = Form::new("m")
        .field("plain", Field::choices(["a", "b"]).min_items(1).max_items(2).default_value(["b"]))
        .field("titled", Field::titled_choices([("a", "A")]).required());
    insta::assert_snapshot!(table_of_params(|rules| form.to_params(rules)));
}

#[test]
fn a_form_without_fields_asks_for_yes_or_no() {
    let params = Form::new("Deploy?").to_params(Version::V2026_07_28.rules()).unwrap();
    let schema = r#"{"type":"object","properties":{}}"#;
    let expected = format!(r#"{{"mode":"form","message":"Deploy?","requestedSchema":{schema}}}"#);
    assert_eq!(params.as_str(), expected);
}

#[test]
fn the_second_field_of_a_name_replaces_the_first() {
    let form = Form::new("m").field("a\"", Field::string()).field("a\"", Field::boolean());
    let expected = r#"{"type":"object","properties":{"a\"":{"type":"boolean"}}}"#;
    assert_eq!(form.schema().as_str(), expected);
}

#[test]
fn a_field_that_cannot_be_filled_in_is_not_sent() {
    let fields: Vec<Field> = vec![
        Field::string().min_length(2).max_length(1).into(),
        Field::string().max_length(1).default_value("ab").into(),
        Field::string().format(Format::Date).default_value("today").into(),
        Field::number().minimum(f64::NAN).into(),
        Field::number().default_value(f64::INFINITY).into(),
        Field::number().minimum(1.0).maximum(0.0).into(),
        Field::number().maximum(0.0).default_value(0.5).into(),
        Field::integer().minimum(1).maximum(0).into(),
        Field::integer().minimum(1).default_value(0).into(),
        Field::choice(Vec::<String>::new()).into(),
        Field::choice(["a"]).default_value("b").into(),
        Field::choices(Vec::<String>::new()).into(),
        Field::choices(["a"]).default_value(["b"]).into(),
        Field::choices(["a"]).min_items(2).max_items(1).into(),
        Field::choices(["a", "b"]).min_items(2).default_value(["a"]).into(),
    ];
    for field in fields {
        let form = Form::new("m").field("odd", field.clone());
        let why = form.to_params(Version::V2026_07_28.rules()).unwrap_err();
        assert!(why.starts_with("`odd` "), "{field:?}: {why}");
    }
}

fn checked(field: impl Into<Field>, value: &str) -> Option<String> {
    let form = Form::new("m").field("f", field);
    form.check(&json(&format!("{{\"f\":{value}}}"))).err()
}

#[track_caller]
fn fits(field: impl Into<Field>, good: &[&str], bad: &[&str]) {
    let field = field.into();
    for value in good {
        assert_eq!(checked(field.clone(), value), None, "{value}");
    }
    for value in bad {
        let why = checked(field.clone(), value).unwrap_or_else(|| panic!("{value} fits"));
        assert!(why.starts_with("`f` must be "), "{why}");
    }
}

#[test]
fn texts_are_counted_in_characters() {
    let field = Field::string().min_length(2).max_length(3);
    fits(field, &[r#""ab""#, r#""äöü""#, r#""\u00e4b""#], &[r#""a""#, r#""abcd""#, "1", "null"]);
}

#[test]
fn numbers_are_within_their_limits() {
    let field = Field::number().minimum(0.5).maximum(2.0);
    fits(field, &["0.5", "2", "2.0", "1e0"], &["0.4", "2.01", "\"1\"", "true", "[1]"]);
}

#[test]
fn integers_have_no_fraction_however_they_are_written() {
    let field = Field::integer().minimum(-1).maximum(i64::MAX);
    let good = ["-1", "5", "5.0", "5e0", "9223372036854775807"];
    let bad = ["-2", "1.5", "9223372036854775808", "1e300", "-1e300", "\"1\"", "null"];
    fits(field, &good, &bad);
    fits(Field::integer(), &["1e300", "18446744073709551615"], &["1e-1"]);
}

#[test]
fn booleans_are_not_numbers() {
    fits(Field::boolean(), &["true", "false"], &["0", "\"true\"", "null"]);
}

#[test]
fn choices_are_among_what_can_be_chosen() {
    fits(Field::choice(["a", "b"]), &["\"a\""], &["\"c\"", "\"A\"", "1", "[\"a\"]"]);
    fits(Field::titled_choice([("a", "A")]), &["\"a\""], &["\"A\""]);
    let several = Field::choices(["a", "b", "c"]).min_items(1).max_items(2);
    let bad = ["[]", "[\"a\",\"b\",\"c\"]", "[\"d\"]", "[1]", "\"a\"", "{}"];
    fits(several, &["[\"a\"]", "[\"b\",\"a\"]"], &bad);
}

#[test]
fn formats_are_plausible() {
    let of = |format| Field::string().format(format);
    fits(of(Format::Email), &["\"a@b.c\"", "\"ä@b\""], &["\"a\"", "\"@b\"", "\"a@\"", "\"a b@c\""]);
    fits(of(Format::Uri), &["\"https://a/b\""], &["\"a/b\"", "\"\""]);
    let bad = ["\"2025-13-01\"", "\"2025-1-01\"", "\"2025-01-32\"", "\"2025-01-01T\"", "\"\""];
    fits(of(Format::Date), &["\"2025-12-31\"", "\"2024-02-29\""], &bad);
    let good = [
        "\"2025-12-31T23:59:60Z\"",
        "\"2025-12-31t00:00:00.125+05:30\"",
        "\"2025-12-31 00:00:00-08:00\"",
    ];
    let bad = [
        "\"2025-12-31\"",
        "\"2025-12-31T24:00:00Z\"",
        "\"2025-12-31T00:00Z\"",
        "\"2025-12-31T00:00:00\"",
        "\"2025-12-31T00:00:00.Z\"",
        "\"2025-12-31T00:00:00+5\"",
        "\"2025-12-31T00:00:00ZZ\"",
    ];
    fits(of(Format::DateTime), &good, &bad);
}

#[test]
fn what_is_required_is_there_and_what_is_unknown_is_left_alone() {
    let form = Form::new("m").field("a", Field::string().required()).field("b", Field::integer());
    assert_eq!(form.check(&json(r#"{"a":"","c":[{}]}"#)), Ok(()));
    assert_eq!(form.check(&json(r#"{"b":1}"#)), Err("`a` is missing".to_string()));
    assert!(form.check(&json("[]")).is_err());
}

#[test]
fn a_flat_schema_written_by_hand_is_sent_as_it_is() {
    let text = r#"{"$schema":"x","type":"object","title":"T","additionalProperties":false,
        "properties":{
            "s":{"type":"string","pattern":"^a","format":"uri","minLength":1},
            "n":{"type":"number","minimum":0,"maximum":1.5,"default":1},
            "i":{"type":"integer","minimum":0,"default":1},
            "b":{"type":"boolean","default":false},
            "e":{"type":"string","enum":["x"],"enumNames":["X"],"default":"x"},
            "o":{"type":"string","oneOf":[{"const":"x","title":"X"}]},
            "m":{"type":"array","items":{"type":"string","enum":["x"]},"maxItems":1,"default":[]},
            "a":{"type":"array","items":{"anyOf":[{"const":"x","title":"X"}]}}},
        "required":["s"]}"#;
    let form = Form::raw("m", json(text)).unwrap();
    let params = form.to_params(Version::V2026_07_28.rules()).unwrap();
    assert!(
        params.as_str().ends_with(&alloc::format!("\"requestedSchema\":{}}}", json(text).as_str()))
    );
    assert_eq!(form.schema(), json(text));
    assert!(form.to_params(Version::V2025_06_18.rules()).is_err());
    assert_eq!(form.check(&json(r#"{"s":"a:b","e":"x","a":["x"]}"#)), Ok(()));
    assert_eq!(form.check(&json(r#"{"s":"a:b","i":-1}"#)), Err("`i` must be at least 0".into()));
}

#[test]
fn choices_of_a_schema_written_by_hand_are_what_can_be_chosen() {
    let field = r#"{"type":"string","enum":["x","y"]}"#;
    let schema = alloc::format!(r#"{{"type":"object","properties":{{"a":{field}}}}}"#);
    let form = Form::raw("m", json(&schema)).unwrap();
    assert_eq!(form.check(&json(r#"{"a":"y"}"#)), Ok(()));
    assert!(form.check(&json(r#"{"a":"z"}"#)).is_err());
}

#[test]
fn a_schema_written_by_hand_loses_what_an_older_revision_does_not_have() {
    let schema =
        r#"{"type":"object","properties":{"a":{"type":"string","pattern":"x","default":"x"}}}"#;
    let form = Form::raw("m", json(schema)).unwrap();
    let params = form.to_params(Version::V2025_06_18.rules()).unwrap();
    let sent = r#"{"type":"object","properties":{"a":{"type":"string"}}}"#;
    let expected = alloc::format!(r#"{{"message":"m","requestedSchema":{sent}}}"#);
    assert_eq!(params.as_str(), expected);
}

#[test]
fn schemas_that_are_not_flat_are_refused() {
    spec!("ELI-06");
    for property in [
        r#"{"type":"object","properties":{}}"#,
        r#"{"type":"array","items":{"type":"object"}}"#,
        r#"{"type":"array","items":{"type":"array","items":{}}}"#,
        r#"{"type":"array","items":{"type":"number","enum":[]}}"#,
        r#"{"type":"array"}"#,
        r#"{"type":"array","items":{"type":"string"}}"#,
        r#"{"type":"array","items":{"enum":["a"],"anyOf":[{"const":"a","title":"A"}]}}"#,
        r#"{"type":["string"]}"#,
        r##"{"$ref":"#/a"}"##,
        r#"{"type":"string","allOf":[]}"#,
        r#"{"type":"string","format":"password"}"#,
        r#"{"type":"string","enum":[1]}"#,
        r#"{"type":"string","enum":["a"],"enumNames":[]}"#,
        r#"{"type":"string","enum":["a"],"oneOf":[]}"#,
        r#"{"type":"string","oneOf":[["a","A"]]}"#,
        r#"{"type":"integer","minimum":0.5}"#,
        r#"{"type":"integer","default":"1"}"#,
        r#"{"type":"null"}"#,
        "{}",
        "true",
    ] {
        let schema = alloc::format!(r#"{{"type":"object","properties":{{"p":{property}}}}}"#);
        let error = Form::raw("m", json(&schema)).unwrap_err();
        assert!(error.0.starts_with("`p`: "), "{property}: {error}");
    }
    for schema in [
        "[]",
        "true",
        r#"{"type":"object"}"#,
        r#"{"type":"array","properties":{}}"#,
        r#"{"type":"object","properties":[]}"#,
        r#"{"type":"object","properties":{},"required":["a"]}"#,
        r#"{"type":"object","properties":{},"$defs":{}}"#,
        r#"{"type":"object","properties":{},"additionalProperties":{}}"#,
    ] {
        assert!(Form::raw("m", json(schema)).is_err(), "{schema}");
    }
}

#[test]
fn answers_are_accepted_declined_or_cancelled() {
    spec!("ELI-10");
    let read = |text| read_elicited(&json(text));
    let content = r#"{"action":"accept","content":{"a" : 1},"_meta":{}}"#;
    assert_eq!(read(content), Ok(Elicited::Accepted(json(r#"{"a" : 1}"#))));
    let none = Ok(Elicited::Accepted(json("{}")));
    assert_eq!(read(r#"{"action":"accept"}"#), none);
    assert_eq!(read(r#"{"action":"accept","content":null}"#), none);
    assert_eq!(read(r#"{"action":"decline","content":{}}"#), Ok(Elicited::Declined));
    assert_eq!(read(r#"{"action":"c\u0061ncel"}"#), Ok(Elicited::Cancelled));
    for text in [
        "{}",
        "[]",
        r#"["accept",{}]"#,
        r#"{"action":"Accept"}"#,
        r#"{"action":1}"#,
        r#"{"action":"accept","content":[]}"#,
        r#"{"action":"accept","content":"a"}"#,
    ] {
        assert!(read(text).is_err(), "{text}");
    }
    let accepted = json(r#"{"action":"accept"}"#);
    assert_eq!(read_visited(&accepted), Ok(Elicited::Accepted(())));
    assert_eq!(read_visited(&json(r#"{"action":"cancel"}"#)), Ok(Elicited::Cancelled));
}

#[test]
fn answers_that_nobody_asked_for_count_only_where_the_form_says_so() {
    assert!(!Form::new("m").accepts_unasked());
    assert!(Form::new("m").accept_unasked().accepts_unasked());
}

proptest! {
    #[test]
    fn no_schema_and_no_answer_make_it_panic(
        schema in "[a-z\"{}\\[\\],:0-9.]{0,40}",
        value in "[-0-9.eE\"a\\[\\]{},tfn]{0,12}",
    ) {
        if let Ok(schema) = Json::parse_text(&schema) {
            let _ = Form::raw("m", schema);
        }
        if let Ok(value) = Json::parse_text(&value) {
            let _ = form().check(&value);
            let _ = read_elicited(&value);
            for name in ["string", "number", "integer", "boolean", "choice"] {
                let _ = form().check(&json(&format!("{{\"{name}\":{}}}", value.as_str())));
            }
        }
    }
}
