//! A client over HTTP, with a server that answers anything.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| mcp_tests::fuzz::http_client(data));
