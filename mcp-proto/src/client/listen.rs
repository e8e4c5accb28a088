//! Subscriptions: `subscriptions/listen` in 2026-07-28; in a legacy session
//! `resources/subscribe` for each resource, while changes of lists are told unasked.
//!
//! Spec: `server/utilities/subscriptions` of 2026-07-28; "Subscriptions" of `server/resources`.

use alloc::{boxed::Box, string::String, vec::Vec};

use serde::Deserialize;

use super::{Client, ClientCallId, ClientEvent, Listening, Sent, Timer, call::What};
use crate::{
    rpc,
    schema::List,
    time::Instant,
    wire::{Frame, Json, Object, RequestId, escape_into},
};

impl Listening {
    /// The filter as the protocol writes it.
    pub(super) fn encode(&self) -> String {
        let mut text = String::new();
        let mut object = Object::begin(&mut text);
        for (member, wanted) in [
            ("toolsListChanged", self.tools),
            ("promptsListChanged", self.prompts),
            ("resourcesListChanged", self.resources),
        ] {
            if wanted {
                object.flag(member, true);
            }
        }
        if !self.uris.is_empty() {
            let list = object.key("resourceSubscriptions");
            list.push('[');
            for (place, uri) in self.uris.iter().enumerate() {
                if place > 0 {
                    list.push(',');
                }
                escape_into(uri, list);
            }
            list.push(']');
        }
        object.end();
        text
    }

    pub(super) const fn hears_of(&self, list: List) -> bool {
        match list {
            List::Tools => self.tools,
            List::Prompts => self.prompts,
            List::Resources => self.resources,
        }
    }

    /// Keeps what is granted too. (More than was asked for is not.)
    fn narrow(&mut self, granted: &Self) {
        self.tools &= granted.tools;
        self.prompts &= granted.prompts;
        self.resources &= granted.resources;
        self.uris.retain(|uri| granted.uris.contains(uri));
    }

    /// Whether the change of the resource at `uri` is one that was asked for: a subscription to a
    /// resource is one to what lies below it too.
    pub(super) fn watches(&self, uri: &str) -> bool {
        self.uris.iter().any(|own| {
            uri.strip_prefix(&**own).is_some_and(|rest| {
                rest.is_empty() || own.ends_with('/') || rest.starts_with(['/', '?', '#'])
            })
        })
    }
}

impl Client {
    /// Wants to be told of changes. [`ClientEvent::Listening`] says what is granted; a server that
    /// does not say it in time ([`ClientConfig::listen_timeout`](super::ClientConfig)) makes it end
    /// with [`CallError::Unacknowledged`](super::CallError). From then on the subscription lasts
    /// until it is [cancelled](Client::cancel) or the server ends it, which is
    /// [`ClientEvent::Finished`] with a result.
    pub fn listen(&mut self, now: Instant, wish: Listening) -> ClientCallId {
        self.begin_listen(now, wish)
    }

    /// The legacy way: one request for each resource. What the server did not declare is not asked
    /// for, and not granted.
    pub(super) fn subscribe(&mut self, call: ClientCallId) {
        let told =
            self.agreement().map_or_else(Told::default, |agreed| Told::by(&agreed.capabilities));
        let Some(What::Listen { wish, .. }) = self.what(call) else { return };
        told.narrow(wish);
        for uri in wish.uris.clone() {
            let id = self.new_request(Sent::Subscribe(call));
            self.send_uri(call, &id, "resources/subscribe", &uri);
            if let Some(What::Listen { waiting, .. }) = self.what(call) {
                waiting.insert(id, uri);
            }
        }
        self.open_if_answered(call);
    }

    /// The server has answered one of the requests of a legacy subscription.
    pub(super) fn subscribed(&mut self, call: ClientCallId, id: &RequestId, granted: bool) {
        let Some(What::Listen { wish, waiting, .. }) = self.what(call) else { return };
        if let Some(uri) = waiting.remove(id).filter(|_| !granted) {
            wish.uris.retain(|wished| *wished != uri);
        }
        self.open_if_answered(call);
    }

