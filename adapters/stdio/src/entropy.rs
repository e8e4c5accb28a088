//! The operating system's randomness.

use mcp_proto::Entropy;

/// Draws from the operating system.
#[derive(Debug)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    /// Panics where the operating system has no randomness: ids and keys made of anything less
    /// would be guessable.
    fn fill(&mut self, bytes: &mut [u8]) {
        if let Err(error) = getrandom::fill(bytes) {
            panic!("the operating system gives no randomness: {error}");
        }
    }
}
