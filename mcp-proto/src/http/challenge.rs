//! Authorization as a resource server speaks of it; who decides is the driver's hook.
//!
//! Spec: `basic/authorization` of each revision; RFC 6750 and RFC 9728.

use alloc::{boxed::Box, string::String, vec::Vec};

use super::{Response, answer::Answers};
use crate::wire::{Frame, Object, escape_into};

/// Why a request is refused for who is calling, or for nobody saying so.
#[derive(Clone, Debug)]
pub struct Challenge(Box<Parts>);

/// What a challenge says. Boxed, because whatever waits for the decision about a caller has room
/// for one, and hardly ever gets it.
#[derive(Clone, Debug)]
struct Parts {
    /// 401, 403 or 400.
    status: u16,
    error: Option<&'static str>,
    description: Option<Box<str>>,
    scopes: Vec<Box<str>>,
}

impl Challenge {
    /// 401: there is no token.
    pub fn unauthorized() -> Self {
        Self::new(401, None)
    }

    /// 401 `invalid_token`: the token is expired, forged or meant for somebody else.
    pub fn invalid_token() -> Self {
        Self::new(401, Some("invalid_token"))
    }

    /// 403 `insufficient_scope`: all these are needed.
    pub fn insufficient_scope<'s>(scopes: impl IntoIterator<Item = &'s str>) -> Self {
        Self::new(403, Some("insufficient_scope")).scope(scopes)
    }

    /// 400 `invalid_request`: the `Authorization` field cannot be understood.
    pub fn invalid_request() -> Self {
        Self::new(400, Some("invalid_request"))
    }

    /// Says which scopes a token should be asked for. What is no scope token is left out, and so
    /// is `offline_access`, which is between the client and its authorization server.
    pub fn scope<'s>(mut self, scopes: impl IntoIterator<Item = &'s str>) -> Self {
        self.0.scopes.extend(scopes.into_iter().filter(|scope| is_scope(scope)).map(Box::from));
        self
    }

    /// Says more, for a developer: ASCII without quotation marks and backslashes; other
    /// characters are replaced.
    pub fn description(mut self, text: &str) -> Self {
        const CHARS_MAX: usize = 200;
        let shown = text.chars().take(CHARS_MAX).map(|character| match character {
            '"' => '\'',
            '\\' => '/',
            ' '..='~' => character,
            _ => '?',
        });
        self.0.description = Some(shown.collect::<String>().into());
        self
    }

    fn new(status: u16, error: Option<&'static str>) -> Self {
        Self(Box::new(Parts { status, error, description: None, scopes: Vec::new() }))
    }

    pub(super) fn response(
        &self,
        answers: &Answers,
        resource: Option<&ProtectedResource>,
    ) -> Response {
        let mut response = answers.empty(self.0.status);
        response.head.push("www-authenticate", self.field_value(resource));
        response
    }

    /// The value of `WWW-Authenticate`.
    fn field_value(&self, resource: Option<&ProtectedResource>) -> String {
        let metadata = resource.and_then(ProtectedResource::metadata_url);
        let scope = (!self.0.scopes.is_empty()).then(|| self.0.scopes.join(" "));
        let parameters = [
            ("error", self.0.error),
            ("error_description", self.0.description.as_deref()),
            ("scope", scope.as_deref()),
            ("resource_metadata", metadata.as_deref()),
        ];
        let mut value = String::from("Bearer");
        for (name, text) in parameters {
            let Some(text) = text else { continue };
            let lead = if value.len() == "Bearer".len() { " " } else { ", " };
            value.extend([lead, name, "=\"", text, "\""]);
        }
        value
    }
}

/// RFC 6749, "Access Token Scope"; what fits needs no escapes in a quoted string.
fn is_scope(text: &str) -> bool {
    let is_scope_char = |byte: u8| matches!(byte, b'!' | b'#'..=b'[' | b']'..=b'~');
    !text.is_empty() && text.bytes().all(is_scope_char) && text != "offline_access"
}

/// What is published about the authorization of this server, at its well-known paths.
#[derive(Clone, Debug)]
pub struct ProtectedResource {
    /// The URL of the endpoint, as clients know it: `https://mcp.example/mcp`.
    pub resource: Box<str>,
    /// The issuers of the tokens that are taken; at least one.
    pub authorization_servers: Vec<Box<str>>,
    /// The scopes there are.
    pub scopes_supported: Vec<Box<str>>,
}

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

impl ProtectedResource {
    /// Whether the metadata is found at `path`: at the root, and below it under the path of the
    /// resource, as clients and as this server know it.
    pub(super) fn is_published_at(&self, path: &str, served: &str) -> bool {
        let Some(suffix) = path.strip_prefix(WELL_KNOWN) else { return false };
        let known = self.split().map_or("", |(_, path)| path);
        suffix.is_empty() || suffix == known || suffix == served
    }

