//! Time that passes when a test says so.

use crate::time::Instant;

/// Time that passes when a test says so, and stops at each deadline on its way.
///
/// ```
/// use core::time::Duration;
/// use mcp_proto::{ClientPipe, client::ClientConfig, schema::{ClientCapabilities, Implementation}};
/// use mcp_proto::testing::Clock;
///
/// let info = Implementation::new("editor", "1");
/// let mut client = ClientPipe::new(ClientConfig::new(info, ClientCapabilities::default()));
/// let mut clock = Clock::default();
/// client.start(clock.now());
///
/// let end = clock.now() + Duration::from_mins(2);
/// while let Some(now) = clock.step(client.poll_timeout(), end) {
///     client.handle_timeout(now);
///     while client.poll_output().is_some() {}
/// }
/// assert_eq!(clock.now(), end);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock(Instant);

impl Clock {
    /// What time it is.
    pub const fn now(&self) -> Instant {
        self.0
    }

    /// Moves to the deadline that is `due`, if that is not after `end`, and says so. Without one it
    /// moves to `end`. It never goes back.
    pub fn step(&mut self, due: Option<Instant>, end: Instant) -> Option<Instant> {
        let due = due.filter(|due| *due <= end);
        self.0 = self.0.max(due.unwrap_or(end));
        due.map(|_| self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;

    fn at(millis: u64) -> Instant {
        Instant::from_zero(Duration::from_millis(millis))
    }

    #[test]
    fn time_stops_at_each_deadline_and_never_goes_back() {
        let mut clock = Clock::default();
        assert_eq!(clock.step(Some(at(5)), at(9)), Some(at(5)));
        assert_eq!(clock.step(Some(at(2)), at(9)), Some(at(5)));
        assert_eq!(clock.step(Some(at(10)), at(9)), None);
        assert_eq!(clock.now(), at(9));
        assert_eq!(clock.step(None, at(7)), None);
        assert_eq!(clock.now(), at(9));
    }
}
