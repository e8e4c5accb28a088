//! The way of a request: gate, authorization, body, driver.

use std::{
    fmt,
    future::{Future, Ready, poll_fn, ready},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use hyper::{
    HeaderMap, Request, Response, StatusCode,
    body::{Body as HttpBody, Buf, Bytes},
    http::request::Parts,
};
use mcp_proto::{
    Grant,
    http::{self, Admission, Challenge, Endpoint, Gate, Head, Headers},
    router::Outbox,
};
use smol::{Timer, channel, future};

use crate::{
    body::{self, Body},
    exchange::{Answer, Client, Exchange},
    inbox::{Inbox, Input},
};

/// Finds out who is calling.
///
/// Every `Fn(&Head) -> impl Future<Output = Result<Grant, Challenge>>` is one; what it needs of the
/// head it takes before its future begins. It may also give an `Arc<Grant>`.
pub trait Authorize {
    /// The decision to come.
    type Decision: Future<Output = Result<Arc<Grant>, Challenge>>;

    /// Decides about a head.
    fn authorize(&self, head: &Head<'_>) -> Self::Decision;
}

/// Lets everybody call, as nobody in particular.
#[derive(Clone, Debug, Default)]
pub struct Anyone(Arc<Grant>);

impl Authorize for Anyone {
    type Decision = Ready<Result<Arc<Grant>, Challenge>>;

    fn authorize(&self, _: &Head<'_>) -> Self::Decision {
        ready(Ok(Arc::clone(&self.0)))
    }
}

impl<F, D> Authorize for F
where
    F: Fn(&Head<'_>) -> D,
    D: Future<Output = Result<Arc<Grant>, Challenge>>,
{
    type Decision = D;

    fn authorize(&self, head: &Head<'_>) -> D {
        self(head)
    }
}

/// Takes requests to a [`Driver`](crate::Driver), from any thread and any executor. Clones are
/// cheap.
pub struct Handle<A = Anyone> {
    inner: Arc<Inner<A>>,
}

struct Inner<A> {
    gate: Gate,
    authorize: A,
    inbox: Arc<Inbox<Input>>,
    body_timeout: Duration,
}

impl<A> Clone for Handle<A> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<A> fmt::Debug for Handle<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").finish_non_exhaustive()
    }
}

impl<A> Handle<A> {
    /// What other threads and tasks speak through: to tell of a resource that has changed, say.
    pub fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::clone(&self.inner.inbox) as Arc<dyn Outbox>
    }

    /// Ends the server in good order: see [`Endpoint::shut_down`].
    pub fn shut_down(&self) {
        // A driver that has ended is shut down.
        let _ = self.inner.inbox.push(Input::ShutDown);
    }

    /// Looks at the endpoint: its sessions, calls and streams. `None` if the driver has ended.
    pub async fn inspect<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Endpoint) -> T + Send + 'static,
    ) -> Option<T> {
        let (sender, seen) = channel::bounded(1);
        let look = Box::new(move |endpoint: &Endpoint| drop(sender.try_send(look(endpoint))));
        self.inner.inbox.push(Input::Inspect(look)).ok()?;
        seen.recv().await.ok()
    }

    /// Tells the operator that a request was answered with an error without the driver.
    pub(crate) fn tell_turned_away(&self, status: u16) {
        self.inner.inbox.push_lossy(Input::TurnedAway(status));
    }
}

impl<A: Authorize> Handle<A> {
    pub(crate) fn new(
        gate: Gate,
        authorize: A,
        inbox: Arc<Inbox<Input>>,
        body_timeout: Duration,
    ) -> Self {
        Self { inner: Arc::new(Inner { gate, authorize, inbox, body_timeout }) }
    }

