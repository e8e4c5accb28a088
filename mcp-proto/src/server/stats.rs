//! What was dropped, counted.

use super::Dropped;

/// What was dropped since the machine began, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Lines that were no message.
    pub junk: u64,
    /// Messages over the limit.
    pub too_long: u64,
    /// Responses to nothing that was open.
    pub unknown_responses: u64,
    /// Notifications that came where they have no meaning.
    pub notifications: u64,
    /// Logs and progress that a slow peer did not get.
    pub congested: u64,
    /// Commands about calls that were gone.
    pub late_commands: u64,
}

impl Stats {
    pub(super) fn count(&mut self, dropped: &Dropped) {
        let counter = match dropped {
            Dropped::Junk(_) | Dropped::Partial(_) => &mut self.junk,
            Dropped::TooLong => &mut self.too_long,
            Dropped::UnknownResponse => &mut self.unknown_responses,
            Dropped::Notification(_) => &mut self.notifications,
            Dropped::Congested => &mut self.congested,
        };
        *counter += 1;
    }
}
