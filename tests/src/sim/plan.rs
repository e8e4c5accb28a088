//! What a world is like, and what is done in it: plain data that is drawn, shrunk and printed.

use std::collections::BTreeMap;

use super::draw::Draw;
use crate::model::{Answered, Revision, Step, Tries};

/// The resources of each server.
pub(super) const URIS: [&str; 3] = ["sim:a", "sim:b", "sim:c"];

/// A world and what happens in it.
#[derive(Clone, Debug)]
pub struct Case {
    /// Decides what the network does.
    pub seed: u64,
    /// The network.
    pub net: Net,
    /// The servers, which are all alike.
    pub server: Server,
    /// The clients.
    pub clients: Vec<Client>,
    /// What happens, in order.
    pub script: Vec<Transition>,
}

/// How bytes travel.
#[derive(Clone, Debug)]
pub struct Net {
    /// How many bytes arrive at once, at most.
    pub chunk_max: u32,
    /// How long they take, at most, in milliseconds.
    pub delay_max: u32,
    /// How many bytes a pipe holds.
    pub capacity: u32,
    /// How often in a hundred a response over HTTP is cut at a piece of it.
    pub cut: u32,
    /// How often in a hundred a proxy repeats a POST.
    pub repeat: u32,
    /// How often in a hundred a request never leaves.
    pub unreachable: u32,
}

/// What servers are like.
#[derive(Clone, Debug)]
pub struct Server {
    /// What they speak.
    pub revisions: Vec<Revision>,
    /// Whether the tool answers when it returns.
    pub inline: bool,
    /// How often a call may ask.
    pub rounds_max: u32,
    /// How many calls are served at once.
    pub calls_max: u32,
    /// How many bytes wait for the client, at most.
    pub output_bytes_max: u32,
}

/// What a client is like.
#[derive(Clone, Debug)]
pub struct Client {
    /// Whether it speaks to the server behind HTTP, and not to one of its own over a pipe.
    pub web: bool,
    /// Which eras it tries.
    pub tries: Tries,
    /// Whether it asks persons.
    pub asks: bool,
    /// Whether it has a model.
    pub samples: bool,
    /// How often a call of its own may be asked for.
    pub rounds_max: u32,
    /// How many calls it has at once.
    pub calls_max: u32,
    /// Whether it soon gives up what does not move.
    pub impatient: bool,
}

/// A call that a client makes.
#[derive(Clone, Debug)]
pub struct Call {
    /// What the tool is to do.
    pub steps: Vec<Step>,
    /// The log level that the call asks for.
    pub level: Option<u8>,
    /// Whether it asks for progress.
    pub progress: bool,
    /// What is answered to each question.
    pub answers: BTreeMap<String, Answer>,
    /// After how many milliseconds it is given up.
    pub cancel_after: Option<u32>,
}

/// An answer, and after how many milliseconds it is given; `None` if only when all is well again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What is answered.
    pub answered: Answered,
    /// After how long.
    pub after: Option<u32>,
}

/// What happens.
#[derive(Clone, Debug)]
pub enum Transition {
    /// A client, by its number, does something, or something is done to it.
    Act(usize, Act),
    /// A resource is another one than before, on each server.
    Update(usize),
    /// A list is another one than before, on each server: tools, prompts or resources.
    Change(usize),
    /// The server behind HTTP crashes, and begins anew.
    Restart,
    /// Time passes, in milliseconds.
    Advance(u32),
}

/// What a client does, or what is done to it.
#[derive(Clone, Debug)]
pub enum Act {
    /// It calls the scripted tool.
    Call(Call),
    /// It sets the log level.
    SetLevel(u8),
    /// It listens to lists and resources, each by a bit.
    Listen(u8, u8),
    /// It ends the subscription that it has had for the longest.
    Unlisten,
    /// Nothing travels for so many milliseconds.
    Hang(u32),
    /// The connection breaks, wherever it is just then.
    Reset,
    /// The client is gone, and nobody tells the server.
    Vanish,
    /// The client closes its end.
    Close,
    /// The server ends.
    ShutDown,
    /// The client begins anew, if its connection has ended.
    Reconnect,
}

