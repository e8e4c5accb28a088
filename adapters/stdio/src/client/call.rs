//! A call that is on its way, and what came of it.

use std::{
    collections::VecDeque,
    fmt, mem,
    sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError},
};

use mcp_proto::{client::ClientCallId, wire::Json};

use super::{
    error::Error,
    shared::{Command, Shared},
};

/// How many reports of progress wait for whoever waits for the call; the oldest make room.
const PROGRESS_MAX: usize = 64;

/// A call that was made, or a subscription. Any thread may wait for it and any other cancel it.
///
/// Dropping it does not end the call; what nobody waits for is cancelled or forgotten.
#[derive(Clone)]
pub struct Call {
    pub(super) slot: Arc<Slot>,
    pub(super) shared: Arc<Shared>,
}

/// How far a call is.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// How far; more each time.
    pub progress: f64,
    /// How far it will go.
    pub total: Option<f64>,
    /// For a person.
    pub message: Option<Box<str>>,
}

impl Call {
    /// Waits for the outcome. Each wait returns the same.
    pub fn wait(&self) -> Result<Json, Error> {
        self.wait_with(|_| {})
    }

    /// Waits for the outcome and hands over progress as it comes, on this thread. Progress is
    /// reported where [`CallOptions::progress`](mcp_proto::client::CallOptions) asks for it; of
    /// what comes faster than it is taken the latest 64 reports are kept.
    pub fn wait_with(&self, mut on_progress: impl FnMut(Progress)) -> Result<Json, Error> {
        let mut state = self.slot.lock();
        loop {
            if let Some(progress) = state.progress.pop_front() {
                drop(state);
                on_progress(progress);
                state = self.slot.lock();
            } else if let Some(outcome) = &state.outcome {
                return outcome.clone();
            } else {
                state = self.wait_for_news(state);
            }
        }
    }

    /// Waits until something may have been told, and turns the driver if nobody else does.
    fn wait_for_news<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let Self { slot, shared } = self;
        if let Some(driver) = shared.helm.wait() {
            drop(state);
            shared.helm.steer(driver, || slot.has_news());
            return slot.lock();
        }
        state.waiting += 1;
        state = slot.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        // Whoever ends a call counts those away that wait for it.
        if state.outcome.is_none() {
            state.waiting -= 1;
            shared.helm.wait_no_more(1);
        }
        state
    }

    /// Gives the call up, or ends the subscription: whoever waits for it gets
    /// [`Error::Cancelled`], unless its outcome is known by then, and the server is told.
    pub fn cancel(&self, reason: Option<&str>) {
        let slot = self.slot.clone();
        self.shared.command(Command::Cancel { slot, reason: reason.map(Into::into) });
    }

    /// The name that events give this call; `None` until it has been taken up.
    pub fn id(&self) -> Option<ClientCallId> {
        self.slot.id.get().copied()
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("id", &self.id()).finish_non_exhaustive()
    }
}

/// Where the outcome of a call is waited for.
#[derive(Default)]
pub(super) struct Slot {
    pub(super) id: OnceLock<ClientCallId>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    progress: VecDeque<Progress>,
    outcome: Option<Result<Json, Error>>,
    /// How many threads wait: to wake nobody costs as much as to wake somebody.
    waiting: usize,
}

impl Slot {
    pub(super) fn report(&self, progress: Progress) {
        let mut state = self.lock();
        if state.progress.len() >= PROGRESS_MAX {
            state.progress.pop_front();
        }
        state.progress.push_back(progress);
        if state.waiting > 0 {
            self.changed.notify_all();
        }
    }

    /// Ends the call. Returns how many threads wait for that, and counts them away: they are to
    /// be [woken](Self::wake).
    pub(super) fn settle(&self, outcome: Result<Json, Error>) -> usize {
        let mut state = self.lock();
        state.outcome.get_or_insert(outcome);
        mem::take(&mut state.waiting)
    }

    fn has_news(&self) -> bool {
        let state = self.lock();
        state.outcome.is_some() || !state.progress.is_empty()
    }

    pub(super) fn wake(&self) {
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
