//! Reading a form's schema that was written by hand.

use alloc::{boxed::Box, collections::BTreeMap, format, string::String, vec::Vec};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Number;

use super::field::{
    BooleanField, ChoiceField, ChoicesField, Choosable, Field, Format, IntegerField, Kind, Label,
    NumberField, StringField,
};
use crate::{schema::entity::parse_object, wire::Json};

/// All keywords that the root of a form's schema may have.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Root {
    #[serde(rename = "$schema")]
    _dialect: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    properties: BTreeMap<Box<str>, Json>,
    #[serde(default)]
    required: Vec<Box<str>>,
    #[serde(rename = "title")]
    _title: Option<String>,
    #[serde(rename = "description")]
    _description: Option<String>,
    #[serde(rename = "additionalProperties")]
    _additional: Option<bool>,
}

/// What a client looks at in the root of a form's schema.
#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    properties: BTreeMap<Box<str>, Json>,
    #[serde(default)]
    required: Vec<Box<str>>,
}

/// All keywords that a field's schema may have; those that hold further schemas are not there.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Property {
    #[serde(rename = "type")]
    kind: String,
    title: Option<String>,
    description: Option<String>,
    min_length: Option<u64>,
    max_length: Option<u64>,
    #[serde(rename = "pattern")]
    _pattern: Option<String>,
    format: Option<String>,
    minimum: Option<Number>,
    maximum: Option<Number>,
    #[serde(rename = "enum")]
    values: Option<Vec<String>>,
    enum_names: Option<Vec<String>>,
    one_of: Option<Vec<Json>>,
    items: Option<Json>,
    min_items: Option<u64>,
    max_items: Option<u64>,
    default: Option<Json>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Items {
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(rename = "enum")]
    values: Option<Vec<String>>,
    any_of: Option<Vec<Json>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Titled {
    r#const: String,
    title: Option<String>,
}

/// The fields of a form, each under its name.
type Fields = Vec<(Box<str>, Field)>;

/// The fields of a flat schema; says why it is none otherwise.
pub(super) fn read(schema: &Json) -> Result<Fields, String> {
    let root: Root = object(schema)?;
    if root.kind != "object" {
        return Err("the type of a form is object".into());
    }
    if let Some(name) = root.required.iter().find(|name| !root.properties.contains_key(*name)) {
        return Err(format!("`{name}` is required but not there"));
    }
    let mut fields = Vec::with_capacity(root.properties.len());
    for (name, property) in root.properties {
        let required = root.required.contains(&name);
        let field = object::<Property>(&property)
            .and_then(|property| property.into_field(required))
            .and_then(|field| field.check_definition(true).map(|()| field))
            .map_err(|why| format!("`{name}`: {why}"))?;
        fields.push((name, field));
    }
    Ok(fields)
}

/// What can be checked of an answer to a schema that a server wrote: the fields that can be read,
/// and the names of those that must be filled in.
pub(super) fn read_asked(schema: &str) -> Option<(Fields, Vec<Box<str>>)> {
    let Asked { properties, required } = serde_json::from_str(schema).ok()?;
    let fields = properties.into_iter().filter_map(|(name, property)| {
        let property = object::<Property>(&property).ok()?;
        Some((name, property.into_field(false).ok()?))
    });
    Some((fields.collect(), required))
}

impl Property {
    fn into_field(mut self, required: bool) -> Result<Field, String> {
        let label =
            Label { title: self.title.take(), description: self.description.take(), required };
        Ok(Field(match self.kind.as_str() {
            "string" if self.values.is_some() || self.one_of.is_some() => {
                Kind::Choice(self.into_choice(label)?)
            }
            "string" => Kind::String(StringField {
                label,
                min_length: self.min_length,
                max_length: self.max_length,
                format: self.format.as_deref().map(format_named).transpose()?,
                default: read_default(self.default)?,
            }),
            "number" => Kind::Number(NumberField {
                label,
                minimum: self.minimum.and_then(|number| number.as_f64()),
                maximum: self.maximum.and_then(|number| number.as_f64()),
                default: read_default(self.default)?,
            }),
            "integer" => Kind::Integer(IntegerField {
                label,
                minimum: self.minimum.as_ref().map(whole).transpose()?,
                maximum: self.maximum.as_ref().map(whole).transpose()?,
                default: read_default(self.default)?,
            }),
            "boolean" => {
                Kind::Boolean(BooleanField { label, default: read_default(self.default)? })
            }
            "array" => Kind::Choices(self.into_choices(label)?),
            other => return Err(format!("a form has no fields of the type {other}")),
        }))
    }

    fn into_choice(self, label: Label) -> Result<ChoiceField, String> {
        let options = match (self.values, self.one_of, self.enum_names) {
            (Some(values), None, None) => untitled(values),
            (Some(values), None, Some(names)) if values.len() == names.len() => values
                .into_iter()
                .zip(names)
                .map(|(value, name)| Choosable { value, title: Some(name) })
                .collect(),
            (None, Some(options), None) => titled(options)?,
            _ => return Err("its choices contradict each other".into()),
        };
        Ok(ChoiceField { label, options, legacy: false, default: read_default(self.default)? })
    }

    fn into_choices(self, label: Label) -> Result<ChoicesField, String> {
        let items = self.items.ok_or("an array in a form is a multiple choice and has items")?;
        let items: Items = object(&items)?;
        if items.kind.is_some_and(|kind| kind != "string") {
            return Err("what can be chosen are strings".into());
        }
        let options = match (items.values, items.any_of) {
            (Some(values), None) => untitled(values),
            (None, Some(options)) => titled(options)?,
            _ => return Err("its items are either an enum or an anyOf".into()),
        };
        Ok(ChoicesField {
            label,
            options,
            min_items: self.min_items,
            max_items: self.max_items,
            default: read_default::<Vec<String>>(self.default)?.unwrap_or_default(),
        })
    }
}

fn untitled(values: Vec<String>) -> Vec<Choosable> {
    values.into_iter().map(|value| Choosable { value, title: None }).collect()
}

fn titled(options: Vec<Json>) -> Result<Vec<Choosable>, String> {
    let choosable = |option: Titled| Choosable { value: option.r#const, title: option.title };
    options.into_iter().map(|option| object(&option).map(choosable)).collect()
}

fn format_named(name: &str) -> Result<Format, String> {
    let known = Format::ALL.into_iter().find(|format| format.as_str() == name);
    known.ok_or_else(|| format!("a form has no format {name}"))
}

fn whole(number: &Number) -> Result<i64, String> {
    number.as_i64().ok_or("the limits of an integer are integers".into())
}

fn read_default<T: DeserializeOwned>(value: Option<Json>) -> Result<Option<T>, String> {
    value.map(|value| value.parse()).transpose().map_err(|error| format!("its default: {error}"))
}

fn object<T: DeserializeOwned>(json: &Json) -> Result<T, String> {
    parse_object(json).map_err(|error| error.0)
}
