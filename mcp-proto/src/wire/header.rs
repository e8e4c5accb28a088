//! Values of `Mcp-Name` and `Mcp-Param-*`, which mirror the body.
//!
//! Spec: "Streamable HTTP" of 2026-07-28, "Header value encoding".

/// Whether a text is a token, as names of header fields are.
pub(crate) fn is_token(text: &str) -> bool {
    let is_token_char =
        |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_token_char)
}
