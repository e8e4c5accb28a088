//! A server behind HTTP, with an application behind it.
//!
//! An input is `[switches, limits]` and a script, whose steps end with LF:
//!
//! * `P`, a digit for the session (0 is none), one for what the head says beside it, and a message
//!   as the target `server_pipe` has them: the client posts it.
//! * `G`, a digit for the session and one for the last event that it names (0 is none): it opens or
//!   resumes a stream. `D` and a digit: it ends the session.
//! * `x` and a digit: the connection of an exchange is gone. `c` and `C`: its client is behind, or
//!   has caught up. `w` and a digit: somebody else calls from now on.
//! * `t` and a digit: time passes. `o`: the offer changes. `k` and a digit: a call is parked.
//!   `q`: the server shuts down.
//! * `!` and a letter: the application says something, as in `server_pipe`.
//!
//! After the script all clients but one go, the application answers what is open, the server shuts
//! down, and has to come to its end within its deadline.

mod rig;

use super::input::Input;
use rig::Rig;

/// Runs one script.
///
/// # Panics
///
/// If an exchange does not get one head and one end, if a stream loses or repeats an event, if
/// something comes where it does not belong, or if the end does not come.
pub fn endpoint(data: &[u8]) {
    let mut input = Input(data);
    let mut rig = Rig::new(input.byte(), input.byte());
    for step in input.rest().split(|byte| *byte == b'\n') {
        rig.step(&mut Input(step));
    }
    rig.finish();
}
