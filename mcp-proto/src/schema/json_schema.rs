//! What the core itself looks at in a JSON schema: the root.
//!
//! Spec: "Data types" of `server/tools`, and "JSON Schema usage" of the `basic` page.

use alloc::{borrow::Cow, string::String};
use core::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::wire::Json;

/// A JSON value is no schema that may stand where it was to stand; says why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidSchema(pub(super) String);

impl fmt::Display for InvalidSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for InvalidSchema {}

/// What the root of a schema says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Root {
    /// `"type":"object"`.
    Object,
    /// Anything else.
    Other,
}

/// Looks at the root of a schema: a JSON object or a boolean.
pub(super) fn root(schema: &Json) -> Result<Root, InvalidSchema> {
    #[derive(Deserialize)]
    struct Members<'a> {
        #[serde(rename = "type", borrow)]
        kind: Option<&'a RawValue>,
    }
    let text = schema.as_str().trim_ascii();
    if matches!(text, "true" | "false") {
        return Ok(Root::Other);
    }
    if !text.starts_with('{') {
        return Err(InvalidSchema("a JSON schema is a JSON object or a boolean".into()));
    }
    let members: Members<'_> =
        schema.parse().map_err(|_| InvalidSchema("`type` stands more than once".into()))?;
    let kind = members.kind.and_then(|kind| serde_json::from_str::<Cow<'_, str>>(kind.get()).ok());
    Ok(if kind.as_deref() == Some("object") { Root::Object } else { Root::Other })
}

/// The schema of a Rust type. What names the type or the dialect is left out: a model has no use
/// for it.
#[cfg(feature = "schemars")]
pub(super) fn of_type<T: schemars::JsonSchema>() -> schemars::Schema {
    let settings = schemars::generate::SchemaSettings::draft2020_12();
    let mut schema = settings
        .with(|settings| settings.meta_schema = None)
        .into_generator()
        .into_root_schema_for::<T>();
    schema.remove("title");
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_an_object_only_if_its_type_says_so() {
        for (text, expected) in [
            (r#"{"type":"object"}"#, Root::Object),
            (r#" {"a":{"type":"string"},"type":"object"}"#, Root::Object),
            (r#"{"t\u0079pe":"\u006fbject"}"#, Root::Object),
            (r#"{"type":"string"}"#, Root::Other),
            (r#"{"type":["object"]}"#, Root::Other),
            (r#"{"type":null}"#, Root::Other),
            ("{}", Root::Other),
            ("true", Root::Other),
        ] {
            assert_eq!(root(&Json::from_trusted(text)), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_neither_object_nor_boolean_is_no_schema() {
        for text in ["null", "1", "\"object\"", r#"[{"type":"object"}]"#] {
            assert!(root(&Json::from_trusted(text)).is_err(), "{text}");
        }
        let twice = Json::from_trusted(r#"{"type":"object","type":"string"}"#);
        assert!(root(&twice).is_err());
    }
}
