//! MCP servers over HTTP and byte streams on smol, for load and for handlers that are futures; and
//! clients of servers at a URL.
//!
//! ```no_run
//! use mcp_proto::{Router, schema::Tool};
//! use mcp_smol::{AsyncTools as _, Server};
//! use smol::Timer;
//! use std::time::Duration;
//!
//! let mut router = Router::new();
//! router.tool(Tool::new("count"), |cx, _: serde_json::Value| {
//!     *cx.state += 1;
//!     Ok(format!("called {} times", cx.state))
//! });
//! router.tool_async(Tool::new("nap"), async |_, _: serde_json::Value| {
//!     Timer::after(Duration::from_secs(1)).await;
//!     Ok("rested")
//! });
//! let server = Server::new("counter", "1.0.0", router, 0_u64).bind("127.0.0.1:8080")?;
//! println!("listening on {}", server.url());
//! server.run()?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! | what | how |
//! |---|---|
//! | a server of its own, over TCP or a Unix socket | [`Server::bind`], [`Server::bind_unix`] |
//! | within a service of hyper's and anybody's executor | [`Server::into_parts`] |
//! | over stdio, a socket or any other byte stream, without HTTP | [`Server::serve_pipe`] |
//! | handlers that wait, and handlers that block | [`AsyncTools`] |
//! | who is calling | [`Server::authorize`] |
//! | a client of a server at a URL, blocking | the module `blocking`, with the feature `client` |
//! | what an operator sees | [`Server::on_telemetry`], [`Handle::inspect`], feature `tracing` |
//!
//! # One driver
//!
//! One task, the [`Driver`], owns the [`Endpoint`](mcp_proto::http::Endpoint), the [`Router`] and
//! its state. Handlers of [`Router::tool`] run in it one at a time, and nothing about them need be
//! `Send`; one that takes long holds up everybody, so that what waits or computes for long belongs
//! into [`AsyncTools`]. Connections reach the driver through a [`Handle`], which is `Send` as far
//! as the authorization hook is. [`Bound::run`] has all of it on one thread.
//!
//! # What holds
//!
//! * **A client that is gone** is noticed at once: the call it waited for is cancelled where its
//!   revision says so, and the future of an async tool is dropped.
//! * **A client that does not read** is no longer told what may be dropped; responses are kept for
//!   it, until [`Bounds::write_timeout`] ends the connection. Memory stays bounded.
//! * **Heads, bodies and silence** have their [time](Bounds), and connections their number: over
//!   it, the one that has been without a request for longest goes.
//! * **A handler that panics** is answered -32603, and the server goes on (unless the program is
//!   built with `panic = "abort"`).
//! * **SIGTERM** ends [`Bound::run`] in good order: new requests get 503, what runs is drained,
//!   what is said is flushed. A second one ends it at once.
//! * **Strangers** are not let in by mistake: an address that others can reach needs the names that
//!   the server goes by ([`HttpConfig::hosts`](mcp_proto::http::HttpConfig::hosts)).
//!
//! HTTP is HTTP/1.1, without TLS: a proxy in front has that. No decision of the protocol is made
//! here.
//!
//! [`Router`]: mcp_proto::Router
//! [`Router::tool`]: mcp_proto::Router::tool

mod app;
#[cfg(feature = "client")]
pub mod blocking;
mod body;
#[cfg(feature = "client")]
mod client;
mod connection;
mod driver;
mod entropy;
mod exchange;
mod handle;
mod inbox;
mod listen;
mod pipe;
mod server;
mod socket;
mod tasks;
mod tools;

pub use body::{Body, Chunk};
pub use driver::Driver;
pub use handle::{Anyone, Authorize, Handle};
pub use listen::Bound;
pub use server::{Bounds, Server};
pub use tools::AsyncTools;
