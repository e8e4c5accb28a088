//! What the machine answers by itself.
//!
//! Spec: `basic/lifecycle`, `basic/utilities/ping`, `server/utilities/logging` and
//! `server/resources` (subscriptions) up to 2025-11-25; `server/discover` of 2026-07-28.

use alloc::{boxed::Box, format, string::String, sync::Arc};
use core::sync::atomic::Ordering;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    CallId, Event, Origin, Received, ResultBody, Server, ServerConfig, SessionKey, conclude::Form,
    method, request::Incoming, request_meta, session::Session,
};
use crate::{
    error::ErrorObject,
    schema::ClientCapabilities,
    terms::Terms,
    version::Version,
    wire::{Object, RequestId},
};

/// `"io.modelcontextprotocol/serverInfo":{…}`, a member of `_meta`.
pub(super) fn server_info(config: &ServerConfig) -> String {
    let newest = config.versions.iter().max().copied().unwrap_or(Version::LATEST);
    let info = config.info.encode(newest.rules());
    format!(r#""io.modelcontextprotocol/serverInfo":{info}"#)
}

impl Server {
    pub(super) fn initialize(&mut self, incoming: &Incoming<'_>) -> Result<Received, ErrorObject> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Wire<'a> {
            protocol_version: String,
            #[serde(borrow)]
            capabilities: &'a RawValue,
            #[serde(borrow)]
            client_info: &'a RawValue,
        }
        let wire: Wire<'_> =
            incoming.params.parse().map_err(|why| ErrorObject::invalid_params(format!("{why}")))?;
        let served = &self.config.versions;
        let offered = wire.protocol_version.parse().ok();
        let version = offered
            .filter(|version: &Version| served.contains(version) && version.rules().handshake)
            .or_else(|| Version::newest_with_handshake(served))
            .ok_or_else(|| request_meta::unsupported_version(&wire.protocol_version, served))?;
        let terms = Arc::new(Terms {
            version,
            capabilities: ClientCapabilities::parse(wire.capabilities.get())
                .map_err(|why| ErrorObject::invalid_params(format!("capabilities: {why}")))?,
            client: Some(request_meta::client(wire.client_info.get())?),
        });
        let stateless = matches!(incoming.origin, Origin::Sessionless { .. });
        let body = self.initialize_result(version, stateless);
        if stateless {
            return Ok(Received::Call(self.answer(incoming.id, version, false, &body)));
        }
        let key = self.open_session(incoming, &terms);
        let call = self.answer(incoming.id, version, false, &body);
        self.tell(Event::SessionOpened {
            session: key,
            id: self.sessions.get(&key).and_then(|session| session.id.clone()),
            terms,
        });
        Ok(Received::Opened(call, key))
    }

    fn open_session(&mut self, incoming: &Incoming<'_>, terms: &Arc<Terms>) -> SessionKey {
        self.next_session += 1;
        let key = SessionKey(self.next_session);
        let id = if incoming.origin == Origin::Pipe {
            self.pipe_session = Some(key);
            None
        } else {
            let named = self.next_session_id.take();
            Some(named.unwrap_or_else(|| {
                let unix = self.unix(incoming.now);
                crate::entropy::session_id(&mut *self.entropy, unix)
            }))
        };
        let level = self.config.log_level;
        let session = Session::new(id, terms.clone(), level);
        self.sessions.insert(key, session);
        key
    }

    fn initialize_result(&self, version: Version, stateless: bool) -> ResultBody {
        let rules = version.rules();
        let capabilities = if stateless {
            self.offer.capabilities.without_changes().encode(rules)
        } else {
            self.offer.capabilities.encode(rules)
        };
        let mut members = String::new();
        let mut object = Object::members(&mut members);
        object.text("protocolVersion", version.as_str());
        object.raw("capabilities", &capabilities);
        object.raw("serverInfo", &self.config.info.encode(rules));
        object.text_if("instructions", self.offer.instructions.as_deref());
        ResultBody::members(members)
    }

    pub(super) fn discover(&mut self, id: &RequestId, version: Version) -> Received {
        let mut members = String::new();
        let mut object = Object::members(&mut members);
        object.raw("supportedVersions", &request_meta::version_names(&self.config.versions));
        object.raw("capabilities", &self.offer.capabilities.encode(version.rules()));
        object.text_if("instructions", self.offer.instructions.as_deref());
        let call = self.answer(id, version, true, &ResultBody::members(members));
        Received::Call(call)
    }

    pub(super) fn pong(&mut self, id: &RequestId) -> Received {
        Received::Call(self.answer_empty(id))
    }

    /// Sets the level of a session; without one there is nothing to keep it in.
    pub(super) fn set_level(
        &mut self,
        incoming: &Incoming<'_>,
        session: Option<SessionKey>,
    ) -> Result<Received, ErrorObject> {
        #[derive(Deserialize)]
        struct Wire<'a> {
            #[serde(borrow)]
            level: &'a RawValue,
        }
        let wire: Wire<'_> =
            incoming.params.parse().map_err(|_| ErrorObject::invalid_params("Missing level"))?;
        let level = request_meta::level(wire.level.get())?;
        if let Some(session) = session.and_then(|key| self.sessions.get(&key)) {
            session.level.store(level as u8, Ordering::Relaxed);
        }
        Ok(Received::Call(self.answer_empty(incoming.id)))
    }

    pub(super) fn subscribe(
        &mut self,
        incoming: &Incoming<'_>,
        key: SessionKey,
    ) -> Result<Received, ErrorObject> {
        let uri: Box<str> = method::text("uri", incoming.params.uri)?;
        let limits = &self.config.limits;
        if !incoming.grant.resources.allows(&uri) {
            return Err(ErrorObject::invalid_params("No such resource"));
        }
        if uri.len() > limits.uri_bytes_max {
            return Err(ErrorObject::invalid_params("The uri is too long"));
        }
        if let Some(session) = self.sessions.get_mut(&key) {
            let full = session.subscriptions.len() >= limits.subscriptions_max;
            if full && !session.subscriptions.contains(&uri) {
                return Err(ErrorObject::invalid_params("Too many subscriptions"));
            }
            session.subscriptions.insert(uri);
        }
        Ok(Received::Call(self.answer_empty(incoming.id)))
    }

    pub(super) fn unsubscribe(
        &mut self,
        incoming: &Incoming<'_>,
        key: SessionKey,
    ) -> Result<Received, ErrorObject> {
        let uri: Box<str> = method::text("uri", incoming.params.uri)?;
        if let Some(session) = self.sessions.get_mut(&key) {
            session.subscriptions.remove(&uri);
        }
        Ok(Received::Call(self.answer_empty(incoming.id)))
    }

    /// Answers a request with `{}`; all revisions that have such answers write them alike.
    fn answer_empty(&mut self, id: &RequestId) -> CallId {
        self.answer(id, Version::LATEST_WITH_HANDSHAKE, false, &ResultBody::default())
    }

    fn answer(
        &mut self,
        id: &RequestId,
        version: Version,
        cacheable: bool,
        body: &ResultBody,
    ) -> CallId {
        let call = self.new_call();
        let form = Form { rules: version.rules(), cacheable };
        let text = self.result_response(id, form, body);
        self.send_response(call, text, None);
        call
    }
}
