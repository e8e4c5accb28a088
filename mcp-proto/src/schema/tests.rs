//! What each revision sees of definitions and results that have every member.

use alloc::{
    collections::BTreeMap,
    format,
    string::{String, ToString},
    vec::Vec,
};

use serde_json::Value;

use super::*;
use crate::{
    version::{Rules, Version},
    wire::Json,
};

/// A table of every member that a text has under some revision: one line for each member and
/// value, with the revisions (`A` is the oldest) that have it so.
pub(super) fn table(encode: impl Fn(&Rules, &mut String)) -> String {
    let mut seen: BTreeMap<(String, String), String> = BTreeMap::new();
    for (version, letter) in Version::ALL.into_iter().zip("ABCDE".chars()) {
        let mut text = String::new();
        encode(version.rules(), &mut text);
        let value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        let mut leaves = Vec::new();
        flatten("", &value, &mut leaves);
        for leaf in leaves {
            seen.entry(leaf).or_default().push(letter);
        }
    }
    let line = |((path, value), letters): (&(String, String), &String)| {
        let shown = "ABCDE".chars().map(|l| if letters.contains(l) { l } else { '.' });
        format!("{} {path} {value}\n", shown.collect::<String>())
    };
    seen.iter().map(line).collect()
}

/// The table of parameters that some revisions cannot be sent: those are told why.
pub(super) fn table_of_params(params: impl Fn(&Rules) -> Result<Json, String>) -> String {
    table(|rules, out| {
        let none = |why: String| json(&format!("{{\"none\":{why:?}}}"));
        out.push_str(params(rules).unwrap_or_else(none).as_str());
    })
}

/// All values that hold no further values, with the paths to them.
fn flatten(path: &str, value: &Value, leaves: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (key, value) in members {
                flatten(&format!("{path}.{key}"), value, leaves);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, value) in items.iter().enumerate() {
                flatten(&format!("{path}[{index}]"), value, leaves);
            }
        }
        _ => leaves.push((path.into(), value.to_string())),
    }
}

/// The text for the newest revision.
fn newest(encode: impl Fn(&Rules, &mut String)) -> String {
    let mut out = String::new();
    encode(Version::V2026_07_28.rules(), &mut out);
    out
}

fn braced(encode: impl Fn(&Rules, &mut String)) -> impl Fn(&Rules, &mut String) {
    move |rules, out| {
        let mut members = String::new();
        encode(rules, &mut members);
        out.extend(["{", &members, "}"]);
    }
}

fn json(text: &str) -> Json {
    Json::parse_text(text).unwrap()
}

fn icon() -> Icon {
    Icon {
        mime_type: Some("image/png".into()),
        sizes: ["48x48".into(), "any".into()].into(),
        theme: Some("dark".into()),
        ..Icon::new("https://a/i.png")
    }
}

fn annotations() -> Annotations {
    let both = Annotations::new().audience(Role::User).audience(Role::Assistant);
    both.audience(Role::User).priority(0.5).last_modified("2025-01-12T15:00:58Z")
}

