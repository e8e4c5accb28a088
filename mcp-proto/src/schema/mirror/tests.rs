//! Annotations, valid and invalid, and what they stand for.

use std::string::{String, ToString};

use super::*;

fn read(schema: &str) -> Result<Vec<(String, String)>, String> {
    let mirrored = MirroredParams::of_schema(&Json::from_trusted(schema));
    let mirrored = mirrored.map_err(|InvalidSchema(why)| why)?;
    assert_eq!(mirrored.is_empty(), mirrored.iter().count() == 0);
    let mut found: Vec<_> =
        mirrored.iter().map(|param| (param.name.to_string(), param.path.join("/"))).collect();
    found.sort();
    Ok(found)
}

fn with_property(schema: &str) -> String {
    format!(r#"{{"type":"object","properties":{{"a":{schema}}}}}"#)
}

/// The only annotation of a property with this schema, or why there is none.
fn annotated(schema: &str) -> Result<String, String> {
    read(&with_property(schema)).map(|found| found[0].0.clone())
}

fn value<'a>(kind: &str, path: &[&str], arguments: &'a str) -> MirroredValue<'a> {
    let path = path.iter().map(|name| (*name).into()).collect();
    let kind = Kind::of(kind).unwrap();
    MirroredParam { name: "X".into(), path, kind }.value_in(arguments)
}

#[test]
fn a_schema_without_annotations_mirrors_nothing() {
    for schema in [
        "true",
        r#"{"type":"object"}"#,
        r#"{"type":"object","title":"\u00e9"}"#,
        r#"{"type":"object","properties":{"x-mcp-header":{"type":"string"}}}"#,
        r#"{"properties":{"a":{"default":{"x-mcp-header":"A"},"enum":["x-mcp-header"]}}}"#,
        r#"{"required":["x-mcp-header"],"properties":[]}"#,
    ] {
        assert_eq!(read(schema), Ok(vec![]), "{schema}");
    }
}

#[test]
fn properties_are_mirrored_at_any_depth() {
    spec!("SHM-44");
    let schema = r#"{"type":"object","properties":{
        "region":{"type":"string","x-mcp-header":"Region"},
        "n":{"x-mcp-header":"N","type":"integer"},
        "deep":{"type":"object","properties":{"er":{"properties":{
            "flag":{"type":"boolean","x-mcp-\u0068eader":"Flag"}}}}},
        "plain":{"anyOf":[{"type":"string"},{"type":"null"}]}}}"#;
    let expected = [("Flag", "deep/er/flag"), ("N", "n"), ("Region", "region")];
    let expected = expected.map(|(name, path)| (name.to_string(), path.to_string()));
    assert_eq!(read(schema), Ok(expected.into()));
}

