//! What the threads of one client share.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use mcp_proto::{
    client::{self as proto, Agreement, CallOptions, Delivery, Listening, QuestionId},
    schema::{Answer, Level},
    wire::Json,
};

use super::{
    call::Slot,
    error::{ConnectError, End, Error},
    events::EventQueue,
    helm::Helm,
};
use crate::outbox::Commands;

/// What other threads want of the driver.
pub(super) enum Command {
    Call { method: String, params: Json, options: CallOptions, slot: Arc<Slot> },
    Listen { wish: Listening, slot: Arc<Slot> },
    SetLevel { level: Level, slot: Arc<Slot> },
    Cancel { slot: Arc<Slot>, reason: Option<String> },
    Notify { method: String, params: Json },
    Answer { question: QuestionId, answer: Answer },
    Close,
}

/// What the threads of one client share.
pub(super) struct Shared {
    pub(super) commands: Commands<Command>,
    pub(super) events: EventQueue,
    pub(super) helm: Helm,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    agreement: Option<Arc<Agreement>>,
    failure: Option<proto::ConnectError>,
    end: Arc<End>,
    /// Whether the driver has ended.
    done: bool,
}

impl Shared {
    pub(super) fn new() -> Self {
        Self {
            commands: Commands::new(),
            events: EventQueue::default(),
            helm: Helm::default(),
            state: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// Gives the driver a command; where it has ended, whoever waits for the outcome hears that.
    pub(super) fn command(&self, command: Command) {
        if let Err(command) = self.commands.push(command) {
            self.abandon(&command);
        }
    }

    /// A command will not be carried out.
    pub(super) fn abandon(&self, command: &Command) {
        match command {
            Command::Call { slot, .. }
            | Command::Listen { slot, .. }
            | Command::SetLevel { slot, .. } => self.lose(slot, Delivery::NotSent),
            Command::Cancel { .. }
            | Command::Notify { .. }
            | Command::Answer { .. }
            | Command::Close => {}
        }
    }

    /// Ends a call that the machine will not end.
    pub(super) fn lose(&self, slot: &Slot, delivery: Delivery) {
        self.conclude(slot, Err(Error::Lost { delivery, end: self.end() }));
    }

    /// Ends a call and wakes whoever waits for it.
    pub(super) fn conclude(&self, slot: &Slot, outcome: Result<Json, Error>) {
        if self.settle(slot, outcome) {
            slot.wake();
        }
    }

    /// Ends a call. Returns whether somebody is to be [woken](Slot::wake).
    pub(super) fn settle(&self, slot: &Slot, outcome: Result<Json, Error>) -> bool {
        let waiting = slot.settle(outcome);
        self.helm.wait_no_more(waiting);
        waiting > 0
    }

    pub(super) fn agree(&self, agreement: Arc<Agreement>) {
        self.lock().agreement = Some(agreement);
        self.changed.notify_all();
    }

    pub(super) fn fail(&self, why: proto::ConnectError) {
        self.lock().failure = Some(why);
    }

    /// What is known of the end from now on.
    pub(super) fn set_end(&self, end: End) {
        self.lock().end = Arc::new(end);
    }

    /// What is known of the end.
    pub(super) fn end(&self) -> Arc<End> {
        self.lock().end.clone()
    }

    /// The connection has ended: nothing more is taken, and nothing more is told.
    pub(super) fn stop(&self) {
        for command in self.commands.close() {
            self.abandon(&command);
        }
        self.events.close();
    }

    /// The server has ended too.
    pub(super) fn finish(&self, end: End) {
        let mut state = self.lock();
        state.end = Arc::new(end);
        state.done = true;
        self.changed.notify_all();
    }

    /// Waits until client and server have agreed, or the driver has ended without that.
    pub(super) fn wait_connected(&self) -> Result<Arc<Agreement>, ConnectError> {
        let mut state = self.lock();
        loop {
            if let Some(agreement) = &state.agreement {
                return Ok(agreement.clone());
            }
            if state.done {
                let why = state.failure.take().unwrap_or(proto::ConnectError::Closed);
                return Err(ConnectError::Handshake { why, end: state.end.clone() });
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits until the driver has ended.
    pub(super) fn wait_done(&self) -> Arc<End> {
        let mut state = self.lock();
        while !state.done {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.end.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
