//! Streams: what comes on them, and how they are opened again.
//!
//! Spec: "Listening for Messages from the Server" and "Resumability and Redelivery" of
//! `basic/transports`; `server/utilities/subscriptions` of 2026-07-28.

use core::time::Duration;

use super::{
    ClientExchange, HttpClient, HttpNotice, Timer,
    exchange::{Draft, Kind, Reading, Role, Seen, may_pass, status_error},
    route::{Cursor, GeneralState, Next, Via, What},
    session::Gate,
};
use crate::{
    Instant,
    client::{CallError, Delivery, DroppedByClient, HttpError},
    wire::{EventDecoder, Id, StreamItem},
};

/// How long a server may leave a stream open after the answer on it.
const LINGER: Duration = Duration::from_secs(5);

/// A stream is that of a request, or the general one, where `request` is `None`.
impl HttpClient {
    pub(super) fn take_item(&mut self, id: ClientExchange, request: Option<i64>, item: StreamItem) {
        // What came before in the same chunk may have ended it.
        if !self.exchanges.contains_key(&id) {
            return;
        }
        match item {
            StreamItem::Retry(pause) => {
                if let Some(stream) = self.cursor_of(request) {
                    stream.retry = Some(pause);
                }
            }
            StreamItem::TooLong => self.event_too_long(id, request),
            StreamItem::Event { data, id: event } => {
                let bytes_max = self.client.config().limits.uri_bytes_max;
                if let Some(event) = event
                    && let Some(stream) = self.cursor_of(request)
                {
                    stream.set(event, bytes_max);
                }
                // An event without data is a cursor, or keeps the stream alive.
                if let Some(data) = data.filter(|data| !data.is_empty()) {
                    self.stream_brought(request);
                    self.take_payload(&data, request);
                    self.pump();
                }
            }
        }
    }

    fn cursor_of(&mut self, request: Option<i64>) -> Option<&mut Cursor> {
        match request {
            Some(number) => self.routes.get_mut(&number).map(|route| &mut route.stream),
            None => Some(&mut self.general.stream),
        }
    }

    fn stream_brought(&mut self, request: Option<i64>) {
        let Some(number) = request else {
            self.general.backoff.brought();
            self.session.proven = true;
            return;
        };
        let Some(route) = self.routes.get_mut(&number) else { return };
        route.backoff.brought();
        if let Some(backoff) = route.call.and_then(|call| self.listens.get_mut(&call)) {
            backoff.brought();
        }
    }

    fn event_too_long(&mut self, id: ClientExchange, request: Option<i64>) {
        let what = request.and_then(|number| self.routes.get(&number)).map(|route| route.what);
        match (request, what) {
            (Some(number), Some(what)) if what != What::Listen => {
                self.abort(id);
                self.lost(number, HttpError::TooLong, None);
            }
            _ => self.client.drop_noted(DroppedByClient::TooLong),
        }
    }

    /// The answer to a request has come: its stream has nothing more to say.
    pub(super) fn answered(&mut self, number: i64) {
        let Some(route) = self.routes.remove(&number) else { return };
        self.timers.cancel(Timer::Route(number));
        self.contact = super::backoff::Backoff::default();
        self.session.proven |= !matches!(route.what, What::Probe | What::Initialize);
        match route.via {
            Via::Exchange(exchange) if self.exchanges.contains_key(&exchange) => {
                self.timers.set(Timer::Exchange(exchange), self.now + LINGER);
            }
            Via::Waiting => self.unqueue(number),
            _ => {}
        }
    }

    /// A stream has ended, in whatever way.
    pub(super) fn stream_ended(&mut self, request: Option<i64>, opened: Instant) {
        let (policy, uptime) = (self.http.reconnect, self.uptime(opened));
        let Some(number) = request else {
            self.general.backoff.worked_for(&policy, uptime);
            return self.general_again();
        };
        let Some(route) = self.routes.get_mut(&number) else { return };
        if !matches!(route.via, Via::Exchange(_)) {
            return;
        }
        route.backoff.worked_for(&policy, uptime);
        if let Some(backoff) = route.call.and_then(|call| self.listens.get_mut(&call)) {
            backoff.worked_for(&policy, uptime);
        }
        self.resume(number);
    }

    /// The stream of a request broke before the answer.
    pub(super) fn resume(&mut self, number: i64) {
        let policy = self.http.reconnect;
        // Only sessions have cursors: ids in the streams of 2026-07-28 mean nothing.
        let resumable = self.session.version.is_some();
        let Some(route) = self.routes.get_mut(&number) else { return };
        let pause = if resumable && route.stream.last.is_some() {
            let asked = route.stream.retry;
            route.backoff.next(&policy, policy.attempts, asked, &mut *self.entropy)
        } else {
            None
        };
        let Some(pause) = pause else { return self.lost(number, HttpError::Broken, None) };
        route.via = Via::Pausing(Next::Resume);
        self.timers.set(Timer::Route(number), self.now + pause);
    }

