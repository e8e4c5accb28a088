//! The body of a response, as hyper takes it.

use std::{
    convert::Infallible,
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use hyper::{
    HeaderMap, Response, StatusCode,
    body::{Body as HttpBody, Buf, Frame, SizeHint},
    header::{HeaderName, HeaderValue},
};
use mcp_proto::{
    http::{self, ResponseHead, StreamFrame},
    wire,
};

use crate::exchange::Client;

/// The body of a response: empty, whole, or a stream of events.
///
/// Dropping a stream before its end says that the client is gone.
pub struct Body(Kind);

enum Kind {
    Empty,
    Whole(wire::Frame),
    Stream(Client),
}

impl Body {
    /// No body, for a response of one's own beside those of the endpoint.
    pub fn empty() -> Self {
        Self(Kind::Empty)
    }

    /// One message.
    #[cfg(feature = "client")]
    pub(crate) fn whole(message: wire::Frame) -> Self {
        Self(Kind::Whole(message))
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Kind::Empty => "Body::Empty",
            Kind::Whole(_) => "Body::Whole",
            Kind::Stream(_) => "Body::Stream",
        })
    }
}

/// Encoded text that is sent as it is, without a copy of what streams share.
#[derive(Debug)]
pub struct Chunk {
    text: Text,
    /// How many bytes of it are sent.
    sent: usize,
}

#[derive(Debug)]
enum Text {
    Message(wire::Frame),
    Event(StreamFrame),
}

/// A whole response.
pub(crate) fn whole(response: http::Response) -> Response<Body> {
    let kind = response.body.map_or(Kind::Empty, Kind::Whole);
    with_head(response.head, Body(kind))
}

/// A response that is a stream.
pub(crate) fn stream(head: ResponseHead, client: Client) -> Response<Body> {
    with_head(head, Body(Kind::Stream(client)))
}

/// A response of this status without a body.
pub(crate) fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body(Kind::Empty));
    *response.status_mut() = status;
    response
}

fn with_head(head: ResponseHead, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    let status = StatusCode::from_u16(head.status);
    *response.status_mut() = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut fields = HeaderMap::with_capacity(head.headers.len());
    for (name, value) in head.headers {
        let value = match value {
            std::borrow::Cow::Borrowed(value) => HeaderValue::from_str(value),
            std::borrow::Cow::Owned(value) => HeaderValue::try_from(value),
        };
        // Names are lower-case literals, and values are checked where they are made.
        if let Ok(value) = value {
            fields.append(HeaderName::from_static(name), value);
        }
    }
    *response.headers_mut() = fields;
    response
}

impl HttpBody for Body {
    type Data = Chunk;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Chunk>, Infallible>>> {
        let text = match &mut self.0 {
            Kind::Empty => return Poll::Ready(None),
            Kind::Whole(_) => match std::mem::replace(&mut self.0, Kind::Empty) {
                Kind::Whole(frame) => Text::Message(frame),
                _ => return Poll::Ready(None),
            },
            Kind::Stream(client) => match client.poll_frame(cx) {
                Poll::Ready(Some(frame)) => Text::Event(frame),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            },
        };
        Poll::Ready(Some(Ok(Frame::data(Chunk { text, sent: 0 }))))
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Empty => true,
            Kind::Whole(_) => false,
            Kind::Stream(client) => client.ended(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Empty => SizeHint::with_exact(0),
            Kind::Whole(frame) => SizeHint::with_exact(frame.byte_len() as u64),
            Kind::Stream(_) => SizeHint::default(),
        }
    }
}

impl Buf for Chunk {
    fn remaining(&self) -> usize {
        let len = match &self.text {
            Text::Message(frame) => frame.byte_len(),
            Text::Event(frame) => frame.byte_len(),
        };
        len.saturating_sub(self.sent)
    }

    fn chunk(&self) -> &[u8] {
        match &self.text {
            Text::Message(frame) => rest(&frame.parts(), self.sent),
            Text::Event(frame) => rest(&frame.parts(), self.sent),
        }
    }

    fn advance(&mut self, count: usize) {
        self.sent += count;
    }
}

/// What is left of the part that is being sent.
fn rest<'p>(parts: &[&'p str], mut sent: usize) -> &'p [u8] {
    for part in parts {
        match part.as_bytes().get(sent..) {
            Some(rest) if !rest.is_empty() => return rest,
            _ => sent -= part.len(),
        }
    }
    &[]
}
