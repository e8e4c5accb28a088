//! Notifications of the server.
//!
//! Spec: `server/utilities/logging`, `basic/utilities/progress`, and the "List changed" and
//! "Subscriptions" parts of the feature pages.

use alloc::boxed::Box;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Client, ClientCallId, ClientEvent, DroppedByClient, Sent};
use crate::{
    error::excerpt,
    schema::List,
    time::Instant,
    wire::{Id, Json, Notification, Params, RequestId},
};

impl Client {
    pub(super) fn handle_notification(&mut self, now: Instant, notification: &Notification<'_>) {
        let method = &*notification.method;
        let params = &notification.params;
        let taken = match method {
            "notifications/progress" => self.progressed(now, params),
            "notifications/message" => self.logged(params),
            "notifications/cancelled" => self.cancelled(now, params),
            "notifications/tools/list_changed" => self.list_changed(List::Tools, params),
            "notifications/prompts/list_changed" => self.list_changed(List::Prompts, params),
            "notifications/resources/list_changed" => self.list_changed(List::Resources, params),
            "notifications/resources/updated" => self.resource_updated(params),
            "notifications/subscriptions/acknowledged" => self.listening(params),
            "notifications/elicitation/complete" => self.elicitation_complete(params),
            _ => {
                let params = params.to_json();
                self.tell(ClientEvent::Notified { method: method.into(), params });
                true
            }
        };
        if !taken {
            self.drop_noted(DroppedByClient::Notification(excerpt(method).into()));
        }
    }

    /// Progress of a request that is on its way, if it is further than before.
    fn progressed(&mut self, now: Instant, params: &Params<'_>) -> bool {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Wire<'a> {
            #[serde(borrow)]
            progress_token: &'a RawValue,
            progress: f64,
            total: Option<f64>,
            message: Option<Box<str>>,
        }
        let Ok(wire) = params.parse::<Wire<'_>>() else { return false };
        let Some(token) = Id::parse(wire.progress_token.get()).map(Id::into_owned) else {
            return false;
        };
        let Some(&Sent::Call(call)) = self.sent.get(&token) else { return false };
        let Some(pending) = self.calls.get(&call) else { return false };
        let further = pending.progress.is_none_or(|before| wire.progress > before);
        if !further || !self.wants_progress(pending) {
            return false;
        }
        let Some(pending) = self.calls.get_mut(&call) else { return false };
        pending.progress = Some(wire.progress);
        self.heard_of(now, call);
        let Wire { progress, total, message, .. } = wire;
        self.tell(ClientEvent::Progress { call, progress, total, message });
        true
    }

    fn logged(&mut self, params: &Params<'_>) -> bool {
        #[derive(Deserialize)]
        struct Wire<'a> {
            level: Box<str>,
            logger: Option<Box<str>>,
            #[serde(borrow)]
            data: &'a RawValue,
        }
        let Ok(wire) = params.parse::<Wire<'_>>() else { return false };
        let Ok(level) = wire.level.parse() else { return false };
        let data = Json::from_raw(wire.data);
        let call = self.only_logging_call();
        self.tell(ClientEvent::Log { call, level, logger: wire.logger, data });
        true
    }

    /// Logs name no call. Where one call alone has asked for them, they are its own; in a legacy
    /// session they are the session's.
    fn only_logging_call(&self) -> Option<ClientCallId> {
        self.rules().filter(|rules| !rules.handshake)?;
        let sent = self.calls.iter().filter(|(_, pending)| pending.wire.is_some());
        let mut asked = sent.filter(|(_, pending)| self.log_level_of(pending).is_some());
        let (call, _) = asked.next()?;
        asked.next().is_none().then_some(*call)
    }

    /// The server gives up a question of its own, or ends a subscription of ours.
    fn cancelled(&mut self, now: Instant, params: &Params<'_>) -> bool {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Wire<'a> {
            #[serde(borrow)]
            request_id: &'a RawValue,
        }
        let Ok(wire) = params.parse::<Wire<'_>>() else { return false };
        let Some(id) = Id::parse(wire.request_id.get()).map(Id::into_owned) else { return false };
        if let Some(call) = self.listen_of(&id) {
            self.finish(call, Ok(Json::from_trusted("{}")));
            return true;
        }
        self.question_cancelled(now, &id)
    }

    fn list_changed(&mut self, list: List, params: &Params<'_>) -> bool {
        if !self.is_wanted(params, |listening| listening.hears_of(list)) {
            return false;
        }
        self.cache.forget_list(list);
        self.tell(ClientEvent::ListChanged(list));
        true
    }

    fn resource_updated(&mut self, params: &Params<'_>) -> bool {
        #[derive(Deserialize)]
        struct Wire {
            uri: Box<str>,
        }
        let Ok(Wire { uri }) = params.parse::<Wire>() else { return false };
        if !self.is_wanted(params, |listening| listening.watches(&uri)) {
            return false;
        }
        self.cache.forget_resource(&uri);
        self.tell(ClientEvent::ResourceUpdated { uri });
        true
    }

    /// A change is told in a legacy session, or under the tag of a subscription that wants it.
    fn is_wanted(&self, params: &Params<'_>, wanted: impl Fn(&super::Listening) -> bool) -> bool {
        match self.rules() {
            None => false,
            Some(rules) if rules.handshake => true,
            Some(_) => tag(params).is_some_and(|tag| self.is_heard(&tag, wanted)),
        }
    }

    fn listening(&mut self, params: &Params<'_>) -> bool {
        #[derive(Deserialize)]
        struct Wire<'a> {
            #[serde(borrow)]
            notifications: &'a RawValue,
        }
        let Ok(wire) = params.parse::<Wire<'_>>() else { return false };
        tag(params).is_some_and(|tag| self.acknowledged(&tag, wire.notifications.get()))
    }

    fn elicitation_complete(&mut self, params: &Params<'_>) -> bool {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Wire {
            elicitation_id: Box<str>,
        }
        let Ok(Wire { elicitation_id: elicitation }) = params.parse() else { return false };
        let known = self.elicitations.iter().position(|known| *known == elicitation);
        let Some(place) = known else { return false };
        self.elicitations.remove(place);
        self.tell(ClientEvent::ElicitationComplete { elicitation });
        true
    }
}

/// The subscription that a notification belongs to.
fn tag(params: &Params<'_>) -> Option<RequestId> {
    let meta = params.meta.as_ref()?.as_ref().ok()?;
    Id::parse(meta.subscription_id?.get()).map(Id::into_owned)
}
