//! What each side says it can do and what it calls itself.
//!
//! Spec: "Capability negotiation" on the `basic/lifecycle` pages, and `server/discover`.

use alloc::{boxed::Box, collections::BTreeMap, string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{version::Rules, wire::Json};

/// What a client declared. Unknown members are kept in the raw text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientCapabilities {
    /// The declaration as it came; `None` if there was none.
    pub raw: Option<Json>,
    /// `roots`: whether the client also tells of changes.
    pub roots: Option<ListCapability>,
    /// `sampling`.
    pub sampling: Option<SamplingCapability>,
    /// `elicitation`; `{}` means forms.
    pub elicitation: Option<ElicitationCapability>,
    /// `extensions`: identifier to settings.
    pub extensions: BTreeMap<Box<str>, Json>,
    /// `experimental`: name to settings.
    pub experimental: BTreeMap<Box<str>, Json>,
}

/// A list that may tell of changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListCapability {
    /// `listChanged`.
    pub list_changed: bool,
}

/// `resources` of a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResourcesCapability {
    /// `subscribe`.
    pub subscribe: bool,
    /// `listChanged`.
    pub list_changed: bool,
}

/// `sampling` of a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SamplingCapability {
    /// `tools`.
    pub tools: bool,
    /// `context`.
    pub context: bool,
}

/// `elicitation` of a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ElicitationCapability {
    /// Forms.
    pub form: bool,
    /// URLs.
    pub url: bool,
}

/// One thing that a client may have declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Capability {
    /// `roots`
    Roots,
    /// `sampling`
    Sampling,
    /// `sampling.tools`
    SamplingTools,
    /// `sampling.context`
    SamplingContext,
    /// `elicitation`, forms
    ElicitationForm,
    /// `elicitation.url`
    ElicitationUrl,
    /// `extensions["…"]`
    Extension(Box<str>),
}

impl Capability {
    /// The object that -32021 names the capability with: `{"elicitation":{"url":{}}}`.
    pub fn required(&self) -> Json {
        todo!()
    }
}

impl ClientCapabilities {
    /// Reads the JSON text of a declaration; tells what is wrong with it otherwise.
    pub fn parse(json: &str) -> Result<Self, crate::wire::InvalidParams> {
        todo!()
    }

    /// Whether `capability` was declared.
    pub fn has(&self, capability: &Capability) -> bool {
        todo!()
    }
}

/// What a server declares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerCapabilities {
    /// `logging`
    pub logging: bool,
    /// `completions`
    pub completions: bool,
    /// `prompts`
    pub prompts: Option<ListCapability>,
    /// `resources`
    pub resources: Option<ResourcesCapability>,
    /// `tools`
    pub tools: Option<ListCapability>,
    /// `extensions`: identifier to settings.
    pub extensions: BTreeMap<Box<str>, Json>,
    /// `experimental`: name to settings.
    pub experimental: BTreeMap<Box<str>, Json>,
}

impl ServerCapabilities {
    /// The JSON text for a peer under `rules`.
    pub fn encode(&self, rules: &Rules) -> String {
        todo!()
    }
}

/// What a program calls itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Implementation {
    /// For programs.
    pub name: String,
    /// In whatever scheme the program has.
    pub version: String,
    /// For people; from 2025-06-18.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it does; from 2025-11-25.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its page; from 2025-11-25.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub website_url: Option<String>,
    /// From 2025-11-25.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub icons: Vec<Icon>,
}

impl Implementation {
    /// A name and a version.
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        Self { name: name.into(), version: version.into(), ..Self::default() }
    }

    /// The JSON text for a peer under `rules`.
    pub fn encode(&self, rules: &Rules) -> String {
        todo!()
    }
}

/// An icon. The core only carries it: whoever shows it checks where it comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Icon {
    /// An `https:` or `data:` URI.
    pub src: String,
    /// Its media type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// `48x48`, or `any`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sizes: Vec<String>,
    /// `light` or `dark`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub theme: Option<String>,
}
