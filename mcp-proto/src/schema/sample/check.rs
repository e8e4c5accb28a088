//! Whether a request to the model is one that the client can be sent.

use alloc::{collections::BTreeSet, format, string::String, vec, vec::Vec};

use super::{IncludeContext, ModelPreferences, Sampling, SamplingContent};
use crate::{
    schema::{Capability, Role},
    version::Rules,
};

impl Sampling {
    /// What the client must have declared, under `rules`.
    pub(crate) fn needs(&self, rules: &Rules) -> Vec<Capability> {
        let mut needs = vec![Capability::Sampling];
        if rules.sampling_tools {
            if !self.tools.is_empty() || self.tool_choice.is_some() {
                needs.push(Capability::SamplingTools);
            }
            if self.include_context.is_some_and(|context| context != IncludeContext::None) {
                needs.push(Capability::SamplingContext);
            }
        }
        needs
    }

    /// Checks the request; says why the client cannot be sent it otherwise.
    pub(super) fn check(&self, rules: &Rules) -> Result<(), String> {
        let has_tools = !self.tools.is_empty() || self.tool_choice.is_some();
        if has_tools && !rules.sampling_tools {
            return Err("the client's revision has no tools in sampling".into());
        }
        let numbers = self.preferences.iter().flat_map(ModelPreferences::priorities);
        if !numbers.flatten().all(|priority| (0.0..=1.0).contains(&priority)) {
            return Err("a priority is not between 0 and 1".into());
        }
        if !self.temperature.is_none_or(f64::is_finite) {
            return Err("the temperature is no number".into());
        }
        let metadata = self.metadata.as_ref().map(|json| json.as_str().trim_ascii_start());
        if !metadata.is_none_or(|text| text.starts_with('{')) {
            return Err("the metadata is no object".into());
        }
        for (_, content) in &self.messages {
            check_blocks(content, rules)?;
        }
        check_balance(&self.messages)
    }
}

/// Checks that the peer's revision knows what a message consists of.
fn check_blocks(content: &[SamplingContent], rules: &Rules) -> Result<(), String> {
    if content.is_empty() {
        return Err("a message is empty".into());
    }
    if content.len() > 1 && !rules.sampling_tools {
        return Err("the client's revision has one block in each message".into());
    }
    for block in content {
        match block {
            SamplingContent::Content(content) if !content.is_sampled() => {
                return Err("a message holds a resource, a link or a raw block".into());
            }
            SamplingContent::Content(_) => {}
            SamplingContent::Other(_) => return Err("a block is of an unknown kind".into()),
            SamplingContent::ToolUse { .. } | SamplingContent::ToolResult { .. } => {
                if !rules.sampling_tools {
                    return Err("the client's revision has no tools in sampling".into());
                }
            }
        }
    }
    Ok(())
}

/// Checks that the results of tools stand by themselves, right after the uses that they answer,
/// and that no use goes without.
fn check_balance(messages: &[(Role, Vec<SamplingContent>)]) -> Result<(), String> {
    let mut open: BTreeSet<&str> = BTreeSet::new();
    for (role, content) in messages {
        let results = content.iter().filter_map(SamplingContent::answers).collect::<Vec<_>>();
        if !results.is_empty() && (*role != Role::User || results.len() < content.len()) {
            return Err("a tool's results stand by themselves in a message of the user".into());
        }
        for id in results {
            if !open.remove(id) {
                return Err(format!("the result of `{id}` does not follow its use"));
            }
        }
        if let Some(id) = open.first() {
            return Err(format!("the use of `{id}` is not followed by its result"));
        }
        for id in content.iter().filter_map(SamplingContent::uses) {
            if *role != Role::Assistant {
                return Err("only the model uses tools".into());
            }
            if !open.insert(id) {
                return Err(format!("`{id}` is used twice"));
            }
        }
    }
    match open.first() {
        Some(id) => Err(format!("the use of `{id}` is not followed by its result")),
        None => Ok(()),
    }
}

impl SamplingContent {
    /// The id of the use that the block is the result of.
    fn answers(&self) -> Option<&str> {
        match self {
            Self::ToolResult { tool_use_id, .. } => Some(tool_use_id),
            _ => None,
        }
    }

    /// The id of the use that the block is.
    fn uses(&self) -> Option<&str> {
        match self {
            Self::ToolUse { id, .. } => Some(id),
            _ => None,
        }
    }
}
