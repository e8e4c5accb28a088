//! The loop around a client: it carries responses, time and commands in, and requests and events
//! out.

use std::{future::poll_fn, io, time};

use mcp_proto::{
    Instant,
    client::{ClientEvent, ConnectError},
    http::{ClientExchange, HttpClient, HttpClientOutput, HttpNotice, Verdict},
};
use mcp_stdio::{client::End, parts::Desk};
use smol::{
    channel::Receiver,
    future::{FutureExt as _, yield_now},
};

use super::transport::{Fields, Told, Transport};
use crate::driver::Alarm;

/// Who hears what is so over HTTP alone.
#[derive(Default)]
pub(crate) struct Listeners {
    pub(crate) notice: Option<Box<dyn FnMut(HttpNotice) + Send>>,
    pub(crate) verdict: Option<Box<dyn FnMut(Verdict) + Send>>,
}

/// One client of one server.
pub(crate) struct Driver<'d> {
    http: HttpClient,
    transport: Transport,
    desk: &'d mut Desk,
    woken: Receiver<()>,
    listeners: Listeners,
    alarm: Alarm,
    clock: time::Instant,
    /// Why the last request failed, if that is the last that is known.
    error: Option<io::Error>,
    /// Whether there was an agreement.
    agreed: bool,
    ended: bool,
}

impl<'d> Driver<'d> {
    /// A driver that is `woken` when there is something at the desk.
    pub(crate) fn new(
        http: HttpClient,
        transport: Transport,
        desk: &'d mut Desk,
        woken: Receiver<()>,
        listeners: Listeners,
    ) -> Self {
        Self {
            http,
            transport,
            desk,
            woken,
            listeners,
            alarm: Alarm::default(),
            clock: time::Instant::now(),
            error: None,
            agreed: false,
            ended: false,
        }
    }

    /// Drives the client until it has ended. Returns what the operating system reported last, if
    /// the server was not heard of afterwards.
    pub(crate) async fn run(mut self) -> Option<io::Error> {
        let executor = self.transport.executor();
        executor.run(self.turn_until_ended()).await;
        self.error
    }

    async fn turn_until_ended(&mut self) {
        let mut now = self.now();
        self.http.start(now);
        self.serve_outputs(now);
        while !self.ended {
            self.desk.wake_settled();
            let mut told = None;
            if self.desk.fall_asleep() {
                told = self.wait().await;
            } else {
                // Those who command without a pause do not hold up what they command.
                yield_now().await;
            }
            now = self.now();
            // All that is there: answers that come together are told together.
            while let Some((exchange, what)) = told.take().or_else(|| self.transport.try_next()) {
                self.hear(now, exchange, what);
                self.serve_outputs(now);
            }
            if self.desk.carry_out(&mut self.http, now) {
                self.http.close(now);
            }
            if self.http.poll_timeout().is_some_and(|due| due <= now) {
                self.http.handle_timeout(now);
            }
            self.serve_outputs(now);
        }
    }

    /// Waits until something has come of a request, something is at the desk, or it is time.
    async fn wait(&mut self) -> Option<(ClientExchange, Told)> {
        let due = self.http.poll_timeout().map(|due| self.clock + due.since_zero());
        let alarm = &mut self.alarm;
        let woken = async {
            // It is never closed while there is a desk.
            let _ = self.woken.recv().await;
            None
        };
        let alarm = async {
            poll_fn(|cx| alarm.poll(cx, due)).await;
            None
        };
        self.transport.next().or(woken).or(alarm).await
    }

    fn hear(&mut self, now: Instant, exchange: ClientExchange, told: Told) {
        match told {
            Told::Head(head) => {
                if self.error.is_some() {
                    self.note(None);
                }
                let fields = Fields(&head.headers);
                self.http.handle_head(now, exchange, head.status.as_u16(), &fields);
            }
            Told::Body(bytes) => self.http.handle_body(now, exchange, &bytes),
            Told::End => self.http.handle_end(now, exchange),
            Told::Failed(delivery, error) => {
                self.note(Some(error));
                self.http.handle_failed(now, exchange, delivery);
            }
        }
    }

    /// Keeps why the last request failed, and tells it to calls that are lost from now on.
    fn note(&mut self, error: Option<io::Error>) {
        let mut end = End::default();
        end.error = error.as_ref().map(|error| io::Error::new(error.kind(), error.to_string()));
        self.desk.set_end(end);
        self.error = error;
    }

    fn serve_outputs(&mut self, now: Instant) {
        while let Some(output) = self.http.poll_output() {
            match output {
                HttpClientOutput::Send(request) => self.transport.send(request),
                HttpClientOutput::Abort { exchange } => self.transport.abort(exchange),
                HttpClientOutput::Event(event) => self.tell(now, event),
                HttpClientOutput::Notice(notice) => {
                    if let Some(hear) = &mut self.listeners.notice {
                        hear(notice);
                    }
                }
                HttpClientOutput::Close => self.ended = true,
                _ => {}
            }
        }
    }

    fn tell(&mut self, now: Instant, event: ClientEvent) {
        if let (ClientEvent::Failed(ConnectError::Http(error)), true) = (&event, self.agreed) {
            self.note(Some(io::Error::other(error.clone())));
        }
        self.agreed |= matches!(event, ClientEvent::Ready(_));
        if let (ClientEvent::Ready(_), Some(hear), Some(verdict)) =
            (&event, &mut self.listeners.verdict, self.http.verdict())
        {
            hear(verdict);
        }
        self.desk.tell(&mut self.http, now, event);
    }

    fn now(&self) -> Instant {
        Instant::from_zero(self.clock.elapsed())
    }
}
