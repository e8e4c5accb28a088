//! The schemas of fields.

use alloc::{format, string::String};
use core::fmt::Display;

use super::field::{ChoiceField, ChoicesField, Choosable, Field, Format, Kind, StringField};
use crate::{
    schema::entity::write_list,
    wire::{Object, escape_into},
};

impl Field {
    /// Appends the field's schema; without what came with 2025-11-25 unless it is to be `full`.
    pub(super) fn encode(&self, full: bool, out: &mut String) {
        let mut object = Object::begin(out);
        object.text("type", self.type_name());
        object.text_if("title", self.label().title.as_deref());
        object.text_if("description", self.label().description.as_deref());
        match &self.0 {
            Kind::String(field) => field.write(full, &mut object),
            Kind::Number(field) => {
                write_range([field.minimum, field.maximum], field.default, full, &mut object);
            }
            Kind::Integer(field) => {
                write_range([field.minimum, field.maximum], field.default, full, &mut object);
            }
            Kind::Boolean(field) => {
                if let Some(default) = field.default {
                    object.flag("default", default);
                }
            }
            Kind::Choice(field) => field.write(full, &mut object),
            Kind::Choices(field) => field.write(&mut object),
        }
        object.end();
    }

    fn type_name(&self) -> &'static str {
        match &self.0 {
            Kind::String(_) | Kind::Choice(_) => "string",
            Kind::Number(_) => "number",
            Kind::Integer(_) => "integer",
            Kind::Boolean(_) => "boolean",
            Kind::Choices(_) => "array",
        }
    }
}

impl StringField {
    fn write(&self, full: bool, object: &mut Object<'_>) {
        write_bounds(["minLength", "maxLength"], [self.min_length, self.max_length], object);
        object.text_if("format", self.format.map(Format::as_str));
        object.text_if("default", self.default.as_deref().filter(|_| full));
    }
}

impl ChoiceField {
    fn write(&self, full: bool, object: &mut Object<'_>) {
        let titled = self.options.iter().any(|option| option.title.is_some());
        if titled && full && !self.legacy {
            write_titled("oneOf", &self.options, object);
        } else {
            write_values(&self.options, object);
            if titled {
                write_list(&self.options, object.key("enumNames"), |option, out| {
                    escape_into(option.title(), out);
                });
            }
        }
        object.text_if("default", self.default.as_deref().filter(|_| full));
    }
}

impl ChoicesField {
    fn write(&self, object: &mut Object<'_>) {
        write_bounds(["minItems", "maxItems"], [self.min_items, self.max_items], object);
        let mut items = Object::begin(object.key("items"));
        if self.options.iter().any(|option| option.title.is_some()) {
            write_titled("anyOf", &self.options, &mut items);
        } else {
            items.raw("type", "\"string\"");
            write_values(&self.options, &mut items);
        }
        items.end();
        if !self.default.is_empty() {
            write_list(&self.default, object.key("default"), |value, out| escape_into(value, out));
        }
    }
}

impl Choosable {
    fn title(&self) -> &str {
        self.title.as_deref().unwrap_or(&self.value)
    }
}

fn write_titled(key: &str, options: &[Choosable], object: &mut Object<'_>) {
    write_list(options, object.key(key), |option, out| {
        let mut choice = Object::begin(out);
        choice.text("const", &option.value);
        choice.text("title", option.title());
        choice.end();
    });
}

fn write_values(options: &[Choosable], object: &mut Object<'_>) {
    write_list(options, object.key("enum"), |option, out| escape_into(&option.value, out));
}

fn write_bounds<T: Display>(keys: [&str; 2], bounds: [Option<T>; 2], object: &mut Object<'_>) {
    for (key, bound) in keys.into_iter().zip(bounds) {
        if let Some(bound) = bound {
            object.raw(key, &format!("{bound}"));
        }
    }
}

fn write_range<T: Display>(
    range: [Option<T>; 2],
    default: Option<T>,
    full: bool,
    object: &mut Object<'_>,
) {
    write_bounds(["minimum", "maximum"], range, object);
    if let Some(default) = default.filter(|_| full) {
        object.raw("default", &format!("{default}"));
    }
}
