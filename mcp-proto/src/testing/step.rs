//! What a client may do, step by step, drawn by chance.

use alloc::vec::Vec;

use super::Seeded;
use crate::{schema::Level, version::Version};

/// One thing that a client does. What it is about (a tool, a resource) is a number, taken modulo
/// how many there are, so that the same steps fit every server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// `initialize` and what belongs to it; without a handshake, `server/discover`.
    Open,
    /// `ping`; `server/discover` where there is none.
    Ping,
    /// Asks for the first page of a list.
    List(Listed),
    /// Calls a tool.
    Call {
        /// Which.
        tool: u8,
        /// With what.
        arguments: Arguments,
        /// Whether it wants to hear of progress.
        progress: bool,
    },
    /// Gets a prompt.
    Prompt {
        /// Which.
        prompt: u8,
        /// With what.
        arguments: Arguments,
    },
    /// Reads a resource.
    Read {
        /// Which.
        resource: u8,
    },
    /// Wants an argument of a prompt completed.
    Complete {
        /// Of which prompt.
        prompt: u8,
    },
    /// Subscribes to a resource, or listens to it.
    Subscribe {
        /// Which.
        resource: u8,
    },
    /// Takes that back, where it is a request of its own.
    Unsubscribe {
        /// Which.
        resource: u8,
    },
    /// Sets the level of log messages; without a session, of the next requests.
    SetLevel(Level),
    /// Cancels a request.
    Cancel {
        /// How many requests were made after it.
        back: u8,
    },
    /// Calls a tool that nobody has.
    UnknownTool,
    /// Asks for something that no revision has.
    UnknownMethod,
    /// Tells something that no revision has.
    UnknownNotification,
    /// Answers a question that was not asked.
    StrayAnswer,
    /// Sends what no client sends.
    Junk(Junk),
    /// Sends these in one array, where there are batches.
    Batch(Vec<Step>),
    /// Waits until everything is answered.
    Settle,
}

/// What can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// `tools/list`.
    Tools,
    /// `prompts/list`.
    Prompts,
    /// `resources/list`.
    Resources,
    /// `resources/templates/list`.
    Templates,
}

/// What a tool or a prompt is called with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arguments {
    /// What its schema asks for; the number chooses among what fits.
    Fitting(u8),
    /// An empty object.
    Empty,
    /// No object at all.
    Wrong,
}

/// What no client sends: lines that are no message, or one that cannot be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Junk {
    /// A line that is no JSON.
    Text,
    /// JSON that is cut off.
    Cut,
    /// An object without `jsonrpc`.
    Unversioned,
    /// A request whose id is a fraction.
    FractionalId,
    /// A request whose parameters are an array.
    Positional,
    /// A number.
    Scalar,
}

impl Listed {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Tools, Self::Prompts, Self::Resources, Self::Templates];

    /// The method that lists them.
    pub const fn method(self) -> &'static str {
        match self {
            Self::Tools => "tools/list",
            Self::Prompts => "prompts/list",
            Self::Resources => "resources/list",
            Self::Templates => "resources/templates/list",
        }
    }
}

impl Junk {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Text,
        Self::Cut,
        Self::Unversioned,
        Self::FractionalId,
        Self::Positional,
        Self::Scalar,
    ];

    /// The line.
    pub const fn line(self) -> &'static str {
        match self {
            Self::Text => "this is no message",
            Self::Cut => r#"{"jsonrpc":"2.0","id":"cut","method":"#,
            Self::Unversioned => r#"{"id":"unversioned","method":"ping"}"#,
            Self::FractionalId => r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#,
            Self::Positional => {
                r#"{"jsonrpc":"2.0","id":"positional","method":"tools/list","params":["a"]}"#
            }
            Self::Scalar => "42",
        }
    }
}

impl Step {
    /// A step of a client that speaks this revision, without [`Step::Open`].
    pub fn draw(from: &mut Seeded, version: Version) -> Self {
        match from.below(40) {
            0 | 1 => Self::Ping,
            2..=5 => Self::List(from.one_of(&Listed::ALL)),
            6..=15 => {
                let (tool, arguments) = (from.byte(), Arguments::draw(from));
                Self::Call { tool, arguments, progress: from.below(2) == 0 }
            }
            16..=18 => Self::Prompt { prompt: from.byte(), arguments: Arguments::draw(from) },
            19..=21 => Self::Read { resource: from.byte() },
            22 => Self::Complete { prompt: from.byte() },
            23 | 24 => Self::Subscribe { resource: from.byte() },
            25 => Self::Unsubscribe { resource: from.byte() },
            26 | 27 => Self::SetLevel(from.one_of(&Level::ALL)),
            28..=30 => Self::Cancel { back: from.byte() % 4 },
            31 => Self::UnknownTool,
            32 => Self::UnknownMethod,
            33 => Self::UnknownNotification,
            34 => Self::StrayAnswer,
            35 => Self::Junk(from.one_of(&Junk::ALL)),
            36 | 37 if version.rules().batches => {
                let count = 1 + from.below(4);
                let steps = (0..count).map(|_| Self::draw(from, version));
                let single = |step: &Self| !matches!(step, Self::Batch(_) | Self::Settle);
                Self::Batch(steps.filter(single).collect())
            }
            _ => Self::Settle,
        }
    }
}

impl Arguments {
    fn draw(from: &mut Seeded) -> Self {
        match from.below(8) {
            0 => Self::Empty,
            1 => Self::Wrong,
            _ => Self::Fitting(from.byte()),
        }
    }
}
