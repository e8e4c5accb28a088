//! The world: clients, servers and what is between them, on one clock that nobody waits for.

use std::{collections::BTreeMap, time::Duration};

use mcp_proto::{Instant, client::QuestionId, server::Command};

use super::{
    actor::Actor,
    changes::{Topic, list},
    conduct::Conduct,
    draw::Draw,
    judge,
    link::Link,
    plan::{Act, Case, Transition, URIS},
    script::Stage,
    trace::{Record, Trace},
    web::Web,
};
use crate::model::Answered;

/// More steps than any case has work for.
const STEPS_MAX: u32 = 400_000;
/// How long everything may take once all is well.
const PATIENCE: Duration = Duration::from_mins(10);

/// Clients, servers, and what is between them.
pub(super) struct World {
    pub(super) case: Case,
    pub(super) now: Instant,
    pub(super) stage: Stage,
    pub(super) actors: Vec<Actor>,
    pub(super) links: Vec<Link>,
    /// The pipe that each client has now.
    pub(super) current: Vec<Option<usize>>,
    /// The server behind HTTP.
    pub(super) web: Web,
    pub(super) conduct: Conduct,
    queue: BTreeMap<(Instant, u64), Happening>,
    serial: u64,
    pub(super) draw: Draw<'static>,
    pub(super) trace: Trace,
    pub(super) record: Record,
    /// Whether nothing goes wrong any more.
    pub(super) well: bool,
    steps: u32,
}

/// Something that happens at its time.
#[derive(Clone, Copy)]
pub(super) enum Happening {
    /// Bytes arrive at the server of a pipe.
    Up(usize),
    /// Bytes arrive at the client of a pipe.
    Down(usize),
    Answer {
        client: usize,
        life: u32,
        question: QuestionId,
        answered: Answered,
        person: bool,
    },
    Cancel {
        client: usize,
        call: usize,
    },
    /// A server learns that its client is gone.
    Noticed(usize),
    /// A request over HTTP comes to the server.
    Asked(usize),
    /// It does so once more.
    AskedAgain(usize),
    /// A piece of its response comes to the client.
    Told(usize),
    /// The server learns that its connection is gone.
    Gone(usize),
}

/// What is wrong.
pub(super) type Verdict = Result<(), String>;

impl World {
    pub(super) fn new(case: &Case, trace: Trace, record: Record) -> Self {
        let actors: Vec<Actor> = case
            .clients
            .iter()
            .enumerate()
            .map(|(number, plan)| Actor::new(number, plan))
            .collect();
        let stage = Stage::default();
        let mut world = Self {
            now: Instant::ZERO,
            links: Vec::new(),
            current: vec![None; actors.len()],
            web: Web::new(case, &stage, &record, case.seed),
            conduct: Conduct::default(),
            actors,
            queue: BTreeMap::new(),
            serial: 0,
            draw: Draw::seeded(case.seed ^ 0x5EED),
            stage,
            trace,
            record,
            well: false,
            steps: 0,
            case: case.clone(),
        };
        for client in 0..world.actors.len() {
            world.connect(client);
            world.actors[client].machine.start(Instant::ZERO);
        }
        world
    }

    /// Lets everything happen that the case says, then lets all be well.
    pub(super) fn run(mut self) -> Verdict {
        self.settle()?;
        for transition in self.case.script.clone() {
            self.apply(&transition)?;
        }
        self.heal()?;
        self.pass(PATIENCE)?;
        judge::rest(&mut self)?;
        self.end()?;
        judge::calls(&mut self)
    }

    fn apply(&mut self, transition: &Transition) -> Verdict {
        match transition {
            Transition::Act(client, act) => {
                let client = client % self.actors.len();
                self.note(&format!("c{client} {act:?}"));
                self.act(client, act)?;
            }
            Transition::Update(place) => {
                let uri = URIS[place % URIS.len()];
                self.note(&format!("{uri} changes"));
                self.actors.iter_mut().for_each(|a| a.changes(Topic::Resource(place % 3)));
                self.command(|| Command::ResourceUpdated { uri: uri.into() });
            }
            Transition::Change(place) => {
                self.note(&format!("{:?} change", list(*place)));
                self.actors.iter_mut().for_each(|a| a.changes(Topic::List(place % 3)));
                self.command(|| Command::ListChanged(list(*place)));
            }
            Transition::Restart => self.restart(),
            Transition::Lie(lie, pick) => {
                let told = self.web.lie(self.now, *lie, *pick as usize, &self.case.server)?;
                self.note(&format!("{lie:?} is told {told:?}"));
            }
            Transition::Advance(millis) => self.pass(Duration::from_millis((*millis).into()))?,
        }
        self.settle()
    }

