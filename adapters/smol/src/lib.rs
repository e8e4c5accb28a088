//! MCP servers over HTTP and byte streams on smol.

mod app;
mod body;
mod connection;
mod driver;
mod entropy;
mod exchange;
mod handle;
mod inbox;
mod listen;
mod pipe;
mod server;
mod tasks;
#[cfg(feature = "tracing")]
mod telemetry;
mod tools;

pub use body::{Body, Chunk};
pub use driver::Driver;
pub use handle::{Anyone, Authorize, Handle};
pub use listen::Bound;
pub use server::{Bounds, Server};
pub use tools::AsyncTools;
