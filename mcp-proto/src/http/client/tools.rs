//! What header fields a request of 2026-07-28 mirrors its body in.
//!
//! Spec: "Request headers" and "Custom Headers from Tool Parameters" of 2026-07-28's
//! "Streamable HTTP".

use alloc::{
    borrow::Cow,
    boxed::Box,
    collections::BTreeMap,
    format,
    string::{String, ToString},
    vec::Vec,
};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::send::Field;
use crate::{
    error::excerpt,
    schema::{MirroredParams, MirroredValue},
    wire::{Json, Members, Request, Text, encode_header_value, push_member},
};

/// What is known of the server's tools.
#[derive(Debug)]
pub(super) struct Tools {
    /// The tools that have arguments which go into header fields.
    mirrored: BTreeMap<Box<str>, MirroredParams>,
    tools_max: usize,
}

/// What a page of the list of tools taught.
pub(super) struct Learned {
    /// The result without the tools that are left out.
    pub(super) result: String,
    /// The tools that are left out, and why.
    pub(super) left_out: Vec<(Box<str>, Box<str>)>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToolShape<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    input_schema: Option<&'a RawValue>,
}

impl Tools {
    pub(super) const fn new(tools_max: usize) -> Self {
        Self { mirrored: BTreeMap::new(), tools_max }
    }

    /// Takes in a page of the list of tools, a result.
    pub(super) fn learn(&mut self, result: &str) -> Learned {
        let mut left_out = Vec::new();
        let rewritten = self.read(result, &mut left_out).filter(|_| !left_out.is_empty());
        Learned { result: rewritten.unwrap_or_else(|| result.to_string()), left_out }
    }

    /// The page without the tools whose annotations are invalid. What cannot be read is not judged
    /// here.
    fn read(&mut self, result: &str, left_out: &mut Vec<(Box<str>, Box<str>)>) -> Option<String> {
        let Members(members) = serde_json::from_str(result).ok()?;
        let (_, list) = members.iter().find(|(key, _)| key == "tools")?;
        let tools: Vec<&RawValue> = serde_json::from_str(list.get()).ok()?;
        let mut kept = String::with_capacity(list.get().len());
        for tool in tools {
            if let Ok(shape) = serde_json::from_str::<ToolShape<'_>>(tool.get())
                && let Err(reason) = self.know(&shape)
            {
                left_out.push((excerpt(&shape.name.0).into(), reason));
                continue;
            }
            if !kept.is_empty() {
                kept.push(',');
            }
            kept.push_str(tool.get());
        }
        let mut text = String::with_capacity(result.len());
        for (key, value) in &members {
            if key == "tools" {
                push_member(key, &format!("[{kept}]"), &mut text);
            } else {
                push_member(key, value.get(), &mut text);
            }
        }
        Some(format!("{{{text}}}"))
    }

    fn know(&mut self, tool: &ToolShape<'_>) -> Result<(), Box<str>> {
        let params = tool.input_schema.map_or(Ok(MirroredParams::default()), |schema| {
            MirroredParams::of_schema(&Json::from_raw(schema))
        });
        let name = &*tool.name.0;
        match params {
            Err(invalid) => {
                self.mirrored.remove(name);
                Err(invalid.to_string().into())
            }
            Ok(params) => {
                if params.is_empty() {
                    self.mirrored.remove(name);
                } else if self.mirrored.len() < self.tools_max || self.mirrored.contains_key(name) {
                    self.mirrored.insert(name.into(), params);
                }
                Ok(())
            }
        }
    }

    /// Adds the fields that mirror the parameters of a request.
    pub(super) fn mirror(&self, request: &Request<'_>, fields: &mut Vec<Field>) {
        let params = &request.params;
        let subject = match &*request.method {
            "tools/call" | "prompts/get" => params.name,
            "resources/read" => params.uri,
            _ => None,
        };
        let Some(Text(subject)) = subject.and_then(|raw| serde_json::from_str(raw.get()).ok())
        else {
            return;
        };
        fields.push((Cow::Borrowed("Mcp-Name"), field_value(&subject)));
        let mirrored = self.mirrored.get(&*subject).filter(|_| request.method == "tools/call");
        let (Some(mirrored), Some(arguments)) = (mirrored, params.arguments) else { return };
        for param in mirrored.iter() {
            let value = match param.value_in(arguments.get()) {
                MirroredValue::Absent | MirroredValue::Unfit => continue,
                MirroredValue::Text(text) => field_value(&text),
                MirroredValue::Integer(number) => Cow::Owned(number.to_string()),
                MirroredValue::Boolean(value) => {
                    Cow::Borrowed(if value { "true" } else { "false" })
                }
            };
            fields.push((Cow::Owned(format!("Mcp-Param-{}", param.name)), value));
        }
    }
}

/// A text as the value of a field that mirrors the body.
pub(super) fn field_value(text: &str) -> Cow<'static, str> {
    Cow::Owned(encode_header_value(text).into_owned())
}
