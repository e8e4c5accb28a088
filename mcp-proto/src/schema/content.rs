//! Content blocks.
//!
//! Spec: "Data types" of `server/tools` and `server/prompts`.

use alloc::{boxed::Box, format, string::String, vec::Vec};

use super::{InvalidMetaKey, Resource, ResourceContents, Role, entity::write_list, meta};
use crate::{
    version::Rules,
    wire::{Json, Object, base64_encode},
};

/// One block of content.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Content {
    /// Text.
    Text(String),
    /// An image: base64 and its media type.
    Image {
        /// base64
        data: String,
        /// media type
        mime_type: String,
    },
    /// Audio, from 2025-03-26; older peers get a text in its place.
    Audio {
        /// base64
        data: String,
        /// media type
        mime_type: String,
    },
    /// A resource, embedded.
    Resource(Box<ResourceContents>),
    /// A link to a resource, from 2025-06-18; older peers get its URI as text.
    Link(Box<Resource>),
    /// A block with annotations or `_meta`; see [`Content::annotated`] and [`Content::meta`].
    Annotated(Box<Annotated>),
    /// A block that is JSON already, sent as it is in every revision.
    Raw(Json),
}

/// A block with annotations or `_meta`.
#[derive(Clone, Debug, PartialEq)]
pub struct Annotated {
    content: Content,
    annotations: Annotations,
    meta: Vec<(Box<str>, Json)>,
}

impl Content {
    /// Text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// An image of these bytes.
    pub fn image(bytes: &[u8], mime_type: impl Into<String>) -> Self {
        Self::Image { data: base64_encode(bytes), mime_type: mime_type.into() }
    }

    /// Audio of these bytes.
    pub fn audio(bytes: &[u8], mime_type: impl Into<String>) -> Self {
        Self::Audio { data: base64_encode(bytes), mime_type: mime_type.into() }
    }

    /// A resource, embedded.
    pub fn resource(contents: ResourceContents) -> Self {
        Self::Resource(Box::new(contents))
    }

    /// A link to a resource, which need not be one that is listed.
    pub fn link(resource: Resource) -> Self {
        Self::Link(Box::new(resource))
    }

    /// The block with these annotations. A raw block keeps those that it has.
    #[must_use]
    pub fn annotated(self, annotations: Annotations) -> Self {
        match self {
            Self::Link(resource) => Self::link(resource.annotations(annotations)),
            other => other.decorate(|block| block.annotations = annotations),
        }
    }

    /// The block with a member in its `_meta`, from 2025-06-18; fails if an application may not
    /// have it. A raw block keeps the `_meta` that it has.
    pub fn meta(self, key: &str, value: Json) -> Result<Self, InvalidMetaKey> {
        if let Self::Link(resource) = self {
            return resource.meta(key, value).map(Self::link);
        }
        let mut inserted = Ok(());
        let block = self.decorate(|block| inserted = meta::insert(&mut block.meta, key, value));
        inserted.map(|()| block)
    }

    /// About how many bytes the block takes.
    pub(crate) fn room(&self) -> usize {
        const FRAME: usize = 48;
        match self {
            Self::Text(text) => FRAME + text.len() + text.len() / 16,
            Self::Image { data, mime_type } | Self::Audio { data, mime_type } => {
                FRAME + data.len() + mime_type.len()
            }
            Self::Raw(json) => json.as_str().len(),
            _ => 4 * FRAME,
        }
    }

    /// Appends the JSON text for a peer under `rules`.
    pub(crate) fn encode(&self, rules: &Rules, out: &mut String) {
        if let Self::Raw(json) = self {
            out.push_str(json.as_str());
            return;
        }
        let mut object = Object::begin(out);
        self.write(rules, &mut object);
        object.end();
    }

    /// Whether it is a text for a model.
    pub(super) fn is_text(&self) -> bool {
        match self {
            Self::Text(_) => true,
            Self::Annotated(block) => block.content.is_text(),
            _ => false,
        }
    }

