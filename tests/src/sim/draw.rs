//! Choices, made by a seed or read from bytes: the same generators serve simulator and fuzzer.

use mcp_proto::Entropy as _;

use crate::Seeded;

/// Where choices come from.
#[derive(Clone, Debug)]
pub enum Draw<'a> {
    /// They follow from a seed.
    Seed(Seeded),
    /// They are read from bytes, one or two for each; beyond the end each is 0.
    Bytes(&'a [u8]),
}

impl Draw<'_> {
    /// Choices that follow from a seed.
    pub fn seeded(seed: u64) -> Self {
        Self::Seed(Seeded(seed))
    }

    /// A number below `end`, which is more than 0.
    pub fn below(&mut self, end: u32) -> u32 {
        match self {
            Self::Seed(seeded) => {
                let mut bytes = [0; 8];
                seeded.fill(&mut bytes);
                u32::try_from(u64::from_le_bytes(bytes) % u64::from(end)).unwrap_or_default()
            }
            Self::Bytes(bytes) => {
                let mut value = 0;
                for _ in 0..if end > 256 { 2 } else { 1 } {
                    let Some((first, rest)) = bytes.split_first() else { break };
                    value = value << 8 | u32::from(*first);
                    *bytes = rest;
                }
                value % end
            }
        }
    }

    /// A number from `low` to `high`.
    pub fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high - low + 1)
    }

    /// Whether something happens that does so `percent` times in a hundred.
    pub fn chance(&mut self, percent: u32) -> bool {
        // So that bytes that are 0 choose what is plain.
        self.below(100) >= 100 - percent
    }

    /// One of `table`, which is not empty.
    pub fn one_of<T: Clone>(&mut self, table: &[T]) -> T {
        let count = u32::try_from(table.len()).unwrap_or(u32::MAX);
        table[self.below(count) as usize].clone()
    }

    /// Whether nothing is left to be read.
    pub fn is_spent(&self) -> bool {
        matches!(self, Self::Bytes([]))
    }
}