    /// Each server says something of its own accord.
    fn command(&mut self, command: impl Fn() -> Command) {
        for link in &mut self.links {
            link.command(self.now, command());
        }
        self.web.command(self.now, command());
    }

    fn act(&mut self, client: usize, act: &Act) -> Verdict {
        let now = self.now;
        if matches!(act, Act::Call(_)) && self.actors[client].has_ended() && self.draw.chance(70) {
            self.act(client, &Act::Reconnect)?;
        }
        let actor = &mut self.actors[client];
        match act {
            Act::Call(call) => {
                let number = actor.call(now, call);
                if let Some(after) = call.cancel_after {
                    let at = now + Duration::from_millis(after.into());
                    self.schedule(at, Happening::Cancel { client, call: number });
                }
            }
            Act::SetLevel(level) => actor.set_level(now, *level),
            Act::Listen(lists, uris) => actor.listen(now, *lists, *uris),
            Act::Unlisten => actor.unlisten(),
            Act::Hang(millis) => {
                actor.now().disturbed = true;
                let span = Duration::from_millis((*millis).into());
                self.hold(client, span);
                if let Some(link) = self.link_of(client) {
                    link.hung_until = now + span;
                }
            }
            Act::Reconnect => {
                if actor.has_ended() {
                    actor.reconnect(now);
                    self.connect(client);
                }
            }
            Act::Interject(what) => self.interject(client, *what),
            Act::Reset => self.reset(client),
            Act::Vanish => self.vanish(client),
            Act::Close => self.close(client),
            Act::ShutDown => {
                actor.now().disturbed = true;
                if let Some(link) = self.link_of(client) {
                    link.shut_down(now);
                }
            }
        }
        self.settle()
    }

    pub(super) fn schedule(&mut self, at: Instant, happening: Happening) {
        self.serial += 1;
        self.queue.insert((at, self.serial), happening);
    }