    /// Whether it is of a kind that a model is sent: text, an image, audio.
    pub(super) fn is_sampled(&self) -> bool {
        match self {
            Self::Text(_) | Self::Image { .. } | Self::Audio { .. } => true,
            Self::Annotated(block) => block.content.is_sampled(),
            Self::Resource(_) | Self::Link(_) | Self::Raw(_) => false,
        }
    }

    fn decorate(self, edit: impl FnOnce(&mut Annotated)) -> Self {
        let mut block = match self {
            Self::Raw(_) => return self,
            Self::Annotated(block) => block,
            content => Box::new(Annotated {
                content,
                annotations: Annotations::default(),
                meta: Vec::new(),
            }),
        };
        edit(&mut block);
        Self::Annotated(block)
    }

    fn write(&self, rules: &Rules, object: &mut Object<'_>) {
        match self {
            Self::Text(text) => write_text(text, object),
            Self::Image { data, mime_type } => write_media("image", data, mime_type, object),
            Self::Audio { data, mime_type } if rules.audio => {
                write_media("audio", data, mime_type, object);
            }
            Self::Audio { mime_type, .. } => {
                write_text(&format!("[{mime_type}: this client cannot be sent audio]"), object);
            }
            Self::Resource(contents) => {
                object.raw("type", "\"resource\"");
                contents.encode(rules, object.key("resource"));
            }
            Self::Link(resource) if rules.resource_links => {
                object.raw("type", "\"resource_link\"");
                resource.write(rules, object);
            }
            Self::Link(resource) => write_text(resource.uri(), object),
            Self::Annotated(block) => {
                block.content.write(rules, object);
                block.annotations.write(rules, object);
                if rules.titles {
                    meta::write(&block.meta, object);
                }
            }
            // Never decorated, so it is encoded whole.
            Self::Raw(_) => {}
        }
    }
}

fn write_text(text: &str, object: &mut Object<'_>) {
    object.raw("type", "\"text\"");
    object.text("text", text);
}

fn write_media(kind: &str, data: &str, mime_type: &str, object: &mut Object<'_>) {
    object.text("type", kind);
    object.text("data", data);
    object.text("mimeType", mime_type);
}

/// For whom a block or a resource is, and how much it matters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Annotations {
    audience: Vec<Role>,
    priority: Option<f64>,
    last_modified: Option<String>,
}

impl Annotations {
    /// No annotations.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds someone whom it is for.
    #[must_use]
    pub fn audience(mut self, role: Role) -> Self {
        if !self.audience.contains(&role) {
            self.audience.push(role);
        }
        self
    }

    /// How much it matters, from 0.0 (can be left out) to 1.0 (needed); what is beyond counts as
    /// the nearer end, and what is no number as not said.
    #[must_use]
    pub fn priority(mut self, priority: f64) -> Self {
        self.priority = (!priority.is_nan()).then(|| priority.clamp(0.0, 1.0));
        self
    }

    /// When it last changed, in ISO 8601 (`2025-01-12T15:00:58Z`); from 2025-06-18.
    #[must_use]
    pub fn last_modified(mut self, time: impl Into<String>) -> Self {
        self.last_modified = Some(time.into());
        self
    }

    /// Writes `annotations`, if a peer under `rules` would see anything in it.
    pub(super) fn write(&self, rules: &Rules, object: &mut Object<'_>) {
        let last_modified = self.last_modified.as_deref().filter(|_| rules.titles);
        if self.audience.is_empty() && self.priority.is_none() && last_modified.is_none() {
            return;
        }
        let mut annotations = Object::begin(object.key("annotations"));
        if !self.audience.is_empty() {
            write_list(&self.audience, annotations.key("audience"), |role, out| {
                out.push_str(role.quoted());
            });
        }
        if let Some(priority) = self.priority {
            annotations.raw("priority", &format!("{priority}"));
        }
        annotations.text_if("lastModified", last_modified);
        annotations.end();
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}