fn tool() -> Tool {
    let annotations = ToolAnnotations {
        title: Some("H".into()),
        read_only: Some(false),
        destructive: Some(true),
        idempotent: Some(true),
        open_world: Some(false),
    };
    let input = r#"{"type":"object","properties":{"r":{"type":"string","x-mcp-header":"R"}}}"#;
    Tool::new("n")
        .title("T")
        .description("D")
        .icon(icon())
        .meta("com.example/k", json("[1]"))
        .unwrap()
        .input_schema(json(input))
        .unwrap()
        .output_schema(json(r#"{"type":"object","required":["x"]}"#))
        .unwrap()
        .annotations(annotations)
        .scope("files:read")
}

#[test]
fn a_tool_has_what_the_revision_has() {
    spec!("ICO-03", "TOL-13", "TOL-19");
    insta::assert_snapshot!(table(|rules, out| tool().encode(rules, out)));
}

#[test]
fn a_plain_tool_is_its_name_and_the_schema_of_any_object() {
    spec!("TOL-02");
    let text = newest(|rules, out| Tool::new("a\"b").encode(rules, out));
    assert_eq!(text, r#"{"name":"a\"b","inputSchema":{"type":"object"}}"#);
    let text = newest(|rules, out| Tool::new("a").no_arguments().encode(rules, out));
    let schema = r#"{"type":"object","additionalProperties":false}"#;
    assert_eq!(text, format!(r#"{{"name":"a","inputSchema":{schema}}}"#));
}

#[test]
fn an_output_schema_of_another_type_is_sent_to_the_newest_revision_alone() {
    let tool = Tool::new("n").output_schema(json(r#"{"type":"array"}"#)).unwrap();
    insta::assert_snapshot!(table(|rules, out| tool.encode(rules, out)), @r#"
    ABCDE .inputSchema.type "object"
    ABCDE .name "n"
    ....E .outputSchema.type "array"
    "#);
}

#[test]
fn schemas_that_may_not_stand_are_refused() {
    spec!("TOL-02");
    for schema in ["null", "[]", "true", "{}", r#"{"type":"array"}"#] {
        assert!(Tool::new("n").input_schema(json(schema)).is_err(), "{schema}");
    }
    for schema in ["null", "[]", "1"] {
        assert!(Tool::new("n").output_schema(json(schema)).is_err(), "{schema}");
    }
    assert!(Tool::new("n").output_schema(json("true")).is_ok());
}

#[cfg(feature = "schemars")]
#[test]
fn schemas_are_made_of_types() {
    /// Not told to the model by its name.
    #[derive(schemars::JsonSchema)]
    #[allow(dead_code)]
    struct Add {
        /// The first summand.
        a: i64,
        b: Option<i64>,
    }
    #[derive(schemars::JsonSchema)]
    #[serde(tag = "kind")]
    #[allow(dead_code)]
    enum Shape {
        Circle { radius: f64 },
    }
    let tool = Tool::new("add").arguments::<Add>().unwrap().returns::<Vec<u8>>().unwrap();
    insta::assert_snapshot!(table(|rules, out| tool.encode(rules, out)));
    let tool = Tool::new("draw").arguments::<Shape>().unwrap();
    assert!(tool.arguments_schema().as_str().contains(r#""type":"object""#));
    assert!(Tool::new("no").arguments::<String>().is_err());
    assert!(Tool::new("no").arguments::<()>().is_err());
}

#[test]
fn a_tool_result_has_what_the_revision_has() {
    spec!("TOL-13");
    let result = ToolResult::error("E")
        .content(Content::audio(b"\x00\xff", "audio/wav"))
        .content(Content::link(resource()))
        .content("t");
    let result = ToolResult { structured: Some(json(r#"{"x":1}"#)), ..result };
    let encode = braced(|rules, out| result.encode_members(rules, out));
    insta::assert_snapshot!(table(encode));
}

#[test]
fn a_structured_result_without_text_is_also_sent_as_text() {
    spec!("TOL-09", "TOL-10");
    let result = ToolResult::structured(json("[null]"));
    let encode = braced(|rules: &Rules, out: &mut String| result.encode_members(rules, out));
    insta::assert_snapshot!(table(encode), @r#"
    ABCDE .content[0].text "[null]"
    ABCDE .content[0].type "text"
    ....E .structuredContent[0] null
    "#);
    let result = result.content("two words");
    let text = newest(|rules, out| result.encode_members(rules, out));
    let content = r#""content":[{"type":"text","text":"two words"}]"#;
    assert_eq!(text, format!(r#"{content},"structuredContent":[null]"#));
}

#[test]
fn a_structured_null_is_sent_and_an_absent_result_is_not() {
    spec!("TOL-11");
    let null = ToolResult::structured(json("null"));
    let text = newest(|rules, out| null.encode_members(rules, out));
    assert!(text.ends_with(r#","structuredContent":null"#));
    let text = newest(|rules, out| ToolResult::default().encode_members(rules, out));
    assert_eq!(text, r#""content":[]"#);
}

fn resource() -> Resource {
    Resource::new("file:///a", "n")
        .unwrap()
        .title("T")
        .description("D")
        .icon(icon())
        .meta("k", json("{}"))
        .unwrap()
        .mime_type("text/plain")
        .size(7)
        .annotations(annotations())
}

#[test]
fn a_resource_has_what_the_revision_has() {
    spec!("ICO-03", "TOL-13");
    insta::assert_snapshot!(table(|rules, out| resource().encode(rules, out)));
}

#[test]
fn a_resource_template_has_what_the_revision_has() {
    let template = ResourceTemplate::new("file:///{+path}", "n")
        .unwrap()
        .title("T")
        .description("D")
        .icon(icon())
        .meta("k", json("null"))
        .unwrap()
        .mime_type("text/plain")
        .annotations(annotations());
    insta::assert_snapshot!(table(|rules, out| template.encode(rules, out)));
}

#[test]
fn contents_are_text_or_base64() {
    spec!("PRM-07", "RES-05");
    let contents = ResourceContents::text("a:b", "\n\"é").mime_type("text/plain");
    let contents = contents.meta("k", json("1")).unwrap();
    insta::assert_snapshot!(table(|rules, out| contents.encode(rules, out)), @r#"
    ..CDE ._meta.k 1
    ABCDE .mimeType "text/plain"
    ABCDE .text "\n\"é"
    ABCDE .uri "a:b"
    "#);
    let text = newest(|rules, out| ResourceContents::blob("a:b", &[0, 255]).encode(rules, out));
    assert_eq!(text, r#"{"uri":"a:b","blob":"AP8="}"#);
}

#[test]
fn a_resource_without_a_uri_is_refused() {
    for uri in ["", "a", "a b:c", "file:///ä"] {
        assert!(Resource::new(uri, "n").is_err(), "{uri}");
    }
}

#[test]
fn blocks_of_content_have_what_the_revision_has() {
    spec!("PRM-04", "PRM-05", "PRM-07", "TOL-13");
    let contents = ResourceContents::text("a:b", "t").meta("k", json("1")).unwrap();
    let blocks = [
        Content::text("t").annotated(annotations()).meta("k", json("1")).unwrap(),
        Content::image(b"i", "image/png").annotated(annotations().priority(7.0)),
        Content::audio(b"a", "audio/wav").meta("k", json("2")).unwrap(),
        Content::resource(contents).annotated(Annotations::new().last_modified("t")),
        Content::link(resource()).annotated(Annotations::new()).meta("l", json("3")).unwrap(),
        Content::Raw(json(r#"{"type":"new"}"#)).annotated(annotations()),
    ];
    insta::assert_snapshot!(table(|rules, out| {
        entity::write_list(&blocks, out, |block, out| block.encode(rules, out));
    }));
}

#[test]
fn plain_text_is_the_shortest_block() {
    let text = newest(|rules, out| Content::text("a\"\n").encode(rules, out));
    assert_eq!(text, r#"{"type":"text","text":"a\"\n"}"#);
}

#[test]
fn a_priority_stays_between_nothing_and_everything() {
    for (given, sent) in [(-1.0, "0"), (0.25, "0.25"), (f64::INFINITY, "1")] {
        let block = Content::text("t").annotated(Annotations::new().priority(given));
        let text = newest(|rules, out| block.encode(rules, out));
        assert!(text.contains(&format!("\"priority\":{sent}}}")), "{text}");
    }
    let block = Content::text("t").annotated(Annotations::new().priority(f64::NAN));
    assert_eq!(newest(|rules, out| block.encode(rules, out)), r#"{"type":"text","text":"t"}"#);
}

#[test]
fn a_member_of_meta_that_is_not_an_applications_is_refused_everywhere() {
    spec!("META-09");
    let key = "io.modelcontextprotocol/x";
    let value = || json("1");
    assert!(Tool::new("n").meta(key, value()).is_err());
    assert!(Prompt::new("n").meta(key, value()).is_err());
    assert!(resource().meta(key, value()).is_err());
    assert!(Content::text("t").meta(key, value()).is_err());
    assert!(Content::link(resource()).meta(key, value()).is_err());
    assert!(ResourceContents::text("a:b", "t").meta(key, value()).is_err());
    assert!(ToolResult::text("t").meta(key, value()).is_err());
    assert!(PromptResult::new().meta(key, value()).is_err());
}

#[test]
fn a_prompt_has_what_the_revision_has() {
    spec!("ICO-03");
    let prompt = Prompt::new("n")
        .title("T")
        .description("D")
        .icon(icon())
        .meta("k", json("0"))
        .unwrap()
        .argument(PromptArgument::new("a").title("A"))
        .required_argument("b", "B")
        .optional_argument("c", "C");
    insta::assert_snapshot!(table(|rules, out| prompt.encode(rules, out)));
    let required = prompt.arguments().iter().filter(|argument| argument.is_required());
    assert_eq!(required.map(PromptArgument::name).collect::<Vec<_>>(), ["b"]);
}

#[test]
fn a_prompt_gives_messages_in_their_order() {
    let audio = Content::audio(b"", "audio/wav");
    let result = PromptResult::new().description("D").user("hi").assistant(audio);
    insta::assert_snapshot!(table(braced(|rules, out| result.encode_members(rules, out))));
    let text = newest(|rules, out| PromptResult::new().encode_members(rules, out));
    assert_eq!(text, r#""messages":[]"#);
}

#[test]
fn a_program_calls_itself_what_the_revision_has() {
    let info = Implementation {
        title: Some("T".into()),
        description: Some("D".into()),
        website_url: Some("https://a".into()),
        icons: [icon()].into(),
        ..Implementation::new("n", "1.0")
    };
    insta::assert_snapshot!(table(|rules, out| *out += &info.encode(rules)));
    assert_eq!(json(&info.encode(Version::V2026_07_28.rules())).parse(), Ok(info));
}

#[test]
fn a_server_declares_what_the_revision_has() {
    let list_changed = true;
    let capabilities = ServerCapabilities {
        logging: true,
        completions: true,
        prompts: Some(ListCapability { list_changed }),
        resources: Some(ResourcesCapability { subscribe: true, list_changed }),
        tools: Some(ListCapability { list_changed }),
        extensions: [("com.example/x".into(), json("{}"))].into(),
        experimental: [("e".into(), json(r#"{"a":1}"#)), ("f".into(), json("{}"))].into(),
    };
    insta::assert_snapshot!(table(|rules, out| *out += &capabilities.encode(rules)));
}

#[test]
fn an_extension_is_named_by_a_prefix_and_a_name() {
    spec!("VER-11");
    for id in ["com.example/x", "io.modelcontextprotocol/tasks", "x/y", "a.b-c/d_e.f", "a/"] {
        assert_eq!(extension_id(id), Ok(id));
    }
    for id in ["", "x", "/x", "com..example/x", "1com/x", "com-/x", "com.example/x y", "a/b/c"] {
        assert_eq!(extension_id(id), Err(InvalidExtensionId), "{id}");
        let extensions = [(id.into(), json("{}"))].into();
        let capabilities = ServerCapabilities { extensions, ..ServerCapabilities::default() };
        assert_eq!(capabilities.encode(Version::V2026_07_28.rules()), "{}");
    }
}

#[test]
fn an_icon_comes_from_the_web_or_from_itself() {
    spec!("ICO-01");
    for (src, safe) in [
        ("https://a.example/i.png", true),
        ("HTTP://a.example/i.png", true),
        ("data:image/png;base64,AA==", true),
        ("javascript:alert(1)", false),
        ("file:///etc/passwd", false),
        ("ftp://a.example/i.png", false),
        ("ws://a.example/i", false),
        (" javascript:x", false),
        ("i.png", false),
        ("", false),
    ] {
        assert_eq!(Icon::new(src).is_safe(), safe, "{src}");
    }
}

#[test]
fn what_a_server_does_not_do_is_not_declared() {
    let rules = Version::V2026_07_28.rules();
    assert_eq!(ServerCapabilities::default().encode(rules), "{}");
    let quiet = ServerCapabilities {
        prompts: Some(ListCapability::default()),
        resources: Some(ResourcesCapability { subscribe: true, list_changed: false }),
        tools: Some(ListCapability::default()),
        ..ServerCapabilities::default()
    };
    assert_eq!(quiet.encode(rules), r#"{"prompts":{},"resources":{"subscribe":true},"tools":{}}"#);
}

#[test]
fn who_speaks_has_one_name_everywhere() {
    for (role, name) in [(Role::User, "user"), (Role::Assistant, "assistant")] {
        assert_eq!(role.as_str(), name);
        let result = PromptResult::new().meta("k", json("1")).unwrap();
        let result = PromptResult { messages: [(role, Content::text("t"))].into(), ..result };
        assert_eq!(result.meta, [("k".into(), json("1"))]);
        let text = newest(|rules, out| result.encode_members(rules, out));
        assert!(text.contains(&format!(r#""role":"{name}""#)), "{text}");
    }
}

#[test]
fn a_structured_result_with_a_text_of_its_own_is_not_sent_as_text_too() {
    let marked = Content::text("own").annotated(annotations());
    for (content, blocks) in [(marked, 1), (Content::Raw(json(r#"{"type":"new"}"#)), 2)] {
        let result = ToolResult::structured(json(r#"{"a":1}"#)).content(content);
        let text = newest(braced(|rules, out| result.encode_members(rules, out)));
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["content"].as_array().unwrap().len(), blocks, "{text}");
    }
}