    /// The metadata, as JSON text.
    pub(super) fn metadata(&self) -> Frame {
        let mut text = String::new();
        let mut object = Object::begin(&mut text);
        object.text("resource", &self.resource);
        write_texts(object.key("authorization_servers"), self.authorization_servers.iter());
        if !self.scopes_supported.is_empty() {
            let scopes = self.scopes_supported.iter().filter(|scope| is_scope(scope));
            write_texts(object.key("scopes_supported"), scopes);
        }
        object.raw("bearer_methods_supported", r#"["header"]"#);
        object.end();
        Frame::owned(text)
    }

    /// The URL of the metadata; `None` if the resource is no URL that fits into a header field.
    fn metadata_url(&self) -> Option<String> {
        let (base, path) = self.split()?;
        let is_url_char = |byte: u8| byte.is_ascii_graphic() && !b"\"\\<>".contains(&byte);
        self.resource.bytes().all(is_url_char).then(|| [base, WELL_KNOWN, path].concat())
    }

    /// The resource as scheme with authority, and path with query; a path of `/` is none.
    fn split(&self) -> Option<(&str, &str)> {
        let authority = self.resource.find("://")? + "://".len();
        let length = self.resource.get(authority..)?.find(['/', '?', '#']);
        let (base, path) = self
            .resource
            .split_at_checked(length.map_or(self.resource.len(), |length| authority + length))?;
        Some((base, if path == "/" { "" } else { path }))
    }
}

fn write_texts<'t>(out: &mut String, texts: impl Iterator<Item = &'t Box<str>>) {
    out.push('[');
    for (place, text) in texts.enumerate() {
        if place > 0 {
            out.push(',');
        }
        escape_into(text, out);
    }
    out.push(']');
}

#[cfg(test)]
mod tests {
    use std::{format, string::ToString as _, vec};

    use super::*;

    fn resource(url: &str) -> ProtectedResource {
        ProtectedResource {
            resource: url.into(),
            authorization_servers: Vec::from(["https://auth.example".into()]),
            scopes_supported: ["files:read", "offline_access", "no scope"].map(Box::from).into(),
        }
    }

    #[test]
    fn each_challenge_says_its_status_and_what_a_client_needs_to_go_on() {
        spec!("AUT-02", "AUT-05", "AUT-07", "AUT-11", "SEC-14");
        let published = resource("https://mcp.example/mcp");
        let described = Challenge::invalid_token().description("expired \"yesterday\"\r\nX: é\\");
        let scoped = Challenge::unauthorized().scope(["a:b", "offline_access", "c d", "\"", "e"]);
        let metadata = "https://mcp.example/.well-known/oauth-protected-resource/mcp";
        for (challenge, status, params) in [
            (Challenge::unauthorized(), 401, vec![]),
            (scoped, 401, vec![r#"scope="a:b e""#]),
            (
                described,
                401,
                vec![
                    r#"error="invalid_token""#,
                    r#"error_description="expired 'yesterday'??X: ?/""#,
                ],
            ),
            (
                Challenge::insufficient_scope(["files:read", "files:write"]),
                403,
                vec![r#"error="insufficient_scope""#, r#"scope="files:read files:write""#],
            ),
            (Challenge::invalid_request(), 400, vec![r#"error="invalid_request""#]),
        ] {
            let own = params.join(", ");
            let with =
                [params, vec![&format!("resource_metadata=\"{metadata}\"")]].concat().join(", ");
            for (resource, params) in [(Some(&published), with), (None, own)] {
                let value = format!("Bearer {params}").trim_end().to_string();
                let response = challenge.response(&Answers::default(), resource);
                assert_eq!(response.head.status, status);
                let field = ("www-authenticate", value.into());
                assert_eq!(response.head.headers, [field]);
                assert!(response.body.is_none());
            }
        }
    }

    #[test]
    fn the_metadata_is_found_between_the_host_and_the_path_of_the_resource() {
        const AT: &str = "https://x.example/.well-known/oauth-protected-resource";
        for (url, path) in [
            ("https://x.example", Some("")),
            ("https://x.example/", Some("")),
            ("https://x.example/mcp", Some("/mcp")),
            ("https://x.example/a/b/", Some("/a/b/")),
            ("https://x.example/mcp?tenant=1", Some("/mcp?tenant=1")),
            ("https://x.example?tenant=1", Some("?tenant=1")),
            ("https://x.example/\"", None),
            ("https://x.example/\r\nx", None),
            ("x.example/mcp", None),
            ("", None),
        ] {
            let expected = path.map(|path| [AT, path].concat());
            assert_eq!(resource(url).metadata_url(), expected, "{url}");
        }
    }

    #[test]
    fn the_metadata_is_published_at_the_root_and_under_the_path() {
        const ROOT: &str = "/.well-known/oauth-protected-resource";
        let published = resource("https://mcp.example/outside/mcp");
        for (path, found) in [
            ("", true),
            ("/outside/mcp", true),
            ("/mcp", true),
            ("/", false),
            ("/mcp/", false),
            ("/other", false),
            ("s", false),
        ] {
            let path = [ROOT, path].concat();
            assert_eq!(published.is_published_at(&path, "/mcp"), found, "{path}");
        }
        assert!(!published.is_published_at("/mcp", "/mcp"));
    }

    #[test]
    fn the_metadata_names_the_resource_and_who_gives_tokens_for_it() {
        spec!("AUT-04", "AUT-11");
        let metadata = resource("https://mcp.example/mcp").metadata().parts().concat();
        let expected = r#"{"resource":"https://mcp.example/mcp","authorization_servers":["https://auth.example"],"scopes_supported":["files:read"],"bearer_methods_supported":["header"]}"#;
        assert_eq!(metadata, expected);
    }
}
