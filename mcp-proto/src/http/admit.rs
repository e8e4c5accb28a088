//! What is checked before the body is read.

use alloc::{boxed::Box, sync::Arc, vec::Vec};

use super::{Challenge, Head, HttpConfig, Response};
use crate::{Limits, server::ServerConfig};

/// Decides about heads. A copy of the endpoint's rules, for any thread.
#[derive(Clone, Debug)]
pub struct Gate {
    config: Arc<HttpConfig>,
    limits: Arc<Limits>,
}

/// A request whose head passed the gate: what is left to do is to find out who is calling, and to
/// read the body.
#[derive(Debug)]
#[must_use]
pub struct Admission {
    config: Arc<HttpConfig>,
    /// Given after the grant: nobody learns more than they may by being refused.
    refusal: Option<u16>,
    origin: Option<Box<str>>,
    session_id: Option<Box<str>>,
    version: Option<Box<str>>,
    /// `Mcp-*` fields, which mirror the body.
    mirrored: Vec<(Box<str>, Box<[u8]>)>,
}

impl Gate {
    pub(super) fn new(server: &ServerConfig, http: &HttpConfig) -> Self {
        Self { config: Arc::new(http.clone()), limits: Arc::new(server.limits.clone()) }
    }

    /// Decides about a head. An error is the whole answer: a refusal, the answer to a preflight,
    /// or metadata at a well-known path.
    pub fn admit(&self, head: &Head<'_>) -> Result<Admission, Response> {
        let _ = (head, &self.config, &self.limits);
        unimplemented!()
    }
}

impl Admission {
    /// How many bytes of body may be read; 0 if the body is not wanted, because there is none or
    /// because the request is refused whatever it holds.
    pub fn body_bytes_max(&self) -> usize {
        unimplemented!()
    }

    /// The answer to a body that is longer, or that does not come in time, is cut off or badly
    /// framed: `status` is 413, 408 or 400.
    pub fn refuse_body(&self, status: u16) -> Response {
        let _ = status;
        unimplemented!()
    }

    /// The answer to a caller that may not call.
    pub fn challenge(&self, challenge: &Challenge) -> Response {
        let _ = challenge;
        unimplemented!()
    }

    /// The answer where the server cannot serve now (503), or has failed (500).
    pub fn unavailable(&self, status: u16) -> Response {
        let _ = status;
        unimplemented!()
    }
}
