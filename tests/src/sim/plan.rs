//! What a world is like, and what is done in it: plain data that is drawn, shrunk and printed.

use std::collections::BTreeMap;

use super::defect::Defect;
use crate::model::{Answered, Kind, Revision, Step, Tries};

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
    /// What is wrong on purpose.
    pub defect: Option<Defect>,
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
    /// Whether what a client on a pipe says at once goes as one batch, where there are any.
    pub batches: bool,
    /// How often in a hundred a proxy keeps a response back, and then gives it in one piece.
    pub buffered: u32,
    /// How many bytes of a stream may wait before its client counts as behind.
    pub stream_bytes: u32,
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
    /// How many bytes wait for the client of a pipe, at most.
    pub output_bytes_max: u32,
    /// What it keeps of streams over HTTP.
    pub replay: Replay,
    /// For how many there is room over HTTP.
    pub room: Room,
}

/// What is kept of streams, for clients that come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replay {
    /// How many events of each stream.
    pub events: u32,
    /// How many bytes of each.
    pub bytes: u32,
    /// How many streams of each session that have ended.
    pub streams: u32,
}

/// For how many there is room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Sessions.
    pub sessions: u32,
    /// Streams, whoever has them.
    pub streams: u32,
    /// Calls of a session whose clients were sent away.
    pub parked: u32,
    /// Calls, whoever makes them.
    pub calls: u32,
    /// Sessions of one subject.
    pub sessions_each: u32,
    /// Calls of one subject.
    pub calls_each: u32,
}

/// What a client is like.
#[derive(Clone, Debug)]
pub struct Client {
    /// Whether it speaks to the server behind HTTP, and not to one of its own over a pipe.
    pub web: bool,
    /// Who it is to the server behind HTTP.
    pub subject: Option<&'static str>,
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
    /// How many requests it has open at once over HTTP.
    pub exchanges_max: u32,
    /// Whether it soon gives up what does not move.
    pub impatient: bool,
}

/// A call that a client makes.
#[derive(Clone, Debug)]
pub struct Call {
    /// What is called.
    pub kind: Kind,
    /// What it is to do.
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
    /// Somebody lies to the server behind HTTP; the number chooses about what.
    Lie(Lie, u32),
    /// Time passes, in milliseconds.
    Advance(u32),
}

/// What a client does, or what is done to it.
#[derive(Clone, Debug)]
pub enum Act {
    /// It calls the scripted tool, or its likes.
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
    /// A line comes between those that it writes into its pipe.
    Interject(Interjection),
}

/// What somebody sends over HTTP who does not keep to the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// A request of a session, in none.
    OfNoSession,
    /// A request in a session that there never was.
    InNoSession,
    /// A request in the session of somebody else.
    ForeignRequest,
    /// Wants what came on a stream of somebody else, in his session.
    ForeignResume,
    /// Ends the session of somebody else.
    ForeignDelete,
    /// Cancels a request of somebody else, in his session.
    ForeignCancel,
    /// Answers what somebody else was asked, in his session.
    ForeignAnswer,
    /// Wants what came on a stream of somebody else, in a session of its own.
    OwnResume,
    /// Cancels a request of somebody else, in a session of its own.
    OwnCancel,
    /// Answers what somebody else was asked, in a session of its own.
    OwnAnswer,
    /// No lie: several requests at once, in a session of its own.
    Batch,
    /// Goes on with a call of somebody else.
    ForeignState,
    /// Goes on with a call, but with another state.
    ChangedState,
    /// Goes on with another call, with a state that was given for one.
    MovedState,
    /// Cancels a request of somebody else, in no session.
    LooseCancel,
    /// The head names another method than the body.
    WrongMethod,
    /// The head names another revision than the body.
    WrongVersion,
    /// No JSON.
    Junk,
    /// No message.
    NoMessage,
    /// A head that does not pass the gate.
    WrongHead,
}

impl Lie {
    /// All of them.
    pub const ALL: [Self; 20] = [
        Self::OfNoSession,
        Self::InNoSession,
        Self::ForeignRequest,
        Self::ForeignResume,
        Self::ForeignDelete,
        Self::ForeignCancel,
        Self::ForeignAnswer,
        Self::OwnResume,
        Self::OwnCancel,
        Self::OwnAnswer,
        Self::Batch,
        Self::ForeignState,
        Self::ChangedState,
        Self::MovedState,
        Self::LooseCancel,
        Self::WrongMethod,
        Self::WrongVersion,
        Self::Junk,
        Self::NoMessage,
        Self::WrongHead,
    ];
}

/// A line that no honest client writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interjection {
    /// No JSON.
    Junk,
    /// No message.
    NoMessage,
    /// A request that nobody knows.
    UnknownMethod,
    /// A call of a tool that nobody has.
    UnknownTool,
    /// `initialize` once more.
    Initialize,
    /// `initialized` once more.
    Initialized,
    /// Cancels what nobody has asked for.
    Cancel,
    /// Tells progress of what nobody has asked for.
    Progress,
    /// Answers what nobody has asked.
    Answer,
    /// Goes on with a call, but with another state.
    ChangedState,
}

impl Interjection {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Junk,
        Self::NoMessage,
        Self::UnknownMethod,
        Self::UnknownTool,
        Self::Initialize,
        Self::Initialized,
        Self::Cancel,
        Self::Progress,
        Self::Answer,
        Self::ChangedState,
    ];
}

impl Case {
    /// Whether nothing goes wrong for a client by itself, nor takes so long that it gives up.
    pub fn is_calm(&self, client: &Client) -> bool {
        let net = &self.net;
        let trouble = net.cut + net.repeat + net.unreachable + net.buffered > 0
            || !self.server.is_roomy()
            || client.exchanges_max < 10;
        net.delay_max <= 20 && !(client.web && trouble)
    }
}

impl Default for Net {
    /// Everything arrives whole and at once.
    fn default() -> Self {
        Self {
            chunk_max: 65_536,
            delay_max: 0,
            capacity: 65_536,
            cut: 0,
            repeat: 0,
            unreachable: 0,
            batches: false,
            buffered: 0,
            stream_bytes: 65_536,
        }
    }
}

impl Default for Server {
    /// It speaks everything, and has room for everybody.
    fn default() -> Self {
        Self {
            revisions: Revision::ALL.to_vec(),
            inline: true,
            rounds_max: 10,
            calls_max: 256,
            output_bytes_max: 1 << 20,
            replay: Replay::default(),
            room: Room::default(),
        }
    }
}

impl Server {
    /// Whether nobody is turned away over HTTP.
    pub fn is_roomy(&self) -> bool {
        self.room == Room::default() && self.replay == Replay::default()
    }
}

impl Default for Replay {
    fn default() -> Self {
        Self { events: 256, bytes: 1 << 20, streams: 64 }
    }
}

impl Default for Room {
    fn default() -> Self {
        Self {
            sessions: 10_000,
            streams: 20_000,
            parked: 64,
            calls: 10_000,
            sessions_each: 100,
            calls_each: 256,
        }
    }
}

impl Default for Client {
    /// One over a pipe that can do everything.
    fn default() -> Self {
        Self {
            web: false,
            subject: None,
            tries: Tries::Both,
            asks: true,
            samples: true,
            rounds_max: 10,
            calls_max: 256,
            exchanges_max: 256,
            impatient: false,
        }
    }
}
