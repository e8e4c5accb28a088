//! A client behind HTTP.

mod backoff;
mod config;
mod exchange;
mod messages;
mod output;
mod receive;
mod route;
mod send;
mod session;
mod streams;
mod target;
mod tools;

use alloc::{
    boxed::Box,
    collections::{BTreeMap, BTreeSet, VecDeque},
    vec::Vec,
};

pub use config::{HttpClientConfig, InvalidHttpClient, Reconnect, Verdict};
pub use output::{ClientExchange, HttpClientOutput, HttpNotice, HttpRequest};

use backoff::Backoff;
use exchange::{Draft, Exchange};
use route::{General, Route};
use session::Session;
use target::Target;
use tools::Tools;

use super::Headers;
use crate::{
    CommandError, Entropy, Instant,
    client::{
        CallOptions, Client, ClientCallId, ClientConfig, Delivery, Era, Listening, QuestionId,
    },
    schema::{Answer, Level},
    time::Timers,
    wire::Json,
};

/// A client behind HTTP, without sockets.
///
/// After each input, and after each verb, call [`HttpClient::poll_output`] until it returns `None`
/// and do what it says; then wait for input, or for the moment of [`HttpClient::poll_timeout`].
///
/// Nothing is sent twice that may have had an effect. A request is sent again only when it
/// certainly never left, when the server sent it elsewhere within the origin, or when the server
/// refused it for what its header fields say (-32020), once.
///
/// Spec: `basic/transports` of 2025-03-26 to 2025-11-25, "Streamable HTTP" of 2026-07-28.
pub struct HttpClient {
    client: Client,
    http: HttpClientConfig,
    /// Where requests go: within the origin that the application named.
    target: Target,
    entropy: Box<dyn Entropy>,
    now: Instant,
    exchanges: BTreeMap<ClientExchange, Exchange>,
    /// The requests that are not answered, by their ids.
    routes: BTreeMap<i64, Route>,
    /// What waits for room or for the handshake, in order.
    waiting: VecDeque<Draft>,
    waiting_bytes: usize,
    session: Session,
    general: General,
    /// How often the stream of each subscription was opened again.
    listens: BTreeMap<ClientCallId, Backoff>,
    /// The same of the first contact.
    contact: Backoff,
    /// How often a session was lost soon after it began.
    losses: Backoff,
    tools: Tools,
    /// The list of tools that is asked for because a call was refused for its header fields.
    refresh: Option<ClientCallId>,
    /// The calls that were refused so once.
    refreshed: BTreeSet<ClientCallId>,
    timers: Timers<Timer>,
    /// Messages that were sent without anybody having said what time it is: their deadlines are
    /// still to be set.
    undated: Vec<ClientExchange>,
    next_exchange: u64,
    outputs: VecDeque<HttpClientOutput>,
    end: End,
}

/// What a deadline is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    /// An exchange that nobody waits for.
    Exchange(ClientExchange),
    /// The pause before a request goes on.
    Route(i64),
    /// The pause before the general stream is opened again.
    General,
    /// What holds up the first calls of a session.
    Gate,
    /// The end of the session.
    End,
}

/// Whether the client is at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Open,
    /// The session is being ended.
    Ending,
    Ended,
}

impl core::fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("HttpClient").field("client", &self.client).finish_non_exhaustive()
    }
}

impl HttpClient {
    /// A client that has said nothing yet: see [`HttpClient::start`].
    pub fn new(
        mut config: ClientConfig,
        http: HttpClientConfig,
        entropy: Box<dyn Entropy>,
    ) -> Result<Self, InvalidHttpClient> {
        let target = Target::parse(&http.url).ok_or(InvalidHttpClient::Url)?;
        config::check_fields(&http.headers)?;
        let verdict = http.verdict.as_ref().filter(|verdict| *verdict.origin == *target.origin());
        if let (Era::Auto, Some(verdict)) = (config.era, verdict) {
            config.era = verdict.era;
        }
        Ok(Self {
            tools: Tools::new(config.limits.mirrored_tools_max),
            client: Client::new(config),
            http,
            target,
            entropy,
            now: Instant::ZERO,
            exchanges: BTreeMap::new(),
            routes: BTreeMap::new(),
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            session: Session::default(),
            general: General::default(),
            listens: BTreeMap::new(),
            contact: Backoff::default(),
            losses: Backoff::default(),
            refresh: None,
            refreshed: BTreeSet::new(),
            timers: Timers::new(),
            undated: Vec::new(),
            next_exchange: 0,
            outputs: VecDeque::new(),
            end: End::Open,
        })
    }

    /// The machine behind the transport, for its getters.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// What was found out about the server, once there is an agreement: for
    /// [`HttpClientConfig::verdict`] next time.
    pub fn verdict(&self) -> Option<Verdict> {
        let agreement = self.client.agreement()?;
        Some(Verdict::of(&self.target, agreement.version))
    }

    /// Replaces the application's fields, for requests from now on: a new token, say. What was
    /// kept of earlier results is forgotten if they differ, because it may be another's.
    pub fn set_headers(
        &mut self,
        headers: Vec<(Box<str>, Box<str>)>,
    ) -> Result<(), InvalidHttpClient> {
        config::check_fields(&headers)?;
        if self.http.headers != headers {
            self.http.headers = headers;
            self.client.forget_results();
        }
        Ok(())
    }

