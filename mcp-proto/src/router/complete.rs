//! `completion/complete`.
//!
//! Spec: `server/utilities/completion`.

use alloc::{format, string::String};

use super::{Context, Router, Stop, list::Listed};
use crate::{
    error::{ErrorObject, excerpt},
    grant::Grant,
    schema::Completion,
    server::{CompleteParams, Reference, ResultBody},
};

pub(super) type Completer<S> =
    dyn FnMut(&mut Context<'_, S>, &CompleteParams) -> Result<Completion, Stop>;

impl<S> Router<S> {
    /// Checks that there is what is to be completed, for a caller with `grant`.
    pub(super) fn check_reference(
        &self,
        grant: &Grant,
        params: &CompleteParams,
    ) -> Result<(), ErrorObject> {
        let has_argument = match &params.reference {
            Reference::Prompt(name) => {
                let entry = self.prompts.entries().get(name);
                let entry = entry
                    .filter(|entry| entry.is_granted(grant))
                    .ok_or_else(|| unknown("prompt", name))?;
                entry.prompt.arguments().iter().any(|argument| *argument.name() == *params.argument)
            }
            Reference::Resource(uri) => {
                let template = self.templates.entries().get(uri);
                let template = template.filter(|entry| entry.is_granted(grant));
                let resource = self.resources.entries().get(uri);
                if template.is_none() && !resource.is_some_and(|entry| entry.is_granted(grant)) {
                    return Err(unknown("resource", uri));
                }
                template.is_some_and(|entry| {
                    let mut variables = entry.template.template().variables();
                    variables.any(|variable| *variable == *params.argument)
                })
            }
        };
        if has_argument { Ok(()) } else { Err(unknown("argument", &params.argument)) }
    }
}

pub(super) fn body(completion: &Completion) -> ResultBody {
    let mut members = String::new();
    completion.encode_members(&mut members);
    ResultBody::members(members)
}

pub(super) fn unknown(what: &str, name: &str) -> ErrorObject {
    ErrorObject::invalid_params(format!("Unknown {what}: {}", excerpt(name)))
}
