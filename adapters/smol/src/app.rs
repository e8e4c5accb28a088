//! The application as a driver has it: the router, its state, and the tasks of its calls.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::{Duration, Instant as Clock, SystemTime, UNIX_EPOCH},
};

use mcp_proto::{
    ErrorObject, Instant, Router,
    router::{Outbox, Port},
    server::{Call, Command, Event, Offer, Reply},
};

use crate::tasks::Tasks;

/// A machine of the core, as far as serving calls has to do with it.
pub(crate) trait Machine {
    fn set_offer(&mut self, offer: Arc<Offer>);

    /// Carries out a command. What becomes of it is a race with the peer or a fact about it, which
    /// those who gave it do not wait for.
    fn command(&mut self, now: Instant, command: Command);

    /// Hands on what can leave while a handler still runs.
    fn flush(&mut self, now: Instant);
}

/// The router, its state, and the tasks of its calls.
pub(crate) struct App<S> {
    router: Router<S>,
    state: S,
    pub(crate) tasks: Tasks,
    outbox: Arc<dyn Outbox>,
    clock: Clock,
}

impl<S: 'static> App<S> {
    pub(crate) fn new(router: Router<S>, state: S, outbox: Arc<dyn Outbox>, clock: Clock) -> Self {
        Self { router, state, tasks: Tasks::default(), outbox, clock }
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::from_zero(self.clock.elapsed())
    }

    /// When a moment of the driver's clock is.
    pub(crate) fn moment(&self, at: Instant) -> Clock {
        self.clock + at.since_zero()
    }

    /// Tells the machine what is offered, if that has changed.
    pub(crate) fn renew_offer(&mut self, machine: &mut impl Machine) {
        if let Some(offer) = self.router.take_offer() {
            machine.set_offer(offer);
        }
    }

    /// Serves a call, or tells the observers of what is none. A handler that panics is answered
    /// for.
    pub(crate) fn handle_event(&mut self, now: Instant, event: Event, machine: &mut impl Machine) {
        match event {
            Event::Call(call) => self.serve(now, call, machine),
            event => {
                let (router, state) = (&mut self.router, &mut self.state);
                // The panic hook has reported it; nobody waits for an answer.
                let _ = catch_unwind(AssertUnwindSafe(|| router.observe(state, &event)));
            }
        }
        self.renew_offer(machine);
    }

    fn serve(&mut self, now: Instant, call: Arc<Call>, machine: &mut impl Machine) {
        let id = call.id;
        let (router, state) = (&mut self.router, &mut self.state);
        let (outbox, clock) = (&self.outbox, self.clock);
        let mut port = InlinePort { machine, outbox, clock, now };
        let served = self
            .tasks
            .scope(|| catch_unwind(AssertUnwindSafe(|| router.serve(state, call, &mut port))));
        if served.is_err() {
            let reply = Reply::Error(ErrorObject::internal());
            port.emit(Command::Respond { call: id, reply });
        }
    }
}

/// Wall-clock time, now.
pub(crate) fn unix_now() -> Duration {
    // A clock before 1970 is wrong anyway.
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO)
}

/// What carries a handler in the driver itself.
struct InlinePort<'a, M> {
    machine: &'a mut M,
    outbox: &'a Arc<dyn Outbox>,
    clock: Clock,
    now: Instant,
}

impl<M: Machine> Port for InlinePort<'_, M> {
    fn emit(&mut self, command: Command) {
        let is_reply = matches!(command, Command::Respond { .. });
        // Only what begins a deadline needs to know how long the handler has taken.
        if !matches!(command, Command::Respond { reply: Reply::Result(_) | Reply::Error(_), .. }) {
            self.now = Instant::from_zero(self.clock.elapsed());
        }
        self.machine.command(self.now, command);
        if !is_reply {
            self.machine.flush(self.now);
        }
    }

    fn outbox(&self) -> Option<Arc<dyn Outbox>> {
        Some(Arc::clone(self.outbox))
    }
}
