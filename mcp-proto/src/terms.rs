//! What both sides agreed on, as it holds for one request.

use alloc::sync::Arc;

use crate::{
    schema::{ClientCapabilities, Implementation},
    version::Version,
};

/// What both sides agreed on, as it holds for one request.
///
/// In 2026-07-28 it is read off the request's `_meta`; in older revisions it is the session's,
/// from `initialize`. From here on nothing asks which of the two it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The revision that the request is served in.
    pub version: Version,
    /// What the client said it can do.
    pub capabilities: ClientCapabilities,
    /// What the client calls itself: for display and logs, never for decisions.
    pub client: Option<Arc<Implementation>>,
}
