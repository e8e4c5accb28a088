//! What a client's application is told, and what it answers.

use alloc::{boxed::Box, collections::VecDeque, vec::Vec};
use core::time::Duration;

use crate::{
    ErrorObject, Instant,
    client::{CallError, ClientCallId, ClientEvent, QuestionId},
    error::code,
    schema::{Answer, Question},
    wire::Json,
};

/// What answers the questions of a server.
pub type Answerer = Box<dyn FnMut(&Question) -> Answer>;

/// How long, in virtual time, a call is waited for.
const PATIENCE: Duration = Duration::from_hours(1);

/// A client and what it talks to, on one clock.
pub(super) trait Linked {
    fn now(&self) -> Instant;

    fn told(&mut self) -> &mut Told;

    /// Moves to what is due next, not after `end`. Returns whether something was.
    fn step(&mut self, end: Instant) -> bool;

    /// Lets time pass, if need be, until a call ends.
    fn wait_for(&mut self, call: ClientCallId) -> Result<Json, CallError> {
        let end = self.now() + PATIENCE;
        loop {
            if let Some(outcome) = self.told().outcome(call) {
                return outcome;
            }
            if !self.step(end) {
                return Err(CallError::TimedOut);
            }
        }
    }

    /// Lets time pass.
    fn pass(&mut self, by: Duration) {
        let end = self.now() + by;
        while self.step(end) {}
    }
}

/// The application of a client in memory.
pub(super) struct Told {
    pub(super) answerer: Answerer,
    events: VecDeque<ClientEvent>,
}

impl Told {
    /// An application that refuses to answer.
    pub(super) fn new() -> Self {
        let refusal = ErrorObject::new(code::METHOD_NOT_FOUND, "Nobody is there to answer");
        let answerer = Box::new(move |_: &Question| Answer::Refused(refusal.clone()));
        Self { answerer, events: VecDeque::new() }
    }

    /// Something has happened. Returns the answer, if that was a question.
    pub(super) fn tell(&mut self, event: ClientEvent) -> Option<(QuestionId, Answer)> {
        if let ClientEvent::Asked { question, ask, .. } = &event {
            return Some((*question, (self.answerer)(ask)));
        }
        self.events.push_back(event);
        None
    }

    /// Takes out how a call ended.
    pub(super) fn outcome(&mut self, wanted: ClientCallId) -> Option<Result<Json, CallError>> {
        let ended = |event: &ClientEvent| match event {
            ClientEvent::Finished { call, .. } => *call == wanted,
            _ => false,
        };
        let place = self.events.iter().position(ended)?;
        match self.events.remove(place)? {
            ClientEvent::Finished { outcome, .. } => Some(outcome),
            _ => None,
        }
    }

    /// Takes out all that has happened.
    pub(super) fn take(&mut self) -> Vec<ClientEvent> {
        self.events.drain(..).collect()
    }
}