    /// Lets time pass, with everything that happens meanwhile.
    fn pass(&mut self, span: Duration) -> Verdict {
        let end = self.now + span;
        while let Some(next) = self.next().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            self.stage.set_now(self.now);
            self.steps += 1;
            if self.steps > STEPS_MAX {
                return Err("VIOLATION: the world does not come to rest".into());
            }
            let first = self.queue.first_key_value().map(|((at, _), _)| *at);
            if first.is_some_and(|at| at <= self.now) {
                if let Some((_, happening)) = self.queue.pop_first() {
                    self.happen(happening)?;
                }
            } else {
                self.time_out()?;
            }
            self.settle()?;
        }
        self.now = end;
        self.stage.set_now(end);
        self.settle()
    }

    /// When something happens next.
    fn next(&self) -> Option<Instant> {
        let queued = self.queue.first_key_value().map(|((at, _), _)| *at);
        let servers = self.links.iter().filter_map(Link::due).min();
        let clients = self.actors.iter().filter_map(|actor| actor.machine.due()).min();
        let web = self.web.endpoint.poll_timeout();
        [queued, servers, clients, web, self.stage.next_wake()].into_iter().flatten().min()
    }

    /// What is due is done, and done with.
    fn time_out(&mut self) -> Verdict {
        let now = self.now;
        let is_due = |due: Option<Instant>| due.is_some_and(|due| due <= now);
        for place in 0..self.links.len() {
            if is_due(self.links[place].due()) {
                self.links[place].time_out(now);
                self.settle()?;
                if is_due(self.links[place].due()) {
                    return Err(format!("VIOLATION: server {place} does not do what is due"));
                }
            }
        }
        if is_due(self.web.endpoint.poll_timeout()) {
            self.web.endpoint.handle_timeout(now);
            self.settle()?;
            if is_due(self.web.endpoint.poll_timeout()) {
                return Err("VIOLATION: the endpoint does not do what is due".into());
            }
        }
        for client in 0..self.actors.len() {
            if is_due(self.actors[client].machine.due()) {
                self.actors[client].machine.time_out(now);
                self.settle()?;
                if is_due(self.actors[client].machine.due()) {
                    return Err(format!("VIOLATION: client {client} does not do what is due"));
                }
            }
        }
        Ok(())
    }

    fn happen(&mut self, happening: Happening) -> Verdict {
        match happening {
            Happening::Up(link) => self.arrive_up(link),
            Happening::Down(link) => self.arrive_down(link),
            Happening::Answer { client, life, question, answered, person } => {
                let actor = &mut self.actors[client];
                if actor.life == life {
                    self.trace.line(self.now, &format!("c{client} answers {answered:?}"));
                    actor.answer(self.now, question, answered, person);
                }
            }
            Happening::Cancel { client, call } => {
                self.note(&format!("c{client} cancels call {call}"));
                self.actors[client].cancel(call);
            }
            Happening::Noticed(link) => self.links[link].up.ends = true,
            Happening::Asked(trip) => self.asked(trip, false),
            Happening::AskedAgain(trip) => self.asked_again(trip),
            Happening::Told(trip) => self.told(trip),
            Happening::Gone(trip) => self.web.gone(self.now, trip),
        }
        self.settle()
    }

    /// Lets everybody do what there is to do at this moment.
    fn settle(&mut self) -> Verdict {
        loop {
            let mut any = false;
            for client in 0..self.actors.len() {
                any |= self.settle_client(client)?;
            }
            for number in 0..self.links.len() {
                any |= self.settle_link(number);
            }
            any |= self.settle_web();
            if !any {
                break;
            }
        }
        for link in &mut self.links {
            link.rested();
        }
        let found = self.links.iter().find_map(Link::violation);
        let found = found.or_else(|| self.web.violation()).or_else(|| self.conduct.violation());
        found.map_or(Ok(()), Err)
    }

    /// From here on all is well.
    fn heal(&mut self) -> Verdict {
        self.pass(Duration::from_secs(20))?;
        for (client, actor) in self.actors.iter().enumerate() {
            let calm = self.case.is_calm(&actor.plan);
            let asked = actor.check_questions();
            asked.or_else(|why| {
                if calm { Err(format!("VIOLATION: c{client}: {why}")) } else { Ok(()) }
            })?;
        }
        self.note("all is well from here on");
        self.well = true;
        for link in &mut self.links {
            link.hung_until = self.now;
        }
        for client in 0..self.actors.len() {
            self.actors[client].heal(self.now);
            self.apply(&Transition::Act(client, Act::Reconnect))?;
        }
        self.settle()
    }

    /// Every client closes its connection, and the servers end.
    fn end(&mut self) -> Verdict {
        self.note("everybody goes");
        for link in &mut self.links {
            link.settled();
        }
        for client in 0..self.actors.len() {
            self.close(client);
        }
        self.settle()?;
        self.pass(Duration::from_mins(1))?;
        self.web.endpoint.shut_down(self.now);
        self.settle()?;
        self.pass(Duration::from_mins(1))?;
        self.web.is_over()?;
        for (number, link) in self.links.iter().enumerate() {
            link.is_over().map_err(|why| format!("VIOLATION: s{number}: {why}"))?;
        }
        Ok(())
    }

    /// Whether no server is at work.
    pub(super) fn servers_rest(&self) -> Verdict {
        for (number, link) in self.links.iter().enumerate() {
            if !link.is_closed() && !link.is_quiet() {
                return Err(format!("VIOLATION: s{number} is still at work"));
            }
        }
        Ok(())
    }

    pub(super) fn note(&mut self, text: &str) {
        self.trace.line(self.now, text);
    }
}

/// Lines of junk are cut after so many bytes in a trace; no message is so long.
const SHOWN_MAX: usize = 2000;

/// A message, for people.
pub(super) fn shown(line: &[u8]) -> String {
    String::from_utf8_lossy(line.get(..SHOWN_MAX).unwrap_or(line)).into_owned()
}
