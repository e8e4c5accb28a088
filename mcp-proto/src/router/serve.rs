//! Serving a call: which handler it is for, and what comes of it.

use alloc::{boxed::Box, collections::BTreeMap, string::String, sync::Arc, vec::Vec};

use super::{
    CallContext, Context, Port, Router, Stop, Validate, complete,
    conclude::not_found,
    context::Edit,
    list::Listed as _,
    prompt, resource,
    tool::{self, Handler, Starting},
};
use crate::{
    error::ErrorObject,
    schema::Variables,
    server::{Call, Command, CompleteParams, Members, Method, Reply, ResultBody},
    wire::Json,
};

/// What a run of a handler leaves behind.
struct Run<S> {
    edits: Vec<Edit<S>>,
    /// `None`: it is given already, or comes later, or nobody waits for it.
    reply: Option<Reply>,
}

impl<S> Run<S> {
    fn replied(reply: Option<Reply>) -> Self {
        Self { edits: Vec::new(), reply }
    }

    fn result(body: ResultBody) -> Self {
        Self::replied(Some(Reply::Result(body)))
    }
}

impl<S: 'static> Router<S> {
    /// Serves one call: everything the handler says, its reply last, goes through `port`.
    ///
    /// A handler's panic passes through: the driver catches it and answers -32603.
    #[expect(clippy::needless_pass_by_value, reason = "the driver has no use for it any more")]
    pub fn serve(&mut self, state: &mut S, call: Arc<Call>, port: &mut dyn Port) {
        let run = self
            .dispatch(state, &call, port)
            .unwrap_or_else(|error| Run::replied(Some(Reply::Error(error))));
        for edit in run.edits {
            edit(self);
        }
        if let Some(reply) = run.reply {
            port.emit(Command::Respond { call: call.id, reply });
        }
    }

    /// An error here is one that no handler has heard of.
    fn dispatch(
        &mut self,
        state: &mut S,
        call: &Arc<Call>,
        port: &mut dyn Port,
    ) -> Result<Run<S>, ErrorObject> {
        match &call.method {
            Method::ToolsCall { name, arguments } => {
                self.call_tool(name, arguments, state, call, port)
            }
            Method::PromptsGet { name, arguments } => {
                self.get_prompt(name, arguments, state, call, port)
            }
            Method::ResourcesRead { uri } => self.read_resource(uri, state, call, port),
            Method::Complete(params) => self.complete_argument(params, state, call, port),
            Method::Other { method, params } => {
                let handler = self.methods.get_mut(method);
                let handler = handler.ok_or_else(|| ErrorObject::method_not_found(method))?;
                let validator = self.validator.as_deref();
                Ok(run(state, call, port, validator, |context| handler(context, params)))
            }
            Method::ToolsList { cursor } => self
                .tools
                .page(call, cursor.as_deref(), self.page_size)
                .map(|page| self.listed(page)),
            Method::PromptsList { cursor } => self
                .prompts
                .page(call, cursor.as_deref(), self.page_size)
                .map(|page| self.listed(page)),
            Method::ResourcesList { cursor } => self
                .resources
                .page(call, cursor.as_deref(), self.page_size)
                .map(|page| self.listed(page)),
            Method::ResourceTemplatesList { cursor } => self
                .templates
                .page(call, cursor.as_deref(), self.page_size)
                .map(|page| self.listed(page)),
        }
    }

    fn listed(&self, members: Members) -> Run<S> {
        Run::result(ResultBody { members, meta: None, cache: self.declared.lists_cache })
    }

    fn call_tool(
        &mut self,
        name: &str,
        arguments: &Json,
        state: &mut S,
        call: &Arc<Call>,
        port: &mut dyn Port,
    ) -> Result<Run<S>, ErrorObject> {
        let entry = self.tools.get_mut(name).filter(|entry| entry.is_granted(&call.grant));
        let entry = entry.ok_or_else(|| complete::unknown("tool", name))?;
        let (tool, validator) = (&entry.tool, self.validator.as_deref());
        let rules = call.terms.version.rules();
        if let Err(misfit) = tool::check_arguments(validator, tool, arguments) {
            return Ok(Run::result(tool::encode(&misfit, rules)));
        }
        match &mut entry.handler {
            Handler::Now(handler) => Ok(run(state, call, port, validator, |context| {
                let outcome = handler(context, arguments);
                if let Ok(result) = &outcome {
                    tool::check_result(validator, tool, result)?;
                }
                tool::body(outcome, rules)
            })),
            Handler::Later(start) => {
                let outbox = port.outbox().ok_or_else(ErrorObject::internal)?;
                match start(state, Starting { call, arguments, outbox }) {
                    Ok(()) => Ok(Run::replied(None)),
                    Err(misfit) => Ok(Run::result(tool::encode(&misfit, rules))),
                }
            }
        }
    }

    fn get_prompt(
        &mut self,
        name: &str,
        arguments: &BTreeMap<Box<str>, String>,
        state: &mut S,
        call: &Arc<Call>,
        port: &mut dyn Port,
    ) -> Result<Run<S>, ErrorObject> {
        let entry = self.prompts.get_mut(name).filter(|entry| entry.is_granted(&call.grant));
        let entry = entry.ok_or_else(|| complete::unknown("prompt", name))?;
        prompt::check_arguments(&entry.prompt, arguments)?;
        let rules = call.terms.version.rules();
        Ok(run(state, call, port, self.validator.as_deref(), |context| {
            (entry.handler)(context, arguments).map(|result| prompt::body(&result, rules))
        }))
    }

    /// The resource of exactly this URI, or the first template that matches it.
    fn read_resource(
        &mut self,
        uri: &str,
        state: &mut S,
        call: &Arc<Call>,
        port: &mut dyn Port,
    ) -> Result<Run<S>, ErrorObject> {
        if !call.grant.resources.allows(uri) {
            return Err(not_found(call));
        }
        let validator = self.validator.as_deref();
        if let Some(entry) = self.resources.get_mut(uri) {
            return Ok(run(state, call, port, validator, |context| {
                let contents = (entry.handler)(context)?;
                resource::body(context, &contents)
            }));
        }
        let found = self
            .templates
            .entries()
            .after(None)
            .find_map(|(place, entry)| Some((place, entry.template.template().matches(uri)?)));
        let (place, variables): (u64, Variables) = found.ok_or_else(|| not_found(call))?;
        let entry = self.templates.at_mut(place).ok_or_else(|| not_found(call))?;
        Ok(run(state, call, port, validator, |context| {
            let contents = (entry.handler)(context, &variables)?;
            resource::body(context, &contents)
        }))
    }

    fn complete_argument(
        &mut self,
        params: &CompleteParams,
        state: &mut S,
        call: &Arc<Call>,
        port: &mut dyn Port,
    ) -> Result<Run<S>, ErrorObject> {
        if self.completer.is_some() {
            self.check_reference(&call.grant, params)?;
        }
        let completer = self.completer.as_mut();
        let completer =
            completer.ok_or_else(|| ErrorObject::method_not_found("completion/complete"))?;
        Ok(run(state, call, port, self.validator.as_deref(), |context| {
            completer(context, params).map(|completion| complete::body(&completion))
        }))
    }
}

/// Runs a handler that answers when it returns.
fn run<S>(
    state: &mut S,
    call: &Arc<Call>,
    port: &mut dyn Port,
    validator: Option<&dyn Validate>,
    handler: impl FnOnce(&mut Context<'_, S>) -> Result<ResultBody, Stop>,
) -> Run<S> {
    let call = CallContext::new(Arc::clone(call), port, validator);
    let mut context = Context { state, call, edits: Vec::new() };
    let outcome = handler(&mut context);
    Run { reply: context.call.conclude(outcome), edits: context.edits }
}
