//! From responses to messages, and to what it means that there is none.
//!
//! Spec: "Streamable HTTP" of each revision's `basic/transports`; "Backward compatibility" of
//! 2026-07-28's `basic/versioning` for the probe.

use alloc::{boxed::Box, vec::Vec};
use core::mem;

use super::{
    ClientExchange, HttpClient, HttpClientOutput, HttpNotice, Timer,
    exchange::{
        Draft, Exchange, IGNORED_BYTES_MAX, Kind, Reading, Role, Seen, may_pass, status_error,
    },
    route::{Next, Via, What},
    send::name_of,
    target::Target,
};
use crate::{
    Instant,
    client::{CallError, ConnectError, Delivery, HttpError},
    error::excerpt,
    http::Headers,
    wire::{EventDecoder, Id},
};

impl HttpClient {
    pub(super) fn take_head(&mut self, id: ClientExchange, status: u16, headers: &dyn Headers) {
        let value_bytes_max = self.client.config().limits.uri_bytes_max;
        let Some(exchange) = self.exchanges.get_mut(&id) else { return };
        if !matches!(exchange.reading, Reading::Head) {
            return;
        }
        exchange.status = status;
        exchange.opened = self.now;
        exchange.reading = Reading::Nothing(0);
        let (role, in_session) = (exchange.role, exchange.in_session);
        let seen = Seen::read(headers, value_bytes_max);
        if matches!(status, 301 | 302 | 307 | 308) {
            return self.redirected(id, status, seen.location.as_deref());
        }
        match role {
            Role::Delete => self.ended(),
            // Whether a server without this stream knows the session, it need not say.
            Role::General => self.general_head(id, status, in_session, &seen),
            Role::Resume(number) => self.resume_head(id, number, status, seen),
            _ if status == 404 && in_session => self.lose_session(role.request()),
            Role::Request(number) => self.request_head(id, number, status, seen),
            Role::Initialized | Role::Message => self.message_head(id, status, seen),
        }
    }

    /// Sends the request to where the server wants it, if that is the same origin.
    fn redirected(&mut self, id: ClientExchange, status: u16, location: Option<&str>) {
        let draft = self.exchanges.get_mut(&id).and_then(|exchange| exchange.draft.take());
        self.abort(id);
        let Some(draft) = draft else { return };
        let location = location.unwrap_or_default();
        let followed = match self.target.follow(location) {
            _ if location.is_empty() => Err(HttpError::Redirect("".into())),
            Some(target) if target.origin() != self.target.origin() => {
                Err(HttpError::Redirect(excerpt(location).into()))
            }
            None => Err(HttpError::Redirect(excerpt(location).into())),
            Some(_) if draft.redirects >= self.client.config().limits.redirects_max => {
                Err(HttpError::TooManyRedirects)
            }
            Some(target) => Ok(target),
        };
        match followed {
            Ok(target) => self.send_to(target, status, draft),
            Err(error) => self.role_failed(draft.role, error, Some(draft)),
        }
    }

    fn send_to(&mut self, target: Target, status: u16, mut draft: Draft) {
        draft.redirects += 1;
        let before = mem::replace(&mut self.target, target);
        self.send(draft);
        // Only what moved for good is remembered.
        if !matches!(status, 301 | 308) {
            self.target = before;
        }
    }

    fn request_head(&mut self, id: ClientExchange, number: i64, status: u16, seen: Seen) {
        let limits = &self.client.config().limits;
        let success = (200..300).contains(&status);
        let Some(exchange) = self.exchanges.get_mut(&id) else { return };
        let what = self.routes.get(&number).map(|route| route.what);
        let connects = matches!(what, Some(What::Probe | What::Initialize));
        if !connects {
            exchange.draft = None;
        }
        if status == 401 || status == 403 && !seen.challenges.is_empty() {
            self.abort(id);
            return self.lost(number, status_error(status, seen.challenges), None);
        }
        exchange.reading = match seen.kind {
            Kind::Stream => Reading::Stream(EventDecoder::new(limits.event_bytes_max)),
            Kind::Json => Reading::Body { bytes: Vec::new(), bytes_max: limits.response_bytes_max },
            Kind::Other(kind) if success && !matches!(status, 202 | 204) => {
                self.abort(id);
                return self.lost(number, HttpError::ContentType(kind), None);
            }
            Kind::Unsaid | Kind::Other(_) => {
                Reading::Body { bytes: Vec::new(), bytes_max: IGNORED_BYTES_MAX }
            }
        };
        if what == Some(What::Initialize) && success {
            self.name_session(seen.session);
        }
    }

