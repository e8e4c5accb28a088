//! One request and its response, between the connection that carries it and the driver.

use std::{
    collections::VecDeque,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use mcp_proto::{
    http::{Response, ResponseHead, StreamFrame},
    server::ExchangeId,
};

use crate::inbox::{Inbox, Input};

/// One request and its response: what the driver has said that the connection has not yet sent.
#[derive(Default)]
pub(crate) struct Exchange {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// `None` before the driver has seen the request.
    id: Option<ExchangeId>,
    answer: Option<Answer>,
    frames: VecDeque<StreamFrame>,
    /// How many bytes there are in `frames`.
    bytes: usize,
    /// Whether the driver was told that the client is behind.
    congested: bool,
    /// Nothing more comes.
    ended: bool,
    connection: Option<Waker>,
}

/// How a response begins.
pub(crate) enum Answer {
    Whole(Response),
    Stream(ResponseHead),
}

/// The driver's side.
impl Exchange {
    pub(crate) fn bind(&self, id: ExchangeId) {
        self.lock().id = Some(id);
    }

    pub(crate) fn id(&self) -> Option<ExchangeId> {
        self.lock().id
    }

    /// Begins the response. Nothing follows a whole one.
    pub(crate) fn begin(&self, answer: Answer) {
        let mut state = self.lock();
        state.ended = matches!(answer, Answer::Whole(_));
        state.answer = Some(answer);
        wake(state);
    }

    /// Queues a frame. True: with it, there is more waiting than `bytes_max`, for the first time
    /// since the client has caught up.
    #[must_use]
    pub(crate) fn write(&self, frame: StreamFrame, bytes_max: usize) -> bool {
        let mut state = self.lock();
        state.bytes += frame.byte_len();
        state.frames.push_back(frame);
        let behind = state.bytes > bytes_max && !state.congested;
        state.congested |= behind;
        wake(state);
        behind
    }

    /// Ends the stream, or a request that is not answered any more.
    pub(crate) fn end(&self) {
        let mut state = self.lock();
        state.ended = true;
        wake(state);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wake(mut state: MutexGuard<'_, State>) {
    let connection = state.connection.take();
    drop(state);
    if let Some(connection) = connection {
        connection.wake();
    }
}

/// The connection's side. Dropped before the response has ended, it tells the driver that the
/// client is gone.
pub(crate) struct Client {
    exchange: Arc<Exchange>,
    inbox: Arc<Inbox<Input>>,
    ended: bool,
}

impl Client {
    pub(crate) fn new(exchange: Arc<Exchange>, inbox: Arc<Inbox<Input>>) -> Self {
        Self { exchange, inbox, ended: false }
    }

    pub(crate) fn ended(&self) -> bool {
        self.ended
    }

    /// The next frame of a stream; `None` at its end.
    pub(crate) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<StreamFrame>> {
        let mut state = self.exchange.lock();
        let Some(frame) = state.frames.pop_front() else {
            if state.ended {
                self.ended = true;
                return Poll::Ready(None);
            }
            state.connection = Some(cx.waker().clone());
            return Poll::Pending;
        };
        state.bytes -= frame.byte_len();
        // Most streams are silent most of the time: room for what may come costs more than to make
        // it.
        if state.frames.is_empty() {
            state.frames = VecDeque::new();
        }
        self.ended = state.ended && state.frames.is_empty();
        let caught_up = state.congested && state.frames.is_empty();
        state.congested &= !caught_up;
        drop(state);
        if caught_up && !self.ended {
            // A driver that has ended does not care.
            let _ = self.inbox.push(Input::Drained(Arc::clone(&self.exchange)));
        }
        Poll::Ready(Some(frame))
    }
}

/// Waits for the beginning of the response; `None` if there will be none.
impl Future for Client {
    type Output = Option<Answer>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Answer>> {
        let mut state = self.exchange.lock();
        let answer = state.answer.take();
        let ended = state.ended && !matches!(answer, Some(Answer::Stream(_)));
        if answer.is_none() && !ended {
            state.connection = Some(cx.waker().clone());
            return Poll::Pending;
        }
        drop(state);
        self.ended = ended;
        Poll::Ready(answer)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if !self.ended {
            let _ = self.inbox.push(Input::Gone(Arc::clone(&self.exchange)));
        }
    }
}
