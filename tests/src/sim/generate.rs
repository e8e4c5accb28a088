//! Cases, drawn: each is of a few kinds of things only.

use std::collections::BTreeMap;

use super::{
    draw::Draw,
    plan::{
        Act, Answer, Call, Case, Client, Interjection, Lie, Net, Replay, Room, Server, Transition,
    },
};
use crate::model::{Answered, Kind, Revision, Step, Tries};

/// Which kinds of things happen at all in a case: each case is of a few kinds only, so that
/// what is rare meets what is rare.
struct Swarm {
    faults: bool,
    cancels: bool,
    listens: bool,
    levels: bool,
    asks: bool,
    sleeps: bool,
    parks: bool,
    lies: bool,
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
            parks: draw.chance(40),
            lies: draw.chance(40),
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
        Self { seed, net, server, clients, script, defect: None }
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
            cut: draw.one_of(&[0, 0, 5, 20, 40]),
            repeat: draw.one_of(&[0, 0, 0, 20]),
            unreachable: draw.one_of(&[0, 0, 0, 5]),
            batches: draw.chance(50),
            buffered: draw.one_of(&[0, 0, 0, 0, 10, 60]),
            stream_bytes: draw.one_of(&[65_536, 65_536, 65_536, 2_000, 300]),
        }
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
            replay: Replay::draw(draw),
            room: Room::draw(draw),
        }
    }
}

impl Replay {
    fn draw(draw: &mut Draw<'_>) -> Self {
        let ample = Self::default();
        draw.one_of(&[
            ample,
            ample,
            ample,
            Self { events: 3, ..ample },
            Self { bytes: 700, streams: 1, ..ample },
            Self { events: 0, bytes: 0, streams: 0 },
        ])
    }
}

impl Room {
    fn draw(draw: &mut Draw<'_>) -> Self {
        let ample = Self::default();
        draw.one_of(&[
            ample,
            ample,
            ample,
            ample,
            Self { sessions: 1, ..ample },
            Self { streams: 2, ..ample },
            Self { parked: 0, calls: 2, ..ample },
            Self { sessions_each: 1, calls_each: 2, ..ample },
        ])
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
            subject: draw.one_of(&[None, Some("ada"), Some("bob")]),
            tries: draw.one_of(&tries),
            asks: !draw.chance(20),
            samples: !draw.chance(20),
            rounds_max: draw.one_of(&[10, 10, 1]),
            calls_max: draw.one_of(&[256, 256, 2]),
            exchanges_max: draw.one_of(&[256, 256, 3]),
            impatient: draw.chance(10),
        }
    }
}

fn transition(draw: &mut Draw<'_>, swarm: &Swarm, clients: usize) -> Transition {
    let client = draw.below(u32::try_from(clients).unwrap_or(1)) as usize;
    let act = match draw.below(24) {
        20..=22 if swarm.lies => {
            return Transition::Lie(draw.one_of(&Lie::ALL), draw.below(1_000));
        }
        23 if swarm.lies => Act::Interject(draw.one_of(&Interjection::ALL)),
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
            kind: draw.one_of(&[Kind::Tool, Kind::Tool, Kind::Prompt, Kind::Resource]),
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
        0 | 5 | 13 if swarm.parks => Step::Park,
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
