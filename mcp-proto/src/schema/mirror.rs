//! Arguments of a tool that are mirrored in header fields: `x-mcp-header` in its input schema.
//!
//! Spec: "Streamable HTTP" of 2026-07-28, "Custom Headers from Tool Parameters".

#[cfg(test)]
mod tests;

use alloc::{borrow::Cow, boxed::Box, format, vec, vec::Vec};

use serde_json::value::RawValue;

use super::InvalidSchema;
use crate::wire::{Json, Members, Text, is_token};

/// The arguments of a tool that are mirrored in header fields, so that what stands between client
/// and server can route by them without reading the body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MirroredParams(Vec<MirroredParam>);

/// An argument that is mirrored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MirroredParam {
    /// What follows `Mcp-Param-` in the name of the field.
    pub(crate) name: Box<str>,
    /// The names from the root of the arguments down to the value.
    path: Vec<Box<str>>,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    String,
    Integer,
    Boolean,
}

/// What the arguments of a call have in the place of a mirrored one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MirroredValue<'a> {
    /// Nothing, or `null`: there is no field.
    Absent,
    /// Something that cannot be mirrored: a value of another type, an integer that is not exact in
    /// every language, or several values.
    Unfit,
    /// A string.
    Text(Cow<'a, str>),
    /// An integer that is.
    Integer(i64),
    /// `true` or `false`.
    Boolean(bool),
}

const KEYWORD: &str = "x-mcp-header";

/// Deeper schemas are not looked at: each level is read once more.
const DEPTH_MAX: usize = 64;

/// ±(2^53 − 1): beyond, a double does not hold every integer.
const INTEGER_MAX: u64 = (1 << 53) - 1;

impl MirroredParams {
    /// Reads an input schema. One wrong annotation makes all of the tool's invalid; says why.
    pub fn of_schema(schema: &Json) -> Result<Self, InvalidSchema> {
        let text = schema.as_str();
        // The usual case. A key may also be written with escapes.
        if !text.contains(KEYWORD) && !text.contains("\\u") {
            return Ok(Self::default());
        }
        let open = vec![(text, 0, Place::Reached(vec![]))];
        let mut walk = Walk { found: Vec::new(), open };
        while let Some((value, depth, place)) = walk.open.pop() {
            walk.schema(value, depth, &place)?;
        }
        Ok(Self(walk.found))
    }

    /// Whether nothing is mirrored.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &MirroredParam> {
        self.0.iter()
    }
}

impl MirroredParam {
    /// What the arguments of a call, a JSON text, have in the place of this one.
    pub(crate) fn value_in<'a>(&self, arguments: &'a str) -> MirroredValue<'a> {
        let mut value = arguments;
        for name in &self.path {
            let Some(Members(members)) = object(value) else {
                // What stands in the place of an object has no members.
                return MirroredValue::Absent;
            };
            let mut named = members.iter().filter(|(key, _)| **key == **name);
            value = match (named.next(), named.next()) {
                (None, _) => return MirroredValue::Absent,
                (Some((_, value)), None) => value.get(),
                (Some(_), Some(_)) => return MirroredValue::Unfit,
            };
        }
        self.kind.read(value)
    }
}

impl Kind {
    fn of(name: &str) -> Option<Self> {
        match name {
            "string" => Some(Self::String),
            "integer" => Some(Self::Integer),
            "boolean" => Some(Self::Boolean),
            _ => None,
        }
    }

    fn read(self, token: &str) -> MirroredValue<'_> {
        match (self, token) {
            (_, "null") => MirroredValue::Absent,
            (Self::Boolean, "true" | "false") => MirroredValue::Boolean(token == "true"),
            (Self::String, _) => string(token).map_or(MirroredValue::Unfit, MirroredValue::Text),
            (Self::Integer, _) => exact(token).map_or(MirroredValue::Unfit, MirroredValue::Integer),
            (Self::Boolean, _) => MirroredValue::Unfit,
        }
    }
}

/// How a schema is reached from the root.
enum Place {
    /// By the names of properties alone.
    Reached(Vec<Box<str>>),
    /// In another way, where annotations may not be.
    Elsewhere,
}

