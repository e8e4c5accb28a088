//! Prompts, and the completion of their arguments.

use std::collections::BTreeMap;

use mcp_proto::{
    Router,
    router::Stop,
    schema::{Completion, Content, Elicited, Prompt, PromptResult, ResourceContents},
    server::Reference,
};

use super::{
    State,
    content::PIXEL,
    forms::{Topic, topic_form},
    resources::TEMPLATE,
};

/// What the completed arguments begin with.
const COMPLETIONS: [&str; 3] = ["testValue1", "testValue2", "other"];

pub(super) fn add(router: &mut Router<State>) {
    let simple = Prompt::new("test_simple_prompt").description("A prompt without arguments");
    let with_arguments = Prompt::new("test_prompt_with_arguments")
        .description("A prompt with two arguments")
        .required_argument("arg1", "The first")
        .required_argument("arg2", "The second");
    let with_resource = Prompt::new("test_prompt_with_embedded_resource")
        .description("A prompt with a resource in it")
        .required_argument("resourceUri", "The resource's URI");
    let with_image =
        Prompt::new("test_prompt_with_image").description("A prompt with an image in it");
    let asking = Prompt::new("test_input_required_result_prompt")
        .description("A prompt that asks the person first");
    router
        .prompt(simple, |_, _| Ok(PromptResult::new().user("This is a simple prompt for testing.")))
        .prompt(with_arguments, |_, arguments| {
            let [first, second] = [argument(arguments, "arg1")?, argument(arguments, "arg2")?];
            Ok(PromptResult::new().user(format!("arg1 is '{first}', arg2 is '{second}'")))
        })
        .prompt(with_resource, |_, arguments| {
            let uri = argument(arguments, "resourceUri")?;
            let contents = ResourceContents::text(uri, "Embedded for testing.");
            let resource = Content::resource(contents.mime_type("text/plain"));
            Ok(PromptResult::new().user(resource).user("Please look at the resource above."))
        })
        .prompt(with_image, |_, _| {
            let image = Content::image(PIXEL, "image/png");
            Ok(PromptResult::new().user(image).user("Please look at the image above."))
        })
        .prompt(asking, |cx, _| {
            let text = match cx.elicit("user_context", topic_form())? {
                Elicited::Accepted(Topic { context }) => format!("Please write about {context}."),
                _ => "Please write about anything.".into(),
            };
            Ok(PromptResult::new().user(text))
        })
        .complete(|_, asked| {
            let known = match &asked.reference {
                Reference::Prompt(name) => &**name == "test_prompt_with_arguments",
                Reference::Resource(text) => &**text == TEMPLATE,
            };
            let fits = |value: &&str| known && value.starts_with(&*asked.value);
            let values: Vec<_> = COMPLETIONS.into_iter().filter(fits).map(String::from).collect();
            Ok(Completion { total: Some(values.len() as u64), values, has_more: false })
        });
}

fn argument<'a>(arguments: &'a BTreeMap<Box<str>, String>, name: &str) -> Result<&'a str, Stop> {
    match arguments.get(name) {
        Some(value) => Ok(value),
        None => Err(Stop::Invalid(format!("the argument {name} is missing"))),
    }
}
