//! Resources, a template, and the completion of its variable.

use mcp_proto::{
    Router,
    schema::{Resource, ResourceContents, ResourceTemplate},
};

use super::{State, content::PIXEL};

/// The template's text; its variable is completed in `prompts.rs`, with those of the prompts.
pub(super) const TEMPLATE: &str = "test://template/{id}/data";

pub(super) fn add(router: &mut Router<State>) {
    let text = resource("test://static-text", "static-text")
        .description("A text that never changes")
        .mime_type("text/plain");
    let binary = resource("test://static-binary", "static-binary")
        .description("An image that never changes")
        .mime_type("image/png");
    let watched = resource("test://watched-resource", "watched-resource")
        .description("What update_resource says has changed")
        .mime_type("text/plain");
    let template = ResourceTemplate::new(TEMPLATE, "template")
        .expect("the template is well formed")
        .description("Data by id")
        .mime_type("application/json");
    router
        .resource(text, |cx| {
            let text = "This is the content of the static text resource.";
            Ok(vec![ResourceContents::text(cx.uri(), text).mime_type("text/plain")])
        })
        .resource(binary, |cx| {
            Ok(vec![ResourceContents::blob(cx.uri(), PIXEL).mime_type("image/png")])
        })
        .resource(watched, |cx| {
            let text = "Watched.";
            Ok(vec![ResourceContents::text(cx.uri(), text).mime_type("text/plain")])
        })
        .resource_template(template, |cx, variables| {
            let id = variables.get("id").map_or("", String::as_str);
            let text = serde_json::json!({"id": id, "data": format!("Data for id {id}")});
            let contents = ResourceContents::text(cx.uri(), text.to_string());
            Ok(vec![contents.mime_type("application/json")])
        });
}

/// A resource whose URI is written down here.
pub(super) fn resource(uri: &str, name: &str) -> Resource {
    Resource::new(uri, name).expect("the URI is well formed")
}
