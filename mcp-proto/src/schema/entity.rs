//! What tools, prompts, resources and templates have in common.
//!
//! Spec: `BaseMetadata`, `Icons` and `_meta` in each revision's schema.

use alloc::{boxed::Box, string::String, vec::Vec};

use serde::Deserialize;

use super::{Icon, meta};
use crate::{
    version::Rules,
    wire::{InvalidParams, Json, Object},
};

/// The members that tools, prompts, resources and templates have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Entity {
    pub(super) name: String,
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    pub(super) icons: Vec<Icon>,
    pub(super) meta: Vec<(Box<str>, Json)>,
}

impl Entity {
    pub(super) fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Writes the members for a peer under `rules`.
    pub(super) fn write(&self, rules: &Rules, object: &mut Object<'_>) {
        object.text("name", &self.name);
        if rules.titles {
            object.text_if("title", self.title.as_deref());
            meta::write(&self.meta, object);
        }
        object.text_if("description", self.description.as_deref());
        if rules.icons {
            Icon::write_all(&self.icons, object);
        }
    }
}

/// The setters of an [`Entity`], for a type that has one in its field `entity`.
macro_rules! entity_setters {
    () => {
        /// The name that people see, from 2025-06-18.
        #[must_use]
        pub fn title(mut self, text: impl Into<String>) -> Self {
            self.entity.title = Some(text.into());
            self
        }

        /// What it is for, for people and models.
        #[must_use]
        pub fn description(mut self, text: impl Into<String>) -> Self {
            self.entity.description = Some(text.into());
            self
        }

        /// Adds an icon, from 2025-11-25.
        #[must_use]
        pub fn icon(mut self, icon: $crate::schema::Icon) -> Self {
            self.entity.icons.push(icon);
            self
        }

        /// Adds a member to `_meta`, from 2025-06-18; fails if an application may not have it.
        pub fn meta(
            mut self,
            key: &str,
            value: $crate::wire::Json,
        ) -> Result<Self, $crate::schema::InvalidMetaKey> {
            $crate::schema::meta::insert(&mut self.entity.meta, key, value)?;
            Ok(self)
        }
    };
}
pub(super) use entity_setters;

/// Appends a JSON array of what `each` appends for the items.
pub(super) fn write_list<T>(
    items: impl IntoIterator<Item = T>,
    out: &mut String,
    mut each: impl FnMut(T, &mut String),
) {
    out.push('[');
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        each(item, out);
    }
    out.push(']');
}

/// Reads a typed value out of a JSON object. (Serde alone would also read an array, by position.)
pub(super) fn parse_object<'a, T: Deserialize<'a>>(json: &'a Json) -> Result<T, InvalidParams> {
    if json.as_str().trim_ascii_start().starts_with('{') {
        json.parse()
    } else {
        Err(InvalidParams("an object is expected".into()))
    }
}
