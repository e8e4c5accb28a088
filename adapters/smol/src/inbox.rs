//! The way to a driver, from any thread or task.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use hyper::body::Bytes;
use mcp_proto::{
    Grant,
    http::{Admission, Endpoint},
    router::Outbox,
    server::Command,
};

use crate::exchange::Exchange;

/// How many inputs may wait before those that may be lost are dropped. The driver takes them
/// between two inline handlers, so only a handler that holds it up lets them pile up.
const WAITING_MAX: usize = 1024;

/// What an HTTP driver is given.
pub(crate) enum Input {
    /// A request whose body is read.
    Request { admission: Box<Admission>, grant: Arc<Grant>, body: Bytes, exchange: Arc<Exchange> },
    /// The client of an exchange is gone.
    Gone(Arc<Exchange>),
    /// The client of a stream has caught up.
    Drained(Arc<Exchange>),
    /// A request was answered with this status without the driver.
    TurnedAway(u16),
    /// Another thread or a task says something.
    Command(Command),
    /// Somebody wants to look at the endpoint.
    Inspect(Box<dyn FnOnce(&Endpoint) + Send>),
    /// The end, in good order.
    ShutDown,
}

impl From<Command> for Input {
    fn from(command: Command) -> Self {
        Self::Command(command)
    }
}

/// Inputs that wait for a driver, which is woken once for all that come while it sleeps.
pub(crate) struct Inbox<I> {
    state: Mutex<State<I>>,
}

struct State<I> {
    /// `None` once the driver has ended.
    queue: Option<Vec<I>>,
    driver: Option<Waker>,
}

impl<I> Inbox<I> {
    pub(crate) fn new() -> Self {
        Self { state: Mutex::new(State { queue: Some(Vec::new()), driver: None }) }
    }

    /// Gives the driver an input; one that has ended does not take it.
    pub(crate) fn push(&self, input: I) -> Result<(), I> {
        let mut state = self.lock();
        match &mut state.queue {
            Some(queue) => queue.push(input),
            None => return Err(input),
        }
        let driver = state.driver.take();
        drop(state);
        if let Some(driver) = driver {
            driver.wake();
        }
        Ok(())
    }

    /// Gives the driver an input that may be lost.
    pub(crate) fn push_lossy(&self, input: I) {
        if self.len() < WAITING_MAX {
            // A driver that has ended has nobody to tell it to.
            let _ = self.push(input);
        }
    }

    /// Waits for inputs and moves them into `inputs`, which is empty.
    pub(crate) fn poll_take(&self, cx: &mut Context<'_>, inputs: &mut Vec<I>) -> Poll<()> {
        let mut state = self.lock();
        match &mut state.queue {
            Some(queue) if !queue.is_empty() => {
                mem::swap(queue, inputs);
                Poll::Ready(())
            }
            _ => {
                state.driver = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    /// Says that the driver has ended; returns what it has not taken.
    pub(crate) fn close(&self) -> Vec<I> {
        self.lock().queue.take().unwrap_or_default()
    }

    fn len(&self) -> usize {
        self.lock().queue.as_ref().map_or(0, Vec::len)
    }

    fn lock(&self) -> MutexGuard<'_, State<I>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<I: From<Command> + Send> Outbox for Inbox<I> {
    fn send(&self, command: Command) {
        if matches!(command, Command::Log { .. } | Command::Progress { .. }) {
            self.push_lossy(I::from(command));
        } else {
            // As above.
            let _ = self.push(I::from(command));
        }
    }
}
