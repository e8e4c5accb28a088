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
pub(super) mod settings;

use super::{
    input::Input,
    script::{Cut, Step, however_cut, steps},
};
use rig::Rig;
use settings::Settings;

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
    however_cut([Cut::Lines, Cut::Whole, Cut::Chunks(seed)], |cut| run(settings, script, cut));
}

fn run(settings: Settings, script: &[u8], cut: Cut) -> Trace {
    let mut rig = Rig::new(settings, cut == Cut::Lines);
    let mut sent = Vec::new();
    for step in steps(script) {
        match step {
            Step::Act(mut action) => {
                rig.feed(&core::mem::take(&mut sent), cut);
                actions::act(&mut rig, &mut action);
            }
            Step::Stored(mut message) => {
                sent.extend(canned::message(&mut message, &rig.seen).as_bytes());
                sent.push(b'\n');
            }
            Step::Sent(text) => sent.extend(text),
        }
    }
    rig.feed(&sent, cut);
    rig.finish()
}
