//! What a handler speaks through.

use alloc::{boxed::Box, string::String, vec::Vec};
use core::ops::{Deref, DerefMut};

use serde::{Serialize, de::DeserializeOwned};

use super::{Port, Router, Stop};
use crate::{
    grant::Grant,
    schema::{Elicited, Form, Level, Root, Sampled, Sampling},
    server::{Answer, Call, Key, Question},
    wire::Json,
};

/// What a handler speaks through, apart from the application's state.
pub struct CallContext<'a> {
    call: &'a Call,
    port: &'a mut dyn Port,
}

/// What a handler on the driver's thread speaks through: a [`CallContext`] with the state.
pub struct Context<'a, S> {
    /// The application's own state.
    pub state: &'a mut S,
    call: CallContext<'a>,
    edits: Vec<Box<dyn FnOnce(&mut Router<S>)>>,
}

impl core::fmt::Debug for CallContext<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("CallContext").field("call", self.call).finish_non_exhaustive()
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

impl CallContext<'_> {
    /// The call that is being served.
    pub fn call(&self) -> &Call {
        self.call
    }

    /// Who is calling.
    pub fn grant(&self) -> &Grant {
        &self.call.grant
    }

    /// The resource that is being read; empty in any other handler.
    pub fn uri(&self) -> &str {
        todo!()
    }

    /// Whether the client no longer wants an answer.
    pub fn is_cancelled(&self) -> bool {
        self.call.is_cancelled()
    }

    /// Sends a log message, unless it is below the level that the client wants: then `data` is
    /// not even encoded.
    pub fn log(&mut self, level: Level, data: impl Serialize) {
        todo!()
    }

    /// [`CallContext::log`] with the name of the part of the server that says it.
    pub fn log_as(&mut self, logger: &str, level: Level, data: impl Serialize) {
        todo!()
    }

    /// Tells how far the call is; nothing, if the client did not ask for it.
    pub fn progress(&mut self, progress: f64, total: impl Into<Option<f64>>) {
        todo!()
    }

    /// [`CallContext::progress`] with a message for a person.
    pub fn progress_message(
        &mut self,
        progress: f64,
        total: impl Into<Option<f64>>,
        message: &str,
    ) {
        todo!()
    }

    /// Sends a notification of the application's own about this call.
    pub fn notify(&mut self, method: &str, params: impl Serialize) {
        todo!()
    }

    /// Tells the subscribers of a resource that it has changed.
    pub fn resource_updated(&mut self, uri: &str) {
        todo!()
    }

    /// A value attached to the session.
    pub fn attached(&self, key: &str) -> Option<&Json> {
        todo!()
    }

    /// Attaches a value to the session, for later calls; `None` takes it away. Without effect in
    /// 2026-07-28, which has no session.
    pub fn attach(&mut self, key: &str, value: Option<Json>) {
        todo!()
    }

    /// Asks the person to fill in a form. The handler stops here (`?`) and is run again with the
    /// answer.
    pub fn elicit<T: DeserializeOwned>(
        &mut self,
        key: &str,
        form: Form,
    ) -> Result<Elicited<T>, Stop> {
        todo!()
    }

    /// Asks the person to go to `url`. Accepted means that they went, not that they are done.
    pub fn elicit_url(
        &mut self,
        key: &str,
        url: &str,
        message: &str,
    ) -> Result<Elicited<()>, Stop> {
        todo!()
    }

    /// Asks the client's model.
    pub fn sample(&mut self, key: &str, request: Sampling) -> Result<Sampled, Stop> {
        todo!()
    }

    /// Asks for the client's roots.
    pub fn roots(&mut self) -> Result<Vec<Root>, Stop> {
        todo!()
    }

    /// Sends a request of the application's own to the client, before 2026-07-28 only.
    pub fn ask_raw(
        &mut self,
        key: &str,
        method: &str,
        params: &impl Serialize,
    ) -> Result<Json, Stop> {
        todo!()
    }

    /// Asks several questions at once and returns the answers in the same order.
    pub fn ask_all(&mut self, questions: Vec<(Key, Question)>) -> Result<Vec<Answer>, Stop> {
        todo!()
    }

    /// Runs `f` in the first round alone; later rounds of the call get the value it had.
    pub fn once<T: Serialize + DeserializeOwned>(&mut self, key: &str, f: impl FnOnce() -> T) -> T {
        todo!()
    }

    /// [`CallContext::once`] for what may fail; only success is remembered.
    pub fn try_once<T: Serialize + DeserializeOwned, E>(
        &mut self,
        key: &str,
        f: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        todo!()
    }
}

impl<S> Context<'_, S> {
    /// [`CallContext::once`] with the state.
    pub fn once<T: Serialize + DeserializeOwned>(
        &mut self,
        key: &str,
        f: impl FnOnce(&mut S) -> T,
    ) -> T {
        todo!()
    }

    /// [`CallContext::try_once`] with the state.
    pub fn try_once<T: Serialize + DeserializeOwned, E>(
        &mut self,
        key: &str,
        f: impl FnOnce(&mut S) -> Result<T, E>,
    ) -> Result<T, E> {
        todo!()
    }

    /// Changes what is offered, after this handler has returned.
    pub fn edit_offer(&mut self, edit: impl FnOnce(&mut Router<S>) + 'static) {
        self.edits.push(Box::new(edit));
    }
}
