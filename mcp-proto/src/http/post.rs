//! A message arrives: of which era it is, and whether it may come here.
//!
//! Spec: "Sending messages to the server" of each revision's `basic/transports`; "Versioning" of
//! 2026-07-28 (dual-era servers).

use alloc::vec::Vec;

use super::{
    Endpoint, OverSessions, Refused, SessionIds, StreamKind,
    admit::Value,
    endpoint::End,
    status::{Arose, Era, status},
    visit::{Refusal, Visit},
};
use crate::{
    error::{ErrorObject, code},
    server::{Arrival, CloseReason, Dropped, Origin, Received, SessionId, SessionKey},
    version::{Rules, Version},
    wire::{Body, Frame, Malformed, MalformedKind, Message, RequestId},
};

impl Endpoint {
    pub(super) fn post(&mut self, visit: Visit, body: &[u8]) {
        match Body::parse(body) {
            Body::Single(Ok(message)) => {
                let method = match &message {
                    Message::Request(request) => &*request.method,
                    Message::Notification(notification) => &*notification.method,
                    Message::Response(_) => "response",
                };
                self.tell_started(visit.exchange, method, visit.session);
                if self.end != End::Open
                    && let Some(id) = request_id(&message)
                {
                    return self.refuse(&visit, None, &Refusal::shutting_down().with_id(&id));
                }
                self.post_message(visit, message);
            }
            Body::Single(Err(malformed)) => {
                self.tell_started(visit.exchange, "POST", visit.session);
                self.post_junk(&visit, &malformed, body);
            }
            Body::Batch(elements) => {
                self.tell_started(visit.exchange, "batch", visit.session);
                if self.end == End::Open {
                    self.post_batch(visit, elements, body);
                } else {
                    self.refuse(&visit, None, &Refusal::shutting_down());
                }
            }
        }
    }

