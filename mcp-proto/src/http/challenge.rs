//! Authorization as a resource server speaks of it; who decides is the driver's hook.
//!
//! Spec: `basic/authorization` of each revision; RFC 6750 and RFC 9728.

use alloc::{boxed::Box, vec::Vec};

/// Why a request is refused for who is calling, or for nobody saying so.
#[derive(Clone, Debug)]
pub struct Challenge {
    /// 401, 403 or 400.
    pub(super) status: u16,
    pub(super) error: Option<&'static str>,
    pub(super) description: Option<Box<str>>,
    pub(super) scopes: Vec<Box<str>>,
}

impl Challenge {
    /// 401: there is no token.
    pub fn unauthorized() -> Self {
        unimplemented!()
    }

    /// 401 `invalid_token`: the token is expired, forged or meant for somebody else.
    pub fn invalid_token() -> Self {
        unimplemented!()
    }

    /// 403 `insufficient_scope`: all these are needed.
    pub fn insufficient_scope<'s>(scopes: impl IntoIterator<Item = &'s str>) -> Self {
        let _ = scopes.into_iter();
        unimplemented!()
    }

    /// 400 `invalid_request`: the `Authorization` field cannot be understood.
    pub fn invalid_request() -> Self {
        unimplemented!()
    }

    /// Says which scopes a token should be asked for.
    pub fn scope<'s>(self, scopes: impl IntoIterator<Item = &'s str>) -> Self {
        let _ = scopes.into_iter();
        unimplemented!()
    }

    /// Says more, for a developer: ASCII without quotation marks and backslashes.
    pub fn description(self, text: &str) -> Self {
        let _ = text;
        unimplemented!()
    }
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
