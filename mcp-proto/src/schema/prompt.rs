//! Prompts.
//!
//! Spec: `server/prompts`.

use alloc::{string::String, vec::Vec};

use super::Content;
use crate::version::Rules;

/// A prompt, as a list shows it.
#[derive(Clone, Debug)]
pub struct Prompt {
    pub(crate) name: String,
}
impl Prompt {
    /// A prompt of this name without arguments.
    pub fn new(name: impl Into<String>) -> Self {
        todo!()
    }
    /// Appends the JSON text for a peer under `rules`.
    pub(crate) fn encode(&self, rules: &Rules, out: &mut String) {
        todo!()
    }
}

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A person.
    User,
    /// A model.
    Assistant,
}

/// What a prompt gives.
#[derive(Clone, Debug, Default)]
pub struct PromptResult {
    /// What it is.
    pub description: Option<String>,
    /// What is said, in order.
    pub messages: Vec<(Role, Content)>,
}