    /// Begins: see [`Client::start`].
    pub fn start(&mut self, now: Instant) {
        self.now = now;
        self.client.start(now);
        self.turn();
    }

    /// Calls a method: see [`Client::call`].
    pub fn call(
        &mut self,
        now: Instant,
        method: &str,
        params: &Json,
        options: CallOptions,
    ) -> ClientCallId {
        self.begin(now);
        let call = self.client.call(now, method, params, options);
        self.turn();
        call
    }

    /// Sends a notification: see [`Client::notify`].
    pub fn notify(&mut self, method: &str, params: &Json) -> Result<(), CommandError> {
        self.note_congestion();
        let done = self.client.notify(method, params);
        self.pump();
        done
    }

    /// Gives a call up, or ends a subscription: see [`Client::cancel`]. In 2026-07-28 the end of
    /// the exchange tells the server.
    pub fn cancel(&mut self, call: ClientCallId, reason: Option<&str>) -> Result<(), CommandError> {
        let done = self.client.cancel(call, reason);
        self.pump();
        done
    }

    /// Answers a question: see [`Client::answer`].
    pub fn answer(
        &mut self,
        now: Instant,
        question: QuestionId,
        answer: Answer,
    ) -> Result<(), CommandError> {
        self.now = now;
        let done = self.client.answer(now, question, answer);
        self.turn();
        done
    }

    /// Wants to be told of changes: see [`Client::listen`]. The subscription lives on when its
    /// stream breaks or the session is lost, as [`HttpClientConfig::reconnect`] says: each time it
    /// is open again, [`Listening`](crate::client::ClientEvent::Listening) comes again.
    pub fn listen(&mut self, now: Instant, wish: Listening) -> ClientCallId {
        self.begin(now);
        let call = self.client.listen(now, wish);
        self.turn();
        call
    }

    /// From which level on to hear log messages: see [`Client::set_level`].
    pub fn set_level(&mut self, now: Instant, level: Level) -> Option<ClientCallId> {
        self.begin(now);
        let call = self.client.set_level(now, level);
        self.turn();
        call
    }

    /// Ends: every call fails at once, streams are aborted, and a session is ended with `DELETE`.
    /// [`HttpClientOutput::Close`] comes when that is done, or is not done in time.
    pub fn close(&mut self, now: Instant) {
        self.now = now;
        self.client.handle_closing();
        self.pump();
        self.end();
    }

    /// The head of a response has come.
    pub fn handle_head(
        &mut self,
        now: Instant,
        exchange: ClientExchange,
        status: u16,
        headers: &dyn Headers,
    ) {
        self.now = now;
        self.take_head(exchange, status, headers);
        self.turn();
    }

    /// A piece of the body of a response has come.
    pub fn handle_body(&mut self, now: Instant, exchange: ClientExchange, chunk: &[u8]) {
        self.now = now;
        self.take_body(exchange, chunk);
        self.turn();
    }

    /// The body of a response has ended in good order.
    pub fn handle_end(&mut self, now: Instant, exchange: ClientExchange) {
        self.now = now;
        self.take_end(exchange);
        self.turn();
    }

    /// There will be nothing more of this exchange: no connection, a broken one, or a time-out of
    /// the driver's. `delivery` says whether any byte of the request may have reached the server.
    pub fn handle_failed(&mut self, now: Instant, exchange: ClientExchange, delivery: Delivery) {
        self.now = now;
        self.take_failure(exchange, delivery);
        self.turn();
    }

    /// Does what is due. Calls before that are harmless.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        while let Some(timer) = self.timers.pop_due(now) {
            match timer {
                Timer::Exchange(exchange) => self.exchange_timed_out(exchange),
                Timer::Route(number) => self.route_due(number),
                Timer::General => self.general_due(),
                Timer::Gate => self.gate_timed_out(),
                Timer::End => self.ended(),
            }
        }
        self.client.handle_timeout(now);
        self.turn();
    }

    /// The next thing to do, until there is none.
    #[must_use]
    pub fn poll_output(&mut self) -> Option<HttpClientOutput> {
        self.outputs.pop_front()
    }

    /// When [`HttpClient::handle_timeout`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let undated = (!self.undated.is_empty()).then_some(self.now);
        [undated, self.timers.next(), self.client.poll_timeout()].into_iter().flatten().min()
    }

    /// Does what follows from an input, and gives its time to what was sent.
    fn turn(&mut self) {
        self.pump();
        for exchange in core::mem::take(&mut self.undated) {
            if self.exchanges.contains_key(&exchange) {
                self.timers.set(Timer::Exchange(exchange), self.now + self.http.message_timeout);
            }
        }
    }

    fn begin(&mut self, now: Instant) {
        self.now = now;
        self.note_congestion();
    }

    /// What the server leaves unread holds up what would be added to it.
    fn note_congestion(&mut self) {
        let stuck = self.is_stuck();
        self.client.handle_congestion(stuck);
    }
}

#[cfg(test)]
mod tests;
