//! A bounded pool of threads, started on demand.

use std::{
    collections::VecDeque,
    num::NonZero,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

/// How many calls may wait for a thread, unless [`Pool::waiting`] says otherwise.
const WAITING_MAX: usize = 256;

type Job = Box<dyn FnOnce() + Send>;

/// Threads on which tools run beside each other: see
/// [`ThreadedTools`](crate::ThreadedTools::tool_thread).
///
/// Clones share the threads. Threads start when there is work for them, and end when the last
/// clone is gone; they are never waited for, so that a tool that hangs cannot hold up the end.
/// A tool that waits for a person's answer keeps its thread: count those in.
#[derive(Clone)]
pub struct Pool {
    owner: Arc<Owner>,
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").finish_non_exhaustive()
    }
}

/// Ends the threads with the last [`Pool`].
struct Owner {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    jobs: VecDeque<Job>,
    threads: usize,
    running: usize,
    threads_max: usize,
    waiting_max: usize,
    closed: bool,
}

impl Pool {
    /// At most `threads` threads, and 256 calls that wait for one. (0 threads counts as 1.)
    pub fn new(threads: usize) -> Self {
        let state = State {
            jobs: VecDeque::new(),
            threads: 0,
            running: 0,
            threads_max: threads.max(1),
            waiting_max: WAITING_MAX,
            closed: false,
        };
        let shared = Shared { state: Mutex::new(state), changed: Condvar::new() };
        Self { owner: Arc::new(Owner { shared: Arc::new(shared) }) }
    }

    /// Lets at most `calls` calls wait for a thread. The next one is answered -32603, "Too many
    /// requests in flight".
    pub fn waiting(self, calls: usize) -> Self {
        self.owner.shared.lock().waiting_max = calls;
        self
    }

    /// Runs `job` on a thread, with what it needs; gives that back if there is no room.
    pub fn submit<T: Send + 'static>(
        &self,
        with: T,
        job: impl FnOnce(T) + Send + 'static,
    ) -> Result<(), T> {
        let shared = &self.owner.shared;
        let mut state = shared.lock();
        let open = state.jobs.len() + state.running;
        if open >= state.threads_max.saturating_add(state.waiting_max) {
            return Err(with);
        }
        if open >= state.threads && state.threads < state.threads_max {
            let worker = Arc::clone(shared);
            let thread = thread::Builder::new().name("mcp-tool".into());
            match thread.spawn(move || worker.work()) {
                Ok(_) => state.threads += 1,
                Err(_) if state.threads == 0 => return Err(with),
                Err(_) => {} // Those that run will come to it.
            }
        }
        state.jobs.push_back(Box::new(move || job(with)));
        drop(state);
        shared.changed.notify_one();
        Ok(())
    }
}

impl Default for Pool {
    /// As many threads as the machine runs at once, but at least four: tools wait more than they
    /// compute.
    fn default() -> Self {
        Self::new(thread::available_parallelism().map_or(4, NonZero::get).max(4))
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.closed = true;
        let rest = std::mem::take(&mut state.jobs);
        drop(state);
        self.shared.changed.notify_all();
        drop(rest);
    }
}

impl Shared {
    fn work(&self) {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                state.running += 1;
                drop(state);
                // The ticket that unwinding drops answers; the panic hook has reported it.
                let _ = catch_unwind(AssertUnwindSafe(job));
                state = self.lock();
                state.running -= 1;
            } else if state.closed {
                return;
            } else {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
