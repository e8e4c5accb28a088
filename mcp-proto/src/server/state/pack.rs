//! A compact encoding without ambiguity: numbers in groups of seven bits, texts with their length.

use alloc::vec::Vec;

#[derive(Default)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// Bytes whose number the reader knows.
    pub(super) fn fixed(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// The lowest seven bits first; the eighth says that there are more.
    pub(super) fn number(&mut self, mut number: u64) {
        loop {
            let [low, ..] = number.to_le_bytes();
            number >>= 7;
            if number == 0 {
                return self.0.push(low);
            }
            self.0.push(0x80 | low);
        }
    }

    pub(super) fn count(&mut self, count: usize) {
        self.number(count as u64);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.count(text.len());
        self.fixed(text.as_bytes());
    }

    /// Whether there is a value, and what `write` makes of it.
    pub(super) fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.fixed(&[u8::from(value.is_some())]);
        if let Some(value) = value {
            write(self, value);
        }
    }
}

/// Reads what a [`Writer`] wrote; `None` where it cannot have.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn fixed<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*bytes)
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let [group] = self.fixed()?;
            let bits = u64::from(group & 0x7f);
            if bits << shift >> shift != bits {
                return None;
            }
            number |= bits << shift;
            if group <= 0x7f {
                return Some(number);
            }
        }
        None
    }

    pub(super) fn small(&mut self) -> Option<u32> {
        self.number()?.try_into().ok()
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        let len = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        core::str::from_utf8(text).ok()
    }

    #[expect(clippy::option_option, reason = "an absent value is not an unreadable one")]
    pub(super) fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<Option<T>> {
        match self.fixed()? {
            [0] => Some(None),
            [1] => read(self).map(Some),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use proptest::prelude::*;

    use super::*;

    fn packed(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
        let mut out = Writer::default();
        write(&mut out);
        out.into_bytes()
    }

    #[test]
    fn a_number_beyond_64_bits_is_refused() {
        let most = packed(|out| out.number(u64::MAX));
        assert_eq!(Reader::new(&most).number(), Some(u64::MAX));
        assert_eq!(most.len(), 10);
        let mut beyond = most.clone();
        beyond[9] = 2;
        assert_eq!(Reader::new(&beyond).number(), None);
        beyond[9] = 0x81;
        beyond.push(0);
        assert_eq!(Reader::new(&beyond).number(), None);
    }

    #[test]
    fn a_text_longer_than_what_is_left_is_refused() {
        assert_eq!(Reader::new(&packed(|out| out.number(u64::MAX))).text(), None);
        assert_eq!(Reader::new(&[2, b'a']).text(), None);
        assert_eq!(Reader::new(&[1, 0xff]).text(), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(number: u64, text: String, byte in any::<Option<u8>>()) {
            let bytes = packed(|out| {
                out.number(number);
                out.text(&text);
                out.option(byte, |out, byte| out.fixed(&[byte]));
            });
            let mut reader = Reader::new(&bytes);
            prop_assert_eq!(reader.number(), Some(number));
            prop_assert_eq!(reader.text(), Some(text.as_str()));
            prop_assert_eq!(reader.option(Reader::fixed), Some(byte.map(|byte| [byte])));
            prop_assert!(reader.is_empty());
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
            let mut reader = Reader::new(&bytes);
            while reader.number().is_some() && reader.option(Reader::text).is_some() {}
        }
    }
}
