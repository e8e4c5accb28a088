//! Decoding of inputs by position.

/// What is left of an input. Bytes beyond its end are 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct Input<'a>(pub(super) &'a [u8]);

impl<'a> Input<'a> {
    pub(super) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// A number, with the digits for the small ones, so that scripts are text.
    pub(super) fn number(&mut self) -> u8 {
        if self.0.is_empty() { 0 } else { self.byte().wrapping_sub(b'0') }
    }

    /// One of `table`.
    pub(super) fn one_of<T: Copy>(&mut self, table: &[T]) -> T {
        table[usize::from(self.number()) % table.len()]
    }

    /// All that is left.
    pub(super) fn rest(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.0)
    }
}
