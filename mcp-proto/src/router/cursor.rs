//! Cursors: the place of the last entry that the client has seen, as opaque text.

use alloc::string::String;

use crate::wire::{base64url_decode, base64url_encode};

/// Which list a cursor belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Tools = 1,
    Prompts,
    Resources,
    Templates,
}

const PLACE_BYTES: usize = 8;
const CHECK_BYTES: usize = 4;
/// 1 byte of kind, the place, and the check, in base64url.
const TEXT_BYTES: usize = (1 + PLACE_BYTES + CHECK_BYTES) * 4 / 3 + 1;

/// The cursor of the page behind `place`.
pub(super) fn encode(kind: Kind, place: u64) -> String {
    let mut bytes = [0; 1 + PLACE_BYTES + CHECK_BYTES];
    bytes[0] = kind as u8;
    bytes[1..=PLACE_BYTES].copy_from_slice(&place.to_be_bytes());
    bytes[1 + PLACE_BYTES..].copy_from_slice(&check(kind, place));
    base64url_encode(&bytes)
}

/// The place that `cursor` stands for; `None` if it is none of ours, or of another list.
pub(super) fn decode(kind: Kind, cursor: &str) -> Option<u64> {
    if cursor.len() != TEXT_BYTES {
        return None;
    }
    let bytes = base64url_decode(cursor)?;
    let (place, sum) = bytes.strip_prefix(&[kind as u8])?.split_first_chunk()?;
    let place = u64::from_be_bytes(*place);
    (sum == check(kind, place)).then_some(place)
}

/// FNV-1a over the cursor. It finds what was cut off or made up by accident; a client that computes
/// it gets a page that it may see anyway.
fn check(kind: Kind, place: u64) -> [u8; CHECK_BYTES] {
    const OFFSET: u32 = 0x811c_9dc5;
    const PRIME: u32 = 0x0100_0193;
    let bytes = b"cursor".iter().copied().chain([kind as u8]).chain(place.to_be_bytes());
    bytes.fold(OFFSET, |sum, byte| (sum ^ u32::from(byte)).wrapping_mul(PRIME)).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_cursor_of_another_list_is_none_of_this_one() {
        assert_eq!(decode(Kind::Prompts, &encode(Kind::Tools, 3)), None);
    }

    proptest! {
        #[test]
        fn a_cursor_comes_back_as_its_place(place: u64) {
            prop_assert_eq!(decode(Kind::Tools, &encode(Kind::Tools, place)), Some(place));
        }

        #[test]
        fn a_cursor_that_was_cut_off_is_refused(place: u64, end in 0..TEXT_BYTES) {
            let cursor = encode(Kind::Tools, place);
            prop_assert_eq!(decode(Kind::Tools, &cursor[..end]), None);
        }

        #[test]
        fn a_text_that_was_made_up_is_refused(text in "[A-Za-z0-9_-]{0,20}|.*") {
            prop_assert_eq!(decode(Kind::Tools, &text), None);
        }
    }
}
