//! Forms, and the tools that show every kind of field.

use mcp_proto::{
    Router,
    schema::{Elicited, Field, Form, Format, Tool},
};
use serde::Deserialize;
use serde_json::Value;

use super::{NoArguments, State};

/// Who a person says they are.
#[derive(Debug, Deserialize)]
pub(super) struct User {
    pub(super) username: String,
    pub(super) email: String,
}

/// What a person says they are called.
#[derive(Debug, Deserialize)]
pub(super) struct Name {
    pub(super) name: String,
}

/// Whether a person agrees.
#[derive(Debug, Deserialize)]
pub(super) struct Agreed {
    pub(super) ok: bool,
}

/// Which colour a person likes best.
#[derive(Debug, Deserialize)]
pub(super) struct Colour {
    pub(super) color: String,
}

/// What a prompt is to be about.
#[derive(Debug, Deserialize)]
pub(super) struct Topic {
    pub(super) context: String,
}

pub(super) fn agreed_form() -> Form {
    Form::new("Is that right?").field("ok", Field::boolean().required())
}

pub(super) fn colour_form() -> Form {
    Form::new("Which colour do you like best?").field("color", Field::string().required())
}

pub(super) fn topic_form() -> Form {
    Form::new("What is it to be about?").field("context", Field::string().required())
}

pub(super) fn name_form() -> Form {
    Form::new("What is your name?").field("name", Field::string().title("Name").required())
}

pub(super) fn user_form(message: &str) -> Form {
    Form::new(message)
        .field("username", Field::string().description("Your name here").required())
        .field("email", Field::string().format(Format::Email).required())
}

pub(super) fn add(router: &mut Router<State>) {
    let defaults = Tool::new("test_elicitation_sep1034_defaults")
        .description("Asks with every kind of field, filled in beforehand");
    let enums =
        Tool::new("test_elicitation_sep1330_enums").description("Asks with every kind of choice");
    router
        .tool(defaults, |cx, _: NoArguments| {
            let form = Form::new("Please look at these values")
                .field("name", Field::string().default_value("John Doe"))
                .field("age", Field::integer().default_value(30))
                .field("score", Field::number().default_value(95.5))
                .field(
                    "status",
                    Field::choice(["active", "inactive", "pending"]).default_value("active"),
                )
                .field("verified", Field::boolean().default_value(true));
            Ok(describe(&cx.elicit("values", form)?))
        })
        .tool(enums, |cx, _: NoArguments| {
            let plain = ["option1", "option2", "option3"];
            let titled = [("value1", "First"), ("value2", "Second"), ("value3", "Third")];
            let form = Form::new("Please choose")
                .field("untitledSingle", Field::choice(plain))
                .field("titledSingle", Field::titled_choice(titled))
                .field("legacyEnum", Field::titled_choice(titled).legacy())
                .field("untitledMulti", Field::choices(plain))
                .field("titledMulti", Field::titled_choices(titled));
            Ok(describe(&cx.elicit("choices", form)?))
        });
}

fn describe(answer: &Elicited<Value>) -> String {
    match answer {
        Elicited::Accepted(content) => format!("accept: {content}"),
        Elicited::Declined => "decline".into(),
        Elicited::Cancelled => "cancel".into(),
    }
}
