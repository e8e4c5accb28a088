//! The server with every feature: what the conformance suite calls by name, and what only this
//! project has. Used by the tests, the tour and the suite.
//!
//! [`router`] needs no thread; [`threads::add`] adds the tools that do.

mod asking;
mod content;
mod forms;
mod guarded;
mod offer;
mod prompts;
mod resources;
mod rounds;
mod session;
pub mod threads;
pub mod web;

use mcp_proto::{
    Router,
    router::Stop,
    schema::{Implementation, Tool},
    server::{CacheHint, Event, ServerConfig},
    wire::Json,
};
use serde::Deserialize;
use serde_json::{Value, json as value};
use std::time::Duration;

/// What the server remembers from one call to the next.
#[derive(Debug, Default)]
pub struct State {
    /// How many notifications of its own kind it has been sent: `notifications/everything/hello`.
    pub hellos: u64,
    /// How many numbers have been drawn; each call draws one, however often it runs.
    pub drawn: u64,
}

/// The server with every feature that needs no thread.
pub fn router() -> Router<State> {
    let mut router = Router::new();
    router
        .instructions("Every feature of the protocol, once. Nothing here does any work.")
        .cache_lists(CacheHint { ttl: Duration::from_mins(1), public: true })
        .experimental("everything", json(&value!({})));
    extend(&mut router);
    content::add(&mut router);
    asking::add(&mut router);
    forms::add(&mut router);
    rounds::add(&mut router);
    offer::add(&mut router);
    session::add(&mut router);
    resources::add(&mut router);
    prompts::add(&mut router);
    router.on_event(|state: &mut State, event| {
        if let Event::Notified { method, .. } = event
            && &**method == "notifications/everything/hello"
        {
            state.hellos += 1;
        }
    });
    router
}

fn extend(router: &mut Router<State>) {
    let settings = json(&value!({"fixtures": true}));
    router.extension("dev.mcp-proto/everything", settings).expect("an identifier");
}

/// How the server is set up.
pub fn config() -> ServerConfig {
    let mut info = Implementation::new("everything", env!("CARGO_PKG_VERSION"));
    info.title = Some("Everything".into());
    info.description = Some("Every feature of the protocol, once".into());
    ServerConfig::new(info)
}

/// The arguments of a tool that takes none.
#[derive(Debug, Deserialize)]
struct NoArguments {}

/// The JSON text of a value that is written down here.
fn json(value: &Value) -> Json {
    Json::of(value).expect("a value has a JSON text")
}

/// A tool whose arguments are texts, all of them required.
fn taking(texts: &[&str], tool: Tool) -> Tool {
    let members = texts.iter().map(|name| ((*name).into(), value!({"type": "string"})));
    let properties: serde_json::Map<String, Value> = members.collect();
    let schema = value!({"type": "object", "properties": properties, "required": texts});
    with_schema(tool, &schema)
}

/// A tool whose arguments have a schema that is written down here.
fn with_schema(tool: Tool, schema: &Value) -> Tool {
    tool.input_schema(json(schema)).expect("the schema is well formed")
}

/// A failure whose reason the caller may read.
fn failed<T>(reason: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Failed(reason.into()))
}
