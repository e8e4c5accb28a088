//! What the tests that cross crates share: the server with every feature, a way to talk to a
//! server in memory, what must hold on a pipe, the simulator with its model, and the bodies of the
//! fuzz targets.

pub mod conversation;
pub mod everything;
pub mod fuzz;
pub mod http;
pub mod load;
pub mod model;
mod peer;
mod served;
pub mod sim;

pub use mcp_proto::testing::{Seeded, checker};
pub use peer::Peer;
pub use served::Served;

/// The README, whose examples are compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
#[derive(Debug)]
pub struct Readme;
