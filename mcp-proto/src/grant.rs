//! Who is calling, and what they may see.

use alloc::{boxed::Box, collections::BTreeSet, vec::Vec};

use crate::schema::UriTemplate;

/// Who is calling and what they may see.
///
/// Made by whoever authenticates, outside of the core; the core enforces it in lists, calls and
/// subscriptions. What is not granted looks exactly like what does not exist.
#[derive(Clone, Debug, Default)]
pub struct Grant {
    /// A stable name of the principal (issuer and subject, say), never the bytes of a token.
    /// Sealed state is bound to it.
    pub subject: Option<Box<str>>,
    /// The scopes that were granted; see [`Grant::has_scope`].
    pub scopes: BTreeSet<Box<str>>,
    /// The tools that may be seen and called, by name.
    pub tools: Allow,
    /// The prompts that may be seen and read, by name.
    pub prompts: Allow,
    /// The resources that may be seen, read and subscribed to.
    pub resources: AllowResources,
}

impl Grant {
    /// Whether `scope` was granted.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes.contains(scope)
    }
}

/// An allow-list of names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Allow {
    /// Everything.
    #[default]
    All,
    /// These alone.
    Only(BTreeSet<Box<str>>),
}

impl Allow {
    /// These names alone.
    pub fn only<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        Self::Only(names.into_iter().map(Box::from).collect())
    }

    /// Whether `name` is on the list.
    pub fn allows(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.contains(name),
        }
    }
}

/// An allow-list of resources, by URI and by URI template.
#[derive(Clone, Debug, Default)]
pub enum AllowResources {
    /// Everything.
    #[default]
    All,
    /// These alone.
    Only {
        /// Single resources.
        uris: BTreeSet<Box<str>>,
        /// Templates: every URI that one of them matches.
        templates: Vec<UriTemplate>,
    },
}

impl AllowResources {
    /// Whether the resource at `uri` may be seen.
    pub fn allows(&self, uri: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only { uris, templates } => {
                uris.contains(uri)
                    || templates.iter().any(|template| template.matches(uri).is_some())
            }
        }
    }

    /// Whether the template with the text `template` may be listed.
    pub fn allows_template(&self, template: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only { templates, .. } => templates.iter().any(|own| own.as_str() == template),
        }
    }
}
