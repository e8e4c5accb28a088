//! Reading what the model answered.

use alloc::{format, string::String, vec, vec::Vec};

use serde::Deserialize;

use super::SamplingContent;
use crate::{
    schema::{Content, Role, entity::parse_object},
    wire::{InvalidParams, Json},
};

/// What the model answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampled {
    /// Who speaks; the model, as a rule.
    pub role: Role,
    /// What it said, block by block.
    pub content: Vec<SamplingContent>,
    /// Which model.
    pub model: String,
    /// Why it stopped: `endTurn`, `stopSequence`, `maxTokens`, `toolUse`, or the provider's word.
    pub stop_reason: Option<String>,
}

impl Sampled {
    /// All text of the answer.
    pub fn text(&self) -> String {
        let texts = self.content.iter().filter_map(|block| match block {
            SamplingContent::Content(Content::Text(text)) => Some(text.as_str()),
            _ => None,
        });
        texts.collect()
    }

    /// Reads the answer to `sampling/createMessage`, whether its content is one block or several.
    pub(crate) fn read(answer: &Json) -> Result<Self, InvalidParams> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Answer {
            role: Role,
            content: Json,
            model: String,
            stop_reason: Option<String>,
        }
        let answer: Answer = parse_object(answer)?;
        let content = if answer.content.as_str().starts_with('[') {
            let blocks: Vec<Json> = answer.content.parse()?;
            blocks.iter().map(read_block).collect::<Result<_, _>>()?
        } else {
            vec![read_block(&answer.content)?]
        };
        let Answer { role, model, stop_reason, .. } = answer;
        Ok(Self { role, content, model, stop_reason })
    }
}

fn read_block(json: &Json) -> Result<SamplingContent, InvalidParams> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Block {
        r#type: String,
        text: Option<String>,
        data: Option<String>,
        mime_type: Option<String>,
        id: Option<String>,
        name: Option<String>,
        input: Option<Json>,
    }
    let block: Block = parse_object(json)?;
    let media = block.data.zip(block.mime_type);
    let read = match block.r#type.as_str() {
        "text" => block.text.map(|text| Content::Text(text).into()),
        "image" => media.map(|(data, mime_type)| Content::Image { data, mime_type }.into()),
        "audio" => media.map(|(data, mime_type)| Content::Audio { data, mime_type }.into()),
        "tool_use" => block
            .id
            .zip(block.name)
            .zip(block.input)
            .map(|((id, name), input)| SamplingContent::ToolUse { id, name, input }),
        _ => Some(SamplingContent::Other(json.clone())),
    };
    read.ok_or_else(|| {
        InvalidParams(format!("content: a member of a {} block is missing", block.r#type))
    })
}
