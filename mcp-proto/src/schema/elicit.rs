//! Forms that a person fills in.
//!
//! Spec: `client/elicitation`.

use alloc::string::String;

/// What a person did with a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Elicited<T> {
    /// They answered.
    Accepted(T),
    /// They said no.
    Declined,
    /// They made the question go away.
    Cancelled,
}

/// A flat form.
#[derive(Clone, Debug)]
pub struct Form {
    pub(crate) message: String,
}
impl Form {
    /// A form without fields.
    pub fn new(message: impl Into<String>) -> Self {
        todo!()
    }
}
