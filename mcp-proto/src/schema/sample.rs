//! Asking the client's model.
//!
//! Spec: `client/sampling`.

mod check;
mod encode;
mod sampled;

use alloc::{string::String, vec, vec::Vec};

pub(crate) use check::check_asked;
pub use sampled::Sampled;

use super::{Content, Role, Tool};
use crate::wire::Json;

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
}

impl<T: Into<Content>> From<T> for SamplingContent {
    fn from(content: T) -> Self {
        Self::Content(content.into())
    }
}

#[cfg(test)]
mod tests;
