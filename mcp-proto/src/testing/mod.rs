//! A test kit for whoever writes an adapter, a server or a client; feature `testing`.
//!
//! Everything runs in memory and in virtual time: no process, no socket, no sleep, and the same in
//! every run.
//!
//! | what | where |
//! |---|---|
//! | what must hold, judged line by line | [`checker::Checker`], [`checker::Exchanges`] |
//! | and what must hold of a client | [`checker::ClientChecker`], [`checker::ClientExchanges`] |
//! | a server in memory | [`MemoryServer`] |
//! | a client linked to a server, over a pipe and over HTTP | [`Pair`], [`WebPair`] |
//! | a server that plays a script | [`Scripted`] |
//! | what went through, to read, edit, judge and replay | [`Transcript`], [`WebTranscript`] |
//! | visits of generated clients to any server | [`Visit`], [`check_peer`], [`survey`] |
//! | a generated server, for visits of any client | [`GeneratedServer`], [`check_client`] |
//! | bytes in pieces, and connections that break | [`Faults`] |
//! | time and randomness | [`Clock`], [`Seeded`] |
//! | strategies for proptest | `strategies`; feature `proptest` |
//!
//! The `check` program of this repository does to a server process what [`check_peer`] does to a
//! [`Remote`], and with `--serve` to the client that starts it what [`check_client`] does.

pub mod checker;
mod clock;
mod entropy;
mod faults;
mod generated;
mod memory;
mod offered;
mod pair;
mod prober;
mod remote;
mod scripted;
mod step;
#[cfg(any(test, feature = "proptest"))]
pub mod strategies;
mod told;
mod transcript;
mod visit;
mod web;
mod web_transcript;

pub use clock::Clock;
pub use entropy::Seeded;
pub use faults::Faults;
pub use generated::{GeneratedServer, check_client};
pub use memory::{Guard, MemoryServer};
pub use offered::{Offered, fitting};
pub use pair::Pair;
pub use remote::Remote;
pub use scripted::Scripted;
pub use step::{Arguments, Junk, Listed, Step};
pub use told::Answerer;
pub use transcript::{Entry, InvalidTranscript, Transcript};
pub use visit::{Report, Visit, check_peer, survey};
pub use web::WebPair;
pub use web_transcript::{Fields, WebEntry, WebTranscript};

#[cfg(test)]
mod tests;
