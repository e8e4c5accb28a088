//! What each side says it can do and what it calls itself.
//!
//! Spec: "Capability negotiation" on the `basic/lifecycle` pages, and `server/discover`.

use alloc::{boxed::Box, collections::BTreeMap, string::String, vec::Vec};

use core::fmt;

use serde::{Deserialize, Serialize};

use super::{entity::write_list, meta};
use crate::{
    version::Rules,
    wire::{Json, Object, escape_into},
};

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
    /// `extensions`: identifier to settings. What is no [`extension_id`] is not declared.
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
        Json::from_trusted(match self {
            Self::Roots => r#"{"roots":{}}"#,
            Self::Sampling => r#"{"sampling":{}}"#,
            Self::SamplingTools => r#"{"sampling":{"tools":{}}}"#,
            Self::SamplingContext => r#"{"sampling":{"context":{}}}"#,
            Self::ElicitationForm => r#"{"elicitation":{}}"#,
            Self::ElicitationUrl => r#"{"elicitation":{"url":{}}}"#,
            Self::Extension(id) => {
                let mut text = String::from(r#"{"extensions":{"#);
                escape_into(id, &mut text);
                return Json::from_trusted(&(text + ":{}}}"));
            }
        })
    }
}

impl ClientCapabilities {
    /// Whether `capability` was declared.
    pub fn has(&self, capability: &Capability) -> bool {
        match capability {
            Capability::Roots => self.roots.is_some(),
            Capability::Sampling => self.sampling.is_some(),
            Capability::SamplingTools => self.sampling.is_some_and(|sampling| sampling.tools),
            Capability::SamplingContext => self.sampling.is_some_and(|sampling| sampling.context),
            Capability::ElicitationForm => self.elicitation.is_some_and(|modes| modes.form),
            Capability::ElicitationUrl => self.elicitation.is_some_and(|modes| modes.url),
            Capability::Extension(id) => self.extensions.contains_key(id),
        }
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
    /// `extensions`: identifier to settings. What is no [`extension_id`] is not declared.
    pub extensions: BTreeMap<Box<str>, Json>,
    /// `experimental`: name to settings.
    pub experimental: BTreeMap<Box<str>, Json>,
}

impl ServerCapabilities {
    /// The same without what a client would be told of later.
    pub(crate) fn without_changes(&self) -> Self {
        let mut still = self.clone();
        for list in [&mut still.prompts, &mut still.tools].into_iter().flatten() {
            list.list_changed = false;
        }
        if let Some(resources) = &mut still.resources {
            *resources = ResourcesCapability::default();
        }
        still
    }

    /// The JSON text for a peer under `rules`.
    pub fn encode(&self, rules: &Rules) -> String {
        let mut out = String::new();
        let mut object = Object::begin(&mut out);
        write_map("experimental", &self.experimental, &mut object);
        if self.logging {
            object.raw("logging", "{}");
        }
        if self.completions && rules.completions_capability {
            object.raw("completions", "{}");
        }
        if let Some(prompts) = self.prompts {
            write_flags("prompts", [("listChanged", prompts.list_changed)], &mut object);
        }
        if let Some(resources) = self.resources {
            let flags =
                [("subscribe", resources.subscribe), ("listChanged", resources.list_changed)];
            write_flags("resources", flags, &mut object);
        }
        if let Some(tools) = self.tools {
            write_flags("tools", [("listChanged", tools.list_changed)], &mut object);
        }
        if rules.extensions {
            write_map("extensions", named_extensions(&self.extensions), &mut object);
        }
        object.end();
        out
    }
}

fn write_flags<const N: usize>(key: &str, flags: [(&str, bool); N], object: &mut Object<'_>) {
    let mut capability = Object::begin(object.key(key));
    for (flag, value) in flags {
        if value {
            capability.flag(flag, true);
        }
    }
    capability.end();
}

/// Nothing is written for an empty map.
fn write_map<'m>(
    key: &str,
    map: impl IntoIterator<Item = (&'m Box<str>, &'m Json)>,
    object: &mut Object<'_>,
) {
    let mut map = map.into_iter().peekable();
    if map.peek().is_some() {
        let out = object.key(key);
        for (index, (id, settings)) in map.enumerate() {
            out.push(if index == 0 { '{' } else { ',' });
            escape_into(id, out);
            out.push(':');
            out.push_str(settings.as_str());
        }
        out.push('}');
    }
}

/// The extensions whose identifiers are some.
pub(crate) fn named_extensions(
    all: &BTreeMap<Box<str>, Json>,
) -> impl Iterator<Item = (&Box<str>, &Json)> {
    all.iter().filter(|(id, _)| extension_id(id).is_ok())
}

/// What should name an extension is no identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidExtensionId;

impl fmt::Display for InvalidExtensionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an extension is named by a prefix, `/` and a name, like `com.example/name`")
    }
}

impl core::error::Error for InvalidExtensionId {}

/// Gives back `id` if it may name an extension: a prefix and a name, as keys of `_meta` have
/// them. The protocol's own prefixes may be used, because it has extensions too.
pub fn extension_id(id: &str) -> Result<&str, InvalidExtensionId> {
    match id.split_once('/') {
        Some((prefix, name)) if meta::is_prefix(prefix) && meta::is_name(name) => Ok(id),
        _ => Err(InvalidExtensionId),
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
        let mut out = String::new();
        let mut object = Object::begin(&mut out);
        object.text("name", &self.name);
        object.text("version", &self.version);
        if rules.titles {
            object.text_if("title", self.title.as_deref());
        }
        if rules.icons {
            object.text_if("description", self.description.as_deref());
            object.text_if("websiteUrl", self.website_url.as_deref());
            Icon::write_all(&self.icons, &mut object);
        }
        object.end();
        out
    }
}

/// An icon. The core only carries it: whoever shows it asks whether it [is safe](Icon::is_safe).
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

impl Icon {
    /// An icon at an `https:` or `data:` URI.
    pub fn new(src: impl Into<String>) -> Self {
        Self { src: src.into(), ..Self::default() }
    }

    /// Whether the image may be fetched at all: from the web, or from the URI itself. Ask before
    /// you show an icon of somebody else's; a URI of any other scheme may name a file or a script.
    pub fn is_safe(&self) -> bool {
        let scheme = self.src.split_once(':').map(|(scheme, _)| scheme);
        let safe = ["https", "http", "data"];
        scheme.is_some_and(|scheme| safe.iter().any(|own| scheme.eq_ignore_ascii_case(own)))
    }

    /// Writes `icons`, if there are any.
    pub(super) fn write_all(icons: &[Self], object: &mut Object<'_>) {
        if !icons.is_empty() {
            write_list(icons, object.key("icons"), Self::encode);
        }
    }

    fn encode(&self, out: &mut String) {
        let mut object = Object::begin(out);
        object.text("src", &self.src);
        object.text_if("mimeType", self.mime_type.as_deref());
        if !self.sizes.is_empty() {
            write_list(&self.sizes, object.key("sizes"), |size, out| escape_into(size, out));
        }
        object.text_if("theme", self.theme.as_deref());
        object.end();
    }
}
