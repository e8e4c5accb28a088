//! Where randomness comes from, and the few things that are made of it.

use alloc::string::ToString;
use core::time::Duration;

use crate::server::SessionId;

/// The core's only source of randomness: the operating system in an adapter, a seed in a
/// simulation.
///
/// An implementation used outside of tests must be cryptographically strong: session ids and the
/// keys that seal `requestState` come from it.
pub trait Entropy: Send {
    /// Fills `bytes` with random bytes.
    fn fill(&mut self, bytes: &mut [u8]);
}

/// A session id: a `UUIDv7` made of a wall-clock time and 10 random bytes.
pub(crate) fn session_id(entropy: &mut dyn Entropy, unix: Duration) -> SessionId {
    let mut random = [0; 10];
    entropy.fill(&mut random);
    let millis = u64::try_from(unix.as_millis()).unwrap_or(u64::MAX);
    let uuid = uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
    SessionId::new(&uuid.to_string())
}
