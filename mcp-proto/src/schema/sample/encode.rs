//! The parameters of `sampling/createMessage`.

use alloc::{format, string::String};

use super::{IncludeContext, ModelPreferences, Sampling, SamplingContent, ToolChoice};
use crate::{
    schema::entity::write_list,
    version::Rules,
    wire::{Json, Object, escape_into},
};

impl Sampling {
    /// The parameters of `sampling/createMessage` for a peer under `rules`; says why there are
    /// none.
    pub(crate) fn to_params(&self, rules: &Rules) -> Result<Json, String> {
        self.check(rules)?;
        let mut out = String::new();
        let mut params = Object::begin(&mut out);
        write_list(&self.messages, params.key("messages"), |(role, content), out| {
            let mut message = Object::begin(out);
            message.raw("role", role.quoted());
            match content.as_slice() {
                [block] => block.encode(rules, message.key("content")),
                blocks => write_list(blocks, message.key("content"), |block, out| {
                    block.encode(rules, out);
                }),
            }
            message.end();
        });
        if let Some(preferences) = &self.preferences {
            preferences.encode(params.key("modelPreferences"));
        }
        params.text_if("systemPrompt", self.system_prompt.as_deref());
        params.text_if("includeContext", self.include_context.map(IncludeContext::as_str));
        write_number("temperature", self.temperature, &mut params);
        params.raw("maxTokens", &format!("{}", self.max_tokens));
        if !self.stop_sequences.is_empty() {
            write_list(&self.stop_sequences, params.key("stopSequences"), |text, out| {
                escape_into(text, out);
            });
        }
        if let Some(metadata) = &self.metadata {
            params.raw("metadata", metadata.as_str());
        }
        if !self.tools.is_empty() {
            write_list(&self.tools, params.key("tools"), |tool, out| tool.encode(rules, out));
        }
        if let Some(choice) = self.tool_choice {
            let mut object = Object::begin(params.key("toolChoice"));
            object.text("mode", choice.as_str());
            object.end();
        }
        params.end();
        Ok(Json::from_trusted(&out))
    }
}

impl SamplingContent {
    fn encode(&self, rules: &Rules, out: &mut String) {
        match self {
            Self::Content(content) => content.encode(rules, out),
            Self::Other(json) => out.push_str(json.as_str()),
            Self::ToolUse { id, name, input } => {
                let mut object = Object::begin(out);
                object.raw("type", "\"tool_use\"");
                object.text("id", id);
                object.text("name", name);
                object.raw("input", input.as_str());
                object.end();
            }
            Self::ToolResult { tool_use_id, content, structured, is_error } => {
                let mut object = Object::begin(out);
                object.raw("type", "\"tool_result\"");
                object.text("toolUseId", tool_use_id);
                write_list(content, object.key("content"), |block, out| block.encode(rules, out));
                if let Some(structured) = structured {
                    object.raw("structuredContent", structured.as_str());
                }
                if *is_error {
                    object.flag("isError", true);
                }
                object.end();
            }
        }
    }
}

impl ModelPreferences {
    pub(super) fn priorities(&self) -> [Option<f64>; 3] {
        [self.cost, self.speed, self.intelligence]
    }

    fn encode(&self, out: &mut String) {
        let mut object = Object::begin(out);
        if !self.hints.is_empty() {
            write_list(&self.hints, object.key("hints"), |name, out| {
                let mut hint = Object::begin(out);
                hint.text("name", name);
                hint.end();
            });
        }
        let keys = ["costPriority", "speedPriority", "intelligencePriority"];
        for (key, priority) in keys.into_iter().zip(self.priorities()) {
            write_number(key, priority, &mut object);
        }
        object.end();
    }
}

impl IncludeContext {
    const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ThisServer => "thisServer",
            Self::AllServers => "allServers",
        }
    }
}

impl ToolChoice {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Required => "required",
            Self::None => "none",
        }
    }
}

fn write_number(key: &str, number: Option<f64>, object: &mut Object<'_>) {
    if let Some(number) = number {
        object.raw(key, &format!("{number}"));
    }
}
