//! Base64, standard for contents and URL-safe without padding for `requestState` and cursors.

use alloc::{string::String, vec::Vec};

use base64ct::{Base64, Base64UrlUnpadded, Encoding};

/// Standard base64 with padding, as `blob`, image and audio contents want it.
pub fn base64_encode(bytes: &[u8]) -> String {
    Base64::encode_string(bytes)
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
