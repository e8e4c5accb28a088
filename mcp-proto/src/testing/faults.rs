//! What a transport does to bytes: it cuts them into pieces, and it breaks.

use alloc::vec::Vec;

use super::Seeded;

/// What a transport does to the bytes of a connection, both ways: it never loses or reorders any,
/// but it delivers them in pieces, and at some byte it may break.
///
/// ```
/// use mcp_proto::testing::Faults;
///
/// let mut faults = Faults::pieces(1, 3).breaking_after(8);
/// let arrived: Vec<u8> = faults.carry(b"0123456789").concat();
/// assert_eq!(arrived, b"01234567");
/// assert!(faults.is_broken());
/// assert!(faults.carry(b"more").is_empty());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Faults {
    from: Seeded,
    piece_max: usize,
    left: Option<usize>,
}

impl Default for Faults {
    /// None: all arrives in one piece.
    fn default() -> Self {
        Self { from: Seeded(0), piece_max: usize::MAX, left: None }
    }
}

impl Faults {
    /// Pieces of 1 to `piece_max` bytes, as follows from a seed.
    pub const fn pieces(seed: u64, piece_max: usize) -> Self {
        Self { from: Seeded(seed), piece_max, left: None }
    }

    /// The connection breaks after so many bytes.
    #[must_use]
    pub const fn breaking_after(mut self, bytes: usize) -> Self {
        self.left = Some(bytes);
        self
    }

    /// The pieces in which these bytes arrive, as far as they do.
    pub fn carry<'b>(&mut self, bytes: &'b [u8]) -> Vec<&'b [u8]> {
        let (mut rest, _) = bytes.split_at(self.left.unwrap_or(usize::MAX).min(bytes.len()));
        if let Some(left) = &mut self.left {
            *left -= rest.len();
        }
        let mut pieces = Vec::new();
        while !rest.is_empty() {
            let size = self.from.below(self.piece_max).saturating_add(1).min(rest.len());
            let (piece, after) = rest.split_at(size);
            pieces.push(piece);
            rest = after;
        }
        pieces
    }

    /// Whether the connection is broken.
    pub fn is_broken(&self) -> bool {
        self.left == Some(0)
    }
}
