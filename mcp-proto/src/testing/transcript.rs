//! What went through a pipe, as a text that people read and edit.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::{fmt, str::FromStr, time::Duration};

use super::{
    Remote,
    checker::{Checker, ClientChecker, ClientExpectations, Expectations, Violation},
};

/// What went through a pipe between a client and a server, in order.
///
/// As a text it has one line for each entry; spaces around lines and empty lines do not count.
///
/// | begins with | |
/// |---|---|
/// | `>` | the client sends this line |
/// | `<` | the server sends this line |
/// | `\|` | the line before goes on |
/// | `@` | so many milliseconds pass |
/// | `=` | the server has looked at all that was sent |
/// | `.` | and has answered all of it |
/// | `!` | the server says that it is done |
/// | `$` | nothing will come any more |
/// | `#` | a note, for people |
///
/// ```
/// use mcp_proto::testing::{Transcript, checker::Invariant};
///
/// let transcript: Transcript = r#"
///     ## The second answer is one too many.
///     > {"jsonrpc":"2.0","id":1,"method":"ping"}
///     < {"jsonrpc":"2.0","id":1,"result":{}}
///     < {"jsonrpc":"2.0","id":1,"result":{}}
/// "#.parse()?;
/// let violations = transcript.check(Default::default());
/// assert_eq!(violations[0].invariant, Invariant::OneConclusion);
/// # Ok::<(), mcp_proto::testing::InvalidTranscript>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transcript {
    entries: Vec<Entry>,
}

/// One thing that happened on a pipe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// The client sent a line.
    Sent(String),
    /// The server sent a line.
    Received(String),
    /// Time passed.
    Passed(Duration),
    /// The server has looked at all that was sent.
    Processed,
    /// The server has answered all that was sent, but for subscriptions.
    Settled,
    /// The server says that it is done.
    Closed,
    /// Nothing will come any more.
    Over,
    /// For people.
    Note(String),
}

/// A line of a text is no entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidTranscript {
    /// Which, from 1.
    pub line: usize,
}

impl fmt::Display for InvalidTranscript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} of the transcript begins with nothing that is known", self.line)
    }
}

impl core::error::Error for InvalidTranscript {}

impl Transcript {
    /// Nothing has happened.
    pub const fn new() -> Self {
        Self { entries: Vec::new() }
    }

    /// Something has happened.
    pub fn push(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    /// All that has happened, in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The lines that the server sent.
    pub fn received(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Received(line) => Some(&**line),
            _ => None,
        })
    }

    /// Shows everything to a checker.
    pub fn show(&self, checker: &mut Checker) {
        for entry in &self.entries {
            match entry {
                Entry::Sent(line) => checker.sent(line.as_bytes()),
                Entry::Received(line) => checker.received(line.as_bytes()),
                Entry::Processed => checker.processed(),
                Entry::Settled => checker.settled(&[]),
                Entry::Closed => checker.closed(),
                Entry::Over => checker.over(),
                Entry::Passed(_) | Entry::Note(_) => {}
            }
        }
    }

    /// What the server did wrong.
    pub fn check(&self, expected: Expectations) -> Vec<Violation> {
        let mut checker = Checker::new(expected);
        self.show(&mut checker);
        checker.violations().to_vec()
    }

    /// Shows everything to a checker of the client.
    pub fn show_client(&self, checker: &mut ClientChecker) {
        for entry in &self.entries {
            match entry {
                Entry::Sent(line) => checker.sent(line.as_bytes()),
                Entry::Received(line) => checker.received(line.as_bytes()),
                _ => {}
            }
        }
    }

    /// What the client did wrong.
    pub fn check_client(&self, expected: ClientExpectations) -> Vec<Violation> {
        let mut checker = ClientChecker::new(expected);
        self.show_client(&mut checker);
        checker.violations().to_vec()
    }

    /// Sends what the client sent to another server, and writes down what comes: the same, if the
    /// server does the same. Where the transcript waits (`=`, `.`, and at its end) it waits too.
    pub fn replay(&self, server: &mut impl Remote) -> Self {
        let mut replayed = Self::new();
        let mut wanted = 0;
        for entry in &self.entries {
            match entry {
                Entry::Received(_) => {
                    wanted += 1;
                    continue;
                }
                Entry::Note(_) => {}
                _ => replayed.hear(server, core::mem::take(&mut wanted)),
            }
            match entry {
                Entry::Sent(line) => server.write_line(line),
                Entry::Passed(span) => server.pass(*span),
                Entry::Closed | Entry::Over => server.close(),
                _ => {}
            }
            replayed.push(entry.clone());
        }
        replayed.hear(server, wanted);
        replayed
    }

    /// Takes down what is there, and waits for as many lines as are `wanted`.
    fn hear(&mut self, server: &mut impl Remote, wanted: usize) {
        let mut heard = 0;
        while let Some(line) = server.read_line(heard < wanted) {
            self.push(Entry::Received(line));
            heard += 1;
        }
    }
}

impl FromIterator<Entry> for Transcript {
    fn from_iter<I: IntoIterator<Item = Entry>>(entries: I) -> Self {
        Self { entries: entries.into_iter().collect() }
    }
}

impl FromStr for Transcript {
    type Err = InvalidTranscript;

    fn from_str(text: &str) -> Result<Self, InvalidTranscript> {
        let mut transcript = Self::new();
        for (at, line) in text.lines().map(str::trim).enumerate() {
            let invalid = || InvalidTranscript { line: at + 1 };
            let mut rest = line.chars();
            let Some(kind) = rest.next() else { continue };
            let rest = rest.as_str().trim_start();
            if kind == '|' {
                transcript.go_on(rest).ok_or_else(invalid)?;
                continue;
            }
            transcript.push(entry(kind, rest).ok_or_else(invalid)?);
        }
        Ok(transcript)
    }
}

impl Transcript {
    /// Adds to the last line.
    fn go_on(&mut self, rest: &str) -> Option<()> {
        match self.entries.last_mut()? {
            Entry::Sent(text) | Entry::Received(text) | Entry::Note(text) => text.push_str(rest),
            _ => return None,
        }
        Some(())
    }
}

/// The entry of one line.
fn entry(kind: char, rest: &str) -> Option<Entry> {
    let bare = |entry| rest.is_empty().then_some(entry);
    match kind {
        '>' => Some(Entry::Sent(rest.into())),
        '<' => Some(Entry::Received(rest.into())),
        '#' => Some(Entry::Note(rest.into())),
        '@' => rest.parse().ok().map(|millis| Entry::Passed(Duration::from_millis(millis))),
        '=' => bare(Entry::Processed),
        '.' => bare(Entry::Settled),
        '!' => bare(Entry::Closed),
        '$' => bare(Entry::Over),
        _ => None,
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entries.iter().try_for_each(|entry| writeln!(f, "{entry}"))
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, rest) = match self {
            Self::Sent(line) => (">", line.clone()),
            Self::Received(line) => ("<", line.clone()),
            Self::Note(line) => ("#", line.clone()),
            Self::Passed(span) => ("@", span.as_millis().to_string()),
            Self::Processed => ("=", String::new()),
            Self::Settled => (".", String::new()),
            Self::Closed => ("!", String::new()),
            Self::Over => ("$", String::new()),
        };
        f.write_str(format!("{kind} {rest}").trim_end())
    }
}
