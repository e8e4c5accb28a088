//! Notifications to the client: logs, progress, changes, and those of the application's own.
//!
//! Spec: `server/utilities/logging`, `basic/utilities/progress`, and the "List changed" and
//! "Subscriptions" parts of the feature pages.

use alloc::{borrow::Cow, format, string::String, sync::Arc};
use core::fmt::Write;

use super::{About, CallId, Kind, List, Server, lifecycle::Phase};
use crate::{
    error::CommandError,
    rpc::notification,
    schema::{Level, ServerCapabilities},
    wire::{Frame, Json, Object},
};

impl Server {
    /// Sends a log message, if it is wanted at this very moment.
    pub(super) fn log(
        &mut self,
        about: About,
        level: Level,
        logger: Option<&str>,
        data: &Json,
    ) -> Result<(), CommandError> {
        if !self.offer.capabilities.logging {
            return Err(CommandError::Undeclared);
        }
        let wanted = match about {
            About::Call(call) => self.running(call)?.call.wants_log(level),
            About::Session(key) => {
                self.sessions.get(&key).ok_or(CommandError::Gone)?.wants_log(level)
            }
        };
        if !wanted {
            return Ok(());
        }
        if self.congested {
            self.drop_congested();
            return Ok(());
        }
        let mut params = String::with_capacity(48 + data.as_str().len());
        let mut object = Object::begin(&mut params);
        object.text("level", level.as_str());
        object.text_if("logger", logger);
        object.raw("data", data.as_str());
        object.end();
        let text = notification("notifications/message", &params);
        self.send(about, Frame::owned(text), Kind::Log);
        Ok(())
    }

    /// Tells how far a call is, if its client asked and it is further than before.
    pub(super) fn progress(
        &mut self,
        call: CallId,
        value: f64,
        total: Option<f64>,
        message: Option<&str>,
    ) -> Result<(), CommandError> {
        let congested = self.congested;
        let Some(running) = self.calls.get_mut(&call) else {
            self.stats.late_commands += 1;
            return Err(CommandError::Gone);
        };
        let rules = running.call.terms.version.rules();
        let Some(progress) = &mut running.progress else { return Ok(()) };
        // Written so that NaN, which is not greater than anything, is dropped too.
        let further = progress.floor.is_none_or(|floor| value > floor) && value.is_finite();
        if !further {
            return Ok(());
        }
        if congested {
            self.drop_congested();
            return Ok(());
        }
        progress.floor = Some(value);
        let mut params = String::with_capacity(96);
        let mut object = Object::begin(&mut params);
        progress.token.append_to(object.key("progressToken"));
        // Writing to a `String` cannot fail. `Display` of a finite number is a JSON number.
        let _ = write!(object.key("progress"), "{value}");
        if let Some(total) = total.filter(|total| total.is_finite()) {
            let _ = write!(object.key("total"), "{total}");
        }
        object.text_if("message", message.filter(|_| rules.progress_message));
        object.end();
        let text = notification("notifications/progress", &params);
        self.send(About::Call(call), Frame::owned(text), Kind::Progress);
        Ok(())
    }

    /// Sends a notification of the application's own.
    pub(super) fn notify(
        &mut self,
        about: About,
        method: &str,
        params: &Json,
    ) -> Result<(), CommandError> {
        match about {
            About::Call(call) => {
                self.running(call)?;
            }
            About::Session(key) => {
                self.sessions.get(&key).ok_or(CommandError::Gone)?;
            }
        }
        let text = notification(method, params.as_str());
        self.send(about, Frame::owned(text), Kind::Notification);
        Ok(())
    }

    /// What an URL elicitation led to is done: told to the client that was sent there, and to no
    /// other.
    pub(super) fn elicitation_complete(&mut self, elicitation: &str) -> Result<(), CommandError> {
        let found = self
            .sessions
            .iter_mut()
            .find_map(|(key, session)| session.take_elicitation(elicitation).then_some(*key));
        let session = found.ok_or(CommandError::Gone)?;
        let mut params = String::new();
        let mut object = Object::begin(&mut params);
        object.text("elicitationId", elicitation);
        object.end();
        let text = notification("notifications/elicitation/complete", &params);
        self.send(About::Session(session), Frame::owned(text), Kind::Notification);
        Ok(())
    }

    /// A list has changed: every session is told, and whoever listens for it.
    pub(super) fn list_changed(&mut self, list: List) {
        let (method, declared) = declaration(&self.offer.capabilities, list);
        if !declared {
            return;
        }
        let body = format!(r#"{{"jsonrpc":"2.0","method":"{method}""#);
        let whole: Arc<str> = body.as_str().into();
        let tagged: Arc<str> = format!(r#"{body},"params":{{"#).into();
        let sessions =
            self.sessions.iter().filter(|(_, session)| session.phase == Phase::Operating);
        for (key, _) in sessions {
            let frame = Frame::shared(whole.clone(), Cow::Borrowed("}"));
            self.outputs.push_back(send(About::Session(*key), frame, Kind::ListChanged(list)));
        }
        for (call, listen) in self.listens.iter().filter(|(_, listen)| listen.hears_of(list)) {
            let frame = listen.frame(&tagged, false);
            self.outputs.push_back(send(About::Call(*call), frame, Kind::ListChanged(list)));
        }
    }

    /// A resource has changed: its subscribers are told.
    pub(super) fn resource_updated(&mut self, uri: &str) {
        let mut body = String::from(
            r#"{"jsonrpc":"2.0","method":"notifications/resources/updated","params":"#,
        );
        Object::begin(&mut body).text("uri", uri);
        let (body, uri_of_all): (Arc<str>, Arc<str>) = (body.into(), uri.into());
        let updated = || Kind::ResourceUpdated(uri_of_all.clone());
        for (key, session) in &self.sessions {
            if session.subscriptions.contains(uri) {
                let frame = Frame::shared(body.clone(), Cow::Borrowed("}}"));
                self.outputs.push_back(send(About::Session(*key), frame, updated()));
            }
        }
        for (call, listen) in self.listens.iter().filter(|(_, listen)| listen.watches(uri)) {
            self.outputs.push_back(send(About::Call(*call), listen.frame(&body, true), updated()));
        }
    }
}

fn send(about: About, frame: Frame, kind: Kind) -> super::ServerOutput {
    super::ServerOutput::Send { about, frame, last: false, kind }
}

/// The notification that tells of a change, and whether it was declared.
fn declaration(capabilities: &ServerCapabilities, list: List) -> (&'static str, bool) {
    match list {
        List::Tools => (
            "notifications/tools/list_changed",
            capabilities.tools.is_some_and(|tools| tools.list_changed),
        ),
        List::Prompts => (
            "notifications/prompts/list_changed",
            capabilities.prompts.is_some_and(|prompts| prompts.list_changed),
        ),
        List::Resources => (
            "notifications/resources/list_changed",
            capabilities.resources.is_some_and(|resources| resources.list_changed),
        ),
    }
}
