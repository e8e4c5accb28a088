//! The one conclusion of a call: a result, an error, or silence after a cancellation.

use alloc::{boxed::Box, format, string::String, vec::Vec};
use core::{fmt::Write, sync::atomic::Ordering};

use serde::Deserialize;

use super::{
    About, CallId, CloseReason, Event, Kind, Reply, ResultBody, Running, Server, SessionKey,
    ask::Waiting,
};
use crate::{
    error::{CommandError, ErrorObject, code},
    rpc::{error_response, notification},
    schema::Capability,
    terms::Terms,
    time::Instant,
    version::Rules,
    wire::{Frame, Object, RequestId},
};

/// In which form a result is written.
#[derive(Clone, Copy)]
pub(super) struct Form {
    pub(super) rules: &'static Rules,
    /// Whether it carries caching hints.
    pub(super) cacheable: bool,
}

impl Server {
    /// Ends a call, or lets it ask.
    pub(super) fn respond(
        &mut self,
        now: Instant,
        call: CallId,
        reply: Reply,
    ) -> Result<(), CommandError> {
        match reply {
            Reply::Ask { questions, memo } => self.ask(now, call, questions, memo),
            Reply::Result(body) => {
                let running = self.finish(call)?;
                let form = Form {
                    rules: running.call.terms.version.rules(),
                    cacheable: running.cacheable,
                };
                let text = self.result_response(&running.call.request_id, form, &body);
                self.send_response(call, text, None);
                Ok(())
            }
            Reply::Error(error) => {
                let running = self.finish(call)?;
                let error = fit(&running.call.terms, error);
                self.note_elicitations(running.call.session, &error);
                let text = error_response(Some(&running.call.request_id), false, &error);
                self.send_response(call, text, Some(error.code));
                Ok(())
            }
        }
    }

