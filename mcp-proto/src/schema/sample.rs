//! Asking the client's model.
//!
//! Spec: `client/sampling`.

mod sampled;

use alloc::{collections::BTreeSet, format, string::String, vec, vec::Vec};

pub use sampled::Sampled;

use super::{Capability, Content, Role, Tool, entity::write_list};
use crate::{
    version::Rules,
    wire::{Json, Object, escape_into},
};

/// What is asked of the model.
///
/// ```
/// use mcp_proto::schema::Sampling;
///
/// let request = Sampling::new("What is the capital of France?", 100)
///     .system_prompt("Answer in one word.")
///     .temperature(0.0);
/// # let _ = request;
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Sampling {
    messages: Vec<(Role, Vec<SamplingContent>)>,
    max_tokens: u64,
    system_prompt: Option<String>,
    temperature: Option<f64>,
    stop_sequences: Vec<String>,
    preferences: Option<ModelPreferences>,
    include_context: Option<IncludeContext>,
    metadata: Option<Json>,
    tools: Vec<Tool>,
    tool_choice: Option<ToolChoice>,
}

/// One block of a message to or from the model.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum SamplingContent {
    /// Text, an image, or audio.
    Content(Content),
    /// The model wants a tool called; from 2025-11-25.
    ToolUse {
        /// What the tool's result names it by.
        id: String,
        /// Which tool.
        name: String,
        /// The arguments: a JSON object.
        input: Json,
    },
    /// What a tool that was called has returned; from 2025-11-25.
    ToolResult {
        /// The `id` of the `ToolUse`.
        tool_use_id: String,
        /// For the model.
        content: Vec<Content>,
        /// For programs.
        structured: Option<Json>,
        /// Whether the tool failed.
        is_error: bool,
    },
    /// A block of a kind that this crate does not know; only received.
    Other(Json),
}

/// Which model is wanted, as far as the client has a choice.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelPreferences {
    /// Parts of names of models, the most wanted first.
    pub hints: Vec<String>,
    /// How much a low price matters, from 0.0 to 1.0.
    pub cost: Option<f64>,
    /// How much speed matters, from 0.0 to 1.0.
    pub speed: Option<f64>,
    /// How much ability matters, from 0.0 to 1.0.
    pub intelligence: Option<f64>,
}

/// What of earlier conversations the model is to see. Clients may give it less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncludeContext {
    /// Nothing, which is also the default.
    None,
    /// What has to do with this server.
    ThisServer,
    /// What has to do with any of the client's servers.
    AllServers,
}

/// Whether the model calls tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolChoice {
    /// As it likes, which is also the default.
    Auto,
    /// It must call one.
    Required,
    /// It must not.
    None,
}

impl Sampling {
    /// One message of the user, and at most so many tokens in the answer.
    pub fn new(prompt: impl Into<String>, max_tokens: u64) -> Self {
        Self::conversation(max_tokens).user(Content::text(prompt))
    }

    /// No message yet, and at most so many tokens in the answer.
    pub fn conversation(max_tokens: u64) -> Self {
        Self {
            messages: Vec::new(),
            max_tokens,
            system_prompt: None,
            temperature: None,
            stop_sequences: Vec::new(),
            preferences: None,
            include_context: None,
            metadata: None,
            tools: Vec::new(),
            tool_choice: None,
        }
    }

    /// Adds what the user says.
    #[must_use]
    pub fn user(self, content: impl Into<SamplingContent>) -> Self {
        self.message(Role::User, vec![content.into()])
    }

    /// Adds what the model said.
    #[must_use]
    pub fn assistant(self, content: impl Into<SamplingContent>) -> Self {
        self.message(Role::Assistant, vec![content.into()])
    }

    /// Adds a message of one or more blocks; more than one only from 2025-11-25.
    #[must_use]
    pub fn message(mut self, role: Role, content: Vec<SamplingContent>) -> Self {
        self.messages.push((role, content));
        self
    }

    /// What the model is to be told first.
    #[must_use]
    pub fn system_prompt(mut self, text: impl Into<String>) -> Self {
        self.system_prompt = Some(text.into());
        self
    }

    /// How much chance is in the answer.
    #[must_use]
    pub fn temperature(mut self, temperature: f64) -> Self {
        self.temperature = Some(temperature);
        self
    }

    /// Adds a text at which the model stops.
    #[must_use]
    pub fn stop_sequence(mut self, text: impl Into<String>) -> Self {
        self.stop_sequences.push(text.into());
        self
    }

    /// Which model is wanted.
    #[must_use]
    pub fn prefer(mut self, preferences: ModelPreferences) -> Self {
        self.preferences = Some(preferences);
        self
    }

