//! What is wrong with a world on purpose, so that it is seen that it is found.

use std::sync::atomic::{AtomicU64, Ordering};

/// A defect that is planted between a server and everybody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// A server on a pipe answers each call twice.
    TwoAnswers,
    /// It never answers a call.
    NoAnswer,
    /// It says that each log message is of the lowest level.
    LowLogs,
    /// What is sent again over HTTP lacks its first message.
    LostEvent,
    /// To the server behind HTTP everybody is the same.
    OneSubject,
    /// What a server on a pipe has to do is never done.
    EndlessTimer,
    /// The network does not do the same each time.
    Chance,
}

impl Defect {
    /// What becomes of a line that a server writes.
    fn lines(self, line: &str) -> Vec<String> {
        let answers = line.contains(r#""result":{"#) && line.contains(r#""content":["#);
        match self {
            Self::TwoAnswers if answers => vec![line.into(), line.into()],
            Self::NoAnswer if answers => Vec::new(),
            Self::LowLogs if line.contains(r#""notifications/message""#) => {
                let level =
                    line.split(r#""level":""#).nth(1).and_then(|rest| rest.split('"').next());
                let level = format!(r#""level":"{}""#, level.unwrap_or_default());
                vec![line.replace(&level, r#""level":"debug""#)]
            }
            _ => vec![line.into()],
        }
    }

    /// How many milliseconds more than they should something takes.
    pub(super) fn delay(defect: Option<Self>) -> u64 {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        if defect == Some(Self::Chance) { COUNT.fetch_add(1, Ordering::Relaxed) % 7 } else { 0 }
    }
}

/// What a server with a defect has written.
#[derive(Clone, Debug)]
pub(super) struct Mangled {
    pub(super) defect: Defect,
    pub(super) bytes: Vec<u8>,
}

impl Mangled {
    pub(super) fn new(defect: Defect) -> Self {
        Self { defect, bytes: Vec::new() }
    }

    /// The server writes whole lines.
    pub(super) fn write(&mut self, text: &[u8]) {
        for line in String::from_utf8_lossy(text).split_inclusive('\n') {
            self.bytes.extend(self.defect.lines(line).concat().into_bytes());
        }
    }
}
