//! What a handler speaks through.

use alloc::{boxed::Box, collections::BTreeMap, sync::Arc, vec::Vec};
use core::{
    ops::{Deref, DerefMut},
    time::Duration,
};

use serde::{Serialize, de::DeserializeOwned};

use super::{Port, Router, Validate, ask::Asking};
use crate::{
    grant::Grant,
    schema::Level,
    server::{About, CacheHint, Call, Command, Key, Method},
    wire::Json,
};

/// What a handler speaks through, apart from the application's state.
pub struct CallContext<'a> {
    pub(super) call: Arc<Call>,
    pub(super) port: &'a mut dyn Port,
    pub(super) validator: Option<&'a dyn Validate>,
    pub(super) asking: Asking,
    pub(super) cache: Option<CacheHint>,
    /// The values of `once` that this run has made.
    pub(super) remembered: BTreeMap<Key, Json>,
    /// How many emissions all rounds have made so far, this one included.
    pub(super) emitted: u32,
    /// How many of them earlier rounds have made: these are not sent again.
    emitted_before: u32,
}

/// What a handler on the driver's thread speaks through: a [`CallContext`] with the state.
pub struct Context<'a, S> {
    /// The application's own state.
    pub state: &'a mut S,
    pub(super) call: CallContext<'a>,
    pub(super) edits: Vec<Edit<S>>,
}

/// A change of what is offered.
pub(super) type Edit<S> = Box<dyn FnOnce(&mut Router<S>)>;

impl core::fmt::Debug for CallContext<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("CallContext").field("call", &self.call).finish_non_exhaustive()
    }
}

impl<S> core::fmt::Debug for Context<'_, S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Context").field("call", &self.call).finish_non_exhaustive()
    }
}

impl<'a, S> Deref for Context<'a, S> {
    type Target = CallContext<'a>;

    fn deref(&self) -> &CallContext<'a> {
        &self.call
    }
}

impl<S> DerefMut for Context<'_, S> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.call
    }
}

impl<'a> CallContext<'a> {
    pub(super) fn new(
        call: Arc<Call>,
        port: &'a mut dyn Port,
        validator: Option<&'a dyn Validate>,
    ) -> Self {
        let emitted_before = call.memo.emitted;
        Self {
            call,
            port,
            validator,
            asking: Asking::Nothing,
            cache: None,
            remembered: BTreeMap::new(),
            emitted: 0,
            emitted_before,
        }
    }

    /// The call that is being served.
    pub fn call(&self) -> &Call {
        &self.call
    }

    /// Who is calling.
    pub fn grant(&self) -> &Grant {
        &self.call.grant
    }

    /// The resource that is being read; empty in any other handler.
    pub fn uri(&self) -> &str {
        match &self.call.method {
            Method::ResourcesRead { uri } => uri,
            _ => "",
        }
    }

    /// Whether the client no longer wants an answer.
    pub fn is_cancelled(&self) -> bool {
        self.call.is_cancelled()
    }

    /// Sends a log message, unless it is below the level that the client wants: then `data` is
    /// not even encoded.
    pub fn log(&mut self, level: Level, data: impl Serialize) {
        self.send_log(None, level, &data);
    }

    /// [`CallContext::log`] with the name of the part of the server that says it.
    pub fn log_as(&mut self, logger: &str, level: Level, data: impl Serialize) {
        self.send_log(Some(logger), level, &data);
    }

    /// Tells how far the call is; nothing, if the client did not ask for it.
    pub fn progress(&mut self, progress: f64, total: impl Into<Option<f64>>) {
        self.send_progress(progress, total.into(), None);
    }

    /// [`CallContext::progress`] with a message for a person.
    pub fn progress_message(
        &mut self,
        progress: f64,
        total: impl Into<Option<f64>>,
        message: &str,
    ) {
        self.send_progress(progress, total.into(), Some(message));
    }

    /// Sends a notification of the application's own about this call. `params` is to serialise as
    /// a JSON object: what does not is not sent.
    pub fn notify(&mut self, method: &str, params: impl Serialize) {
        if !self.is_new_emission() {
            return;
        }
        if let Ok(params) = Json::of(&params) {
            let about = About::Call(self.call.id);
            self.port.emit(Command::Notify { about, method: method.into(), params });
        }
    }

    /// Tells the subscribers of a resource that it has changed.
    pub fn resource_updated(&mut self, uri: &str) {
        if self.is_new_emission() {
            self.port.emit(Command::ResourceUpdated { uri: uri.into() });
        }
    }

