//! What happens on the way to the server behind HTTP and back.

use std::time::Duration;

use mcp_proto::{client::Delivery, http::HttpRequest};

use super::{
    web::{Piece, Web},
    world::{Happening, World, shown},
};

impl World {
    /// A client sends a request, which may not get far.
    pub(super) fn send(&mut self, client: usize, request: HttpRequest) {
        let life = self.actors[client].life;
        let subject = self.actors[client].plan.subject;
        self.conduct.asked((client, life), &request);
        let trip = self.web.sent(client, life, subject, request);
        let text = self.web.trips[trip].shown();
        self.note(&format!("c{client} -> web {trip} {}", shown(text.as_bytes())));
        let unreachable = !self.well && self.draw.chance(self.case.net.unreachable);
        if unreachable {
            self.fail(trip, Delivery::NotSent);
            return;
        }
        let delay = self.delay();
        self.schedule(self.now + delay, Happening::Asked(trip));
    }

    fn delay(&mut self) -> Duration {
        Duration::from_millis(self.draw.below(self.case.net.delay_max + 1).into())
    }

    /// Nobody waits for an exchange any more; its server learns of it late.
    pub(super) fn abort(&mut self, client: usize, own: mcp_proto::http::ClientExchange) {
        let life = self.actors[client].life;
        let trips = self.web.trips.iter();
        let found = trips.enumerate().find(|(_, trip)| {
            trip.client == client && trip.life == life && trip.own == own && !trip.over
        });
        if let Some((trip, _)) = found {
            self.web.trips[trip].over = true;
            self.conduct.ended((client, life), own);
            let delay = self.delay();
            self.schedule(self.now + delay, Happening::Gone(trip));
        }
    }

    /// The connection of a trip breaks: its client sees it at once, its server late.
    fn fail(&mut self, number: usize, delivery: Delivery) {
        let trip = &mut self.web.trips[number];
        if core::mem::replace(&mut trip.over, true) {
            return;
        }
        let (client, own, life) = (trip.client, trip.own, trip.life);
        self.note(&format!("web {number} breaks"));
        let late = if self.draw.chance(50) { 0 } else { self.draw.below(20_000) };
        let late = Duration::from_millis(late.into());
        self.schedule(self.now + late, Happening::Gone(number));
        let actor = &mut self.actors[client];
        if actor.life != life {
            return;
        }
        actor.now().disturbed = true;
        if let Some(http) = actor.machine.http() {
            self.conduct.failed((client, life), own, delivery);
            http.handle_failed(self.now, own, delivery);
        }
    }

    /// A request comes to the server; a proxy may have to send it again.
    pub(super) fn asked(&mut self, number: usize, again: bool) {
        let trip = &self.web.trips[number];
        if trip.over && !again {
            return;
        }
        let post = trip.is_post();
        let buffered = !self.well && self.draw.chance(self.case.net.buffered);
        if buffered {
            let span = Duration::from_millis(self.draw.between(1, 8_000).into());
            let trip = &mut self.web.trips[number];
            trip.buffered = true;
            trip.held_until = trip.held_until.max(self.now + span);
        }
        let repeats = !self.well && post && self.draw.chance(self.case.net.repeat);
        self.web.arrived(self.now, number);
        if repeats && !again {
            let delay = self.delay();
            let life = self.web.trips[number].life;
            let client = self.web.trips[number].client;
            self.actors[client].lives[life as usize].repeated = true;
            self.schedule(self.now + delay, Happening::AskedAgain(number));
        }
    }

    /// A proxy that got no response sends the request once more.
    pub(super) fn asked_again(&mut self, number: usize) {
        let trip = &self.web.trips[number];
        if trip.over || trip.heard {
            return;
        }
        self.note(&format!("web {number} is repeated"));
        self.web.ask_again(self.now, number);
        self.asked(number, true);
    }

