//! Which revision has what, found out by trying, and compared with the table in the README.

use std::fmt::Write;

use mcp_proto::Version;
use mcp_tests::Peer;
use serde_json::{Value, json};

/// What is tried, and what says that the revision has it.
type Feature = (&'static str, fn(&mut Peer) -> bool);

const FEATURES: [Feature; 26] = [
    ("A session, opened by `initialize`", |peer| peer.server["protocolVersion"].is_string()),
    ("No session: each request says what it needs; `server/discover`", |peer| {
        answered(&peer.request("server/discover", json!({})))
    }),
    ("Batches", |peer| {
        let batch = json!([peer.message("tools/list", json!({}))]);
        peer.send(&batch)[0].is_array()
    }),
    ("Tools, prompts, resources, templates, pages", |peer| {
        let lists = ["tools", "prompts", "resources", "resources/templates"];
        lists.iter().all(|list| answered(&peer.request(&format!("{list}/list"), json!({}))))
    }),
    ("Progress", |peer| progress(peer)["progress"].is_number()),
    ("Progress with a message", |peer| progress(peer)["message"].is_string()),
    ("Log level of the session: `logging/setLevel`", |peer| {
        answered(&peer.request("logging/setLevel", json!({"level": "info"})))
            && says(&peer.call("test_logging_tool", json!({})), "notifications/message")
    }),
    ("Log level of the request", |peer| {
        let meta = json!({"io.modelcontextprotocol/logLevel": "info"});
        let params = json!({"name": "test_logging_tool", "_meta": meta});
        says(&peer.request("tools/call", params), "notifications/message")
            && !says(&peer.call("test_logging_tool", json!({})), "notifications/message")
    }),
    ("Subscriptions: `resources/subscribe`", |peer| {
        answered(&peer.request("resources/subscribe", json!({"uri": WATCHED}))) && updated(peer)
    }),
    ("Subscriptions: `subscriptions/listen`", |peer| {
        let notifications = json!({"resourceSubscriptions": [WATCHED]});
        peer.request("subscriptions/listen", json!({"notifications": notifications}));
        updated(peer)
    }),
    ("Lists say that they changed, to everybody", |peer| {
        let came = peer.call("test_trigger_tool_change", json!({}));
        says(&came, "notifications/tools/list_changed")
    }),
    ("Completion", |peer| completes(peer)),
    ("Completion is declared", |peer| peer.server["capabilities"]["completions"].is_object()),
    ("Sampling and roots, as requests", |peer| {
        asks(peer, "test_sampling", "sampling/createMessage") && asks(peer, "roots", "roots/list")
    }),
    ("Sampling with tools, as a request", |peer| {
        asks(peer, "sample_with_tools", "sampling/createMessage")
    }),
    ("Elicitation by form, as a request", |peer| {
        asks(peer, "test_elicitation", "elicitation/create")
    }),
    ("Elicitation by URL, as a request", |peer| asks(peer, "elicit_url", "elicitation/create")),
    ("All of these by `input_required` and a retry", |peer| {
        ["test_sampling", "roots", "sample_with_tools", "test_elicitation", "elicit_url"]
            .iter()
            .all(|tool| call(peer, tool)["result"]["resultType"] == "input_required")
    }),
    ("Annotations of tools", |peer| first_tool(peer)["annotations"].is_object()),
    ("Audio", |peer| kind(peer, "test_audio_content") == "audio"),
    ("Titles", |peer| first_tool(peer)["title"].is_string()),
    ("Structured results", |peer| {
        call(peer, "structured")["result"]["structuredContent"].is_object()
    }),
    ("Links to resources", |peer| kind(peer, "resource_link") == "resource_link"),
    ("Icons", |peer| first_tool(peer)["icons"].is_array()),
    ("Extensions", |peer| peer.server["capabilities"]["extensions"].is_object()),
    ("Results say how long they may be kept", |peer| {
        peer.request("tools/list", json!({}))[0]["result"]["ttlMs"].is_u64()
    }),
];

const README: &str = include_str!("../../README.md");
const WATCHED: &str = "test://watched-resource";

#[test]
fn the_readme_says_which_revision_has_what() {
    let found = table();
    assert!(README.contains(&found), "the table in the README is to be:\n{found}");
}

#[test]
fn the_server_in_the_readme_is_the_echo_example() {
    let example = include_str!("../../adapters/stdio/examples/echo.rs");
    let (_, code) = example.split_once("\n\n").expect("a doc comment, then code");
    assert!(README.contains(&format!("```rust,no_run\n{code}```")), "copy the example:\n{code}");
}

/// The table, as Markdown.
fn table() -> String {
    let mut table = String::from("| |");
    for version in Version::ALL {
        let _ = write!(table, " {version} |");
    }
    table.push_str("\n|---|:-:|:-:|:-:|:-:|:-:|\n");
    for (name, has) in FEATURES {
        let _ = write!(table, "| {name} |");
        for version in Version::ALL {
            // Each is tried with a client of its own, so that none depends on another.
            let mark = if has(&mut Peer::new(version)) { "✓" } else { "–" };
            let _ = write!(table, " {mark} |");
        }
        table.push('\n');
    }
    table
}

fn answered(came: &[Value]) -> bool {
    came.last().is_some_and(|message| message["result"].is_object())
}

fn says(came: &[Value], method: &str) -> bool {
    came.iter().any(|message| message["method"] == method)
}

fn updated(peer: &mut Peer) -> bool {
    let came = peer.call("update_resource", json!({"uri": WATCHED}));
    says(&came, "notifications/resources/updated")
}

/// The parameters of the first progress notification.
fn progress(peer: &mut Peer) -> Value {
    let meta = json!({"progressToken": "token"});
    let params = json!({"name": "test_tool_with_progress", "_meta": meta});
    peer.request("tools/call", params)[0]["params"].clone()
}

fn completes(peer: &mut Peer) -> bool {
    let params = json!({
        "ref": {"type": "ref/prompt", "name": "test_prompt_with_arguments"},
        "argument": {"name": "arg1", "value": "test"},
    });
    answered(&peer.request("completion/complete", params))
}

/// The last message that a call brings.
fn call(peer: &mut Peer, tool: &str) -> Value {
    let arguments = json!({"message": "?", "prompt": "?"});
    peer.call(tool, arguments).pop().expect("something comes back")
}

fn asks(peer: &mut Peer, tool: &str, method: &str) -> bool {
    call(peer, tool)["method"] == method
}

fn kind(peer: &mut Peer, tool: &str) -> Value {
    call(peer, tool)["result"]["content"][0]["type"].clone()
}

fn first_tool(peer: &mut Peer) -> Value {
    peer.request("tools/list", json!({}))[0]["result"]["tools"][0].clone()
}
