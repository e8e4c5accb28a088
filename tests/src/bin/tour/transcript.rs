//! What the tour prints.

use std::{
    fs::File,
    io::{self, IsTerminal, Write},
    time::Duration,
};

use crate::tape::{Line, Tape};

/// A longer line is cut when it is shown; it has been checked whole.
const SHOWN_MAX: usize = 220;

/// Why a tour ended early.
#[derive(Debug)]
pub(crate) struct Failure {
    expected: String,
    came: String,
}

impl Failure {
    pub(crate) fn new(expected: impl Into<String>, came: impl Into<String>) -> Self {
        Self { expected: expected.into(), came: came.into() }
    }
}

/// What happened, for a person.
pub(crate) struct Transcript {
    out: io::Stdout,
    colour: bool,
    steps: usize,
    legs: usize,
    step: String,
    /// Where whole messages go besides, one a line.
    record: Option<File>,
}

/// How a piece of text looks on a terminal.
#[derive(Clone, Copy)]
enum Paint {
    Bold,
    Dim,
    Red,
    Green,
    Yellow,
    Cyan,
}

impl Paint {
    const fn code(self) -> &'static str {
        match self {
            Self::Bold => "1",
            Self::Dim => "2",
            Self::Red => "31",
            Self::Green => "32",
            Self::Yellow => "33",
            Self::Cyan => "36",
        }
    }
}

impl Transcript {
    /// A transcript on the standard output, coloured if that is a terminal.
    pub(crate) fn on_stdout() -> Self {
        let out = io::stdout();
        let colour = out.is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self { out, colour, steps: 0, legs: 0, step: String::new(), record: None }
    }

    /// Also writes each message whole into a file: who said it, a tab, and what; and between two
    /// legs an empty line.
    pub(crate) fn record_in(&mut self, path: &str) -> io::Result<()> {
        self.record = Some(File::create(path)?);
        Ok(())
    }

    /// What the signs mean.
    pub(crate) fn legend(&mut self) {
        let [sent, received, asked, got] = self.signs();
        self.line("Our client talks to our server. Which lines cross between them, and what the");
        self.line("program gets of that, is checked; long lines are cut here.");
        self.line(&format!(
            "{sent} the client sends   {received} the server sends   \
             {asked} the program is asked   {got} the program gets"
        ));
    }

    /// A headline.
    pub(crate) fn title(&mut self, title: &str) {
        self.legs += 1;
        self.recorded("");
        let title = self.paint(Paint::Bold, title);
        self.line(&format!("\n== {title}"));
    }

    /// The beginning of a step.
    pub(crate) fn step(&mut self, shows: &str) {
        self.steps += 1;
        self.step = shows.into();
        let shows = self.paint(Paint::Bold, shows);
        self.line(&format!("\n{:3}  {shows}", self.steps));
    }

    /// What crossed the pipes, or was asked.
    pub(crate) fn line_of(&mut self, line: &Line) {
        match line {
            Line::Sent(text) if text.starts_with('{') => self.recorded(&format!("client\t{text}")),
            Line::Received(text) if text.starts_with('{') => {
                self.recorded(&format!("server\t{text}"));
            }
            _ => {}
        }
        let [sent, received, asked, _] = self.signs();
        let (sign, text) = match line {
            Line::Sent(line) => (sent, shorten(line)),
            Line::Received(line) => (received, shorten(line)),
            Line::Asked(question) => (asked, question.clone()),
        };
        let text = self.paint(Paint::Dim, &text);
        self.line(&format!("  {sign}  {text}"));
    }

    /// These lines cross now, in this order: see [`Line::kind`].
    pub(crate) fn crosses(
        &mut self,
        tape: &Tape,
        expected: &[&str],
        patience: Duration,
    ) -> Result<(), Failure> {
        for expected in expected {
            let Some(line) = tape.next(patience) else {
                return Err(Failure::new(*expected, "nothing in time"));
            };
            self.line_of(&line);
            let kind = line.kind();
            if kind != *expected {
                return Err(Failure::new(*expected, kind));
            }
        }
        Ok(())
    }

    /// This is what the program gets.
    pub(crate) fn gets(&mut self, expected: &str, got: &str) -> Result<(), Failure> {
        if got != expected {
            return Err(Failure::new(expected, got));
        }
        let [.., sign] = self.signs();
        self.line(&format!("  {sign}  {got}"));
        Ok(())
    }

    /// The end of a tour of which every step did what it says.
    pub(crate) fn success(&mut self) {
        let all = format!("Legs: {}. All {} steps did what they say.", self.legs, self.steps);
        let all = self.paint(Paint::Green, &all);
        self.line(&format!("\n{all}"));
    }

    /// The end of a tour of which a step did not.
    pub(crate) fn failure(&mut self, failure: &Failure) {
        let Failure { expected, came } = failure;
        let title = self.paint(Paint::Red, &format!("✗ step {}: {}", self.steps, self.step));
        self.line(&format!("  {title}\n     expected  {expected}\n     came      {came}"));
    }

    /// Sent, received, asked, got.
    fn signs(&self) -> [String; 4] {
        [
            self.paint(Paint::Cyan, "→"),
            self.paint(Paint::Green, "←"),
            self.paint(Paint::Yellow, "?"),
            self.paint(Paint::Green, "✓"),
        ]
    }

    fn paint(&self, paint: Paint, text: &str) -> String {
        if self.colour { format!("\x1b[{}m{text}\x1b[0m", paint.code()) } else { text.to_owned() }
    }

    fn recorded(&mut self, line: &str) {
        if let Some(record) = &mut self.record {
            let _ = writeln!(record, "{line}");
        }
    }

    fn line(&mut self, line: &str) {
        // Whoever closed our output does not want to hear more; the exit code still tells.
        let _ = writeln!(self.out, "{line}");
    }
}

/// A line as it is shown: cut, and without what differs from run to run.
fn shorten(line: &str) -> String {
    const STATE: &str = r#""requestState":""#;
    let line = match line.split_once(STATE) {
        Some((before, after)) => {
            let end = after.find('"').unwrap_or(after.len());
            format!("{before}{STATE}…{}", &after[end..])
        }
        None => line.to_owned(),
    };
    match line.char_indices().nth(SHOWN_MAX) {
        None => line,
        Some((end, _)) => format!("{} …", &line[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_state_is_not_shown_and_long_lines_are_cut() {
        assert_eq!(shorten(r#"{"requestState":"abc","a":1}"#), r#"{"requestState":"…","a":1}"#);
        let cut = shorten(&"é".repeat(SHOWN_MAX + 1));
        assert_eq!(cut, format!("{} …", "é".repeat(SHOWN_MAX)));
    }
}
