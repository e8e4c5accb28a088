//! A test kit for whoever writes an adapter, a server or a client; feature `testing`.

pub mod checker;
mod entropy;

pub use entropy::Seeded;