    /// Answers a request: a function that can be mounted in any service of hyper's.
    ///
    /// The future, dropped before it is done, or the body, dropped before its end, says that the
    /// client is gone.
    pub fn handle<B: HttpBody>(
        &self,
        request: Request<B>,
    ) -> impl Future<Output = Response<Body>> + use<'_, A, B> {
        let (parts, body) = request.into_parts();
        // The head is not kept while the rest comes.
        let admitted = self.admit(&parts);
        async move {
            match admitted {
                Ok((admission, decision)) => self.answer(admission, decision, body).await,
                Err(response) => self.turn_away(*response),
            }
        }
    }

    async fn answer<B: HttpBody>(
        &self,
        admission: Box<Admission>,
        decision: A::Decision,
        body: B,
    ) -> Response<Body> {
        let grant = match decision.await {
            Ok(grant) => grant,
            Err(challenge) => return self.turn_away(admission.challenge(&challenge)),
        };
        let inner = &*self.inner;
        let body = match read(body, admission.body_bytes_max(), inner.body_timeout).await {
            Ok(body) => body,
            Err(status) => return self.turn_away(admission.refuse_body(status)),
        };
        let exchange = Arc::new(Exchange::default());
        let request = Input::Request { admission, grant, body, exchange: Arc::clone(&exchange) };
        if let Err(input) = inner.inbox.push(request) {
            return unserved(input);
        }
        let mut client = Client::new(exchange, Arc::clone(&inner.inbox));
        match (&mut client).await {
            Some(Answer::Whole(response)) => body::whole(response),
            Some(Answer::Stream(head)) => body::stream(head, client),
            None => body::empty(StatusCode::SERVICE_UNAVAILABLE),
        }
    }

    /// Answers a request that the driver does not get to see.
    fn turn_away(&self, response: http::Response) -> Response<Body> {
        // Those to preflights and for metadata turn nobody away.
        if response.head.status >= 400 {
            self.tell_turned_away(response.head.status);
        }
        body::whole(response)
    }

    fn admit(&self, parts: &Parts) -> Result<(Box<Admission>, A::Decision), Box<http::Response>> {
        let fields = Fields(parts);
        let head = Head { method: parts.method.as_str(), path: parts.uri.path(), headers: &fields };
        // It is moved a few times on its way.
        let admission = Box::new(self.inner.gate.admit(&head).map_err(Box::new)?);
        Ok((admission, self.inner.authorize.authorize(&head)))
    }
}

/// The driver has ended.
fn unserved(input: Input) -> Response<Body> {
    const STATUS: StatusCode = StatusCode::SERVICE_UNAVAILABLE;
    match input {
        Input::Request { admission, .. } => body::whole(admission.unavailable(STATUS.as_u16())),
        _ => body::empty(STATUS),
    }
}

struct Fields<'p>(&'p Parts);

impl Headers for Fields<'_> {
    fn each(&self, visit: &mut dyn FnMut(&str, &[u8])) {
        let Parts { headers, uri, .. } = self.0;
        for (name, value) in headers {
            visit(name.as_str(), value.as_bytes());
        }
        // Where the request line names the server, as in HTTP/2.
        if let Some(authority) = uri.authority()
            && !HeaderMap::contains_key(headers, "host")
        {
            visit("host", authority.as_str().as_bytes());
        }
    }
}

/// Reads a body of at most `bytes_max`; otherwise says with which status it is refused.
async fn read<B: HttpBody>(body: B, bytes_max: usize, timeout: Duration) -> Result<Bytes, u16> {
    if bytes_max == 0 || body.is_end_stream() {
        return Ok(Bytes::new());
    }
    if body.size_hint().lower() > bytes_max as u64 {
        return Err(413);
    }
    let late = async {
        Timer::after(timeout).await;
        Err(408)
    };
    // The timer is only set if the body is not there yet.
    future::or(collect(body, bytes_max), late).await
}

async fn collect<B: HttpBody>(body: B, bytes_max: usize) -> Result<Bytes, u16> {
    let mut body = pin!(body);
    // What comes in one piece, as nearly all do, is not copied.
    let (mut first, mut all) = (Bytes::new(), Vec::new());
    while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        let Ok(mut data) = frame.map_err(|_| 400_u16)?.into_data() else { continue };
        let len = data.remaining();
        if len > bytes_max - first.len().max(all.len()) {
            return Err(413);
        }
        if first.is_empty() && all.is_empty() {
            first = data.copy_to_bytes(len);
        } else {
            if all.is_empty() {
                all.extend_from_slice(&std::mem::take(&mut first));
            }
            while data.has_remaining() {
                let piece = data.chunk();
                all.extend_from_slice(piece);
                let len = piece.len();
                data.advance(len);
            }
        }
        if body.is_end_stream() {
            break;
        }
    }
    Ok(if all.is_empty() { first } else { all.into() })
}
