//! Events out of a byte stream, whatever the chunks.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| mcp_tests::fuzz::sse(data));
