//! What header fields repeat of a body: the method, the name, and arguments of tools.

use alloc::{
    collections::BTreeMap,
    format,
    string::{String, ToString},
    vec::Vec,
};

use serde_json::Value;

use super::{Findings, Invariant, Params, Reading, target};
use crate::testing::checker::Asked;

/// The arguments that fields repeat, by tool.
#[derive(Debug, Default)]
pub(super) struct Mirrors(BTreeMap<String, Vec<Mirror>>);

/// An argument, by the names on the way to it, and what its field is called.
#[derive(Debug)]
struct Mirror {
    field: String,
    way: Vec<String>,
}

impl Mirrors {
    /// Takes in the tools of a list.
    pub(super) fn learn(&mut self, body: &str) {
        let message: Value = serde_json::from_str(body).unwrap_or_default();
        for tool in message["result"]["tools"].as_array().into_iter().flatten() {
            let mut mirrors = Vec::new();
            collect(&tool["inputSchema"], &mut Vec::new(), &mut mirrors);
            self.0.insert(tool["name"].as_str().unwrap_or_default().into(), mirrors);
        }
    }

    /// Looks at the fields of a request with this message in its body.
    pub(super) fn check(
        &self,
        exchange: u64,
        asked: &Asked,
        reading: &Reading<'_>,
        modern: bool,
        findings: &mut Findings,
    ) {
        let mut add = |what: String| {
            findings.add(Invariant::Headers, format!("#{exchange} {what}"));
        };
        let Reading::Request { method, params, .. } = reading else { return };
        let named = asked.field("mcp-method");
        let wanted = modern.then_some(&**method);
        if named != wanted {
            add(format!("names the method {named:?} and not {wanted:?}"));
        }
        let wanted = about(method, params).filter(|_| modern);
        let named = asked.field("mcp-name").map(decoded);
        // Of other methods nothing is said.
        if (wanted.is_some() || !modern) && named != wanted.clone().map(Some) {
            add(format!("names {named:?} and not {wanted:?}"));
        }
        let arguments = &target(params)["arguments"];
        let mirrors = wanted.filter(|_| method == "tools/call").and_then(|tool| self.0.get(&tool));
        for Mirror { field, way } in mirrors.into_iter().flatten() {
            let value = way.iter().fold(arguments, |value, name| &value[name]);
            let wanted = match value {
                Value::Null => None,
                Value::String(text) => Some(text.clone()),
                other => Some(other.to_string()),
            };
            let named = asked.field(&format!("mcp-param-{field}")).map(decoded);
            if named != wanted.clone().map(Some) {
                add(format!("has {named:?} as {field}, and {wanted:?} in its arguments"));
            }
        }
    }
}

/// What a request is about, if a field names that.
fn about(method: &str, params: &Params<'_>) -> Option<String> {
    match method {
        "tools/call" | "prompts/get" => params.text("name"),
        "resources/read" => params.text("uri"),
        _ => None,
    }
}

/// The arguments of a schema that fields repeat.
fn collect(schema: &Value, way: &mut Vec<String>, mirrors: &mut Vec<Mirror>) {
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        way.push(name.clone());
        if let Some(field) = schema["x-mcp-header"].as_str() {
            mirrors.push(Mirror { field: field.to_string(), way: way.clone() });
        }
        collect(schema, way, mirrors);
        way.pop();
    }
}

/// What a field stands for; `None` if it is wrapped and cannot be unwrapped.
fn decoded(value: &str) -> Option<String> {
    let inner = value.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?="));
    let Some(inner) = inner else { return Some(value.trim().into()) };
    String::from_utf8(bytes_of(inner)?).ok()
}

/// The bytes that a base64 text stands for. The judge reads it by itself, and not by the code that
/// it judges.
fn bytes_of(text: &str) -> Option<Vec<u8>> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letters = text.trim_end_matches('=');
    if !text.len().is_multiple_of(4) || text.len() - letters.len() > 2 {
        return None;
    }
    let (mut bits, mut held, mut bytes) = (0_u32, 0_u32, Vec::new());
    for letter in letters.bytes() {
        let value = LETTERS.iter().position(|known| *known == letter)?;
        bits = bits << 6 | u32::try_from(value).ok()?;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held).ok()?);
            bits &= (1 << held) - 1;
        }
    }
    Some(bytes)
}
