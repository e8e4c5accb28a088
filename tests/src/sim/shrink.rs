//! Makes a case that fails as small as it can be.

use super::plan::{Act, Answer, Case, Client, Net, Replay, Room, Server, Transition};
use crate::model::{Answered, Kind, Revision};

/// More tries than that are not worth the wait.
const TRIES_MAX: u32 = 1_500;

/// How many networks are tried for each change.
const NETS: u32 = 8;

/// The smallest case found that fails too, and how many were tried.
pub(super) fn shrink(case: Case, fails: impl Fn(&Case) -> bool) -> (Case, u32) {
    let mut shrinking = Shrinking { best: case, fails, tries: 0 };
    loop {
        let before = shrinking.size();
        shrinking.fewer_clients();
        shrinking.fewer_transitions();
        shrinking.shorter_calls();
        shrinking.plainer();
        if shrinking.size() == before || shrinking.tries >= TRIES_MAX {
            return (shrinking.best, shrinking.tries);
        }
    }
}

struct Shrinking<F> {
    best: Case,
    fails: F,
    tries: u32,
}

impl<F: Fn(&Case) -> bool> Shrinking<F> {
    fn size(&self) -> usize {
        format!("{:?}", self.best).len()
    }

    /// Keeps a case if it fails too. Whatever is taken out, a network that decides by chance
    /// decides otherwise from there on: so some other networks are tried.
    fn attempt(&mut self, change: impl FnOnce(&mut Case)) -> bool {
        let mut case = self.best.clone();
        change(&mut case);
        let net = &case.net;
        let by_chance = net.cut + net.repeat + net.unreachable + net.buffered > 0;
        for _ in 0..if by_chance { NETS } else { 1 } {
            if self.tries >= TRIES_MAX {
                return false;
            }
            self.tries += 1;
            if (self.fails)(&case) {
                self.best = case;
                return true;
            }
            case.seed = case.seed.wrapping_add(1);
        }
        false
    }

    fn fewer_clients(&mut self) {
        let mut client = 0;
        while client < self.best.clients.len() && self.best.clients.len() > 1 {
            let removed = self.attempt(|case| {
                case.clients.remove(client);
                case.script.retain(|transition| {
                    !matches!(transition, Transition::Act(actor, _) if *actor == client)
                });
                for transition in &mut case.script {
                    if let Transition::Act(actor, _) = transition {
                        *actor -= usize::from(*actor > client);
                    }
                }
            });
            client += usize::from(!removed);
        }
    }

    /// Takes out longer stretches first.
    fn fewer_transitions(&mut self) {
        let mut length = self.best.script.len().next_power_of_two();
        while length > 0 {
            let mut start = 0;
            while start < self.best.script.len() {
                let end = (start + length).min(self.best.script.len());
                let removed = self.attempt(|case| drop(case.script.drain(start..end)));
                start += if removed { 0 } else { length };
            }
            length /= 2;
        }
    }

    fn shorter_calls(&mut self) {
        for place in 0..self.best.script.len() {
            let mut step = 0;
            while let Transition::Act(_, Act::Call(call)) = &self.best.script[place]
                && step < call.steps.len()
            {
                let removed = self.attempt(|case| {
                    if let Transition::Act(_, Act::Call(call)) = &mut case.script[place] {
                        call.steps.remove(step);
                    }
                });
                step += usize::from(!removed);
            }
            if let Transition::Act(_, Act::Call(_)) = &self.best.script[place] {
                self.plainer_call(place);
            }
        }
    }

    fn plainer_call(&mut self, place: usize) {
        let changes: [fn(&mut super::plan::Call); 4] = [
            |call| call.cancel_after = None,
            |call| call.level = None,
            |call| call.kind = Kind::Tool,
            |call| {
                let plain = Answer { answered: Answered::Value(1), after: Some(0) };
                call.answers.values_mut().for_each(|answer| *answer = plain);
            },
        ];
        for change in changes {
            self.attempt(|case| {
                if let Transition::Act(_, Act::Call(call)) = &mut case.script[place] {
                    change(call);
                }
            });
        }
    }

    /// A better network, and servers and clients without limits.
    fn plainer(&mut self) {
        let changes: [fn(&mut Case); 17] = [
            |case| case.net = Net::default(),
            |case| case.server = Server::default(),
            |case| case.net.cut = 0,
            |case| case.net.repeat = 0,
            |case| case.net.unreachable = 0,
            |case| case.net.buffered = 0,
            |case| case.net.batches = false,
            |case| case.net.stream_bytes = 65_536,
            |case| (case.net.chunk_max, case.net.capacity) = (65_536, 65_536),
            |case| case.net.delay_max = 0,
            |case| case.server.inline = true,
            |case| (case.server.rounds_max, case.server.calls_max) = (10, 256),
            |case| case.server.output_bytes_max = 1 << 20,
            |case| case.server.revisions = Revision::ALL.to_vec(),
            |case| case.server.replay = Replay::default(),
            |case| case.server.room = Room::default(),
            |case| {
                for client in &mut case.clients {
                    let Client { web, subject, tries, asks, samples, .. } = *client;
                    let plain = Client::default();
                    *client = Client { web, subject, tries, asks, samples, ..plain };
                }
            },
        ];
        for change in changes {
            self.attempt(change);
        }
    }
}
