//! What a generated server offers.

use serde_json::{Value, json};

use crate::testing::Seeded;

/// Which of its features it declares: most servers have tools.
pub(super) fn capabilities(from: &mut Seeded) -> Value {
    let mut all = json!({});
    if from.below(8) > 0 {
        all["tools"] = json!({"listChanged": true});
    }
    if from.below(2) == 0 {
        all["prompts"] = json!({});
    }
    if from.below(2) == 0 {
        all["resources"] = json!({"subscribe": from.below(2) == 0});
    }
    if from.below(2) == 0 {
        all["logging"] = json!({});
    }
    if from.below(4) == 0 {
        all["completions"] = json!({});
    }
    all
}

/// What each method gives, if nothing else comes of it.
pub(super) fn result(method: &str) -> Value {
    match method {
        "tools/list" => json!({"tools": [tool("one"), tool("two"), tool("three")]}),
        "tools/call" => json!({"content": [{"type": "text", "text": "done"}]}),
        "prompts/list" => json!({"prompts": [{"name": "one", "arguments": [{"name": "topic"}]}]}),
        "prompts/get" => {
            let content = json!({"type": "text", "text": "said"});
            json!({"messages": [{"role": "user", "content": content}]})
        }
        "resources/list" => json!({"resources": [{"uri": "test:one", "name": "one"}]}),
        "resources/templates/list" => json!({"resourceTemplates": []}),
        "resources/read" => json!({"contents": [{"uri": "test:one", "text": "one"}]}),
        "completion/complete" => json!({"completion": {"values": ["one", "other"]}}),
        _ => json!({}),
    }
}

fn tool(name: &str) -> Value {
    let properties = json!({"word": {"type": "string"}});
    json!({
        "name": name,
        "description": "Does whatever follows from the seed.",
        "inputSchema": {"type": "object", "properties": properties},
    })
}

/// Whether a method needs something that is not offered.
pub(super) fn lacks(offer: &Value, method: &str) -> bool {
    let missing = |name: &str| offer.get(name).is_none();
    match method {
        "tools/list" | "tools/call" => missing("tools"),
        "prompts/list" | "prompts/get" => missing("prompts"),
        "resources/list" | "resources/read" | "resources/templates/list" => missing("resources"),
        "resources/subscribe" | "resources/unsubscribe" => offer["resources"]["subscribe"] != true,
        "logging/setLevel" => missing("logging"),
        "completion/complete" => false,
        _ => true,
    }
}

/// A question of each kind: its method and its parameters.
pub(super) fn question(kind: usize) -> (&'static str, Value) {
    match kind {
        0 => {
            let properties = json!({"name": {"type": "string"}});
            let schema = json!({"type": "object", "properties": properties, "required": ["name"]});
            ("elicitation/create", json!({"message": "Name?", "requestedSchema": schema}))
        }
        1 => {
            let content = json!({"type": "text", "text": "Say something."});
            let messages = json!([{"role": "user", "content": content}]);
            ("sampling/createMessage", json!({"messages": messages, "maxTokens": 9}))
        }
        _ => ("roots/list", json!({})),
    }
}

/// Whether a client that declares this can be asked so.
pub(super) fn may_ask(declared: &Value, method: &str) -> bool {
    match method {
        "elicitation/create" => {
            let elicitation = &declared["elicitation"];
            elicitation.is_object()
                && (elicitation["form"].is_object() || elicitation["url"].is_null())
        }
        "sampling/createMessage" => declared["sampling"].is_object(),
        _ => declared["roots"].is_object(),
    }
}
