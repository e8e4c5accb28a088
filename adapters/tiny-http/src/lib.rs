//! MCP servers over HTTP on tiny_http: blocking, small, for loopback.

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
