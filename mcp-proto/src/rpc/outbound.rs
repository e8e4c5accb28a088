//! Requests of ours that wait for an answer: their ids, and how long they may take.

use alloc::{collections::BTreeMap, vec::Vec};

use crate::{
    time::{Instant, Timeouts, Timers},
    wire::RequestId,
};

/// Requests of ours that wait for an answer; `T` is what the owner knows about each.
///
/// A request has two clocks. Progress of that very request begins the idle one anew; nothing
/// stops the total one.
#[derive(Debug)]
pub(crate) struct Outbound<T> {
    by_id: BTreeMap<RequestId, u64>,
    open: BTreeMap<u64, Open<T>>,
    timers: Timers<u64>,
    next: u64,
}

#[derive(Debug)]
struct Open<T> {
    id: RequestId,
    since: Instant,
    timeouts: Timeouts,
    about: T,
}

impl<T> Outbound<T> {
    pub(crate) const fn new() -> Self {
        Self { by_id: BTreeMap::new(), open: BTreeMap::new(), timers: Timers::new(), next: 0 }
    }

    /// A request with this id has been sent.
    pub(crate) fn open(&mut self, now: Instant, id: RequestId, timeouts: Timeouts, about: T) {
        let number = self.next;
        self.next += 1;
        self.by_id.insert(id.clone(), number);
        let open = Open { id, since: now, timeouts, about };
        if let Some(at) = open.deadline(now) {
            self.timers.set(number, at);
        }
        self.open.insert(number, open);
    }

    /// What the request with this id is about.
    pub(crate) fn get(&self, id: &RequestId) -> Option<&T> {
        let number = self.by_id.get(id)?;
        self.open.get(number).map(|open| &open.about)
    }

    /// The request with this id has ended.
    pub(crate) fn close(&mut self, id: &RequestId) -> Option<T> {
        let number = self.by_id.remove(id)?;
        self.timers.cancel(number);
        self.open.remove(&number).map(|open| open.about)
    }

    /// The peer is still at work on the request with this id.
    pub(crate) fn progressed(&mut self, now: Instant, id: &RequestId) -> bool {
        let Some(&number) = self.by_id.get(id) else { return false };
        if let Some(at) = self.open.get(&number).and_then(|open| open.deadline(now)) {
            self.timers.set(number, at);
        }
        true
    }

    /// Ends one request whose time is over, if there is one.
    pub(crate) fn expire(&mut self, now: Instant) -> Option<(RequestId, T)> {
        let number = self.timers.pop_due(now)?;
        let open = self.open.remove(&number)?;
        self.by_id.remove(&open.id);
        Some((open.id, open.about))
    }

    /// Ends all requests of which `ended` is true.
    pub(crate) fn close_all(&mut self, ended: impl Fn(&T) -> bool) -> Vec<(RequestId, T)> {
        let ids: Vec<RequestId> = self
            .open
            .values()
            .filter(|open| ended(&open.about))
            .map(|open| open.id.clone())
            .collect();
        ids.into_iter().filter_map(|id| self.close(&id).map(|about| (id, about))).collect()
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    pub(crate) fn count(&self, mut counted: impl FnMut(&T) -> bool) -> usize {
        self.open.values().filter(|open| counted(&open.about)).count()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }
}

impl<T> Open<T> {
    /// When the time is over, if the peer was last heard of at `heard`.
    fn deadline(&self, heard: Instant) -> Option<Instant> {
        let idle = self.timeouts.idle.map(|span| heard + span);
        let total = self.timeouts.total.map(|span| self.since + span);
        match (idle, total) {
            (Some(idle), Some(total)) => Some(idle.min(total)),
            (idle, total) => idle.or(total),
        }
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;
    use crate::wire::Id;

    fn at(seconds: u64) -> Instant {
        Instant::from_zero(Duration::from_secs(seconds))
    }

    fn timeouts(idle: Option<u64>, total: Option<u64>) -> Timeouts {
        Timeouts { idle: idle.map(Duration::from_secs), total: total.map(Duration::from_secs) }
    }

    #[test]
    fn the_earlier_of_both_clocks_ends_a_request() {
        for (idle, total, due) in [
            (Some(5), Some(30), Some(6)),
            (Some(30), Some(5), Some(6)),
            (None, Some(5), Some(6)),
            (Some(5), None, Some(6)),
            (None, None, None),
        ] {
            let mut outbound = Outbound::new();
            outbound.open(at(1), Id::Int(1), timeouts(idle, total), 'a');
            assert_eq!(outbound.next_timeout(), due.map(at));
            assert_eq!(outbound.expire(at(5)), None);
            let expired = outbound.expire(at(6));
            assert_eq!(expired, due.map(|_| (Id::Int(1), 'a')));
            assert_eq!(outbound.is_empty(), due.is_some());
        }
    }

    #[test]
    fn progress_moves_the_idle_clock_and_never_the_total_one() {
        let mut outbound = Outbound::new();
        outbound.open(at(0), Id::Int(1), timeouts(Some(5), Some(12)), ());
        outbound.open(at(0), Id::Int(2), timeouts(None, Some(40)), ());
        assert!(outbound.progressed(at(4), &Id::Int(1)));
        assert_eq!(outbound.next_timeout(), Some(at(9)));
        assert!(outbound.progressed(at(8), &Id::Int(1)));
        assert_eq!(outbound.next_timeout(), Some(at(12)));
        assert!(outbound.progressed(at(11), &Id::Int(2)));
        assert!(!outbound.progressed(at(11), &Id::Int(3)));
        assert_eq!(outbound.expire(at(12)).unwrap().0, Id::Int(1));
        assert_eq!(outbound.next_timeout(), Some(at(40)));
    }

    #[test]
    fn a_request_that_has_ended_is_forgotten() {
        let mut outbound = Outbound::new();
        for number in 1..=4 {
            outbound.open(at(0), Id::Int(number), timeouts(Some(5), None), number);
        }
        assert_eq!(outbound.close(&Id::Int(1)), Some(1));
        assert_eq!(outbound.close(&Id::Int(1)), None);
        assert_eq!(outbound.get(&Id::Int(2)), Some(&2));
        assert_eq!(outbound.get(&Id::Text("2".into())), None);
        let odd_or_four = outbound.close_all(|number| *number != 2);
        assert_eq!(odd_or_four, [(Id::Int(3), 3), (Id::Int(4), 4)]);
        assert_eq!(outbound.count(|_| true), 1);
        assert_eq!(outbound.expire(at(5)), Some((Id::Int(2), 2)));
        assert_eq!(outbound.expire(at(99)), None);
        assert!(outbound.is_empty() && outbound.by_id.is_empty());
        assert_eq!(outbound.next_timeout(), None);
    }
}
