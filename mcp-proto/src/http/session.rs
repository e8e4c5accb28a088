//! The sessions of legacy clients: whose they are, and how long they last.
//!
//! Spec: "Session Management" of `basic/transports`, 2025-03-26 to 2025-11-25.

use alloc::{
    boxed::Box,
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};
use core::time::Duration;

use super::held::{Held, LogRate};
use crate::{
    Instant,
    server::{ExchangeId, SessionId, SessionKey},
};

/// The open sessions. Nothing is kept of one that has ended.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    by_id: BTreeMap<SessionId, SessionKey>,
    /// In the order in which they were opened, for keys grow.
    open: BTreeMap<SessionKey, Session>,
    /// Those in which nothing is going on, by the time since when.
    idle: BTreeSet<(Instant, SessionKey)>,
}

/// An open session.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) id: SessionId,
    pub(super) subject: Option<Box<str>>,
    opened: Instant,
    idle_since: Instant,
    /// How many streams and running requests there are.
    busy: usize,
    /// The stream that carries what belongs to no request.
    pub(super) general: Option<ExchangeId>,
    /// All streams whose events can still be sent or replayed.
    pub(super) streams: Vec<ExchangeId>,
    /// What the next general stream begins with.
    pub(super) missed: Held,
    pub(super) logs: LogRate,
}

impl Sessions {
    pub(super) fn insert(
        &mut self,
        now: Instant,
        key: SessionKey,
        id: SessionId,
        subject: Option<Box<str>>,
    ) {
        let session = Session {
            id: id.clone(),
            subject,
            opened: now,
            idle_since: now,
            busy: 0,
            general: None,
            streams: Vec::new(),
            missed: Held::default(),
            logs: LogRate::default(),
        };
        self.by_id.insert(id, key);
        self.open.insert(key, session);
        self.idle.insert((now, key));
    }

    pub(super) fn remove(&mut self, key: SessionKey) -> Option<Session> {
        let session = self.open.remove(&key)?;
        self.by_id.remove(&session.id);
        self.idle.remove(&(session.idle_since, key));
        Some(session)
    }

    /// The session with this id, if it is this caller's. Nobody is told which of the two it is
    /// not.
    pub(super) fn find(&self, id: &str, subject: Option<&str>) -> Option<SessionKey> {
        let key = self.by_id.get(id)?;
        let session = self.open.get(key)?;
        (session.subject.as_deref() == subject).then_some(*key)
    }

    pub(super) fn is_used(&self, id: &SessionId) -> bool {
        self.by_id.contains_key(id)
    }

    pub(super) fn get(&self, key: SessionKey) -> Option<&Session> {
        self.open.get(&key)
    }

    pub(super) fn get_mut(&mut self, key: SessionKey) -> Option<&mut Session> {
        self.open.get_mut(&key)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (SessionKey, &Session)> {
        self.open.iter().map(|(key, session)| (*key, session))
    }

    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty() && self.by_id.is_empty() && self.idle.is_empty()
    }

    /// Something happened in the session.
    pub(super) fn touch(&mut self, now: Instant, key: SessionKey) {
        self.enter(key);
        self.leave(now, key);
    }

    /// Something goes on in the session from now on.
    pub(super) fn enter(&mut self, key: SessionKey) {
        let Some(session) = self.open.get_mut(&key) else { return };
        if session.busy == 0 {
            self.idle.remove(&(session.idle_since, key));
        }
        session.busy += 1;
    }

    /// It has ended.
    pub(super) fn leave(&mut self, now: Instant, key: SessionKey) {
        let Some(session) = self.open.get_mut(&key) else { return };
        session.busy = session.busy.saturating_sub(1);
        if session.busy == 0 {
            session.idle_since = now;
            self.idle.insert((now, key));
        }
    }

    /// The session in which nothing has been going on for longest.
    pub(super) fn longest_idle(&self) -> Option<SessionKey> {
        self.idle.first().map(|(_, key)| *key)
    }

    /// One session whose time is over.
    pub(super) fn expired(
        &self,
        now: Instant,
        idle: Duration,
        lifetime: Option<Duration>,
    ) -> Option<SessionKey> {
        let idle = self.idle.first().filter(|(since, _)| *since + idle <= now);
        let oldest = self.open.first_key_value().filter(|(_, session)| {
            lifetime.is_some_and(|lifetime| session.opened + lifetime <= now)
        });
        idle.map(|(_, key)| *key).or(oldest.map(|(key, _)| *key))
    }

    /// When the time of the next session is over.
    pub(super) fn next_expiry(
        &self,
        idle: Duration,
        lifetime: Option<Duration>,
    ) -> Option<Instant> {
        let idle = self.idle.first().map(|(since, _)| *since + idle);
        let oldest = self.open.first_key_value();
        let lifetime = lifetime.zip(oldest).map(|(span, (_, session))| session.opened + span);
        [idle, lifetime].into_iter().flatten().min()
    }
}

impl Session {
    /// For how long nothing has been going on.
    pub(super) fn idle(&self, now: Instant) -> Duration {
        if self.busy > 0 { Duration::ZERO } else { now.saturating_since(self.idle_since) }
    }
}

/// What one subject has open, in all its sessions and without.
#[derive(Debug, Default)]
pub(super) struct Subjects(BTreeMap<Box<str>, Use>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Use {
    pub(super) sessions: usize,
    pub(super) calls: usize,
    pub(super) listens: usize,
}

impl Subjects {
    /// What `subject` has open; nothing, where nobody is told apart.
    pub(super) fn of(&self, subject: Option<&str>) -> Use {
        subject.and_then(|subject| self.0.get(subject)).copied().unwrap_or_default()
    }

    /// Counts something that `subject` opens or closes.
    pub(super) fn count(&mut self, subject: Option<&str>, change: impl FnOnce(&mut Use)) {
        let Some(subject) = subject else { return };
        let mut used = self.of(Some(subject));
        change(&mut used);
        if used == Use::default() {
            self.0.remove(subject);
        } else if let Some(entry) = self.0.get_mut(subject) {
            *entry = used;
        } else {
            self.0.insert(subject.into(), used);
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
