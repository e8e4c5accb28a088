//! Resources and templates.
//!
//! Spec: `server/resources`.

use alloc::{boxed::Box, format, string::String, vec::Vec};

use super::{
    Annotations, InvalidMetaKey, InvalidTemplate, InvalidUri, UriTemplate,
    entity::{Entity, entity_setters},
    meta,
    uri::check_uri,
};
use crate::{
    version::Rules,
    wire::{Json, Object, base64_encode},
};

/// A resource, as a list shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    uri: String,
    entity: Entity,
    shape: Shape,
    size: Option<u64>,
}

/// A family of resources, as a list shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceTemplate {
    template: UriTemplate,
    entity: Entity,
    shape: Shape,
}

/// What resources and templates have in common beyond their names.
#[derive(Clone, Debug, Default, PartialEq)]
struct Shape {
    mime_type: Option<String>,
    annotations: Annotations,
}

impl Resource {
    /// A resource at `uri`, which must be an absolute URI.
    pub fn new(uri: impl Into<String>, name: impl Into<String>) -> Result<Self, InvalidUri> {
        let uri = check_uri(uri.into())?;
        Ok(Self { uri, entity: Entity::new(name), shape: Shape::default(), size: None })
    }

    entity_setters!();

    /// Its media type.
    #[must_use]
    pub fn mime_type(mut self, mime_type: impl Into<String>) -> Self {
        self.shape.mime_type = Some(mime_type.into());
        self
    }

    /// Its size in bytes, before any base64.
    #[must_use]
    pub fn size(mut self, bytes: u64) -> Self {
        self.size = Some(bytes);
        self
    }

    /// For whom it is and how much it matters.
    #[must_use]
    pub fn annotations(mut self, annotations: Annotations) -> Self {
        self.shape.annotations = annotations;
        self
    }

    /// Where it is.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// Appends the JSON text for a peer under `rules`.
    pub(crate) fn encode(&self, rules: &Rules, out: &mut String) {
        let mut object = Object::begin(out);
        self.write(rules, &mut object);
        object.end();
    }

    pub(super) fn write(&self, rules: &Rules, object: &mut Object<'_>) {
        object.text("uri", &self.uri);
        self.entity.write(rules, object);
        self.shape.write(rules, object);
        if let Some(size) = self.size {
            object.raw("size", &format!("{size}"));
        }
    }
}

impl ResourceTemplate {
    /// The resources that `template` matches.
    pub fn new(template: &str, name: impl Into<String>) -> Result<Self, InvalidTemplate> {
        let template = UriTemplate::parse(template)?;
        Ok(Self { template, entity: Entity::new(name), shape: Shape::default() })
    }

    entity_setters!();

    /// The media type, if it is the same for all of them.
    #[must_use]
    pub fn mime_type(mut self, mime_type: impl Into<String>) -> Self {
        self.shape.mime_type = Some(mime_type.into());
        self
    }

    /// For whom they are and how much they matter.
    #[must_use]
    pub fn annotations(mut self, annotations: Annotations) -> Self {
        self.shape.annotations = annotations;
        self
    }

    /// Which URIs they have.
    pub fn template(&self) -> &UriTemplate {
        &self.template
    }

    /// Appends the JSON text for a peer under `rules`.
    pub(crate) fn encode(&self, rules: &Rules, out: &mut String) {
        let mut object = Object::begin(out);
        object.text("uriTemplate", self.template.as_str());
        self.entity.write(rules, &mut object);
        self.shape.write(rules, &mut object);
        object.end();
    }
}

impl Shape {
    fn write(&self, rules: &Rules, object: &mut Object<'_>) {
        object.text_if("mimeType", self.mime_type.as_deref());
        self.annotations.write(rules, object);
    }
}

/// What a resource holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceContents {
    uri: String,
    mime_type: Option<String>,
    body: Body,
    meta: Vec<(Box<str>, Json)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Body {
    Text(String),
    /// base64
    Blob(String),
}

impl ResourceContents {
    /// Text.
    pub fn text(uri: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(uri.into(), Body::Text(text.into()))
    }

    /// Bytes.
    pub fn blob(uri: impl Into<String>, bytes: &[u8]) -> Self {
        Self::new(uri.into(), Body::Blob(base64_encode(bytes)))
    }

    /// Its media type.
    #[must_use]
    pub fn mime_type(mut self, mime_type: impl Into<String>) -> Self {
        self.mime_type = Some(mime_type.into());
        self
    }

    /// Adds a member to `_meta`, from 2025-06-18; fails if an application may not have it.
    pub fn meta(mut self, key: &str, value: Json) -> Result<Self, InvalidMetaKey> {
        meta::insert(&mut self.meta, key, value)?;
        Ok(self)
    }

    /// Appends the JSON text for a peer under `rules`.
    pub(crate) fn encode(&self, rules: &Rules, out: &mut String) {
        let mut object = Object::begin(out);
        object.text("uri", &self.uri);
        object.text_if("mimeType", self.mime_type.as_deref());
        match &self.body {
            Body::Text(text) => object.text("text", text),
            Body::Blob(base64) => object.text("blob", base64),
        }
        if rules.titles {
            meta::write(&self.meta, &mut object);
        }
        object.end();
    }

    fn new(uri: String, body: Body) -> Self {
        Self { uri, mime_type: None, body, meta: Vec::new() }
    }
}
