//! `subscriptions/listen`: what a 2026-07-28 client wants to be told, for as long as it listens.
//!
//! Spec: `server/utilities/subscriptions` of 2026-07-28.

use alloc::{borrow::Cow, boxed::Box, collections::BTreeSet, string::String, sync::Arc, vec::Vec};

use serde::Deserialize;

use super::{
    About, CallId, Kind, List, Origin, Received, ResultBody, Server, ServerOutput, conclude::Form,
    request::Incoming,
};
use crate::{
    error::{ErrorObject, code},
    rpc::notification,
    version::Version,
    wire::{Frame, InObject, Object, RequestId, escape_into},
};

/// An open `subscriptions/listen`.
#[derive(Debug)]
pub(super) struct Listen {
    origin: Origin,
    id: RequestId,
    filter: Filter,
    /// What ends each notification of the subscription: its tag, and two braces.
    tail: Box<str>,
}

/// What a client wants to be told.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Filter {
    tools_list_changed: bool,
    prompts_list_changed: bool,
    resources_list_changed: bool,
    resource_subscriptions: Option<BTreeSet<Box<str>>>,
}

impl Listen {
    pub(super) fn uris(&self) -> impl Iterator<Item = &str> {
        self.filter.resource_subscriptions.iter().flatten().map(|uri| &**uri)
    }

    pub(super) const fn hears_of(&self, list: List) -> bool {
        match list {
            List::Tools => self.filter.tools_list_changed,
            List::Prompts => self.filter.prompts_list_changed,
            List::Resources => self.filter.resources_list_changed,
        }
    }

    pub(super) fn watches(&self, uri: &str) -> bool {
        self.filter.resource_subscriptions.as_ref().is_some_and(|uris| uris.contains(uri))
    }

    /// A notification that `body` begins, with the tag of this subscription. `comma` parts the
    /// tag from parameters before it.
    pub(super) fn frame(&self, body: &Arc<str>, comma: bool) -> Frame {
        let tail = if comma { &*self.tail } else { self.tail.trim_start_matches(',') };
        Frame::shared(body.clone(), Cow::Owned(tail.into()))
    }
}

impl Server {
    /// Opens a subscription: the acknowledgement is its first message.
    pub(super) fn listen(&mut self, incoming: &Incoming<'_>) -> Result<Received, ErrorObject> {
        #[derive(Deserialize)]
        struct Wire {
            notifications: InObject<Filter>,
        }
        let wire: Wire = incoming
            .params
            .parse()
            .map_err(|_| ErrorObject::invalid_params("notifications must say what to listen to"))?;
        // Over other transports than a pipe, the transport knows what a peer is.
        let of_pipe = incoming.origin == Origin::Pipe;
        if of_pipe && self.listens.len() >= self.config.limits.listens_max {
            return Err(ErrorObject::new(code::INTERNAL_ERROR, "Too many subscriptions"));
        }
        self.check_room(incoming.origin)?;
        let filter = self.narrowed(wire.notifications.0, incoming);
        let call = self.new_call();
        if let Some(scope) = incoming.origin.scope() {
            self.inbound.open(scope, incoming.id.clone(), call);
        }
        let mut tail = String::from(r#","_meta":{"io.modelcontextprotocol/subscriptionId":"#);
        incoming.id.append_to(&mut tail);
        tail.push_str("}}}");
        let text = acknowledgement(&filter, &tail);
        let tail = tail.into();
        let listen = Listen { origin: incoming.origin, id: incoming.id.clone(), filter, tail };
        self.listens.insert(call, Box::new(listen));
        self.send(About::Call(call), Frame::owned(text), Kind::Notification);
        Ok(Received::Call(call))
    }

    /// The part of a filter that is offered, granted and within the limits.
    fn narrowed(&self, filter: Filter, incoming: &Incoming<'_>) -> Filter {
        let offered = &self.offer.capabilities;
        let limits = &self.config.limits;
        let resources = offered.resources.unwrap_or_default();
        let uris = filter.resource_subscriptions.filter(|_| resources.subscribe).map(|uris| {
            let granted = uris.into_iter().filter(|uri| {
                uri.len() <= limits.uri_bytes_max && incoming.grant.resources.allows(uri)
            });
            granted.take(limits.subscriptions_max).collect()
        });
        Filter {
            tools_list_changed: filter.tools_list_changed
                && offered.tools.is_some_and(|tools| tools.list_changed),
            prompts_list_changed: filter.prompts_list_changed
                && offered.prompts.is_some_and(|prompts| prompts.list_changed),
            resources_list_changed: filter.resources_list_changed && resources.list_changed,
            resource_subscriptions: uris,
        }
    }

    /// Ends all subscriptions, each with its result.
    pub(crate) fn end_listens(&mut self) {
        let open: Vec<CallId> = self.listens.keys().copied().collect();
        for call in open {
            let Some(listen) = self.close_listen(call) else { continue };
            let form = Form { rules: Version::LATEST.rules(), cacheable: false };
            let mut meta = String::new();
            listen.id.append_to(
                Object::members(&mut meta).key("io.modelcontextprotocol/subscriptionId"),
            );
            let body = ResultBody { meta: Some(meta), ..ResultBody::default() };
            let text = self.result_response(&listen.id, form, &body);
            // Where an exchange ends with its response, the response says all.
            if !self.config.cancel_ended_listens || listen.origin != Origin::Pipe {
                self.send_response(call, text, None);
                continue;
            }
            let about = About::Call(call);
            self.send(about, Frame::owned(text), Kind::Response { error: None });
            let mut params = String::new();
            let mut object = Object::begin(&mut params);
            listen.id.append_to(object.key("requestId"));
            object.end();
            let frame = Frame::owned(notification("notifications/cancelled", &params));
            let kind = Kind::Notification;
            self.outputs.push_back(ServerOutput::Send { about, frame, last: true, kind });
        }
    }

    /// The client no longer listens.
    pub(super) fn close_listen(&mut self, call: CallId) -> Option<Box<Listen>> {
        let listen = self.listens.remove(&call)?;
        if let Some(scope) = listen.origin.scope() {
            self.inbound.close(scope, &listen.id);
        }
        Some(listen)
    }
}

fn acknowledgement(filter: &Filter, tail: &str) -> String {
    let mut text = String::from(
        r#"{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"notifications":"#,
    );
    let mut object = Object::begin(&mut text);
    for (member, wanted) in [
        ("toolsListChanged", filter.tools_list_changed),
        ("promptsListChanged", filter.prompts_list_changed),
        ("resourcesListChanged", filter.resources_list_changed),
    ] {
        if wanted {
            object.flag(member, true);
        }
    }
    if let Some(uris) = &filter.resource_subscriptions {
        let list = object.key("resourceSubscriptions");
        list.push('[');
        for (place, uri) in uris.iter().enumerate() {
            if place > 0 {
                list.push(',');
            }
            escape_into(uri, list);
        }
        list.push(']');
    }
    object.end();
    text.push_str(tail);
    text
}
