//! What `tiny_http` hands over, looked at with the distrust it needs, and let go of with care.
//!
//! `tiny_http` 0.12 takes any `Transfer-Encoding` for `chunked` and the first of several lengths
//! for the length; what it so mistakes for the next request on the connection must not be served.
//! And where a body has not been read, dropping the request allocates its announced length and
//! waits for all of it.

use std::{
    io::{self, Read},
    mem,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use mcp_proto::http::{Head, Headers, Response};
use tiny_http::{HTTPVersion, Header, Request, StatusCode};

use crate::{answer::Manner, line::Line, peers::Seat};

/// The longest body that `tiny_http` reads before it hands over the request.
const READ_AHEAD_MAX: usize = 1024;

/// The longest unread body that is waited for; a longer one could end the process.
const WAITED_FOR_MAX: usize = 64 << 20;

/// The longest body that is read though nobody wants it.
const UNWANTED_MAX: usize = 64 << 10;

/// How many requests may be under way on one connection: hardly any client has two.
const AHEAD_MAX: usize = 8;

/// How many requests may be parked for good, because nothing else can be done with them.
pub(crate) const PARKED_MAX: usize = 64;

/// A request, and what its head says about its body.
pub(crate) struct Arrival {
    request: Request,
    body: Body,
    seat: Seat,
    parked: Arc<Parked>,
}

/// Where the body of a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    /// In memory, or there is none.
    Here(usize),
    /// With the client: so many bytes.
    Ahead(usize),
    /// With the client, in chunks.
    Chunked,
    /// Nobody can tell: different readers would find its end at different places.
    Unclear,
}

/// Requests that nothing can be done with: each keeps a thread of `tiny_http` for good.
#[derive(Debug, Default)]
pub(crate) struct Parked(AtomicUsize);

impl Parked {
    /// Whether there are as many as may be.
    pub(crate) fn is_full(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= PARKED_MAX
    }

    fn park<T>(&self, what: T) {
        self.0.fetch_add(1, Ordering::Relaxed);
        mem::forget(what);
    }
}

impl Arrival {
    pub(crate) fn new(request: Request, seat: Seat, parked: Arc<Parked>) -> Self {
        let body = Body::of(&request);
        Self { request, body, seat, parked }
    }

