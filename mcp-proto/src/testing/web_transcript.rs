//! What went between an HTTP client and a server, as a text that people read and edit.

use alloc::{format, string::String, vec::Vec};
use core::{fmt, str::FromStr, time::Duration};

use super::{
    InvalidTranscript,
    checker::{Asked, ClientExchanges, ClientExpectations, Exchanges, Violation},
};

/// What went between an HTTP client and a server, in order.
///
/// As a text each entry begins with a line of its own; the number is that of the exchange. Spaces
/// before a line and empty lines do not count.
///
/// | line | |
/// |---|---|
/// | `> 1 POST` | the client asks; `> 1 POST by ada`: as somebody |
/// | `< 1 200` | a whole response; `< 1 200 stream`: the head of a stream |
/// | `~ 1` | a frame of the stream; `~ 1 cut`: one without the empty line at its end |
/// | `. 1` | the stream ends |
/// | `! 1` | its connection is gone |
/// | `@ 1500` | so many milliseconds pass |
/// | `$` | everything is over |
/// | `# text` | a note, for people |
/// | `: Name: value` | a field of the head before |
/// | `\| text` | a line of the body or the frame before |
///
/// ```
/// use mcp_proto::testing::{WebTranscript, checker::Invariant};
///
/// let transcript: WebTranscript = r#"
///     > 1 POST
///     : Content-Type: application/json
///     : Accept: application/json, text/event-stream
///     | {"jsonrpc":"2.0","id":7,"method":"ping"}
///     < 1 200 stream
///     ~ 1
///     | data: {"jsonrpc":"2.0","id":8,"result":{}}
///     . 1
///     $
/// "#.parse()?;
/// assert_eq!(transcript.check_client(Default::default()), []);
/// let violations = transcript.check();
/// assert_eq!(violations[0].invariant, Invariant::RightPlace);
/// # Ok::<(), mcp_proto::testing::InvalidTranscript>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebTranscript {
    entries: Vec<WebEntry>,
}

/// What a frame ends with.
const END: &str = "\n\n";
/// What is said of a frame that does not.
const CUT: &str = "cut";

/// The fields of a head: names and values.
pub type Fields = Vec<(String, String)>;

/// One thing that happened between an HTTP client and a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebEntry {
    /// The client asked.
    Asked(u64, Asked),
    /// The server gave a whole response: its status, its fields and its body.
    Responded(u64, u16, Fields, String),
    /// The server gave the head of a stream: its status and its fields.
    Opened(u64, u16, Fields),
    /// The server wrote a frame of a stream.
    Wrote(u64, String),
    /// The server ended a stream.
    Finished(u64),
    /// A connection is gone.
    Gone(u64),
    /// Time passed.
    Passed(Duration),
    /// Everything is over.
    Over,
    /// For people.
    Note(String),
}

impl WebEntry {
    /// Shows it to a checker of the server.
    pub fn show(&self, checker: &mut Exchanges) {
        match self {
            Self::Asked(exchange, asked) => checker.asked(*exchange, asked.clone()),
            Self::Responded(exchange, status, fields, body) => {
                checker.responded(*exchange, *status, session(fields), body);
            }
            Self::Opened(exchange, status, _) => checker.opened(*exchange, *status),
            Self::Wrote(exchange, frame) => checker.wrote(*exchange, frame),
            Self::Finished(exchange) => checker.finished(*exchange),
            Self::Gone(exchange) => checker.gone(*exchange),
            Self::Over => checker.over(),
            Self::Passed(_) | Self::Note(_) => {}
        }
    }

    /// Shows it to a checker of the client.
    pub fn show_client(&self, checker: &mut ClientExchanges) {
        match self {
            Self::Asked(exchange, asked) => checker.asked(*exchange, asked),
            Self::Responded(exchange, status, fields, body) => {
                checker.responded(*exchange, *status, session(fields), body);
            }
            Self::Opened(exchange, _, fields) => checker.opened(*exchange, session(fields)),
            Self::Wrote(_, frame) => checker.wrote(frame),
            Self::Finished(exchange) | Self::Gone(exchange) => checker.ended(*exchange),
            Self::Passed(_) | Self::Over | Self::Note(_) => {}
        }
    }
}

impl WebTranscript {
    /// Nothing has happened.
    pub const fn new() -> Self {
        Self { entries: Vec::new() }
    }

    /// Something has happened.
    pub fn push(&mut self, entry: WebEntry) {
        self.entries.push(entry);
    }

    /// All that has happened, in order.
    pub fn entries(&self) -> &[WebEntry] {
        &self.entries
    }

    /// What the server did wrong.
    pub fn check(&self) -> Vec<Violation> {
        let mut checker = Exchanges::default();
        self.entries.iter().for_each(|entry| entry.show(&mut checker));
        checker.violations().to_vec()
    }

    /// What the client did wrong.
    pub fn check_client(&self, expected: ClientExpectations) -> Vec<Violation> {
        let mut checker = ClientExchanges::new(expected);
        self.entries.iter().for_each(|entry| entry.show_client(&mut checker));
        checker.violations().cloned().collect()
    }
}

impl FromIterator<WebEntry> for WebTranscript {
    fn from_iter<I: IntoIterator<Item = WebEntry>>(entries: I) -> Self {
        Self { entries: entries.into_iter().collect() }
    }
}

fn session(fields: &Fields) -> Option<&str> {
    let named = |(name, _): &&(String, String)| name.eq_ignore_ascii_case("mcp-session-id");
    fields.iter().find(named).map(|(_, value)| &**value)
}

impl FromStr for WebTranscript {
    type Err = InvalidTranscript;

