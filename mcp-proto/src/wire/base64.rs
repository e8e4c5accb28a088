//! Base64, standard for contents and URL-safe without padding for `requestState` and cursors.

use alloc::{string::String, vec::Vec};

use base64ct::{Base64, Base64UrlUnpadded, Encoding};

/// Standard base64 with padding, as `blob`, image and audio contents want it.
pub fn base64_encode(bytes: &[u8]) -> String {
    Base64::encode_string(bytes)
}

/// The bytes of standard base64 with padding; `None` for any text that [`base64_encode`] does not
/// write.
pub(super) fn base64_decode(text: &str) -> Option<Vec<u8>> {
    Base64::decode_vec(text).ok()
}

/// URL-safe base64 without padding.
pub(crate) fn base64url_encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// The bytes of URL-safe base64 without padding; `None` for any text that
/// [`base64url_encode`] does not write.
pub(crate) fn base64url_decode(text: &str) -> Option<Vec<u8>> {
    Base64UrlUnpadded::decode_vec(text).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn standard_base64_is_padded() {
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v")] {
            assert_eq!(base64_encode(bytes.as_bytes()), text);
        }
        assert_eq!(base64_encode(&[0xFB, 0xFF]), "+/8=");
    }

    #[test]
    fn url_safe_base64_is_read_only_as_it_is_written() {
        assert_eq!(base64url_encode(&[0xFB, 0xFF]), "-_8");
        assert_eq!(base64url_decode("-_8"), Some(Vec::from([0xFB, 0xFF])));
        // Padding, the other alphabet, white space, a lone sextet, bits beyond the last byte.
        for text in ["-_8=", "+/8", "-_8\n", " -_8", "-_8 ", "A", "-_9", "Zh", "Zg=", "é"] {
            assert_eq!(base64url_decode(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn bytes_come_back(bytes: Vec<u8>) {
            let text = base64url_encode(&bytes);
            prop_assert_eq!(base64url_decode(&text), Some(bytes));
        }

        #[test]
        fn there_is_one_text_for_any_bytes(text in "[-_A-Za-z0-9]{0,9}") {
            if let Some(bytes) = base64url_decode(&text) {
                prop_assert_eq!(base64url_encode(&bytes), text);
            }
        }
    }
}
