//! The sockets of a client: connections, requests, and the loop around
//! [`HttpClient`](mcp_proto::http::HttpClient).

mod connect;
mod driver;
#[cfg(feature = "tls")]
pub(crate) mod tls;
mod transport;

pub(crate) use connect::Connector;
pub(crate) use driver::{Driver, Listeners};
pub(crate) use transport::Transport;
