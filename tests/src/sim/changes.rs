//! Subscriptions, and how often a client must be told of a change.

use std::collections::{BTreeMap, BTreeSet};

use mcp_proto::{
    client::{ClientCallId, Listening},
    schema::List,
};

use super::{actor::Life, plan};
use crate::model::Revision;

/// What a client is told changes of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Topic {
    /// A list, by its number.
    List(usize),
    /// A resource, by its number.
    Resource(usize),
}

/// The subscriptions of a client, what has changed, and what the client was told of that.
#[derive(Debug, Default)]
pub(super) struct Heard {
    listens: Vec<Listen>,
    changes: Vec<Change>,
    /// How often each life was told of what.
    told: BTreeMap<(u32, Topic), usize>,
}

#[derive(Debug)]
struct Listen {
    life: u32,
    id: ClientCallId,
    topics: BTreeSet<Topic>,
    begun: u64,
    /// Since when it holds for certain.
    open: Option<u64>,
    ended: Option<u64>,
}

/// Something is another one than before.
#[derive(Debug)]
struct Change {
    life: u32,
    topic: Topic,
    at: u64,
}

impl Heard {
    pub(super) fn begin(
        &mut self,
        life: u32,
        id: ClientCallId,
        topics: BTreeSet<Topic>,
        begun: u64,
    ) {
        self.listens.push(Listen { life, id, topics, begun, open: None, ended: None });
    }

    pub(super) fn changes(&mut self, life: u32, topic: Topic, at: u64) {
        self.changes.push(Change { life, topic, at });
    }

    fn find(&mut self, life: u32, id: ClientCallId) -> Result<&mut Listen, String> {
        let mut listens = self.listens.iter_mut().filter(|listen| listen.life == life);
        listens.find(|listen| listen.id == id).ok_or_else(|| "nobody listens".into())
    }

    pub(super) fn open(&mut self, life: u32, id: ClientCallId, at: u64) -> Result<(), String> {
        self.find(life, id).map(|listen| listen.open = Some(at))
    }

    pub(super) fn end(&mut self, life: u32, id: ClientCallId, at: u64) -> Result<(), String> {
        self.find(life, id).map(|listen| _ = listen.ended.get_or_insert(at))
    }

    /// The client ends the subscription that it has had for the longest.
    pub(super) fn end_oldest(&mut self, life: u32, at: u64) -> Option<ClientCallId> {
        let mut open = self.listens.iter_mut();
        let oldest = open.find(|listen| listen.life == life && listen.ended.is_none())?;
        oldest.ended = Some(at);
        Some(oldest.id)
    }

    pub(super) fn told_of_list(&mut self, life: u32, list: List) {
        let number = (0..3).find(|number| self::list(*number) == list).unwrap_or_default();
        *self.told.entry((life, Topic::List(number))).or_default() += 1;
    }

    pub(super) fn told_of_resource(&mut self, life: u32, uri: &str) -> Result<(), String> {
        let number = plan::URIS.iter().position(|known| *known == uri);
        let topic = Topic::Resource(number.ok_or("no such resource")?);
        *self.told.entry((life, topic)).or_default() += 1;
        Ok(())
    }

    /// Whether a life was told of each change as often as it had to be; says otherwise.
    pub(super) fn check(&self, number: u32, life: &Life, exact: bool) -> Result<(), String> {
        let Some(revision) = life.agreed else { return Ok(()) };
        for topic in (0..3).map(Topic::List).chain((0..3).map(Topic::Resource)) {
            let told = self.told.get(&(number, topic)).copied().unwrap_or_default();
            let (mut least, mut most) = (0, 0);
            let changes = self.changes.iter();
            for change in changes.filter(|change| change.life == number && change.topic == topic) {
                let (certain, possible) = self.hearers(change, revision);
                least += certain;
                most += possible;
            }
            if told > most || told < least && exact {
                return Err(format!("{topic:?} is told {told} times, not {least} to {most}"));
            }
        }
        Ok(())
    }

    /// How many subscriptions must be told of a change, and how many may be.
    fn hearers(&self, change: &Change, revision: Revision) -> (usize, usize) {
        let listens = self.listens.iter().filter(|listen| listen.life == change.life);
        let certain = listens.clone().filter(|listen| {
            // A session hears of all lists.
            let wanted = listen.topics.contains(&change.topic)
                || matches!(change.topic, Topic::List(_)) && !revision.is_modern();
            let open = listen.open.is_some_and(|open| open < change.at) && listen.ended.is_none();
            wanted && open
        });
        if !revision.is_modern() {
            // A session is told once, however many want it.
            return (certain.count().min(1), 1);
        }
        let possible = listens.filter(|listen| {
            let ended = listen.ended.is_some_and(|ended| ended < change.at);
            listen.topics.contains(&change.topic) && listen.begun < change.at && !ended
        });
        (certain.count(), possible.count())
    }
}

/// What the bits of two numbers stand for: lists, and resources.
pub(super) fn wish(lists: u8, uris: u8) -> (Listening, BTreeSet<Topic>) {
    let has = |bits: u8, place: &usize| bits & 1 << place != 0;
    let wish = Listening {
        tools: has(lists, &0),
        prompts: has(lists, &1),
        resources: has(lists, &2),
        uris: (0..3).filter(|p| has(uris, p)).map(|p| plan::URIS[p].into()).collect(),
    };
    let lists = (0..3).filter(|place| has(lists, place)).map(Topic::List);
    let uris = (0..3).filter(|place| has(uris, place)).map(Topic::Resource);
    (wish, lists.chain(uris).collect())
}

/// A list by its number.
pub(super) fn list(number: usize) -> List {
    [List::Tools, List::Prompts, List::Resources][number % 3]
}
