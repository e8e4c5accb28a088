//! The authoring layer: tools, prompts and resources as closures. Still no I/O.

mod context;
mod port;
mod reply;

use alloc::{boxed::Box, collections::BTreeMap, string::String, sync::Arc, vec::Vec};

use serde::de::DeserializeOwned;

pub use context::{CallContext, Context};
pub use port::{Outbox, Port, Ticket};
pub use reply::{IntoToolResult, Stop, Structured};

use crate::{
    schema::{
        Completion, Content, Prompt, PromptResult, Resource, ResourceContents, ResourceTemplate,
        Tool, ToolResult, Variables,
    },
    server::{CacheHint, Call, CompleteParams, Event, List, Offer, ResultBody},
    wire::Json,
};

/// What an application offers, and the closures that serve it.
///
/// `S` is the application's own state; handlers run one at a time and have it whole. Neither the
/// router nor its handlers need to be `Send`.
pub struct Router<S> {
    _state: core::marker::PhantomData<S>,
}

impl<S> core::fmt::Debug for Router<S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Router").finish_non_exhaustive()
    }
}

/// Checks values against JSON schemas, for those who want more than what typed arguments give.
pub trait Validate {
    /// Checks `value` against `schema`; says what is wrong otherwise.
    fn validate(&self, what: Checked, schema: &Json, value: &Json) -> Result<(), String>;
}

/// What is being checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// The arguments of a tool, against its input schema.
    Arguments,
    /// A structured result, against the tool's output schema.
    Result,
    /// What a person filled in, against the form.
    Elicitation,
}

impl<S: 'static> Router<S> {
    /// A router that offers nothing yet.
    pub fn new() -> Self {
        todo!()
    }

    /// How to use the server, for a model.
    pub fn instructions(&mut self, text: impl Into<String>) -> &mut Self {
        todo!()
    }

    /// How many entries a page of a list has. Default: 100. (0 counts as 1.)
    pub fn page_size(&mut self, entries: usize) -> &mut Self {
        todo!()
    }

    /// For how long and for whom lists may be cached.
    pub fn cache_lists(&mut self, hint: CacheHint) -> &mut Self {
        todo!()
    }

    /// Declares that the server logs. (On by default.)
    pub fn logging(&mut self, on: bool) -> &mut Self {
        todo!()
    }

    /// Declares an extension and its settings (a JSON object).
    pub fn extension(&mut self, id: &str, settings: Json) -> &mut Self {
        todo!()
    }

    /// Declares an experimental capability and its settings (a JSON object).
    pub fn experimental(&mut self, name: &str, settings: Json) -> &mut Self {
        todo!()
    }

    /// Checks arguments, structured results and elicited content with `validator`.
    pub fn validate_with(&mut self, validator: impl Validate + 'static) -> &mut Self {
        todo!()
    }

    /// Offers a tool. Arguments that do not fit `A` are a tool error that names the member.
    pub fn tool<A: DeserializeOwned, R: IntoToolResult>(
        &mut self,
        tool: Tool,
        handler: impl FnMut(&mut Context<'_, S>, A) -> Result<R, Stop> + 'static,
    ) -> &mut Self {
        todo!()
    }

    /// Offers a tool whose calls are answered later, by the [`Ticket`], from any thread.
    pub fn tool_later<A: DeserializeOwned>(
        &mut self,
        tool: Tool,
        start: impl FnMut(&mut S, Ticket, A) + 'static,
    ) -> &mut Self {
        todo!()
    }

    /// No longer offers a tool; says whether it did.
    pub fn remove_tool(&mut self, name: &str) -> bool {
        todo!()
    }

    /// Offers a prompt.
    pub fn prompt(
        &mut self,
        prompt: Prompt,
        handler: impl FnMut(
            &mut Context<'_, S>,
            &BTreeMap<Box<str>, String>,
        ) -> Result<PromptResult, Stop>
        + 'static,
    ) -> &mut Self {
        todo!()
    }

    /// No longer offers a prompt; says whether it did.
    pub fn remove_prompt(&mut self, name: &str) -> bool {
        todo!()
    }

    /// Offers a resource.
    pub fn resource(
        &mut self,
        resource: Resource,
        handler: impl FnMut(&mut Context<'_, S>) -> Result<Vec<ResourceContents>, Stop> + 'static,
    ) -> &mut Self {
        todo!()
    }

    /// Offers every resource that a template matches.
    pub fn resource_template(
        &mut self,
        template: ResourceTemplate,
        handler: impl FnMut(&mut Context<'_, S>, &Variables) -> Result<Vec<ResourceContents>, Stop>
        + 'static,
    ) -> &mut Self {
        todo!()
    }

    /// No longer offers a resource or a template; says whether it did.
    pub fn remove_resource(&mut self, uri: &str) -> bool {
        todo!()
    }

    /// Completes arguments of prompts and variables of templates.
    pub fn complete(
        &mut self,
        handler: impl FnMut(&mut Context<'_, S>, &CompleteParams) -> Result<Completion, Stop> + 'static,
    ) -> &mut Self {
        todo!()
    }

    /// Serves a method of the application's own.
    pub fn method(
        &mut self,
        method: &str,
        handler: impl FnMut(&mut Context<'_, S>, &Json) -> Result<ResultBody, Stop> + 'static,
    ) -> &mut Self {
        todo!()
    }

    /// Hears of everything that is no call: sessions, cancellations, notifications, drops.
    pub fn on_event(&mut self, observer: impl FnMut(&mut S, &Event) + 'static) -> &mut Self {
        todo!()
    }

    /// What is offered now, if that is another offer than the one returned last.
    pub fn take_offer(&mut self) -> Option<Arc<Offer>> {
        todo!()
    }

    /// Serves one call: everything the handler says, its reply last, goes through `port`.
    ///
    /// A handler's panic passes through: the driver catches it and answers -32603.
    pub fn serve(&mut self, state: &mut S, call: Box<Call>, port: &mut dyn Port) {
        todo!()
    }

    /// Gives an event that is no call to the observer.
    pub fn observe(&mut self, state: &mut S, event: &Event) {
        todo!()
    }
}