    pub(super) fn session_rules(&self, session: Option<SessionKey>) -> Option<&'static Rules> {
        Some(self.server.session_terms(session?)?.version.rules())
    }

    fn post_junk(&mut self, visit: &Visit, malformed: &Malformed, body: &[u8]) {
        let error = match malformed.kind {
            MalformedKind::NotJson => ErrorObject::new(code::PARSE_ERROR, "Parse error"),
            MalformedKind::NotAMessage => ErrorObject::not_a_message(),
        };
        self.server.drop_noted(Dropped::Junk(crate::error::excerpt_of_bytes(body).into()));
        let id = malformed.id.as_ref();
        let refusal = Refusal { status: 400, reason: Refused::Body, id, error };
        self.refuse(visit, self.session_rules(visit.session), &refusal);
    }

    /// The body says which era a message is of; the head only mirrors it.
    fn post_message(&mut self, visit: Visit, message: Message<'_>) {
        let names_version = match &message {
            Message::Request(request) => request.params.names_version(),
            Message::Notification(notification) => notification.params.names_version(),
            Message::Response(_) => false,
        };
        let serves_modern = self.server.serves(false);
        if serves_modern && (names_version || visit.names_modern_version()) {
            self.post_modern(visit, message, names_version);
        } else if !self.server.serves(true) {
            self.post_outdated(&visit, message);
        } else if !self.http.sessions {
            self.post_sessionless(visit, message);
        } else if is_initialize(&message) && visit.admission.session_id() == Value::Absent {
            self.post_initialize(visit, message);
        } else {
            self.post_in_session(visit, message);
        }
    }

    /// A legacy message to a server that serves none.
    fn post_outdated(&mut self, visit: &Visit, message: Message<'_>) {
        match message {
            Message::Request(_) => {
                let arrival = Arrival {
                    origin: Origin::Isolated(visit.exchange),
                    grant: visit.grant.clone(),
                    message,
                };
                if let Some((id, error)) = self.server.handle_message(self.now, arrival).refusal() {
                    let id = id.as_ref();
                    let refusal = Refusal { status: 400, reason: Refused::Body, id, error };
                    self.refuse(visit, None, &refusal);
                }
            }
            Message::Notification(_) => self.accept(visit, 202),
            Message::Response(_) => self.refuse(visit, None, &unexpected_response()),
        }
    }

    fn post_sessionless(&mut self, visit: Visit, message: Message<'_>) {
        // A server that knows nothing else takes the revision before the header.
        let version = match visit.admission.version() {
            _ if is_initialize(&message) => Some(Version::LATEST_WITH_HANDSHAKE),
            Value::Absent => Some(Version::WITHOUT_HEADER),
            _ => visit.version(),
        };
        let Some(version) = version.filter(|version| self.server.serves_version(*version)) else {
            return self.refuse(&visit, None, &Refusal::bad_version());
        };
        let origin = Origin::Sessionless { exchange: visit.exchange, version };
        self.hand_over(visit, origin, None, version.rules(), message);
    }

    fn post_initialize(&mut self, visit: Visit, message: Message<'_>) {
        if let Err(refusal) = self.check_sessions(&visit) {
            return self.refuse(&visit, None, &refusal);
        }
        let id = match &self.http.session_ids {
            SessionIds::Drawn => None,
            SessionIds::Given(give) => {
                Some(give(&visit.grant)).filter(|id| is_fit(id) && !self.sessions.is_used(id))
            }
        };
        self.server.name_next_session(id);
        let origin = Origin::Isolated(visit.exchange);
        let rules = Version::LATEST_WITH_HANDSHAKE.rules();
        self.hand_over(visit, origin, None, rules, message);
        self.server.name_next_session(None);
    }

    /// Whether one more session fits, if need be in the place of an idle one.
    fn check_sessions(&self, visit: &Visit) -> Result<(), Refusal<'static>> {
        let limits = &self.server.config().limits;
        let own = self.subjects.of(visit.subject()).sessions;
        if own >= limits.sessions_per_subject_max {
            return Err(Refusal::limit(429, "Too many sessions of one caller"));
        }
        let evict = self.http.over_sessions == OverSessions::EndIdle;
        let fits = self.sessions.len() < limits.sessions_max
            || (evict && self.sessions.longest_idle().is_some());
        if fits { Ok(()) } else { Err(Refusal::limit(503, "Too many sessions")) }
    }

    /// A session was opened: it is the caller's from now on.
    fn session_opened(&mut self, visit: &Visit, key: SessionKey) -> Option<SessionId> {
        if self.sessions.len() >= self.server.config().limits.sessions_max
            && let Some(oldest) = self.sessions.longest_idle()
        {
            self.end_session(oldest, CloseReason::Evicted);
        }
        let id = self.server.session_id(key)?.clone();
        let subject = visit.grant.subject.clone();
        self.subjects.count(subject.as_deref(), |used| used.sessions += 1);
        self.sessions.insert(self.now, key, id.clone(), subject);
        Some(id)
    }

    fn post_in_session(&mut self, visit: Visit, message: Message<'_>) {
        let session = match visit.check_session() {
            Ok(session) => session,
            Err(refusal) => {
                let id = request_id(&message);
                let refusal = Refusal { id: id.as_ref(), ..refusal };
                return self.refuse(&visit, None, &refusal);
            }
        };
        let Some(rules) = self.session_rules(Some(session)) else { return };
        self.hand_over(visit, Origin::Session(session), Some(session), rules, message);
    }

    fn post_batch(
        &mut self,
        visit: Visit,
        elements: Vec<Result<Message<'_>, Malformed>>,
        body: &[u8],
    ) {
        let (origin, session) = match self.batch_origin(&visit) {
            Ok(found) => found,
            Err(refusal) => return self.refuse(&visit, None, &refusal),
        };
        if let Err(refusal) = self.check_calls(&visit, session, elements.len()) {
            return self.refuse(&visit, self.session_rules(session), &refusal);
        }
        let rules = self.server.rules_of(origin);
        match self.server.handle_batch(self.now, origin, &visit.grant, elements, body) {
            Err(error) => self.refuse(&visit, rules, &Refusal::new(400, Refused::Body, error)),
            Ok(batch) if batch.waiting.is_empty() && batch.responses.is_empty() => {
                self.accept(&visit, 202);
            }
            Ok(batch) => {
                let waiting = batch.waiting.iter().copied().collect();
                match (self.batches.begin(batch.waiting, &batch.responses), rules) {
                    (None, Some(rules)) => {
                        self.begin_stream(visit, StreamKind::Call, session, rules, waiting);
                    }
                    (answer, _) => {
                        let body = Frame::owned(answer.unwrap_or_default());
                        let response = visit.admission.answers().json(200, body);
                        self.respond_at_once(visit.exchange, response);
                    }
                }
            }
        }
    }

    fn batch_origin(
        &mut self,
        visit: &Visit,
    ) -> Result<(Origin, Option<SessionKey>), Refusal<'static>> {
        let refused = || Refusal::bad(Refused::Body, "Batches are not served");
        if visit.names_modern_version() || !self.server.serves(true) {
            return Err(refused());
        }
        if self.http.sessions {
            if visit.admission.session_id() == Value::Absent {
                return Err(refused());
            }
            let session = visit.check_session()?;
            self.sessions.touch(self.now, session);
            return Ok((Origin::Session(session), Some(session)));
        }
        let version = match visit.admission.version() {
            Value::Absent => Version::WITHOUT_HEADER,
            _ => visit.version().ok_or_else(Refusal::bad_version)?,
        };
        Ok((Origin::Sessionless { exchange: visit.exchange, version }, None))
    }

    /// Whether `count` more calls of this caller fit.
    pub(super) fn check_calls(
        &self,
        visit: &Visit,
        session: Option<SessionKey>,
        count: usize,
    ) -> Result<(), Refusal<'static>> {
        let limits = &self.server.config().limits;
        let of_session = session.map_or(0, |session| self.server.in_flight(session));
        if of_session + count > limits.calls_max {
            return Err(Refusal::limit(429, "Too many requests in flight"));
        }
        let of_subject = self.subjects.of(visit.subject()).calls;
        if of_subject + count > limits.calls_per_subject_max {
            return Err(Refusal::limit(429, "Too many requests of one caller in flight"));
        }
        if self.calls.len() + count > limits.calls_total_max {
            return Err(Refusal::limit(503, "Too many requests in flight"));
        }
        Ok(())
    }

    /// Gives a legacy message to the machine.
    fn hand_over(
        &mut self,
        visit: Visit,
        origin: Origin,
        session: Option<SessionKey>,
        rules: &'static Rules,
        message: Message<'_>,
    ) {
        if let Message::Request(request) = &message
            && let Err(refusal) = self.check_calls(&visit, session, 1)
        {
            let id = request.id.clone().into_owned();
            if let Some(session) = session {
                self.sessions.touch(self.now, session);
            }
            return self.refuse(&visit, Some(rules), &refusal.with_id(&id));
        }
        let arrival = Arrival { origin, grant: visit.grant.clone(), message };
        let received = self.server.handle_message(self.now, arrival);
        self.received(visit, session, rules, StreamKind::Call, received);
    }

    /// Goes on with what the machine made of a message.
    pub(super) fn received(
        &mut self,
        visit: Visit,
        session: Option<SessionKey>,
        rules: &'static Rules,
        kind: StreamKind,
        received: Received,
    ) {
        // A stream keeps its session from being idle.
        if let Some(session) = session
            && !matches!(received, Received::Call(_))
        {
            self.sessions.touch(self.now, session);
        }
        match received {
            Received::Accepted => self.accept(&visit, 202),
            Received::Call(call) => {
                self.begin_stream(visit, kind, session, rules, Vec::from([call]));
            }
            Received::Opened(call, key) => {
                let id = self.session_opened(&visit, key);
                let exchange = visit.exchange;
                let rules = self.session_rules(Some(key)).unwrap_or(rules);
                self.begin_stream(visit, kind, Some(key), rules, Vec::from([call]));
                let stream = self.streams.get_mut(&exchange);
                if let Some(carrier) = stream.and_then(|stream| stream.carrier.as_mut()) {
                    carrier.session_id = id;
                }
            }
            Received::Refused { id, error } => {
                let status = status(Era::of(rules), Arose::Refusal, error.code, false);
                let reason = match error.code {
                    code::HEADER_MISMATCH => Refused::Mismatch,
                    _ => Refused::Body,
                };
                let refusal = Refusal { status, reason, id: id.as_ref(), error };
                self.refuse(&visit, Some(rules), &refusal);
            }
            Received::Forbidden { id, error, scopes } => {
                self.forbid(&visit, &id, &error, &scopes);
            }
        }
    }
}

fn is_initialize(message: &Message<'_>) -> bool {
    matches!(message, Message::Request(request) if request.method == "initialize")
}

/// The id of a request, to be repeated in its refusal.
pub(super) fn request_id(message: &Message<'_>) -> Option<RequestId> {
    match message {
        Message::Request(request) => Some(request.id.clone().into_owned()),
        Message::Notification(_) | Message::Response(_) => None,
    }
}

/// Whether an id is what an id may be: visible ASCII.
fn is_fit(id: &SessionId) -> bool {
    let text = id.as_str();
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

pub(super) fn unexpected_response() -> Refusal<'static> {
    Refusal::bad(Refused::Body, "A response answers nothing here")
}
