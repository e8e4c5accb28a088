//! A client over HTTP and an endpoint, linked in memory.

use alloc::{
    boxed::Box,
    collections::BTreeMap,
    string::{String, ToString},
    sync::Arc,
    vec::Vec,
};
use core::{fmt, time::Duration};

use super::{
    Clock, Seeded,
    checker::{Asked, Exchanges},
    told::Told,
};
use crate::{
    Grant, Instant, Router,
    client::{CallError, CallOptions, ClientConfig, ClientEvent, Delivery},
    http::{
        ClientExchange, Endpoint, Head, HttpClient, HttpClientConfig, HttpClientOutput, HttpConfig,
        HttpNotice, HttpOutput, HttpRequest, InvalidHttpClient, Response, ResponseHead,
    },
    router::Port,
    schema::{Answer, Question},
    server::{Command, Event, ExchangeId, ServerConfig},
    wire::Json,
};

/// How long, in virtual time, a call is waited for.
const PATIENCE: Duration = Duration::from_hours(1);
const HOST: &str = "localhost:8080";

/// An [`HttpClient`] and an [`Endpoint`], linked in memory. What goes between them is watched by an
/// [`Exchanges`] checker, and each stream can be cut.
///
/// ```
/// use mcp_proto::client::ClientConfig;
/// use mcp_proto::router::Context;
/// use mcp_proto::schema::{ClientCapabilities, Implementation, Tool};
/// use mcp_proto::testing::WebPair;
/// use mcp_proto::{Router, server::ServerConfig, wire::Json};
///
/// #[derive(serde::Deserialize)]
/// struct Nothing {}
///
/// let mut router = Router::new();
/// let greet = Tool::new("greet").no_arguments();
/// router.tool(greet, |_: &mut Context<'_, ()>, _: Nothing| Ok("hello"));
/// let server = ServerConfig::new(Implementation::new("greeter", "1"));
/// let info = Implementation::new("editor", "1");
/// let client = ClientConfig::new(info, ClientCapabilities::default());
///
/// let mut pair = WebPair::new(client, server, router, ());
/// let params = Json::parse_text(r#"{"name":"greet","arguments":{}}"#).unwrap();
/// assert!(pair.call("tools/call", &params).unwrap().as_str().contains("hello"));
/// pair.cut();
/// assert_eq!(pair.exchanges().violations(), []);
/// ```
pub struct WebPair<S> {
    client: HttpClient,
    endpoint: Endpoint,
    router: Router<S>,
    /// The application's own state.
    pub state: S,
    clock: Clock,
    told: Told,
    /// What the client calls each exchange of the endpoint's that is open.
    open: BTreeMap<ExchangeId, ClientExchange>,
    notices: Vec<HttpNotice>,
    exchanges: Exchanges,
    closed: bool,
}

impl<S> fmt::Debug for WebPair<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebPair")
            .field("now", &self.clock.now())
            .field("open", &self.open)
            .finish_non_exhaustive()
    }
}

/// Carries a handler on the thread that drives the endpoint.
struct Direct<'a> {
    endpoint: &'a mut Endpoint,
    now: Instant,
}

impl Port for Direct<'_> {
    fn emit(&mut self, command: Command) {
        // An error is a race or a fact about the peer: nobody is there to be told.
        let _ = self.endpoint.handle_command(self.now, command);
    }
}