    fn message_head(&mut self, id: ClientExchange, status: u16, seen: Seen) {
        let draft = self.exchanges.get_mut(&id).and_then(|exchange| exchange.draft.take());
        let error = (!(200..300).contains(&status)).then(|| status_error(status, seen.challenges));
        self.message_done(draft.as_ref(), error);
    }

    /// A message without an answer has been delivered, or not.
    fn message_done(&mut self, draft: Option<&Draft>, error: Option<HttpError>) {
        if let Some(error) = error {
            let method = name_of(draft);
            self.notice(HttpNotice::Undelivered { method, error });
        }
        if draft.is_some_and(|draft| draft.role == Role::Initialized) {
            self.handshake_done();
        }
    }

    pub(super) fn take_body(&mut self, id: ClientExchange, chunk: &[u8]) {
        let Some(exchange) = self.exchanges.get_mut(&id) else { return };
        let role = exchange.role;
        match &mut exchange.reading {
            Reading::Head => {}
            Reading::Body { bytes, bytes_max } => {
                if bytes.len() + chunk.len() <= *bytes_max {
                    return bytes.extend_from_slice(chunk);
                }
                let error = match exchange.status {
                    200..300 => HttpError::TooLong,
                    status => status_error(status, Vec::new()),
                };
                let draft = exchange.draft.take();
                self.abort(id);
                self.role_failed(role, error, draft);
            }
            Reading::Stream(decoder) => {
                for item in decoder.push(chunk) {
                    self.take_item(id, role.request(), item);
                }
            }
            Reading::Nothing(count) => {
                *count += chunk.len();
                if *count > IGNORED_BYTES_MAX {
                    self.abort(id);
                }
            }
        }
    }

    pub(super) fn take_end(&mut self, id: ClientExchange) {
        let Some(exchange) = self.take_out(id) else { return };
        match (exchange.reading, exchange.role) {
            (Reading::Head, role) => self.role_failed(role, HttpError::Broken, exchange.draft),
            (Reading::Body { bytes, .. }, Role::Request(number)) => {
                self.take_answer(number, exchange.status, &bytes, exchange.draft);
            }
            (Reading::Stream(_), role) => self.stream_ended(role.request(), exchange.opened),
            (Reading::Body { .. } | Reading::Nothing(_), _) => {}
        }
    }

    pub(super) fn take_failure(&mut self, id: ClientExchange, delivery: Delivery) {
        let Some(exchange) = self.take_out(id) else { return };
        let Exchange { role, reading, draft, opened, .. } = exchange;
        match (reading, delivery) {
            (Reading::Stream(_), _) => self.stream_ended(role.request(), opened),
            (Reading::Nothing(_), _) => {}
            (Reading::Head, Delivery::NotSent) => self.unsent(role, draft),
            (Reading::Head | Reading::Body { .. }, _) => {
                self.role_failed(role, HttpError::Broken, draft);
            }
        }
    }

    /// The request never left: it may be sent again, but not for ever.
    fn unsent(&mut self, role: Role, draft: Option<Draft>) {
        let policy = self.http.reconnect;
        let (Role::Request(number), Some(mut draft)) = (role, draft) else {
            return self.role_failed(role, HttpError::Unreachable, None);
        };
        let Some(route) = self.routes.get_mut(&number) else { return };
        let connects = matches!(route.what, What::Probe | What::Initialize);
        if connects || draft.unsent >= policy.unsent_attempts {
            return self.role_failed(role, HttpError::Unreachable, Some(draft));
        }
        draft.unsent += 1;
        let pause = route.backoff.next(&policy, u32::MAX, None, &mut *self.entropy);
        route.via = Via::Pausing(Next::Post(Box::new(draft)));
        self.timers.set(Timer::Route(number), self.now + pause.unwrap_or_default());
    }

