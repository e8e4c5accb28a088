//! A server at the end of a byte stream, with an application behind it.
//!
//! An input is `[versions and switches, limits, seed of the cuts]` and a script, whose steps end
//! with LF or NUL:
//!
//! * `!` and a letter: the application or the driver does something, see [`actions`].
//! * `@` and a letter: the client sends a message that is stored here, see [`canned`].
//! * Anything else is sent as it is, with the LF if that ended the step.
//!
//! After the script the client reads all there is, the application answers what is open (unless a
//! switch says that it does not), the input ends, and the pipe has to come to its end.
//!
//! Each input is run three times: what the client sends between two actions comes in one piece,
//! line by line, and cut anyhow. The output and the events must be the same, so it is enough that
//! the checker watches the lines of one of them.

pub(super) mod actions;
pub(super) mod canned;
mod rig;
mod settings;

use super::input::{Input, cut};
use rig::Rig;
use settings::Settings;

/// How what the client sends is cut into chunks.
#[derive(Clone, Copy, Debug)]
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

/// What came out of a run.
#[derive(Debug, Default, PartialEq, Eq)]
struct Trace {
    output: String,
    events: Vec<String>,
}

/// Runs one script: the bytes of the client, and what the application does in between.
///
/// # Panics
///
/// If it is not so.
pub fn server_pipe(data: &[u8]) {
    let mut input = Input(data);
    let settings = Settings::read(&mut input);
    let seed = input.byte();
    let script = input.rest();
    let lines = run(settings, script, Cut::Lines);
    assert_eq!(run(settings, script, Cut::Whole), lines, "in one piece is not as line by line");
    let chunks = run(settings, script, Cut::Chunks(seed));
    assert_eq!(chunks, lines, "in chunks is not as line by line");
}

fn run(settings: Settings, script: &[u8], cut: Cut) -> Trace {
    let mut rig = Rig::new(settings, matches!(cut, Cut::Lines));
    let mut sent = Vec::new();
    for step in script.split_inclusive(|byte| matches!(byte, b'\n' | 0)) {
        let body = step.strip_suffix(b"\0").unwrap_or(step);
        let text = body.strip_suffix(b"\n").unwrap_or(body);
        match text.split_first() {
            Some((b'!', action)) => {
                rig.feed(&core::mem::take(&mut sent), cut);
                actions::act(&mut rig, &mut Input(action));
            }
            Some((b'@', message)) => {
                sent.extend(canned::message(&mut Input(message), &rig.seen).as_bytes());
                sent.push(b'\n');
            }
            _ => sent.extend(body),
        }
    }
    rig.feed(&sent, cut);
    rig.finish()
}
