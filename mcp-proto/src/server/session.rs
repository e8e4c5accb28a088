//! One legacy session: what was agreed on, and what it remembers.

use alloc::{
    boxed::Box,
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
    vec::Vec,
};
use core::{
    fmt,
    sync::atomic::{AtomicU8, Ordering},
};

use super::{ask::Held, lifecycle::Phase};
use crate::{error::CommandError, limits::Limits, schema::Level, terms::Terms, wire::Json};

/// Names one legacy session for as long as the machine lives; never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionKey(pub(crate) u64);

/// A session's id on the wire: visible ASCII, to be kept like a secret.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(Arc<str>);

impl SessionId {
    /// Takes the text of an id.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The text of the id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl core::borrow::Borrow<str> for SessionId {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Debug for SessionId {
    /// Shows the end of the id alone, so that logs do not give sessions away.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.as_str();
        let shown = text.char_indices().rev().nth(3).map_or("", |(at, _)| &text[at..]);
        write!(f, "SessionId(…{shown})")
    }
}

/// One legacy session.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: Option<SessionId>,
    pub(crate) phase: Phase,
    pub(crate) terms: Arc<Terms>,
    /// Shared with the session's running calls, so that `logging/setLevel` reaches them.
    pub(crate) level: Arc<AtomicU8>,
    pub(crate) subscriptions: BTreeSet<Box<str>>,
    /// What calls want to ask before the session is in operation.
    pub(super) held: Vec<Held>,
    attached: Arc<BTreeMap<Box<str>, Json>>,
    /// URL elicitations that may be reported complete, oldest first.
    elicitations: VecDeque<Box<str>>,
}

impl Session {
    pub(crate) fn new(id: Option<SessionId>, terms: Arc<Terms>, level: Level) -> Self {
        Self {
            id,
            phase: Phase::Initializing,
            terms,
            level: Arc::new(AtomicU8::new(level as u8)),
            subscriptions: BTreeSet::new(),
            held: Vec::new(),
            attached: Arc::default(),
            elicitations: VecDeque::new(),
        }
    }

    pub(crate) fn wants_log(&self, level: Level) -> bool {
        level as u8 >= self.level.load(Ordering::Relaxed)
    }

    pub(crate) fn attached(&self) -> &Arc<BTreeMap<Box<str>, Json>> {
        &self.attached
    }

    /// Attaches a value, or takes it away. Calls that run keep the values they came with.
    pub(crate) fn attach(
        &mut self,
        limits: &Limits,
        key: Box<str>,
        value: Option<Json>,
    ) -> Result<(), CommandError> {
        let Some(value) = value else {
            Arc::make_mut(&mut self.attached).remove(&key);
            return Ok(());
        };
        let others = self.attached.iter().filter(|(other, _)| **other != key);
        let (count, bytes) = others.fold((0, 0), |(count, bytes), (other, value)| {
            (count + 1, bytes + other.len() + value.as_str().len())
        });
        let bytes = bytes + key.len() + value.as_str().len();
        if count >= limits.attachments_max || bytes > limits.attachment_bytes_max {
            return Err(CommandError::OverLimit);
        }
        Arc::make_mut(&mut self.attached).insert(key, value);
        Ok(())
    }

    /// A URL elicitation was sent to this client.
    pub(crate) fn elicitation_sent(&mut self, limits: &Limits, elicitation: Box<str>) {
        while self.elicitations.len() >= limits.elicitations_max {
            if self.elicitations.pop_front().is_none() {
                return;
            }
        }
        self.elicitations.push_back(elicitation);
    }

    /// Whether this client was sent the elicitation; true once.
    pub(crate) fn take_elicitation(&mut self, elicitation: &str) -> bool {
        let place = self.elicitations.iter().position(|sent| **sent == *elicitation);
        place.and_then(|place| self.elicitations.remove(place)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;
    use crate::{schema::ClientCapabilities, version::Version};

    fn session() -> Session {
        let terms = Terms {
            version: Version::LATEST_WITH_HANDSHAKE,
            capabilities: ClientCapabilities::default(),
            client: None,
        };
        Session::new(None, Arc::new(terms), Level::Warning)
    }

    #[test]
    fn an_id_shows_its_end_alone() {
        assert_eq!(format!("{:?}", SessionId::new("secret-1234")), "SessionId(…1234)");
        assert_eq!(format!("{:?}", SessionId::new("abc")), "SessionId(…)");
        assert_eq!(format!("{:?}", SessionId::new("s\u{e9}cr\u{e9}t")), "SessionId(…cr\u{e9}t)");
    }

    #[test]
    fn a_session_wants_its_level_and_what_is_above() {
        let session = session();
        let wanted = Level::ALL.map(|level| session.wants_log(level));
        assert_eq!(wanted, [false, false, false, true, true, true, true, true]);
    }

    #[test]
    fn a_call_keeps_the_values_it_came_with() {
        let (mut session, limits) = (session(), Limits::default());
        session.attach(&limits, "k".into(), Some(Json::text("1"))).unwrap();
        let before = session.attached().clone();
        session.attach(&limits, "k".into(), Some(Json::text("2"))).unwrap();
        assert_eq!(before.get("k"), Some(&Json::text("1")));
        assert_eq!(session.attached().get("k"), Some(&Json::text("2")));
        session.attach(&limits, "k".into(), None).unwrap();
        session.attach(&limits, "k".into(), None).unwrap();
        assert!(session.attached().is_empty());
    }

    #[test]
    fn the_bytes_of_attached_values_are_counted_with_their_keys() {
        let limits = Limits { attachment_bytes_max: 10, ..Limits::default() };
        let mut session = session();
        let mut attach =
            |key: &str, value: &str| session.attach(&limits, key.into(), Some(Json::text(value)));
        assert_eq!(attach("key", "12345"), Ok(()));
        assert_eq!(attach("key", "123456"), Err(CommandError::OverLimit));
        assert_eq!(attach("k", ""), Err(CommandError::OverLimit));
        assert_eq!(attach("key", "1"), Ok(()));
        assert_eq!(attach("k", ""), Ok(()));
    }

    #[test]
    fn an_elicitation_is_taken_once_and_the_oldest_forgotten() {
        let limits = Limits { elicitations_max: 2, ..Limits::default() };
        let mut session = session();
        for id in ["a", "b", "c"] {
            session.elicitation_sent(&limits, id.into());
        }
        let taken = ["a", "b", "b", "c"].map(|id| session.take_elicitation(id));
        assert_eq!(taken, [false, true, false, true]);
    }

    #[test]
    fn no_elicitation_is_kept_where_none_may_be() {
        let limits = Limits { elicitations_max: 0, ..Limits::default() };
        let mut session = session();
        session.elicitation_sent(&limits, "a".into());
        assert!(!session.take_elicitation("a"));
    }
}
