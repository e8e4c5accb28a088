//! A sans-IO protocol engine for the Model Context Protocol (MCP).
//!
//! This crate takes bytes, events and the time, and says what to write and what has happened. It
//! does no I/O, reads no clock, draws no random numbers, starts no threads and needs no runtime:
//! it is `no_std` with `alloc`, so the compiler holds it to that. All five revisions of the
//! protocol are spoken, from 2024-11-05 to 2026-07-28, the stateful and the stateless, and one
//! pipe may carry both at once.
//!
//! | what | where |
//! |---|---|
//! | a server at the end of a byte stream | [`ServerPipe`] |
//! | a client at the end of a byte stream | [`ClientPipe`] |
//! | a server behind HTTP | [`http::Endpoint`] |
//! | a client of servers behind HTTP | [`http::HttpClient`] |
//! | tools, prompts and resources as closures | [`Router`], [`router`] |
//! | the machines without a transport | [`server`], [`client`] |
//! | what each revision has and has not | [`version`] |
//! | every ceiling, and what happens at it | [`Limits`] |
//! | how to use all this, in chapters | [`manual`] |
//!
//! # The loop
//!
//! Whatever moves the bytes is the *driver*: an adapter such as `mcp-stdio`, a test, or a loop of
//! your own. It repeats five steps:
//!
//! 1. **Drain**: [`poll_output`](ServerPipe::poll_output) until it returns `None`; serve each call
//!    and carry out what the handler says with [`handle_command`](ServerPipe::handle_command).
//! 2. **Write** what is [pending](ServerPipe::pending_write), and [`consume`](ServerPipe::consume)
//!    what was written.
//! 3. **Wait** for one thing: input, a command of another thread, or the moment of
//!    [`poll_timeout`](ServerPipe::poll_timeout).
//! 4. **Read the clock**, once.
//! 5. **Feed** that one thing in: [`handle_bytes`](ServerPipe::handle_bytes),
//!    [`handle_eof`](ServerPipe::handle_eof), [`handle_timeout`](ServerPipe::handle_timeout) or
//!    [`handle_command`](ServerPipe::handle_command).
//!
//! [`manual::the_loop`] has it as code that runs.
//!
//! # Names of methods
//!
//! Every machine has four kinds of methods and no other: getters, which take `&self`; `handle_*`,
//! which take in what comes from outside and return nothing, because a peer's mistake is not yours;
//! verbs, by which the application speaks; and `poll_*`, which say what to do.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

/// Names the rows of the requirements that a test proves: `tests/requirements.tsv` lists them, and
/// a check holds both together. It does nothing, and is exported for this repository's own tests.
#[doc(hidden)]
#[macro_export]
macro_rules! spec {
    ($($row:literal),+ $(,)?) => {};
}

pub mod client;
mod entropy;
mod error;
mod grant;
pub mod http;
mod limits;
pub mod manual;
mod pipe;
pub mod router;
mod rpc;
pub mod schema;
pub mod server;
mod terms;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
mod time;
pub mod version;
pub mod wire;

pub use entropy::Entropy;
pub use error::{CommandError, ErrorObject, code};
pub use grant::{Allow, AllowResources, Grant};
pub use limits::Limits;
pub use pipe::{ClientPipe, ClientPipeOutput, PipeOutput, ServerPipe};
pub use router::Router;
pub use terms::Terms;
pub use time::{Instant, Timeouts};
pub use version::Version;
