//! The server behind HTTP, and the exchanges that are under way with it.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use mcp_proto::{
    Grant, Instant,
    http::{
        ClientExchange, Endpoint, Head, HttpConfig, HttpOutput, HttpRequest, Response, ResponseHead,
    },
    server::{Command, ExchangeId},
};

use super::{
    app::{self, App},
    defect::Defect,
    lies::{Heard, Letter, Loot},
    plan::{self, Case, Lie},
    script::Stage,
    trace::{Leg, Record},
};
use crate::{
    Seeded,
    checker::{Asked, Exchanges, Invariant, Violation},
};

/// A server behind HTTP.
pub(super) struct Web {
    pub(super) endpoint: Endpoint,
    app: App,
    checker: Exchanges,
    pub(super) trips: Vec<Trip>,
    /// The exchanges that are open at the server.
    open: BTreeMap<ExchangeId, usize>,
    closed: bool,
    record: Record,
    /// How many bytes of a stream may wait before its client counts as behind.
    stream_bytes: usize,
    /// The trips whose clients have fallen behind.
    pub(super) fallen: Vec<usize>,
    /// Whether there is room for everybody and everything.
    roomy: bool,
    /// What was refused that is still kept.
    refused: Option<Violation>,
    loot: Loot,
    defect: Option<Defect>,
    /// What the liar was told last.
    heard: Option<Heard>,
}

/// A request on its way to the server, and its response on the way back.
pub(super) struct Trip {
    pub(super) client: usize,
    pub(super) life: u32,
    pub(super) own: ClientExchange,
    subject: Option<&'static str>,
    request: HttpRequest,
    id: Option<ExchangeId>,
    down: VecDeque<Piece>,
    /// Whether its client is behind.
    behind: bool,
    /// Whether a proxy keeps its response back for a while.
    pub(super) buffered: bool,
    /// Whether a delivery is scheduled.
    pub(super) scheduled: bool,
    /// Until when nothing comes through.
    pub(super) held_until: Instant,
    /// Whether the client has heard anything.
    pub(super) heard: bool,
    /// Whether the client waits for nothing more.
    pub(super) over: bool,
}

