//! The authoring layer: tools, prompts and resources as closures. Still no I/O.
//!
//! A [`Router`] holds what an application offers. Its driver gives it each
//! [`Event::Call`] by [`Router::serve`], and the machine each new
//! [`Router::take_offer`].
//!
//! A handler that asks the client stops there and is run again with the answer. So what it does
//! before a question is done once more: [`CallContext::once`] is for what must not be.

mod ask;
mod ask_typed;
mod complete;
mod conclude;
mod context;
mod cursor;
mod list;
mod offer;
mod port;
mod prompt;
mod registry;
mod reply;
mod resource;
mod serve;
mod ticket;
mod tool;
mod typed;

use alloc::{boxed::Box, collections::BTreeMap, string::String, vec::Vec};

use serde::de::DeserializeOwned;

pub use context::{CallContext, Context};
pub use port::{Outbox, Port};
pub use reply::{IntoToolResult, Stop, Structured};
pub use ticket::Ticket;

use self::{
    complete::Completer,
    list::Catalog,
    offer::Declared,
    prompt::PromptEntry,
    resource::{ResourceEntry, TemplateEntry},
    tool::ToolEntry,
};
use crate::{
    schema::{
        Completion, Prompt, PromptResult, Resource, ResourceContents, ResourceTemplate, Tool,
        Variables,
    },
    server::{CompleteParams, Event, ResultBody},
    wire::Json,
};

/// What an application offers, and the closures that serve it.
///
/// `S` is the application's own state; handlers run one at a time and have it whole. Neither the
/// router nor its handlers need to be `Send`.
///
/// ```
/// use mcp_proto::{
///     Router,
///     router::Stop,
///     schema::{Elicited, Field, Form, Tool},
/// };
///
/// #[derive(serde::Deserialize)]
/// struct Deploy {
///     environment: String,
/// }
///
/// #[derive(serde::Deserialize)]
/// struct Choice {
///     sure: bool,
/// }
///
/// let mut router = Router::<u32>::new();
/// router.tool(Tool::new("deploy").description("Deploys the last build"), |cx, deploy: Deploy| {
///     let form = Form::new(format!("Deploy to {}?", deploy.environment))
///         .field("sure", Field::boolean().required());
///     match cx.elicit::<Choice>("sure", form)? {
///         Elicited::Accepted(Choice { sure: true }) => {}
///         _ => return Err(Stop::Failed("The person did not want it.".into())),
///     }
///     *cx.state += 1;
///     Ok(format!("deployment {}", cx.state))
/// });
/// let offer = router.take_offer().expect("a new router has something to tell");
/// assert!(offer.capabilities.tools.is_some());
/// ```
pub struct Router<S> {
    tools: Catalog<ToolEntry<S>>,
    prompts: Catalog<PromptEntry<S>>,
    resources: Catalog<ResourceEntry<S>>,
    templates: Catalog<TemplateEntry<S>>,
    methods: BTreeMap<Box<str>, Box<MethodHandler<S>>>,
    completer: Option<Box<Completer<S>>>,
    observers: Vec<Observer<S>>,
    validator: Option<Box<dyn Validate>>,
    declared: Declared,
    page_size: usize,
}

type MethodHandler<S> = dyn FnMut(&mut Context<'_, S>, &Json) -> Result<ResultBody, Stop>;
type Observer<S> = Box<dyn FnMut(&mut S, &Event)>;

impl<S> core::fmt::Debug for Router<S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Router").field("declared", &self.declared).finish_non_exhaustive()
    }
}

