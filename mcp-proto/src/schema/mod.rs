//! Typed parameters, results and definitions, one file for each page of the spec.
//!
//! Definitions are encoded under the [`Rules`](crate::version::Rules) of the peer's revision, so
//! that no peer sees a member that is newer than what it speaks.

mod capability;
mod complete;
mod content;
mod elicit;
mod level;
mod prompt;
mod resource;
mod root;
mod sample;
mod template;
mod tool;
mod trace;

pub use capability::{
    Capability, ClientCapabilities, ElicitationCapability, Icon, Implementation, ListCapability,
    ResourcesCapability, SamplingCapability, ServerCapabilities,
};
pub use complete::Completion;
pub use content::Content;
pub use elicit::{Elicited, Form};
pub use level::{Level, UnknownLevel};
pub use prompt::{Prompt, PromptResult, Role};
pub use resource::{Resource, ResourceContents, ResourceTemplate};
pub use root::Root;
pub use sample::{Sampled, Sampling};
pub use template::{InvalidTemplate, UriTemplate, Variables};
pub use tool::{Tool, ToolAnnotations, ToolResult};
pub use trace::TraceContext;
