//! A server behind HTTP: requests, disconnects, congestion, time, and an application.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| mcp_tests::fuzz::endpoint(data));