/// A piece of a response.
pub(super) enum Piece {
    Head(u16, Vec<(&'static str, String)>),
    Bytes(VecDeque<u8>),
    End,
}

impl Trip {
    /// The message, or what stands for it.
    pub(super) fn shown(&self) -> String {
        let body = self.body();
        let last = self.request.headers.iter().find(|(name, _)| *name == "Last-Event-ID");
        let last = last.map(|(_, id)| id.to_string()).unwrap_or_default();
        format!("{} {body}{last}", self.request.method)
    }

    pub(super) fn body(&self) -> String {
        self.request.body.as_ref().map(|body| body.parts().concat()).unwrap_or_default()
    }

    /// As it comes to the server.
    fn letter(&self) -> Letter {
        let headers = self.request.headers.iter();
        let own = headers.map(|(name, value)| (name.to_string(), value.to_string()));
        Letter {
            method: self.request.method,
            path: "/mcp",
            headers: own.chain([("Host".into(), "localhost".into())]).collect(),
            body: self.body(),
            subject: self.subject,
        }
    }

    pub(super) fn is_post(&self) -> bool {
        self.request.method == "POST"
    }

    pub(super) fn is_loaded(&self) -> bool {
        !self.over && !self.down.is_empty()
    }

    /// The next piece of the response, so many bytes at most.
    fn take(&mut self, count: usize) -> Option<Piece> {
        if let Some(Piece::Bytes(bytes)) = self.down.front_mut()
            && bytes.len() > count
        {
            return Some(Piece::Bytes(bytes.drain(..count).collect()));
        }
        self.down.pop_front()
    }

    /// How many bytes wait.
    fn waiting(&self) -> usize {
        let bytes = |piece: &Piece| if let Piece::Bytes(bytes) = piece { bytes.len() } else { 0 };
        self.down.iter().map(bytes).sum()
    }

    fn bytes(&mut self, text: &str) {
        match self.down.back_mut() {
            Some(Piece::Bytes(bytes)) => bytes.extend(text.bytes()),
            _ => self.down.push_back(Piece::Bytes(text.bytes().collect())),
        }
    }
}

impl Web {
    pub(super) fn new(case: &Case, stage: &Stage, record: &Record, seed: u64) -> Self {
        let server = &case.server;
        let drain = Duration::from_secs(10);
        let http = HttpConfig { drain, ..HttpConfig::default() };
        let mut web = Self {
            endpoint: Endpoint::new(app::config(server), http, Box::new(Seeded(seed))),
            app: App::new(server, stage),
            checker: Exchanges::default(),
            trips: Vec::new(),
            open: BTreeMap::new(),
            closed: false,
            record: record.clone(),
            stream_bytes: case.net.stream_bytes as usize,
            fallen: Vec::new(),
            roomy: server.is_roomy(),
            refused: None,
            loot: Loot::default(),
            defect: case.defect,
            heard: None,
        };
        web.serve(Instant::ZERO);
        web
    }

    /// A client sends a request; gives the number of its trip.
    pub(super) fn sent(
        &mut self,
        client: usize,
        life: u32,
        subject: Option<&'static str>,
        request: HttpRequest,
    ) -> usize {
        self.trips.push(Trip {
            client,
            life,
            own: request.exchange,
            subject,
            request,
            id: None,
            down: VecDeque::new(),
            behind: false,
            buffered: false,
            scheduled: false,
            held_until: Instant::ZERO,
            heard: false,
            over: false,
        });
        self.trips.len() - 1
    }

    /// A request has come to the server.
    pub(super) fn arrived(&mut self, now: Instant, number: usize) {
        let letter = self.trips[number].letter();
        match self.ask(now, &letter) {
            Err(response) => respond(&mut self.trips[number], &response),
            Ok(id) => {
                self.trips[number].id = Some(id);
                self.open.insert(id, number);
                if !letter.body.is_empty() {
                    self.leg(number).said(false, &letter.body);
                }
            }
        }
        self.loot.sent(letter);
    }

    fn ask(&mut self, now: Instant, letter: &Letter) -> Result<ExchangeId, Response> {
        let headers: Vec<(&str, &str)> =
            letter.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        let head = Head { method: letter.method, path: letter.path, headers: &&*headers };
        let asked = Asked {
            method: letter.method.into(),
            fields: letter.headers.clone(),
            subject: letter.subject.map(Into::into),
            body: letter.body.clone(),
        };
        let admission = self.endpoint.gate().admit(&head)?;
        let known = self.defect != Some(Defect::OneSubject);
        let subject = letter.subject.filter(|_| known).map(Into::into);
        let grant = Arc::new(Grant { subject, ..Grant::default() });
        let id = self.endpoint.handle_request(now, admission, grant, letter.body.as_bytes());
        self.checker.asked(id.0, asked);
        Ok(id)
    }

    /// Somebody lies. Gives what it was told; says what is wrong with that.
    pub(super) fn lie(
        &mut self,
        now: Instant,
        lie: Lie,
        pick: usize,
        server: &plan::Server,
    ) -> Result<Option<Heard>, String> {
        if self.loot.session.is_none()
            && let Some(opening) = Loot::opening(server)
        {
            self.loot.session = self.tell(now, &opening).and_then(|heard| heard.session);
            if let Some(opened) = self.loot.opened() {
                self.tell(now, &opened);
            }
        }
        let Some((letter, must)) = self.loot.lie(lie, pick, server) else { return Ok(None) };
        let heard = self.tell(now, &letter);
        must.check(lie, heard.as_ref(), server.is_roomy())?;
        Ok(heard)
    }

    /// What a liar is told at once, if anything.
    fn tell(&mut self, now: Instant, letter: &Letter) -> Option<Heard> {
        self.serve(now);
        self.heard = None;
        match self.ask(now, letter) {
            Err(response) => {
                let (status, body) = (response.head.status, body_of(&response));
                self.heard = Some(Heard { status, session: None, body });
            }
            Ok(_) => _ = self.serve(now),
        }
        self.heard.take()
    }

    fn leg(&self, trip: usize) -> Leg {
        let Trip { client, life, .. } = &self.trips[trip];
        self.record.leg(format!("c{client}.{life}"))
    }

    /// The next piece of a response, so many bytes at most: a client that has all of it has caught
    /// up.
    pub(super) fn take(&mut self, now: Instant, number: usize, count: usize) -> Option<Piece> {
        let trip = &mut self.trips[number];
        let piece = trip.take(count);
        if let Some(id) = trip.id.filter(|_| trip.behind && trip.waiting() == 0) {
            trip.behind = false;
            self.endpoint.handle_congestion(now, id, false);
        }
        piece
    }

    /// The server learns that the connection of a trip is gone.
    pub(super) fn gone(&mut self, now: Instant, number: usize) {
        if let Some(id) = self.trips[number].id
            && self.open.remove(&id).is_some()
        {
            self.checker.gone(id.0);
            self.endpoint.handle_disconnect(now, id);
        }
    }

    /// The proxy lost its connection before the response, and will ask once more.
    pub(super) fn ask_again(&mut self, now: Instant, number: usize) {
        self.gone(now, number);
        self.trips[number].down.clear();
    }

    /// The server does what there is to do.
    pub(super) fn serve(&mut self, now: Instant) -> bool {
        let mut any = false;
        if let Some(offer) = self.app.take_offer() {
            self.endpoint.set_offer(offer);
        }
        loop {
            while let Some(output) = self.endpoint.poll_output() {
                any = true;
                self.output(now, output);
            }
            let Some(command) = self.app.next_command() else { return any };
            // An error is a race, or a fact about the peer.
            let _ = self.endpoint.handle_command(now, command);
        }
    }

    fn output(&mut self, now: Instant, output: HttpOutput) {
        match output {
            HttpOutput::Respond { exchange, response } => {
                let fields = &response.head.headers;
                let session = fields.iter().find(|(name, _)| *name == "mcp-session-id");
                let session = session.map(|(_, value)| &**value);
                let body = body_of(&response);
                self.checker.responded(exchange.0, response.head.status, session, &body);
                if let Some(trip) = self.open.remove(&exchange) {
                    self.check_refusal(trip, response.head.status);
                    if !body.is_empty() {
                        self.leg(trip).said(true, &body);
                    }
                    respond(&mut self.trips[trip], &response);
                } else {
                    let session = session.map(Into::into);
                    self.heard = Some(Heard { status: response.head.status, session, body });
                }
            }
            HttpOutput::Open { exchange, head } => {
                self.checker.opened(exchange.0, head.status);
                if let Some(trip) = self.open.get(&exchange) {
                    let piece = Piece::Head(head.status, fields(&head));
                    self.trips[*trip].down.push_back(piece);
                }
            }
            HttpOutput::Write { exchange, frame } => {
                let text = frame.parts().concat();
                if self.loses(exchange, &text) {
                    return;
                }
                self.checker.wrote(exchange.0, &text);
                if let Some(trip) = self.open.get(&exchange).copied() {
                    self.wrote(now, trip, &text);
                }
            }
            HttpOutput::Finish { exchange } => {
                self.checker.finished(exchange.0);
                if let Some(trip) = self.open.remove(&exchange) {
                    self.trips[trip].down.push_back(Piece::End);
                }
            }
            HttpOutput::Event(event) => self.app.handle(event),
            HttpOutput::Close => {
                self.closed = true;
                self.app.end();
            }
            _ => {}
        }
    }

    /// A client of its own comes back within seconds: with room enough, it finds all.
    fn check_refusal(&mut self, trip: usize, status: u16) {
        let letter = self.trips[trip].letter();
        if let Some(event) = letter.field("last-event-id")
            && status == 400
            && self.roomy
        {
            let what = format!("what follows {event} is refused inside retention");
            self.refused = Some(Violation { invariant: Invariant::Replay, what });
        }
    }

    /// Whether a frame does not come through, which is a defect.
    fn loses(&mut self, exchange: ExchangeId, text: &str) -> bool {
        if self.defect != Some(Defect::LostEvent) || !text.contains("data: {") {
            return false;
        }
        let trip = self.open.get(&exchange).map(|number| &self.trips[*number]);
        let resumes = trip.is_some_and(|trip| trip.letter().field("last-event-id").is_some());
        self.defect = self.defect.filter(|_| !resumes);
        resumes
    }

    fn wrote(&mut self, now: Instant, number: usize, text: &str) {
        for line in text.lines() {
            self.loot.told(line);
            if let Some(data) = line.strip_prefix("data: ").filter(|data| !data.is_empty()) {
                self.leg(number).said(true, data);
            }
        }
        let trip = &mut self.trips[number];
        trip.bytes(text);
        let full = !trip.buffered && trip.waiting() > self.stream_bytes;
        if let Some(id) = trip.id.filter(|_| full && !trip.behind) {
            trip.behind = true;
            self.fallen.push(number);
            self.endpoint.handle_congestion(now, id, true);
        }
    }

    /// The application says something of its own accord.
    pub(super) fn command(&mut self, now: Instant, command: Command) {
        let _ = self.endpoint.handle_command(now, command);
    }

    pub(super) fn violation(&self) -> Option<String> {
        let mut all = self.checker.violations().iter().chain(&self.refused);
        all.next().map(ToString::to_string)
    }

    /// The process is gone, with all it knew; gives the trips that were under way to it.
    pub(super) fn crash(&mut self) -> Vec<Trip> {
        self.app.end();
        let mut trips = core::mem::take(&mut self.trips);
        for trip in &mut trips {
            trip.id = None;
        }
        trips
    }

    /// Whether everything is done after the end; says otherwise.
    pub(super) fn is_over(&mut self) -> Result<(), String> {
        self.checker.over();
        if let Some(violation) = self.violation() {
            return Err(violation);
        }
        let endpoint = &self.endpoint;
        let left = endpoint.sessions().count() + endpoint.streams().count();
        if !self.closed || left > 0 || !endpoint.server().is_idle() {
            return Err(format!(
                "VIOLATION: the endpoint keeps something: {:?}",
                endpoint.server()
            ));
        }
        if endpoint.poll_timeout().is_some() {
            return Err("VIOLATION: the endpoint has a timer after its end".into());
        }
        Ok(())
    }
}

fn respond(trip: &mut Trip, response: &Response) {
    trip.down.push_back(Piece::Head(response.head.status, fields(&response.head)));
    trip.bytes(&body_of(response));
    trip.down.push_back(Piece::End);
}

fn body_of(response: &Response) -> String {
    response.body.as_ref().map(|body| body.parts().concat()).unwrap_or_default()
}

fn fields(head: &ResponseHead) -> Vec<(&'static str, String)> {
    head.headers.iter().map(|(name, value)| (*name, value.to_string())).collect()
}
