//! Subscriptions: `subscriptions/listen` in 2026-07-28; in a legacy session
//! `resources/subscribe` for each resource, while changes of lists are told unasked.
//!
//! Spec: `server/utilities/subscriptions` of 2026-07-28; "Subscriptions" of `server/resources`.

use alloc::{boxed::Box, string::String, vec::Vec};

use serde::Deserialize;

use super::{Client, ClientCallId, ClientEvent, Listening, Sent, call::What};
use crate::{
    rpc,
    schema::List,
    time::Instant,
    wire::{Frame, Object, RequestId, escape_into},
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
    /// Wants to be told of changes. [`ClientEvent::Listening`] says what is granted; the
    /// subscription lasts until it is [cancelled](Client::cancel) or the server ends it, which is
    /// [`ClientEvent::Finished`] with a result.
    pub fn listen(&mut self, now: Instant, wish: Listening) -> ClientCallId {
        self.begin_listen(now, wish)
    }

    /// The legacy way: one request for each resource, and nobody waits for the answers.
    pub(super) fn subscribe(&mut self, call: ClientCallId) {
        let wish = self.each_uri(call, "resources/subscribe");
        if let Some(pending) = self.calls.get_mut(&call)
            && let What::Listen { open, .. } = &mut pending.what
        {
            *open = true;
        }
        self.tell(ClientEvent::Listening { call, granted: wish });
    }

    pub(super) fn unsubscribe(&mut self, call: ClientCallId) {
        self.each_uri(call, "resources/unsubscribe");
    }

    fn each_uri(&mut self, call: ClientCallId, method: &str) -> Listening {
        let Some(What::Listen { wish, .. }) = self.calls.get(&call).map(|pending| &pending.what)
        else {
            return Listening::default();
        };
        let wish = wish.clone();
        for uri in &wish.uris {
            let id = self.new_request(Sent::Forgotten);
            let mut params = String::new();
            let mut object = Object::begin(&mut params);
            object.text("uri", uri);
            object.end();
            self.send(Some(call), Frame::owned(rpc::request(&id, method, &params)));
        }
        wish
    }

    /// The server has acknowledged a subscription.
    pub(super) fn acknowledged(&mut self, tag: &RequestId, filter: &str) -> bool {
        let Some(call) = self.listen_of(tag) else { return false };
        let Some(granted) = read_filter(filter) else { return false };
        let Some(pending) = self.calls.get_mut(&call) else { return false };
        let What::Listen { wish, open } = &mut pending.what else { return false };
        if *open {
            return false;
        }
        *open = true;
        *wish = granted.clone();
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
            Some(What::Listen { wish, open: true }) => wanted(wish),
            _ => false,
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
