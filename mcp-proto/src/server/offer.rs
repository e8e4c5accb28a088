//! What the application offers, as data that the machine acts on.

use alloc::{
    boxed::Box,
    collections::{BTreeMap, BTreeSet},
    string::String,
};

use super::List;
use crate::schema::{MirroredParams, ServerCapabilities};

/// What the application offers.
///
/// `initialize`, `server/discover`, the answers to unknown methods and the narrowing of a listen
/// read it; the difference between two offers is told to whoever listens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// What is declared.
    pub capabilities: ServerCapabilities,
    /// How to use the server, for a model.
    pub instructions: Option<String>,
    /// Methods of the application's own.
    pub methods: BTreeSet<Box<str>>,
    /// The scopes that a caller needs for a tool, by the tool's name; see
    /// [`Grant::has_scope`](crate::Grant::has_scope).
    pub tool_scopes: BTreeMap<Box<str>, BTreeSet<Box<str>>>,
    /// The arguments that header fields mirror in 2026-07-28, by the tool's name; only of tools
    /// that have some.
    pub mirrored_params: BTreeMap<Box<str>, MirroredParams>,
    /// Grows with each change of the tools.
    pub tools_revision: u64,
    /// Grows with each change of the prompts.
    pub prompts_revision: u64,
    /// Grows with each change of the resources and templates.
    pub resources_revision: u64,
}

impl Offer {
    /// The lists that are other ones in `next`.
    pub(crate) fn changes(&self, next: &Self) -> impl Iterator<Item = List> + use<> {
        [
            (List::Tools, self.tools_revision != next.tools_revision),
            (List::Prompts, self.prompts_revision != next.prompts_revision),
            (List::Resources, self.resources_revision != next.resources_revision),
        ]
        .into_iter()
        .filter_map(|(list, changed)| changed.then_some(list))
    }
}
