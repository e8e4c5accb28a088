//! What a server offers, and what its tools may be called with.

use alloc::{string::String, vec::Vec};

use serde_json::{Map, Value, json};

use super::{Arguments, Seeded};

/// Schemas that are nested more deeply are not followed.
const DEPTH_MAX: usize = 6;

/// What a server offers, as far as steps need it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offered {
    /// Names of tools, with the schemas of their arguments.
    pub tools: Vec<(String, Value)>,
    /// Names of prompts, with the names of their arguments.
    pub prompts: Vec<(String, Vec<String>)>,
    /// URIs of resources.
    pub resources: Vec<String>,
}

impl Offered {
    /// Takes in the result of a list.
    pub fn learn(&mut self, result: &Value) {
        let named = |entry: &Value| entry["name"].as_str().map(String::from);
        for tool in entries(result, "tools") {
            self.tools.extend(named(tool).map(|name| (name, tool["inputSchema"].clone())));
        }
        for prompt in entries(result, "prompts") {
            let arguments = entries(prompt, "arguments").filter_map(named).collect();
            self.prompts.extend(named(prompt).map(|name| (name, arguments)));
        }
        for resource in entries(result, "resources") {
            self.resources.extend(resource["uri"].as_str().map(String::from));
        }
    }

    /// The name and the arguments of a tool call.
    pub(super) fn tool(&self, number: u8, arguments: Arguments) -> (&str, Value) {
        let Some((name, schema)) = pick(&self.tools, number) else { return ("tool", json!({})) };
        let arguments = match arguments {
            Arguments::Fitting(seed) => fitting(schema, &mut Seeded(seed.into())),
            Arguments::Empty => json!({}),
            Arguments::Wrong => json!([1]),
        };
        (name, arguments)
    }

    /// The name and the arguments of a prompt.
    pub(super) fn prompt(&self, number: u8, arguments: Arguments) -> (&str, Value) {
        let Some((name, names)) = pick(&self.prompts, number) else {
            return ("prompt", json!({}));
        };
        let all = |seed: u8| {
            let value = |name: &String| (name.clone(), Value::from(word(&mut Seeded(seed.into()))));
            Value::from(names.iter().map(value).collect::<Map<_, _>>())
        };
        let arguments = match arguments {
            Arguments::Fitting(seed) => all(seed),
            Arguments::Empty => json!({}),
            Arguments::Wrong => json!({"a": [1]}),
        };
        (name, arguments)
    }

    /// The name of a prompt, and of its first argument.
    pub(super) fn argument(&self, number: u8) -> (&str, &str) {
        let Some((name, names)) = pick(&self.prompts, number) else { return ("prompt", "name") };
        (name, names.first().map_or("name", String::as_str))
    }

    pub(super) fn resource(&self, number: u8) -> &str {
        pick(&self.resources, number).map_or("test:nothing", String::as_str)
    }
}

fn entries<'v>(result: &'v Value, list: &str) -> impl Iterator<Item = &'v Value> {
    result[list].as_array().into_iter().flatten()
}

fn pick<T>(all: &[T], number: u8) -> Option<&T> {
    all.get(usize::from(number) % all.len().max(1))
}

/// A value that a JSON Schema asks for, as far as its plain keywords say: for tools and forms of
/// servers about which nothing else is known.
///
/// ```
/// use mcp_proto::testing::{Seeded, fitting};
/// use serde_json::json;
///
/// let schema = json!({
///     "type": "object",
///     "properties": {"size": {"type": "integer", "minimum": 3}},
///     "required": ["size"],
/// });
/// assert!(fitting(&schema, &mut Seeded(1))["size"].as_i64() >= Some(3));
/// ```
pub fn fitting(schema: &Value, from: &mut Seeded) -> Value {
    fit(schema, from, DEPTH_MAX)
}

fn fit(schema: &Value, from: &mut Seeded, depth: usize) -> Value {
    if depth == 0 {
        return Value::Null;
    }
    // Numbers are drawn: a default may be how long something takes.
    let default = schema.get("default").filter(|default| !default.is_number());
    if let Some(value) = schema.get("const").or(default) {
        return value.clone();
    }
    for choices in ["enum", "oneOf", "anyOf"] {
        let Some(all) = schema[choices].as_array().filter(|all| !all.is_empty()) else { continue };
        let chosen = &all[from.below(all.len())];
        return if choices == "enum" { chosen.clone() } else { fit(chosen, from, depth - 1) };
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str());
    match kind {
        Some("object") | None if schema["properties"].is_object() || kind.is_some() => {
            object(schema, from, depth)
        }
        Some("array") => {
            let count = schema["minItems"].as_u64().unwrap_or(1).min(4);
            (0..count).map(|_| fit(&schema["items"], from, depth - 1)).collect()
        }
        Some("string") => Value::from(word(from)),
        Some("boolean") => Value::from(from.below(2) == 0),
        Some("integer" | "number") => {
            let least = schema["minimum"].as_i64().unwrap_or(1);
            let most = schema["maximum"].as_i64().unwrap_or(least.saturating_add(2));
            let drawn = i64::from(from.byte() % 3).saturating_add(least);
            Value::from(drawn.min(most))
        }
        Some("null") => Value::Null,
        _ => Value::from("any"),
    }
}

/// All members that are required, and of the others each second.
fn object(schema: &Value, from: &mut Seeded, depth: usize) -> Value {
    let required = |name: &String| {
        let names = schema["required"].as_array().into_iter().flatten();
        names.into_iter().any(|required| required.as_str() == Some(name))
    };
    let mut object = Map::new();
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        if required(name) || from.below(2) == 0 {
            object.insert(name.clone(), fit(schema, from, depth - 1));
        }
    }
    Value::from(object)
}

/// A word; some need escapes.
fn word(from: &mut Seeded) -> &'static str {
    from.one_of(&["a", "word", "Zürich", "two words", "1", "\"quoted\"\n", "\u{2028}"])
}
