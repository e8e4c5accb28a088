//! A client at the end of a byte stream, with a server that says anything.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| mcp_tests::fuzz::client_pipe(data));