    /// Closes the connection that carries this call, and lets the client come back for the rest
    /// `retry` later; without it, when the server is configured to say. For calls that take long,
    /// in 2025-11-25 over HTTP; elsewhere nothing happens.
    pub fn park(&mut self, retry: impl Into<Option<Duration>>) {
        if self.is_new_emission() {
            self.port.emit(Command::Park { call: self.call.id, retry: retry.into() });
        }
    }

    /// A value attached to the session.
    pub fn attached(&self, key: &str) -> Option<&Json> {
        self.call.attached.get(key)
    }

    /// Attaches a value to the session, for later calls; `None` takes it away. Without effect in
    /// 2026-07-28, which has no session.
    pub fn attach(&mut self, key: &str, value: Option<Json>) {
        if !self.is_new_emission() {
            return;
        }
        if let Some(session) = self.call.session {
            self.port.emit(Command::Attach { session, key: key.into(), value });
        }
    }

    /// Says for how long and for whom the result may be cached. Only what a resource holds may be.
    pub fn cache(&mut self, hint: CacheHint) {
        self.cache = Some(hint);
    }

    /// Runs `f` in the first round alone; later rounds of the call get the value it had.
    pub fn once<T: Serialize + DeserializeOwned>(&mut self, key: &str, f: impl FnOnce() -> T) -> T {
        self.recall(key).unwrap_or_else(|| self.remember(key, f()))
    }

    /// [`CallContext::once`] for what may fail; only success is remembered.
    pub fn try_once<T: Serialize + DeserializeOwned, E>(
        &mut self,
        key: &str,
        f: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        match self.recall(key) {
            Some(value) => Ok(value),
            None => f().map(|value| self.remember(key, value)),
        }
    }
}

/// Each emission is counted, sent or not, so that every round counts the same ones.
impl CallContext<'_> {
    /// Counts an emission; says whether it is one that no earlier round has made.
    ///
    /// Behind a question that has no answer yet nothing is emitted: the next round comes here
    /// again and goes on with the answer.
    fn is_new_emission(&mut self) -> bool {
        if self.asking.is_asking() {
            return false;
        }
        self.emitted = self.emitted.saturating_add(1);
        self.emitted > self.emitted_before
    }

    fn send_log(&mut self, logger: Option<&str>, level: Level, data: &impl Serialize) {
        if !self.is_new_emission() || !self.call.wants_log(level) {
            return;
        }
        let data = Json::of(data)
            .unwrap_or_else(|_| Json::text("a log message that cannot be written as JSON"));
        let about = About::Call(self.call.id);
        self.port.emit(Command::Log { about, level, logger: logger.map(Box::from), data });
    }

    fn send_progress(&mut self, progress: f64, total: Option<f64>, message: Option<&str>) {
        if self.is_new_emission() && self.call.wants_progress {
            let (call, message) = (self.call.id, message.map(Box::from));
            self.port.emit(Command::Progress { call, progress, total, message });
        }
    }

    fn recall<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        let known = self.remembered.get(key).or_else(|| self.call.memo.values.get(key));
        known?.parse().ok()
    }

    /// Keeps `value` for later rounds; not, if it has no JSON text: then each round makes it anew.
    fn remember<T: Serialize>(&mut self, key: &str, value: T) -> T {
        if let Ok(json) = Json::of(&value) {
            self.remembered.insert(key.into(), json);
        }
        value
    }
}

impl<S> Context<'_, S> {
    /// [`CallContext::once`] with the state.
    pub fn once<T: Serialize + DeserializeOwned>(
        &mut self,
        key: &str,
        f: impl FnOnce(&mut S) -> T,
    ) -> T {
        let state = &mut *self.state;
        self.call.once(key, || f(state))
    }

    /// [`CallContext::try_once`] with the state.
    pub fn try_once<T: Serialize + DeserializeOwned, E>(
        &mut self,
        key: &str,
        f: impl FnOnce(&mut S) -> Result<T, E>,
    ) -> Result<T, E> {
        let state = &mut *self.state;
        self.call.try_once(key, || f(state))
    }

    /// Changes what is offered, after this handler has returned.
    pub fn edit_offer(&mut self, edit: impl FnOnce(&mut Router<S>) + 'static) {
        self.edits.push(Box::new(edit));
    }
}
