//! When something is tried again, and when not any more.

use core::time::Duration;

use super::Reconnect;
use crate::Entropy;

/// How often something has failed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Backoff {
    /// Attempts since something came of one.
    fruitless: u32,
    /// Attempts since one was proven to work: what the pause grows with.
    unproven: u32,
}

/// The longest pause of ours where the server itself asks clients to come back.
const POLL_PAUSE_MAX: Duration = Duration::from_secs(5);

impl Backoff {
    /// How long to wait before the next attempt; `None` if there is to be none. `asked` is the
    /// pause that the server asked for.
    pub(super) fn next(
        &mut self,
        policy: &Reconnect,
        attempts: u32,
        asked: Option<Duration>,
        entropy: &mut dyn Entropy,
    ) -> Option<Duration> {
        let asked_too_much = asked.is_some_and(|asked| asked > policy.server_pause_max);
        if self.fruitless >= attempts || asked_too_much {
            return None;
        }
        let doubled = policy.first.saturating_mul(1 << self.unproven.min(20));
        let longest = asked.map_or(policy.longest, |_| policy.longest.min(POLL_PAUSE_MAX));
        let pause = doubled.min(longest);
        self.fruitless += 1;
        self.unproven = self.unproven.saturating_add(1);
        let mut random = [0; 2];
        entropy.fill(&mut random);
        let part = u32::from(u16::from_le_bytes(random));
        let jitter = (pause / 2).saturating_mul(part) / u32::from(u16::MAX);
        Some((pause / 2 + jitter).max(asked.unwrap_or_default()))
    }

    /// The attempt brought something.
    pub(super) fn brought(&mut self) {
        self.fruitless = 0;
    }

    /// What was opened worked for so long.
    pub(super) fn worked_for(&mut self, policy: &Reconnect, span: Duration) {
        if span >= policy.proven {
            *self = Self::default();
        }
    }
}