/// The schemas that are still to be looked at.
struct Walk<'a> {
    found: Vec<MirroredParam>,
    open: Vec<(&'a str, usize, Place)>,
}

impl<'a> Walk<'a> {
    fn schema(&mut self, value: &'a str, depth: usize, place: &Place) -> Result<(), InvalidSchema> {
        if depth > DEPTH_MAX {
            return Err(invalid("the schema is nested too deeply"));
        }
        if value.starts_with('[') {
            let elements: Vec<&RawValue> = serde_json::from_str(value).unwrap_or_default();
            for element in elements {
                self.push(element, depth, Place::Elsewhere);
            }
            return Ok(());
        }
        let Some(Members(members)) = object(value) else { return Ok(()) };
        if members.iter().any(|(key, _)| key == KEYWORD) {
            self.annotation(&members, place)?;
        }
        for (key, value) in members {
            match &*key {
                // Data, not schemas.
                KEYWORD | "const" | "default" | "enum" | "examples" => {}
                "properties" | "patternProperties" | "$defs" | "definitions"
                | "dependentSchemas" => {
                    let Some(Members(named)) = object(value.get()) else { continue };
                    for (name, value) in named {
                        let place = match place {
                            Place::Reached(path) if key == "properties" => {
                                let name = [Box::from(&*name)];
                                Place::Reached(path.iter().cloned().chain(name).collect())
                            }
                            _ => Place::Elsewhere,
                        };
                        self.push(value, depth, place);
                    }
                }
                _ => self.push(value, depth, Place::Elsewhere),
            }
        }
        Ok(())
    }

    /// Puts off what may hold schemas.
    fn push(&mut self, value: &'a RawValue, depth: usize, place: Place) {
        if value.get().starts_with(['{', '[']) {
            self.open.push((value.get(), depth + 1, place));
        }
    }

    /// Takes the annotation among the members of a schema.
    fn annotation(
        &mut self,
        members: &[(Cow<'_, str>, &RawValue)],
        place: &Place,
    ) -> Result<(), InvalidSchema> {
        let path = match place {
            Place::Reached(path) if !path.is_empty() => path,
            _ => return Err(invalid("it stands elsewhere than at a property")),
        };
        let name = only(members, KEYWORD).and_then(string);
        let name = name
            .filter(|name| is_token(name))
            .ok_or_else(|| invalid(&format!("that of {path:?} is no name of a header field")))?;
        if self.found.iter().any(|other| other.name.eq_ignore_ascii_case(&name)) {
            return Err(invalid(&format!("{name} stands for several properties")));
        }
        let kind = only(members, "type").and_then(string).and_then(|kind| Kind::of(&kind));
        let kind = kind.ok_or_else(|| {
            invalid(&format!("the type of {path:?} is not string, integer or boolean"))
        })?;
        self.found.push(MirroredParam { name: (&*name).into(), path: path.clone(), kind });
        Ok(())
    }
}

/// The token of the one member of this name.
fn only<'a>(members: &[(Cow<'_, str>, &'a RawValue)], name: &str) -> Option<&'a str> {
    let mut named = members.iter().filter(|(key, _)| key == name);
    let (_, value) = named.next()?;
    named.next().is_none().then_some(value.get())
}

fn object(text: &str) -> Option<Members<'_>> {
    serde_json::from_str(text).ok()
}

fn string(token: &str) -> Option<Cow<'_, str>> {
    serde_json::from_str(token).ok().map(|Text(text)| text)
}

/// The integer that a number is, however it is written, if it is exact in every language.
fn exact(token: &str) -> Option<i64> {
    let number: i64 = match serde_json::from_str(token) {
        Ok(number) => number,
        // The text of a double has neither an exponent nor a fraction of zeros.
        Err(_) => format!("{}", serde_json::from_str::<f64>(token).ok()?).parse().ok()?,
    };
    (number.unsigned_abs() <= INTEGER_MAX).then_some(number)
}

fn invalid(why: &str) -> InvalidSchema {
    InvalidSchema(format!("x-mcp-header: {why}"))
}
