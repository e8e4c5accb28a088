//! What happens on pipes.

use std::time::Duration;

use super::{
    actor::Want,
    defect::Defect,
    link::Link,
    machine::Machine,
    plan::Interjection,
    world::{Happening, World, shown},
};
use crate::model::Revision;

impl World {
    /// Gives a client a server of its own, unless it speaks to the one behind HTTP.
    pub(super) fn connect(&mut self, client: usize) {
        if self.actors[client].plan.web {
            return;
        }
        let seed = self.case.seed ^ self.links.len() as u64;
        self.current[client] = Some(self.links.len());
        let leg = self.record.leg(format!("s{}", self.links.len()));
        self.links.push(Link::new(client, &self.case, &self.stage, leg, seed));
    }

    /// The pipe of a client, if it has one.
    pub(super) fn link_of(&mut self, client: usize) -> Option<&mut Link> {
        self.current[client].map(|link| &mut self.links[link])
    }

    /// The connection breaks, and what is under way is lost.
    pub(super) fn reset(&mut self, client: usize) {
        if self.actors[client].plan.web {
            return self.break_all(client);
        }
        if !self.leave(client) {
            return;
        }
        if let Some(link) = self.link_of(client) {
            link.abandoned = true;
            for channel in [&mut link.up, &mut link.down] {
                channel.bytes.clear();
                channel.ends = true;
            }
        }
    }

    /// The client is gone; its server learns of it late.
    pub(super) fn vanish(&mut self, client: usize) {
        self.actors[client].now().vanished |= !self.actors[client].has_ended();
        if !self.leave(client) {
            return;
        }
        self.forget(client);
        let late = self.now + Duration::from_millis(self.draw.below(20_000).into());
        if let Some(number) = self.current[client] {
            let link = &mut self.links[number];
            link.abandoned = true;
            link.up.bytes.clear();
            self.schedule(late, Happening::Noticed(number));
        }
    }

    /// The client closes its end, and reads what still comes.
    pub(super) fn close(&mut self, client: usize) {
        if self.leave(client)
            && let Some(link) = self.link_of(client)
        {
            link.up.ends = true;
        }
    }

    /// A line comes between those of a client, once it knows what it speaks.
    pub(super) fn interject(&mut self, client: usize, what: Interjection) {
        let life = self.actors[client].now();
        let Some(revision) = life.agreed.filter(|_| !life.ended) else { return };
        let text = self.link_of(client).and_then(|link| link.interject(what, revision));
        if let Some(text) = text {
            self.actors[client].now().interjected = true;
            self.note(&format!("c{client} does not say {text}"));
        }
    }

    /// The client wants no more; says whether it did before.
    fn leave(&mut self, client: usize) -> bool {
        let now = self.now;
        let actor = &mut self.actors[client];
        if actor.has_ended() {
            return false;
        }
        actor.now().ended = true;
        actor.now().left = true;
        match &mut actor.machine {
            Machine::Pipe(pipe) => pipe.handle_eof(now),
            Machine::Http(http) => http.close(now),
        }
        true
    }

    pub(super) fn arrive_up(&mut self, number: usize) {
        let count = self.draw.between(1, self.case.net.chunk_max) as usize;
        let link = &mut self.links[number];
        link.up.scheduled = false;
        if link.hung_until > self.now || !takes_input(link) {
            return;
        }
        let bytes = link.up.take(count);
        if !bytes.is_empty() {
            link.arrive(self.now, &bytes);
        } else if link.up.ends && !link.up.ended {
            link.up.ended = true;
            link.pipe.handle_eof(self.now);
        }
    }

    pub(super) fn arrive_down(&mut self, number: usize) {
        let count = self.draw.between(1, self.case.net.chunk_max) as usize;
        let link = &mut self.links[number];
        let client = link.client;
        link.down.scheduled = false;
        if link.hung_until > self.now {
            return;
        }
        let bytes = link.down.take(count);
        let lines = link.received(&bytes);
        for line in lines {
            self.trace.line(self.now, &format!("c{client} <- s{number} {}", shown(&line)));
        }
        let current = self.current[client] == Some(number) && !self.actors[client].has_ended();
        let link = &mut self.links[number];
        if !bytes.is_empty() {
            if current {
                self.bytes(client, &bytes);
            }
        } else if link.down.ends && !link.down.ended {
            link.down.ended = true;
            if current {
                // What the client may still say finds nobody.
                link.abandoned = true;
                self.actors[client].now().ended = true;
                self.end_of_input(client);
            }
        }
    }

