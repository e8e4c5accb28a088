//! Resources and templates.
//!
//! Spec: `server/resources`.

use alloc::{string::String, vec::Vec};

use super::{InvalidTemplate, UriTemplate};
use crate::version::Rules;

/// A resource, as a list shows it.
#[derive(Clone, Debug)]
pub struct Resource {
    pub(crate) uri: String,
    pub(crate) name: String,
}
impl Resource {
    /// A resource at `uri`.
    pub fn new(uri: impl Into<String>, name: impl Into<String>) -> Self {
        todo!()
    }
    /// Appends the JSON text for a peer under `rules`.
    pub(crate) fn encode(&self, rules: &Rules, out: &mut String) {
        todo!()
    }
}

/// A family of resources, as a list shows it.
#[derive(Clone, Debug)]
pub struct ResourceTemplate {
    pub(crate) template: UriTemplate,
    pub(crate) name: String,
}
impl ResourceTemplate {
    /// The resources that `template` matches.
    pub fn new(template: &str, name: impl Into<String>) -> Result<Self, InvalidTemplate> {
        todo!()
    }
    /// Appends the JSON text for a peer under `rules`.
    pub(crate) fn encode(&self, rules: &Rules, out: &mut String) {
        todo!()
    }
}

/// What a resource holds.
#[derive(Clone, Debug)]
pub struct ResourceContents {
    pub(crate) uri: String,
}
impl ResourceContents {
    /// Text.
    pub fn text(uri: impl Into<String>, text: impl Into<String>) -> Self {
        todo!()
    }
    /// Bytes.
    pub fn blob(uri: impl Into<String>, bytes: &[u8]) -> Self {
        todo!()
    }
    /// Its media type.
    pub fn mime_type(self, mime_type: impl Into<String>) -> Self {
        todo!()
    }
    /// Appends the JSON text for a peer under `rules`.
    pub(crate) fn encode(&self, rules: &Rules, out: &mut String) {
        todo!()
    }
}
