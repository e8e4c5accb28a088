//! `prompts/list` entries and `prompts/get`.
//!
//! Spec: `server/prompts`.

use alloc::{boxed::Box, collections::BTreeMap, format, string::String};

use super::{Context, Stop, conclude::meta_members, cursor::Kind, list::Listed};
use crate::{
    error::ErrorObject,
    grant::{Allow, Grant},
    schema::{Prompt, PromptResult},
    server::ResultBody,
    version::Rules,
};

/// A prompt and its handler.
pub(super) struct PromptEntry<S> {
    pub(super) prompt: Prompt,
    pub(super) handler: Box<Handler<S>>,
}

type Handler<S> =
    dyn FnMut(&mut Context<'_, S>, &BTreeMap<Box<str>, String>) -> Result<PromptResult, Stop>;

impl<S> Listed for PromptEntry<S> {
    const KIND: Kind = Kind::Prompts;
    const MEMBER: &'static str = "prompts";

    fn is_granted(&self, grant: &Grant) -> bool {
        grant.prompts.allows(self.prompt.name())
    }

    fn allows_all(grant: &Grant) -> bool {
        grant.prompts == Allow::All
    }

    fn encode(&self, rules: &Rules, out: &mut String) {
        self.prompt.encode(rules, out);
    }
}

/// Checks that no argument is missing that the prompt requires.
pub(super) fn check_arguments(
    prompt: &Prompt,
    arguments: &BTreeMap<Box<str>, String>,
) -> Result<(), ErrorObject> {
    let mut required = prompt.arguments().iter().filter(|argument| argument.is_required());
    match required.find(|argument| !arguments.contains_key(argument.name())) {
        None => Ok(()),
        Some(argument) => {
            let message = format!("Missing required argument: {}", argument.name());
            Err(ErrorObject::invalid_params(message))
        }
    }
}

pub(super) fn body(result: &PromptResult, rules: &Rules) -> ResultBody {
    let mut members = String::new();
    result.encode_members(rules, &mut members);
    ResultBody { meta: meta_members(&result.meta), ..ResultBody::members(members) }
}