    fn open_if_answered(&mut self, call: ClientCallId) {
        let Some(What::Listen { wish, open, waiting }) = self.what(call) else { return };
        if waiting.is_empty() {
            *open = true;
            let granted = wish.clone();
            self.timers.cancel(Timer::Listen(call));
            self.tell(ClientEvent::Listening { call, granted });
        }
    }

    /// Ends the subscriptions of resources that nobody else wants to hear of.
    pub(super) fn unsubscribe(&mut self, call: ClientCallId) {
        let Some(What::Listen { wish, .. }) = self.what(call) else { return };
        let mut uris = wish.uris.clone();
        let others = self.calls.iter().filter(|(other, _)| **other != call);
        for (_, pending) in others {
            if let What::Listen { wish, .. } = &pending.what {
                uris.retain(|uri| !wish.uris.contains(uri));
            }
        }
        for uri in uris {
            let id = self.new_forgotten();
            self.send_uri(call, &id, "resources/unsubscribe", &uri);
        }
    }

    fn send_uri(&mut self, call: ClientCallId, id: &RequestId, method: &str, uri: &str) {
        let mut params = String::new();
        let mut object = Object::begin(&mut params);
        object.text("uri", uri);
        object.end();
        self.send(Some(call), Frame::owned(rpc::request(id, method, &params)));
    }

    fn what(&mut self, call: ClientCallId) -> Option<&mut What> {
        self.calls.get_mut(&call).map(|pending| &mut pending.what)
    }

    /// The server has acknowledged a subscription.
    pub(super) fn acknowledged(&mut self, tag: &RequestId, filter: &str) -> bool {
        let Some(call) = self.listen_of(tag) else { return false };
        let Some(granted) = read_filter(filter) else { return false };
        let Some(What::Listen { wish, open, .. }) = self.what(call) else { return false };
        if *open {
            return false;
        }
        *open = true;
        wish.narrow(&granted);
        let granted = wish.clone();
        self.timers.cancel(Timer::Listen(call));
        self.tell(ClientEvent::Listening { call, granted });
        true
    }

    /// The subscription that a tag names.
    pub(super) fn listen_of(&self, tag: &RequestId) -> Option<ClientCallId> {
        let Some(Sent::Call(call)) = self.sent.get(tag) else { return None };
        let pending = self.calls.get(call)?;
        matches!(pending.what, What::Listen { .. }).then_some(*call)
    }

    /// Whether the subscription that a tag names is open, and wants what `wanted` is true of.
    pub(super) fn is_heard(&self, tag: &RequestId, wanted: impl Fn(&Listening) -> bool) -> bool {
        let pending = self.listen_of(tag).and_then(|call| self.calls.get(&call));
        match pending.map(|pending| &pending.what) {
            Some(What::Listen { wish, open: true, .. }) => wanted(wish),
            _ => false,
        }
    }
}

/// What a legacy server said it tells of.
#[derive(Debug, Default, Deserialize)]
struct Told {
    tools: Option<ToldOf>,
    prompts: Option<ToldOf>,
    resources: Option<ToldOf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToldOf {
    list_changed: Option<bool>,
    subscribe: Option<bool>,
}

impl Told {
    fn by(capabilities: &Json) -> Self {
        capabilities.parse().unwrap_or_default()
    }

    fn narrow(&self, wish: &mut Listening) {
        let changes = |told: &Option<ToldOf>| {
            told.as_ref().and_then(|told| told.list_changed).unwrap_or_default()
        };
        wish.tools &= changes(&self.tools);
        wish.prompts &= changes(&self.prompts);
        wish.resources &= changes(&self.resources);
        if self.resources.as_ref().and_then(|told| told.subscribe) != Some(true) {
            wish.uris.clear();
        }
    }
}

fn read_filter(json: &str) -> Option<Listening> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Wire {
        #[serde(default)]
        tools_list_changed: bool,
        #[serde(default)]
        prompts_list_changed: bool,
        #[serde(default)]
        resources_list_changed: bool,
        #[serde(default)]
        resource_subscriptions: Vec<Box<str>>,
    }
    let wire: Wire = serde_json::from_str(json).ok()?;
    Some(Listening {
        tools: wire.tools_list_changed,
        prompts: wire.prompts_list_changed,
        resources: wire.resources_list_changed,
        uris: wire.resource_subscriptions,
    })
}
