//! Asking the client's model.
//!
//! Spec: `client/sampling`.

use alloc::string::String;

/// What is asked of the model.
#[derive(Clone, Debug)]
pub struct Sampling {
    pub(crate) max_tokens: u64,
}
impl Sampling {
    /// One message of the user, and at most so many tokens in the answer.
    pub fn new(prompt: impl Into<String>, max_tokens: u64) -> Self {
        todo!()
    }
}

/// What the model answered.
#[derive(Clone, Debug)]
pub struct Sampled {
    /// Which model.
    pub model: String,
}
