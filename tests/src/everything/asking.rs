//! Tools that ask: the person, the model, the client.

use mcp_proto::{
    Router,
    schema::{Elicited, Sampling, Tool},
};
use serde::Deserialize;

use super::{
    NoArguments, State,
    forms::{User, name_form, user_form},
    taking,
};

#[derive(Deserialize)]
struct Prompt {
    prompt: String,
}

#[derive(Deserialize)]
struct Message {
    message: String,
}

pub(super) fn add(router: &mut Router<State>) {
    add_person(router);
    add_model(router);
}

fn add_person(router: &mut Router<State>) {
    let form = taking(
        &["message"],
        Tool::new("test_elicitation").description("Asks the person who they are"),
    );
    let streaming = Tool::new("test_streaming_elicitation").description("Asks the person a name");
    let url = Tool::new("elicit_url").description("Asks the person to go to a page");
    let roots = Tool::new("roots").description("Returns the roots of the client");
    router
        .tool(form, |cx, Message { message }| {
            Ok(match cx.elicit::<User>("user", user_form(&message))? {
                Elicited::Accepted(User { username, email }) => format!("{username} <{email}>"),
                Elicited::Declined => "The person declined.".into(),
                Elicited::Cancelled => "The person cancelled.".into(),
            })
        })
        .tool(streaming, |cx, _: NoArguments| {
            cx.elicit::<super::forms::Name>("user_name", name_form())?;
            Ok("Answered.")
        })
        .tool(url, |cx, _: NoArguments| {
            let url = "https://example.com/everything";
            Ok(match cx.elicit_url("page", url, "Please have a look at this page")? {
                Elicited::Accepted(()) => "The person went there.",
                Elicited::Declined => "The person did not want to go.",
                Elicited::Cancelled => "The person did not say.",
            })
        })
        .tool(roots, |cx, _: NoArguments| {
            let roots = cx.roots()?;
            Ok(roots.into_iter().map(|root| root.uri).collect::<Vec<_>>().join("\n"))
        });
}

fn add_model(router: &mut Router<State>) {
    let sampling =
        taking(&["prompt"], Tool::new("test_sampling").description("Asks the client's model"));
    let missing =
        Tool::new("test_missing_capability").description("Needs a client that can sample");
    let with_tools =
        Tool::new("sample_with_tools").description("Lets the client's model choose a tool");
    router
        .tool(sampling, |cx, Prompt { prompt }| {
            let sampled = cx.sample("answer", Sampling::new(prompt, 100))?;
            Ok(format!("LLM response: {}", sampled.text()))
        })
        .tool(missing, |cx, _: NoArguments| {
            cx.sample("answer", Sampling::new("Are you there?", 10))?;
            Ok("The model is there.")
        })
        .tool(with_tools, |cx, _: NoArguments| {
            let weather = Tool::new("weather").description("Tells the weather");
            let request = Sampling::new("What is the weather?", 100).tool(weather);
            let sampled = cx.sample("answer", request)?;
            Ok(format!("stop reason: {}", sampled.stop_reason.as_deref().unwrap_or("none")))
        });
}