impl<S: 'static> Default for Router<S> {
    fn default() -> Self {
        Self::new()
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

/// What is offered. Each change is told to clients by the next [`Router::take_offer`].
impl<S: 'static> Router<S> {
    /// A router that offers nothing yet.
    pub fn new() -> Self {
        Self {
            tools: Catalog::new(),
            prompts: Catalog::new(),
            resources: Catalog::new(),
            templates: Catalog::new(),
            methods: BTreeMap::new(),
            completer: None,
            observers: Vec::new(),
            validator: None,
            declared: Declared::new(),
            page_size: PAGE_SIZE,
        }
    }

    /// How many entries a page of a list has. Default: 100. (0 counts as 1.)
    pub fn page_size(&mut self, entries: usize) -> &mut Self {
        self.page_size = entries.max(1);
        self.tools.forget_pages();
        self.prompts.forget_pages();
        self.resources.forget_pages();
        self.templates.forget_pages();
        self
    }

    /// Checks arguments, structured results and elicited content with `validator`.
    ///
    /// A result that does not conform to the tool's output schema is answered -32603.
    pub fn validate_with(&mut self, validator: impl Validate + 'static) -> &mut Self {
        self.validator = Some(Box::new(validator));
        self
    }

    /// Offers a tool. Arguments that do not fit `A` are a tool error that names the member.
    ///
    /// What has the name of an earlier one takes its place, here and in all that follows.
    pub fn tool<A: DeserializeOwned, R: IntoToolResult>(
        &mut self,
        tool: Tool,
        handler: impl FnMut(&mut Context<'_, S>, A) -> Result<R, Stop> + 'static,
    ) -> &mut Self {
        self.insert_tool(tool, tool::Handler::now(handler))
    }

    /// Offers a tool whose calls are answered later, by the [`Ticket`], from any thread.
    pub fn tool_later<A: DeserializeOwned>(
        &mut self,
        tool: Tool,
        start: impl FnMut(&mut S, Ticket, A) + 'static,
    ) -> &mut Self {
        self.insert_tool(tool, tool::Handler::later(start))
    }

    /// No longer offers a tool; says whether it did.
    pub fn remove_tool(&mut self, name: &str) -> bool {
        let removed = self.tools.remove(name);
        self.declared.changed |= removed;
        removed
    }

    /// Offers a prompt. A call without an argument that the prompt requires is answered -32602.
    pub fn prompt(
        &mut self,
        prompt: Prompt,
        handler: impl FnMut(
            &mut Context<'_, S>,
            &BTreeMap<Box<str>, String>,
        ) -> Result<PromptResult, Stop>
        + 'static,
    ) -> &mut Self {
        let name = String::from(prompt.name());
        self.prompts.insert(&name, PromptEntry { prompt, handler: Box::new(handler) });
        self.declared.changed = true;
        self
    }

    /// No longer offers a prompt; says whether it did.
    pub fn remove_prompt(&mut self, name: &str) -> bool {
        let removed = self.prompts.remove(name);
        self.declared.changed |= removed;
        removed
    }

    /// Offers a resource.
    pub fn resource(
        &mut self,
        resource: Resource,
        handler: impl FnMut(&mut Context<'_, S>) -> Result<Vec<ResourceContents>, Stop> + 'static,
    ) -> &mut Self {
        let uri = String::from(resource.uri());
        self.resources.insert(&uri, ResourceEntry { resource, handler: Box::new(handler) });
        self.declared.changed = true;
        self
    }

    /// Offers every resource that a template matches. Of several that match, the one registered
    /// first serves; a resource of its own goes before all.
    pub fn resource_template(
        &mut self,
        template: ResourceTemplate,
        handler: impl FnMut(&mut Context<'_, S>, &Variables) -> Result<Vec<ResourceContents>, Stop>
        + 'static,
    ) -> &mut Self {
        let text = String::from(template.template().as_str());
        self.templates.insert(&text, TemplateEntry { template, handler: Box::new(handler) });
        self.declared.changed = true;
        self
    }

    /// No longer offers a resource or a template; says whether it did.
    pub fn remove_resource(&mut self, uri: &str) -> bool {
        let removed = self.resources.remove(uri) | self.templates.remove(uri);
        self.declared.changed |= removed;
        removed
    }

    /// Completes arguments of prompts and variables of templates: those that there are, for
    /// callers who may see what they belong to.
    pub fn complete<H>(&mut self, handler: H) -> &mut Self
    where
        H: FnMut(&mut Context<'_, S>, &CompleteParams) -> Result<Completion, Stop> + 'static,
    {
        self.completer = Some(Box::new(handler));
        self.declared.changed = true;
        self
    }

    /// Serves a method of the application's own.
    pub fn method(
        &mut self,
        method: &str,
        handler: impl FnMut(&mut Context<'_, S>, &Json) -> Result<ResultBody, Stop> + 'static,
    ) -> &mut Self {
        self.methods.insert(method.into(), Box::new(handler));
        self.declared.changed = true;
        self
    }

    /// Hears of everything that is no call: sessions, cancellations, notifications, drops. Each
    /// observer hears all, in the order in which they were given.
    pub fn on_event(&mut self, observer: impl FnMut(&mut S, &Event) + 'static) -> &mut Self {
        self.observers.push(Box::new(observer));
        self
    }

    /// Gives an event that is no call to the observers.
    pub fn observe(&mut self, state: &mut S, event: &Event) {
        for observer in &mut self.observers {
            observer(state, event);
        }
    }

    fn insert_tool(&mut self, tool: Tool, handler: tool::Handler<S>) -> &mut Self {
        let name = String::from(tool.name());
        let mirrored = tool.mirrored_params().unwrap_or_default();
        self.tools.insert(&name, ToolEntry { tool, mirrored, handler });
        self.declared.changed = true;
        self
    }
}

const PAGE_SIZE: usize = 100;

#[cfg(test)]
mod tests;
