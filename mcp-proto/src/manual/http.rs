//! A server behind HTTP: what the driver does, and what the endpoint does for it.
//!
//! One [`Endpoint`](crate::http::Endpoint) serves 2025-03-26 to 2026-07-28 at one path; which of
//! them a request is of, its body says. The driver owns the sockets and decides nothing about the
//! protocol. For each request it
//!
//! 1. shows the head to the [`Gate`](crate::http::Gate), which answers at once or admits it;
//! 2. finds out who is calling, and makes a [`Grant`](crate::Grant) or a
//!    [`Challenge`](crate::http::Challenge);
//! 3. reads the body, no longer than
//!    [`body_bytes_max`](crate::http::Admission::body_bytes_max), and hands everything in;
//! 4. carries out what comes out: each exchange gets one `Respond`, or one `Open`, then any number
//!    of `Write`, then one `Finish`.
//!
//! It tells the endpoint when a connection is gone and when a client is behind with reading.
//!
//! ```
//! use mcp_proto::{
//!     Entropy, Grant, Instant,
//!     http::{Endpoint, Head, HttpConfig, HttpOutput},
//!     schema::Implementation,
//!     server::ServerConfig,
//! };
//!
//! // Random bytes of the operating system, in an adapter.
//! struct NotRandom;
//! impl Entropy for NotRandom {
//!     fn fill(&mut self, bytes: &mut [u8]) {
//!         bytes.fill(7);
//!     }
//! }
//!
//! let config = ServerConfig::new(Implementation::new("small", "1"));
//! let mut endpoint = Endpoint::new(config, HttpConfig::default(), Box::new(NotRandom));
//!
//! let fields = [
//!     ("Host", "localhost:8080"),
//!     ("Accept", "application/json, text/event-stream"),
//!     ("Content-Type", "application/json"),
//!     ("MCP-Protocol-Version", "2026-07-28"),
//!     ("Mcp-Method", "server/discover"),
//! ];
//! let head = Head { method: "POST", path: "/mcp", headers: &&fields[..] };
//! let admission = endpoint.gate().admit(&head).expect("nothing speaks against it");
//! let body = concat!(
//!     r#"{"jsonrpc":"2.0","id":1,"method":"server/discover","params":{"_meta":{"#,
//!     r#""io.modelcontextprotocol/protocolVersion":"2026-07-28","#,
//!     r#""io.modelcontextprotocol/clientCapabilities":{}}}}"#,
//! );
//! let now = Instant::ZERO;
//! let grant = Grant::default().into();
//! let exchange = endpoint.handle_request(now, admission, grant, body.as_bytes());
//!
//! let mut status = None;
//! while let Some(output) = endpoint.poll_output() {
//!     if let HttpOutput::Respond { exchange: answered, response } = output {
//!         assert_eq!(answered, exchange);
//!         status = Some(response.head.status);
//!     }
//! }
//! assert_eq!(status, Some(200));
//! ```
//!
//! # One answer or a stream
//!
//! If a call's result is the first thing said about it, the answer is one JSON text. If something
//! comes before it (progress, a log message, a question), or nothing comes for
//! [`stream_after`](crate::http::HttpConfig::stream_after), the answer is a stream of events that
//! ends with the result. Handlers need not care.
//!
//! | | with a session | 2026-07-28 |
//! |---|---|---|
//! | who the client is | `Mcp-Session-Id`, and the grant's subject | each request says |
//! | a call's connection is gone | the call goes on, its client comes back | the call is over |
//! | what belongs to no call | on the general stream (`GET`) | on `subscriptions/listen` |
//! | errors before a handler runs | 200; 400 if it cannot be served at all | a status for each |
//!
//! # Streams that are cut
//!
//! Events in sessions have ids. What was sent is kept for
//! [`replay_keep`](crate::http::HttpConfig::replay_keep), within
//! [`replay_events_max`](crate::Limits::replay_events_max) and
//! [`replay_bytes_max`](crate::Limits::replay_bytes_max), and a `GET` with `Last-Event-ID` gets
//! what followed and then what comes. In 2025-11-25 a stream begins with an id, so that it can be
//! resumed from the first moment, and [`park`](crate::router::CallContext::park) ends the
//! connection of a long call until the client asks again.
//!
//! # Clients that do not read
//!
//! While a client is behind, its log messages are dropped and counted, and of progress and changes
//! the latest waits. Responses and questions are always sent; a driver that cannot hold them any
//! longer closes the connection and says so. Nobody else waits.
//!
//! # Over a ceiling
//!
//! 429 says that a caller or a session has too much open, 503 that the server has; the body says
//! which, as a JSON-RPC error -32603. [`Limits`](crate::Limits) has all ceilings.
