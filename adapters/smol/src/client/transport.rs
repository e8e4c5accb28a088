//! Requests on their way, each a task of its own.

use std::{
    collections::HashMap, error::Error, future::poll_fn, io, pin::Pin, rc::Rc, time::Duration,
};

use hyper::{
    HeaderMap, Method, Request, Response, Uri,
    body::{Body as _, Bytes, Incoming},
    client::conn::http1::SendRequest,
    header::{HOST, HeaderName, HeaderValue},
    http::response::Parts,
};
use mcp_proto::{
    client::Delivery,
    http::{ClientExchange, Headers, HttpRequest},
};
use smol::{
    LocalExecutor, Task,
    channel::{Receiver, Sender, bounded},
};

use super::connect::{Connector, Pool, within};
use crate::{
    body::Body,
    socket::{Scratch, scratch},
};

/// How many pieces of responses wait for the driver. Beyond that the connections wait, and with
/// them the server.
const TOLD_MAX: usize = 16;

/// What has come of a request.
pub(super) enum Told {
    Head(Parts),
    Body(Bytes),
    End,
    /// There will be nothing more.
    Failed(Delivery, io::Error),
}

/// Sends requests, several at once.
pub(crate) struct Transport {
    executor: Rc<LocalExecutor<'static>>,
    line: Rc<Line>,
    open: HashMap<ClientExchange, Task<()>>,
    told: Receiver<(ClientExchange, Told)>,
    tell: Sender<(ClientExchange, Told)>,
}

/// What the requests share.
struct Line {
    connector: Connector,
    pool: Pool,
    scratch: Scratch,
    /// The longest silence within the body of a response.
    read_timeout: Duration,
}

impl Transport {
    pub(crate) fn new(connector: Connector, read_timeout: Duration) -> Self {
        let (tell, told) = bounded(TOLD_MAX);
        let line = Line { connector, pool: Pool::default(), scratch: scratch(), read_timeout };
        Self { executor: Rc::default(), line: Rc::new(line), open: HashMap::new(), told, tell }
    }

    /// What the requests run on.
    pub(super) fn executor(&self) -> Rc<LocalExecutor<'static>> {
        self.executor.clone()
    }

    pub(super) fn send(&mut self, request: HttpRequest) {
        let (exchange, line, tell) = (request.exchange, self.line.clone(), self.tell.clone());
        let executor = Rc::downgrade(&self.executor);
        let carry = async move {
            let connect = || line.connector.connect(&executor, &line.scratch);
            let last = match line.carry(&request, connect, &tell).await {
                Ok(()) => Told::End,
                Err(Failure { delivery, error }) => Told::Failed(delivery, error),
            };
            // Nobody hears it where the driver has ended.
            let _ = tell.send((exchange, last)).await;
        };
        self.open.insert(exchange, self.executor.spawn(carry));
    }

    /// Gives a request up: its connection is closed.
    pub(super) fn abort(&mut self, exchange: ClientExchange) {
        self.open.remove(&exchange);
    }

    /// What has come of requests that are not given up.
    pub(super) async fn next(&mut self) -> Option<(ClientExchange, Told)> {
        loop {
            let told = self.told.recv().await.ok()?;
            if let Some(told) = self.sort(told) {
                return Some(told);
            }
        }
    }

    /// The same, if there is any by now.
    pub(super) fn try_next(&mut self) -> Option<(ClientExchange, Told)> {
        loop {
            let told = self.told.try_recv().ok()?;
            if let Some(told) = self.sort(told) {
                return Some(told);
            }
        }
    }

    fn sort(&mut self, told: (ClientExchange, Told)) -> Option<(ClientExchange, Told)> {
        let task = self.open.remove(&told.0)?;
        match told.1 {
            Told::End | Told::Failed(..) => task.detach(),
            Told::Head(_) | Told::Body(_) => drop(self.open.insert(told.0, task)),
        }
        Some(told)
    }
}