    fn from_str(text: &str) -> Result<Self, InvalidTranscript> {
        let mut reader = Reader::default();
        for (at, line) in text.split('\n').enumerate() {
            reader.line(line.trim_start()).ok_or(InvalidTranscript { line: at + 1 })?;
        }
        reader.end_frame();
        Ok(reader.all)
    }
}

/// Reads a text line by line.
#[derive(Default)]
struct Reader {
    all: WebTranscript,
    /// Whether the line before is one of a body.
    goes_on: bool,
    /// Whether the entry is a frame whose end is still to be added.
    ends: bool,
}

impl Reader {
    fn line(&mut self, line: &str) -> Option<()> {
        let mut rest = line.chars();
        let Some(kind) = rest.next() else { return Some(()) };
        let rest = rest.as_str();
        let goes_on = core::mem::replace(&mut self.goes_on, kind == '|');
        match kind {
            '|' => {
                let text = self.all.entries.last_mut()?.text()?;
                if goes_on {
                    text.push('\n');
                }
                text.push_str(rest.strip_prefix(' ').unwrap_or(rest));
            }
            ':' => {
                let (name, value) = rest.split_once(':')?;
                let field = (name.trim().into(), value.trim().into());
                self.all.entries.last_mut()?.fields()?.push(field);
            }
            _ => {
                self.end_frame();
                let entry = entry(kind, rest.trim())?;
                self.ends = matches!(entry, WebEntry::Wrote(..)) && !rest.contains(CUT);
                self.all.push(entry);
            }
        }
        Some(())
    }

    fn end_frame(&mut self) {
        if core::mem::take(&mut self.ends)
            && let Some(WebEntry::Wrote(_, frame)) = self.all.entries.last_mut()
        {
            frame.push_str(END);
        }
    }
}

impl WebEntry {
    /// What its lines of text are.
    fn text(&mut self) -> Option<&mut String> {
        match self {
            Self::Asked(_, asked) => Some(&mut asked.body),
            Self::Responded(_, _, _, text) | Self::Wrote(_, text) => Some(text),
            _ => None,
        }
    }

    /// What its fields are.
    fn fields(&mut self) -> Option<&mut Fields> {
        match self {
            Self::Asked(_, asked) => Some(&mut asked.fields),
            Self::Responded(_, _, fields, _) | Self::Opened(_, _, fields) => Some(fields),
            _ => None,
        }
    }
}

/// The entry that begins with a line.
fn entry(kind: char, rest: &str) -> Option<WebEntry> {
    let (first, more) = rest.split_once(' ').unwrap_or((rest, ""));
    let number = || first.parse::<u64>().ok();
    let bare = |text: &str| text.is_empty().then_some(());
    Some(match kind {
        '#' => WebEntry::Note(rest.into()),
        '$' => bare(rest).map(|()| WebEntry::Over)?,
        '@' => bare(more).and(number()).map(Duration::from_millis).map(WebEntry::Passed)?,
        '.' => WebEntry::Finished(bare(more).and(number())?),
        '!' => WebEntry::Gone(bare(more).and(number())?),
        '~' if more.is_empty() || more == CUT => WebEntry::Wrote(number()?, String::new()),
        '>' => {
            let (method, by) = more.split_once(" by ").unwrap_or((more, ""));
            let subject = Some(String::from(by)).filter(|by| !by.is_empty());
            let method = Some(method).filter(|method| !method.is_empty())?.into();
            WebEntry::Asked(number()?, Asked { method, subject, ..Asked::default() })
        }
        '<' => {
            let status = more.strip_suffix(" stream");
            let (number, code) = (number()?, status.unwrap_or(more).parse().ok()?);
            match status {
                Some(_) => WebEntry::Opened(number, code, Fields::new()),
                None => WebEntry::Responded(number, code, Fields::new(), String::new()),
            }
        }
        _ => return None,
    })
}

impl fmt::Display for WebTranscript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entries.iter().try_for_each(|entry| entry.fmt(f))
    }
}

impl fmt::Display for WebEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked(exchange, Asked { method, fields, subject, body }) => {
                let by = subject.as_ref().map_or(String::new(), |subject| format!(" by {subject}"));
                writeln!(f, "> {exchange} {method}{by}")?;
                write_fields(f, fields)?;
                write_text(f, body)
            }
            Self::Responded(exchange, status, fields, body) => {
                writeln!(f, "< {exchange} {status}")?;
                write_fields(f, fields)?;
                write_text(f, body)
            }
            Self::Opened(exchange, status, fields) => {
                writeln!(f, "< {exchange} {status} stream")?;
                write_fields(f, fields)
            }
            Self::Wrote(exchange, frame) => {
                let whole = frame.strip_suffix(END);
                let cut = if whole.is_some() { "" } else { " cut" };
                writeln!(f, "~ {exchange}{cut}")?;
                write_text(f, whole.unwrap_or(frame))
            }
            Self::Finished(exchange) => writeln!(f, ". {exchange}"),
            Self::Gone(exchange) => writeln!(f, "! {exchange}"),
            Self::Passed(span) => writeln!(f, "@ {}", span.as_millis()),
            Self::Over => f.write_str("$\n"),
            Self::Note(note) => writeln!(f, "{}", format!("# {note}").trim_end()),
        }
    }
}

fn write_fields(f: &mut fmt::Formatter<'_>, fields: &Fields) -> fmt::Result {
    fields.iter().try_for_each(|(name, value)| writeln!(f, ": {name}: {value}"))
}

fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    if text.is_empty() {
        return Ok(());
    }
    text.split('\n').try_for_each(|line| writeln!(f, "| {line}"))
}
