//! Base64, standard for contents and URL-safe without padding for `requestState` and cursors.

use alloc::{string::String, vec::Vec};

/// Standard base64 with padding, as `blob`, image and audio contents want it.
pub fn base64_encode(bytes: &[u8]) -> String {
    todo!()
}

pub(crate) fn base64url_encode(bytes: &[u8]) -> String {
    todo!()
}

pub(crate) fn base64url_decode(text: &str) -> Option<Vec<u8>> {
    todo!()
}
