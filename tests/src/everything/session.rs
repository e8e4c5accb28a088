//! What belongs to one session or one call: attached values, the trace context, methods and
//! notifications of the application's own.

use mcp_proto::{Router, schema::Tool, server::ResultBody};
use serde::Deserialize;
use serde_json::json;

use super::{NoArguments, State, failed, json, taking};

#[derive(Deserialize)]
struct Attach {
    key: String,
    value: String,
}

#[derive(Deserialize)]
struct Attached {
    key: String,
}

pub(super) fn add(router: &mut Router<State>) {
    let attach = taking(
        &["key", "value"],
        Tool::new("attach").description("Attaches a value to the session"),
    );
    let attached = taking(
        &["key"],
        Tool::new("attached").description("Returns a value that is attached to the session"),
    );
    let trace = Tool::new("trace").description("Returns the trace context of the call");
    let greet = Tool::new("notify").description("Sends a notification of the server's own");
    router
        .tool(attach, |cx, Attach { key, value }| {
            if cx.call().session.is_none() {
                return failed("There is no session in this revision.");
            }
            cx.attach(&key, Some(json(&json!(value))));
            Ok(format!("{key} is attached."))
        })
        .tool(attached, |cx, Attached { key }| match cx.attached(&key) {
            Some(value) => Ok(value.as_str().to_owned()),
            None => failed(format!("{key} is not attached.")),
        })
        .tool(trace, |cx, _: NoArguments| {
            Ok(match cx.call().meta.trace() {
                Some(trace) => trace.traceparent().to_owned(),
                None => "none".into(),
            })
        })
        .tool(greet, |cx, _: NoArguments| {
            cx.notify("notifications/everything/hello", json!({"from": "the server"}));
            Ok("Sent.")
        })
        .method("everything/version", |cx, _| {
            let version = json!({"version": env!("CARGO_PKG_VERSION"), "hellos": cx.state.hellos});
            ResultBody::raw(&json(&version)).or_else(|invalid| failed(invalid.to_string()))
        });
}
