//! `resources/list` and `resources/templates/list` entries, and `resources/read`.
//!
//! Spec: `server/resources`.

use alloc::{boxed::Box, string::String, vec::Vec};

use super::{CallContext, Context, Stop, cursor::Kind, list::Listed};
use crate::{
    grant::{AllowResources, Grant},
    schema::{Resource, ResourceContents, ResourceTemplate, Variables},
    server::ResultBody,
    version::Rules,
    wire::Object,
};

/// A resource and its handler.
pub(super) struct ResourceEntry<S> {
    pub(super) resource: Resource,
    pub(super) handler: Box<ReadOne<S>>,
}

/// A template and its handler.
pub(super) struct TemplateEntry<S> {
    pub(super) template: ResourceTemplate,
    pub(super) handler: Box<ReadAny<S>>,
}

type Contents = Result<Vec<ResourceContents>, Stop>;
type ReadOne<S> = dyn FnMut(&mut Context<'_, S>) -> Contents;
type ReadAny<S> = dyn FnMut(&mut Context<'_, S>, &Variables) -> Contents;

impl<S> Listed for ResourceEntry<S> {
    const KIND: Kind = Kind::Resources;
    const MEMBER: &'static str = "resources";

    fn is_granted(&self, grant: &Grant) -> bool {
        grant.resources.allows(self.resource.uri())
    }

    fn allows_all(grant: &Grant) -> bool {
        matches!(grant.resources, AllowResources::All)
    }

    fn encode(&self, rules: &Rules, out: &mut String) {
        self.resource.encode(rules, out);
    }
}

impl<S> Listed for TemplateEntry<S> {
    const KIND: Kind = Kind::Templates;
    const MEMBER: &'static str = "resourceTemplates";

    fn is_granted(&self, grant: &Grant) -> bool {
        grant.resources.allows_template(self.template.template().as_str())
    }

    fn allows_all(grant: &Grant) -> bool {
        matches!(grant.resources, AllowResources::All)
    }

    fn encode(&self, rules: &Rules, out: &mut String) {
        self.template.encode(rules, out);
    }
}

/// The result of a read. Where a revision does not know empty contents, a resource without any
/// does not exist.
pub(super) fn body(
    context: &CallContext<'_>,
    contents: &[ResourceContents],
) -> Result<ResultBody, Stop> {
    let rules = context.call.terms.version.rules();
    if contents.is_empty() && !rules.empty_contents {
        return Err(Stop::NotFound);
    }
    Ok(ResultBody { cache: context.cache, ..ResultBody::members(members(contents, rules)) })
}

fn members(contents: &[ResourceContents], rules: &Rules) -> String {
    let mut members = String::new();
    let mut object = Object::members(&mut members);
    let out = object.key("contents");
    out.push('[');
    for (at, content) in contents.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        content.encode(rules, out);
    }
    out.push(']');
    members
}
