//! One handler for revisions with a session and for the one without.
//!
//! Up to 2025-11-25 a client opens a *session* with `initialize`: revision, capabilities and log
//! level hold until it ends, and both sides send requests. In 2026-07-28 there is no session: each
//! request brings its revision and capabilities in `_meta`, and the server sends no requests. One
//! [`ServerPipe`](crate::ServerPipe) serves both, even on one pipe, and a handler need not know.
//!
//! What it can see is in the call's [`Terms`](crate::Terms): the revision, what the client can do,
//! what it calls itself. They are the session's or the request's; the type does not say which.
//! Definitions are written for the revision of whoever asks: a tool with a title and an icon is
//! shown to a client of 2024-11-05 without them.
//!
//! | | with a session | 2026-07-28 |
//! |---|---|---|
//! | asking the client | a request, then its answer | the call ends with it, then a retry |
//! | log level | `logging/setLevel` | in each request; none without it |
//! | changed lists | told to every session | told on `subscriptions/listen` |
//! | changed resources | `resources/subscribe` | told on `subscriptions/listen` |
//! | attached values | kept with the session | none |
//! | a resource that does not exist | -32002 | -32602 |
//! | how long results may be kept | not said | `ttlMs` and `cacheScope` |
//!
//! The same handler, asked twice:
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/manual/machine.txt"));
//! # fn main() {
//! # use mcp_proto::schema::{Elicited, Field, Form, Implementation, Tool};
//! # #[derive(serde::Deserialize)]
//! # struct NoArguments {}
//! # #[derive(serde::Deserialize)]
//! # struct Name { name: String }
//! let mut router = Router::new();
//! router.tool(Tool::new("greet"), |cx, _: NoArguments| {
//!     let form = Form::new("Who are you?").field("name", Field::string().required());
//!     Ok(match cx.elicit("name", form)? {
//!         Elicited::Accepted(Name { name }) => format!("Hello, {name}!"),
//!         _ => "Hello, whoever you are!".to_owned(),
//!     })
//! });
//! let config = ServerConfig::new(Implementation::new("greeter", "1"));
//! let mut machine = Machine::new(config, router, ());
//!
//! // 2025-11-25: a session, and in it a request of the server.
//! machine.turn(concat!(
//!     r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"#,
//!     r#""protocolVersion":"2025-11-25","capabilities":{"elicitation":{}},"#,
//!     r#""clientInfo":{"name":"test","version":"1"}}}"#,
//! ));
//! machine.turn(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
//! let asked = machine.turn(
//!     r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"greet"}}"#,
//! );
//! assert!(asked.contains(r#""method":"elicitation/create""#));
//!
//! // 2026-07-28, on the same pipe: a result that asks.
//! let asked = machine.turn(concat!(
//!     r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"greet","_meta":{"#,
//!     r#""io.modelcontextprotocol/protocolVersion":"2026-07-28","#,
//!     r#""io.modelcontextprotocol/clientCapabilities":{"elicitation":{}}}}}"#,
//! ));
//! assert!(asked.contains(r#""resultType":"input_required""#));
//! # }
//! ```
