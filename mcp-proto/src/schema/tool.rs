//! Tools and what they return.
//!
//! Spec: `server/tools`.

use alloc::{boxed::Box, string::String, vec::Vec};

use super::Icon;
use crate::{version::Rules, wire::Json};

/// A tool, as a list shows it.
#[derive(Clone, Debug)]
pub struct Tool {
    pub(crate) name: String,
    pub(crate) input_schema: Json,
}

impl Tool {
    /// A tool of this name that takes any object.
    pub fn new(name: impl Into<String>) -> Self {
        todo!()
    }
    /// For people.
    pub fn title(self, text: impl Into<String>) -> Self {
        todo!()
    }
    /// What it does, for a model.
    pub fn description(self, text: impl Into<String>) -> Self {
        todo!()
    }
    /// The JSON schema of the arguments; panics if it is no JSON object schema (a bug in the caller).
    pub fn input_schema(self, schema: Json) -> Self {
        todo!()
    }
    /// The JSON schema of the structured result.
    pub fn output_schema(self, schema: Json) -> Self {
        todo!()
    }
    /// Hints on what the tool does.
    pub fn annotations(self, annotations: ToolAnnotations) -> Self {
        todo!()
    }
    /// An icon.
    pub fn icon(self, icon: Icon) -> Self {
        todo!()
    }
    /// A member of `_meta`.
    pub fn meta(self, key: &str, value: Json) -> Self {
        todo!()
    }
    /// A scope that the caller must have been granted; without it the tool does not exist.
    pub fn scope(self, scope: impl Into<Box<str>>) -> Self {
        todo!()
    }
    /// Appends the JSON text for a peer under `rules`.
    pub(crate) fn encode(&self, rules: &Rules, out: &mut String) {
        todo!()
    }
}

/// Hints on what a tool does. Clients do not trust them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolAnnotations {
    /// For people.
    pub title: Option<String>,
    /// It changes nothing.
    pub read_only: Option<bool>,
    /// It may destroy something.
    pub destructive: Option<bool>,
    /// The second equal call changes nothing.
    pub idempotent: Option<bool>,
    /// It reaches beyond the server.
    pub open_world: Option<bool>,
}

/// What a tool returns.
#[derive(Clone, Debug, Default)]
pub struct ToolResult {
    /// For a model.
    pub content: Vec<super::Content>,
    /// For a program; a JSON object before 2026-07-28.
    pub structured: Option<Json>,
    /// Whether the tool failed.
    pub is_error: bool,
    /// Members of `_meta`.
    pub meta: Vec<(Box<str>, Json)>,
}
