//! From messages to requests: their header fields, their order, and how many are open at once.
//!
//! Spec: "Sending Messages to the Server" of `basic/transports`; "Request headers" of 2026-07-28's
//! "Streamable HTTP".

use alloc::{
    borrow::Cow,
    boxed::Box,
    string::{String, ToString},
    vec::Vec,
};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    ClientExchange, HttpClient, HttpClientOutput, HttpRequest,
    exchange::{Draft, Exchange, Role},
    route::{Next, Route, Via, What},
    session::Gate,
    tools::field_value,
};
use crate::{
    client::ClientCallId,
    wire::{Frame, Id, Message, Notification, Request},
};

/// The name and the value of a header field.
pub(super) type Field = (Cow<'static, str>, Cow<'static, str>);

impl HttpClient {
    /// Takes over a message of the machine's.
    pub(super) fn enqueue(&mut self, call: Option<ClientCallId>, frame: Frame) {
        let [body, tail] = frame.parts();
        let text = if tail.is_empty() { Cow::Borrowed(body) } else { [body, tail].concat().into() };
        let draft = match Message::parse(&text) {
            Ok(Message::Request(request)) => self.draft_request(call, &request),
            Ok(Message::Notification(notification)) => self.draft_notification(&notification),
            Ok(Message::Response(_)) | Err(_) => Some(Draft::of(Role::Message, None)),
        };
        let Some(draft) = draft else { return };
        self.submit(Draft { frame: Some(frame), ..draft });
    }

    /// Sends a message now, or when its turn comes.
    pub(super) fn submit(&mut self, draft: Draft) {
        let opens = match draft.role {
            Role::Request(number) => self.routes.get(&number).is_some_and(|route| {
                // Nothing can be said before the server has said who it is.
                matches!(route.what, What::Probe | What::Initialize)
            }),
            role => role == Role::Initialized,
        };
        if opens {
            return self.send(draft);
        }
        self.waiting_bytes += draft.byte_len();
        self.waiting.push_back(draft);
    }

    /// Sends what waits, as far as there is room.
    pub(super) fn flush(&mut self) {
        let room = self.client.config().limits.exchanges_max;
        while self.session.gate == Gate::Open && self.exchanges.len() < room {
            let Some(draft) = self.waiting.pop_front() else { return };
            self.waiting_bytes = self.waiting_bytes.saturating_sub(draft.byte_len());
            self.send(draft);
        }
    }

    /// Whether more waits than may.
    pub(super) fn is_stuck(&self) -> bool {
        self.waiting_bytes > self.client.config().limits.output_bytes_max
    }

    /// What waits to be sent and is not to be sent any more.
    pub(super) fn unqueue(&mut self, number: i64) {
        let bytes = &mut self.waiting_bytes;
        self.waiting.retain(|draft| {
            let keep = draft.role != Role::Request(number);
            if !keep {
                *bytes = bytes.saturating_sub(draft.byte_len());
            }
            keep
        });
    }

    /// Sends a request over HTTP.
    pub(super) fn send(&mut self, draft: Draft) {
        self.next_exchange += 1;
        let exchange = ClientExchange(self.next_exchange);
        match draft.role {
            Role::Request(number) | Role::Resume(number) => {
                let Some(route) = self.routes.get_mut(&number) else { return };
                route.via = Via::Exchange(exchange);
                if route.what == What::Initialize {
                    // The head of a response that broke may have named one.
                    self.session.id = None;
                }
            }
            Role::General => self.general.state = super::route::GeneralState::Exchange(exchange),
            role => {
                if role == Role::Initialized {
                    self.close_gate();
                }
                self.undated.push(exchange);
            }
        }
        let request = HttpRequest {
            exchange,
            method: match draft.role {
                Role::Request(_) | Role::Initialized | Role::Message => "POST",
                Role::General | Role::Resume(_) => "GET",
                Role::Delete => "DELETE",
            },
            url: self.target.url().clone(),
            headers: self.fields(&draft),
            body: draft.frame.clone(),
        };
        self.exchanges.insert(exchange, Exchange::new(draft, self.session.id.is_some()));
        self.outputs.push_back(HttpClientOutput::Send(request));
    }

