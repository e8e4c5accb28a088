//! Consumes an event stream of a gigabyte with the client over HTTP, and says what that costs.
//!
//! `gigabyte [EVENT-BYTES]`
//!
//! The server is a thread of the same process that holds one piece of the stream. Prints one line:
//! how fast the stream went, and the most memory that the process had had after 64 MiB of one, and
//! after all of another. Linux only.

use std::{
    error::Error,
    fs,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    thread,
    time::Instant,
};

use mcp_proto::{
    Timeouts, Version,
    client::{ClientConfig, Era},
    schema::{ClientCapabilities, Implementation},
};
use mcp_smol::blocking;
use serde_json::{Value, json};

const STREAM_BYTES: usize = 1 << 30;

fn main() -> Result<(), Box<dyn Error>> {
    let event_bytes = std::env::args().nth(1).map_or(Ok(200), |word| word.parse())?;
    let first = consume(event_bytes, STREAM_BYTES / 16)?;
    let since = Instant::now();
    let all = consume(event_bytes, STREAM_BYTES)?;
    let elapsed = since.elapsed().as_secs_f64();
    let line = json!({
        "event_bytes": event_bytes,
        "mib_per_second": (1024.0 / elapsed).round(),
        "peak_kib_after_64_mib": first,
        "peak_kib_after_1_gib": all,
    });
    println!("{line}");
    Ok(())
}

/// Consumes a stream with a client of its own. Returns the most memory that the process has had.
fn consume(event_bytes: usize, stream_bytes: usize) -> Result<u64, Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}/mcp", listener.local_addr()?);
    thread::spawn(move || {
        for stream in listener.incoming() {
            if stream.and_then(|stream| serve(stream, event_bytes, stream_bytes)).is_err() {
                return;
            }
        }
    });
    let info = Implementation::new("gigabyte", "0");
    let mut config = ClientConfig::new(info, ClientCapabilities::default());
    config.era = Era::Pinned(Version::V2026_07_28);
    config.timeouts = Timeouts::default();
    let client = blocking::connect(&url, config)?;
    let outcome = client.call_tool("pour", &json!({}))?;
    assert_eq!(outcome.text(), "poured");
    client.close();
    let status = fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix("kB"));
    Ok(peak.ok_or("there is no VmHWM")?.trim().parse()?)
}

/// Answers the requests of one connection.
fn serve(mut stream: TcpStream, event_bytes: usize, stream_bytes: usize) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    while let Some(request) = read_request(&mut reader)? {
        let answer =
            |result: Value| json!({"jsonrpc": "2.0", "id": request["id"], "result": result});
        if request["method"] == "server/discover" {
            let body = answer(json!({
                "resultType": "complete",
                "supportedVersions": ["2026-07-28"],
                "capabilities": {"tools": {}},
                "ttlMs": 0,
                "cacheScope": "private",
            }))
            .to_string();
            let length = body.len();
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json";
            write!(stream, "{head}\r\nContent-Length: {length}\r\n\r\n{body}")?;
            continue;
        }
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")?;
        pour(&mut stream, event_bytes, stream_bytes)?;
        let content = json!([{"type": "text", "text": "poured"}]);
        let result = answer(json!({"resultType": "complete", "content": content}));
        return write!(stream, "data: {result}\n\n");
    }
    Ok(())
}

fn pour(stream: &mut TcpStream, event_bytes: usize, stream_bytes: usize) -> io::Result<()> {
    let event = |data: &str| {
        let params = json!({"level": "info", "data": data});
        let log = json!({"jsonrpc": "2.0", "method": "notifications/message", "params": params});
        format!("data: {log}\n\n")
    };
    let event = event(&"x".repeat(event_bytes.saturating_sub(event("").len())));
    let piece = event.repeat((256 << 10) / event.len() + 1);
    for _ in 0..stream_bytes.div_ceil(piece.len()) {
        stream.write_all(piece.as_bytes())?;
    }
    Ok(())
}

/// The message of a request; `None` where there are no more.
fn read_request(reader: &mut BufReader<TcpStream>) -> io::Result<Option<Value>> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        match line.trim_end().to_ascii_lowercase().split_once(": ") {
            Some(("content-length", count)) => length = count.parse().map_err(io::Error::other)?,
            None if line.trim_end().is_empty() => break,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some(serde_json::from_slice(&body)?))
}
