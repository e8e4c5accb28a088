//! A client behind HTTP.

mod config;
mod output;
mod target;

use alloc::{boxed::Box, vec::Vec};

pub use config::{HttpClientConfig, InvalidHttpClient, Reconnect, Verdict};
pub use output::{ClientExchange, HttpClientOutput, HttpNotice, HttpRequest};

use target::Target;

use super::Headers;
use crate::{
    CommandError, Entropy, Instant,
    client::{CallOptions, Client, ClientCallId, ClientConfig, Delivery, Listening, QuestionId},
    schema::{Answer, Level},
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
    target: Target,
    entropy: Box<dyn Entropy>,
    now: Instant,
}

impl core::fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("HttpClient").field("client", &self.client).finish_non_exhaustive()
    }
}

impl HttpClient {
    /// A client that has said nothing yet: see [`HttpClient::start`].
    pub fn new(
        config: ClientConfig,
        http: HttpClientConfig,
        entropy: Box<dyn Entropy>,
    ) -> Result<Self, InvalidHttpClient> {
        let target = Target::parse(&http.url).ok_or(InvalidHttpClient::Url)?;
        config::check_fields(&http.headers)?;
        Ok(Self { client: Client::new(config), http, target, entropy, now: Instant::ZERO })
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

    /// Replaces the application's fields, for requests from now on: a new token, say.
    pub fn set_headers(
        &mut self,
        headers: Vec<(Box<str>, Box<str>)>,
    ) -> Result<(), InvalidHttpClient> {
        config::check_fields(&headers)?;
        self.http.headers = headers;
        Ok(())
    }

    /// Begins: see [`Client::start`].
    pub fn start(&mut self, now: Instant) {
        self.now = now;
        self.client.start(now);
    }

    /// Calls a method: see [`Client::call`].
    pub fn call(
        &mut self,
        now: Instant,
        method: &str,
        params: &Json,
        options: CallOptions,
    ) -> ClientCallId {
        self.now = now;
        self.client.call(now, method, params, options)
    }

    /// Sends a notification: see [`Client::notify`].
    pub fn notify(&mut self, method: &str, params: &Json) -> Result<(), CommandError> {
        self.client.notify(method, params)
    }

    /// Gives a call up, or ends a subscription: see [`Client::cancel`].
    pub fn cancel(&mut self, call: ClientCallId, reason: Option<&str>) -> Result<(), CommandError> {
        self.client.cancel(call, reason)
    }

    /// Answers a question: see [`Client::answer`].
    pub fn answer(
        &mut self,
        now: Instant,
        question: QuestionId,
        answer: Answer,
    ) -> Result<(), CommandError> {
        self.now = now;
        self.client.answer(now, question, answer)
    }

    /// Wants to be told of changes: see [`Client::listen`]. In 2026-07-28 the subscription lives on
    /// when its stream breaks, as [`HttpClientConfig::reconnect`] says: each time it is open again,
    /// [`ClientEvent::Listening`](crate::client::ClientEvent::Listening) comes again.
    pub fn listen(&mut self, now: Instant, wish: Listening) -> ClientCallId {
        self.now = now;
        self.client.listen(now, wish)
    }

    /// From which level on to hear log messages: see [`Client::set_level`].
    pub fn set_level(&mut self, now: Instant, level: Level) -> Option<ClientCallId> {
        self.now = now;
        self.client.set_level(now, level)
    }

    /// Ends: every call fails at once, streams are aborted, and a session is ended with `DELETE`.
    /// [`HttpClientOutput::Close`] comes when that is done, or is not done in time.
    pub fn close(&mut self, now: Instant) {
        let _ = now;
        unimplemented!()
    }

    /// The head of a response has come.
    pub fn handle_head(
        &mut self,
        now: Instant,
        exchange: ClientExchange,
        status: u16,
        headers: &dyn Headers,
    ) {
        let _ = (now, exchange, status, headers);
        unimplemented!()
    }

    /// A piece of the body of a response has come.
    pub fn handle_body(&mut self, now: Instant, exchange: ClientExchange, chunk: &[u8]) {
        let _ = (now, exchange, chunk);
        unimplemented!()
    }

    /// The body of a response has ended in good order.
    pub fn handle_end(&mut self, now: Instant, exchange: ClientExchange) {
        let _ = (now, exchange);
        unimplemented!()
    }

    /// There will be nothing more of this exchange: no connection, a broken one, or a time-out of
    /// the driver's. `delivery` says whether any byte of the request may have reached the server.
    pub fn handle_failed(&mut self, now: Instant, exchange: ClientExchange, delivery: Delivery) {
        let _ = (now, exchange, delivery);
        unimplemented!()
    }

    /// Does what is due. Calls before that are harmless.
    pub fn handle_timeout(&mut self, now: Instant) {
        let _ = now;
        unimplemented!()
    }

    /// The next thing to do, until there is none.
    #[must_use]
    pub fn poll_output(&mut self) -> Option<HttpClientOutput> {
        let _ = &self.entropy;
        unimplemented!()
    }

    /// When [`HttpClient::handle_timeout`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        unimplemented!()
    }
}