/// Why there is nothing more of a request.
struct Failure {
    delivery: Delivery,
    error: io::Error,
}

impl Failure {
    /// Nothing of it has left.
    fn unsent(error: io::Error) -> Self {
        Self { delivery: Delivery::NotSent, error }
    }

    /// Some of it has, or may have.
    fn broken(error: io::Error) -> Self {
        Self { delivery: Delivery::OutcomeUnknown, error }
    }
}

/// What the operating system said, in the words of hyper.
fn reported(error: hyper::Error) -> io::Error {
    let system = error.source().and_then(<dyn Error>::downcast_ref::<io::Error>);
    let kind = system.map_or(io::ErrorKind::Other, io::Error::kind);
    io::Error::new(kind, error)
}

impl Line {
    /// Sends a request and tells all but the end of what comes of it.
    async fn carry<F: Future<Output = io::Result<SendRequest<Body>>>>(
        &self,
        request: &HttpRequest,
        connect: impl Fn() -> F,
        tell: &Sender<(ClientExchange, Told)>,
    ) -> Result<(), Failure> {
        let exchange = request.exchange;
        let (sender, response) = self.send(written(request)?, connect).await?;
        let (head, mut body) = response.into_parts();
        let _ = tell.send((exchange, Told::Head(head))).await;
        loop {
            let frame = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx));
            let frame = within(self.read_timeout, frame).await.map_err(Failure::broken)?;
            let Some(frame) = frame else { break };
            let frame = frame.map_err(|error| Failure::broken(reported(error)))?;
            if let Ok(bytes) = frame.into_data() {
                let _ = tell.send((exchange, Told::Body(bytes))).await;
            }
        }
        self.pool.put(sender).await;
        Ok(())
    }

    /// Sends a request over a connection that is there, or a new one. What a connection did not
    /// take has not left, and goes over the next.
    async fn send<F: Future<Output = io::Result<SendRequest<Body>>>>(
        &self,
        mut request: Request<Body>,
        connect: impl Fn() -> F,
    ) -> Result<(SendRequest<Body>, Response<Incoming>), Failure> {
        loop {
            let (mut sender, fresh) = match self.pool.take() {
                Some(sender) => (sender, false),
                None => (connect().await.map_err(Failure::unsent)?, true),
            };
            match sender.try_send_request(request).await {
                Ok(response) => return Ok((sender, response)),
                Err(mut refused) => match refused.take_message() {
                    Some(unsent) if !fresh => request = unsent,
                    Some(_) => return Err(Failure::unsent(reported(refused.into_error()))),
                    None => return Err(Failure::broken(reported(refused.into_error()))),
                },
            }
        }
    }
}

/// A request as hyper takes it.
fn written(request: &HttpRequest) -> Result<Request<Body>, Failure> {
    let invalid = || Failure::unsent(io::ErrorKind::InvalidInput.into());
    let url: Uri = request.url.parse().map_err(|_| invalid())?;
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    let host = url.authority().ok_or_else(invalid)?;
    let body = request.body.clone().map_or_else(Body::empty, Body::whole);
    let mut written = Request::new(body);
    *written.method_mut() = Method::try_from(request.method).map_err(|_| invalid())?;
    *written.uri_mut() = path.parse().map_err(|_| invalid())?;
    let fields = written.headers_mut();
    fields.insert(HOST, HeaderValue::from_str(host.as_str()).map_err(|_| invalid())?);
    for (name, value) in &request.headers {
        let name = HeaderName::try_from(&**name).map_err(|_| invalid())?;
        fields.append(name, HeaderValue::from_str(value).map_err(|_| invalid())?);
    }
    Ok(written)
}

/// The fields of a response.
pub(super) struct Fields<'h>(pub(super) &'h HeaderMap);

impl Headers for Fields<'_> {
    fn each(&self, visit: &mut dyn FnMut(&str, &[u8])) {
        for (name, value) in self.0 {
            visit(name.as_str(), value.as_bytes());
        }
    }
}
