//! Log messages: from which level on they are wanted.

use alloc::vec::Vec;

use super::{Invariant, Params, invariant::Findings, reading, requests::Request};

/// The levels, the least severe first.
pub(super) const LEVELS: [&str; 8] =
    ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];

/// The level of a session.
#[derive(Debug)]
pub(super) struct Logs {
    /// What the server said yes to, with the number of the line; `None` if that is not known.
    in_force: Option<(u64, usize)>,
    /// What was asked for and may be in force already.
    asked: Vec<(u64, usize)>,
}

impl Logs {
    pub(super) fn new(first: Option<&str>) -> Self {
        Self { in_force: first.and_then(place).map(|level| (0, level)), asked: Vec::new() }
    }

    pub(super) fn sent(&mut self, request: &Request, params: &Params<'_>) {
        if request.method == "logging/setLevel"
            && let Some(level) = params.members.get("level").and_then(read)
        {
            self.asked.push((request.serial, level));
        }
    }

    pub(super) fn answered(&mut self, request: &Request, accepted: bool) {
        if request.method != "logging/setLevel" {
            return;
        }
        let asked = self.asked.iter().position(|(serial, _)| *serial == request.serial);
        let Some(asked) = asked.map(|place| self.asked.remove(place)) else { return };
        if accepted && self.in_force.is_none_or(|(serial, _)| serial <= asked.0) {
            self.in_force = Some(asked);
        }
    }

    pub(super) fn wants(&self, level: usize) -> bool {
        let asked = self.asked.iter().map(|(_, level)| *level).min();
        match self.in_force {
            None => true,
            Some((_, wanted)) => asked.map_or(wanted, |asked| asked.min(wanted)) <= level,
        }
    }
}

/// A level by the JSON text of its name.
pub(super) fn read(json: &str) -> Option<usize> {
    place(&reading::text(json)?)
}

fn place(name: &str) -> Option<usize> {
    LEVELS.iter().position(|level| *level == name)
}

/// The level of a message; the highest if it has none.
pub(super) fn level(params: &Params<'_>, findings: &mut Findings) -> usize {
    let level = params.members.get("level").and_then(read);
    if level.is_none() || params.members.get("data").is_none() {
        findings.add(Invariant::Framing, "a log message without a level or data".into());
    }
    level.unwrap_or(LEVELS.len() - 1)
}