    /// What of earlier conversations the model is to see.
    #[must_use]
    pub fn include_context(mut self, context: IncludeContext) -> Self {
        self.include_context = Some(context);
        self
    }

    /// What goes to the model's provider as it is: a JSON object.
    #[must_use]
    pub fn metadata(mut self, metadata: Json) -> Self {
        self.metadata = Some(metadata);
        self
    }

    /// Adds a tool that the model may call; from 2025-11-25.
    #[must_use]
    pub fn tool(mut self, tool: Tool) -> Self {
        self.tools.push(tool);
        self
    }

    /// Whether the model calls tools; from 2025-11-25.
    #[must_use]
    pub fn tool_choice(mut self, choice: ToolChoice) -> Self {
        self.tool_choice = Some(choice);
        self
    }

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

    /// The parameters of `sampling/createMessage` for a peer under `rules`; says why there are
    /// none.
    pub(crate) fn to_params(&self, rules: &Rules) -> Result<Json, String> {
        self.check(rules)?;
        let mut out = String::new();
        let mut params = Object::begin(&mut out);
        write_list(&self.messages, params.key("messages"), |(role, content), out| {
            let mut message = Object::begin(out);
            message.raw("role", role.quoted());
            match content.as_slice() {
                [block] => block.encode(rules, message.key("content")),
                blocks => write_list(blocks, message.key("content"), |block, out| {
                    block.encode(rules, out);
                }),
            }
            message.end();
        });
        if let Some(preferences) = &self.preferences {
            preferences.encode(params.key("modelPreferences"));
        }
        params.text_if("systemPrompt", self.system_prompt.as_deref());
        params.text_if("includeContext", self.include_context.map(IncludeContext::as_str));
        write_number("temperature", self.temperature, &mut params);
        params.raw("maxTokens", &format!("{}", self.max_tokens));
        if !self.stop_sequences.is_empty() {
            write_list(&self.stop_sequences, params.key("stopSequences"), |text, out| {
                escape_into(text, out);
            });
        }
        if let Some(metadata) = &self.metadata {
            params.raw("metadata", metadata.as_str());
        }
        if !self.tools.is_empty() {
            write_list(&self.tools, params.key("tools"), |tool, out| tool.encode(rules, out));
        }
        if let Some(choice) = self.tool_choice {
            let mut object = Object::begin(params.key("toolChoice"));
            object.text("mode", choice.as_str());
            object.end();
        }
        params.end();
        Ok(Json::from_trusted(&out))
    }

    fn check(&self, rules: &Rules) -> Result<(), String> {
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

    fn encode(&self, rules: &Rules, out: &mut String) {
        let mut object = match self {
            Self::Content(content) => return content.encode(rules, out),
            Self::Other(json) => return out.push_str(json.as_str()),
            Self::ToolUse { .. } | Self::ToolResult { .. } => Object::begin(out),
        };
        match self {
            Self::ToolUse { id, name, input } => {
                object.raw("type", "\"tool_use\"");
                object.text("id", id);
                object.text("name", name);
                object.raw("input", input.as_str());
            }
            Self::ToolResult { tool_use_id, content, structured, is_error } => {
                object.raw("type", "\"tool_result\"");
                object.text("toolUseId", tool_use_id);
                write_list(content, object.key("content"), |block, out| block.encode(rules, out));
                if let Some(structured) = structured {
                    object.raw("structuredContent", structured.as_str());
                }
                if *is_error {
                    object.flag("isError", true);
                }
            }
            Self::Content(_) | Self::Other(_) => {}
        }
        object.end();
    }
}

impl<T: Into<Content>> From<T> for SamplingContent {
    fn from(content: T) -> Self {
        Self::Content(content.into())
    }
}

impl ModelPreferences {
    fn priorities(&self) -> [Option<f64>; 3] {
        [self.cost, self.speed, self.intelligence]
    }

    fn encode(&self, out: &mut String) {
        let mut object = Object::begin(out);
        if !self.hints.is_empty() {
            write_list(&self.hints, object.key("hints"), |name, out| {
                let mut hint = Object::begin(out);
                hint.text("name", name);
                hint.end();
            });
        }
        let keys = ["costPriority", "speedPriority", "intelligencePriority"];
        for (key, priority) in keys.into_iter().zip(self.priorities()) {
            write_number(key, priority, &mut object);
        }
        object.end();
    }
}

impl IncludeContext {
    const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ThisServer => "thisServer",
            Self::AllServers => "allServers",
        }
    }
}

impl ToolChoice {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Required => "required",
            Self::None => "none",
        }
    }
}

fn write_number(key: &str, number: Option<f64>, object: &mut Object<'_>) {
    if let Some(number) = number {
        object.raw(key, &format!("{number}"));
    }
}
