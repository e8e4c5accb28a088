//! A client of this project, over whatever it speaks.

use mcp_proto::{
    ClientPipe, CommandError, Instant,
    client::{CallOptions, Client, ClientCallId, ClientConfig, Listening, QuestionId},
    http::{HttpClient, HttpClientConfig},
    schema::{Answer, Level},
    wire::Json,
};

use crate::Seeded;

/// A client, over a pipe or over HTTP.
pub(super) enum Machine {
    Pipe(Box<ClientPipe>),
    Http(Box<HttpClient>),
}

/// Where the one server is that is behind HTTP.
const URL: &str = "http://localhost/mcp";

/// Does the same to either.
macro_rules! either {
    ($machine:expr, $one:ident => $what:expr) => {
        match $machine {
            Machine::Pipe($one) => $what,
            Machine::Http($one) => $what,
        }
    };
}

impl Machine {
    pub(super) fn new(config: ClientConfig, web: bool, seed: u64) -> Self {
        if !web {
            return Self::Pipe(Box::new(ClientPipe::new(config)));
        }
        let http = HttpClientConfig::new(URL);
        let client = HttpClient::new(config, http, Box::new(Seeded(seed)));
        Self::Http(Box::new(client.expect("a client")))
    }

    pub(super) fn pipe(&mut self) -> Option<&mut ClientPipe> {
        match self {
            Self::Pipe(pipe) => Some(pipe),
            Self::Http(_) => None,
        }
    }

    pub(super) fn http(&mut self) -> Option<&mut HttpClient> {
        match self {
            Self::Pipe(_) => None,
            Self::Http(http) => Some(http),
        }
    }

    pub(super) fn client(&self) -> &Client {
        either!(self, one => one.client())
    }

    pub(super) fn start(&mut self, now: Instant) {
        either!(self, one => one.start(now));
    }

    pub(super) fn call(
        &mut self,
        now: Instant,
        method: &str,
        params: &Json,
        options: CallOptions,
    ) -> ClientCallId {
        either!(self, one => one.call(now, method, params, options))
    }

    pub(super) fn cancel(&mut self, call: ClientCallId) -> Result<(), CommandError> {
        either!(self, one => one.cancel(call, Some("a change of mind")))
    }

    pub(super) fn answer(
        &mut self,
        now: Instant,
        question: QuestionId,
        answer: Answer,
    ) -> Result<(), CommandError> {
        either!(self, one => one.answer(now, question, answer))
    }

    pub(super) fn listen(&mut self, now: Instant, wish: Listening) -> ClientCallId {
        either!(self, one => one.listen(now, wish))
    }

    pub(super) fn set_level(&mut self, now: Instant, level: Level) -> Option<ClientCallId> {
        either!(self, one => one.set_level(now, level))
    }

    pub(super) fn due(&self) -> Option<Instant> {
        either!(self, one => one.poll_timeout())
    }

    pub(super) fn time_out(&mut self, now: Instant) {
        either!(self, one => one.handle_timeout(now));
    }
}
