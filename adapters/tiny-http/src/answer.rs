//! Heads and chunks as bytes: all that goes out is put together here.

use std::{io::Write as _, time::SystemTime};

use httpdate::HttpDate;
use mcp_proto::http::{Response, ResponseHead, StreamFrame};
use tiny_http::StatusCode;

/// What a head says of its connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    /// The client is told to close.
    pub(crate) close: bool,
    /// The answer is for a `HEAD`: what it announces is not sent.
    pub(crate) head_only: bool,
    /// The client is of HTTP/1.0, and knows no chunks.
    pub(crate) old: bool,
}

/// The end of a chunked body.
const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// Appends a whole answer.
pub(crate) fn whole(out: &mut Vec<u8>, response: &Response, manner: Manner) {
    begin(out, &response.head, manner);
    let length = response.body.as_ref().map_or(0, mcp_proto::wire::Frame::byte_len);
    // A 204 has no body, and may not speak of one.
    if response.head.status != 204 {
        let _ = write!(out, "content-length: {length}\r\n");
    }
    out.extend_from_slice(b"\r\n");
    if let (Some(body), false) = (&response.body, manner.head_only) {
        body.append_to(out);
    }
}

/// Appends the head of a stream.
pub(crate) fn stream(out: &mut Vec<u8>, head: &ResponseHead, manner: Manner) {
    begin(out, head, manner);
    out.extend_from_slice(if manner.old {
        b"\r\n".as_slice()
    } else {
        b"transfer-encoding: chunked\r\n\r\n"
    });
}

/// Appends a frame of a stream.
pub(crate) fn frame(out: &mut Vec<u8>, frame: &StreamFrame, manner: Manner) {
    if !manner.old {
        let _ = write!(out, "{:x}\r\n", frame.byte_len());
    }
    for part in frame.parts() {
        out.extend_from_slice(part.as_bytes());
    }
    if !manner.old {
        out.extend_from_slice(b"\r\n");
    }
}

/// Appends the end of a stream.
pub(crate) fn end(out: &mut Vec<u8>, manner: Manner) {
    if !manner.old {
        out.extend_from_slice(LAST_CHUNK);
    }
}

fn begin(out: &mut Vec<u8>, head: &ResponseHead, manner: Manner) {
    let reason = StatusCode(head.status).default_reason_phrase();
    let _ = write!(out, "HTTP/1.1 {} {reason}\r\n", head.status);
    for (name, value) in head.headers.iter().filter(|(_, value)| is_value(value)) {
        let _ = write!(out, "{name}: {value}\r\n");
    }
    let _ = write!(out, "date: {}\r\n", HttpDate::from(SystemTime::now()));
    if manner.close || manner.old {
        out.extend_from_slice(b"connection: close\r\n");
    }
}

/// Whether a text may stand as the value of a field. One that could end the field and begin
/// another is not sent: `tiny_http` would not look at it.
fn is_value(text: &str) -> bool {
    text.bytes().all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(fields: &[(&'static str, &'static str)], manner: Manner) -> String {
        let fields = fields.iter().map(|&(name, value)| (name, value.into()));
        let head = ResponseHead { status: 200, headers: fields.collect() };
        let mut out = Vec::new();
        whole(&mut out, &Response { head, body: None }, manner);
        String::from_utf8(out).unwrap()
    }

    const PLAIN: Manner = Manner { close: false, head_only: false, old: false };

    #[test]
    fn a_field_whose_value_could_end_it_is_left_out() {
        for value in ["a\r\nset-cookie: b", "a\nb", "a\rb", "a\0b", "é"] {
            let text = head(&[("x-bad", value), ("x-good", "a b\tc")], PLAIN);
            assert!(!text.contains("x-bad") && !text.contains("cookie"), "{text}");
            assert!(text.contains("\r\nx-good: a b\tc\r\n"), "{text}");
        }
    }

    #[test]
    fn a_head_names_the_time_and_the_length() {
        let text = head(&[], PLAIN);
        assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
        assert!(text.contains("\r\ndate: ") && text.contains(" GMT\r\n"), "{text}");
        assert!(text.ends_with("\r\ncontent-length: 0\r\n\r\n"), "{text}");
        assert!(!text.contains("connection"), "{text}");
    }

    #[test]
    fn the_last_answer_of_a_connection_says_so() {
        for manner in [Manner { close: true, ..PLAIN }, Manner { old: true, ..PLAIN }] {
            assert!(head(&[], manner).contains("\r\nconnection: close\r\n"));
        }
    }
}
