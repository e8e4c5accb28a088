//! A `requestState` that was tampered with.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| mcp_tests::fuzz::state(data));
