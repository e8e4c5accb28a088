//! Completions.
//!
//! Spec: `server/utilities/completion`.

use alloc::{string::String, vec::Vec};

/// What an argument may be completed to.
#[derive(Clone, Debug, Default)]
pub struct Completion {
    /// The best first; at most 100 are sent.
    pub values: Vec<String>,
    /// How many there are in all, where that is known.
    pub total: Option<u64>,
    /// Whether there are more.
    pub has_more: bool,
}