impl Act {
    /// Whether it is something that goes wrong.
    pub fn is_fault(&self) -> bool {
        matches!(self, Self::Hang(_) | Self::Reset | Self::Vanish | Self::Close | Self::ShutDown)
    }
}

/// Which kinds of things happen at all in a case: each case is of a few kinds only, so that
/// what is rare meets what is rare.
struct Swarm {
    faults: bool,
    cancels: bool,
    listens: bool,
    levels: bool,
    asks: bool,
    sleeps: bool,
}

impl Case {
    /// The case that a seed stands for.
    pub fn of_seed(seed: u64) -> Self {
        Self::draw(seed, &mut Draw::seeded(seed))
    }

    /// The case that bytes stand for.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self::draw(0, &mut Draw::Bytes(bytes))
    }

    fn draw(seed: u64, draw: &mut Draw<'_>) -> Self {
        let swarm = Swarm {
            faults: draw.chance(50),
            cancels: draw.chance(60),
            listens: draw.chance(50),
            levels: draw.chance(50),
            asks: draw.chance(70),
            sleeps: draw.chance(80),
        };
        let net = Net::draw(draw);
        let server = Server::draw(draw);
        let count = draw.between(1, 4) as usize;
        let clients = (0..count).map(|_| Client::draw(draw)).collect();
        let mut script = Vec::new();
        for _ in 0..draw.between(4, 40) {
            script.push(transition(draw, &swarm, count));
            if draw.chance(60) {
                script.push(Transition::Advance(draw.one_of(&[1, 10, 100, 1_000, 5_000])));
            }
            if draw.is_spent() {
                break;
            }
        }
        Self { seed, net, server, clients, script }
    }
}

impl Net {
    fn draw(draw: &mut Draw<'_>) -> Self {
        let (chunk_max, delay_max) =
            draw.one_of(&[(65_536, 0), (65_536, 20), (256, 5), (16, 1), (1, 0), (1_000, 300)]);
        Self {
            chunk_max,
            delay_max,
            capacity: draw.one_of(&[65_536, 4_096, 100]),
            cut: draw.one_of(&[0, 0, 5, 20]),
            repeat: draw.one_of(&[0, 0, 0, 20]),
            unreachable: draw.one_of(&[0, 0, 0, 5]),
        }
    }

    /// Whether nothing goes wrong by itself, nor takes so long that anybody gives up.
    pub fn is_calm(&self, web: bool) -> bool {
        self.delay_max <= 20 && !(web && self.cut + self.repeat + self.unreachable > 0)
    }
}

impl Server {
    fn draw(draw: &mut Draw<'_>) -> Self {
        let all = Revision::ALL;
        let some = vec![Revision::Nov2024, Revision::Jun2025, Revision::Jul2026];
        let revisions = draw.one_of(&[
            all.to_vec(),
            all.to_vec(),
            all.to_vec(),
            all[4..].to_vec(),
            all[..4].to_vec(),
            some,
        ]);
        Self {
            revisions,
            inline: draw.chance(30),
            rounds_max: draw.one_of(&[10, 2, 1]),
            calls_max: draw.one_of(&[256, 256, 2]),
            output_bytes_max: draw.one_of(&[1 << 20, 1 << 20, 400]),
        }
    }
}

impl Client {
    fn draw(draw: &mut Draw<'_>) -> Self {
        let mut tries = vec![Tries::Both, Tries::Legacy, Tries::Both];
        let web = draw.chance(50);
        // The oldest revision has another HTTP.
        let oldest = usize::from(web);
        tries.extend(Revision::ALL[oldest..].iter().rev().copied().map(Tries::Only));
        Self {
            web,
            tries: draw.one_of(&tries),
            asks: !draw.chance(20),
            samples: !draw.chance(20),
            rounds_max: draw.one_of(&[10, 10, 1]),
            calls_max: draw.one_of(&[256, 256, 2]),
            impatient: draw.chance(10),
        }
    }
}

