//! The checkers of pipes, on bad traces written by hand: each is caught, by its name.
//!
//! A trace is a [`Transcript`] whose lines may be short, see [`message`].

use mcp_proto::testing::{
    Entry, Transcript,
    checker::{Invariant, Violation},
};

mod client;
mod server;
mod web;

/// A trace with its lines written out.
fn read(trace: &str) -> Transcript {
    let trace: Transcript = trace.parse().expect("each line is an entry");
    let whole = trace.entries().iter().cloned().map(|entry| match entry {
        Entry::Sent(text) => Entry::Sent(message(&text)),
        Entry::Received(text) => Entry::Received(message(&text)),
        other => other,
    });
    whole.collect()
}

/// What is wrong, by name.
fn names(violations: &[Violation]) -> Vec<Invariant> {
    violations.iter().map(|violation| violation.invariant).collect()
}

/// The lines that traces need, by a word; anything else stands for itself, with `jsonrpc` added
/// where it is the members of a message.
fn message(text: &str) -> String {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    let members = match of_client(word, rest).or_else(|| of_server(word, rest)) {
        Some(members) => members,
        None if text.starts_with('"') => text.into(),
        None => return text.into(),
    };
    format!(r#"{{"jsonrpc":"2.0",{members}}}"#)
}

const MODERN: &str = r#""io.modelcontextprotocol/protocolVersion":"2026-07-28",
    "io.modelcontextprotocol/clientCapabilities":{}"#;

fn of_client(word: &str, rest: &str) -> Option<String> {
    Some(match word {
        "initialize" => format!(
            r#""id":0,"method":"initialize","params":{{"protocolVersion":"{rest}",
            "capabilities":{{"elicitation":{{}}}},"clientInfo":{{"name":"c","version":"1"}}}}"#
        ),
        "initialized" => r#""method":"notifications/initialized""#.into(),
        "call" => format!(
            r#""id":{rest},"method":"tools/call","params":{{"_meta":{{"progressToken":{rest}}}}}"#
        ),
        "modern" => {
            let (id, method) = rest.split_once(' ').unwrap_or((rest, "tools/call"));
            format!(r#""id":{id},"method":"{method}","params":{{"_meta":{{{MODERN}}}}}"#)
        }
        "loud" => format!(
            r#""id":{rest},"method":"tools/call","params":{{"_meta":{{{MODERN},
            "io.modelcontextprotocol/logLevel":"error"}}}}"#
        ),
        "listen" => format!(
            r#""id":{rest},"method":"subscriptions/listen","params":{{
            "notifications":{{"toolsListChanged":true}},"_meta":{{{MODERN}}}}}"#
        ),
        "cancel" => {
            format!(r#""method":"notifications/cancelled","params":{{"requestId":{rest}}}"#)
        }
        "level" => format!(r#""id":9,"method":"logging/setLevel","params":{{"level":"{rest}"}}"#),
        _ => return None,
    })
}

fn of_server(word: &str, rest: &str) -> Option<String> {
    const TAG: &str = "io.modelcontextprotocol/subscriptionId";
    let (id, value) = rest.split_once(' ').unwrap_or((rest, ""));
    Some(match word {
        "welcome" => format!(
            r#""id":0,"result":{{"protocolVersion":"{rest}","serverInfo":{{}},
            "capabilities":{{"logging":{{}},"tools":{{"listChanged":true}}}}}}"#
        ),
        "result" => format!(r#""id":{rest},"result":{{}}"#),
        "complete" => format!(r#""id":{rest},"result":{{"resultType":"complete"}}"#),
        "ended" => format!(
            r#""id":{rest},"result":{{"resultType":"complete","_meta":{{"{TAG}":{rest}}}}}"#
        ),
        "error" => format!(r#""id":{rest},"error":{{"code":-32603,"message":"m"}}"#),
        "refused" => format!(r#""id":{rest},"error":{{"code":-32600,"message":"m"}}"#),
        "junk" => r#""error":{"code":-32700,"message":"m"}"#.into(),
        "ack" => format!(
            r#""method":"notifications/subscriptions/acknowledged","params":{{
            "notifications":{{"toolsListChanged":true}},"_meta":{{"{TAG}":{rest}}}}}"#
        ),
        "tagged" => format!(
            r#""method":"notifications/{value}/list_changed","params":{{"_meta":{{"{TAG}":{id}}}}}"#
        ),
        "progress" => format!(
            r#""method":"notifications/progress",
            "params":{{"progressToken":{id},"progress":{value}}}"#
        ),
        "log" => {
            format!(r#""method":"notifications/message","params":{{"level":"{rest}","data":1}}"#)
        }
        "ask" => format!(r#""id":"q","method":"{rest}","params":{{}}"#),
        "changed" => format!(r#""method":"notifications/{rest}/list_changed""#),
        _ => return None,
    })
}

/// A session of 2025-11-25 in operation.
const OPEN: &str = "
> initialize 2025-11-25
< welcome 2025-11-25
> initialized
=";
