//! Scripts: what a peer sends, what the application does in between, and how time passes.

use core::fmt::Debug;
use std::time::Duration;

use mcp_proto::Instant;

use super::input::Input;

/// A step of a script; they end with LF or NUL.
pub(super) enum Step<'a> {
    /// `!`: the application or the driver does something.
    Act(Input<'a>),
    /// `@`: the peer sends a message that is stored here.
    Stored(Input<'a>),
    /// The peer sends this as it is, with the LF if that ended the step.
    Sent(&'a [u8]),
}

/// The steps of a script, in order.
pub(super) fn steps(script: &[u8]) -> impl Iterator<Item = Step<'_>> {
    script.split_inclusive(|byte| matches!(byte, b'\n' | 0)).map(|step| {
        let body = step.strip_suffix(b"\0").unwrap_or(step);
        let text = body.strip_suffix(b"\n").unwrap_or(body);
        match text.split_first() {
            Some((b'!', action)) => Step::Act(Input(action)),
            Some((b'@', message)) => Step::Stored(Input(message)),
            _ => Step::Sent(body),
        }
    })
}

/// How what a peer sends is cut into chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    Whole,
    Lines,
    Bytes,
    /// Of sizes from 1 to 16, and long ones now and then, as the seed decides.
    Chunks(u8),
}

impl Cut {
    pub(super) fn apply(self, bytes: &[u8]) -> Vec<&[u8]> {
        match self {
            Self::Whole => vec![bytes],
            Self::Lines => bytes.split_inclusive(|byte| *byte == b'\n').collect(),
            Self::Bytes => bytes.chunks(1).collect(),
            Self::Chunks(seed) => chunks(bytes, seed),
        }
    }
}

fn chunks(bytes: &[u8], seed: u8) -> Vec<&[u8]> {
    let mut state = u32::from(seed).wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut rest = bytes;
    let mut chunks = Vec::new();
    while !rest.is_empty() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let draw = (state >> 16) as usize;
        let size = if draw.is_multiple_of(8) { 256 } else { draw % 16 + 1 };
        let (chunk, after) = rest.split_at(size.min(rest.len()));
        chunks.push(chunk);
        rest = after;
    }
    chunks
}

/// What comes out with the first of these cuts, which is what comes out with each.
pub(super) fn however_cut<T: Debug + PartialEq>(cuts: [Cut; 3], run: impl Fn(Cut) -> T) -> T {
    let [first, others @ ..] = cuts;
    let out = run(first);
    for cut in others {
        assert_eq!(run(cut), out, "{cut:?} is not as {first:?}");
    }
    out
}

/// A machine with its driver, and a clock that does not run by itself.
pub(super) trait Timed {
    /// What time it is.
    fn clock(&mut self) -> &mut Instant;

    /// When the machine has something to do.
    fn due(&self) -> Option<Instant>;

    /// Lets the machine do what is due, and the driver what follows.
    fn handle_timeout(&mut self);

    /// Lets the machine do what is due, which is done then.
    fn time_out(&mut self) {
        self.handle_timeout();
        let now = *self.clock();
        assert!(self.due().is_none_or(|next| next > now), "what is due is not done");
    }

    /// Lets time pass, with everything that is due on the way.
    fn pass(&mut self, span: Duration) {
        let end = *self.clock() + span;
        while let Some(due) = self.due().filter(|due| *due <= end) {
            let clock = self.clock();
            *clock = due.max(*clock);
            self.time_out();
        }
        *self.clock() = end;
        self.time_out();
    }
}
