//! Prompts.
//!
//! Spec: `server/prompts`.

use alloc::{boxed::Box, string::String, vec::Vec};

use serde::Deserialize;

use super::{
    Content, InvalidMetaKey,
    entity::{Entity, entity_setters, write_list},
    meta,
};
use crate::{
    version::Rules,
    wire::{Json, Object},
};

/// A prompt, as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    entity: Entity,
    arguments: Vec<PromptArgument>,
}

impl Prompt {
    /// A prompt of this name without arguments.
    pub fn new(name: impl Into<String>) -> Self {
        Self { entity: Entity::new(name), arguments: Vec::new() }
    }

    entity_setters!();

    /// Adds an argument.
    #[must_use]
    pub fn argument(mut self, argument: PromptArgument) -> Self {
        self.arguments.push(argument);
        self
    }

    /// Adds an argument that must be given.
    #[must_use]
    pub fn required_argument(
        self,
        name: impl Into<String>,
        description: impl Into<String>,
    ) -> Self {
        self.argument(PromptArgument::new(name).description(description).required())
    }

    /// Adds an argument that may be given.
    #[must_use]
    pub fn optional_argument(
        self,
        name: impl Into<String>,
        description: impl Into<String>,
    ) -> Self {
        self.argument(PromptArgument::new(name).description(description))
    }

    /// What `prompts/get` names it by.
    pub fn name(&self) -> &str {
        &self.entity.name
    }

    /// Its arguments.
    pub fn arguments(&self) -> &[PromptArgument] {
        &self.arguments
    }

    /// Appends the JSON text for a peer under `rules`.
    pub(crate) fn encode(&self, rules: &Rules, out: &mut String) {
        let mut object = Object::begin(out);
        self.entity.write(rules, &mut object);
        if !self.arguments.is_empty() {
            write_list(&self.arguments, object.key("arguments"), |argument, out| {
                argument.encode(rules, out);
            });
        }
        object.end();
    }
}

/// An argument of a prompt. Its values are strings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptArgument {
    name: String,
    title: Option<String>,
    description: Option<String>,
    required: bool,
}

impl PromptArgument {
    /// An argument that may be given.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), title: None, description: None, required: false }
    }

    /// The name that people see, from 2025-06-18.
    #[must_use]
    pub fn title(mut self, text: impl Into<String>) -> Self {
        self.title = Some(text.into());
        self
    }

    /// What it is.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// It must be given.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it must be given.
    pub fn is_required(&self) -> bool {
        self.required
    }

    fn encode(&self, rules: &Rules, out: &mut String) {
        let mut object = Object::begin(out);
        object.text("name", &self.name);
        if rules.titles {
            object.text_if("title", self.title.as_deref());
        }
        object.text_if("description", self.description.as_deref());
        if self.required {
            object.flag("required", true);
        }
        object.end();
    }
}

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A person.
    User,
    /// A model.
    Assistant,
}

impl Role {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }

    pub(super) const fn quoted(self) -> &'static str {
        match self {
            Self::User => "\"user\"",
            Self::Assistant => "\"assistant\"",
        }
    }
}

/// What a prompt gives.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PromptResult {
    /// What it is.
    pub description: Option<String>,
    /// What is said, in order.
    pub messages: Vec<(Role, Content)>,
    /// Members of `_meta`; [`PromptResult::meta`] checks them.
    pub meta: Vec<(Box<str>, Json)>,
}

impl PromptResult {
    /// No messages yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// What it is.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// Adds what the person says.
    #[must_use]
    pub fn user(self, content: impl Into<Content>) -> Self {
        self.message(Role::User, content.into())
    }

    /// Adds what the model says.
    #[must_use]
    pub fn assistant(self, content: impl Into<Content>) -> Self {
        self.message(Role::Assistant, content.into())
    }

    /// Adds a member to `_meta`; fails if an application may not have it.
    pub fn meta(mut self, key: &str, value: Json) -> Result<Self, InvalidMetaKey> {
        meta::insert(&mut self.meta, key, value)?;
        Ok(self)
    }

    /// Appends the members of the result, without braces around them and without `_meta`.
    pub(crate) fn encode_members(&self, rules: &Rules, out: &mut String) {
        let mut result = Object::members(out);
        result.text_if("description", self.description.as_deref());
        write_list(&self.messages, result.key("messages"), |(role, content), out| {
            let mut message = Object::begin(out);
            message.raw("role", role.quoted());
            content.encode(rules, message.key("content"));
            message.end();
        });
    }

    fn message(mut self, role: Role, content: Content) -> Self {
        self.messages.push((role, content));
        self
    }
}
