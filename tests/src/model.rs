//! What a client must see of a scripted call, in each revision: plain data, and no protocol code.
//!
//! The tool `script` does what its arguments say. [`predict`] reads the same arguments and says
//! what follows from them, without knowing how messages are written, sent or remembered.

use std::{collections::BTreeMap, fmt::Write as _};

use serde::{Deserialize, Serialize};

/// One thing that a scripted tool does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Logs, with a level from 0 (debug) to 7 (emergency).
    Log(u8),
    /// Tells how far it is.
    Progress(u32),
    /// Waits, so many milliseconds.
    Sleep(u32),
    /// Asks the person, under this key.
    Ask(String),
    /// Asks the model, under this key.
    Sample(String),
    /// Sends the client away for a while, where the transport can.
    Park,
    /// Makes a value that later rounds only remember.
    Once(String),
    /// Sends a notification of its own, with so many bytes in it.
    Note(u32),
    /// Fails, as a tool does.
    Fail(String),
    /// Fails with an error of this code.
    Refuse(i64),
}

/// A revision of the protocol, by its date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Revision {
    /// 2024-11-05
    Nov2024,
    /// 2025-03-26
    Mar2025,
    /// 2025-06-18
    Jun2025,
    /// 2025-11-25
    Nov2025,
    /// 2026-07-28
    Jul2026,
}

impl Revision {
    /// All of them, the oldest first.
    pub const ALL: [Self; 5] =
        [Self::Nov2024, Self::Mar2025, Self::Jun2025, Self::Nov2025, Self::Jul2026];

    /// Whether each request stands alone.
    pub fn is_modern(self) -> bool {
        self == Self::Jul2026
    }

    /// As the protocol writes it.
    pub fn date(self) -> &'static str {
        match self {
            Self::Nov2024 => "2024-11-05",
            Self::Mar2025 => "2025-03-26",
            Self::Jun2025 => "2025-06-18",
            Self::Nov2025 => "2025-11-25",
            Self::Jul2026 => "2026-07-28",
        }
    }
}

/// Which eras a client tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tries {
    /// The modern one first.
    Both,
    /// Those with a handshake.
    Legacy,
    /// One revision.
    Only(Revision),
}

/// The revision that a client and a server must agree on, if there is one.
pub fn agree(client: Tries, server: &[Revision]) -> Option<Revision> {
    let newest = server.iter().copied().filter(|served| !served.is_modern()).max();
    match client {
        Tries::Both if server.contains(&Revision::Jul2026) => Some(Revision::Jul2026),
        Tries::Both | Tries::Legacy => newest,
        Tries::Only(revision) => server.contains(&revision).then_some(revision),
    }
}

/// What the client answers to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// This number.
    Value(u32),
    /// The person declines.
    Declined,
    /// The person dismisses it.
    Dismissed,
    /// The client refuses to ask.
    Refused,
}

/// Under what conditions a call is made.
#[derive(Clone, Debug)]
pub struct Situation {
    /// What is spoken.
    pub revision: Revision,
    /// What is called.
    pub kind: Kind,
    /// The log levels that may be in force during the call; `None` is "no logs at all".
    pub levels: Vec<Option<u8>>,
    /// Whether progress is wanted.
    pub progress: bool,
    /// Whether the client declared that it asks persons.
    pub asks: bool,
    /// Whether it declared that it has a model.
    pub samples: bool,
    /// What is answered, by key.
    pub answers: BTreeMap<String, Answered>,
    /// How many rounds the server allows.
    pub server_rounds: u32,
    /// How many rounds the client allows.
    pub client_rounds: u32,
    /// Whether logs and progress may get lost on a slow way.
    pub lossy: bool,
}

/// What is called that does what its arguments say: the three methods that may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `tools/call`
    Tool,
    /// `prompts/get`
    Prompt,
    /// `resources/read`
    Resource,
}

/// What a client sees of a call before it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// A log message of the step at this place.
    Log(usize),
    /// Progress.
    Progress(u32),
    /// A notification of the step at this place.
    Note(usize),
    /// A question.
    Asked(String),
}

/// How a call ends, if nothing comes between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A result with this text.
    Text(String),
    /// A result that says that the tool failed, with this text in it.
    Failed(String),
    /// An error with this code.
    Refused(i64),
    /// The client gave the call up, because it would not answer.
    QuestionRefused,
    /// The client gave the call up, because it was asked too often.
    TooManyRounds,
}

/// What must be seen, and in which order.
#[derive(Clone, Debug)]
pub struct Prediction {
    /// What is seen, and whether it must be.
    pub seen: Vec<(Seen, bool)>,
    /// How it ends.
    pub outcome: Outcome,
    /// How much the server says after it has sent the client away, the end included, if it does.
    pub after_park: Option<usize>,
}

const INTERNAL: i64 = -32603;

