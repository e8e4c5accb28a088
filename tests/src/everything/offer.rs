//! Tools that change what is offered, and tell who listens.

use mcp_proto::{
    Router,
    router::Stop,
    schema::{Prompt, PromptResult, Tool},
};
use serde::Deserialize;

use super::{NoArguments, State, failed, taking};

#[derive(Deserialize)]
struct Name {
    name: String,
}

#[derive(Deserialize)]
struct Uri {
    uri: String,
}

pub(super) fn add(router: &mut Router<State>) {
    let tools = Tool::new("test_trigger_tool_change").description("Changes the list of tools");
    let prompts =
        Tool::new("test_trigger_prompt_change").description("Changes the list of prompts");
    let add = taking(
        &["name"],
        Tool::new("add_tool").description("Offers another tool, at the end of the list"),
    );
    let remove = taking(
        &["name"],
        Tool::new("remove_tool").description("No longer offers a tool that add_tool added"),
    );
    let update = taking(
        &["uri"],
        Tool::new("update_resource")
            .description("Tells the subscribers of a resource that it has changed"),
    );
    router
        .tool(tools, |cx, _: NoArguments| {
            cx.edit_offer(|router| {
                add_greeting(router, "for_a_moment");
                router.remove_tool("for_a_moment");
            });
            Ok("The list of tools has changed, and is as it was.")
        })
        .tool(prompts, |cx, _: NoArguments| {
            cx.edit_offer(|router| {
                router.prompt(Prompt::new("for_a_moment"), |_, _| Ok(PromptResult::default()));
                router.remove_prompt("for_a_moment");
            });
            Ok("The list of prompts has changed, and is as it was.")
        })
        .tool(add, |cx, Name { name }| {
            check(&name)?;
            let added = name.clone();
            cx.edit_offer(move |router| add_greeting(router, &added));
            Ok(format!("{name} is offered now."))
        })
        .tool(remove, |cx, Name { name }| {
            check(&name)?;
            let removed = name.clone();
            cx.edit_offer(move |router| {
                router.remove_tool(&removed);
            });
            Ok(format!("{name} is not offered any more."))
        })
        .tool(update, |cx, Uri { uri }| {
            cx.resource_updated(&uri);
            Ok(format!("Whoever subscribed to {uri} has been told."))
        });
}

fn add_greeting(router: &mut Router<State>, name: &str) {
    let tool = Tool::new(name).description("Was added while the server ran");
    router.tool(tool, |_, _: NoArguments| Ok("Hello, I am new here."));
}

/// The tools that are always there keep their names, and nobody else's name is a problem in lists.
fn check(name: &str) -> Result<(), Stop> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    if name.starts_with("added_") && name.len() <= 64 && name.bytes().all(allowed) {
        return Ok(());
    }
    failed("The name has to begin with added_, and to have at most 64 letters, digits, _, - and .")
}
