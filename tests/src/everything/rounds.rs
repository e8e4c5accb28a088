//! Tools that ask in every way that 2026-07-28 has. They work in the other revisions too, where
//! each question is a request.

use mcp_proto::{
    Router,
    router::Stop,
    schema::{Capability, Elicited, Form, Root, Sampling, Tool},
    server::Question,
};
use serde_json::json as value;

use super::{
    NoArguments, State, failed,
    forms::{Agreed, Colour, Name, agreed_form, colour_form, name_form},
    json,
};

pub(super) fn add(router: &mut Router<State>) {
    add_single(router);
    add_several(router);
}

fn fixture(name: &str, description: &str) -> Tool {
    Tool::new(format!("test_input_required_result_{name}")).description(description)
}

/// One question of each kind.
fn add_single(router: &mut Router<State>) {
    router
        .tool(fixture("elicitation", "Asks the person's name"), |cx, _: NoArguments| {
            Ok(greet(cx.elicit("user_name", any_name())?))
        })
        .tool(fixture("sampling", "Asks the model for a capital"), |cx, _: NoArguments| {
            let sampled = cx.sample("capital", capital_question())?;
            Ok(format!("The model says: {}", sampled.text()))
        })
        .tool(fixture("list_roots", "Asks for the roots"), |cx, _: NoArguments| {
            Ok(describe(&cx.roots()?))
        })
        .tool(fixture("request_state", "Asks, with a sealed state"), |cx, _: NoArguments| {
            let drawn = cx.once("drawn", |state: &mut State| {
                state.drawn += 1;
                state.drawn
            });
            Ok(match cx.elicit("confirm", agreed_form())? {
                Elicited::Accepted(Agreed { ok: true }) => format!("state-ok: number {drawn}"),
                _ => format!("state-ok: not number {drawn}"),
            })
        })
        .tool(fixture("tampered_state", "Asks, and checks the state"), |cx, _: NoArguments| {
            Ok(greet(cx.elicit("user_name", any_name())?))
        });
}

/// Several questions: at once, one after the other, and by what the client can do.
fn add_several(router: &mut Router<State>) {
    router
        .tool(fixture("multiple_inputs", "Asks three things at once"), |cx, _: NoArguments| {
            let name = cx.elicit("user_name", any_name());
            if let Err(stop @ Stop::Undeclared(_)) = name {
                return Err(stop); // Without it, the others need not be asked.
            }
            let capital = cx.sample("capital", capital_question());
            let roots = cx.roots();
            // Only now does the handler stop, if one of the answers is not there yet.
            let (name, capital, roots) = (name?, capital?, roots?);
            Ok(format!("{} {} {}", greet(name), capital.text(), describe(&roots)))
        })
        .tool(fixture("multi_round", "Asks one thing after the other"), |cx, _: NoArguments| {
            let name = cx.elicit::<Name>("user_name", any_name())?;
            let colour = cx.elicit::<Colour>("colour", colour_form())?;
            match (name, colour) {
                (Elicited::Accepted(Name { name }), Elicited::Accepted(Colour { color })) => {
                    Ok(format!("{name} likes {color} best."))
                }
                _ => failed("One of the questions was not answered."),
            }
        })
        .tool(fixture("capabilities", "Asks what the client can answer"), |cx, _: NoArguments| {
            let can = |capability| cx.call().terms.capabilities.has(&capability);
            let mut questions = Vec::new();
            if can(Capability::ElicitationForm) {
                questions.push(("user_name".into(), Question::Elicit(name_params())));
            }
            if can(Capability::Sampling) {
                questions.push(("capital".into(), Question::Sample(capital_params())));
            }
            if questions.is_empty() {
                return Err(Stop::Undeclared(Capability::Sampling));
            }
            let answers = cx.ask_all(questions)?;
            Ok(format!("{} answered", answers.len()))
        });
}

/// Asks for a name. Any answer will do here, so one that came unasked is as good.
fn any_name() -> Form {
    name_form().accept_unasked()
}

fn greet(name: Elicited<Name>) -> String {
    match name {
        Elicited::Accepted(Name { name }) => format!("Hello, {name}!"),
        Elicited::Declined => "Hello, whoever does not want to say!".into(),
        Elicited::Cancelled => "Hello, whoever has gone!".into(),
    }
}

fn capital_question() -> Sampling {
    Sampling::new("What is the capital of France?", 100)
}

fn describe(roots: &[Root]) -> String {
    let uris: Vec<&str> = roots.iter().map(|root| root.uri.as_str()).collect();
    format!("{} roots: {}", roots.len(), uris.join(", "))
}

/// A form as the wire has it, for [`Question::Elicit`].
fn name_params() -> mcp_proto::wire::Json {
    json(&value!({
        "message": "What is your name?",
        "requestedSchema": {
            "type": "object",
            "properties": {"name": {"type": "string"}},
            "required": ["name"],
        },
    }))
}

/// A request to the model as the wire has it, for [`Question::Sample`].
fn capital_params() -> mcp_proto::wire::Json {
    json(&value!({
        "messages": [{
            "role": "user",
            "content": {"type": "text", "text": "What is the capital of France?"},
        }],
        "maxTokens": 100,
    }))
}