/// Says what a client sees of a script.
pub fn predict(script: &[Step], situation: &Situation) -> Prediction {
    let mut run = Run {
        situation,
        seen: Vec::new(),
        text: String::new(),
        known: BTreeMap::new(),
        floor: None,
        rounds: 0,
        parked: None,
    };
    let ended = script.iter().enumerate().find_map(|(place, step)| run.step(place, step));
    Prediction {
        outcome: ended.unwrap_or(Outcome::Text(run.text)),
        after_park: run.parked.map(|seen| run.seen.len() - seen + 1),
        seen: run.seen,
    }
}

struct Run<'a> {
    situation: &'a Situation,
    seen: Vec<(Seen, bool)>,
    text: String,
    /// What was answered so far.
    known: BTreeMap<String, Answered>,
    /// How far the request is that is answered.
    floor: Option<u32>,
    rounds: u32,
    /// How much was seen when the client was sent away first.
    parked: Option<usize>,
}

impl Run<'_> {
    /// Takes a step; the end, if it is the last.
    fn step(&mut self, place: usize, step: &Step) -> Option<Outcome> {
        let situation = self.situation;
        match step {
            Step::Log(level) => {
                let wants = |limit: &Option<u8>| limit.is_some_and(|limit| *level >= limit);
                if situation.levels.iter().any(wants) {
                    let must = situation.levels.iter().all(wants) && !situation.lossy;
                    self.seen.push((Seen::Log(place), must));
                }
            }
            Step::Progress(value) if situation.progress => {
                if situation.lossy || self.floor.is_none_or(|floor| *value > floor) {
                    self.floor = Some(*value);
                    self.seen.push((Seen::Progress(*value), !situation.lossy));
                }
            }
            Step::Note(_) => self.seen.push((Seen::Note(place), true)),
            Step::Once(key) => {
                let _ = write!(self.text, "{key}!");
            }
            Step::Ask(key) => {
                let exists = situation.revision >= Revision::Jun2025;
                return self.ask(key, exists && situation.asks);
            }
            Step::Sample(key) => return self.ask(key, situation.samples),
            Step::Fail(text) => return Some(self.failed(text)),
            Step::Refuse(code) => return Some(Outcome::Refused(*code)),
            Step::Park if situation.revision == Revision::Nov2025 => {
                self.parked = self.parked.or(Some(self.seen.len()));
            }
            Step::Progress(_) | Step::Sleep(_) | Step::Park => {}
        }
        None
    }

    /// Only a tool can say why.
    fn failed(&self, why: &str) -> Outcome {
        match self.situation.kind {
            Kind::Tool => Outcome::Failed(why.into()),
            Kind::Prompt | Kind::Resource => Outcome::Refused(INTERNAL),
        }
    }

    fn ask(&mut self, key: &str, declared: bool) -> Option<Outcome> {
        const UNDECLARED: i64 = -32021;
        let situation = self.situation;
        if !declared {
            return Some(Outcome::Refused(UNDECLARED));
        }
        let modern = situation.revision.is_modern();
        let answered = match self.known.get(key) {
            Some(answered) => *answered,
            None if self.rounds >= situation.server_rounds => {
                return Some(Outcome::Refused(INTERNAL));
            }
            None => {
                self.rounds += 1;
                if modern && self.rounds > situation.client_rounds {
                    return Some(Outcome::TooManyRounds);
                }
                self.seen.push((Seen::Asked(key.into()), true));
                if modern {
                    // What comes next is about another request.
                    self.floor = None;
                }
                situation.answers.get(key).copied().unwrap_or(Answered::Value(0))
            }
        };
        self.known.insert(key.into(), answered);
        let shown = match answered {
            Answered::Value(value) => value.to_string(),
            Answered::Declined => "declined".into(),
            Answered::Dismissed => "dismissed".into(),
            Answered::Refused if modern => return Some(Outcome::QuestionRefused),
            Answered::Refused => return Some(self.failed("refuses")),
        };
        let _ = write!(self.text, "{key}={shown};");
        None
    }
}

impl Prediction {
    /// The same, but that nothing need be seen.
    pub fn leniently(mut self) -> Self {
        self.seen.iter_mut().for_each(|(_, must)| *must = false);
        self
    }

    /// Compares with what was seen. `whole`: the call has ended as it had to, so that nothing is
    /// missing. Says what is wrong.
    pub fn check(&self, seen: &[Seen], whole: bool) -> Result<(), String> {
        let mut left = self.seen.iter();
        for each in seen {
            loop {
                match left.next() {
                    Some((expected, _)) if expected == each => break,
                    Some((expected, true)) => {
                        return Err(format!("{expected:?} is missing before {each:?}"));
                    }
                    Some((_, false)) => {}
                    None => return Err(format!("{each:?} is seen in vain")),
                }
            }
        }
        match left.find(|(_, must)| *must).filter(|_| whole) {
            Some((expected, _)) => Err(format!("{expected:?} is missing at the end")),
            None => Ok(()),
        }
    }
}