#[test]
fn a_name_is_a_token() {
    spec!("SHM-39", "SHM-40");
    for name in ["Region", "a", "X-1", "Method"] {
        let schema = format!(r#"{{"type":"string","x-mcp-header":"{name}"}}"#);
        assert_eq!(annotated(&schema), Ok(name.into()));
    }
    for name in
        [r#""""#, r#""a b""#, r#""a:b""#, r#""a\r""#, r#""a\n""#, r#""é""#, "1", "null", "{}"]
    {
        let why = annotated(&format!(r#"{{"type":"string","x-mcp-header":{name}}}"#));
        let expected = r#"x-mcp-header: that of ["a"] is no name of a header field"#;
        assert_eq!(why, Err(expected.into()), "{name}");
    }
    let twice = r#"{"type":"string","x-mcp-header":"A","x-mcp-header":"B"}"#;
    assert!(annotated(twice).is_err());
}

#[test]
fn a_name_stands_for_one_property_whatever_its_case() {
    spec!("SHM-41");
    let schema = r#"{"properties":{"a":{"type":"string","x-mcp-header":"Region"},"b":{"type":"string","x-mcp-header":"REGION"}}}"#;
    let why = read(schema).unwrap_err();
    assert!(why.ends_with("stands for several properties"), "{why}");
}

#[test]
fn strings_integers_and_booleans_are_mirrored_and_nothing_else() {
    spec!("SHM-42");
    for kind in ["string", "integer", "boolean"] {
        assert!(annotated(&format!(r#"{{"type":"{kind}","x-mcp-header":"A"}}"#)).is_ok());
    }
    for kind in [
        r#""type":"number","#,
        r#""type":"object","#,
        r#""type":"array","#,
        r#""type":"null","#,
        r#""type":["string"],"#,
        r#""type":["string","null"],"#,
        r#""type":"string","type":"string","#,
        "",
    ] {
        let why = annotated(&format!(r#"{{{kind}"x-mcp-header":"A"}}"#));
        let expected = r#"x-mcp-header: the type of ["a"] is not string, integer or boolean"#;
        assert_eq!(why, Err(expected.into()), "{kind}");
    }
}

#[test]
fn an_annotation_anywhere_else_makes_all_invalid() {
    spec!("SHM-43");
    const ANNOTATED: &str = r#"{"type":"string","x-mcp-header":"B"}"#;
    let good = r#"{"type":"string","x-mcp-header":"A"}"#;
    for keyword in ["items", "not", "if", "then", "else", "additionalProperties", "contains", "new"]
    {
        for inside in [ANNOTATED.into(), with_property(ANNOTATED), format!("[{ANNOTATED}]")] {
            let schema = format!(r#"{{"properties":{{"a":{good}}},"{keyword}":{inside}}}"#);
            assert!(read(&schema).is_err(), "{schema}");
            assert!(read(&with_property(&schema)).is_err(), "{schema}");
        }
    }
    for keyword in ["oneOf", "anyOf", "allOf", "prefixItems"] {
        assert!(read(&format!(r#"{{"{keyword}":[true,{ANNOTATED}]}}"#)).is_err(), "{keyword}");
    }
    for keyword in ["$defs", "definitions", "patternProperties", "dependentSchemas"] {
        assert!(read(&format!(r#"{{"{keyword}":{{"a":{ANNOTATED}}}}}"#)).is_err(), "{keyword}");
    }
    let why = read(r#"{"type":"string","x-mcp-header":"A"}"#).unwrap_err();
    assert_eq!(why, "x-mcp-header: it stands elsewhere than at a property");
}

#[test]
fn a_schema_that_is_nested_too_deeply_is_invalid() {
    let nested = |depth: usize| {
        let innermost = r#"{"type":"string","x-mcp-header":"A"}"#.to_string();
        (0..depth).fold(innermost, |schema, _| with_property(&schema))
    };
    assert!(read(&nested(DEPTH_MAX)).is_ok());
    assert!(read(&nested(DEPTH_MAX + 1)).is_err());
    let bottomless = [r#"{"x-mcp-header":"#, &"[".repeat(100_000), &"]".repeat(100_000), "}"];
    assert!(read(&bottomless.concat()).is_err());
}

#[test]
fn a_value_is_found_by_its_path() {
    let text = |text: &'static str| MirroredValue::Text(text.into());
    for (path, arguments, found) in [
        (&["a"][..], r#"{"b":1,"a":"x"}"#, text("x")),
        (&["a", "b"], r#"{"a":{"b":"x"},"b":"y"}"#, text("x")),
        (&["a"], r#"{"\u0061":"\u0078"}"#, text("x")),
        (&["a"], r#"{"a":""}"#, text("")),
        (&["a"], r#"{"a":null}"#, MirroredValue::Absent),
        (&["a"], "{}", MirroredValue::Absent),
        (&["a", "b"], r#"{"a":"b"}"#, MirroredValue::Absent),
        (&["a", "b"], r#"{"a":null}"#, MirroredValue::Absent),
        (&["a"], r#"{"a":"x","a":"x"}"#, MirroredValue::Unfit),
        (&["a"], r#"{"a":1}"#, MirroredValue::Unfit),
        (&["a"], r#"{"a":["x"]}"#, MirroredValue::Unfit),
        (&["a"], r#"{"a":"\ud800"}"#, MirroredValue::Unfit),
    ] {
        assert_eq!(value("string", path, arguments), found, "{arguments}");
    }
}

#[test]
fn an_integer_is_one_however_it_is_written_and_exact_everywhere() {
    spec!("SHM-51");
    for (token, found) in [
        ("42", Some(42)),
        ("-42", Some(-42)),
        ("42.0", Some(42)),
        ("4.2e1", Some(42)),
        ("-0", Some(0)),
        ("9007199254740991", Some(9_007_199_254_740_991)),
        ("-9007199254740991", Some(-9_007_199_254_740_991)),
        ("9007199254740992", None),
        ("1e300", None),
        ("42.5", None),
        ("true", None),
        ("\"42\"", None),
    ] {
        let arguments = format!(r#"{{"a":{token}}}"#);
        let expected = found.map_or(MirroredValue::Unfit, MirroredValue::Integer);
        assert_eq!(value("integer", &["a"], &arguments), expected, "{token}");
    }
}

#[test]
fn a_boolean_is_true_or_false() {
    for (token, found) in [
        ("true", MirroredValue::Boolean(true)),
        ("false", MirroredValue::Boolean(false)),
        ("null", MirroredValue::Absent),
        ("0", MirroredValue::Unfit),
        ("\"true\"", MirroredValue::Unfit),
    ] {
        assert_eq!(value("boolean", &["a"], &format!(r#"{{"a":{token}}}"#)), found, "{token}");
    }
}
