//! The exchanges that are under way, and what is on its way to their clients.

use std::{
    collections::HashMap,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use mcp_proto::{
    Instant,
    http::{Endpoint, HttpOutput, Response, Telemetry},
    server::{Event, ExchangeId},
};
use mcp_stdio::{Pool, parts::Commands};

use crate::{
    answer::{self, Manner},
    driver::Input,
    line::Line,
    server::Bounds,
};

/// An operator's ear.
pub(crate) type Listener = Box<dyn FnMut(&Telemetry)>;

/// The exchanges that are under way.
pub(crate) struct Wires {
    open: HashMap<ExchangeId, Wire>,
    /// Those with bytes that have not been tried to send.
    touched: Vec<ExchangeId>,
    /// The events that came with them, for whoever may call the router.
    pub(crate) events: Vec<Event>,
    /// Whether everything is done after a shut-down.
    pub(crate) closed: bool,
    inbox: Arc<Commands<Input>>,
    pool: Pool,
    bounds: Bounds,
    listener: Option<Listener>,
    #[cfg(feature = "tracing")]
    trace: mcp_proto::http::Trace,
}

struct Wire {
    way: Way,
    manner: Manner,
    out: Vec<u8>,
    ended: bool,
}

/// Who writes.
enum Way {
    /// The driver.
    Direct(Line),
    /// A thread, because the client is behind.
    Behind { backlog: Arc<Backlog>, congested: bool },
}

/// What a client that is behind has yet to get.
type Backlog = Mutex<Vec<u8>>;

impl Wires {
    pub(crate) fn new(
        inbox: Arc<Commands<Input>>,
        pool: Pool,
        bounds: Bounds,
        listener: Option<Listener>,
    ) -> Self {
        Self {
            open: HashMap::new(),
            touched: Vec::new(),
            events: Vec::new(),
            closed: false,
            inbox,
            pool,
            bounds,
            listener,
            #[cfg(feature = "tracing")]
            trace: mcp_proto::http::Trace::default(),
        }
    }

    /// Says which client an exchange is with.
    pub(crate) fn open(&mut self, exchange: ExchangeId, line: Line) {
        let manner = line.manner;
        let wire = Wire { way: Way::Direct(line), manner, out: Vec::new(), ended: false };
        self.open.insert(exchange, wire);
    }

    /// Answers a request that is no exchange.
    pub(crate) fn answer(&mut self, mut line: Line, response: &Response) {
        let (mut bytes, mut sent) = (Vec::new(), 0);
        answer::whole(&mut bytes, response, line.manner);
        if line.is_queued() || matches!(line.push(&bytes, &mut sent), Ok(false)) {
            let (inbox, patience) = (Arc::clone(&self.inbox), self.bounds.write_timeout);
            let submitted = self.pool.submit((line, inbox), move |(mut line, inbox)| {
                if line.push_patiently(&bytes, sent, patience).is_err() {
                    give_up(&inbox, None, line);
                }
            });
            // Where there is no thread for it either, the client gets no answer.
            if let Err((line, inbox)) = submitted {
                give_up(&inbox, None, line);
            }
        }
    }

    /// Carries out what the endpoint says, and sends what is to be sent: what belongs to one
    /// exchange with one write.
    pub(crate) fn carry_out(&mut self, now: Instant, endpoint: &mut Endpoint) {
        loop {
            while let Some(output) = endpoint.poll_output() {
                self.apply(output);
            }
            if self.touched.is_empty() {
                return;
            }
            for exchange in mem::take(&mut self.touched) {
                self.send(now, exchange, endpoint);
            }
        }
    }

    fn apply(&mut self, output: HttpOutput) {
        match output {
            HttpOutput::Respond { exchange, response } => {
                self.write(exchange, true, |out, manner| answer::whole(out, &response, manner));
            }
            HttpOutput::Open { exchange, head } => {
                self.write(exchange, false, |out, manner| answer::stream(out, &head, manner));
            }
            HttpOutput::Write { exchange, frame } => {
                self.write(exchange, false, |out, manner| answer::frame(out, &frame, manner));
            }
            HttpOutput::Finish { exchange } => self.write(exchange, true, answer::end),
            HttpOutput::Event(event) => {
                #[cfg(feature = "tracing")]
                self.trace.event(&event);
                self.events.push(event);
            }
            HttpOutput::Telemetry(telemetry) => self.tell(&telemetry),
            HttpOutput::Close => self.closed = true,
            _ => {}
        }
    }

    /// Tells the operator.
    pub(crate) fn tell(&mut self, telemetry: &Telemetry) {
        #[cfg(feature = "tracing")]
        self.trace.telemetry(telemetry);
        if let Some(listener) = &mut self.listener {
            listener(telemetry);
        }
    }

    fn write(
        &mut self,
        exchange: ExchangeId,
        ends: bool,
        append: impl FnOnce(&mut Vec<u8>, Manner),
    ) {
        // One that is gone was gone before the endpoint heard of it.
        let Some(wire) = self.open.get_mut(&exchange) else { return };
        if wire.out.is_empty() {
            self.touched.push(exchange);
        }
        append(&mut wire.out, wire.manner);
        wire.ended |= ends;
    }

    /// Sends what an exchange has to send.
    fn send(&mut self, now: Instant, exchange: ExchangeId, endpoint: &mut Endpoint) {
        let Some(wire) = self.open.get_mut(&exchange) else { return };
        match &mut wire.way {
            Way::Direct(line) => {
                let mut sent = 0;
                // Where an earlier answer is not written yet, only a thread may wait for it.
                let pushed =
                    if line.is_queued() { Ok(false) } else { line.push(&wire.out, &mut sent) };
                match pushed {
                    Ok(true) if wire.ended => drop(self.open.remove(&exchange)),
                    Ok(true) => wire.out.clear(),
                    Ok(false) => self.leave_to_thread(exchange, sent),
                    Err(_) => self.lose(now, exchange, endpoint),
                }
            }
            Way::Behind { backlog, congested } => {
                let mut backlog = lock(backlog);
                backlog.append(&mut wire.out);
                if backlog.len() > self.bounds.stream_bytes_max && !*congested {
                    *congested = true;
                    endpoint.handle_congestion(now, exchange, true);
                }
            }
        }
    }

    /// Lets a thread write what the client does not take now: all after the first `sent` bytes.
    fn leave_to_thread(&mut self, exchange: ExchangeId, sent: usize) {
        let Some(mut wire) = self.open.remove(&exchange) else { return };
        let Way::Direct(line) = wire.way else { return };
        let backlog = Arc::new(Mutex::new(wire.out.split_off(sent)));
        wire.out.clear();
        wire.way = Way::Behind { backlog: Arc::clone(&backlog), congested: false };
        self.open.insert(exchange, wire);
        let (inbox, patience) = (Arc::clone(&self.inbox), self.bounds.write_timeout);
        let submitted = self.pool.submit((line, inbox), move |(line, inbox)| {
            catch_up(exchange, line, &backlog, &inbox, patience);
        });
        if let Err((line, inbox)) = submitted {
            give_up(&inbox, Some(exchange), line);
        }
    }

    /// A thread has written all that there was.
    pub(crate) fn caught_up(
        &mut self,
        now: Instant,
        exchange: ExchangeId,
        mut line: Line,
        endpoint: &mut Endpoint,
    ) {
        let Some(wire) = self.open.get_mut(&exchange) else { return };
        let Way::Behind { backlog, congested } = &wire.way else { return };
        if *congested {
            endpoint.handle_congestion(now, exchange, false);
        }
        line.is_next();
        wire.out = mem::take(&mut *lock(backlog));
        wire.way = Way::Direct(line);
        self.send(now, exchange, endpoint);
    }

    /// The client of an exchange is gone, or as good as gone.
    pub(crate) fn lose(&mut self, now: Instant, exchange: ExchangeId, endpoint: &mut Endpoint) {
        if self.open.remove(&exchange).is_some_and(|wire| !wire.ended) {
            endpoint.handle_disconnect(now, exchange);
        }
    }
}

/// Writes until there is nothing more to write, on a thread that may wait for the client.
fn catch_up(
    exchange: ExchangeId,
    mut line: Line,
    backlog: &Backlog,
    inbox: &Commands<Input>,
    patience: Duration,
) {
    let mut bytes = mem::take(&mut *lock(backlog));
    while !bytes.is_empty() {
        if line.push_patiently(&bytes, 0, patience).is_err() {
            return give_up(inbox, Some(exchange), line);
        }
        bytes = mem::take(&mut *lock(backlog));
    }
    // Where the driver has ended, the exchange ends so.
    let _ = inbox.push(Input::CaughtUp(exchange, line));
}

/// An answer has not become whole. The line goes with that, so that none that waits behind it has
/// its turn before the driver knows.
fn give_up(inbox: &Commands<Input>, exchange: Option<ExchangeId>, line: Line) {
    line.cut();
    // Where the driver has ended, so has the connection.
    let _ = inbox.push(Input::Lost(exchange, line));
}

fn lock(backlog: &Backlog) -> MutexGuard<'_, Vec<u8>> {
    backlog.lock().unwrap_or_else(PoisonError::into_inner)
}
