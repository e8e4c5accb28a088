//! How a handler ends.

use alloc::{string::String, vec::Vec};

use crate::{
    error::ErrorObject,
    schema::{Capability, Content, ToolResult},
    wire::InvalidParams,
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

/// What a tool may return.
pub trait IntoToolResult {
    /// The result as the protocol has it.
    fn into_tool_result(self) -> ToolResult;
}
