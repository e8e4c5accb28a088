//! Notifications of the client. None is ever answered.
//!
//! Spec: `basic/utilities/cancellation`, `basic/utilities/progress`, `basic/lifecycle`,
//! `client/roots`.

use alloc::{boxed::Box, string::String};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    Dropped, Event, Origin, Server, SessionKey,
    lifecycle::{Kind, Phase, Verdict, verdict},
};
use crate::{
    time::Instant,
    wire::{Id, Notification, Params},
};

impl Server {
    pub(super) fn handle_notification(
        &mut self,
        now: Instant,
        origin: Origin,
        notification: &Notification<'_>,
    ) {
        let method = &*notification.method;
        let session = self.session_of(origin);
        let taken = match method {
            "notifications/cancelled" => self.cancelled(origin, &notification.params),
            // There is nothing to bring into operation.
            "notifications/initialized" if matches!(origin, Origin::Sessionless { .. }) => true,
            "notifications/initialized" => self.initialized(now, session),
            "notifications/progress" => self.progressed(now, session, &notification.params),
            "notifications/roots/list_changed" => self.roots_changed(session),
            _ => self.notified(session, notification),
        };
        if !taken {
            self.drop_noted(Dropped::Notification(crate::error::excerpt(method).into()));
        }
    }

    /// A cancellation that names nothing that is open is a race, or nonsense: it changes nothing.
    fn cancelled(&mut self, origin: Origin, params: &Params<'_>) -> bool {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Wire<'a> {
            #[serde(borrow)]
            request_id: &'a RawValue,
            #[serde(default, borrow)]
            reason: Option<&'a RawValue>,
        }
        let Ok(wire) = params.parse::<Wire<'_>>() else { return false };
        let named = Id::parse(wire.request_id.get()).map(Id::into_owned);
        let Some((scope, id)) = origin.scope().zip(named) else { return false };
        let Some(call) = self.inbound.find(scope, &id) else { return false };
        if self.close_listen(call).is_none() {
            let reason =
                wire.reason.and_then(|raw| serde_json::from_str::<Box<str>>(raw.get()).ok());
            self.cancel(call, reason);
        }
        true
    }

    fn initialized(&mut self, now: Instant, session: Option<SessionKey>) -> bool {
        let Some((key, state)) = session.and_then(|key| Some((key, self.sessions.get_mut(&key)?)))
        else {
            return false;
        };
        if verdict(state.phase, Kind::Initialized) != Verdict::Operate {
            return false;
        }
        state.phase = Phase::Operating;
        self.ask_held(now, key);
        true
    }

    /// Progress of a request of ours, which its client is still at work on.
    fn progressed(
        &mut self,
        now: Instant,
        session: Option<SessionKey>,
        params: &Params<'_>,
    ) -> bool {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Wire<'a> {
            #[serde(borrow)]
            progress_token: &'a RawValue,
        }
        let Ok(wire) = params.parse::<Wire<'_>>() else { return false };
        let Some(id) = Id::parse(wire.progress_token.get()).map(Id::into_owned) else {
            return false;
        };
        let ours = self.outbound.get(&id).is_some_and(|waiting| Some(waiting.session()) == session);
        ours && self.outbound.progressed(now, &id)
    }

    fn roots_changed(&mut self, session: Option<SessionKey>) -> bool {
        let Some(key) = session else { return false };
        let declared = self.sessions.get(&key).is_some_and(|session| {
            session.terms.capabilities.roots.is_some_and(|roots| roots.list_changed)
        });
        if declared {
            self.tell(Event::RootsChanged { session: key });
        }
        declared
    }

    /// A notification that the protocol gives no meaning to is the application's.
    fn notified(&mut self, session: Option<SessionKey>, notification: &Notification<'_>) -> bool {
        let phase = self.phase_of(session);
        let has_terms = notification.params.names_version();
        if !has_terms && verdict(phase, Kind::Notification) != Verdict::Serve {
            return false;
        }
        let method: String = notification.method.clone().into_owned();
        self.tell(Event::Notified {
            session: session.filter(|_| !has_terms),
            method: method.into(),
            params: notification.params.to_json(),
        });
        true
    }
}
