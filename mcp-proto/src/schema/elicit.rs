//! Forms that a person fills in.
//!
//! Spec: `client/elicitation`.

mod check;
mod encode;
mod field;
mod raw;

use alloc::{borrow::Cow, boxed::Box, collections::BTreeMap, format, string::String, vec::Vec};
use core::fmt;

pub use field::{
    BooleanField, ChoiceField, ChoicesField, Field, Format, IntegerField, NumberField, StringField,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::entity::{parse_object, write_list};
use crate::{
    version::{Elicitation, Rules},
    wire::{InvalidParams, Json, Object, escape_into},
};

/// What a person did with a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Elicited<T> {
    /// They answered.
    Accepted(T),
    /// They said no.
    Declined,
    /// They made the question go away.
    Cancelled,
}

/// A flat form.
///
/// Ask for no passwords, keys or tokens in it: the client and its model may see the answer. For
/// those there are URLs.
///
/// ```
/// use mcp_proto::schema::{Field, Form};
///
/// let form = Form::new("Who are you?")
///     .field("name", Field::string().title("Name").max_length(80).required())
///     .field("born", Field::integer().minimum(1900))
///     .field("colour", Field::choice(["red", "green"]).default_value("red"));
/// # let _ = form;
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Form {
    message: String,
    fields: Vec<(Box<str>, Field)>,
    /// The schema as it was written by hand, if it was.
    raw: Option<Json>,
    accepts_unasked: bool,
}

/// A schema is none of a flat form; says why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidForm(String);

impl fmt::Display for InvalidForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for InvalidForm {}

impl Form {
    /// A form without fields: the person can say yes or no to the message.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), fields: Vec::new(), raw: None, accepts_unasked: false }
    }

    /// A form whose schema was written by hand. It must be flat: an object whose properties are
    /// strings, numbers, booleans, enums of strings, or arrays of such an enum, with no other
    /// keywords than the protocol has for them (and `pattern`).
    pub fn raw(message: impl Into<String>, schema: Json) -> Result<Self, InvalidForm> {
        let fields = raw::read(&schema).map_err(InvalidForm)?;
        Ok(Self { fields, raw: Some(schema), ..Self::new(message) })
    }

    /// Adds a field, in place of an earlier one of the same name.
    #[must_use]
    pub fn field(mut self, name: &str, field: impl Into<Field>) -> Self {
        let field = field.into();
        match self.fields.iter_mut().find(|(known, _)| **known == *name) {
            Some((_, old)) => *old = field,
            None => self.fields.push((name.into(), field)),
        }
        self.raw = None;
        self
    }

    /// Also takes an answer that came with the first request, before anything was asked
    /// (2026-07-28). The client chose what it answers: say so only where any answer will do.
    #[must_use]
    pub fn accept_unasked(mut self) -> Self {
        self.accepts_unasked = true;
        self
    }

    /// Whether an answer counts that came before anything was asked.
    pub(crate) fn accepts_unasked(&self) -> bool {
        self.accepts_unasked
    }

    /// The parameters of `elicitation/create` for a peer under `rules`; says why there are none.
    ///
    /// To 2025-06-18 only booleans are sent with their defaults, titles of choices are sent as
    /// `enumNames`, and a multiple choice cannot be sent at all.
    pub(crate) fn to_params(&self, rules: &Rules) -> Result<Json, String> {
        let full = match rules.elicitation {
            Elicitation::None => return Err("the client's revision has no forms".into()),
            Elicitation::Forms => false,
            Elicitation::FormsAndUrls => true,
        };
        for (name, field) in &self.fields {
            field.check_definition(full).map_err(|why| format!("`{name}` {why}"))?;
        }
        let mut out = String::new();
        let mut params = Object::begin(&mut out);
        if full {
            params.raw("mode", "\"form\"");
        }
        params.text("message", &self.message);
        match self.raw.as_ref().filter(|_| full) {
            Some(schema) => params.raw("requestedSchema", schema.as_str()),
            None => self.encode_schema(full, params.key("requestedSchema")),
        }
        params.end();
        Ok(Json::from_trusted(&out))
    }

    /// The schema that the answer follows, as the newest revision has it.
    pub(crate) fn schema(&self) -> Json {
        self.raw.clone().unwrap_or_else(|| {
            let mut out = String::new();
            self.encode_schema(true, &mut out);
            Json::from_trusted(&out)
        })
    }

    /// Checks what a person has filled in; says what is wrong otherwise. Members that the form
    /// does not have are left alone.
    pub(crate) fn check(&self, content: &Json) -> Result<(), String> {
        let Ok(members) = content.parse::<BTreeMap<String, Json>>() else {
            return Err("the answer must be an object".into());
        };
        for (name, field) in &self.fields {
            match members.get(&**name) {
                None if field.is_required() => return Err(format!("`{name}` is missing")),
                None => {}
                Some(value) => field.check(value).map_err(|why| format!("`{name}` {why}"))?,
            }
        }
        Ok(())
    }

    fn encode_schema(&self, full: bool, out: &mut String) {
        let mut schema = Object::begin(out);
        schema.raw("type", "\"object\"");
        let properties = schema.key("properties");
        properties.push('{');
        for (index, (name, field)) in self.fields.iter().enumerate() {
            if index > 0 {
                properties.push(',');
            }
            escape_into(name, properties);
            properties.push(':');
            field.encode(full, properties);
        }
        properties.push('}');
        let mut required = self
            .fields
            .iter()
            .filter(|(_, field)| field.is_required())
            .map(|(name, _)| name)
            .peekable();
        if required.peek().is_some() {
            write_list(required, schema.key("required"), |name, out| escape_into(name, out));
        }
        schema.end();
    }
}

