//! Content blocks.
//!
//! Spec: "Data types" of `server/tools` and `server/prompts`.

use alloc::string::String;

use super::{Resource, ResourceContents};
use crate::{version::Rules, wire::Json};

/// One block of content.
#[derive(Clone, Debug)]
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
    Resource(ResourceContents),
    /// A link to a resource, from 2025-06-18; older peers get its URI as text.
    Link(Resource),
    /// A block that is JSON already.
    Raw(Json),
}

impl Content {
    /// Text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }
    /// An image of these bytes.
    pub fn image(bytes: &[u8], mime_type: impl Into<String>) -> Self {
        todo!()
    }
    /// Audio of these bytes.
    pub fn audio(bytes: &[u8], mime_type: impl Into<String>) -> Self {
        todo!()
    }
    /// Appends the JSON text for a peer under `rules`.
    pub(crate) fn encode(&self, rules: &Rules, out: &mut String) {
        todo!()
    }
}
