//! Requests to the model, and its answers.

use alloc::{format, string::String, vec, vec::Vec};

use super::*;
use crate::{
    schema::{Annotations, Capability, Resource, tests::table_of_params},
    version::{Rules, Version},
};

fn json(text: &str) -> Json {
    Json::parse_text(text).unwrap()
}

fn newest() -> &'static Rules {
    Version::V2026_07_28.rules()
}

fn sent(request: &Sampling) -> String {
    table_of_params(|rules| request.to_params(rules))
}

fn uses(id: &str) -> SamplingContent {
    SamplingContent::ToolUse { id: id.into(), name: "t".into(), input: json("{}") }
}

fn answers(id: &str) -> SamplingContent {
    SamplingContent::ToolResult {
        tool_use_id: id.into(),
        content: vec![Content::text("r")],
        structured: Some(json("[1]")),
        is_error: true,
    }
}

#[test]
fn a_request_has_what_the_revision_has() {
    let request = Sampling::new("p", 100)
        .assistant(Content::image(b"i", "image/png"))
        .user(Content::audio(b"a", "audio/wav"))
        .system_prompt("S")
        .temperature(0.5)
        .stop_sequence("\n")
        .prefer(ModelPreferences {
            hints: vec!["a".into(), "b".into()],
            cost: Some(0.0),
            speed: Some(1.0),
            intelligence: Some(0.25),
        })
        .include_context(IncludeContext::ThisServer)
        .metadata(json(r#"{"m":1}"#));
    insta::assert_snapshot!(sent(&request));
}

#[test]
fn tools_are_sent_from_the_revision_that_has_them() {
    let request = Sampling::conversation(7)
        .message(Role::User, vec![Content::text("a").into(), Content::text("b").into()])
        .message(Role::Assistant, vec![uses("1"), Content::text("x").into(), uses("2")])
        .message(Role::User, vec![answers("2"), answers("1")])
        .tool(Tool::new("t").no_arguments())
        .tool_choice(ToolChoice::Required);
    insta::assert_snapshot!(sent(&request));
}

#[test]
fn tool_blocks_and_several_blocks_are_refused_where_the_revision_has_none() {
    spec!("SAM-10", "SAM-14");
    let old = Version::V2025_06_18.rules();
    let two = vec![Content::text("a").into(), Content::text("b").into()];
    for request in [
        Sampling::conversation(1).message(Role::User, two),
        Sampling::new("p", 1).assistant(uses("1")).user(answers("1")),
        Sampling::new("p", 1).tool(Tool::new("t")),
        Sampling::new("p", 1).tool_choice(ToolChoice::Auto),
    ] {
        assert!(request.to_params(old).is_err());
        assert!(request.to_params(newest()).is_ok());
    }
}

#[test]
fn each_use_of_a_tool_is_followed_by_its_result_and_nothing_else() {
    spec!("SAM-05", "SAM-06");
    let ask = || Sampling::new("p", 1);
    let mixed = || vec![answers("1"), Content::text("x").into()];
    for (why, request) in [
        ("is not followed", ask().assistant(uses("1"))),
        ("is not followed", ask().assistant(uses("1")).user("x")),
        ("is not followed", ask().assistant(uses("1")).assistant("x").user(answers("1"))),
        ("does not follow", ask().user(answers("1"))),
        ("does not follow", ask().assistant(uses("1")).user(answers("2"))),
        ("stand by themselves", ask().assistant(uses("1")).message(Role::User, mixed())),
        ("stand by themselves", ask().assistant(uses("1")).assistant(answers("1"))),
        ("only the model", ask().user(uses("1")).user(answers("1"))),
        ("twice", ask().message(Role::Assistant, vec![uses("1"), uses("1")]).user(answers("1"))),
    ] {
        let error = request.to_params(newest()).unwrap_err();
        assert!(error.contains(why), "{error}");
    }
    let two_results = vec![answers("1"), answers("1")];
    let request = ask().assistant(uses("1")).message(Role::User, two_results);
    assert!(request.to_params(newest()).is_err());
    let again = ask().assistant(uses("1")).user(answers("1")).assistant(uses("1"));
    assert!(again.user(answers("1")).to_params(newest()).is_ok());
}

#[test]
fn what_a_model_is_not_sent_is_refused() {
    let link = Content::link(Resource::new("a:b", "n").unwrap());
    let cost = |cost| ModelPreferences { cost: Some(cost), ..ModelPreferences::default() };
    for request in [
        Sampling::new("p", 1).user(link),
        Sampling::new("p", 1).user(Content::Raw(json("{}"))),
        Sampling::new("p", 1).user(SamplingContent::Other(json("{}"))),
        Sampling::conversation(1).message(Role::User, vec![]),
        Sampling::new("p", 1).temperature(f64::NAN),
        Sampling::new("p", 1).prefer(cost(1.5)),
        Sampling::new("p", 1).prefer(cost(f64::NAN)),
        Sampling::new("p", 1).metadata(json("[]")),
    ] {
        assert!(request.to_params(newest()).is_err(), "{request:?}");
    }
}

#[test]
fn a_request_needs_what_it_uses_where_clients_can_declare_it() {
    spec!("SAM-02", "SAM-09");
    use Capability::{Sampling as Plain, SamplingContext, SamplingTools};
    let with_tools = Sampling::new("p", 1).tool(Tool::new("t"));
    let all = with_tools.include_context(IncludeContext::AllServers);
    assert_eq!(all.needs(newest()), [Plain, SamplingTools, SamplingContext]);
    assert_eq!(all.needs(Version::V2024_11_05.rules()), [Capability::Sampling]);
    let nothing = Sampling::new("p", 1).include_context(IncludeContext::None);
    assert_eq!(nothing.needs(newest()), [Capability::Sampling]);
}

#[test]
fn an_answer_is_one_block_or_several() {
    spec!("SAM-10", "SAM-11");
    let one = Sampled::read(&json(
        r#"{"role":"assistant","content":{"type":"text","text":"Paris"},"model":"m",
            "stopReason":"a new reason"}"#,
    ));
    let one = one.unwrap();
    assert_eq!(
        (one.role, one.text().as_str(), one.model.as_str()),
        (Role::Assistant, "Paris", "m")
    );
    assert_eq!(one.stop_reason.as_deref(), Some("a new reason"));
    let several = Sampled::read(&json(
        r#"{"role":"assistant","model":"m","content":[
            {"type":"text","text":"a"},
            {"type":"image","data":"AA==","mimeType":"image/png"},
            {"type":"audio","data":"AA==","mimeType":"audio/wav"},
            {"type":"tool_use","id":"1","name":"t","input":{"x" : 1},"new":true},
            {"type":"new","x":1},
            {"type":"text","text":"b"}]}"#,
    ));
    let several = several.unwrap();
    assert_eq!((several.text().as_str(), several.stop_reason), ("ab", None));
    let [_, image, audio, tool, other, _] = <[_; 6]>::try_from(several.content).unwrap();
    let (data, mime) = (|| "AA==".into(), |mime: &str| mime.into());
    assert_eq!(image, Content::Image { data: data(), mime_type: mime("image/png") }.into());
    assert_eq!(audio, Content::Audio { data: data(), mime_type: mime("audio/wav") }.into());
    let input = json(r#"{"x" : 1}"#);
    assert_eq!(tool, SamplingContent::ToolUse { id: "1".into(), name: "t".into(), input });
    assert_eq!(other, SamplingContent::Other(json(r#"{"type":"new","x":1}"#)));
}

#[test]
fn an_answer_that_lacks_something_is_refused() {
    let texts: Vec<String> = [
        r#""content":{"type":"text","text":"a"},"model":"m""#,
        r#""role":"assistant","model":"m""#,
        r#""role":"assistant","content":{"type":"text","text":"a"}"#,
        r#""role":"system","content":{"type":"text","text":"a"},"model":"m""#,
        r#""role":"assistant","content":"a","model":"m""#,
        r#""role":"assistant","content":{"type":"text"},"model":"m""#,
        r#""role":"assistant","content":[{"type":"image","data":""}],"model":"m""#,
        r#""role":"assistant","content":{"type":"tool_use","id":"1","name":"t"},"model":"m""#,
    ]
    .map(|members| format!("{{{members}}}"))
    .into();
    for text in texts {
        assert!(Sampled::read(&json(&text)).is_err(), "{text}");
    }
}

#[test]
fn each_choice_of_context_and_of_tools_has_its_name() {
    for (context, name) in [
        (IncludeContext::None, "none"),
        (IncludeContext::ThisServer, "thisServer"),
        (IncludeContext::AllServers, "allServers"),
    ] {
        let params = Sampling::new("p", 1).include_context(context).to_params(newest()).unwrap();
        assert!(params.as_str().contains(&format!(r#""includeContext":"{name}""#)), "{params:?}");
    }
    for (choice, name) in
        [(ToolChoice::None, "none"), (ToolChoice::Auto, "auto"), (ToolChoice::Required, "required")]
    {
        let request = Sampling::new("p", 1).tool(Tool::new("t")).tool_choice(choice);
        let params = request.to_params(newest()).unwrap();
        let expected = format!(r#""toolChoice":{{"mode":"{name}"}}"#);
        assert!(params.as_str().contains(&expected), "{params:?}");
    }
}

#[test]
fn what_is_said_of_a_block_does_not_change_what_it_is() {
    let marked = |content: Content| content.annotated(Annotations::new().priority(1.0));
    let request = Sampling::new("p", 1).user(marked(Content::image(b"i", "image/png")));
    assert!(request.to_params(newest()).is_ok());
    let link = marked(Content::link(Resource::new("a:b", "n").unwrap()));
    assert!(Sampling::new("p", 1).user(link).to_params(newest()).is_err());
}
