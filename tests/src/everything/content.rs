//! Tools that return each kind of content, fail, log and tell how far they are.

use mcp_proto::{
    Router,
    router::Stop,
    schema::{Content, Icon, Level, ResourceContents, Tool, ToolAnnotations, ToolResult},
};
use serde::Deserialize;
use serde_json::json;

use super::{NoArguments, State, failed, json, resources::resource, taking, with_schema};

pub(super) const PIXEL: &[u8] = include_bytes!("pixel.png");
const BEEP: &[u8] = include_bytes!("beep.wav");

pub(super) fn add(router: &mut Router<State>) {
    add_kinds(router);
    add_outcomes(router);
    add_schemas(router);
}

/// One tool for each kind of content. The first of them is the first of the list, because the
/// conformance suite calls that one without arguments.
fn add_kinds(router: &mut Router<State>) {
    let text = Tool::new("test_simple_text")
        .title("Simple text")
        .description("Returns a text")
        .annotations(ToolAnnotations { read_only: Some(true), ..ToolAnnotations::default() })
        .icon(icon());
    let image = Tool::new("test_image_content").description("Returns an image");
    let audio = Tool::new("test_audio_content").description("Returns audio");
    let embedded = Tool::new("test_embedded_resource").description("Returns a resource");
    let link = Tool::new("resource_link").description("Returns a link to a resource");
    let mixed = Tool::new("test_multiple_content_types").description("Returns several kinds");
    router
        .tool(text, |_, _: NoArguments| Ok("This is a simple text response for testing."))
        .tool(image, |_, _: NoArguments| Ok(contents([pixel()])))
        .tool(audio, |_, _: NoArguments| Ok(contents([Content::audio(BEEP, "audio/wav")])))
        .tool(embedded, |_, _: NoArguments| Ok(contents([note()])))
        .tool(link, |_, _: NoArguments| {
            Ok(contents([Content::link(resource("test://static-text", "static-text"))]))
        })
        .tool(mixed, |_, _: NoArguments| {
            Ok(contents([Content::text("Several kinds of content:"), pixel(), note()]))
        });
}

/// Tools that fail, log, and tell how far they are.
fn add_outcomes(router: &mut Router<State>) {
    let failing = Tool::new("test_error_handling").description("Always fails, and says why");
    let logging = Tool::new("test_tool_with_logging").description("Logs while it runs");
    let quiet = Tool::new("test_logging_tool").description("Logs, if the request asks for it");
    let boom = Tool::new("boom").description("Panics, and the server lives on");
    router
        .tool(failing, |_, _: NoArguments| {
            failed::<&str>("This tool intentionally returns an error for testing")
        })
        .tool(logging, |cx, _: NoArguments| {
            cx.log(Level::Info, "Tool execution started");
            cx.log(Level::Info, "Tool processing data");
            cx.log(Level::Info, "Tool execution completed");
            Ok("Logged three times.")
        })
        .tool(quiet, |cx, _: NoArguments| {
            cx.log_as("everything", Level::Info, json!({"said": "once"}));
            Ok("Logged once.")
        })
        .tool(progress_tool(), |cx, _: NoArguments| {
            for done in [0.0, 50.0, 100.0] {
                cx.progress_message(done, 100.0, &format!("{done} of 100"));
            }
            Ok("Told three times.")
        })
        .tool(boom, |_, _: NoArguments| -> Result<&str, Stop> {
            panic!("boom: this tool panics to show that the server lives on")
        });
}

/// The tool itself; `threads` has another handler for it.
pub(super) fn progress_tool() -> Tool {
    Tool::new("test_tool_with_progress").description("Tells how far it is")
}

#[derive(Deserialize)]
struct Echo {
    message: String,
}

#[derive(Deserialize)]
struct CustomHeader {
    value: String,
}

/// Tools whose point is a schema.
fn add_schemas(router: &mut Router<State>) {
    let echo = taking(&["message"], Tool::new("echo").description("Returns the message"));
    let full = Tool::new("json_schema_2020_12_tool")
        .description("Has an input schema with every keyword that must be kept");
    let full = with_schema(full, &full_schema());
    let header = Tool::new("test_custom_header")
        .description("Has an argument that HTTP clients mirror in a header");
    let mirrored = json!({
        "type": "object",
        "properties": {"value": {"type": "string", "x-mcp-header": "Value"}},
        "required": ["value"],
    });
    let header = with_schema(header, &mirrored);
    let structured = Tool::new("structured")
        .description("Returns a structured result")
        .output_schema(json(&json!({
            "type": "object",
            "properties": {"celsius": {"type": "number"}, "sky": {"type": "string"}},
            "required": ["celsius", "sky"],
        })))
        .expect("the schema is well formed");
    router
        .tool(echo, |_, arguments: Echo| Ok(arguments.message))
        .tool(full, |_, _: NoArguments| Ok("The schema is what this is about."))
        .tool(header, |_, arguments: CustomHeader| Ok(arguments.value))
        .tool(structured, |_, _: NoArguments| {
            let weather = json!({"celsius": 21.5, "sky": "clear"});
            let text = Content::text(weather.to_string());
            let structured = Some(json(&weather));
            Ok(ToolResult { content: vec![text], structured, ..ToolResult::default() })
        });
}

fn full_schema() -> serde_json::Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {"address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }},
        "properties": {
            "name": {"type": "string"},
            "address": {"$ref": "#/$defs/address"},
            "contactMethod": {"type": "string", "enum": ["phone", "email"]},
            "phone": {"type": "string"},
            "email": {"type": "string"},
        },
        "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
        "if": {
            "properties": {"contactMethod": {"const": "phone"}},
            "required": ["contactMethod"],
        },
        "then": {"required": ["phone"]},
        "else": {"required": ["email"]},
        "additionalProperties": false,
    })
}

fn contents<const N: usize>(content: [Content; N]) -> ToolResult {
    ToolResult { content: content.into(), ..ToolResult::default() }
}

fn pixel() -> Content {
    Content::image(PIXEL, "image/png")
}

fn note() -> Content {
    let text = "This is an embedded resource.";
    let contents = ResourceContents::text("test://embedded-resource", text);
    Content::resource(contents.mime_type("text/plain"))
}

fn icon() -> Icon {
    Icon {
        src: "https://example.com/everything.png".into(),
        mime_type: Some("image/png".into()),
        ..Icon::default()
    }
}
