//! How many error replies a peer gets for lines that are no messages.

use core::time::Duration;

use crate::time::Instant;

/// Lets so many replies through in each window.
#[derive(Debug)]
pub(super) struct JunkGate {
    replies_max: u32,
    window: Duration,
    since: Instant,
    replies: u32,
}

impl JunkGate {
    pub(super) const fn new(replies_max: u32, window: Duration) -> Self {
        Self { replies_max, window, since: Instant::ZERO, replies: 0 }
    }

    pub(super) fn may_reply(&mut self, now: Instant) -> bool {
        if now.saturating_since(self.since) >= self.window {
            self.since = now;
            self.replies = 0;
        }
        self.replies = self.replies.saturating_add(1);
        self.replies <= self.replies_max
    }
}