/// Reads the answer to a form. Content that is absent counts as `{}`, as some clients leave it
/// out where nothing was to be filled in; [`Form::check`] finds what is missing.
pub(crate) fn read_elicited(answer: &Json) -> Result<Elicited<Json>, InvalidParams> {
    read(answer, |content| match content {
        None => Ok(Json::from_trusted("{}")),
        Some(raw) if raw.get().starts_with('{') => Ok(Json::from_raw(raw)),
        Some(_) => Err(InvalidParams("content must be an object".into())),
    })
}

/// Checks a client's answer to a form, given the parameters of `elicitation/create`; says what is
/// wrong with it. A field that cannot be read, as its schema has more than forms have, is the
/// server's to check.
pub(crate) fn check_elicited(params: &Json, answer: &Json) -> Result<(), InvalidParams> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Params<'a> {
        #[serde(borrow)]
        requested_schema: &'a RawValue,
    }
    let Elicited::Accepted(content) = read_elicited(answer)? else { return Ok(()) };
    let params: Params<'_> = params.parse()?;
    let asked = raw::read_asked(params.requested_schema.get());
    let Some((fields, required)) = asked else { return Ok(()) };
    let members: BTreeMap<Box<str>, Json> = content.parse()?;
    if let Some(name) = required.iter().find(|name| !members.contains_key(*name)) {
        return Err(InvalidParams(format!("`{name}` is missing")));
    }
    let form = Form { fields, ..Form::new("") };
    form.check(&content).map_err(InvalidParams)
}

/// Reads the answer to a URL, which has no content. Accepted means that the person went there.
pub(crate) fn read_visited(answer: &Json) -> Result<Elicited<()>, InvalidParams> {
    read(answer, |_| Ok(()))
}

fn read<T>(
    answer: &Json,
    accepted: impl FnOnce(Option<&RawValue>) -> Result<T, InvalidParams>,
) -> Result<Elicited<T>, InvalidParams> {
    #[derive(Deserialize)]
    struct Answer<'a> {
        #[serde(borrow)]
        action: Cow<'a, str>,
        #[serde(borrow)]
        content: Option<&'a RawValue>,
    }
    let answer: Answer<'_> = parse_object(answer)?;
    match &*answer.action {
        "accept" => accepted(answer.content).map(Elicited::Accepted),
        "decline" => Ok(Elicited::Declined),
        "cancel" => Ok(Elicited::Cancelled),
        _ => Err(InvalidParams("action must be accept, decline or cancel".into())),
    }
}

#[cfg(test)]
mod tests;
