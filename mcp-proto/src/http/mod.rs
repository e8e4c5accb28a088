//! Streamable HTTP without sockets: heads and bodies in, heads and frames out.
//!
//! One [`Endpoint`] serves 2025-03-26 to 2026-07-28 at one path. The driver around it owns the
//! sockets:
//!
//! 1. It shows each request's [`Head`] to a [`Gate`], which may be asked from any thread. The gate
//!    answers at once, or gives an [`Admission`].
//! 2. It finds out who is calling and makes a [`Grant`](crate::Grant), or refuses with a
//!    [`Challenge`].
//! 3. It reads the body, up to [`Admission::body_bytes_max`], and hands all to
//!    [`Endpoint::handle_request`].
//! 4. It carries out what [`Endpoint::poll_output`] says, in order.
//!
//! One [`HttpClient`] speaks to one server, of whichever revision. The driver around it sends each
//! [`HttpRequest`] that [`HttpClient::poll_output`] gives, and tells of each response what has
//! come: [`handle_head`](HttpClient::handle_head), [`handle_body`](HttpClient::handle_body), then
//! [`handle_end`](HttpClient::handle_end) or [`handle_failed`](HttpClient::handle_failed).
//!
//! Spec: `basic/transports` of 2025-03-26 to 2025-11-25, "Streamable HTTP" of 2026-07-28,
//! `basic/authorization` of each.

mod accept;
mod admit;
mod answer;
mod authority;
mod carry;
mod challenge;
mod client;
mod closing;
mod config;
mod deliver;
mod endpoint;
mod field;
mod get;
mod head;
mod held;
mod mirrored;
mod modern;
mod output;
mod post;
mod replay;
mod session;
mod status;
mod stream;
#[cfg(feature = "tracing")]
mod trace;
mod visit;
mod watch;

pub use admit::{Admission, Gate};
pub use challenge::{Challenge, ProtectedResource};
pub use client::{
    ClientExchange, HttpClient, HttpClientConfig, HttpClientOutput, HttpNotice, HttpRequest,
    InvalidHttpClient, Reconnect, Verdict,
};
pub use config::{
    Check, Conflict, Hosts, HttpConfig, Origins, OverSessions, SessionIds, UnsafeBind,
};
pub use endpoint::Endpoint;
pub use head::{Head, Headers, Response, ResponseHead};
pub use output::{HttpOutput, Refused, StreamFrame, StreamKind, Telemetry};
#[cfg(any(test, feature = "testing"))]
pub(crate) use status::NO_SESSION;
#[cfg(feature = "tracing")]
pub use trace::Trace;
pub use watch::{OpenSession, OpenStream, RunningCall};

#[cfg(test)]
mod tests;