impl<S: 'static> WebPair<S> {
    /// A client that has begun, and an endpoint with the defaults. Questions are refused.
    ///
    /// # Panics
    ///
    /// If the endpoint's URL were none, which it is.
    pub fn new(client: ClientConfig, server: ServerConfig, router: Router<S>, state: S) -> Self {
        let url = HttpClientConfig::new("http://localhost:8080/mcp");
        Self::with(client, url, server, HttpConfig::default(), router, state)
            .unwrap_or_else(|error| panic!("the kit's own URL is refused: {error:?}"))
    }

    /// The same with what HTTP is told at both ends. The URL is of `http://localhost:8080`.
    pub fn with(
        client: ClientConfig,
        client_http: HttpClientConfig,
        server: ServerConfig,
        server_http: HttpConfig,
        mut router: Router<S>,
        state: S,
    ) -> Result<Self, InvalidHttpClient> {
        let mut endpoint = Endpoint::new(server, server_http, Box::new(Seeded(1)));
        if let Some(offer) = router.take_offer() {
            endpoint.set_offer(offer);
        }
        let mut pair = Self {
            client: HttpClient::new(client, client_http, Box::new(Seeded(2)))?,
            endpoint,
            router,
            state,
            clock: Clock::default(),
            told: Told::new(),
            open: BTreeMap::new(),
            notices: Vec::new(),
            exchanges: Exchanges::default(),
            closed: false,
        };
        pair.client.start(pair.clock.now());
        pair.run();
        Ok(pair)
    }

    /// Says what answers questions from now on.
    #[must_use]
    pub fn answering(mut self, answerer: impl FnMut(&Question) -> Answer + 'static) -> Self {
        self.told.answerer = Box::new(answerer);
        self
    }

    /// Calls a method, and lets both sides speak, and time pass if need be, until the call ends.
    pub fn call(&mut self, method: &str, params: &Json) -> Result<Json, CallError> {
        let now = self.clock.now();
        let call = self.client.call(now, method, params, CallOptions::default());
        self.run();
        let end = now + PATIENCE;
        loop {
            if let Some(outcome) = self.told.outcome(call) {
                return outcome;
            }
            if !self.step(end) {
                return Err(CallError::TimedOut);
            }
        }
    }

    /// Does something with the client, and lets both sides speak.
    pub fn act<T>(&mut self, act: impl FnOnce(&mut HttpClient, Instant) -> T) -> T {
        let done = act(&mut self.client, self.clock.now());
        self.run();
        done
    }

    /// Does something with the endpoint, and lets both sides speak.
    pub fn serve<T>(&mut self, act: impl FnOnce(&mut Endpoint, Instant) -> T) -> T {
        let done = act(&mut self.endpoint, self.clock.now());
        self.run();
        done
    }

    /// The client, for its getters.
    pub fn client(&self) -> &HttpClient {
        &self.client
    }

    /// The endpoint, for its getters.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// What the application was told since this was asked last, but for questions.
    pub fn take_events(&mut self) -> Vec<ClientEvent> {
        self.told.take()
    }

    /// What was noticed about HTTP since this was asked last.
    pub fn take_notices(&mut self) -> Vec<HttpNotice> {
        core::mem::take(&mut self.notices)
    }

    /// Lets time pass on both sides.
    pub fn advance(&mut self, by: Duration) {
        let end = self.clock.now() + by;
        while self.step(end) {}
    }

    /// Cuts every stream and every request that is open, as a bad network does.
    pub fn cut(&mut self) {
        let now = self.clock.now();
        for (id, own) in core::mem::take(&mut self.open) {
            self.exchanges.gone(id.0);
            self.endpoint.handle_disconnect(now, id);
            self.client.handle_failed(now, own, Delivery::OutcomeUnknown);
        }
        self.run();
    }

    /// How many exchanges are open.
    pub fn open(&self) -> usize {
        self.open.len()
    }

    /// Whether the client is done.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// What watches the exchanges.
    pub fn exchanges(&self) -> &Exchanges {
        &self.exchanges
    }

    /// Moves to what is due next on either side, not after `end`. Returns whether something was.
    fn step(&mut self, end: Instant) -> bool {
        let dues = [self.client.poll_timeout(), self.endpoint.poll_timeout()];
        let Some(now) = self.clock.step(dues.into_iter().flatten().min(), end) else {
            return false;
        };
        self.client.handle_timeout(now);
        self.endpoint.handle_timeout(now);
        self.run();
        true
    }

    /// Lets both sides speak until they have nothing to say.
    fn run(&mut self) {
        while self.carry() | self.hear() {}
    }

    /// Carries out what the client wants.
    fn carry(&mut self) -> bool {
        let mut any = false;
        while let Some(output) = self.client.poll_output() {
            any = true;
            match output {
                HttpClientOutput::Send(request) => self.ask(&request),
                HttpClientOutput::Abort { exchange } => self.abort(exchange),
                HttpClientOutput::Event(event) => {
                    if let Some((question, answer)) = self.told.tell(event) {
                        // It fails only if the question was withdrawn meanwhile.
                        let _ = self.client.answer(self.clock.now(), question, answer);
                    }
                }
                HttpClientOutput::Notice(notice) => self.notices.push(notice),
                HttpClientOutput::Close => self.closed = true,
            }
        }
        any
    }

    fn ask(&mut self, request: &HttpRequest) {
        let now = self.clock.now();
        let mut headers: Vec<(&str, &str)> =
            request.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        headers.push(("Host", HOST));
        let path = request.url.split_once(HOST).map_or("", |(_, path)| path);
        let head = Head { method: request.method, path, headers: &&*headers };
        let admission = match self.endpoint.gate().admit(&head) {
            Ok(admission) => admission,
            Err(response) => return self.answer(request.exchange, response),
        };
        let body = request.body.as_ref().map_or_else(String::new, |frame| frame.parts().concat());
        let grant = Arc::new(Grant::default());
        let exchange = self.endpoint.handle_request(now, admission, grant, body.as_bytes());
        let field = |wanted: &str| {
            let found = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            found.map(|(_, value)| (*value).to_string())
        };
        let asked = Asked {
            method: request.method.into(),
            session: field("Mcp-Session-Id"),
            last_event: field("Last-Event-ID"),
            subject: None,
            body,
        };
        self.exchanges.asked(exchange.0, asked);
        self.open.insert(exchange, request.exchange);
    }

    fn abort(&mut self, exchange: ClientExchange) {
        let found = self.open.iter().find(|(_, own)| **own == exchange).map(|(id, _)| *id);
        if let Some(id) = found {
            self.open.remove(&id);
            self.exchanges.gone(id.0);
            self.endpoint.handle_disconnect(self.clock.now(), id);
        }
    }

    /// Carries out what the endpoint wants.
    fn hear(&mut self) -> bool {
        let mut any = false;
        loop {
            if let Some(offer) = self.router.take_offer() {
                self.endpoint.set_offer(offer);
            }
            let Some(output) = self.endpoint.poll_output() else { return any };
            any = true;
            self.carry_out(output);
        }
    }

    fn carry_out(&mut self, output: HttpOutput) {
        let now = self.clock.now();
        match output {
            HttpOutput::Respond { exchange, response } => {
                let session = header(&response.head, "mcp-session-id");
                let body = response.body.as_ref().map_or_else(String::new, |b| b.parts().concat());
                let status = response.head.status;
                self.exchanges.responded(exchange.0, status, session.as_deref(), &body);
                if let Some(own) = self.open.remove(&exchange) {
                    self.answer(own, response);
                }
            }
            HttpOutput::Open { exchange, head } => {
                self.exchanges.opened(exchange.0, head.status);
                if let Some(own) = self.open.get(&exchange) {
                    self.client.handle_head(now, *own, head.status, &&*fields(&head));
                }
            }
            HttpOutput::Write { exchange, frame } => {
                let text = frame.parts().concat();
                self.exchanges.wrote(exchange.0, &text);
                if let Some(own) = self.open.get(&exchange) {
                    self.client.handle_body(now, *own, text.as_bytes());
                }
            }
            HttpOutput::Finish { exchange } => {
                self.exchanges.finished(exchange.0);
                if let Some(own) = self.open.remove(&exchange) {
                    self.client.handle_end(now, own);
                }
            }
            HttpOutput::Event(Event::Call(call)) => {
                let mut port = Direct { endpoint: &mut self.endpoint, now };
                self.router.serve(&mut self.state, call, &mut port);
            }
            HttpOutput::Event(event) => self.router.observe(&mut self.state, &event),
            HttpOutput::Telemetry(_) | HttpOutput::Close => {}
        }
    }

    /// Gives the client a whole response.
    fn answer(&mut self, exchange: ClientExchange, response: Response) {
        let now = self.clock.now();
        let Response { head, body } = response;
        self.client.handle_head(now, exchange, head.status, &&*fields(&head));
        if let Some(body) = body {
            self.client.handle_body(now, exchange, body.parts().concat().as_bytes());
        }
        self.client.handle_end(now, exchange);
    }
}

fn fields(head: &ResponseHead) -> Vec<(&'static str, String)> {
    head.headers.iter().map(|(name, value)| (*name, value.to_string())).collect()
}

fn header(head: &ResponseHead, wanted: &str) -> Option<String> {
    fields(head).into_iter().find(|(name, _)| *name == wanted).map(|(_, value)| value)
}
