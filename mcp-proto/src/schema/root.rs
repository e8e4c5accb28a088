//! The client's roots.
//!
//! Spec: `client/roots`.

use alloc::string::String;

/// A place that the client works in.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct Root {
    /// A `file:` URI.
    pub uri: String,
    /// For people.
    #[serde(default)]
    pub name: Option<String>,
}
