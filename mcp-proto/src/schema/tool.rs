//! Tools and what they return.
//!
//! Spec: `server/tools`.

use alloc::{boxed::Box, collections::BTreeSet, string::String, vec, vec::Vec};

use super::{
    Content, InvalidMetaKey, InvalidSchema, MirroredParams,
    entity::{Entity, entity_setters, write_list},
    json_schema::{self, Root},
    meta,
};
use crate::{
    version::{Rules, Structured},
    wire::{Json, Object},
};

/// A tool, as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tool {
    entity: Entity,
    input_schema: Json,
    output_schema: Option<(Root, Json)>,
    annotations: Option<ToolAnnotations>,
    scopes: Vec<Box<str>>,
    required_scopes: BTreeSet<Box<str>>,
}

impl Tool {
    /// A tool of this name that takes any object.
    ///
    /// From 2025-11-25 names should have 1 to 128 characters out of `A-Z a-z 0-9 _ - .`; others
    /// work too, but clients may turn them down.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            entity: Entity::new(name),
            input_schema: Json::from_trusted(r#"{"type":"object"}"#),
            output_schema: None,
            annotations: None,
            scopes: Vec::new(),
            required_scopes: BTreeSet::new(),
        }
    }

    entity_setters!();

    /// The JSON schema of the arguments, whose root must say `"type":"object"`.
    ///
    /// Sent as it is. Properties with `x-mcp-header` are mirrored in header fields; see
    /// [`Tool::mirrored_params`]. The core does not check arguments against it: typed arguments do
    /// that, or a [`Validate`](crate::router::Validate).
    pub fn input_schema(mut self, schema: Json) -> Result<Self, InvalidSchema> {
        match json_schema::root(&schema)? {
            Root::Object => self.input_schema = schema,
            Root::Other => {
                let why = "the root of an input schema must say \"type\":\"object\"";
                return Err(InvalidSchema(why.into()));
            }
        }
        Ok(self)
    }

    /// The tool takes no arguments.
    #[must_use]
    pub fn no_arguments(mut self) -> Self {
        let schema = r#"{"type":"object","additionalProperties":false}"#;
        self.input_schema = Json::from_trusted(schema);
        self
    }

    /// The JSON schema of the structured result: a JSON object, or a boolean. Sent from
    /// 2025-06-18; before 2026-07-28 only if its root says `"type":"object"`.
    pub fn output_schema(mut self, schema: Json) -> Result<Self, InvalidSchema> {
        self.output_schema = Some((json_schema::root(&schema)?, schema));
        Ok(self)
    }

    /// The schema of `A` as that of the arguments; fails if `A` is no struct, map or tagged enum.
    #[cfg(feature = "schemars")]
    pub fn arguments<A: schemars::JsonSchema>(self) -> Result<Self, InvalidSchema> {
        let mut schema = json_schema::of_type::<A>();
        if schema.get("type").is_none() {
            // An enum says so of its variants alone.
            schema.insert("type".into(), "object".into());
        }
        self.input_schema(Json::of(&schema).map_err(|error| InvalidSchema(error.0))?)
    }

    /// The schema of `R` as that of the structured result.
    #[cfg(feature = "schemars")]
    pub fn returns<R: schemars::JsonSchema>(self) -> Result<Self, InvalidSchema> {
        let schema = json_schema::of_type::<R>();
        self.output_schema(Json::of(&schema).map_err(|error| InvalidSchema(error.0))?)
    }

    /// Hints on what the tool does.
    #[must_use]
    pub fn annotations(mut self, annotations: ToolAnnotations) -> Self {
        self.annotations = Some(annotations);
        self
    }

    /// A scope that the caller must have been granted; without it the tool does not exist.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<Box<str>>) -> Self {
        self.scopes.push(scope.into());
        self
    }

    /// A scope that calling the tool takes. Whoever lacks it sees the tool, and is told over HTTP
    /// which scopes to ask for (403 `insufficient_scope`); over a pipe the call is answered -32600.
    #[must_use]
    pub fn requires_scope(mut self, scope: impl Into<Box<str>>) -> Self {
        self.required_scopes.insert(scope.into());
        self
    }

    /// The arguments that header fields mirror over HTTP from 2026-07-28. Fails if one annotation
    /// in the input schema is wrong: nothing is checked then, and clients leave the tool out.
    pub fn mirrored_params(&self) -> Result<MirroredParams, InvalidSchema> {
        MirroredParams::of_schema(&self.input_schema)
    }

    /// What `tools/call` names it by.
    pub fn name(&self) -> &str {
        &self.entity.name
    }

    /// The scopes that a caller must have been granted, all of them.
    pub fn scopes(&self) -> &[Box<str>] {
        &self.scopes
    }

    /// The scopes that calling the tool takes, all of them.
    pub(crate) fn required_scopes(&self) -> &BTreeSet<Box<str>> {
        &self.required_scopes
    }

    /// The schema of the arguments.
    pub(crate) fn arguments_schema(&self) -> &Json {
        &self.input_schema
    }

    /// The schema of the structured result, where there is one.
    pub(crate) fn result_schema(&self) -> Option<&Json> {
        self.output_schema.as_ref().map(|(_, schema)| schema)
    }

    /// Appends the JSON text for a peer under `rules`.
    pub(crate) fn encode(&self, rules: &Rules, out: &mut String) {
        let mut object = Object::begin(out);
        self.entity.write(rules, &mut object);
        object.raw("inputSchema", self.input_schema.as_str());
        if let Some((root, schema)) = &self.output_schema {
            let sent = match rules.structured {
                Structured::None => false,
                Structured::Object => *root == Root::Object,
                Structured::Any => true,
            };
            if sent {
                object.raw("outputSchema", schema.as_str());
            }
        }
        if let Some(annotations) = self.annotations.as_ref().filter(|_| rules.tool_annotations) {
            annotations.encode(object.key("annotations"));
        }
        object.end();
    }
}

