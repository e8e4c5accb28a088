//! What clients declare, well and badly.

use alloc::{string::String, vec, vec::Vec};

use proptest::prelude::*;

use super::*;
use crate::schema::Capability;

fn all() -> Vec<Capability> {
    vec![
        Capability::Roots,
        Capability::Sampling,
        Capability::SamplingTools,
        Capability::SamplingContext,
        Capability::ElicitationForm,
        Capability::ElicitationUrl,
        Capability::Extension("com.example/\"x\"".into()),
    ]
}

fn declared(text: &str) -> Vec<Capability> {
    let capabilities = ClientCapabilities::parse(text).unwrap();
    all().into_iter().filter(|capability| capabilities.has(capability)).collect()
}

#[test]
fn presence_is_what_counts() {
    use Capability::{ElicitationForm, ElicitationUrl, Roots, Sampling, SamplingContext};
    for (text, expected) in [
        ("{}", vec![]),
        (r#"{"roots":{}}"#, vec![Roots]),
        (r#" {"sampling":{"new":1},"new":true}"#, vec![Sampling]),
        (r#"{"sampling":{"context":{}}}"#, vec![Sampling, SamplingContext]),
        (r#"{"elicitation":{}}"#, vec![ElicitationForm]),
        (r#"{"elicitation":{"new":{}}}"#, vec![ElicitationForm]),
        (r#"{"elicitation":{"form":{}}}"#, vec![ElicitationForm]),
        (r#"{"elicitation":{"url":{}}}"#, vec![ElicitationUrl]),
        (r#"{"elicitation":{"url":{},"form":{}}}"#, vec![ElicitationForm, ElicitationUrl]),
        (r#"{"roots":null,"elicitation":{"url":null},"sampling":null}"#, vec![ElicitationForm]),
        (r#"{"r\u006fots":{}}"#, vec![Roots]),
    ] {
        assert_eq!(declared(text), expected, "{text}");
    }
}

#[test]
fn what_is_required_is_what_a_client_would_declare() {
    for capability in all() {
        let text = capability.required();
        assert!(declared(text.as_str()).contains(&capability), "{text:?}");
    }
    let url = Capability::ElicitationUrl.required();
    assert_eq!(url.as_str(), r#"{"elicitation":{"url":{}}}"#);
    assert_eq!(Capability::ElicitationForm.required().as_str(), r#"{"elicitation":{}}"#);
}

#[test]
fn a_capability_that_is_no_object_is_refused_by_its_name() {
    for (text, path) in [
        ("null", "capabilities"),
        ("[]", "capabilities"),
        (r#"{"roots":true}"#, "capabilities.roots"),
        (r#"{"roots":{"listChanged":1}}"#, "capabilities.roots.listChanged"),
        (r#"{"sampling":[]}"#, "capabilities.sampling"),
        (r#"{"sampling":{"tools":true}}"#, "capabilities.sampling.tools"),
        (r#"{"elicitation":"form"}"#, "capabilities.elicitation"),
        (r#"{"elicitation":{"url":true}}"#, "capabilities.elicitation.url"),
        (r#"{"extensions":true}"#, "capabilities.extensions"),
        (r#"{"extensions":{"a/b":true}}"#, "capabilities.extensions[\"a/b\"]"),
        (r#"{"experimental":7}"#, "capabilities.experimental"),
    ] {
        let error = ClientCapabilities::parse(text).unwrap_err().0;
        assert!(error.starts_with(&format!("{path} must be ")), "{text}: {error}");
    }
}

#[test]
fn members_are_kept_as_they_came() {
    let text = r#"{"new":[1],"experimental":{"e":{"a" : 1.0}},"extensions":{"a/b":{"c":2}}}"#;
    let capabilities = ClientCapabilities::parse(text).unwrap();
    assert_eq!(capabilities.raw.as_ref().map(Json::as_str), Some(text));
    assert_eq!(capabilities.experimental["e"].as_str(), r#"{"a" : 1.0}"#);
    assert_eq!(capabilities.extensions["a/b"].as_str(), r#"{"c":2}"#);
    let roots = ClientCapabilities::parse(r#"{"roots":{"listChanged":true}}"#).unwrap().roots;
    assert_eq!(roots, Some(ListCapability { list_changed: true }));
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(
        text in any::<String>(),
        member in "[a-z\"{}\\[\\],:]{0,20}",
    ) {
        let _ = ClientCapabilities::parse(&text);
        let _ = ClientCapabilities::parse(&format!("{{\"sampling\":{member}}}"));
    }
}
