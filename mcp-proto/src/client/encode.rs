//! What a client declares and adds to its requests.
//!
//! Spec: "`_meta`" on the `basic` page of 2026-07-28; `basic/lifecycle` of the older revisions.

use alloc::{format, string::String};

use super::{CallOptions, Client};
use crate::{
    schema::{ClientCapabilities, Level},
    version::{Elicitation, Rules, Version},
    wire::{Json, Object, RequestId},
};

/// The members of `_meta` of one request.
pub(super) struct RequestMeta<'a> {
    pub(super) version: Version,
    pub(super) token: Option<&'a RequestId>,
    pub(super) options: &'a CallOptions,
    pub(super) log_level: Option<Level>,
}

impl Client {
    /// The members of `_meta` as JSON text without the braces around it.
    pub(super) fn request_meta(&self, request: &RequestMeta<'_>) -> String {
        let rules = request.version.rules();
        let mut text = String::new();
        let mut object = Object::members(&mut text);
        if let Some(token) = request.token {
            token.append_to(object.key("progressToken"));
        }
        if !rules.handshake {
            object.text("io.modelcontextprotocol/protocolVersion", request.version.as_str());
            let info = self.config.info.encode(rules);
            object.raw("io.modelcontextprotocol/clientInfo", &info);
            let capabilities = capabilities(&self.config.capabilities, rules);
            object.raw("io.modelcontextprotocol/clientCapabilities", &capabilities);
            let level = request.log_level.map(Level::as_str);
            object.text_if("io.modelcontextprotocol/logLevel", level);
        }
        if let Some(trace) = &request.options.trace {
            object.text("traceparent", trace.traceparent());
            object.text_if("tracestate", trace.tracestate());
            object.text_if("baggage", trace.baggage());
        }
        append_members(&mut text, request.options.meta.as_deref());
        text
    }
}

/// The parameters of `logging/setLevel`.
pub(super) fn level_params(level: Level) -> Json {
    Json::from_trusted(&format!(r#"{{"level":"{level}"}}"#))
}

/// Appends members to members.
pub(super) fn append_members(text: &mut String, more: Option<&str>) {
    if let Some(more) = more.filter(|more| !more.is_empty()) {
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(more);
    }
}

/// What the client can do, as a peer under `rules` may hear it.
pub(super) fn capabilities(declared: &ClientCapabilities, rules: &Rules) -> String {
    let mut text = String::new();
    let mut object = Object::begin(&mut text);
    if let Some(roots) = declared.roots {
        let told = roots.list_changed && rules.handshake;
        object.raw("roots", if told { r#"{"listChanged":true}"# } else { "{}" });
    }
    if let Some(sampling) = declared.sampling {
        let flags = [("tools", sampling.tools), ("context", sampling.context)];
        flag_objects(object.key("sampling"), flags, rules.sampling_tools);
    }
    if let Some(elicitation) = declared.elicitation {
        let flags = [("form", elicitation.form), ("url", elicitation.url)];
        let modes = rules.elicitation >= Elicitation::FormsAndUrls;
        // `{}` means forms.
        let any = elicitation.form || elicitation.url && modes;
        if any && rules.elicitation >= Elicitation::Forms {
            flag_objects(object.key("elicitation"), flags, modes);
        }
    }
    if !declared.extensions.is_empty() && rules.extensions {
        settings(object.key("extensions"), declared.extensions.iter());
    }
    if !declared.experimental.is_empty() {
        settings(object.key("experimental"), declared.experimental.iter());
    }
    object.end();
    text
}

fn flag_objects(out: &mut String, flags: [(&str, bool); 2], known: bool) {
    let mut object = Object::begin(out);
    for (name, _) in flags.into_iter().filter(|(_, set)| *set && known) {
        object.raw(name, "{}");
    }
    object.end();
}

fn settings<'s>(
    out: &mut String,
    members: impl Iterator<Item = (&'s alloc::boxed::Box<str>, &'s Json)>,
) {
    out.push('{');
    for (place, (name, value)) in members.enumerate() {
        if place > 0 {
            out.push(',');
        }
        crate::wire::escape_into(name, out);
        out.push(':');
        out.push_str(value.as_str());
    }
    out.push('}');
}