    fn fields(&self, draft: &Draft) -> Vec<Field> {
        const STREAM: &str = "text/event-stream";
        let mut fields: Vec<Field> = Vec::with_capacity(8 + self.http.headers.len());
        let mut add = |name: &'static str, value: Cow<'static, str>| {
            fields.push((Cow::Borrowed(name), value));
        };
        let cursor = match draft.role {
            Role::Request(_) | Role::Initialized | Role::Message => {
                add("Accept", Cow::Borrowed("application/json, text/event-stream"));
                add("Content-Type", Cow::Borrowed("application/json"));
                None
            }
            Role::General => {
                add("Accept", Cow::Borrowed(STREAM));
                self.general.stream.last.as_deref()
            }
            Role::Resume(number) => {
                add("Accept", Cow::Borrowed(STREAM));
                self.routes.get(&number).and_then(|route| route.stream.last.as_deref())
            }
            Role::Delete => None,
        };
        if let Some(cursor) = cursor {
            add("Last-Event-ID", Cow::Owned(cursor.into()));
        }
        if let Some(version) = self.session.version {
            add("MCP-Protocol-Version", Cow::Borrowed(version.as_str()));
        }
        if let Some(session) = &self.session.id {
            add("Mcp-Session-Id", Cow::Owned(session.to_string()));
        }
        fields.extend(draft.mirrored.iter().cloned());
        let own = self.http.headers.iter();
        fields.extend(
            own.map(|(name, value)| (Cow::Owned(name.to_string()), Cow::Owned(value.to_string()))),
        );
        fields
    }

    fn draft_request(
        &mut self,
        call: Option<ClientCallId>,
        request: &Request<'_>,
    ) -> Option<Draft> {
        let Id::Int(number) = request.id else { return None };
        let meta = request.params.meta.as_ref().and_then(|meta| meta.as_ref().ok());
        let version = meta.and_then(|meta| meta.version);
        let modern = version.is_some();
        let what = match &*request.method {
            "server/discover" if call.is_none() => What::Probe,
            "initialize" if call.is_none() => What::Initialize,
            "subscriptions/listen" if modern => What::Listen,
            "tools/list" if modern => What::Tools,
            "tools/call" if modern => What::Tool,
            _ => What::Other,
        };
        match what {
            What::Initialize => self.begin_session(Gate::Handshake),
            What::Probe => self.begin_session(Gate::Open),
            _ => {}
        }
        self.routes.insert(number, Route::new(call, what));
        let mut draft = Draft::of(Role::Request(number), None);
        if let Some(version) =
            version.and_then(|raw| serde_json::from_str::<String>(raw.get()).ok())
        {
            draft.mirrored.push((Cow::Borrowed("MCP-Protocol-Version"), Cow::Owned(version)));
            draft.mirrored.push((Cow::Borrowed("Mcp-Method"), field_value(&request.method)));
            self.tools.mirror(request, &mut draft.mirrored);
        }
        Some(draft)
    }

    /// In 2026-07-28 the end of an exchange is what cancels; and what never left needs no
    /// cancelling.
    fn draft_notification(&self, notification: &Notification<'_>) -> Option<Draft> {
        let method = &*notification.method;
        let modern = self.client.agreement().filter(|agreed| !agreed.version.rules().handshake);
        if method == "notifications/cancelled"
            && (modern.is_some() || self.cancels_unsent(notification))
        {
            return None;
        }
        if method == "notifications/initialized" && self.session.gate == Gate::Handshake {
            return Some(Draft::of(Role::Initialized, None));
        }
        let mut draft = Draft::of(Role::Message, None);
        draft.notification = Some(method.into());
        if let Some(agreement) = modern {
            let version = Cow::Borrowed(agreement.version.as_str());
            draft.mirrored.push((Cow::Borrowed("MCP-Protocol-Version"), version));
            draft.mirrored.push((Cow::Borrowed("Mcp-Method"), field_value(method)));
        }
        Some(draft)
    }

    fn cancels_unsent(&self, notification: &Notification<'_>) -> bool {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Wire<'a> {
            #[serde(borrow)]
            request_id: &'a RawValue,
        }
        let Ok(wire) = notification.params.parse::<Wire<'_>>() else { return false };
        let Some(Id::Int(number)) = Id::parse(wire.request_id.get()) else { return false };
        let via = self.routes.get(&number).map(|route| &route.via);
        matches!(via, Some(Via::Waiting | Via::Pausing(Next::Post(_))))
    }
}

/// The name of a notification, for what is told of it.
pub(super) fn name_of(draft: Option<&Draft>) -> Option<Box<str>> {
    draft.and_then(|draft| draft.notification.clone())
}
