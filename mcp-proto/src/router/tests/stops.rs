//! Each way to stop, in each kind of method.

use super::*;
use crate::{
    error::ErrorObject,
    schema::{Capability, Prompt, Resource, ResourceTemplate, Tool},
    server::{CompleteParams, Reference},
};

/// A router in which every handler stops with what the state says.
fn router() -> Router<Stop> {
    let mut router = Router::<Stop>::new();
    router
        .tool(Tool::new("t"), |cx, _: Json| Err::<(), _>(cx.state.clone()))
        .prompt(Prompt::new("p").optional_argument("a", "an argument"), |cx, _| {
            Err(cx.state.clone())
        })
        .resource(Resource::new("r:1", "r").unwrap(), |cx| Err(cx.state.clone()))
        .resource_template(ResourceTemplate::new("t:{x}", "t").unwrap(), |cx, _| {
            Err(cx.state.clone())
        })
        .complete(|cx, _| Err(cx.state.clone()))
        .method("own/method", |cx, _| Err(cx.state.clone()));
    router
}

fn methods() -> [Method; 6] {
    let reference = Reference::Prompt("p".into());
    let context = BTreeMap::new();
    let params = CompleteParams { reference, argument: "a".into(), value: "".into(), context };
    let complete = Method::Complete(Box::new(params));
    [tool("t", "{}"), prompt("p", &[]), read("r:1"), read("t:1"), complete, other("own/method")]
}

fn check(version: Version, stop: &Stop, tool: &str, rest: &str) {
    let mut router = router();
    for (place, method) in methods().into_iter().enumerate() {
        let said = serve(&mut router, &mut stop.clone(), client(version), method.clone());
        let expected = if place == 0 { tool } else { rest };
        assert_eq!(said, [expected], "{stop:?} in {method:?}");
    }
}

#[test]
fn a_failure_is_told_to_a_model_and_to_nobody_else() {
    spec!("SEC-10", "TOL-05");
    for version in Version::ALL {
        check(
            version,
            &Stop::Failed("no room".into()),
            r#"result {"content":[{"type":"text","text":"no room"}],"isError":true}"#,
            "error -32603 Internal error",
        );
    }
}

#[test]
fn what_is_invalid_is_said_with_its_text() {
    let error = "error -32602 too far";
    check(MODERN, &Stop::Invalid("too far".into()), error, error);
}

#[test]
fn an_error_is_given_as_it_is() {
    let error = ErrorObject::new(-5, "own").with_data(json("[1]"));
    check(LEGACY, &Stop::Error(error), "error -5 own [1]", "error -5 own [1]");
}

#[test]
fn an_undeclared_capability_is_named() {
    let error = "error -32021 The request needs a client capability that was not declared \
        {\"requiredCapabilities\":{\"elicitation\":{\"url\":{}}}}";
    for version in [LEGACY, MODERN] {
        check(version, &Stop::Undeclared(Capability::ElicitationUrl), error, error);
    }
}

#[test]
fn what_is_not_found_has_the_error_of_the_revision() {
    spec!("RES-02", "RES-03", "RES-04");
    for (version, code) in [(LEGACY, -32002), (MODERN, -32602)] {
        for (place, method) in methods().into_iter().enumerate() {
            let said = serve(&mut router(), &mut Stop::NotFound, client(version), method);
            let data = match place {
                2 => " {\"uri\":\"r:1\"}",
                3 => " {\"uri\":\"t:1\"}",
                _ => "",
            };
            assert_eq!(said, [format!("error {code} Resource not found{data}")]);
        }
    }
}

#[test]
fn a_cancelled_call_is_not_answered() {
    for method in methods() {
        let client = client(MODERN);
        client.flags.cancelled.store(true, core::sync::atomic::Ordering::Relaxed);
        let said = serve(&mut router(), &mut Stop::Cancelled, client, method);
        assert_eq!(said, [] as [&str; 0]);
    }
}

#[test]
fn a_handler_that_gives_up_a_call_nobody_has_cancelled_is_answered_for() {
    let error = "error -32603 Internal error";
    check(MODERN, &Stop::Cancelled, error, error);
}

#[test]
fn a_handler_that_says_it_asked_without_asking_is_answered_for() {
    let error = "error -32603 Internal error";
    check(MODERN, &Stop::Asked, error, error);
}
