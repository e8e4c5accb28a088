//! Typed parameters, results and definitions, one file for each page of the spec.
//!
//! Definitions are encoded under the [`Rules`](crate::version::Rules) of the peer's revision, so
//! that no peer sees a member that is newer than what it speaks.

mod capability;
mod complete;
mod content;
mod declared;
mod elicit;
mod entity;
mod json_schema;
mod level;
mod meta;
mod mirror;
mod prompt;
mod question;
mod resource;
mod root;
mod sample;
mod template;
mod tool;
mod trace;
mod uri;

pub(crate) use capability::named_extensions;
pub use capability::{
    Capability, ClientCapabilities, ElicitationCapability, Icon, Implementation,
    InvalidExtensionId, ListCapability, ResourcesCapability, SamplingCapability,
    ServerCapabilities, extension_id,
};
pub use complete::Completion;
pub use content::{Annotated, Annotations, Content};
pub use elicit::{
    BooleanField, ChoiceField, ChoicesField, Elicited, Field, Form, Format, IntegerField,
    InvalidForm, NumberField, StringField,
};
pub(crate) use elicit::{check_elicited, read_elicited, read_visited};
pub use json_schema::InvalidSchema;
pub use level::{Level, UnknownLevel};
pub(crate) use meta::encode_meta;
pub use meta::{InvalidMetaKey, meta_key};
pub use mirror::MirroredParams;
pub(crate) use mirror::MirroredValue;
pub use prompt::{Prompt, PromptArgument, PromptResult, Role};
pub use question::{Answer, List, Question};
pub use resource::{Resource, ResourceContents, ResourceTemplate};
pub use root::Root;
pub(crate) use sample::check_asked;
pub use sample::{
    IncludeContext, ModelPreferences, Sampled, Sampling, SamplingContent, ToolChoice,
};
pub use template::{InvalidTemplate, UriTemplate, Variables};
pub use tool::{Tool, ToolAnnotations, ToolResult};
pub use trace::{InvalidTraceContext, TraceContext};
pub use uri::{InvalidUri, is_uri};

#[cfg(test)]
mod tests;
