//! Clients, servers and what is between them, with whatever can happen.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| mcp_tests::fuzz::world(data));
