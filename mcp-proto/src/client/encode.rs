//! What a client declares and adds to its requests.
//!
//! Spec: "`_meta`" on the `basic` page of 2026-07-28; `basic/lifecycle` of the older revisions.

use alloc::{borrow::Cow, boxed::Box, format, string::String};

use super::Client;
use crate::{
    schema::{ClientCapabilities, Level, TraceContext, named_extensions},
    version::{Elicitation, Rules, Version},
    wire::{Json, Object, RequestId, push_member},
};

/// The members of `_meta` of one request.
pub(super) struct RequestMeta<'a> {
    pub(super) version: Version,
    pub(super) token: Option<&'a RequestId>,
    pub(super) trace: Option<&'a TraceContext>,
    /// The application's members, as JSON text without the braces around it.
    pub(super) own: &'a str,
    pub(super) log_level: Option<Level>,
}

impl Client {
    /// The members of `_meta` as JSON text without the braces around it.
    pub(super) fn request_meta(&self, request: &RequestMeta<'_>) -> String {
        let rules = request.version.rules();
        let identity = match &self.identity {
            _ if rules.handshake => Cow::Borrowed(""),
            Some((version, identity)) if *version == request.version => Cow::Borrowed(&**identity),
            _ => Cow::Owned(self.identity(request.version)),
        };
        let mut text = String::with_capacity(64 + identity.len() + request.own.len());
        let mut object = Object::members(&mut text);
        if let Some(token) = request.token {
            token.append_to(object.key("progressToken"));
        }
        if !rules.handshake {
            object.append(&identity);
            let level = request.log_level.map(Level::as_str);
            object.text_if("io.modelcontextprotocol/logLevel", level);
        }
        if let Some(trace) = request.trace {
            object.text("traceparent", trace.traceparent());
            object.text_if("tracestate", trace.tracestate());
            object.text_if("baggage", trace.baggage());
        }
        object.append(request.own);
        text
    }

    /// What every request without a session says of its sender, as members.
    pub(super) fn identity(&self, version: Version) -> String {
        let rules = version.rules();
        let mut text = String::new();
        let mut object = Object::members(&mut text);
        object.text("io.modelcontextprotocol/protocolVersion", version.as_str());
        object.raw("io.modelcontextprotocol/clientInfo", &self.config.info.encode(rules));
        let capabilities = capabilities(&self.config.capabilities, rules);
        object.raw("io.modelcontextprotocol/clientCapabilities", &capabilities);
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
    let mut extensions = named_extensions(&declared.extensions).peekable();
    if extensions.peek().is_some() && rules.extensions {
        append_object(object.key("extensions"), extensions);
    }
    if !declared.experimental.is_empty() {
        append_object(object.key("experimental"), declared.experimental.iter());
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

/// Appends an object of values that are JSON already.
pub(super) fn append_object<'s>(
    out: &mut String,
    members: impl Iterator<Item = (&'s Box<str>, &'s Json)>,
) {
    let mut inner = String::new();
    for (name, value) in members {
        push_member(name, value.as_str(), &mut inner);
    }
    out.push('{');
    out.push_str(&inner);
    out.push('}');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{ElicitationCapability, ListCapability, SamplingCapability};

    #[test]
    fn each_revision_is_told_of_what_it_has() {
        let mut declared = ClientCapabilities {
            roots: Some(ListCapability { list_changed: true }),
            sampling: Some(SamplingCapability { tools: true, context: true }),
            elicitation: Some(ElicitationCapability { form: true, url: true }),
            ..ClientCapabilities::default()
        };
        declared.extensions.insert("com.example/e".into(), Json::from_trusted(r#"{"a":1}"#));
        declared.extensions.insert("e".into(), Json::from_trusted("{}"));
        declared.experimental.insert("x".into(), Json::from_trusted("{}"));
        declared.experimental.insert("y".into(), Json::from_trusted("{}"));
        let mut table = String::new();
        for version in Version::ALL {
            table += &format!("{version} {}\n", capabilities(&declared, version.rules()));
        }
        insta::assert_snapshot!(table, @r#"
        2024-11-05 {"roots":{"listChanged":true},"sampling":{},"experimental":{"x":{},"y":{}}}
        2025-03-26 {"roots":{"listChanged":true},"sampling":{},"experimental":{"x":{},"y":{}}}
        2025-06-18 {"roots":{"listChanged":true},"sampling":{},"elicitation":{},"experimental":{"x":{},"y":{}}}
        2025-11-25 {"roots":{"listChanged":true},"sampling":{"tools":{},"context":{}},"elicitation":{"form":{},"url":{}},"extensions":{"com.example/e":{"a":1}},"experimental":{"x":{},"y":{}}}
        2026-07-28 {"roots":{},"sampling":{"tools":{},"context":{}},"elicitation":{"form":{},"url":{}},"extensions":{"com.example/e":{"a":1}},"experimental":{"x":{},"y":{}}}
        "#);
    }

    #[test]
    fn forms_are_declared_where_there_are_forms() {
        spec!("ELI-05");
        let told = |form, url, version: Version| {
            let elicitation = Some(ElicitationCapability { form, url });
            let declared = ClientCapabilities { elicitation, ..ClientCapabilities::default() };
            capabilities(&declared, version.rules())
        };
        let [_, _, forms, both, latest] = Version::ALL;
        assert_eq!(told(true, false, forms), r#"{"elicitation":{}}"#);
        assert_eq!(told(false, true, forms), "{}");
        assert_eq!(told(false, true, both), r#"{"elicitation":{"url":{}}}"#);
        assert_eq!(told(true, false, latest), r#"{"elicitation":{"form":{}}}"#);
        assert_eq!(told(false, false, latest), "{}");
    }

    #[test]
    fn nothing_is_declared_by_nobody() {
        for version in Version::ALL {
            assert_eq!(capabilities(&ClientCapabilities::default(), version.rules()), "{}");
        }
    }
}
