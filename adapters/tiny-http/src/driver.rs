//! The loop: one thread owns the endpoint, the router and the state.

use std::{
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use mcp_proto::{
    ErrorObject, Grant, Instant, Router,
    http::{Admission, Endpoint, Gate, Response, Telemetry},
    router::Port as _,
    server::{Call, Command, Event, ExchangeId, Reply},
};
use mcp_stdio::{Pool, parts::Commands};
use tiny_http::{Request, Server as Tiny};

use crate::{
    intake::{Arrival, Body, Parked},
    line::Line,
    peers::{Acquaintance, Seats},
    port::InlinePort,
    server::{Authorize, Bounds},
    usher::Usher,
    wires::Wires,
};

/// How long the driver sleeps where nothing is due.
const FOREVER: Duration = Duration::from_hours(1);

/// How long clients may take for the rest of what they are sent, once everything is done.
const CLOSING: Duration = Duration::from_secs(2);

/// How often it is looked at whether they have.
const CLOSING_LOOK: Duration = Duration::from_millis(10);

/// What other threads have for the driver.
pub(crate) enum Input {
    /// From a further server at the same socket.
    Request(Request),
    /// What had to be waited for is there.
    Ready { line: Line, admission: Admission, grant: Arc<Grant>, body: Vec<u8> },
    /// A request is refused.
    Refused(Arrival, Response),
    /// A client that was behind has got everything so far.
    CaughtUp(ExchangeId, Line),
    /// A client is gone, or takes nothing: the rest of an answer was not sent.
    Lost(Option<ExchangeId>, Line),
    /// An application's thread has something to say.
    Command(Command),
    /// An operator wants to look.
    Inspect(Box<dyn FnOnce(&Endpoint) + Send>),
    /// The server is to end in good order.
    ShutDown,
}

impl From<Command> for Input {
    fn from(command: Command) -> Self {
        Self::Command(command)
    }
}

/// One server at one listening socket.
pub(crate) struct Driver<S> {
    pub(crate) endpoint: Endpoint,
    pub(crate) gate: Gate,
    pub(crate) router: Router<S>,
    pub(crate) state: S,
    pub(crate) authorize: Option<Arc<Authorize>>,
    pub(crate) bounds: Bounds,
    pub(crate) inbox: Arc<Commands<Input>>,
    pub(crate) tiny: Arc<Tiny>,
    pub(crate) usher: Usher,
    pub(crate) pool: Pool,
    pub(crate) wires: Wires,
    pub(crate) seats: Arc<Seats>,
    pub(crate) acquaintance: Acquaintance,
    pub(crate) parked: Arc<Parked>,
    pub(crate) nobody: Arc<Grant>,
    pub(crate) clock: std::time::Instant,
}

impl<S: 'static> Driver<S> {
    /// Serves until it is shut down.
    pub(crate) fn run(mut self) {
        let mut inputs = Vec::new();
        let mut now = self.now();
        let mut closing = None;
        self.renew_offer();
        loop {
            // 1. Carry out what has come out, until nothing more does.
            self.drain(now);
            if self.wires.closed {
                let until = *closing.get_or_insert(now + CLOSING);
                if self.seats.is_empty() || until <= now {
                    break;
                }
            }
            // 2. Wait.
            let received = self.tiny.recv_timeout(self.patience(now));
            // 3. Read the clock, once.
            now = self.now();
            // 4. Feed what has come in. What a thread said comes before a request: it may be that
            //    the request is none.
            self.inbox.take(&mut inputs);
            for input in inputs.drain(..) {
                self.feed(now, input);
            }
            match received {
                Ok(Some(request)) => self.receive(now, request),
                Ok(None) => {}
                // It accepts no more connections.
                Err(_) => self.usher.open_again(),
            }
            if self.endpoint.poll_timeout().is_some_and(|due| due <= now) {
                self.endpoint.handle_timeout(now);
            }
        }
        // What threads still have to say is for nobody.
        drop(self.inbox.close());
    }

    /// For how long there is nothing to do. Threads that never stop talking must not keep
    /// requests waiting, nor requests them.
    fn patience(&self, now: Instant) -> Duration {
        if !self.inbox.fall_asleep() {
            return Duration::ZERO;
        }
        let soon = self.wires.closed.then(|| now + CLOSING_LOOK);
        let due = self.endpoint.poll_timeout().into_iter().chain(soon).min();
        due.map_or(FOREVER, |due| due.saturating_since(now).max(Duration::from_millis(1)))
    }

    fn drain(&mut self, now: Instant) {
        loop {
            self.wires.carry_out(now, &mut self.endpoint);
            let events = mem::take(&mut self.wires.events);
            if events.is_empty() {
                return;
            }
            for event in events {
                match event {
                    Event::Call(call) => self.serve_call(now, call),
                    event => self.observe(&event),
                }
                self.renew_offer();
            }
        }
    }

    /// Runs a handler. One that panics is answered for, and the loop goes on.
    fn serve_call(&mut self, now: Instant, call: Arc<Call>) {
        let id = call.id;
        let (router, state) = (&mut self.router, &mut self.state);
        let mut port = InlinePort {
            endpoint: &mut self.endpoint,
            wires: &mut self.wires,
            inbox: &self.inbox,
            clock: self.clock,
            now,
        };
        if catch_unwind(AssertUnwindSafe(|| router.serve(state, call, &mut port))).is_err() {
            let reply = Reply::Error(ErrorObject::internal());
            port.emit(Command::Respond { call: id, reply });
        }
    }

    fn observe(&mut self, event: &Event) {
        let (router, state) = (&mut self.router, &mut self.state);
        // The panic hook has reported it; nobody waits for an answer.
        let _ = catch_unwind(AssertUnwindSafe(|| router.observe(state, event)));
    }

    fn renew_offer(&mut self) {
        if let Some(offer) = self.router.take_offer() {
            self.endpoint.set_offer(offer);
        }
    }

    fn feed(&mut self, now: Instant, input: Input) {
        match input {
            Input::Request(request) => self.receive(now, request),
            Input::Ready { line, admission, grant, body } => {
                self.enter(now, line, admission, grant, &body);
            }
            Input::Refused(arrival, response) => self.answer(arrival, response),
            Input::CaughtUp(exchange, line) => {
                self.wires.caught_up(now, exchange, line, &mut self.endpoint);
            }
            Input::Lost(exchange, line) => {
                // Another answer would be taken for the rest.
                self.acquaintance.condemn(std::time::Instant::now(), line.peer());
                if let Some(exchange) = exchange {
                    self.wires.lose(now, exchange, &mut self.endpoint);
                }
            }
            Input::Command(command) => {
                // An error is a race with the client or a fact about it, which the thread that
                // sent the command no longer waits for.
                let _ = self.endpoint.handle_command(now, command);
            }
            Input::Inspect(look) => look(&self.endpoint),
            Input::ShutDown => self.endpoint.shut_down(now),
        }
    }

    /// Takes in a request: the gate, who is calling, the body. What may take time is left to a
    /// thread.
    fn receive(&mut self, now: Instant, request: Request) {
        let clock = std::time::Instant::now();
        // tiny_http knows the other end of every TCP connection.
        let Some(peer) = request.remote_addr().copied() else { return };
        if self.acquaintance.is_new(clock, peer) {
            self.usher.knock();
        }
        let (seat, taken) = self.seats.sit(peer);
        let mut arrival = Arrival::new(request, seat, Arc::clone(&self.parked));
        if arrival.is_one_too_many() || self.acquaintance.is_condemned(clock, peer) {
            // For as long as it goes on.
            self.acquaintance.condemn(clock, peer);
            return self.ignore(arrival);
        }
        let admission = match arrival.with_head(|head| self.gate.admit(head)) {
            Ok(admission) => admission,
            Err(response) => return self.answer(arrival, response),
        };
        match arrival.body() {
            Body::Unclear => self.refuse(arrival, admission.refuse_body(400)),
            _ if taken > self.bounds.exchanges_max => {
                self.answer(arrival, admission.unavailable(503));
            }
            Body::Here(_) if self.authorize.is_none() => {
                match arrival.read_body(admission.body_bytes_max(), self.bounds.body_timeout) {
                    Ok(body) => {
                        let grant = Arc::clone(&self.nobody);
                        self.enter(now, arrival.into_line(false), admission, grant, &body);
                    }
                    Err(status) => self.answer(arrival, admission.refuse_body(status)),
                }
            }
            _ => self.prepare(arrival, admission),
        }
    }

    /// Hands a request to the endpoint.
    fn enter(
        &mut self,
        now: Instant,
        line: Line,
        admission: Admission,
        grant: Arc<Grant>,
        body: &[u8],
    ) {
        let exchange = self.endpoint.handle_request(now, admission, grant, body);
        self.wires.open(exchange, line);
    }

    /// Finds out who is calling and reads the body, on a thread that may wait.
    fn prepare(&mut self, arrival: Arrival, admission: Admission) {
        let (inbox, timeout) = (Arc::clone(&self.inbox), self.bounds.body_timeout);
        let (authorize, nobody) = (self.authorize.clone(), Arc::clone(&self.nobody));
        let submitted = self.pool.submit((arrival, admission), move |(mut arrival, admission)| {
            let granted = authorize.map_or(Ok(nobody), |hook| arrival.with_head(|head| hook(head)));
            let read = match granted {
                Ok(grant) => arrival
                    .read_body(admission.body_bytes_max(), timeout)
                    .map(|body| (grant, body))
                    .map_err(|status| admission.refuse_body(status)),
                Err(challenge) => Err(admission.challenge(&challenge)),
            };
            let input = match read {
                Ok((grant, body)) => {
                    Input::Ready { line: arrival.into_line(false), admission, grant, body }
                }
                Err(response) => Input::Refused(arrival, response),
            };
            if let Err(Input::Refused(arrival, _)) = inbox.push(input) {
                arrival.ignore();
            }
        });
        if let Err((arrival, admission)) = submitted {
            self.refuse(arrival, admission.unavailable(503));
        }
    }

    /// Answers a request that the endpoint does not get to see.
    fn answer(&mut self, arrival: Arrival, response: Response) {
        if matches!(arrival.body(), Body::Here(_)) {
            self.tell_turned_away(&response);
            self.wires.answer(arrival.into_line(false), &response);
        } else {
            self.refuse(arrival, response);
        }
    }

    /// Answers a request whose body is not read to its end, and listens to its connection no
    /// more: what follows may be the rest of the body.
    fn refuse(&mut self, arrival: Arrival, response: Response) {
        self.tell_turned_away(&response);
        self.acquaintance.condemn(std::time::Instant::now(), arrival.peer());
        let patience = self.bounds.write_timeout;
        let submitted = self.pool.submit((arrival, response), move |(arrival, response)| {
            arrival.refuse(&response, patience);
        });
        if let Err((arrival, _)) = submitted {
            arrival.abandon();
        }
        self.turn_away_if_full();
    }

    fn tell_turned_away(&mut self, response: &Response) {
        let status = response.head.status;
        // Those to preflights and for metadata turn nobody away.
        if status >= 400 {
            self.wires.tell(&Telemetry::TurnedAway { status });
        }
    }

    fn ignore(&mut self, arrival: Arrival) {
        if arrival.is_light() {
            arrival.ignore();
        } else if let Err(arrival) = self.pool.submit(arrival, Arrival::ignore) {
            arrival.abandon();
        }
    }

    /// Where no more can be parked, nobody new is let in: each may have one more.
    fn turn_away_if_full(&mut self) {
        if self.parked.is_full() {
            self.usher.turn_away();
        }
    }

    fn now(&self) -> Instant {
        Instant::from_zero(self.clock.elapsed())
    }
}
