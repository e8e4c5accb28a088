//! How a handler ends.

use alloc::{borrow::Cow, boxed::Box, string::String, vec, vec::Vec};
use core::fmt;

use serde::Serialize;

use crate::{
    error::ErrorObject,
    schema::{Capability, Content, ToolResult},
    wire::{InvalidParams, Json},
};

/// Why a handler stopped before it had a result; `?` carries it out.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Stop {
    /// It asked the client and will be run again with the answer.
    Asked,
    /// The client no longer wants an answer.
    Cancelled,
    /// It failed, and the caller (a model, often) may read why: a tool's result with `isError`,
    /// -32603 without the text elsewhere.
    Failed(String),
    /// The parameters do not fit: -32602 with the text.
    Invalid(String),
    /// There is no such resource: the error that the revision has for it.
    NotFound,
    /// The client did not declare what the handler needs: -32021.
    Undeclared(Capability),
    /// This very error.
    Error(ErrorObject),
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked => f.write_str("the client is asked first"),
            Self::Cancelled => f.write_str("the client no longer wants an answer"),
            Self::Failed(why) | Self::Invalid(why) => f.write_str(why),
            Self::NotFound => f.write_str("there is no such resource"),
            Self::Undeclared(capability) => {
                write!(f, "the client did not declare {:?}", capability.required())
            }
            Self::Error(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for Stop {}

impl From<InvalidParams> for Stop {
    fn from(error: InvalidParams) -> Self {
        Self::Invalid(error.0)
    }
}

impl From<ErrorObject> for Stop {
    fn from(error: ErrorObject) -> Self {
        Self::Error(error)
    }
}

/// What a tool may return.
pub trait IntoToolResult {
    /// The result as the protocol has it.
    fn into_tool_result(self) -> ToolResult;
}

/// A value that becomes the tool's structured result. If it cannot be serialised, the tool has
/// failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Structured<T>(pub T);

impl<T: Serialize> IntoToolResult for Structured<T> {
    fn into_tool_result(self) -> ToolResult {
        match Json::of(&self.0) {
            Ok(value) => ToolResult::structured(value),
            // Why not is between the tool and its author.
            Err(_) => ToolResult::error("The tool's result could not be written as JSON."),
        }
    }
}

impl IntoToolResult for ToolResult {
    fn into_tool_result(self) -> ToolResult {
        self
    }
}

/// A structured result.
impl IntoToolResult for Json {
    fn into_tool_result(self) -> ToolResult {
        ToolResult::structured(self)
    }
}

/// No content: the tool did what it does.
impl IntoToolResult for () {
    fn into_tool_result(self) -> ToolResult {
        ToolResult::default()
    }
}

impl IntoToolResult for Vec<Content> {
    fn into_tool_result(self) -> ToolResult {
        ToolResult { content: self, ..ToolResult::default() }
    }
}

impl IntoToolResult for Content {
    fn into_tool_result(self) -> ToolResult {
        vec![self].into_tool_result()
    }
}

impl IntoToolResult for String {
    fn into_tool_result(self) -> ToolResult {
        ToolResult::text(self)
    }
}

impl IntoToolResult for &str {
    fn into_tool_result(self) -> ToolResult {
        ToolResult::text(self)
    }
}

impl IntoToolResult for Box<str> {
    fn into_tool_result(self) -> ToolResult {
        ToolResult::text(self)
    }
}

impl IntoToolResult for Cow<'_, str> {
    fn into_tool_result(self) -> ToolResult {
        ToolResult::text(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{collections::BTreeMap, string::ToString};

    #[test]
    fn texts_become_one_block_of_text() {
        let expected = ToolResult::text("a");
        assert_eq!("a".into_tool_result(), expected);
        assert_eq!(String::from("a").into_tool_result(), expected);
        assert_eq!(Box::<str>::from("a").into_tool_result(), expected);
        assert_eq!(Cow::Borrowed("a").into_tool_result(), expected);
        assert_eq!(Content::text("a").into_tool_result(), expected);
        assert_eq!(vec![Content::text("a")].into_tool_result(), expected);
        assert_eq!(expected.clone().into_tool_result(), expected);
    }

    #[test]
    fn values_become_the_structured_result() {
        let value = Json::parse_text("[1,2]").unwrap();
        let expected = ToolResult { structured: Some(value.clone()), ..ToolResult::default() };
        assert_eq!(Structured([1, 2]).into_tool_result(), expected);
        assert_eq!(value.into_tool_result(), expected);
        assert_eq!(().into_tool_result(), ToolResult::default());
    }

    #[test]
    fn a_value_without_json_is_a_failed_tool_that_tells_nothing_of_it() {
        let unwritable = BTreeMap::from([(vec![1, 2], "secret")]);
        let result = Structured(unwritable).into_tool_result();
        assert!(result.is_error);
        let text = "The tool's result could not be written as JSON.";
        assert_eq!(result.content, [Content::text(text)]);
    }

    #[test]
    fn errors_are_carried_out_as_what_they_are() {
        let invalid = Json::text("a").parse::<u8>().unwrap_err();
        assert_eq!(Stop::from(invalid.clone()), Stop::Invalid(invalid.to_string()));
        let stop = Stop::from(ErrorObject::internal());
        assert_eq!(stop, Stop::Error(ErrorObject::internal()));
        assert_eq!(stop.to_string(), ErrorObject::internal().to_string());
        let undeclared = Stop::Undeclared(Capability::Roots).to_string();
        assert_eq!(undeclared, r#"the client did not declare {"roots":{}}"#);
    }
}
