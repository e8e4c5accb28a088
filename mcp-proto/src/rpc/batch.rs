//! Batches of 2025-03-26: the responses to one batch leave together.
//!
//! Spec: "Batching" on the `basic` page of 2025-03-26, and JSON-RPC 2.0.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    string::String,
};

/// Batches whose requests are not all concluded yet; `K` is what a request is called by.
#[derive(Debug)]
pub(crate) struct Batches<K> {
    open: BTreeMap<u64, Batch<K>>,
    by_request: BTreeMap<K, u64>,
    next: u64,
}

#[derive(Debug)]
struct Batch<K> {
    waiting: BTreeSet<K>,
    /// The responses so far, with commas between them.
    responses: String,
}

impl<K: Ord + Copy> Batches<K> {
    pub(crate) const fn new() -> Self {
        Self { open: BTreeMap::new(), by_request: BTreeMap::new(), next: 0 }
    }

    /// Takes in a batch: the requests that will be concluded, and the responses that are there
    /// already. Returns the whole answer if nothing is left to wait for.
    pub(crate) fn begin(&mut self, waiting: BTreeSet<K>, responses: &[String]) -> Option<String> {
        let batch = Batch { waiting, responses: responses.join(",") };
        if batch.waiting.is_empty() {
            return batch.answer();
        }
        let number = self.next;
        self.next += 1;
        self.by_request.extend(batch.waiting.iter().map(|request| (*request, number)));
        self.open.insert(number, batch);
        None
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty() && self.by_request.is_empty()
    }

    /// Whether the response to `request` leaves with its batch.
    pub(crate) fn holds(&self, request: K) -> bool {
        !self.by_request.is_empty() && self.by_request.contains_key(&request)
    }

    /// The batch of `request` is no longer answered whole. Returns the responses so far, if there
    /// are any.
    pub(crate) fn dissolve(&mut self, request: K) -> Option<String> {
        let number = self.by_request.get(&request)?;
        let batch = self.open.remove(number)?;
        for request in &batch.waiting {
            self.by_request.remove(request);
        }
        batch.answer()
    }

    /// `request` is concluded, with a response or, if it was cancelled, without. Returns the
    /// whole answer if that was the last.
    pub(crate) fn conclude(&mut self, request: K, response: Option<&str>) -> Option<String> {
        let number = self.by_request.remove(&request)?;
        let batch = self.open.get_mut(&number)?;
        batch.waiting.remove(&request);
        if let Some(response) = response {
            if !batch.responses.is_empty() {
                batch.responses.push(',');
            }
            batch.responses.push_str(response);
        }
        if batch.waiting.is_empty() { self.open.remove(&number)?.answer() } else { None }
    }
}

impl<K> Batch<K> {
    /// The array; nothing at all if there is no response.
    fn answer(self) -> Option<String> {
        (!self.responses.is_empty()).then(|| alloc::format!("[{}]", self.responses))
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    fn answered(texts: &[&str]) -> alloc::vec::Vec<String> {
        texts.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_batch_without_open_requests_is_answered_at_once() {
        let mut batches = Batches::<u8>::new();
        assert_eq!(batches.begin([].into(), &answered(&["a", "b"])), Some("[a,b]".into()));
        assert_eq!(batches.begin([].into(), &[]), None);
        assert!(batches.open.is_empty());
    }

    #[test]
    fn the_last_conclusion_brings_the_answer() {
        let mut batches = Batches::new();
        assert_eq!(batches.begin([1, 2, 3].into(), &answered(&["a"])), None);
        assert_eq!(batches.begin([4].into(), &[]), None);
        assert_eq!(batches.conclude(3, Some("c")), None);
        assert_eq!(batches.conclude(1, None), None);
        assert!(batches.holds(2) && !batches.holds(3));
        assert_eq!(batches.conclude(2, Some("b")), Some("[a,c,b]".into()));
        assert_eq!(batches.conclude(4, None), None);
        assert!(batches.open.is_empty() && batches.by_request.is_empty());
    }

    #[test]
    fn a_request_of_no_batch_concludes_nothing() {
        let mut batches = Batches::new();
        assert_eq!(batches.conclude(1, Some("a")), None);
        assert_eq!(batches.begin([1].into(), &[]), None);
        assert_eq!(batches.conclude(2, Some("b")), None);
        assert_eq!(batches.conclude(1, Some("a")), Some("[a]".into()));
        assert_eq!(batches.conclude(1, Some("a")), None);
    }

    #[test]
    fn a_batch_that_is_no_longer_answered_whole_gives_what_it_has() {
        let mut batches = Batches::new();
        assert_eq!(batches.begin([1, 2].into(), &answered(&["a"])), None);
        assert_eq!(batches.begin([3].into(), &[]), None);
        assert_eq!(batches.dissolve(2), Some("[a]".into()));
        assert!(!batches.holds(1) && !batches.holds(2));
        assert_eq!(batches.dissolve(2), None);
        assert_eq!(batches.dissolve(3), None);
        assert!(batches.is_empty());
    }
}
