//! A message of 2026-07-28: what its head says must be what its body says.
//!
//! Spec: "Streamable HTTP" of 2026-07-28; the order of the checks is that of its "Versioning" page
//! and of the conformance suite.

use alloc::{boxed::Box, collections::BTreeSet};

use super::{
    Challenge, Endpoint, Refused, StreamKind, mirrored,
    post::{request_id, unexpected_response},
    visit::{Refusal, Visit},
};
use crate::{
    error::{ErrorObject, code},
    rpc::error_response,
    server::{Arrival, Origin},
    version::Version,
    wire::{Frame, Message, Request, RequestId},
};

impl Endpoint {
    /// `names_version` says whether the body is of this era, and not the head alone.
    pub(super) fn post_modern(&mut self, visit: Visit, message: Message<'_>, names_version: bool) {
        let checked = match &message {
            Message::Request(request) if names_version => self.check_request(&visit, request),
            Message::Request(request) if request.method == "initialize" => {
                Err(mirrored::mismatch("MCP-Protocol-Version").into())
            }
            Message::Request(_) => Err(self.server.missing_version().into()),
            Message::Notification(notification) => {
                mirrored::check_notification(&visit.admission, notification).map_err(Into::into)
            }
            Message::Response(_) => Err(unexpected_response()),
        };
        if let Err(refusal) = checked {
            let id = request_id(&message);
            let refusal = Refusal { id: id.as_ref(), ..refusal };
            return self.refuse(&visit, None, &refusal);
        }
        let kind = match &message {
            Message::Request(request) if listens(request) => StreamKind::Listen,
            _ => StreamKind::Call,
        };
        let origin = Origin::Isolated(visit.exchange);
        let arrival = Arrival { origin, grant: visit.grant.clone(), message };
        let admission = &visit.admission;
        let received = self.server.handle_checked(self.now, arrival, &|method, offer| {
            mirrored::check_arguments(admission, method, offer)
        });
        self.received(visit, None, Version::LATEST.rules(), kind, received);
    }

    /// What is checked before the machine looks at a request.
    fn check_request(&self, visit: &Visit, request: &Request<'_>) -> Result<(), Refusal<'static>> {
        mirrored::check_version(&visit.admission, &request.params)?;
        // A revision that is not served may have other rules: the machine says that first.
        if self.server.serves_version_of(&request.params) {
            mirrored::check_request(&visit.admission, request)?;
        }
        if listens(request) {
            let limits = &self.server.config().limits;
            if self.subjects.of(visit.subject()).listens >= limits.listens_max {
                return Err(Refusal::limit(429, "Too many subscriptions"));
            }
            if self.streams.len() >= limits.streams_max {
                return Err(Refusal::limit(503, "Too many streams"));
            }
        }
        self.check_calls(visit, None, 1)
    }

    /// Says which scopes are missing.
    pub(super) fn forbid(
        &mut self,
        visit: &Visit,
        id: &RequestId,
        error: &ErrorObject,
        scopes: &BTreeSet<Box<str>>,
    ) {
        let challenge = Challenge::insufficient_scope(scopes.iter().map(|scope| &**scope));
        let text = error_response(Some(id), false, error);
        let response = visit.admission.challenge(&challenge).with_json(Frame::owned(text));
        self.tell_refused(visit.exchange, Refused::Scope);
        self.respond_at_once(visit.exchange, response);
    }
}

fn listens(request: &Request<'_>) -> bool {
    request.method == "subscriptions/listen"
}

impl From<ErrorObject> for Refusal<'static> {
    fn from(error: ErrorObject) -> Self {
        let reason =
            if error.code == code::HEADER_MISMATCH { Refused::Mismatch } else { Refused::Body };
        Self::new(400, reason, error)
    }
}
