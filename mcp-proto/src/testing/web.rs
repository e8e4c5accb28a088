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
    Clock, Fields, Seeded, WebEntry, WebTranscript,
    checker::{Asked, Exchanges},
    told::{Linked, Told},
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
    server::{Call, Command, Event, ExchangeId, ServerConfig},
    wire::Json,
};

const HOST: &str = "localhost:8080";

/// An [`HttpClient`] and an [`Endpoint`], linked in memory. What goes between them is written down
/// and watched by an [`Exchanges`] checker, and each stream can be cut.
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
/// assert_eq!(pair.transcript().check_client(Default::default()), []);
/// ```
pub struct WebPair<S> {
    client: HttpClient,
    endpoint: Endpoint,
    router: Router<S>,
    /// The application's own state.
    pub state: S,
    clock: Clock,
    told: Told,
    /// All exchanges of the endpoint.
    wires: BTreeMap<ExchangeId, Wire>,
    /// How many exchanges were begun.
    begun: u64,
    notices: Vec<HttpNotice>,
    events: Vec<Event>,
    /// Which calls the router is not to see.
    holds: Box<dyn FnMut(&Call) -> bool>,
    held: Vec<Arc<Call>>,
    exchanges: Exchanges,
    transcript: WebTranscript,
    closed: bool,
}

impl<S> fmt::Debug for WebPair<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebPair")
            .field("now", &self.clock.now())
            .field("begun", &self.begun)
            .finish_non_exhaustive()
    }
}

/// One exchange, by its names.
#[derive(Clone, Copy, Debug)]
struct Wire {
    /// What the client calls it.
    own: ClientExchange,
    /// What it is called in the transcript.
    number: u64,
    open: bool,
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
            wires: BTreeMap::new(),
            begun: 0,
            notices: Vec::new(),
            events: Vec::new(),
            holds: Box::new(|_| false),
            held: Vec::new(),
            exchanges: Exchanges::default(),
            transcript: WebTranscript::new(),
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

    /// Says which calls are kept from the router from now on, to be ended by
    /// [`serve`](Self::serve).
    #[must_use]
    pub fn holding(mut self, holds: impl FnMut(&Call) -> bool + 'static) -> Self {
        self.holds = Box::new(holds);
        self
    }

    /// The calls that were kept from the router, since this was asked last.
    pub fn take_held(&mut self) -> Vec<Arc<Call>> {
        core::mem::take(&mut self.held)
    }

