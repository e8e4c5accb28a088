//! MCP servers over HTTP on `tiny_http`: blocking, small, for loopback.
//!
//! ```no_run
//! use mcp_proto::{Router, schema::Tool};
//! use mcp_tiny_http::Server;
//!
//! let mut router = Router::new();
//! router.tool(Tool::new("count"), |cx, _: serde_json::Value| {
//!     *cx.state += 1;
//!     Ok(format!("called {} times", cx.state))
//! });
//! let server = Server::new("counter", "1.0.0", router, 0_u64).bind("127.0.0.1:8080")?;
//! println!("listening on {}", server.url());
//! server.run()?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! The handlers of a [`Router`](mcp_proto::Router) run one at a time, on the thread that serves.
//! Tools that take long belong on a [`Pool`]: see [`ThreadedTools::tool_thread`].
//!
//! # What it is for
//!
//! One binary that serves programs of the same machine, or that stands behind a proxy which
//! limits the heads, the bodies and the connections of strangers. It is **not** for strangers:
//! `mcp-smol` is. It binds to loopback unless [`HttpConfig::hosts`] says who else may call it by
//! which name, and it knows no TLS.
//!
//! # What holds
//!
//! * **One slow client holds up nobody.** Bodies that are not here yet and authorization hooks are
//!   waited for on threads, at most as many as [`Bounds::exchanges_max`] and a quarter more. What
//!   a client does not take within some milliseconds is left to a thread, too.
//! * **Silence ends.** A client that sends nothing, or takes nothing, for [`Bounds`]'s time is
//!   left; an open stream may be silent on the client's side for as long as it is written to.
//! * **A disconnect is noticed** when a stream is written to for the second time after it: within
//!   two of [`HttpConfig::keep_alive_busy`] (10 s) while a call would be cancelled by it, else
//!   within two of [`HttpConfig::keep_alive`] (30 s).
//! * **Requests that different readers would read differently** are refused with 400, and nothing
//!   more is taken from their connection: another transfer coding than `chunked`, a length beside
//!   it, two lengths, a CR or LF within a field.
//! * **A body of absurd length** is refused with 413. `tiny_http` cannot let go of such a request:
//!   each keeps a thread and two descriptors. After 64 of them new connections get 503, for as
//!   long as the process lives; those that are open are served on.
//! * **Many connections at once** are served within milliseconds, although `tiny_http`'s pool of
//!   threads loses some of them: for each connection that is heard of, another one is opened and
//!   closed again, which makes the pool look for those that wait.
//! * **No answer waits for an acknowledgement**: `TCP_NODELAY` is on, and what belongs together is
//!   written at once.
//! * **SIGTERM** (Unix) ends the server in good order, a second one at once.
//! * **An operator** hears of what is refused, dropped and done: [`Server::on_telemetry`], feature
//!   `tracing`.
//! * **A handler that panics** is answered -32603, and the server goes on.
//!
//! # What remains
//!
//! `tiny_http` 0.12 reads the heads, and what it does meanwhile cannot be bounded from outside:
//!
//! * Each connection has a thread and two descriptors from the moment it is opened; only requests
//!   under way are counted and capped. One that is silent keeps them for
//!   [`Bounds::silence_timeout`], one that sends a byte now and then for as long as it likes. Where
//!   threads or descriptors run out, new connections wait until some are free.
//! * A head may be of any length. And it reads ahead: a client that sends request after request
//!   without waiting for answers makes it keep them all, before those of others.
//! * It answers malformed heads itself (400, 417, 505), and closes a connection without an answer
//!   where a field is not ASCII.
//! * Its thread panics where a client resets the connection right after its request: a program
//!   that is built with `panic = "abort"` dies of that.
//! * Connections that arrive in one moment with many silent ones may wait for some seconds, or
//!   until another request comes in.
//! * The timeouts and `TCP_NODELAY` are those of the listening socket, which connections inherit on
//!   Linux, where this is tested. Where they do not, a client that takes nothing holds up all.
//!
//! No decision of the protocol is made here: this crate moves bytes, time and randomness into
//! [`Endpoint`](mcp_proto::http::Endpoint) and calls the router.
//!
//! [`HttpConfig::hosts`]: mcp_proto::http::HttpConfig::hosts
//! [`HttpConfig::keep_alive`]: mcp_proto::http::HttpConfig::keep_alive
//! [`HttpConfig::keep_alive_busy`]: mcp_proto::http::HttpConfig::keep_alive_busy

mod answer;
mod driver;
mod intake;
mod line;
mod peers;
mod port;
mod server;
#[cfg(unix)]
mod signals;
mod usher;
mod wires;

pub use mcp_stdio::{Pool, ThreadedTools};
pub use server::{Authorize, Bound, Bounds, Handle, Server};