    pub(super) fn resume_head(&mut self, id: ClientExchange, number: i64, status: u16, seen: Seen) {
        let decoder = EventDecoder::new(self.client.config().limits.event_bytes_max);
        let Some(exchange) = self.exchanges.get_mut(&id) else { return };
        if (200..300).contains(&status) && seen.kind == Kind::Stream {
            exchange.reading = Reading::Stream(decoder);
            return;
        }
        self.abort(id);
        let error = match status {
            // The rest of the stream is not to be had; what the request did is not known.
            404 | 405 | 200..300 | 400 => HttpError::Broken,
            _ => status_error(status, seen.challenges),
        };
        if may_pass(&error) && error != HttpError::Broken {
            self.resume(number);
        } else {
            self.lost(number, error, None);
        }
    }

    /// The pause of a request is over.
    pub(super) fn route_due(&mut self, number: i64) {
        let Some(route) = self.routes.get_mut(&number) else { return };
        let via = core::mem::replace(&mut route.via, Via::Waiting);
        let Via::Pausing(next) = via else {
            route.via = via;
            return;
        };
        match next {
            Next::Post(draft) => {
                if matches!(route.what, What::Probe | What::Initialize) {
                    self.client.resume_connect(self.now);
                }
                self.submit(*draft);
            }
            Next::Resume => self.send(Draft::of(Role::Resume(number), None)),
            Next::Listen => {
                self.routes.remove(&number);
                self.client.send_again(self.now, &Id::Int(number));
            }
        }
    }

    /// The stream of a subscription broke (2026-07-28).
    pub(super) fn listen_again(&mut self, number: i64) {
        let policy = self.http.reconnect;
        let Some(route) = self.routes.get_mut(&number) else { return };
        let Some(call) = route.call else { return };
        let backoff = self.listens.entry(call).or_default();
        let again = backoff.next(&policy, policy.attempts, None, &mut *self.entropy);
        self.notice(HttpNotice::StreamLost { call: Some(call), again });
        let Some(pause) = again else {
            self.drop_route(number);
            let error = CallError::Lost(Delivery::OutcomeUnknown);
            return self.client.handle_lost(&Id::Int(number), error);
        };
        if let Some(route) = self.routes.get_mut(&number) {
            route.via = Via::Pausing(Next::Listen);
        }
        self.timers.set(Timer::Route(number), self.now + pause);
    }

    pub(super) fn general_head(
        &mut self,
        id: ClientExchange,
        status: u16,
        in_session: bool,
        seen: &Seen,
    ) {
        let decoder = EventDecoder::new(self.client.config().limits.event_bytes_max);
        let Some(exchange) = self.exchanges.get_mut(&id) else { return };
        if (200..300).contains(&status) && seen.kind == Kind::Stream {
            exchange.reading = Reading::Stream(decoder);
            self.general.was_open = true;
            return self.general_tried();
        }
        self.abort(id);
        match status {
            404 if self.general.was_open && in_session => self.lose_session(None),
            404 | 405 if !self.general.was_open => {
                self.general.state = GeneralState::Off;
                self.notice(HttpNotice::NoGeneralStream);
                self.general_tried();
            }
            401 | 403 | 404 | 405 => self.general_given_up(),
            _ => {
                // What cannot be gone on with from there is begun anew.
                self.general.stream.last = None;
                self.general_again();
            }
        }
    }

    /// The general stream is open or will not be soon: calls need not wait for it.
    fn general_tried(&mut self) {
        if self.session.gate == Gate::General {
            self.open_gate();
        }
    }

    pub(super) fn general_again(&mut self) {
        self.general_tried();
        let policy = self.http.reconnect;
        let asked = self.general.stream.retry;
        let again = self.general.backoff.next(&policy, policy.attempts, asked, &mut *self.entropy);
        let Some(pause) = again else { return self.general_given_up() };
        if self.general.was_open {
            self.notice(HttpNotice::StreamLost { call: None, again });
        }
        self.general.state = GeneralState::Pausing;
        self.timers.set(Timer::General, self.now + pause);
    }

    fn general_given_up(&mut self) {
        self.general_tried();
        self.general.state = GeneralState::Off;
        self.notice(HttpNotice::StreamLost { call: None, again: None });
    }

    /// The pause of the general stream is over.
    pub(super) fn general_due(&mut self) {
        if self.general.state == GeneralState::Pausing {
            self.send(Draft::of(Role::General, None));
        }
    }
}