    /// Calls a method, and lets both sides speak, and time pass if need be, until the call ends.
    pub fn call(&mut self, method: &str, params: &Json) -> Result<Json, CallError> {
        let options = CallOptions::default();
        let call = self.act(|client, now| client.call(now, method, params, options));
        self.wait_for(call)
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

    /// What the server's application was told besides calls, since this was asked last.
    pub fn take_server_events(&mut self) -> Vec<Event> {
        core::mem::take(&mut self.events)
    }

    /// Lets time pass on both sides.
    pub fn advance(&mut self, by: Duration) {
        self.pass(by);
    }

    /// Cuts every stream and every request that is open, as a bad network does.
    pub fn cut(&mut self) {
        let now = self.clock.now();
        let open: Vec<ExchangeId> =
            self.wires.iter().filter(|(_, wire)| wire.open).map(|(id, _)| *id).collect();
        for id in open {
            let Some(Wire { own, .. }) = self.leave(id) else { continue };
            self.client.handle_failed(now, own, Delivery::OutcomeUnknown);
        }
        self.run();
    }

    /// Another endpoint takes the place of this one, with nothing of what that knew.
    pub fn replace(&mut self, mut endpoint: Endpoint, mut router: Router<S>) {
        self.cut();
        if let Some(offer) = router.take_offer() {
            endpoint.set_offer(offer);
        }
        (self.endpoint, self.router) = (endpoint, router);
        self.wires.clear();
        self.run();
    }

    /// How many exchanges are open.
    pub fn open(&self) -> usize {
        self.wires.values().filter(|wire| wire.open).count()
    }

    /// Whether the client is done.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// What watches the exchanges.
    pub fn exchanges(&self) -> &Exchanges {
        &self.exchanges
    }

    /// All that went between the two.
    pub fn transcript(&self) -> &WebTranscript {
        &self.transcript
    }

    fn happened(&mut self, entry: WebEntry) {
        entry.show(&mut self.exchanges);
        self.transcript.push(entry);
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
        let body = request.body.as_ref().map_or_else(String::new, |frame| frame.parts().concat());
        self.begun += 1;
        let wire = Wire { own: request.exchange, number: self.begun, open: true };
        let asked = Asked {
            method: request.method.into(),
            fields: headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
            subject: None,
            body: body.clone(),
        };
        self.happened(WebEntry::Asked(wire.number, asked));
        headers.push(("Host", HOST));
        let path = request.url.split_once(HOST).map_or("", |(_, path)| path);
        let head = Head { method: request.method, path, headers: &&*headers };
        match self.endpoint.gate().admit(&head) {
            Ok(admission) => {
                let grant = Arc::new(Grant::default());
                let endpoint = &mut self.endpoint;
                let exchange = endpoint.handle_request(now, admission, grant, body.as_bytes());
                self.wires.insert(exchange, wire);
            }
            Err(response) => self.answer(wire, response),
        }
    }

    fn abort(&mut self, exchange: ClientExchange) {
        let found = self.wires.iter().find(|(_, wire)| wire.own == exchange);
        if let Some(id) = found.map(|(id, _)| *id) {
            self.leave(id);
        }
    }

    /// The endpoint learns that an exchange is gone.
    fn leave(&mut self, id: ExchangeId) -> Option<Wire> {
        let wire = self.close(id)?;
        self.happened(WebEntry::Gone(wire.number));
        self.endpoint.handle_disconnect(self.clock.now(), id);
        Some(wire)
    }

    fn wire(&self, id: ExchangeId) -> Option<Wire> {
        self.wires.get(&id).copied()
    }

    /// The exchange, if it was open; it is no more.
    fn close(&mut self, id: ExchangeId) -> Option<Wire> {
        let wire = self.wires.get_mut(&id)?;
        core::mem::take(&mut wire.open).then_some(*wire)
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
                let Some(wire) = self.wire(exchange) else { return };
                self.close(exchange);
                self.answer(wire, response);
            }
            HttpOutput::Open { exchange, head } => {
                let Some(Wire { own, number, open }) = self.wire(exchange) else { return };
                self.happened(WebEntry::Opened(number, head.status, owned(&head)));
                if open {
                    self.client.handle_head(now, own, head.status, &&*fields(&head));
                }
            }
            HttpOutput::Write { exchange, frame } => {
                let Some(Wire { own, number, open }) = self.wire(exchange) else { return };
                let text = frame.parts().concat();
                self.happened(WebEntry::Wrote(number, text.clone()));
                if open {
                    self.client.handle_body(now, own, text.as_bytes());
                }
            }
            HttpOutput::Finish { exchange } => {
                let Some(Wire { own, number, open }) = self.wire(exchange) else { return };
                self.close(exchange);
                self.happened(WebEntry::Finished(number));
                if open {
                    self.client.handle_end(now, own);
                }
            }
            HttpOutput::Event(Event::Call(call)) if (self.holds)(&call) => self.held.push(call),
            HttpOutput::Event(Event::Call(call)) => {
                let mut port = Direct { endpoint: &mut self.endpoint, now };
                self.router.serve(&mut self.state, call, &mut port);
            }
            HttpOutput::Event(event) => {
                self.router.observe(&mut self.state, &event);
                self.events.push(event);
            }
            HttpOutput::Telemetry(_) | HttpOutput::Close => {}
        }
    }

    /// Gives the client a whole response.
    fn answer(&mut self, wire: Wire, response: Response) {
        let (now, Wire { own, number, open }) = (self.clock.now(), wire);
        let Response { head, body } = response;
        let body = body.map_or_else(String::new, |body| body.parts().concat());
        self.happened(WebEntry::Responded(number, head.status, owned(&head), body.clone()));
        if !open {
            return;
        }
        self.client.handle_head(now, own, head.status, &&*fields(&head));
        if !body.is_empty() {
            self.client.handle_body(now, own, body.as_bytes());
        }
        self.client.handle_end(now, own);
    }
}

impl<S: 'static> Linked for WebPair<S> {
    fn now(&self) -> Instant {
        self.clock.now()
    }

    fn told(&mut self) -> &mut Told {
        &mut self.told
    }

    fn step(&mut self, end: Instant) -> bool {
        let before = self.clock.now();
        let dues = [self.client.poll_timeout(), self.endpoint.poll_timeout()];
        let due = self.clock.step(dues.into_iter().flatten().min(), end);
        let passed = self.clock.now().saturating_since(before);
        if passed > Duration::ZERO {
            self.happened(WebEntry::Passed(passed));
        }
        let Some(now) = due else { return false };
        self.client.handle_timeout(now);
        self.endpoint.handle_timeout(now);
        self.run();
        true
    }
}

fn fields(head: &ResponseHead) -> Vec<(&'static str, String)> {
    head.headers.iter().map(|(name, value)| (*name, value.to_string())).collect()
}

fn owned(head: &ResponseHead) -> Fields {
    fields(head).into_iter().map(|(name, value)| (name.into(), value)).collect()
}
