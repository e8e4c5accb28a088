//! Servers over real sockets: what is served, what is withstood.

#[path = "../common/mod.rs"]
mod common;

mod abuse;
mod crowd;
mod serving;
mod traps;
