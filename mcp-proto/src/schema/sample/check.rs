//! Whether a request to the model is one that the client can be sent.

use alloc::{borrow::Cow, collections::BTreeSet, format, string::String, vec, vec::Vec};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{IncludeContext, ModelPreferences, Sampling, SamplingContent};
use crate::{
    schema::{Capability, Role},
    version::Rules,
    wire::Json,
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
        check_balance(self.messages.iter().map(|(role, content)| {
            let parts = content.iter().map(SamplingContent::part).collect();
            (*role, parts)
        }))
    }
}

/// Checks the messages that a server wants to have sampled, given the parameters of
/// `sampling/createMessage`; says what is wrong with them. Blocks of an unknown kind are left
/// alone.
pub(crate) fn check_asked(params: &Json) -> Result<(), String> {
    #[derive(Deserialize)]
    struct Params<'a> {
        #[serde(borrow)]
        messages: Vec<Message<'a>>,
    }
    #[derive(Deserialize)]
    struct Message<'a> {
        role: Role,
        #[serde(borrow)]
        content: &'a RawValue,
    }
    let params: Params<'_> = params.parse().map_err(|error| format!("{error}"))?;
    let mut messages = Vec::with_capacity(params.messages.len());
    for Message { role, content } in params.messages {
        messages.push((role, read_parts(content.get())?));
    }
    check_balance(messages)
}

/// What is read of a block that a server sent.
#[derive(Deserialize)]
struct Block<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(rename = "toolUseId", borrow)]
    tool_use_id: Option<&'a RawValue>,
}

impl<'a> Block<'a> {
    /// `None` for a block of a known kind without its id.
    fn part(self) -> Option<Part<'a>> {
        let text = |raw: Option<&'a RawValue>| serde_json::from_str(raw?.get()).ok();
        match &*self.kind {
            "tool_use" => text(self.id).map(Part::Use),
            "tool_result" => text(self.tool_use_id).map(Part::Result),
            _ => Some(Part::Other),
        }
    }
}

/// The content of a message is one block, or an array of them.
fn read_parts(content: &str) -> Result<Vec<Part<'_>>, String> {
    let blocks: Result<Vec<Block<'_>>, _> = if content.starts_with('[') {
        serde_json::from_str(content)
    } else {
        serde_json::from_str(content).map(|block| vec![block])
    };
    let parts = blocks.ok().and_then(|blocks| blocks.into_iter().map(Block::part).collect());
    parts.ok_or_else(|| "a message cannot be read".into())
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

/// What the balance of a conversation depends on.
enum Part<'a> {
    /// The model uses a tool, under this id.
    Use(Cow<'a, str>),
    /// What the use with this id came to.
    Result(Cow<'a, str>),
    Other,
}

/// Checks that the results of tools stand by themselves, right after the uses that they answer,
/// and that no use goes without.
fn check_balance<'a>(
    messages: impl IntoIterator<Item = (Role, Vec<Part<'a>>)>,
) -> Result<(), String> {
    let mut open: BTreeSet<Cow<'a, str>> = BTreeSet::new();
    for (role, parts) in messages {
        let results = parts.iter().filter(|part| matches!(part, Part::Result(_))).count();
        if results > 0 && (role != Role::User || results < parts.len()) {
            return Err("a tool's results stand by themselves in a message of the user".into());
        }
        let mut used = BTreeSet::new();
        for part in parts {
            match part {
                Part::Result(id) if !open.remove(&id) => {
                    return Err(format!("the result of `{id}` does not follow its use"));
                }
                Part::Use(_) if role != Role::Assistant => {
                    return Err("only the model uses tools".into());
                }
                Part::Use(id) if used.contains(&id) => {
                    return Err(format!("`{id}` is used twice"));
                }
                Part::Use(id) => {
                    used.insert(id);
                }
                Part::Result(_) | Part::Other => {}
            }
        }
        all_answered(&open)?;
        open = used;
    }
    all_answered(&open)
}

fn all_answered(open: &BTreeSet<Cow<'_, str>>) -> Result<(), String> {
    match open.first() {
        Some(id) => Err(format!("the use of `{id}` is not followed by its result")),
        None => Ok(()),
    }
}

impl SamplingContent {
    fn part(&self) -> Part<'_> {
        match self {
            Self::ToolUse { id, .. } => Part::Use(id.as_str().into()),
            Self::ToolResult { tool_use_id, .. } => Part::Result(tool_use_id.as_str().into()),
            _ => Part::Other,
        }
    }
}
