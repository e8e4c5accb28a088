//! Who is at the other ends of the connections, as far as that is known.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// How long a connection that was told to close is not listened to, should it go on: longer than
/// anybody honest needs to close it.
const CONDEMNED_FOR: Duration = Duration::from_secs(30);

/// How many connections are remembered so.
const CONDEMNED_MAX: usize = 1024;

/// How many connections are remembered as known.
const KNOWN_MAX: usize = 4096;

/// For how long they are.
const KNOWN_FOR: Duration = Duration::from_secs(1);

/// The clients that something is under way for.
#[derive(Debug, Default)]
pub(crate) struct Seats {
    taken: Mutex<HashMap<SocketAddr, Place>>,
}

/// What is known of one connection while something is under way on it.
#[derive(Debug, Default)]
struct Place {
    seats: usize,
    /// An answer on it has not become whole.
    cut: bool,
}

/// One request under way.
#[derive(Debug)]
pub(crate) struct Seat {
    seats: Arc<Seats>,
    peer: SocketAddr,
    /// How many were under way on its connection before, whose answers go first.
    pub(crate) ahead: usize,
}

impl Seats {
    /// Takes a seat, and says how many are taken now.
    pub(crate) fn sit(self: &Arc<Self>, peer: SocketAddr) -> (Seat, usize) {
        let mut taken = self.lock();
        let place = taken.entry(peer).or_default();
        let ahead = place.seats;
        place.seats += 1;
        // Pipelining is so rare that the connections are as good as the requests.
        (Seat { seats: Arc::clone(self), peer, ahead }, taken.len())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SocketAddr, Place>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    pub(crate) fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Says that the answer has not become whole: whatever follows would be taken for its rest.
    pub(crate) fn cut(&self) {
        if let Some(place) = self.seats.lock().get_mut(&self.peer) {
            place.cut = true;
        }
    }

    /// Whether an answer on its connection has not become whole.
    pub(crate) fn is_cut(&self) -> bool {
        self.seats.lock().get(&self.peer).is_some_and(|place| place.cut)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.lock();
        if let Some(place) = taken.get_mut(&self.peer) {
            place.seats -= 1;
            if place.seats == 0 {
                taken.remove(&self.peer);
            }
        }
    }
}

/// Connections that were seen lately, and those that are not to be listened to any more.
#[derive(Debug)]
pub(crate) struct Acquaintance {
    known: HashSet<SocketAddr>,
    since: Instant,
    condemned: VecDeque<(Instant, SocketAddr)>,
}

impl Acquaintance {
    pub(crate) fn new(now: Instant) -> Self {
        Self { known: HashSet::new(), since: now, condemned: VecDeque::new() }
    }

    /// Whether nothing has come on this connection lately.
    pub(crate) fn is_new(&mut self, now: Instant, peer: SocketAddr) -> bool {
        if now.saturating_duration_since(self.since) >= KNOWN_FOR || self.known.len() >= KNOWN_MAX {
            self.since = now;
            self.known.clear();
        }
        self.known.insert(peer)
    }

    /// What comes on this connection from now on is nobody's request.
    pub(crate) fn condemn(&mut self, now: Instant, peer: SocketAddr) {
        self.condemned.retain(|(_, condemned)| *condemned != peer);
        if self.condemned.len() >= CONDEMNED_MAX {
            self.condemned.pop_front();
        }
        self.condemned.push_back((now + CONDEMNED_FOR, peer));
    }

    pub(crate) fn is_condemned(&mut self, now: Instant, peer: SocketAddr) -> bool {
        while self.condemned.front().is_some_and(|(until, _)| *until <= now) {
            self.condemned.pop_front();
        }
        self.condemned.iter().any(|(_, condemned)| *condemned == peer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(port: u16) -> SocketAddr {
        ([127, 0, 0, 1], port).into()
    }

    #[test]
    fn a_seat_is_free_when_its_request_is_done() {
        let seats = Arc::new(Seats::default());
        let (first, taken) = seats.sit(peer(1));
        assert_eq!((first.ahead, taken), (0, 1));
        let (second, taken) = seats.sit(peer(1));
        assert_eq!((second.ahead, taken), (1, 1));
        let (_third, taken) = seats.sit(peer(2));
        assert_eq!(taken, 2);
        drop((first, second));
        assert_eq!(seats.sit(peer(3)).1, 2);
    }

    #[test]
    fn an_answer_that_is_cut_concerns_its_connection_alone() {
        let seats = Arc::new(Seats::default());
        let [first, second, other] = [1, 1, 2].map(|port| seats.sit(peer(port)).0);
        first.cut();
        drop(first);
        assert_eq!((second.is_cut(), other.is_cut()), (true, false));
        drop(second);
        assert!(!seats.sit(peer(1)).0.is_cut());
    }

    #[test]
    fn a_connection_is_new_once_a_second() {
        let now = Instant::now();
        let mut acquaintance = Acquaintance::new(now);
        assert!(acquaintance.is_new(now, peer(1)));
        assert!(!acquaintance.is_new(now, peer(1)));
        assert!(acquaintance.is_new(now, peer(2)));
        assert!(acquaintance.is_new(now + KNOWN_FOR, peer(1)));
    }

    #[test]
    fn a_connection_is_condemned_for_a_time() {
        let now = Instant::now();
        let mut acquaintance = Acquaintance::new(now);
        acquaintance.condemn(now, peer(1));
        assert!(acquaintance.is_condemned(now, peer(1)));
        assert!(!acquaintance.is_condemned(now, peer(2)));
        assert!(!acquaintance.is_condemned(now + CONDEMNED_FOR, peer(1)));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let now = Instant::now();
        let mut acquaintance = Acquaintance::new(now);
        for port in 0..u16::MAX {
            acquaintance.is_new(now, peer(port));
            acquaintance.condemn(now, peer(port));
        }
        assert!(acquaintance.known.len() <= KNOWN_MAX);
        assert!(acquaintance.condemned.len() <= CONDEMNED_MAX);
    }
}
