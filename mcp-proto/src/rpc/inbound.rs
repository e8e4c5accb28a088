//! Requests of the peer that are not concluded yet: whose id is in use, and by which call.

use alloc::collections::BTreeMap;

use crate::wire::RequestId;

/// The channel within which the peer's request ids are unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    /// The one pipe.
    Pipe,
    /// A session, by its number.
    Session(u64),
}

/// Requests of the peer that are not concluded yet.
///
/// `K` is what the owner calls a request by. A request on a channel of its own (an HTTP exchange
/// without a session) has no scope and is not in the table: nothing can name it.
#[derive(Debug)]
pub(crate) struct Inbound<K> {
    by_id: BTreeMap<(Scope, RequestId), K>,
    counts: BTreeMap<Scope, usize>,
}

impl<K: Copy> Inbound<K> {
    pub(crate) const fn new() -> Self {
        Self { by_id: BTreeMap::new(), counts: BTreeMap::new() }
    }

    /// Which request has this id.
    pub(crate) fn find(&self, scope: Scope, id: &RequestId) -> Option<K> {
        // Ids of integers are compared without a copy; a text is copied once, here.
        self.by_id.get(&(scope, id.clone())).copied()
    }

    /// Takes the id into use; `false` if it is in use already.
    pub(crate) fn open(&mut self, scope: Scope, id: RequestId, request: K) -> bool {
        use alloc::collections::btree_map::Entry;
        match self.by_id.entry((scope, id)) {
            Entry::Occupied(_) => false,
            Entry::Vacant(place) => {
                place.insert(request);
                *self.counts.entry(scope).or_default() += 1;
                true
            }
        }
    }

    /// The id may be used again.
    pub(crate) fn close(&mut self, scope: Scope, id: &RequestId) {
        if self.by_id.remove(&(scope, id.clone())).is_none() {
            return;
        }
        if let Some(count) = self.counts.get_mut(&scope) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&scope);
            }
        }
    }

    /// How many requests of this channel are open.
    pub(crate) fn count(&self, scope: Scope) -> usize {
        self.counts.get(&scope).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Id;

    #[test]
    fn an_id_is_in_use_within_its_channel_until_it_is_closed() {
        let mut inbound = Inbound::new();
        let (number, text) = (Id::Int(1), Id::Text("1".into()));
        assert!(inbound.open(Scope::Pipe, number.clone(), 'a'));
        assert!(inbound.open(Scope::Pipe, text.clone(), 'b'));
        assert!(inbound.open(Scope::Session(1), number.clone(), 'c'));
        assert!(inbound.open(Scope::Session(2), number.clone(), 'd'));
        assert!(!inbound.open(Scope::Pipe, number.clone(), 'e'));
        assert_eq!(inbound.find(Scope::Pipe, &number), Some('a'));
        assert_eq!(inbound.find(Scope::Session(2), &number), Some('d'));
        assert_eq!(inbound.find(Scope::Session(2), &text), None);
        inbound.close(Scope::Pipe, &number);
        assert_eq!(inbound.find(Scope::Pipe, &number), None);
        assert_eq!(inbound.find(Scope::Pipe, &text), Some('b'));
        assert!(inbound.open(Scope::Pipe, number, 'f'));
    }

    #[test]
    fn channels_are_counted_and_leave_nothing_behind() {
        let mut inbound = Inbound::new();
        let scope = Scope::Session(7);
        for number in 0..3 {
            inbound.open(scope, Id::Int(number), ());
        }
        inbound.open(scope, Id::Int(2), ());
        assert_eq!((inbound.count(scope), inbound.count(Scope::Pipe)), (3, 0));
        for number in [0, 0, 1, 2, 9] {
            inbound.close(scope, &Id::Int(number));
        }
        assert_eq!(inbound.count(scope), 0);
        assert!(inbound.by_id.is_empty() && inbound.counts.is_empty());
    }
}