/// Hints on what a tool does. Clients do not trust them.
///
/// What is `None` counts as the worst: neither read-only nor idempotent, but destructive and
/// reaching beyond the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolAnnotations {
    /// For people; [`Tool::title`] comes before it.
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

impl ToolAnnotations {
    fn encode(&self, out: &mut String) {
        let mut object = Object::begin(out);
        object.text_if("title", self.title.as_deref());
        let hints = [
            ("readOnlyHint", self.read_only),
            ("destructiveHint", self.destructive),
            ("idempotentHint", self.idempotent),
            ("openWorldHint", self.open_world),
        ];
        for (key, hint) in hints {
            if let Some(hint) = hint {
                object.flag(key, hint);
            }
        }
        object.end();
    }
}

/// What a tool returns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ToolResult {
    /// For a model.
    pub content: Vec<Content>,
    /// For a program; a JSON object before 2026-07-28, and left out there if it is none.
    pub structured: Option<Json>,
    /// Whether the tool failed.
    pub is_error: bool,
    /// Members of `_meta`; [`ToolResult::meta`] checks them.
    pub meta: Vec<(Box<str>, Json)>,
}

impl ToolResult {
    /// One block of text.
    pub fn text(text: impl Into<String>) -> Self {
        Self { content: vec![Content::Text(text.into())], ..Self::default() }
    }

    /// The tool failed, and why: for the model, which may do better next time.
    pub fn error(why: impl Into<String>) -> Self {
        Self { is_error: true, ..Self::text(why) }
    }

    /// A structured result. Unless there is a text besides, its JSON text is also sent as one.
    pub fn structured(value: Json) -> Self {
        Self { structured: Some(value), ..Self::default() }
    }

    /// Adds a block of content.
    #[must_use]
    pub fn content(mut self, content: impl Into<Content>) -> Self {
        self.content.push(content.into());
        self
    }

    /// Adds a member to `_meta`; fails if an application may not have it.
    pub fn meta(mut self, key: &str, value: Json) -> Result<Self, InvalidMetaKey> {
        meta::insert(&mut self.meta, key, value)?;
        Ok(self)
    }

    /// Appends the members of the result, without braces around them and without `_meta`.
    pub(crate) fn encode_members(&self, rules: &Rules, out: &mut String) {
        // One allocation instead of one for each doubling.
        out.reserve(64 + self.content.iter().map(Content::room).sum::<usize>());
        let mut result = Object::members(out);
        let as_text =
            self.structured.as_ref().filter(|_| !self.content.iter().any(Content::is_text));
        let as_text = as_text.map(|value| Content::Text(value.as_str().into()));
        write_list(self.content.iter().chain(&as_text), result.key("content"), |block, out| {
            block.encode(rules, out);
        });
        if let Some(value) = &self.structured {
            let sent = match rules.structured {
                Structured::None => false,
                Structured::Object => value.as_str().trim_ascii_start().starts_with('{'),
                Structured::Any => true,
            };
            if sent {
                result.raw("structuredContent", value.as_str());
            }
        }
        if self.is_error {
            result.flag("isError", true);
        }
    }
}
