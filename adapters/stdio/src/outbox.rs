//! The way from any thread to the driver.

use std::{
    mem,
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use mcp_proto::{router::Outbox, server::Command};

/// How many commands may wait before log messages and progress are dropped. The driver takes
/// commands between two inline handlers, so only a handler that holds it up lets them pile up.
const WAITING_MAX: usize = 1024;

/// Commands of other threads, and a way to wake the driver that is to carry them out.
pub struct Commands<C = Command> {
    /// `None` once the driver has ended.
    queue: Mutex<Option<Vec<C>>>,
    asleep: AtomicBool,
    wake: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

impl<C> std::fmt::Debug for Commands<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Commands").finish_non_exhaustive()
    }
}

impl<C> Commands<C> {
    /// An empty queue, whose driver cannot be woken yet.
    #[expect(clippy::new_without_default, reason = "a queue is made for one driver")]
    pub fn new() -> Self {
        let queue = Mutex::new(Some(Vec::new()));
        Self { queue, asleep: AtomicBool::new(false), wake: OnceLock::new() }
    }

    /// Says how the driver is woken: before it first sleeps, and once.
    pub fn wake_with(&self, wake: Box<dyn Fn() + Send + Sync>) {
        let _ = self.wake.set(wake);
    }

    /// Gives the driver a command; one that has ended does not take it.
    pub fn push(&self, command: C) -> Result<(), C> {
        match self.lock().as_mut() {
            Some(queue) => queue.push(command),
            None => return Err(command),
        }
        // One wake for each sleep, not for each command.
        if self.asleep.swap(false, Ordering::SeqCst)
            && let Some(wake) = self.wake.get()
        {
            wake();
        }
        Ok(())
    }

    /// Says that the driver is about to wait. False: a command has come, it must not.
    pub fn fall_asleep(&self) -> bool {
        // First the word, then the look: a sender does it the other way round, so that one of
        // the two sees the other.
        self.asleep.store(true, Ordering::SeqCst);
        let nothing = self.is_empty();
        if !nothing {
            self.asleep.store(false, Ordering::SeqCst);
        }
        nothing
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.lock().as_ref().is_none_or(Vec::is_empty)
    }

    /// Whether the driver has ended.
    pub fn is_closed(&self) -> bool {
        self.lock().is_none()
    }

    /// Says that the driver no longer waits, and moves what has come into `commands`, which is
    /// empty.
    pub fn take(&self, commands: &mut Vec<C>) {
        self.asleep.store(false, Ordering::SeqCst);
        if let Some(queue) = self.lock().as_mut() {
            mem::swap(queue, commands);
        }
    }

    /// Says that the driver has ended: whatever comes from now on is dropped. Returns what it
    /// has not taken.
    pub fn close(&self) -> Vec<C> {
        self.lock().take().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Vec<C>>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: From<Command> + Send> Outbox for Commands<C> {
    fn send(&self, command: Command) {
        let lossy = matches!(command, Command::Log { .. } | Command::Progress { .. });
        if lossy && self.lock().as_ref().is_none_or(|queue| queue.len() >= WAITING_MAX) {
            return;
        }
        // A driver that has ended has nobody to tell it to.
        let _ = self.push(command.into());
    }
}