fn transition(draw: &mut Draw<'_>, swarm: &Swarm, clients: usize) -> Transition {
    let client = draw.below(u32::try_from(clients).unwrap_or(1)) as usize;
    let act = match draw.below(20) {
        10 if swarm.levels => Act::SetLevel(draw.one_of(&[1, 0, 4, 7])),
        11 if swarm.listens => Act::Listen(draw.one_of(&[7, 1, 0]), draw.one_of(&[1, 7, 0])),
        12 if swarm.listens => Act::Unlisten,
        13 | 14 if swarm.listens => return Transition::Update(draw.below(3) as usize),
        15 if swarm.listens => return Transition::Change(draw.below(3) as usize),
        16 if swarm.faults => Act::Hang(draw.one_of(&[10, 1_000, 8_000])),
        17 if swarm.faults => draw.one_of(&[Act::Reset, Act::Vanish]),
        18 if swarm.faults => draw.one_of(&[Act::Close, Act::ShutDown]),
        19 if swarm.faults && draw.chance(30) => return Transition::Restart,
        19 => Act::Reconnect,
        _ => Act::Call(Call::draw(draw, swarm)),
    };
    Transition::Act(client, act)
}

impl Call {
    fn draw(draw: &mut Draw<'_>, swarm: &Swarm) -> Self {
        let count = draw.below(8);
        let steps: Vec<Step> = (0..count).filter_map(|_| step(draw, swarm)).collect();
        let keys = steps.iter().filter_map(|step| match step {
            Step::Ask(key) => Some((key.clone(), true)),
            Step::Sample(key) => Some((key.clone(), false)),
            _ => None,
        });
        let mut answers = BTreeMap::new();
        for (key, person) in keys {
            answers.insert(key, Answer::draw(draw, person));
        }
        Self {
            steps,
            level: draw.one_of(&[None, None, Some(0), Some(4)]),
            progress: !draw.chance(20),
            answers,
            cancel_after: (swarm.cancels && draw.chance(25))
                .then(|| draw.one_of(&[0, 1, 20, 200, 2_000])),
        }
    }
}

impl Answer {
    fn draw(draw: &mut Draw<'_>, person: bool) -> Self {
        let value = Answered::Value(draw.below(10));
        let others: &[Answered] = if person {
            &[value, value, Answered::Declined, Answered::Dismissed, Answered::Refused]
        } else {
            &[value, value, Answered::Refused]
        };
        Self {
            answered: draw.one_of(others),
            after: draw.one_of(&[Some(0), Some(0), Some(30), Some(3_000), None]),
        }
    }
}

fn step(draw: &mut Draw<'_>, swarm: &Swarm) -> Option<Step> {
    let key = |draw: &mut Draw<'_>, keys: &[&str]| String::from(draw.one_of(keys));
    Some(match draw.below(15) {
        0..=2 => Step::Log(draw.one_of(&[1, 0, 3, 4, 7])),
        3..=5 => Step::Progress(draw.below(6)),
        6 | 7 if swarm.sleeps => Step::Sleep(draw.one_of(&[1, 10, 100, 1_000, 2_500])),
        8 | 9 if swarm.asks => Step::Ask(key(draw, &["a", "b", "c"])),
        10 if swarm.asks => Step::Sample(key(draw, &["m", "n"])),
        11 => Step::Once(key(draw, &["k", "l"])),
        12 => Step::Note(draw.one_of(&[1, 10, 600])),
        14 => Step::Park,
        13 if draw.chance(50) => {
            if draw.chance(50) {
                Step::Fail("failed".into())
            } else {
                Step::Refuse(draw.one_of(&[-32_000, -32_603]))
            }
        }
        _ => return None,
    })
}
