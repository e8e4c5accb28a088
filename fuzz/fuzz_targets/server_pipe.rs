//! A server at the end of a byte stream, with an application behind it.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| mcp_tests::fuzz::server_pipe(data));
