//! What drives the core, in five steps.
//!
//! The core does no I/O. It does not read, write, wait, start threads, look at a clock or draw
//! random numbers. Whatever does these things around it is called the *driver*; it can be an
//! adapter of this project, a test, or forty lines of your own. A driver owns a
//! [`ServerPipe`](crate::ServerPipe), a [`Router`](crate::Router) and the application's state, and
//! repeats five steps:
//!
//! 1. **Say what is offered.** If [`take_offer`](crate::Router::take_offer) gives something, pass
//!    it to [`set_offer`](crate::ServerPipe::set_offer). Clients that listen are told what changed.
//! 2. **Give the core what has arrived.** Bytes go to
//!    [`handle_bytes`](crate::ServerPipe::handle_bytes), in whatever pieces they came. The end of
//!    the input goes to [`handle_eof`](crate::ServerPipe::handle_eof), once. Time goes to
//!    [`handle_timeout`](crate::ServerPipe::handle_timeout); calling it early or often is harmless.
//!    These methods return nothing: bad input is not an error of yours, it is answered.
//! 3. **Do what the core says** until [`poll_output`](crate::ServerPipe::poll_output) gives `None`.
//!    A call goes to [`serve`](crate::Router::serve), any other event to
//!    [`observe`](crate::Router::observe). What the handler says comes back through the
//!    [`Port`](crate::router::Port) as commands, and goes into
//!    [`handle_command`](crate::ServerPipe::handle_command).
//! 4. **Write** [`pending_write`](crate::ServerPipe::pending_write), as much of it as the peer
//!    takes, and say how much that was to [`consume`](crate::ServerPipe::consume).
//! 5. **Wait** for input, for a command from another thread, or for the moment that
//!    [`poll_timeout`](crate::ServerPipe::poll_timeout) names, whichever is first. While
//!    [`accepts_input`](crate::ServerPipe::accepts_input) is false the peer does not read: wait
//!    until more can be written, and leave the input alone. Once more has been written, the named
//!    moment may be now: there are messages that waited for it.
//!
//! The order of steps 1 to 4 is not a contract with traps in it. The core decides when something
//! is put in and queues what follows from it, so a driver that polls late is only late.
//!
//! Here is a whole driver. Its wire is a function call, so that the chapters of this manual can
//! show both sides of a conversation in a few lines:
//!
//! ```
#![doc = include_str!("machine.txt")]
//!
//! use mcp_proto::schema::{Implementation, Tool};
//!
//! # #[derive(serde::Deserialize)]
//! # struct NoArguments {}
//! let mut router = Router::new();
//! router.tool(Tool::new("count"), |cx, _: NoArguments| {
//!     *cx.state += 1;
//!     Ok(format!("called {} times", cx.state))
//! });
//!
//! let config = ServerConfig::new(Implementation::new("counter", "1"));
//! let mut machine = Machine::new(config, router, 0);
//! machine.turn(
//!     r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25",
//!     "capabilities":{},"clientInfo":{"name":"test","version":"1"}}}"#.replace('\n', "").as_str(),
//! );
//! machine.turn(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
//! let answer = machine.turn(
//!     r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"count"}}"#,
//! );
//! assert!(answer.contains("called 1 times"));
//! ```
//!
//! # Time
//!
//! A moment is an [`Instant`](crate::Instant): the time since a zero that the driver chose, on a
//! clock that does not go back. Every method that may depend on time takes `now`. Nothing else in
//! the core knows what time it is, so a test can let five minutes pass by adding a number.
//!
//! # Panics
//!
//! A handler that panics unwinds through `serve`. A driver that means to live on notes the call's
//! id first, catches the panic, and answers with [`Reply::Error`](crate::server::Reply::Error) and
//! [`ErrorObject::internal`](crate::ErrorObject::internal). The adapters of this project do that.
