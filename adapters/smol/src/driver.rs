//! The loop around an endpoint.

use std::{
    collections::{HashMap, VecDeque},
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant as Clock,
};

use mcp_proto::{
    Instant,
    http::{Endpoint, HttpOutput, Telemetry},
    server::{Command, Event, ExchangeId, Offer},
};
use smol::Timer;

use crate::{
    app::{App, Machine},
    exchange::{Answer, Exchange},
    inbox::{Inbox, Input},
};

/// Hears what an operator wants to know.
pub(crate) type Listener = Box<dyn FnMut(&Telemetry)>;

/// The one task that owns the endpoint, the router and its state: whoever runs it serves.
///
/// Dropped, it takes all with it: requests get 503, streams end.
#[must_use = "a driver does nothing until it runs"]
pub struct Driver<S> {
    app: App<S>,
    side: Side,
    inbox: Arc<Inbox<Input>>,
    alarm: Alarm,
}

/// Everything but the application.
struct Side {
    endpoint: Endpoint,
    /// Those that have not been answered to their end.
    exchanges: HashMap<ExchangeId, Arc<Exchange>>,
    /// What the application is still to be told, from before a flush.
    events: VecDeque<Event>,
    closed: bool,
    stream_bytes_max: usize,
    listener: Option<Listener>,
    #[cfg(feature = "tracing")]
    trace: mcp_proto::http::Trace,
}

impl<S> std::fmt::Debug for Driver<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Driver").finish_non_exhaustive()
    }
}

impl<S: 'static> Driver<S> {
    pub(crate) fn new(
        app: App<S>,
        endpoint: Endpoint,
        inbox: Arc<Inbox<Input>>,
        stream_bytes_max: usize,
        listener: Option<Listener>,
    ) -> Self {
        let side = Side {
            endpoint,
            exchanges: HashMap::new(),
            events: VecDeque::new(),
            closed: false,
            stream_bytes_max,
            listener,
            #[cfg(feature = "tracing")]
            trace: mcp_proto::http::Trace::default(),
        };
        Self { app, side, inbox, alarm: Alarm::default() }
    }

    /// Serves until the endpoint is shut down and has drained.
    pub async fn run(mut self) {
        let mut inputs = Vec::new();
        self.app.renew_offer(&mut self.side);
        self.drain(self.app.now());
        while !self.side.closed {
            self.wait(&mut inputs).await;
            let mut now = self.app.now();
            for input in inputs.drain(..) {
                self.side.handle(now, input);
                self.drain(now);
                now = self.app.now();
            }
            if self.side.endpoint.poll_timeout().is_some_and(|due| due <= now) {
                self.side.endpoint.handle_timeout(now);
                self.drain(now);
            }
        }
    }

    /// Carries out all that has come of an input.
    fn drain(&mut self, now: Instant) {
        while let Some(event) = self.side.next_event(now) {
            self.app.handle_event(now, event, &mut self.side);
        }
    }

    /// Waits for inputs or the next deadline; the tasks go on meanwhile.
    async fn wait(&mut self, inputs: &mut Vec<Input>) {
        let due = self.side.endpoint.poll_timeout().map(|due| self.app.moment(due));
        let (inbox, tasks, alarm) = (&self.inbox, &mut self.app.tasks, &mut self.alarm);
        poll_fn(|cx| {
            tasks.poll(cx);
            let taken = inbox.poll_take(cx, inputs);
            if taken.is_ready() { taken } else { alarm.poll(cx, due) }
        })
        .await;
    }
}

impl<S> Drop for Driver<S> {
    fn drop(&mut self) {
        for input in self.inbox.close() {
            if let Input::Request { exchange, .. } = input {
                exchange.end();
            }
        }
        for exchange in self.side.exchanges.values() {
            exchange.end();
        }
    }
}

