//! What the driver of a client over HTTP is to do, and what its application is told besides the
//! events that every client has.

use alloc::{borrow::Cow, boxed::Box, sync::Arc, vec::Vec};
use core::{fmt, time::Duration};

use crate::{
    client::{ClientCallId, ClientEvent, HttpError},
    wire::Frame,
};

/// The name of one request and its response, for as long as the client lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientExchange(pub(super) u64);

/// What the driver is to do, in order.
#[derive(Debug)]
#[non_exhaustive]
pub enum HttpClientOutput {
    /// Send a request, and tell what comes of it: the head, the body as it comes, and the end or
    /// the failure. Several are open at once. Redirects are not followed by the driver.
    Send(HttpRequest),
    /// Nobody waits for this exchange any more: close its connection, or reset its stream. Nothing
    /// needs to be told of it from now on.
    Abort {
        /// Which.
        exchange: ClientExchange,
    },
    /// Tell the application.
    Event(ClientEvent),
    /// Tell the application what is so over HTTP alone.
    Notice(HttpNotice),
    /// All is done, after [`HttpClient::close`](super::HttpClient::close) or
    /// [`ClientEvent::Failed`]: close the connections.
    Close,
}

/// A request to send.
#[derive(Clone)]
pub struct HttpRequest {
    /// Names it in what is told of it.
    pub exchange: ClientExchange,
    /// `POST`, `GET` or `DELETE`.
    pub method: &'static str,
    /// Where to: always of the origin that the application named.
    pub url: Arc<str>,
    /// The fields, those of the application included. The driver adds what belongs to the
    /// connection: `Host`, `Content-Length`, `Connection`.
    pub headers: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    /// The body of a `POST`.
    pub body: Option<Frame>,
}

impl fmt::Debug for HttpRequest {
    /// Leaves out the fields: some are secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest")
            .field("exchange", &self.exchange)
            .field("method", &self.method)
            .field("url", &self.url)
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}

/// What an application may want to know about a client over HTTP.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum HttpNotice {
    /// The server has forgotten the session (404). Every call that was on its way has been told so;
    /// a new session is begun, and [`ClientEvent::Ready`] comes again. What the old one knew
    /// (subscriptions, cursors) is gone.
    SessionLost,
    /// A stream broke, and what the server told meanwhile may be lost: read again what matters.
    StreamLost {
        /// The call or subscription it belonged to; `None` for the general stream.
        call: Option<ClientCallId>,
        /// After how long it is opened again; `None` if it is not.
        again: Option<Duration>,
    },
    /// The server has no general stream (405, or 404 at the first attempt): nothing is told outside
    /// of calls.
    NoGeneralStream,
    /// A tool was left out of a list, because what it says about header fields is invalid.
    ToolLeftOut {
        /// Its name.
        tool: Box<str>,
        /// What is wrong with it.
        reason: Box<str>,
    },
    /// A message that has no answer of its own could not be delivered: a notification, an answer to
    /// a question of the server.
    Undelivered {
        /// The method of a notification; `None` for an answer.
        method: Option<Box<str>>,
        /// Why.
        error: HttpError,
    },
}
