//! A sans-IO protocol engine for the Model Context Protocol.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod client;
mod entropy;
mod error;
mod grant;
mod limits;
pub mod manual;
mod pipe;
pub mod router;
mod rpc;
pub mod schema;
pub mod server;
mod terms;
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
pub use time::Instant;
pub use version::Version;
