//! URI templates: which URIs a template matches, and with which variables.

use alloc::{boxed::Box, collections::BTreeMap, string::String};

/// The variables of a match, percent-decoded.
pub type Variables = BTreeMap<Box<str>, String>;

/// A URI template of RFC 6570 that URIs are matched against, in time linear in the URI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UriTemplate {
    text: Box<str>,
}

/// The text is no template that can be matched; says why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidTemplate(pub(crate) String);

impl UriTemplate {
    /// Reads a template.
    pub fn parse(text: &str) -> Result<Self, InvalidTemplate> {
        todo!()
    }

    /// The template's text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The variables with which the template gives `uri`, if it does.
    pub fn matches(&self, uri: &str) -> Option<Variables> {
        todo!()
    }
}
