//! What a server writes to its stderr: its tail is kept, its lines are handed over.

use std::{
    collections::VecDeque,
    io,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{SyncSender, sync_channel},
    },
    thread,
};

/// What is done with the lines of a server's stderr.
pub(super) type OnLine = Box<dyn FnMut(&str) + Send>;

/// How much is kept.
const TAIL_BYTES_MAX: usize = 64 << 10;

/// Where a line is cut that has no end.
const LINE_BYTES_MAX: usize = 8 << 10;

/// How many lines wait to be handed over; what comes while so many wait is in the tail alone.
const LINES_MAX: usize = 1024;

/// The stderr of a server, through all its processes.
#[derive(Clone)]
pub(super) struct Stderr {
    tail: Arc<Mutex<VecDeque<u8>>>,
    lines: Option<SyncSender<String>>,
}

impl Stderr {
    /// Hands lines to `on_line` on a thread of its own, so that a slow one holds nothing up.
    pub(super) fn new(on_line: Option<OnLine>) -> io::Result<Self> {
        let lines = on_line.map(hand_over).transpose()?;
        Ok(Self { tail: Arc::default(), lines })
    }

    /// The tail, as text.
    pub(super) fn tail(&self) -> String {
        let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(tail.make_contiguous()).into_owned()
    }

    /// What takes in the bytes of one process.
    pub(super) fn sink(&self) -> impl FnMut(&[u8]) + Send + 'static {
        let stderr = self.clone();
        let mut line = Vec::new();
        move |bytes| {
            stderr.keep(bytes);
            if let Some(lines) = &stderr.lines {
                cut(&mut line, bytes, |line| {
                    let text = String::from_utf8_lossy(line).into_owned();
                    // Full: the tail has it.
                    let _ = lines.try_send(text);
                });
            }
        }
    }

    fn keep(&self, bytes: &[u8]) {
        let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = bytes.get(bytes.len().saturating_sub(TAIL_BYTES_MAX)..).unwrap_or(bytes);
        let excess = (tail.len() + fresh.len()).saturating_sub(TAIL_BYTES_MAX);
        tail.drain(..excess);
        tail.extend(fresh);
    }
}

fn hand_over(mut on_line: OnLine) -> io::Result<SyncSender<String>> {
    let (sender, lines) = sync_channel::<String>(LINES_MAX);
    let hand_over = move || lines.iter().for_each(|line| on_line(&line));
    thread::Builder::new().name("mcp-stderr".into()).spawn(hand_over)?;
    Ok(sender)
}

/// Cuts bytes into lines; `line` keeps what has no end yet.
fn cut(line: &mut Vec<u8>, bytes: &[u8], mut take: impl FnMut(&[u8])) {
    for part in bytes.split_inclusive(|byte| *byte == b'\n') {
        for piece in part.chunks(LINE_BYTES_MAX) {
            line.extend_from_slice(piece);
            let ends = line.last() == Some(&b'\n');
            if ends || line.len() >= LINE_BYTES_MAX {
                take(line.trim_ascii_end());
                line.clear();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines_of(chunks: &[&[u8]]) -> Vec<String> {
        let (mut line, mut lines) = (Vec::new(), Vec::new());
        for chunk in chunks {
            cut(&mut line, chunk, |line| lines.push(String::from_utf8_lossy(line).into_owned()));
        }
        lines
    }

    #[test]
    fn lines_are_whole_wherever_the_reads_end() {
        assert_eq!(lines_of(&[b"a\nb", b"c\r\n", b"", b"\nd"]), ["a", "bc", ""]);
    }

    #[test]
    fn a_line_without_an_end_is_cut() {
        let long = vec![b'x'; 3 * LINE_BYTES_MAX + 1];
        let lines = lines_of(&[&long, b"y\n"]);
        assert_eq!(lines.len(), 4);
        assert_eq!(lines[3], "xy");
    }

    #[test]
    fn the_tail_is_what_came_last() {
        let stderr = Stderr::new(None).unwrap();
        stderr.keep(&vec![b'a'; TAIL_BYTES_MAX]);
        stderr.keep(b"bc");
        let tail = stderr.tail();
        assert_eq!(tail.len(), TAIL_BYTES_MAX);
        assert!(tail.ends_with("abc"));
        stderr.keep(&vec![b'd'; 2 * TAIL_BYTES_MAX]);
        assert_eq!(stderr.tail(), "d".repeat(TAIL_BYTES_MAX));
    }
}
