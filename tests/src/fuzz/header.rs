//! Values of header fields that mirror the body.

use mcp_proto::wire::{decode_header_value, encode_header_value};

/// `[text…]`: a text comes back out of the value that mirrors it, which has visible ASCII and
/// inner spaces alone. What a value stands for, if anything, is mirrored by a value that stands for
/// the same.
///
/// # Panics
///
/// If it is not so.
pub fn header(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else { return };
    comes_back(text);
    if let Ok(meant) = decode_header_value(text) {
        comes_back(&meant);
    }
}

fn comes_back(text: &str) {
    let value = encode_header_value(text);
    assert!(
        value.bytes().all(|byte| matches!(byte, b' '..=b'~')),
        "{value:?} is not visible ASCII"
    );
    assert!(!value.is_empty() && value.trim() == value, "{value:?} has white space at an end");
    assert_eq!(decode_header_value(&value).as_deref(), Ok(text), "{value:?}");
}
