//! The end of an endpoint in good order.

use alloc::vec::Vec;

use super::{Endpoint, HttpOutput, StreamFrame, StreamKind, endpoint::End};
use crate::{
    server::{CloseReason, ExchangeId, SessionKey},
    wire::sse,
};

impl Endpoint {
    /// Listens get their result, and general streams an end; calls may finish.
    pub(super) fn begin_draining(&mut self) {
        self.server.end_listens();
        self.deliver_outputs();
        let of_general = |(key, stream): (&ExchangeId, &super::stream::Stream)| {
            (stream.kind == StreamKind::General).then_some(*key)
        };
        let general: Vec<ExchangeId> = self.streams.iter().filter_map(of_general).collect();
        for key in general {
            self.write_raw(key, StreamFrame::alone(sse::retry(self.http.retry)));
            self.drop_stream(key);
        }
        self.finish_draining();
    }

    /// Closes, once nothing is left to wait for, or the time for it is over.
    pub(super) fn finish_draining(&mut self) {
        let End::Draining { until } = self.end else { return };
        if !self.calls.is_empty() && self.now < until {
            return;
        }
        let streams: Vec<ExchangeId> = self.streams.keys().copied().collect();
        for key in streams {
            self.drop_stream(key);
        }
        let sessions: Vec<SessionKey> = self.sessions.iter().map(|(key, _)| key).collect();
        for key in sessions {
            self.end_session(key, CloseReason::Server);
        }
        self.server.handle_closed();
        self.deliver_outputs();
        self.end = End::Closed;
        self.outputs.push_back(HttpOutput::Close);
    }
}
