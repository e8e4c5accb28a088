//! The end of an endpoint in good order.

use alloc::vec::Vec;

use super::{Endpoint, HttpOutput, StreamFrame, StreamKind, endpoint::End, stream::Stream};
use crate::{
    server::{CloseReason, ExchangeId, SessionKey},
    wire::sse,
};

impl Endpoint {
    /// Listens get their result, and general streams an end; calls may finish.
    pub(super) fn begin_draining(&mut self) {
        self.server.end_listens();
        self.deliver_outputs();
        let is_general = |key: &ExchangeId| {
            self.streams.get(key).is_some_and(|stream| stream.kind == StreamKind::General)
        };
        let general: Vec<ExchangeId> = self.streams.keys().copied().filter(is_general).collect();
        for key in general {
            self.send_away(key);
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
            self.send_away(key);
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

    /// Ends a stream whatever it has to say still; where its client would come back, it is told
    /// not to do so at once.
    fn send_away(&mut self, key: ExchangeId) {
        let comes_back = |stream: &Stream| stream.session.is_some() && !stream.is_headless();
        if self.streams.get(&key).is_some_and(|stream| comes_back(stream)) {
            self.write_raw(key, StreamFrame::alone(sse::retry(self.http.retry)));
        }
        self.drop_stream(key);
    }
}
