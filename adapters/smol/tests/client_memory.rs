//! What a server can make a client over HTTP hold. One test in a process of its own, because it
//! measures the process.

#![cfg(target_os = "linux")]

mod site;

use std::{io::Write as _, net::Shutdown};

use mcp_proto::{
    Limits, Version,
    client::{Era, HttpError},
};
use mcp_smol::blocking::{Client, Connector, Error};
use serde_json::json;
use site::{Site, config, modern, transport, within_deadline, write};

/// What an answer may have.
const ANSWER_BYTES_MAX: usize = 4 << 20;

/// The most that this process has ever held, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

fn connect(site: &Site) -> Client {
    let mut config = config(Era::Pinned(Version::V2026_07_28));
    config.timeouts.total = Some(site::DEADLINE);
    config.limits = Limits {
        event_bytes_max: ANSWER_BYTES_MAX,
        response_bytes_max: ANSWER_BYTES_MAX,
        ..Limits::default()
    };
    Connector::new(config).connect(transport(&site.url())).unwrap()
}

/// A site that sends this head and a piece over and over, this many bytes in all if somebody takes
/// them, before it answers.
fn pouring(head: &'static str, piece: &str, bytes: usize) -> Site {
    let many = piece.repeat((256 << 10) / piece.len());
    modern(move |request, stream| {
        write(stream, head);
        for _ in 0..bytes.div_ceil(many.len()) {
            if stream.write_all(many.as_bytes()).is_err() {
                return;
            }
        }
        write(stream, &format!("data: {}\n\n", request.says("after that")));
        let _ = stream.shutdown(Shutdown::Both);
    })
}

const STREAM: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";

#[test]
fn what_a_server_pours_out_is_consumed_or_given_up_in_memory_that_does_not_grow() {
    within_deadline(|| {
        let log = json!({
            "jsonrpc": "2.0",
            "method": "notifications/message",
            "params": {"level": "info", "data": "x".repeat(8 << 10)},
        });
        let mut peaks = Vec::new();
        for bytes in [16 << 20, 64 << 20] {
            let site = pouring(STREAM, &format!("data: {log}\n\n"), bytes);
            let client = connect(&site);
            assert_eq!(client.call_tool("any", &json!({})).unwrap().text(), "after that");
            assert!(client.dropped_events() > 0);
            peaks.push(peak());
        }
        assert!(peaks[1].saturating_sub(peaks[0]) < 2 << 20, "it grows: {peaks:?}");

        // A gigabyte without an end of the line, and one without an end.
        let json = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n";
        for head in [STREAM, json] {
            let site = pouring(head, "xxxxxxxx", 1 << 30);
            let error = connect(&site).call_tool("any", &json!({})).unwrap_err();
            assert!(matches!(error, Error::Http(HttpError::TooLong)), "{error:?}");
            let more = peak().saturating_sub(peaks[1]);
            assert!(more < 3 * ANSWER_BYTES_MAX as u64, "{more} bytes more");
        }
    });
}