    /// A piece of a response comes to its client.
    pub(super) fn told(&mut self, number: usize) {
        let count = self.draw.between(1, self.case.net.chunk_max) as usize;
        let cut = !self.well && self.draw.chance(self.case.net.cut);
        let trip = &mut self.web.trips[number];
        trip.scheduled = false;
        if trip.over || trip.held_until > self.now {
            return;
        }
        let count = if trip.buffered { usize::MAX } else { count };
        if cut {
            return self.fail(number, Delivery::OutcomeUnknown);
        }
        let Some(piece) = self.web.take(self.now, number, count) else { return };
        let trip = &mut self.web.trips[number];
        trip.heard = true;
        let (own, now, client, life) = (trip.own, self.now, trip.client, trip.life);
        let ends = matches!(piece, Piece::End);
        trip.over = ends;
        let text = match &piece {
            Piece::Head(status, _) => status.to_string(),
            Piece::Bytes(bytes) => {
                String::from_utf8_lossy(&bytes.iter().copied().collect::<Vec<_>>()).into_owned()
            }
            Piece::End => "ends".into(),
        };
        let text = text.replace('\n', "\\n");
        self.note(&format!("c{client} <- web {number} {}", shown(text.as_bytes())));
        let roomy = self.case.server.is_roomy();
        let actor = &mut self.actors[client];
        if matches!(piece, Piece::Head(404, _)) && !roomy {
            // Its session had to go for another one.
            actor.lives[life as usize].disturbed = true;
            actor.lives[life as usize].restarted = true;
        }
        let Some(http) = actor.machine.http().filter(|_| actor.life == life) else { return };
        self.conduct.heard((client, life), own, &piece);
        match piece {
            Piece::Head(status, fields) => http.handle_head(now, own, status, &&*fields),
            Piece::Bytes(bytes) => http.handle_body(now, own, &Vec::from(bytes)),
            Piece::End => http.handle_end(now, own),
        }
    }

    /// Schedules what is to be told.
    pub(super) fn settle_web(&mut self) -> bool {
        let any = self.web.serve(self.now);
        for number in core::mem::take(&mut self.web.fallen) {
            let trip = &self.web.trips[number];
            self.actors[trip.client].falls_behind(trip.life, &trip.body());
            self.note(&format!("web {number} is behind"));
        }
        for number in 0..self.web.trips.len() {
            let trip = &mut self.web.trips[number];
            if trip.is_loaded() && !trip.scheduled {
                trip.scheduled = true;
                let held = trip.held_until;
                let at = (self.now + self.delay()).max(held);
                self.schedule(at, Happening::Told(number));
            }
        }
        any
    }

    /// Nothing comes through to a client for a while.
    pub(super) fn hold(&mut self, client: usize, span: Duration) {
        for trip in self.web.trips.iter_mut().filter(|trip| trip.client == client && !trip.over) {
            trip.held_until = self.now + span;
        }
    }

    /// All connections of a client break.
    pub(super) fn break_all(&mut self, client: usize) {
        for number in 0..self.web.trips.len() {
            if self.web.trips[number].client == client {
                self.fail(number, Delivery::OutcomeUnknown);
            }
        }
    }

    /// The client's process is gone, and its server learns of it late.
    pub(super) fn forget(&mut self, client: usize) {
        for number in 0..self.web.trips.len() {
            let trip = &mut self.web.trips[number];
            if trip.client == client && !core::mem::replace(&mut trip.over, true) {
                let late = Duration::from_millis(self.draw.below(20_000).into());
                self.schedule(self.now + late, Happening::Gone(number));
            }
        }
    }

    /// The server behind HTTP crashes, and another one begins without its memory.
    pub(super) fn restart(&mut self) {
        self.note("the web server crashes");
        let seed = self.case.seed ^ u64::from(self.now.since_zero().subsec_nanos());
        let next = Web::new(&self.case, &self.stage, &self.record, seed);
        let mut old = core::mem::replace(&mut self.web, next);
        self.web.trips = old.crash();
        for number in 0..self.web.trips.len() {
            self.fail(number, Delivery::OutcomeUnknown);
        }
        for actor in self.actors.iter_mut().filter(|actor| actor.plan.web) {
            actor.now().disturbed = true;
            actor.now().restarted = true;
        }
    }
}
