//! Tasks beside a driver, in the driver's own task: they need not be `Send`.

use std::{
    cell::RefCell,
    future::{Future, pending},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use smol::{LocalExecutor, Task};

thread_local! {
    /// The executor of the driver that serves a call on this thread right now.
    static CURRENT: RefCell<Option<Rc<LocalExecutor<'static>>>> = const { RefCell::new(None) };
}

/// The tasks of one driver. They are dropped with it.
#[derive(Default)]
pub(crate) struct Tasks {
    executor: Rc<LocalExecutor<'static>>,
    /// Runs the tasks, once there has been one.
    runner: Option<Pin<Box<dyn Future<Output = ()>>>>,
}

impl Tasks {
    /// Runs `serve`, which may [`spawn`].
    pub(crate) fn scope<T>(&mut self, serve: impl FnOnce() -> T) -> T {
        let outer = CURRENT.replace(Some(Rc::clone(&self.executor)));
        let served = serve();
        CURRENT.set(outer);
        if self.runner.is_none() && !self.executor.is_empty() {
            let executor = Rc::clone(&self.executor);
            self.runner = Some(Box::pin(async move { executor.run(pending()).await }));
        }
        served
    }

    /// Lets the tasks go on. Always pending: a task says what it has to say through an outbox.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) {
        if let Some(runner) = &mut self.runner {
            let _: Poll<()> = runner.as_mut().poll(cx);
        }
    }
}

/// Starts a task beside the driver that is serving a call. `None`: there is no driver of this
/// crate that does.
pub(crate) fn spawn(task: impl Future<Output = ()> + 'static) -> Option<Task<()>> {
    CURRENT.with_borrow(|executor| executor.as_ref().map(|executor| executor.spawn(task)))
}
