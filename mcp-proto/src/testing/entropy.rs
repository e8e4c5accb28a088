//! Randomness that is the same in every run.

use crate::Entropy;

/// Bytes that follow from a seed (SplitMix64): for tests and transcripts, never for secrets.
///
/// ```
/// use mcp_proto::{Entropy, testing::Seeded};
///
/// let (mut one, mut other) = ([0; 16], [0; 16]);
/// Seeded(7).fill(&mut one);
/// Seeded(7).fill(&mut other);
/// assert_eq!(one, other);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Seeded(pub u64);

impl Seeded {
    /// The next 64 bits.
    pub fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        let [byte, ..] = self.word().to_le_bytes();
        byte
    }

    /// A number below `count`, or 0 where there is none.
    pub fn below(&mut self, count: usize) -> usize {
        let count = u64::try_from(count.max(1)).unwrap_or(u64::MAX);
        usize::try_from(self.word() % count).unwrap_or_default()
    }

    /// One of `table`.
    ///
    /// # Panics
    ///
    /// If the table is empty.
    pub fn one_of<T: Copy>(&mut self, table: &[T]) -> T {
        table[self.below(table.len())]
    }
}

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let word = self.word().to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
    }
}
