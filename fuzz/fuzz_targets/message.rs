//! The JSON-RPC envelope against a second reading of it.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| mcp_tests::fuzz::message(data));
