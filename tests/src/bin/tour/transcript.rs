//! What the tour prints.

use std::io::{self, IsTerminal, Write};

use crate::play::Failure;

/// A longer line is cut when it is shown; it has been checked whole.
const SHOWN_MAX: usize = 400;

/// What happened, for a person.
pub(crate) struct Transcript {
    out: io::Stdout,
    colour: bool,
    steps: usize,
}

/// How a piece of text looks on a terminal.
#[derive(Clone, Copy)]
enum Paint {
    Bold,
    Dim,
    Red,
    Green,
    Cyan,
}

impl Paint {
    const fn code(self) -> &'static str {
        match self {
            Self::Bold => "1",
            Self::Dim => "2",
            Self::Red => "31",
            Self::Green => "32",
            Self::Cyan => "36",
        }
    }
}

impl Transcript {
    /// A transcript on the standard output, coloured if that is a terminal.
    pub(crate) fn on_stdout() -> Self {
        let out = io::stdout();
        let colour = out.is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self { out, colour, steps: 0 }
    }

    /// A headline.
    pub(crate) fn title(&mut self, title: &str) {
        let title = self.paint(Paint::Bold, title);
        self.line(&format!("\n{title}"));
    }

    /// The beginning of a step.
    pub(crate) fn step(&mut self, shows: &str) {
        self.steps += 1;
        let shows = self.paint(Paint::Bold, shows);
        self.line(&format!("\n{:3}  {shows}", self.steps));
    }

    /// A line to the server.
    pub(crate) fn sent(&mut self, line: &str) {
        let arrow = self.paint(Paint::Cyan, "→");
        self.line(&format!("  {arrow}  {}", shorten(line)));
    }

    /// A line from the server.
    pub(crate) fn received(&mut self, line: &str) {
        let arrow = self.paint(Paint::Green, "←");
        let text = self.paint(Paint::Dim, &shorten(line));
        self.line(&format!("  {arrow}  {text}"));
    }

    /// The end of a step that did what it says.
    pub(crate) fn done(&mut self) {
        let tick = self.paint(Paint::Green, "✓");
        self.line(&format!("  {tick}"));
    }

    /// The end of a tour of which every step did what it says.
    pub(crate) fn success(&mut self) {
        let all = format!("All {} steps did what they say.", self.steps);
        let all = self.paint(Paint::Green, &all);
        self.line(&format!("\n{all}"));
    }

    /// The end of a tour of which a step did not.
    pub(crate) fn failure(&mut self, failure: &Failure) {
        let Failure { step, expected, came } = failure;
        let title = self.paint(Paint::Red, &format!("✗ step {}: {step}", self.steps));
        self.line(&format!("  {title}\n     expected  {expected}\n     came      {came}"));
    }

    fn paint(&self, paint: Paint, text: &str) -> String {
        if self.colour { format!("\x1b[{}m{text}\x1b[0m", paint.code()) } else { text.to_owned() }
    }

    fn line(&mut self, line: &str) {
        // Whoever closed our output does not want to hear more; the exit code still tells.
        let _ = writeln!(self.out, "{line}");
    }
}

fn shorten(line: &str) -> String {
    match line.char_indices().nth(SHOWN_MAX) {
        None => line.to_owned(),
        Some((end, _)) => format!("{} … ({} bytes in all)", &line[..end], line.len()),
    }
}
