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

use super::{
    input::Input,
    script::{Cut, Step, however_cut, steps},
};
use rig::{Rig, Trace};

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
    however_cut([Cut::Lines, Cut::Whole, Cut::Chunks(seed)], |cut| {
        run(settings, limits, script, cut)
    });
}

fn run(settings: u8, limits: u8, script: &[u8], cut: Cut) -> Trace {
    let mut rig = Rig::new(settings, limits);
    let mut sent = Vec::new();
    for step in steps(script) {
        match step {
            Step::Act(mut action) => {
                rig.feed(&cut.apply(&core::mem::take(&mut sent)));
                rig.act(&mut action);
            }
            Step::Stored(mut message) => {
                let text = canned::message(&mut message);
                sent.extend(rig.named(text.as_bytes()));
                sent.push(b'\n');
            }
            Step::Sent(text) => sent.extend(rig.named(text)),
        }
    }
    rig.feed(&cut.apply(&sent));
    rig.finish()
}
