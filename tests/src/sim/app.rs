//! The application of a server: the scripted tool, and what it has to say.

use std::{
    cell::RefCell,
    collections::VecDeque,
    rc::Rc,
    sync::{Arc, Mutex, PoisonError},
};

use mcp_proto::{
    Limits, Router, Version,
    router::{Outbox, Port},
    schema::Implementation,
    server::{Call, Command, Event, Offer, ServerConfig, StateKey},
};

use super::{
    plan,
    script::{self, Stage, Task},
};
use crate::model::Revision;

/// The application of a server.
pub(super) struct App {
    router: Router<()>,
    tasks: Rc<RefCell<Vec<Task>>>,
    said: Said,
}

/// What handlers have said, in order.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<VecDeque<Command>>>);

impl Said {
    fn take(&self) -> Option<Command> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

impl Outbox for Said {
    fn send(&self, command: Command) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(command);
    }
}

impl Port for Said {
    fn emit(&mut self, command: Command) {
        self.send(command);
    }

    fn outbox(&self) -> Option<Arc<dyn Outbox>> {
        Some(Arc::new(self.clone()))
    }
}

impl App {
    pub(super) fn new(server: &plan::Server, stage: &Stage) -> Self {
        let tasks = Rc::default();
        Self { router: script::router(stage, server.inline, &tasks), tasks, said: Said::default() }
    }

    /// What is offered, if that is another thing than before.
    pub(super) fn take_offer(&mut self) -> Option<Arc<Offer>> {
        self.router.take_offer()
    }

    pub(super) fn handle(&mut self, event: Event) {
        match event {
            Event::Call(call) => self.serve(call),
            event => self.router.observe(&mut (), &event),
        }
    }

    fn serve(&mut self, call: Arc<Call>) {
        let mut port = self.said.clone();
        self.router.serve(&mut (), call, &mut port);
    }

    /// What the application says next.
    pub(super) fn next_command(&mut self) -> Option<Command> {
        self.said.take().or_else(|| {
            self.tasks.borrow_mut().retain_mut(|task| !script::advance(task));
            self.said.take()
        })
    }

    /// Whether no handler is under way.
    pub(super) fn is_idle(&self) -> bool {
        self.tasks.borrow().is_empty()
    }

    /// The process ends, with everything in it.
    pub(super) fn end(&mut self) {
        self.tasks.borrow_mut().clear();
        while self.said.take().is_some() {}
    }
}

/// What a server is told.
pub(super) fn config(server: &plan::Server) -> ServerConfig {
    ServerConfig {
        versions: server.revisions.iter().map(|revision| version(*revision)).collect(),
        limits: Limits {
            rounds_max: server.rounds_max,
            calls_max: server.calls_max as usize,
            output_bytes_max: server.output_bytes_max as usize,
            replay_events_max: server.replay.events as usize,
            replay_bytes_max: server.replay.bytes as usize,
            replay_streams_max: server.replay.streams as usize,
            sessions_max: server.room.sessions as usize,
            streams_max: server.room.streams as usize,
            parked_max: server.room.parked as usize,
            calls_total_max: server.room.calls as usize,
            sessions_per_subject_max: server.room.sessions_each as usize,
            calls_per_subject_max: server.room.calls_each as usize,
            ..Limits::default()
        },
        // As in a cluster, or for one who begins anew.
        state_keys: vec![StateKey { id: 0, key: [7; 32] }],
        ..ServerConfig::new(Implementation::new("sim", "1"))
    }
}

/// The revision as the engine names it.
pub(super) fn version(revision: Revision) -> Version {
    revision.date().parse().expect("a revision")
}
