//! One request on its way through the endpoint, and the answers that create nothing.

use alloc::{boxed::Box, sync::Arc};
use core::time::Duration;

use super::{
    Admission, Endpoint, HttpOutput, Refused, Response, Telemetry,
    admit::{Value, Verb},
    session::Sessions,
    status::NO_SESSION,
};
use crate::{
    Grant,
    error::{ErrorObject, code, excerpt},
    rpc::error_response,
    server::{ExchangeId, SessionKey},
    version::{Rules, Version},
    wire::{Frame, RequestId},
};

/// One request on its way through the endpoint.
pub(super) struct Visit {
    pub(super) exchange: ExchangeId,
    pub(super) admission: Admission,
    pub(super) grant: Arc<Grant>,
    /// The session that the head names, if it is there and the caller's.
    pub(super) session: Option<SessionKey>,
}

impl Visit {
    pub(super) fn new(
        exchange: ExchangeId,
        admission: Admission,
        grant: Arc<Grant>,
        sessions: &Sessions,
    ) -> Self {
        let session = match admission.session_id() {
            Value::One(id) => sessions.find(id, grant.subject.as_deref()),
            Value::Absent | Value::Many | Value::Malformed => None,
        };
        Self { exchange, admission, grant, session }
    }

    pub(super) fn subject(&self) -> Option<&str> {
        self.grant.subject.as_deref()
    }

    /// The revision that the head names, if it is one we know.
    pub(super) fn version(&self) -> Option<Version> {
        match self.admission.version() {
            Value::One(version) => version.parse().ok(),
            Value::Absent | Value::Many | Value::Malformed => None,
        }
    }

    /// Whether the head names a revision whose requests stand by themselves.
    pub(super) fn names_modern_version(&self) -> bool {
        self.version().is_some_and(|version| !version.rules().handshake)
    }
}

/// Where a request belongs.
impl Visit {
    /// The session that a request belongs to.
    pub(super) fn check_session(&self) -> Result<SessionKey, Refusal<'static>> {
        match self.admission.session_id() {
            Value::One(_) => {}
            Value::Absent => {
                return Err(Refusal::bad(Refused::Session, "Mcp-Session-Id is missing"));
            }
            Value::Many | Value::Malformed => {
                return Err(Refusal::bad(Refused::Session, "Mcp-Session-Id is malformed"));
            }
        }
        let session = self.session.ok_or_else(Refusal::no_session)?;
        // The session's revision holds, whichever known one the header names.
        if self.admission.version() != Value::Absent && self.version().is_none() {
            return Err(Refusal::bad_version());
        }
        Ok(session)
    }
}

/// Why a request ends here, and with which status.
pub(super) struct Refusal<'a> {
    pub(super) status: u16,
    pub(super) reason: Refused,
    /// The id of the request, where it is known.
    pub(super) id: Option<&'a RequestId>,
    pub(super) error: ErrorObject,
}

impl<'a> Refusal<'a> {
    pub(super) fn new(status: u16, reason: Refused, error: ErrorObject) -> Self {
        Self { status, reason, id: None, error }
    }

    pub(super) fn bad(reason: Refused, why: &'static str) -> Self {
        Self::new(400, reason, ErrorObject::invalid_request(why))
    }

    pub(super) fn bad_version() -> Self {
        Self::bad(Refused::Head, "MCP-Protocol-Version names no version that is served")
    }

    /// The session is unknown, over or somebody else's: nobody is told which.
    pub(super) fn no_session() -> Self {
        let error = ErrorObject::invalid_request("There is no such session");
        Self::new(NO_SESSION, Refused::Session, error)
    }

    pub(super) fn shutting_down() -> Self {
        let error = ErrorObject::new(code::INTERNAL_ERROR, "The server is shutting down");
        Self::new(503, Refused::ShuttingDown, error)
    }

    /// A ceiling is reached: 429 where it is the caller's own, 503 where it is the server's.
    pub(super) fn limit(status: u16, why: &'static str) -> Self {
        let error = ErrorObject::new(code::INTERNAL_ERROR, why);
        Self::new(status, Refused::Limit, error)
    }

    pub(super) fn with_id(self, id: &'a RequestId) -> Self {
        Self { id: Some(id), ..self }
    }
}

impl Endpoint {
    pub(super) fn refuse_head(&mut self, visit: &Visit, response: Response) {
        let method = match visit.admission.verb() {
            Verb::Post => "POST",
            Verb::Get => "GET",
            Verb::Delete => "DELETE",
        };
        self.tell_started(visit.exchange, method, visit.session);
        self.tell_refused(visit.exchange, Refused::Head);
        self.respond_at_once(visit.exchange, response);
    }

    /// Answers a request that ends here. `rules` are those of its session, where it has one.
    pub(super) fn refuse(&mut self, visit: &Visit, rules: Option<&Rules>, refusal: &Refusal<'_>) {
        let null_id = rules.is_some_and(|rules| rules.null_error_id);
        let text = error_response(refusal.id, null_id, &refusal.error);
        let response = visit.admission.answers().json(refusal.status, Frame::owned(text));
        self.tell_refused(visit.exchange, refusal.reason);
        self.respond_at_once(visit.exchange, response);
    }

    pub(super) fn accept(&mut self, visit: &Visit, status: u16) {
        let response = visit.admission.answers().empty(status);
        self.respond_at_once(visit.exchange, response);
    }

    pub(super) fn respond_at_once(&mut self, exchange: ExchangeId, response: Response) {
        let status = response.head.status;
        self.outputs.push_back(HttpOutput::Respond { exchange, response });
        self.tell_ended(exchange, Some(status), Duration::ZERO);
    }

    pub(super) fn tell(&mut self, telemetry: Telemetry) {
        self.outputs.push_back(HttpOutput::Telemetry(telemetry));
    }

    pub(super) fn tell_started(
        &mut self,
        exchange: ExchangeId,
        method: &str,
        session: Option<SessionKey>,
    ) {
        let method: Box<str> =
            if method.len() <= 64 { method.into() } else { excerpt(method).into() };
        self.tell(Telemetry::ExchangeStarted { exchange, method, session });
    }

    pub(super) fn tell_ended(
        &mut self,
        exchange: ExchangeId,
        status: Option<u16>,
        duration: Duration,
    ) {
        self.tell(Telemetry::ExchangeEnded { exchange, status, duration });
    }

    pub(super) fn tell_refused(&mut self, exchange: ExchangeId, reason: Refused) {
        self.tell(Telemetry::Refused { exchange, reason });
    }
}
