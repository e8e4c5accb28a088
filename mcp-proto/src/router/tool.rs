//! `tools/list` entries and `tools/call`.
//!
//! Spec: `server/tools`.

use alloc::{boxed::Box, format, string::String, sync::Arc};

use serde::de::DeserializeOwned;

use super::{
    Checked, Context, IntoToolResult, Outbox, Stop, Ticket, Validate, conclude::meta_members,
    cursor::Kind, list::Listed, typed,
};
use crate::{
    error::ErrorObject,
    grant::{Allow, Grant},
    schema::{MirroredParams, Tool, ToolResult},
    server::{Call, ResultBody},
    version::Rules,
    wire::Json,
};

/// A tool and its handler.
pub(super) struct ToolEntry<S> {
    pub(super) tool: Tool,
    /// Read once, for most changes are of other tools.
    pub(super) mirrored: MirroredParams,
    pub(super) handler: Handler<S>,
}

pub(super) enum Handler<S> {
    /// Answers when it returns.
    Now(Box<Now<S>>),
    /// Starts what answers later; arguments that do not fit are answered at once.
    Later(Box<Later<S>>),
}

type Now<S> = dyn FnMut(&mut Context<'_, S>, &Json) -> Result<ToolResult, Stop>;
type Later<S> = dyn FnMut(&mut S, Starting<'_>) -> Result<(), ToolResult>;

/// What a handler that answers later is started with.
pub(super) struct Starting<'c> {
    pub(super) call: &'c Arc<Call>,
    pub(super) arguments: &'c Json,
    pub(super) outbox: Arc<dyn Outbox>,
}

impl<S: 'static> Handler<S> {
    pub(super) fn now<A: DeserializeOwned, R: IntoToolResult>(
        mut handler: impl FnMut(&mut Context<'_, S>, A) -> Result<R, Stop> + 'static,
    ) -> Self {
        Self::Now(Box::new(move |context: &mut Context<'_, S>, arguments: &Json| {
            match read(arguments) {
                Ok(arguments) => handler(context, arguments).map(R::into_tool_result),
                Err(misfit) => Ok(misfit),
            }
        }))
    }

    pub(super) fn later<A: DeserializeOwned>(
        mut start: impl FnMut(&mut S, Ticket, A) + 'static,
    ) -> Self {
        Self::Later(Box::new(move |state: &mut S, starting: Starting<'_>| {
            let arguments = read(starting.arguments)?;
            start(state, Ticket::new(Arc::clone(starting.call), starting.outbox), arguments);
            Ok(())
        }))
    }
}

impl<S> Listed for ToolEntry<S> {
    const KIND: Kind = Kind::Tools;
    const MEMBER: &'static str = "tools";

    fn is_granted(&self, grant: &Grant) -> bool {
        grant.tools.allows(self.tool.name())
            && self.tool.scopes().iter().all(|scope| grant.has_scope(scope))
    }

    fn is_open(&self) -> bool {
        self.tool.scopes().is_empty()
    }

    fn allows_all(grant: &Grant) -> bool {
        grant.tools == Allow::All
    }

    fn encode(&self, rules: &Rules, out: &mut String) {
        self.tool.encode(rules, out);
    }
}

/// Checks the arguments against the tool's schema; says what is wrong with them.
pub(super) fn check_arguments(
    validator: Option<&dyn Validate>,
    tool: &Tool,
    arguments: &Json,
) -> Result<(), ToolResult> {
    let Some(validator) = validator else { return Ok(()) };
    validator
        .validate(Checked::Arguments, tool.arguments_schema(), arguments)
        .map_err(|why| misfit(&why))
}

/// Checks that a tool with an output schema keeps to it. A failure has nothing to keep to.
pub(super) fn check_result(
    validator: Option<&dyn Validate>,
    tool: &Tool,
    result: &ToolResult,
) -> Result<(), Stop> {
    let (Some(validator), Some(schema)) = (validator, tool.result_schema()) else { return Ok(()) };
    if result.is_error {
        return Ok(());
    }
    let conforms = |value| validator.validate(Checked::Result, schema, value).is_ok();
    if result.structured.as_ref().is_some_and(conforms) {
        Ok(())
    } else {
        Err(Stop::Error(ErrorObject::internal()))
    }
}

/// The result of a tool. A failure is a result that the model can read.
pub(super) fn body(outcome: Result<ToolResult, Stop>, rules: &Rules) -> Result<ResultBody, Stop> {
    match outcome {
        Ok(result) => Ok(encode(&result, rules)),
        Err(Stop::Failed(why)) => Ok(encode(&ToolResult::error(why), rules)),
        Err(stop) => Err(stop),
    }
}

/// A result for a peer under `rules`.
pub(super) fn encode(result: &ToolResult, rules: &Rules) -> ResultBody {
    let mut members = String::new();
    result.encode_members(rules, &mut members);
    ResultBody { meta: meta_members(&result.meta), ..ResultBody::members(members) }
}

fn read<A: DeserializeOwned>(arguments: &Json) -> Result<A, ToolResult> {
    typed::read(arguments).map_err(|why| misfit(&why))
}

fn misfit(why: &str) -> ToolResult {
    ToolResult::error(format!("Invalid arguments: {why}"))
}
