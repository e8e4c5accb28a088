//! What is offered of one kind, in the order of registration and found by name.

use alloc::{boxed::Box, collections::BTreeMap};
use core::ops::Bound;

/// Entries by name, in the order in which they were first registered.
///
/// Each has a place, a number that is never used again, so that a cursor stays good when the entry
/// it names is removed.
pub(super) struct Registry<T> {
    places: BTreeMap<Box<str>, u64>,
    entries: BTreeMap<u64, T>,
    next_place: u64,
    revision: u64,
}

impl<T> Registry<T> {
    pub(super) const fn new() -> Self {
        Self { places: BTreeMap::new(), entries: BTreeMap::new(), next_place: 0, revision: 0 }
    }

    /// Registers `entry`, in the place of the one that had the name before.
    pub(super) fn insert(&mut self, name: &str, entry: T) {
        let place = match self.places.get(name) {
            Some(place) => *place,
            None => self.new_place(name),
        };
        self.entries.insert(place, entry);
        self.revision += 1;
    }

    /// Removes the entry `name`; says whether there was one.
    pub(super) fn remove(&mut self, name: &str) -> bool {
        let Some(place) = self.places.remove(name) else {
            return false;
        };
        self.entries.remove(&place);
        self.revision += 1;
        true
    }

    pub(super) fn get(&self, name: &str) -> Option<&T> {
        self.entries.get(self.places.get(name)?)
    }

    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut T> {
        self.entries.get_mut(self.places.get(name)?)
    }

    pub(super) fn at_mut(&mut self, place: u64) -> Option<&mut T> {
        self.entries.get_mut(&place)
    }

    /// The entries behind `place`, or all, with their places.
    pub(super) fn after(&self, place: Option<u64>) -> impl Iterator<Item = (u64, &T)> {
        let start = place.map_or(Bound::Unbounded, Bound::Excluded);
        self.entries.range((start, Bound::Unbounded)).map(|(place, entry)| (*place, entry))
    }

    /// Whether an entry had `place` at any time.
    pub(super) fn has_given(&self, place: u64) -> bool {
        place < self.next_place
    }

    /// Grows with each change; zero as long as nothing was ever registered.
    pub(super) fn revision(&self) -> u64 {
        self.revision
    }

    fn new_place(&mut self, name: &str) -> u64 {
        let place = self.next_place;
        self.next_place += 1;
        self.places.insert(name.into(), place);
        place
    }
}
