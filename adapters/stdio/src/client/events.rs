//! What the server tells without being asked, until somebody wants to know.

use std::{
    collections::VecDeque,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use mcp_proto::client::ClientEvent;

use super::shared::Shared;

/// How many events wait at most: a program that looks now and then misses none.
const EVENTS_MAX: usize = 1024;

/// How many bytes all waiting events hold at most, a single larger one apart.
const EVENT_BYTES_MAX: usize = 4 << 20;

/// What an event takes beside its texts.
const EVENT_BYTES: usize = 128;

/// Events that wait for [`Events`].
#[derive(Default)]
pub(super) struct EventQueue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    events: VecDeque<ClientEvent>,
    bytes: usize,
    dropped: u64,
    closed: bool,
}

impl EventQueue {
    /// Adds an event. A change that is already waiting to be told is not told twice; at the limit
    /// what may be lost goes first, the oldest first, and is counted.
    pub(super) fn push(&self, event: ClientEvent) {
        let mut waiting = self.lock();
        if is_change(&event) && waiting.events.iter().any(|other| is_same_change(&event, other)) {
            return;
        }
        waiting.bytes += size_of_event(&event);
        waiting.events.push_back(event);
        while waiting.events.len() > EVENTS_MAX
            || (waiting.bytes > EVENT_BYTES_MAX && waiting.events.len() > 1)
        {
            let oldest = waiting.events.iter().position(may_be_lost).unwrap_or(0);
            if let Some(event) = waiting.events.remove(oldest) {
                waiting.bytes -= size_of_event(&event);
                waiting.dropped += 1;
            }
        }
        self.changed.notify_one();
    }

    /// Nothing more will come.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    pub(super) fn dropped(&self) -> u64 {
        self.lock().dropped
    }

    /// The next event; `None` if none comes until `deadline`, or ever.
    fn next(&self, deadline: Option<Instant>) -> Option<ClientEvent> {
        let mut waiting = self.lock();
        loop {
            if let Some(event) = waiting.events.pop_front() {
                waiting.bytes -= size_of_event(&event);
                return Some(event);
            }
            if waiting.closed {
                return None;
            }
            let Some(deadline) = deadline else {
                waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            let woken = self.changed.wait_timeout(waiting, left);
            waiting = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether an event says no more than another.
fn is_same_change(event: &ClientEvent, other: &ClientEvent) -> bool {
    match (event, other) {
        (ClientEvent::ListChanged(list), ClientEvent::ListChanged(other)) => list == other,
        (ClientEvent::ResourceUpdated { uri }, ClientEvent::ResourceUpdated { uri: other }) => {
            uri == other
        }
        _ => false,
    }
}

const fn is_change(event: &ClientEvent) -> bool {
    matches!(event, ClientEvent::ListChanged(_) | ClientEvent::ResourceUpdated { .. })
}

/// Whether an event is of a kind that a server may send without end.
const fn may_be_lost(event: &ClientEvent) -> bool {
    matches!(
        event,
        ClientEvent::Log { .. } | ClientEvent::Notified { .. } | ClientEvent::Dropped(_)
    )
}

fn size_of_event(event: &ClientEvent) -> usize {
    let texts = match event {
        ClientEvent::Log { logger, data, .. } => {
            logger.as_deref().map_or(0, str::len) + data.as_str().len()
        }
        ClientEvent::Notified { method, params } => method.len() + params.as_str().len(),
        ClientEvent::ResourceUpdated { uri } => uri.len(),
        ClientEvent::ElicitationComplete { elicitation } => elicitation.len(),
        ClientEvent::Listening { granted, .. } => granted.uris.iter().map(|uri| uri.len()).sum(),
        _ => 0,
    };
    EVENT_BYTES + texts
}

/// What the server tells that is no answer, in the order in which it came: `Log`, `ListChanged`,
/// `ResourceUpdated`, `Listening`, `ElicitationComplete`, `Notified` and `Dropped` of
/// [`ClientEvent`].
///
/// It blocks until there is something, and ends with the connection. All iterators of one client
/// share what comes: each event goes to one of them.
///
/// At most 1,024 events of 4 MiB in all wait. Beyond that the oldest log messages, notifications
/// of no known meaning and reports of dropped input are dropped; only where none of those wait,
/// the oldest of the others. [`Client::dropped_events`](super::Client::dropped_events) counts
/// them. A change that waits to be told is not told twice.
pub struct Events {
    pub(super) shared: Arc<Shared>,
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Events").finish_non_exhaustive()
    }
}

impl Events {
    /// The next event, if one comes within `timeout`.
    pub fn next_within(&mut self, timeout: Duration) -> Option<ClientEvent> {
        self.shared.events.next(Instant::now().checked_add(timeout))
    }
}

impl Iterator for Events {
    type Item = ClientEvent;

    fn next(&mut self) -> Option<ClientEvent> {
        self.shared.events.next(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mcp_proto::{
        client::DroppedByClient,
        schema::{Level, List},
        wire::Json,
    };

    fn log(data: &str) -> ClientEvent {
        ClientEvent::Log { call: None, level: Level::Info, logger: None, data: Json::text(data) }
    }

    fn poll(queue: &EventQueue) -> Option<ClientEvent> {
        queue.next(Some(Instant::now()))
    }

    #[test]
    fn the_oldest_logs_make_room_and_changes_stay() {
        let queue = EventQueue::default();
        queue.push(ClientEvent::ListChanged(List::Tools));
        for n in 0..EVENTS_MAX + 4 {
            queue.push(log(&n.to_string()));
        }
        assert_eq!(queue.dropped(), 5);
        assert!(matches!(poll(&queue), Some(ClientEvent::ListChanged(List::Tools))));
        let Some(ClientEvent::Log { data, .. }) = poll(&queue) else { panic!("no log") };
        assert_eq!(data.as_str(), r#""5""#);
    }

    #[test]
    fn large_logs_are_held_to_the_bytes_they_may_take() {
        let queue = EventQueue::default();
        let large = "x".repeat(EVENT_BYTES_MAX / 2);
        for _ in 0..5 {
            queue.push(log(&large));
        }
        assert_eq!(queue.dropped(), 4);
        assert!(poll(&queue).is_some());
        assert!(poll(&queue).is_none());
        assert_eq!(queue.lock().bytes, 0);
    }

    #[test]
    fn a_change_that_waits_is_told_once() {
        let queue = EventQueue::default();
        for uri in ["a", "b", "a"] {
            queue.push(ClientEvent::ResourceUpdated { uri: uri.into() });
            queue.push(ClientEvent::ListChanged(List::Tools));
        }
        queue.push(ClientEvent::Dropped(DroppedByClient::TooLong));
        queue.close();
        assert_eq!(std::iter::from_fn(|| queue.next(None)).count(), 4);
    }
}
