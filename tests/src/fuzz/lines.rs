//! The lines of a stream, for a checker that stands beside the machine that reads them.

/// A byte order mark.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// Gives each line as soon as it is known to be whole or too long.
pub(super) struct Lines {
    limit: usize,
    partial: Vec<u8>,
    /// Whether that may begin with a byte order mark.
    fresh: bool,
    /// Whether that was too long already.
    skips: bool,
}

impl Lines {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, partial: Vec::new(), fresh: true, skips: false }
    }

    /// Takes in bytes. Lines are given without their ends; of one over the limit, so much as shows
    /// that.
    pub(super) fn push(&mut self, bytes: &[u8], mut give: impl FnMut(&[u8])) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.partial.extend(piece);
            if self.fresh {
                self.fresh = MARK.len() > self.partial.len() && MARK.starts_with(&self.partial);
                let marked = self.partial.starts_with(MARK);
                self.partial.drain(..if marked { MARK.len() } else { 0 });
            }
            let whole = self.partial.ends_with(b"\n");
            let line = self.partial.strip_suffix(b"\n").unwrap_or(&self.partial);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let too_long = line.len() > self.limit;
            let blank = line.iter().all(|byte| b" \t\r".contains(byte));
            if !self.skips && (too_long || whole && !blank) {
                give(line);
            }
            self.skips = !whole && (self.skips || too_long);
            if whole || self.skips {
                self.partial.clear();
            }
        }
    }
}
