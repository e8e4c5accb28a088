//! The bodies of the fuzz targets, one function each.
//!
//! An input is decoded by position: the first bytes choose settings, the rest is the material, so
//! that a small change of the input is a small change of what happens. Each function panics where
//! what it checks does not hold; the stored inputs are replayed by `tests/corpus.rs`.

mod client_pipe;
mod endpoint;
mod header;
mod http_client;
mod input;
mod line;
mod lines;
mod message;
mod script;
mod server_pipe;
mod sse;
mod state;
mod template;
mod world;

pub use client_pipe::client_pipe;
pub use endpoint::endpoint;
pub use header::header;
pub use http_client::http_client;
pub use line::line;
pub use message::message;
pub use server_pipe::server_pipe;
pub use sse::sse;
pub use state::state;
pub use template::template;
pub use world::world;
