//! The log levels that a client sets, and which of them may be in force during a call.

use mcp_proto::client::ClientCallId;

use super::actor::Made;
use crate::model::Revision;

/// What is in force in a new session.
const AT_FIRST: u8 = 1;

/// The levels that a client sets.
#[derive(Debug, Default)]
pub(super) struct Levels(Vec<LevelSet>);

/// The log level was set.
#[derive(Debug)]
struct LevelSet {
    life: u32,
    level: u8,
    id: Option<ClientCallId>,
    at: u64,
    /// Since when it holds for certain.
    done: Option<u64>,
}

impl Levels {
    pub(super) fn set(&mut self, life: u32, level: u8, id: Option<ClientCallId>, at: u64) {
        self.0.push(LevelSet { life, level, id, at, done: None });
    }

    /// A call has ended; says whether it was one that set a level.
    pub(super) fn ended(&mut self, life: u32, id: ClientCallId, worked: bool, at: u64) -> bool {
        let mut levels = self.0.iter_mut().filter(|set| set.life == life);
        let found = levels.find(|set| set.id == Some(id));
        found.map(|set| set.done = worked.then_some(at)).is_some()
    }

    /// The levels that may be in force during a call. `web`: it is made over HTTP, where one that
    /// is under way may come after the next. `restarted`: its session may have been a new one.
    pub(super) fn during(
        &self,
        made: &Made,
        revision: Revision,
        web: bool,
        restarted: bool,
    ) -> Vec<Option<u8>> {
        if revision.is_modern() && made.call.level.is_some() {
            return vec![made.call.level];
        }
        let end = made.ended.unwrap_or(u64::MAX);
        let modern = revision.is_modern();
        let sets = self.0.iter().filter(|set| set.life == made.life && set.at < end);
        // Each level with the time before which it must have been set for another to replace it.
        let settled = |set: &LevelSet| set.done.or(modern.then_some(set.at));
        let first = (0, (!modern).then_some(AT_FIRST));
        let known = core::iter::once(first).chain(sets.clone().map(|set| {
            let by = if web { settled(set).unwrap_or(u64::MAX) } else { set.at };
            (by, Some(set.level))
        }));
        let replaced = |by: u64| {
            sets.clone()
                .any(|set| set.at > by && settled(set).is_some_and(|done| done < made.begun))
        };
        let mut levels: Vec<Option<u8>> =
            known.filter(|(by, _)| !replaced(*by)).map(|(_, level)| level).collect();
        if restarted {
            // For a moment nothing is set in a new session.
            levels.push(Some(AT_FIRST));
        }
        levels
    }
}
