//! What happens on pipes.

use std::time::Duration;

use super::{
    actor::Want,
    link::Link,
    world::{Happening, World, shown},
};

impl World {
    pub(super) fn connect(&mut self, client: usize) {
        let seed = self.case.seed ^ self.links.len() as u64;
        let link = Link::new(client, &self.case.server, &self.stage, seed);
        self.current[client] = self.links.len();
        self.links.push(link);
    }

    /// The connection breaks, and what is under way is lost.
    pub(super) fn reset(&mut self, client: usize) {
        let Some(link) = self.lose(client) else { return };
        link.broken = true;
        for channel in [&mut link.up, &mut link.down] {
            channel.bytes.clear();
            channel.ends = true;
        }
        link.abandoned = true;
    }

    /// The client is gone; its server learns of it late.
    pub(super) fn vanish(&mut self, client: usize) {
        let number = self.current[client];
        let Some(link) = self.lose(client) else { return };
        link.broken = true;
        link.abandoned = true;
        link.up.bytes.clear();
        let late = self.now + Duration::from_millis(self.draw.below(20_000).into());
        self.schedule(late, Happening::Noticed(number));
    }

    /// The client closes its end, and reads what still comes.
    pub(super) fn close(&mut self, client: usize) {
        if let Some(link) = self.lose(client) {
            link.up.ends = true;
        }
    }

    /// The client has its connection no longer.
    fn lose(&mut self, client: usize) -> Option<&mut Link> {
        let actor = &mut self.actors[client];
        if actor.has_ended() {
            return None;
        }
        actor.now().ended = true;
        actor.now().left = true;
        actor.pipe.handle_eof(self.now);
        Some(&mut self.links[self.current[client]])
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
            link.pipe.handle_bytes(self.now, &bytes);
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
        let current = self.current[client] == number && !self.actors[client].has_ended();
        let link = &mut self.links[number];
        if !bytes.is_empty() {
            if current {
                self.actors[client].pipe.handle_bytes(self.now, &bytes);
            }
        } else if link.down.ends && !link.down.ended {
            link.down.ended = true;
            if current {
                // What the client may still say finds nobody.
                link.abandoned = true;
                self.actors[client].now().ended = true;
                self.actors[client].pipe.handle_eof(self.now);
            }
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
        let number = self.current[client];
        let link = &mut self.links[number];
        let actor = &mut self.actors[client];
        let count = actor.pipe.pending_write().len();
        if count == 0 {
            return Ok(any);
        }
        if actor.has_ended() || link.up.ends || link.abandoned {
            actor.pipe.consume(count);
            return Ok(any);
        }
        let room = self.case.net.capacity as usize;
        let count = count.min(room.saturating_sub(link.up.bytes.len()));
        let bytes = actor.pipe.pending_write()[..count].to_vec();
        actor.pipe.consume(count);
        for line in link.sent(&bytes) {
            self.trace.line(self.now, &format!("c{client} -> s{number} {}", shown(&line)));
        }
        Ok(any || count > 0)
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
            Want::Respawn if self.actors[client].now().left => {
                self.actors[client].pipe.handle_eof(self.now);
            }
            Want::Respawn => {
                let old = self.current[client];
                self.links[old].up.ends = true;
                self.connect(client);
                self.actors[client].now().ended = false;
                self.actors[client].pipe.respawned(self.now);
            }
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
                let delay = u64::from(self.draw.below(self.case.net.delay_max + 1));
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
