//! Time as the core knows it: a number that comes in with every input.

use alloc::collections::{BTreeMap, BTreeSet};
use core::{ops::Add, time::Duration};

/// A moment on the driver's monotonic clock, counted from a zero that the driver chose.
///
/// The core reads no clock: each moment it knows came in through a `now` argument.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(Duration);

impl Instant {
    /// The driver's zero.
    pub const ZERO: Self = Self(Duration::ZERO);

    /// The moment `elapsed` after the driver's zero.
    pub const fn from_zero(elapsed: Duration) -> Self {
        Self(elapsed)
    }

    /// How long after the driver's zero this moment is.
    pub const fn since_zero(self) -> Duration {
        self.0
    }

    /// How long after `earlier` this moment is; zero if it is not after it.
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span))
    }
}

/// How long a request may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timeouts {
    /// Without an answer and without progress. Progress of that very request begins it anew.
    pub idle: Option<Duration>,
    /// In all, whatever progress there is.
    pub total: Option<Duration>,
}

/// An ordered set of deadlines, at most one for each key.
#[derive(Debug)]
pub(crate) struct Timers<K> {
    by_time: BTreeSet<(Instant, K)>,
    by_key: BTreeMap<K, Instant>,
}

impl<K: Ord + Copy> Timers<K> {
    pub(crate) const fn new() -> Self {
        Self { by_time: BTreeSet::new(), by_key: BTreeMap::new() }
    }

    /// Sets the deadline of `key`, in place of the one it may have had.
    pub(crate) fn set(&mut self, key: K, at: Instant) {
        self.cancel(key);
        self.by_time.insert((at, key));
        self.by_key.insert(key, at);
    }

    pub(crate) fn cancel(&mut self, key: K) {
        if let Some(at) = self.by_key.remove(&key) {
            self.by_time.remove(&(at, key));
        }
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        self.by_time.first().map(|(at, _)| *at)
    }

    /// Takes out one key whose deadline is `now` or earlier, the earliest first.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<K> {
        let &(at, key) = self.by_time.first().filter(|(at, _)| *at <= now)?;
        self.by_time.remove(&(at, key));
        self.by_key.remove(&key);
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn at(millis: u64) -> Instant {
        Instant::from_zero(Duration::from_millis(millis))
    }

    #[derive(Clone, Debug)]
    enum Step {
        Set(u8, u64),
        Cancel(u8),
        Pop(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0..6u8, 0..50u64).prop_map(|(key, time)| Step::Set(key, time)),
            (0..6u8).prop_map(Step::Cancel),
            (0..50u64).prop_map(Step::Pop),
        ]
    }

    proptest! {
        #[test]
        fn timers_behave_like_a_sorted_list(steps in prop::collection::vec(step(), 0..60)) {
            let mut timers = Timers::new();
            let mut model: Vec<(Instant, u8)> = Vec::new();
            for step in steps {
                match step {
                    Step::Set(key, time) => {
                        timers.set(key, at(time));
                        model.retain(|(_, k)| *k != key);
                        model.push((at(time), key));
                        model.sort_unstable();
                    }
                    Step::Cancel(key) => {
                        timers.cancel(key);
                        model.retain(|(_, k)| *k != key);
                    }
                    Step::Pop(now) => {
                        let due = model.first().copied().filter(|(time, _)| *time <= at(now));
                        if due.is_some() {
                            model.remove(0);
                        }
                        prop_assert_eq!(timers.pop_due(at(now)), due.map(|(_, key)| key));
                    }
                }
                prop_assert_eq!(timers.next(), model.first().map(|(time, _)| *time));
            }
        }
    }

    #[test]
    fn a_deadline_beyond_the_end_of_time_saturates() {
        assert_eq!(at(1) + Duration::MAX, Instant(Duration::MAX));
        assert_eq!(at(1).saturating_since(at(2)), Duration::ZERO);
    }
}
