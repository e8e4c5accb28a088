//! Tools that are futures, and tools that block.

use std::{
    cell::RefCell,
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
    sync::Arc,
};

use mcp_proto::{
    Router,
    router::{CallContext, IntoToolResult, Stop},
    schema::Tool,
    server::{CallId, Event},
};
use serde::de::DeserializeOwned;
use smol::{Task, future::FutureExt as _};

use crate::tasks::spawn;

/// Tools whose calls run beside each other.
///
/// Their handlers have no part in the application's state: share with them what they need. Where
/// one asks the client, it is run again from the top with the answer, like any other handler. A
/// panic is answered -32603.
pub trait AsyncTools<S> {
    /// Offers a tool whose handler is a future. It runs in the driver's own task, so that neither
    /// the handler nor its future need be `Send`; nor may they block.
    ///
    /// When a call is cancelled, its future is dropped. Calls under another adapter's driver are
    /// answered -32603.
    fn tool_async<A, R, H>(&mut self, tool: Tool, handler: H) -> &mut Self
    where
        A: DeserializeOwned + 'static,
        R: IntoToolResult,
        H: AsyncFn(&mut CallContext<'_>, A) -> Result<R, Stop> + 'static;

    /// Offers a tool whose handler may block: it runs on one of smol's threads for that.
    ///
    /// When a call is cancelled, [`CallContext::is_cancelled`] says so, and what the handler
    /// returns is dropped.
    fn tool_blocking<A, R>(
        &mut self,
        tool: Tool,
        handler: impl Fn(&mut CallContext<'_>, A) -> Result<R, Stop> + Send + Sync + 'static,
    ) -> &mut Self
    where
        A: DeserializeOwned + Send + 'static,
        R: IntoToolResult;
}

impl<S: 'static> AsyncTools<S> for Router<S> {
    fn tool_async<A, R, H>(&mut self, tool: Tool, handler: H) -> &mut Self
    where
        A: DeserializeOwned + 'static,
        R: IntoToolResult,
        H: AsyncFn(&mut CallContext<'_>, A) -> Result<R, Stop> + 'static,
    {
        let handler = Rc::new(handler);
        // Lives as long as the tool is offered: with it go its tasks.
        let running = Rc::new(RefCell::new(HashMap::<CallId, Task<()>>::new()));
        let observed = Rc::downgrade(&running);
        self.on_event(move |_, event| {
            if let (Event::Cancelled { call, .. }, Some(running)) = (event, observed.upgrade()) {
                let task = running.borrow_mut().remove(call);
                // Outside of the borrow: the future that goes with it may do anything.
                drop(task);
            }
        });
        self.tool_later(tool, move |_, ticket, arguments: A| {
            let call = ticket.call().id;
            let (handler, ended) = (Rc::clone(&handler), Rc::downgrade(&running));
            let run = async move {
                let run = ticket.run_async(async |cx| handler(cx, arguments).await);
                // The ticket that unwinding drops answers; the panic hook has reported it.
                let _ = AssertUnwindSafe(run).catch_unwind().await;
                let task = ended.upgrade().and_then(|ended| ended.borrow_mut().remove(&call));
                // Not before the end of what it is.
                if let Some(task) = task {
                    task.detach();
                }
            };
            // Without a driver of ours the ticket is dropped with the future, which answers.
            if let Some(task) = spawn(run) {
                running.borrow_mut().insert(call, task);
            }
        })
    }

    fn tool_blocking<A, R>(
        &mut self,
        tool: Tool,
        handler: impl Fn(&mut CallContext<'_>, A) -> Result<R, Stop> + Send + Sync + 'static,
    ) -> &mut Self
    where
        A: DeserializeOwned + Send + 'static,
        R: IntoToolResult,
    {
        let handler = Arc::new(handler);
        self.tool_later(tool, move |_, ticket, arguments: A| {
            let handler = Arc::clone(&handler);
            let run = move || {
                let run = || ticket.run(|cx| handler(cx, arguments));
                let _ = catch_unwind(AssertUnwindSafe(run));
            };
            smol::unblock(run).detach();
        })
    }
}