    fn bytes(&mut self, client: usize, bytes: &[u8]) {
        if let Some(pipe) = self.actors[client].machine.pipe() {
            pipe.handle_bytes(self.now, bytes);
        }
    }

    fn end_of_input(&mut self, client: usize) {
        if let Some(pipe) = self.actors[client].machine.pipe() {
            pipe.handle_eof(self.now);
        }
    }

    pub(super) fn settle_client(&mut self, client: usize) -> Result<bool, String> {
        let mut any = false;
        while let Some(told) = self.actors[client].poll(self.well) {
            any = true;
            let told = told.map_err(|why| format!("VIOLATION: c{client} is told {why}"))?;
            self.note(&format!("c{client} {}", shown(told.as_bytes())));
        }
        for want in core::mem::take(&mut self.actors[client].wants) {
            any = true;
            self.want(client, want);
        }
        Ok(self.write(client) || any)
    }

    /// Moves what a client writes into its pipe, as far as there is room; says whether any was.
    fn write(&mut self, client: usize) -> bool {
        let Some(number) = self.current[client] else { return false };
        let link = &mut self.links[number];
        let ended = self.actors[client].has_ended();
        let Some(pipe) = self.actors[client].machine.pipe() else { return false };
        let count = pipe.pending_write().len();
        if ended || link.up.ends || link.abandoned {
            pipe.consume(count);
            return false;
        }
        let room = self.case.net.capacity as usize;
        let count = count.min(room.saturating_sub(link.up.bytes.len()));
        let bytes = pipe.pending_write()[..count].to_vec();
        pipe.consume(count);
        let life = self.actors[client].now();
        let batches = self.case.net.batches && life.agreed == Some(Revision::Mar2025);
        let lines = if batches && link.are_lines(&bytes) {
            life.batched = true;
            vec![link.sent_together(&bytes)]
        } else {
            link.sent(&bytes)
        };
        for line in lines {
            self.trace.line(self.now, &format!("c{client} -> s{number} {}", shown(&line)));
        }
        count > 0
    }

    fn want(&mut self, client: usize, want: Want) {
        match want {
            Want::Answer { after, question, answered, person } => {
                let life = self.actors[client].life;
                let happening = Happening::Answer { client, life, question, answered, person };
                self.schedule(self.now + after, happening);
            }
            Want::Close => self.close(client),
            // Nobody starts another server for one who is gone.
            Want::Respawn if self.actors[client].now().left => self.end_of_input(client),
            Want::Respawn => {
                if let Some(link) = self.link_of(client) {
                    link.up.ends = true;
                }
                self.connect(client);
                let actor = &mut self.actors[client];
                actor.now().ended = false;
                if let Some(pipe) = actor.machine.pipe() {
                    pipe.respawned(self.now);
                }
            }
            Want::Send(_) if self.actors[client].now().vanished => {}
            Want::Send(request) => self.send(client, request),
            Want::Abort(exchange) => self.abort(client, exchange),
        }
    }

    pub(super) fn settle_link(&mut self, number: usize) -> bool {
        let capacity = self.case.net.capacity as usize;
        let link = &mut self.links[number];
        link.serve(self.now);
        let any = link.write(capacity);
        let hung = link.hung_until;
        for up in [true, false] {
            let link = &mut self.links[number];
            let takes = takes_input(link);
            let channel = if up { &mut link.up } else { &mut link.down };
            if channel.is_loaded() && !channel.scheduled && (takes || !up) {
                channel.scheduled = true;
                let delay = u64::from(self.draw.below(self.case.net.delay_max + 1))
                    + Defect::delay(self.case.defect);
                let at = (self.now + Duration::from_millis(delay)).max(hung);
                self.schedule(at, if up { Happening::Up(number) } else { Happening::Down(number) });
            }
        }
        any
    }
}

/// Whether the server reads.
fn takes_input(link: &Link) -> bool {
    link.pipe.accepts_input() || link.is_closed() || link.up.bytes.is_empty()
}
