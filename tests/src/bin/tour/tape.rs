//! What crosses the pipes, line by line, in the order in which it happened.

use std::{
    collections::VecDeque,
    io::{self, Read, Write},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde_json::Value;

/// Something that happened.
#[derive(Clone, Debug)]
pub(crate) enum Line {
    /// The client sent this.
    Sent(String),
    /// The server sent this.
    Received(String),
    /// The program was asked this.
    Asked(String),
}

impl Line {
    /// What it is, in short: `→ tools/call`, `← result`, `? Who are you?`.
    pub(crate) fn kind(&self) -> String {
        match self {
            Self::Sent(line) => format!("→ {}", kind(line)),
            Self::Received(line) => format!("← {}", kind(line)),
            Self::Asked(question) => format!("? {question}"),
        }
    }
}

fn kind(line: &str) -> String {
    let message: Value = serde_json::from_str(line).unwrap_or_default();
    let kind = match &message["method"] {
        Value::String(method) => method,
        _ if message["result"]["resultType"] == "input_required" => "input_required",
        _ if message["result"].is_object() => "result",
        _ if message["error"].is_object() => "error",
        _ => line,
    };
    kind.into()
}

/// A record that several threads write.
#[derive(Default)]
pub(crate) struct Tape {
    lines: Mutex<VecDeque<Line>>,
    changed: Condvar,
}

impl Tape {
    pub(crate) fn push(&self, line: Line) {
        self.lock().push_back(line);
        self.changed.notify_all();
    }

    /// The next line, if it comes in time.
    pub(crate) fn next(&self, patience: Duration) -> Option<Line> {
        let lines = self.lock();
        let waited = self.changed.wait_timeout_while(lines, patience, |lines| lines.is_empty());
        let (mut lines, _) = waited.unwrap_or_else(PoisonError::into_inner);
        lines.pop_front()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A reader or writer whose lines are recorded before they go on.
pub(crate) struct Tap<T> {
    inner: T,
    tape: Arc<Tape>,
    line: Vec<u8>,
    as_line: fn(String) -> Line,
}

impl<T> Tap<T> {
    pub(crate) fn new(inner: T, tape: Arc<Tape>, as_line: fn(String) -> Line) -> Self {
        Self { inner, tape, line: Vec::new(), as_line }
    }

    fn record(&mut self, bytes: &[u8]) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            if let Some(line) = self.line.strip_suffix(b"\n") {
                let line = String::from_utf8_lossy(line).into_owned();
                self.tape.push((self.as_line)(line));
                self.line.clear();
            }
        }
    }
}

impl<T: Read> Read for Tap<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.record(&buffer[..count]);
        Ok(count)
    }
}

impl<T: Write> Write for Tap<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // All at once: what is answered has been recorded before.
        self.record(bytes);
        self.inner.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_recorded_whole_wherever_the_writes_end() {
        let tape = Arc::new(Tape::default());
        let mut tap = Tap::new(Vec::new(), tape.clone(), Line::Sent);
        for bytes in ["{\"method\":\"pi", "ng\"}\n{\"result\":{}}\n", "{\"error\":{}}\n"] {
            tap.write_all(bytes.as_bytes()).unwrap();
        }
        let kinds = std::iter::from_fn(|| tape.next(Duration::ZERO)).map(|line| line.kind());
        assert_eq!(kinds.collect::<Vec<_>>(), ["→ ping", "→ result", "→ error"]);
    }
}