    /// A whole body has come in answer to a request.
    fn take_answer(&mut self, number: i64, status: u16, bytes: &[u8], draft: Option<Draft>) {
        let success = (200..300).contains(&status);
        if success && !bytes.is_empty() || is_message(bytes) {
            self.take_payload(bytes, Some(number));
        }
        let Some(route) = self.routes.get_mut(&number) else { return };
        if !matches!(route.via, Via::Exchange(_)) {
            return;
        }
        let connects = matches!(route.what, What::Probe | What::Initialize);
        if !success {
            return self.lost(number, status_error(status, Vec::new()), draft);
        }
        if status == 202 && bytes.is_empty() && !connects && self.general.was_open {
            route.via = Via::Elsewhere;
            return;
        }
        if bytes.is_empty() && !connects {
            return self.lost(number, HttpError::Broken, None);
        }
        self.client.handle_malformed(self.now, &Id::Int(number));
        self.drop_unawaited();
    }

    /// An exchange brought nothing.
    pub(super) fn role_failed(&mut self, role: Role, error: HttpError, draft: Option<Draft>) {
        match role {
            Role::Request(number) => self.lost(number, error, draft),
            Role::Resume(number) if may_pass(&error) => self.resume(number),
            Role::Resume(number) => self.lost(number, error, None),
            Role::General => self.general_again(),
            Role::Initialized | Role::Message => self.message_done(draft.as_ref(), Some(error)),
            Role::Delete => self.ended(),
        }
    }

    /// There is no answer to a request, and this is why.
    pub(super) fn lost(&mut self, number: i64, error: HttpError, draft: Option<Draft>) {
        match self.routes.get(&number).map(|route| route.what) {
            None => {}
            Some(what @ (What::Probe | What::Initialize)) => {
                self.contact_failed(number, what, error, draft);
            }
            Some(What::Listen) if may_pass(&error) => self.listen_again(number),
            Some(_) => {
                self.drop_route(number);
                self.client.handle_lost(&Id::Int(number), call_error(error));
            }
        }
    }

    /// The first contact failed: another attempt, another era, or none.
    fn contact_failed(&mut self, number: i64, what: What, error: HttpError, draft: Option<Draft>) {
        let policy = self.http.reconnect;
        if may_pass(&error)
            && let Some(draft) = draft
            && let Some(pause) =
                self.contact.next(&policy, policy.contact_attempts, None, &mut *self.entropy)
            && let Some(route) = self.routes.get_mut(&number)
        {
            self.client.pause_connect();
            route.via = Via::Pausing(Next::Post(Box::new(draft)));
            self.timers.set(Timer::Route(number), self.now + pause);
            return;
        }
        self.drop_route(number);
        let no_message = matches!(error, HttpError::ContentType(_) | HttpError::Status(400..500));
        if what == What::Probe && no_message && !may_pass(&error) {
            self.client.probe_not_understood(self.now, error);
        } else {
            self.client.fail(ConnectError::Http(error));
        }
    }

    /// Takes an exchange out that has ended.
    fn take_out(&mut self, id: ClientExchange) -> Option<Exchange> {
        self.timers.cancel(Timer::Exchange(id));
        self.exchanges.remove(&id)
    }

    /// Nobody waits for an exchange any more.
    pub(super) fn abort(&mut self, id: ClientExchange) {
        if self.take_out(id).is_some() {
            self.outputs.push_back(HttpClientOutput::Abort { exchange: id });
        }
    }

    /// The exchange has taken too long.
    pub(super) fn exchange_timed_out(&mut self, id: ClientExchange) {
        let Some(exchange) = self.exchanges.get_mut(&id) else { return };
        let waited = matches!(exchange.reading, Reading::Head);
        let (role, draft) = (exchange.role, exchange.draft.take());
        self.abort(id);
        if waited && matches!(role, Role::Message | Role::Initialized) {
            self.message_done(draft.as_ref(), Some(HttpError::TimedOut));
        }
    }

    pub(super) fn notice(&mut self, notice: HttpNotice) {
        self.outputs.push_back(HttpClientOutput::Notice(notice));
    }

    /// For how long a stream was open.
    pub(super) fn uptime(&self, opened: Instant) -> core::time::Duration {
        self.now.saturating_since(opened)
    }
}

/// Whether a body is a message: those of errors often are not, and then they are nothing at all.
fn is_message(bytes: &[u8]) -> bool {
    use crate::wire::Body;
    !matches!(Body::parse(bytes), Body::Single(Err(_)))
}

/// What a call is told that has no answer.
fn call_error(error: HttpError) -> CallError {
    match error {
        HttpError::Unreachable => CallError::Lost(Delivery::NotSent),
        HttpError::Broken => CallError::Lost(Delivery::OutcomeUnknown),
        error => CallError::Http(error),
    }
}
