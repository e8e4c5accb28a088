//! The protected variant: a table of tokens says who may call, and one tool takes a scope.

use mcp_proto::{
    Grant, Router,
    http::{Challenge, Head, ProtectedResource},
    schema::Tool,
};

use super::{NoArguments, State};

/// What calling anything takes.
const READ: &str = "everything:read";
/// What calling `guarded` takes.
const WRITE: &str = "everything:write";

/// The tokens that are taken: whose they are, and for what.
const TOKENS: [(&str, &str, &[&str]); 3] = [
    ("read-token", "ada", &[READ]),
    ("write-token", "ada", &[READ, WRITE]),
    ("other-token", "bob", &[READ]),
];

/// What is told about the authorization of a server at this URL.
pub(super) fn resource(url: &str) -> ProtectedResource {
    ProtectedResource {
        resource: url.into(),
        authorization_servers: vec!["https://authorization.example".into()],
        scopes_supported: vec![READ.into(), WRITE.into()],
    }
}

/// Finds out who is calling.
pub(super) fn authorize(head: &Head<'_>) -> Result<Grant, Challenge> {
    let mut fields = Vec::new();
    head.headers.each(&mut |name, value| {
        if name.eq_ignore_ascii_case("authorization") {
            fields.push(value.to_vec());
        }
    });
    let field = match &fields[..] {
        [] => return Err(Challenge::unauthorized().scope([READ])),
        [field] => field,
        _ => return Err(Challenge::invalid_request()),
    };
    let token = bearer(field).ok_or_else(Challenge::invalid_request)?;
    let Some((_, subject, scopes)) = TOKENS.into_iter().find(|(known, ..)| *known == token) else {
        let challenge = Challenge::invalid_token().scope([READ]);
        return Err(challenge.description("nobody has this token"));
    };
    Ok(Grant {
        subject: Some(subject.into()),
        scopes: scopes.iter().map(|scope| (*scope).into()).collect(),
        ..Grant::default()
    })
}

fn bearer(field: &[u8]) -> Option<&str> {
    let (scheme, token) = core::str::from_utf8(field).ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start())
}

/// Offers the tool that takes a scope.
pub(super) fn add(router: &mut Router<State>) {
    let tool = Tool::new("guarded")
        .description("Says who is calling, if they may write")
        .requires_scope(WRITE);
    router.tool(tool, |cx, _: NoArguments| {
        Ok(cx.grant().subject.as_deref().unwrap_or("nobody").to_owned())
    });
}