impl Side {
    fn handle(&mut self, now: Instant, input: Input) {
        let endpoint = &mut self.endpoint;
        match input {
            Input::Request { admission, grant, body, exchange } => {
                let id = endpoint.handle_request(now, *admission, grant, &body);
                exchange.bind(id);
                self.exchanges.insert(id, exchange);
            }
            Input::Gone(exchange) => {
                if let Some(id) = exchange.id()
                    && self.exchanges.remove(&id).is_some()
                {
                    endpoint.handle_disconnect(now, id);
                }
            }
            Input::Drained(exchange) => {
                if let Some(id) = exchange.id()
                    && self.exchanges.contains_key(&id)
                {
                    endpoint.handle_congestion(now, id, false);
                }
            }
            Input::TurnedAway(status) => self.tell(&Telemetry::TurnedAway { status }),
            Input::Command(command) => self.command(now, command),
            Input::Inspect(inspect) => inspect(endpoint),
            Input::ShutDown => endpoint.shut_down(now),
        }
    }

    /// The next event for the application, after what came before it is handed on.
    fn next_event(&mut self, now: Instant) -> Option<Event> {
        if let Some(event) = self.events.pop_front() {
            return Some(event);
        }
        while let Some(output) = self.endpoint.poll_output() {
            if let Some(event) = self.apply(now, output) {
                return Some(event);
            }
        }
        None
    }

    fn apply(&mut self, now: Instant, output: HttpOutput) -> Option<Event> {
        match output {
            HttpOutput::Respond { exchange, response } => {
                if let Some(exchange) = self.exchanges.remove(&exchange) {
                    exchange.begin(Answer::Whole(response));
                }
            }
            HttpOutput::Open { exchange, head } => {
                if let Some(exchange) = self.exchanges.get(&exchange) {
                    exchange.begin(Answer::Stream(head));
                }
            }
            HttpOutput::Write { exchange: id, frame } => {
                if let Some(exchange) = self.exchanges.get(&id)
                    && exchange.write(frame, self.stream_bytes_max)
                {
                    self.endpoint.handle_congestion(now, id, true);
                }
            }
            HttpOutput::Finish { exchange } => {
                if let Some(exchange) = self.exchanges.remove(&exchange) {
                    exchange.end();
                }
            }
            HttpOutput::Event(event) => {
                #[cfg(feature = "tracing")]
                self.trace.event(&event);
                return Some(event);
            }
            HttpOutput::Telemetry(telemetry) => self.tell(&telemetry),
            HttpOutput::Close => self.closed = true,
            _ => {}
        }
        None
    }

    fn tell(&mut self, telemetry: &Telemetry) {
        #[cfg(feature = "tracing")]
        self.trace.telemetry(telemetry);
        if let Some(listener) = &mut self.listener {
            listener(telemetry);
        }
    }
}

impl Machine for Side {
    fn set_offer(&mut self, offer: Arc<Offer>) {
        self.endpoint.set_offer(offer);
    }

    fn command(&mut self, now: Instant, command: Command) {
        let _ = self.endpoint.handle_command(now, command);
    }

    fn flush(&mut self, now: Instant) {
        while let Some(output) = self.endpoint.poll_output() {
            if let Some(event) = self.apply(now, output) {
                self.events.push_back(event);
            }
        }
    }
}

/// One timer for a deadline that moves with every input. It is set anew only for an earlier one:
/// waking too early now and then costs less than that.
#[derive(Default)]
pub(crate) struct Alarm {
    timer: Option<Timer>,
    at: Option<Clock>,
}

impl Alarm {
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, due: Option<Clock>) -> Poll<()> {
        let Some(due) = due else { return Poll::Pending };
        if self.at.is_none_or(|at| due < at) {
            match &mut self.timer {
                Some(timer) => timer.set_at(due),
                None => self.timer = Some(Timer::at(due)),
            }
            self.at = Some(due);
        }
        let Some(timer) = &mut self.timer else { return Poll::Pending };
        let fired = Pin::new(timer).poll(cx).map(drop);
        if fired.is_ready() {
            self.at = None;
        }
        fired
    }
}