    /// Shows the head to `look`.
    pub(crate) fn with_head<T>(&self, look: impl FnOnce(&Head<'_>) -> T) -> T {
        let url = self.request.url();
        let path = url.split_once('?').map_or(url, |(path, _)| path);
        let fields = Fields(self.request.headers());
        look(&Head { method: self.request.method().as_str(), path, headers: &fields })
    }

    pub(crate) fn body(&self) -> Body {
        self.body
    }

    pub(crate) fn peer(&self) -> SocketAddr {
        self.seat.peer()
    }

    /// Whether its client asks on and on without waiting for answers.
    pub(crate) fn is_one_too_many(&self) -> bool {
        self.seat.ahead >= AHEAD_MAX
    }

    /// Reads the body; otherwise says with which status it is refused. Where none is wanted, a
    /// short one is read all the same, so that the connection can be used on. Waits for the client
    /// unless the body is here.
    pub(crate) fn read_body(&mut self, wanted: usize, timeout: Duration) -> Result<Vec<u8>, u16> {
        let most = if wanted == 0 { UNWANTED_MAX } else { wanted };
        let expected = match self.body {
            Body::Here(0) => return Ok(Vec::new()),
            Body::Unclear => return Err(400),
            Body::Here(length) | Body::Ahead(length) if length > most => return Err(413),
            Body::Here(length) | Body::Ahead(length) => Some(length),
            Body::Chunked => None,
        };
        let reader = self.request.as_reader().take(expected.unwrap_or(most + 1) as u64);
        let body = read(reader, expected.unwrap_or(READ_AHEAD_MAX), timeout)?;
        if body.len() > most {
            return Err(413);
        }
        if expected.is_some_and(|length| body.len() < length) {
            return Err(400);
        }
        self.body = Body::Here(0);
        Ok(if wanted == 0 { Vec::new() } else { body })
    }

    /// The way back to the client. The body has been read, or `close` has been decided on.
    pub(crate) fn into_line(self, close: bool) -> Line {
        let manner = self.manner(close);
        Line::new(self.request.into_writer(), manner, self.seat)
    }

    /// Whether letting go of the request takes no time and no memory.
    pub(crate) fn is_light(&self) -> bool {
        match self.body {
            Body::Here(_) => true,
            Body::Ahead(_) => is_upgrade(&self.request),
            Body::Chunked | Body::Unclear => {
                self.request.body_length().is_none_or(|length| length <= READ_AHEAD_MAX)
                    && !expects(&self.request)
            }
        }
    }

    /// Answers before the body has been read, and waits until the client has sent it all the same
    /// or is gone: `tiny_http` must. The connection ends so.
    pub(crate) fn refuse(self, response: &Response, patience: Duration) {
        if self.is_light() {
            return self.into_line(true).send_patiently(response, patience);
        }
        let manner = self.manner(true);
        let Self { request, body, seat, parked } = self;
        let length = request.body_length().unwrap_or(0);
        // The one way to speak before the body is dropped is said to be an upgrade. What
        // tiny_http writes for it is an interim response.
        let interim = tiny_http::Response::new_empty(StatusCode(100));
        let stream = request.upgrade("HTTP/1.1", interim);
        let mut line = Line::new(stream, manner, seat);
        line.write_patiently(response, patience);
        debug_assert_ne!(body, Body::Here(0), "what has been read is light");
        if length > WAITED_FOR_MAX {
            parked.park(line.into_out());
        }
    }

    /// Lets go of a request without an answer.
    pub(crate) fn ignore(self) {
        if self.request.body_length().is_some_and(|length| length > WAITED_FOR_MAX) {
            let Self { request, parked, .. } = self;
            parked.park(request);
        } else {
            drop(self.request.into_writer());
        }
    }

    /// Lets go of a request for which there is no thread that could wait for its end.
    pub(crate) fn abandon(self) {
        if self.is_light() {
            return self.ignore();
        }
        let Self { request, parked, .. } = self;
        parked.park(request);
    }

    fn manner(&self, close: bool) -> Manner {
        Manner {
            close: close || is_upgrade(&self.request),
            head_only: *self.request.method() == tiny_http::Method::Head,
            old: *self.request.http_version() != HTTPVersion(1, 1),
        }
    }
}

impl Body {
    fn of(request: &Request) -> Self {
        let (mut codings, mut lengths) = (Vec::new(), Vec::new());
        for Header { field, value } in request.headers() {
            // What stands between a CR or LF and the end of the line was a field to others.
            if value.as_str().bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
                return Self::Unclear;
            }
            if field.equiv("Transfer-Encoding") {
                codings.push(value.as_str());
            } else if field.equiv("Content-Length") {
                lengths.push(value.as_str());
            }
        }
        let upgrade = is_upgrade(request);
        match (&codings[..], &lengths[..]) {
            ([], []) => Self::Here(0),
            ([], [length]) => match length_of(length) {
                Some(0) => Self::Here(0),
                Some(length) if length <= READ_AHEAD_MAX && !upgrade && !expects(request) => {
                    Self::Here(length)
                }
                Some(length) => Self::Ahead(length),
                None => Self::Unclear,
            },
            ([coding], [])
                if coding.eq_ignore_ascii_case("chunked")
                    && !upgrade
                    && *request.http_version() == HTTPVersion(1, 1) =>
            {
                Self::Chunked
            }
            _ => Self::Unclear,
        }
    }
}

fn length_of(text: &str) -> Option<usize> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// Whether `tiny_http` takes this for the last request of its connection, and its body for whatever
/// follows.
fn is_upgrade(request: &Request) -> bool {
    let connection = request.headers().iter().find(|header| header.field.equiv("Connection"));
    connection.is_some_and(|header| header.value.as_str().to_ascii_lowercase().contains("upgrade"))
}

/// Whether the client waits for a word before it sends the body.
fn expects(request: &Request) -> bool {
    request.headers().iter().any(|header| header.field.equiv("Expect"))
}

struct Fields<'r>(&'r [Header]);

impl Headers for Fields<'_> {
    fn each(&self, visit: &mut dyn FnMut(&str, &[u8])) {
        for Header { field, value } in self.0 {
            visit(field.as_str().as_str(), value.as_str().as_bytes());
        }
    }
}

/// Reads to the end, or says with which status that failed.
fn read(mut reader: impl Read, expected: usize, timeout: Duration) -> Result<Vec<u8>, u16> {
    let began = Instant::now();
    let mut body = Vec::with_capacity(expected.min(64 << 10));
    let mut piece = [0; 4096];
    loop {
        match reader.read(&mut piece) {
            Ok(0) => return Ok(body),
            Ok(count) => body.extend_from_slice(piece.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if crate::line::is_stall(&error) => return Err(408),
            Err(_) => return Err(400),
        }
        if began.elapsed() > timeout {
            return Err(408);
        }
    }
}
