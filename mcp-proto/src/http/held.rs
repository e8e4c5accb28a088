//! Messages that wait for a reader who is behind or away: the latest of each kind is enough.

use alloc::{sync::Arc, vec::Vec};

use crate::{
    Instant,
    server::{CallId, Kind, List},
    wire::Frame,
};

/// What two messages must have in common for the later one to stand for both.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Slot {
    Progress(Option<CallId>),
    List(List),
    Resource(Arc<str>),
}

/// Messages that wait, at most one of each kind, in the order of the kinds.
///
/// Most wait alone, in sessions that may be many: hence no tree, whose smallest part is large.
#[derive(Clone, Debug, Default)]
pub(super) struct Held(Vec<(Slot, Frame)>);

/// Whether a message was kept.
#[derive(Debug)]
pub(super) enum Keep {
    /// It waits.
    Held,
    /// It was lost, as messages of its kind may be.
    Dropped,
    /// It may neither wait nor be lost.
    Must(Frame),
}

impl Held {
    /// Takes a message about `call` in, if it is of a kind that may wait. No more than `count_max`
    /// wait.
    pub(super) fn keep(
        &mut self,
        call: Option<CallId>,
        kind: Kind,
        frame: Frame,
        count_max: usize,
    ) -> Keep {
        let slot = match kind {
            Kind::Progress => Slot::Progress(call),
            Kind::ListChanged(list) => Slot::List(list),
            Kind::ResourceUpdated(uri) => Slot::Resource(uri),
            Kind::Log => return Keep::Dropped,
            Kind::Response { .. } | Kind::Request | Kind::Notification => {
                return Keep::Must(frame);
            }
        };
        match self.0.binary_search_by(|(own, _)| own.cmp(&slot)) {
            Ok(place) => {
                if let Some((_, own)) = self.0.get_mut(place) {
                    *own = frame;
                }
            }
            Err(_) if self.0.len() >= count_max => return Keep::Dropped,
            Err(place) => {
                // One more, not several: see above.
                self.0.reserve_exact(1);
                self.0.insert(place, (slot, frame));
            }
        }
        Keep::Held
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All that waits, which does so no longer.
    pub(super) fn take(&mut self) -> impl Iterator<Item = Frame> + use<> {
        core::mem::take(&mut self.0).into_iter().map(|(_, frame)| frame)
    }
}

/// How many log messages there were in this second.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LogRate {
    since: Instant,
    count: u32,
}

impl LogRate {
    /// Counts one more; says whether it is within the limit.
    pub(super) fn admits(&mut self, now: Instant, per_second: u32) -> bool {
        if now.saturating_since(self.since).as_secs() >= 1 {
            *self = Self { since: now, count: 0 };
        }
        self.count = self.count.saturating_add(1);
        self.count <= per_second
    }
}