    /// The URL elicitations that an error asks for may be reported complete to its client.
    fn note_elicitations(&mut self, session: Option<SessionKey>, error: &ErrorObject) {
        #[derive(Deserialize)]
        struct Data {
            elicitations: Vec<Elicitation>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Elicitation {
            elicitation_id: Box<str>,
        }
        let data = error.data.as_ref().filter(|_| error.code == code::URL_ELICITATION_REQUIRED);
        let sent = data.and_then(|data| data.parse::<Data>().ok());
        let session = session.and_then(|key| self.sessions.get_mut(&key));
        if let (Some(Data { elicitations }), Some(session)) = (sent, session) {
            for Elicitation { elicitation_id } in elicitations {
                session.elicitation_sent(&self.config.limits, elicitation_id);
            }
        }
    }

    /// Takes a call out of all tables; what it asked and was not told yet is cancelled.
    pub(super) fn finish(&mut self, call: CallId) -> Result<Running, CommandError> {
        let Some(running) = self.calls.remove(&call) else {
            self.stats.late_commands += 1;
            return Err(CommandError::Gone);
        };
        if let Some(scope) = running.origin.scope() {
            self.inbound.close(scope, &running.call.request_id);
        }
        if running.asking.is_some() {
            self.withdraw_questions(call);
        }
        if let Some(session) = running.call.session.and_then(|key| self.sessions.get_mut(&key)) {
            session.held.retain(|held| held.call != call);
        }
        Ok(running)
    }

    /// The client gave a call up, or is gone: nothing about it leaves any more.
    pub(super) fn cancel(&mut self, call: CallId, reason: Option<Box<str>>) {
        if let Ok(running) = self.finish(call) {
            running.call.flags.cancelled.store(true, Ordering::Relaxed);
            self.tell(Event::Cancelled { call, reason });
        }
    }

    /// Questions of a call that is over are cancelled in the same step.
    fn withdraw_questions(&mut self, call: CallId) {
        let withdrawn = self.outbound.close_all(
            |waiting| matches!(waiting, Waiting::Answer { call: asker, .. } if *asker == call),
        );
        for (id, _) in withdrawn {
            self.cancel_question(call, &id, "The request that asked is over");
        }
    }

    /// Tells the client that a request of ours needs no answer any more.
    pub(super) fn cancel_question(&mut self, call: CallId, id: &RequestId, reason: &str) {
        let mut params = String::new();
        let mut object = Object::begin(&mut params);
        id.append_to(object.key("requestId"));
        object.text("reason", reason);
        object.end();
        let text = notification("notifications/cancelled", &params);
        self.send(About::Call(call), Frame::owned(text), Kind::Notification);
    }

    /// Ends a session with all that belongs to it.
    pub(crate) fn close_session(
        &mut self,
        key: SessionKey,
        reason: CloseReason,
    ) -> Result<(), CommandError> {
        if !self.sessions.contains_key(&key) {
            return Err(CommandError::Gone);
        }
        let calls: Vec<CallId> = self
            .calls
            .iter()
            .filter(|(_, running)| running.call.session == Some(key))
            .map(|(call, _)| *call)
            .collect();
        for call in calls {
            self.cancel(call, None);
        }
        self.outbound.close_all(|waiting| waiting.session() == key);
        self.sessions.remove(&key);
        self.tell(Event::SessionClosed { session: key, reason });
        Ok(())
    }

    /// A response with a result.
    pub(super) fn result_response(&self, id: &RequestId, form: Form, body: &ResultBody) -> String {
        let members = body.members.as_str();
        let room = if form.rules.result_type { 160 + self.own_info.len() } else { 80 };
        let mut text = String::with_capacity(room + members.len());
        text.push_str(r#"{"jsonrpc":"2.0","id":"#);
        id.append_to(&mut text);
        text.push_str(r#","result":{"#);
        let mut comma = "";
        if form.rules.result_type {
            text.push_str(r#""resultType":"complete""#);
            comma = ",";
        }
        if !members.is_empty() {
            text.push_str(comma);
            text.push_str(members);
            comma = ",";
        }
        if form.cacheable {
            let hint = body.cache.unwrap_or(self.config.cache);
            let scope = if hint.public { "public" } else { "private" };
            // Writing to a `String` cannot fail.
            let _ =
                write!(text, r#"{comma}"ttlMs":{},"cacheScope":"{scope}""#, hint.ttl.as_millis());
            comma = ",";
        }
        self.result_meta(form.rules, body.meta.as_deref(), comma, &mut text);
        text.push_str("}}");
        text
    }

    /// Appends `_meta`: what the handler put there, and who we are where the revision has it.
    pub(super) fn result_meta(
        &self,
        rules: &Rules,
        own: Option<&str>,
        comma: &str,
        text: &mut String,
    ) {
        let own = own.filter(|own| !own.is_empty());
        if !rules.result_type && own.is_none() {
            return;
        }
        text.push_str(comma);
        text.push_str(r#""_meta":{"#);
        if rules.result_type {
            text.push_str(&self.own_info);
        }
        if let Some(own) = own {
            if rules.result_type {
                text.push(',');
            }
            text.push_str(own);
        }
        text.push('}');
    }
}

/// An application's error as the peer may have it: codes that its revision gives another meaning,
/// or none, are replaced.
///
/// Spec: "Error codes" of 2026-07-28.
fn fit(terms: &Terms, mut error: ErrorObject) -> ErrorObject {
    const DEFINED: [i64; 3] =
        [code::HEADER_MISMATCH, code::MISSING_CLIENT_CAPABILITY, code::UNSUPPORTED_VERSION];
    let rules = terms.version.rules();
    let knows_urls = rules.elicitation_ids && terms.capabilities.has(&Capability::ElicitationUrl);
    if error.code == code::RESOURCE_NOT_FOUND {
        error.code = rules.resource_not_found;
    } else if error.code == code::URL_ELICITATION_REQUIRED && !knows_urls {
        error = ErrorObject::internal();
    } else if rules.result_type
        && (-32099..=-32020).contains(&error.code)
        && !DEFINED.contains(&error.code)
    {
        error.message = format!("{} ({})", error.message, error.code).into();
        error.code = code::INTERNAL_ERROR;
    }
    error
}
