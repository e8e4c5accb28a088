//! Who answers the questions of a server, and remembers them.

use std::sync::{Arc, Mutex, PoisonError};

use mcp_proto::{
    schema::{Answer, Question},
    wire::Json,
};
use serde_json::{Map, Value, json};

/// A person who says yes to everything, and is called Ada.
#[derive(Clone, Debug, Default)]
pub(crate) struct Person {
    asked: Arc<Mutex<Vec<String>>>,
}

impl Person {
    /// The kinds of the questions since the last look, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn answer(&self, question: &Question) -> Answer {
        let (kind, answer) = match question {
            Question::Elicit(params) => ("form", fill_in(&params.parse().unwrap_or_default())),
            Question::ElicitUrl { url, .. } if url.starts_with("https://") => {
                ("url", json!({"action": "accept"}))
            }
            Question::Sample(params) if params.as_str().contains("capital of France") => {
                ("sampling", sampled())
            }
            Question::Roots => {
                ("roots", json!({"roots": [{"uri": "file:///home/ada", "name": "home"}]}))
            }
            _ => ("what nobody can answer", json!({})),
        };
        let answer = Json::of(&answer).expect("it is JSON");
        let kind = match question.check(&answer) {
            Ok(()) => kind.into(),
            Err(why) => format!("{kind}, whose answer does not fit: {why}"),
        };
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(kind);
        Answer::Given(answer)
    }
}

fn sampled() -> Value {
    let content = json!({"type": "text", "text": "Paris"});
    json!({
        "role": "assistant", "content": content, "model": "test-model", "stopReason": "endTurn",
    })
}

fn fill_in(params: &Value) -> Value {
    let fields = params["requestedSchema"]["properties"].as_object();
    let content: Map<String, Value> = fields
        .into_iter()
        .flatten()
        .map(|(name, field)| {
            let value = if name == "name" { json!("Ada") } else { value_for(field) };
            (name.clone(), value)
        })
        .collect();
    json!({"action": "accept", "content": content})
}

/// A value that fits a field of a form.
fn value_for(field: &Value) -> Value {
    let choices = [&field["enum"], &field["oneOf"], &field["anyOf"]];
    if !field["default"].is_null() {
        return field["default"].clone();
    }
    if let Some(choice) = choices.into_iter().find_map(|choices| choices.get(0)) {
        return choice.get("const").unwrap_or(choice).clone();
    }
    match (field["type"].as_str(), field["format"].as_str()) {
        (Some("array"), _) => json!([value_for(&field["items"])]),
        (Some("boolean"), _) => json!(true),
        (Some("integer" | "number"), _) => json!(42),
        (_, Some("email")) => json!("ada@example.com"),
        (_, Some("uri")) => json!("https://example.com/ada"),
        (_, Some("date")) => json!("1815-12-10"),
        (_, Some("date-time")) => json!("1815-12-10T12:00:00Z"),
        _ => json!("a text"),
    }
}
