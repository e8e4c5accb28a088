//! What a server can make a client hold. One test in a process of its own, because it measures
//! the process.

#![cfg(target_os = "linux")]

mod bad;

use bad::{close, connect, dropped, legacy, result, within_deadline};
use mcp_proto::client::{DroppedByClient, Era};
use serde_json::json;

/// The most that this process has ever held, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

#[test]
fn a_line_of_a_gigabyte_is_dropped_without_being_held() {
    within_deadline(|| {
        let script = format!(
            "read -r line\nhead -c 1000000000 /dev/zero\necho\n{}",
            result(2, "after that"),
        );
        let client = connect(Era::Legacy, legacy(&script));
        let outcome = client.call_tool("any", &json!({})).unwrap();
        assert_eq!(outcome.text(), "after that");
        close(&client);
        assert_eq!(dropped(&client), [DroppedByClient::TooLong]);
        assert!(peak() < 200 << 20, "{} bytes were held", peak());
    });
}
