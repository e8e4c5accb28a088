//! Tools that run on threads of their own and really wait for the client's answers.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        mpsc::{Receiver, Sender, channel},
    },
};

use mcp_proto::{
    ErrorObject, Router, code,
    router::{CallContext, IntoToolResult, Outbox, Port, Stop, Ticket},
    schema::Tool,
    server::{Call, CallId, Command, Event, Reply},
};
use serde::de::DeserializeOwned;

use crate::Pool;

/// Tools that run on the threads of a [`Pool`].
pub trait ThreadedTools<S> {
    /// Offers a tool whose calls run beside each other, on the threads of `pool`.
    ///
    /// The handler has no part in the application's state; share with it what it needs. Where it
    /// asks the client, its thread waits for the answer and goes on in the same line. In
    /// 2026-07-28, where a call ends when it asks, it is run again from the top, like any other
    /// handler. A panic is answered -32603, and so is a call for which the pool has no room.
    fn tool_thread<A, R>(
        &mut self,
        pool: &Pool,
        tool: Tool,
        handler: impl Fn(&mut CallContext<'_>, A) -> Result<R, Stop> + Send + Sync + 'static,
    ) -> &mut Self
    where
        A: DeserializeOwned + Send + 'static,
        R: IntoToolResult;
}

impl<S: 'static> ThreadedTools<S> for Router<S> {
    fn tool_thread<A, R>(
        &mut self,
        pool: &Pool,
        tool: Tool,
        handler: impl Fn(&mut CallContext<'_>, A) -> Result<R, Stop> + Send + Sync + 'static,
    ) -> &mut Self
    where
        A: DeserializeOwned + Send + 'static,
        R: IntoToolResult,
    {
        let pool = pool.clone();
        let handler = Arc::new(handler);
        // Lives as long as the tool is offered: with it go the senders, and whoever waits stops.
        let calls = Arc::new(Calls::default());
        let observed = Arc::downgrade(&calls);
        self.on_event(move |_, event| {
            if let (Event::Cancelled { call, .. }, Some(calls)) = (event, observed.upgrade()) {
                calls.cancel(*call);
            }
        });
        self.tool_later(tool, move |_, ticket, arguments: A| {
            let Some((ticket, port)) = calls.begin(ticket) else { return };
            let handler = Arc::clone(&handler);
            let refused =
                pool.submit((ticket, port, arguments), move |(ticket, mut port, arguments)| {
                    ticket.run_on(&mut port, |cx| handler(cx, arguments));
                });
            if let Err((ticket, ..)) = refused {
                refuse(ticket);
            }
        })
    }
}

/// Answers a call that there is no room for.
fn refuse(ticket: Ticket) {
    let (call, outbox) = ticket.into_parts();
    let error = ErrorObject::new(code::INTERNAL_ERROR, "Too many requests in flight");
    outbox.send(Command::Respond { call: call.id, reply: Reply::Error(error) });
}

/// What a thread that waits for an answer is told: the call with the answer, or to stop.
type Answered = Result<Arc<Call>, Stop>;

/// The calls of one tool that are on a thread, and the way to each.
#[derive(Default)]
struct Calls {
    waiting: Mutex<HashMap<CallId, Sender<Answered>>>,
}

impl Calls {
    /// Takes in a call that begins. One that has come back with answers goes to the thread that
    /// waits for them.
    fn begin(self: &Arc<Self>, ticket: Ticket) -> Option<(Ticket, ThreadPort)> {
        let id = ticket.call().id;
        let mut waiting = self.lock();
        if let Some(thread) = waiting.get(&id) {
            let (call, _) = ticket.into_parts();
            // A thread that has just ended wants no answer any more.
            let _ = thread.send(Ok(call));
            return None;
        }
        let (sender, receiver) = channel();
        waiting.insert(id, sender);
        let port = ThreadPort {
            call: id,
            outbox: ticket.outbox(),
            answers: receiver,
            calls: Arc::downgrade(self),
        };
        Some((ticket, port))
    }

    fn cancel(&self, call: CallId) {
        if let Some(thread) = self.lock().get(&call) {
            let _ = thread.send(Err(Stop::Cancelled));
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CallId, Sender<Answered>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What carries a handler on a thread of a pool.
struct ThreadPort {
    call: CallId,
    outbox: Arc<dyn Outbox>,
    answers: Receiver<Answered>,
    calls: Weak<Calls>,
}

impl Port for ThreadPort {
    fn emit(&mut self, command: Command) {
        self.outbox.send(command);
    }

    fn wait(&mut self, _call: CallId) -> Option<Answered> {
        // An error says that the server has ended or no longer offers the tool.
        Some(self.answers.recv().unwrap_or(Err(Stop::Cancelled)))
    }
}

impl Drop for ThreadPort {
    fn drop(&mut self) {
        if let Some(calls) = self.calls.upgrade() {
            calls.lock().remove(&self.call);
        }
    }
}
