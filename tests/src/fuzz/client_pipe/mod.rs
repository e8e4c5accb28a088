//! A client at the end of a byte stream, with a server that says anything.
//!
//! An input is `[settings, limits, seed of the cuts]` and a script, whose steps end with LF or NUL:
//!
//! * `!` and a letter: the application or the driver does something, see [`rig::Rig::act`].
//! * `@` and a letter: the server sends a message that is stored here, see [`canned`].
//! * Anything else the server sends as it is, with the LF if that ended the step.
//!
//! `$` and a digit in what the server sends stand for the id of a request that was open at the last
//! action, the newest for 0.
//!
//! Each input is run three times: what the server sends between two actions comes in one piece,
//! line by line, and cut anyhow. What the client writes and tells must be the same. Then the
//! server's output ends, and everything with it.

mod canned;
mod rig;

use super::input::{Input, cut};
use rig::{Rig, Trace};

/// How what the server sends is cut into chunks.
#[derive(Clone, Copy)]
enum Cut {
    Whole,
    Lines,
    Chunks(u8),
}

impl Cut {
    fn apply(self, bytes: &[u8]) -> Vec<&[u8]> {
        match self {
            Self::Whole => vec![bytes],
            Self::Lines => bytes.split_inclusive(|byte| *byte == b'\n').collect(),
            Self::Chunks(seed) => cut(bytes, seed),
        }
    }
}

/// Runs one script: the bytes of the server, and what the application does in between.
///
/// # Panics
///
/// If a call or a question does not end once, if the client writes what is no message or uses an
/// id twice, if it keeps more than its limits allow, or if the cuts can be told apart.
pub fn client_pipe(data: &[u8]) {
    let mut input = Input(data);
    let (settings, limits, seed) = (input.byte(), input.byte(), input.byte());
    let script = input.rest();
    let lines = run(settings, limits, script, Cut::Lines);
    let whole = run(settings, limits, script, Cut::Whole);
    assert_eq!(whole, lines, "in one piece is not as line by line");
    let chunks = run(settings, limits, script, Cut::Chunks(seed));
    assert_eq!(chunks, lines, "in chunks is not as line by line");
}

fn run(settings: u8, limits: u8, script: &[u8], cut: Cut) -> Trace {
    let mut rig = Rig::new(settings, limits);
    let mut sent = Vec::new();
    for step in script.split_inclusive(|byte| matches!(byte, b'\n' | 0)) {
        let body = step.strip_suffix(b"\0").unwrap_or(step);
        let text = body.strip_suffix(b"\n").unwrap_or(body);
        match text.split_first() {
            Some((b'!', action)) => {
                rig.feed(&cut.apply(&core::mem::take(&mut sent)));
                rig.act(&mut Input(action));
            }
            Some((b'@', message)) => {
                let text = canned::message(&mut Input(message));
                sent.extend(rig.named(text.as_bytes()));
                sent.push(b'\n');
            }
            _ => sent.extend(rig.named(body)),
        }
    }
    rig.feed(&cut.apply(&sent));
    rig.finish()
}
