//! Lists page by page, and results that are good for a while.

use super::*;

fn walk() -> CallOptions {
    CallOptions { all_pages: true, ..patient() }
}

fn page(entries: &str, next: &str) -> String {
    format!(r#"{{"tools":[{entries}],"nextCursor":{next},"ttlMs":60000,"cacheScope":"public"}}"#)
}

#[test]
fn a_list_is_walked_to_its_end() {
    spec!("PAG-01", "PAG-02", "PAG-03", "PAG-04", "PAG-09");
    for version in Version::ALL {
        for end in [r#"{"tools":[5,6]}"#.to_string(), page("5,6", "null")] {
            let mut peer = Peer::ready(version);
            peer.call("tools/list", "{}", walk());
            for (id, cursor) in ["\"\"", r#""a\"b\n""#, "\"null\""].into_iter().enumerate() {
                peer.forget();
                peer.reply(&(id + 2).to_string(), &page(&id.to_string(), cursor));
                let sent = peer.member("/params/cursor").unwrap();
                assert_eq!(sent, serde_json::from_str::<serde_json::Value>(cursor).unwrap());
            }
            peer.reply("5", &end);
            assert_eq!(peer.outcome(), Ok(json(r#"{"tools":[0,1,2,5,6]}"#)));
        }
    }
}

#[test]
fn each_list_has_its_member() {
    for (method, member) in [
        ("prompts/list", "prompts"),
        ("resources/list", "resources"),
        ("resources/templates/list", "resourceTemplates"),
    ] {
        let mut peer = Peer::ready(Version::V2026_07_28);
        peer.call(method, "{}", walk());
        peer.reply("2", &format!(r#"{{"{member}":[1],"nextCursor":"x"}}"#));
        peer.reply("3", &format!(r#"{{"{member}":[]}}"#));
        assert_eq!(peer.outcome(), Ok(json(&format!(r#"{{"{member}":[1]}}"#))));
    }
    let mut peer = Peer::ready(Version::V2026_07_28);
    peer.tool(walk());
    peer.reply("2", r#"{"content":[],"nextCursor":"x"}"#);
    assert_eq!(peer.outcome(), Ok(json(r#"{"content":[],"nextCursor":"x"}"#)));
}

#[test]
fn annotations_for_http_mean_nothing_on_a_pipe() {
    spec!("SHM-47");
    let schema = r#"{"type":"object","properties":{"a":{"type":"null","x-mcp-header":""}}}"#;
    let tool = format!(r#"{{"name":"t","inputSchema":{schema}}}"#);
    let mut peer = Peer::ready(Version::V2026_07_28);
    peer.call("tools/list", "{}", walk());
    peer.reply("2", &format!(r#"{{"tools":[{tool}]}}"#));
    assert_eq!(peer.outcome(), Ok(json(&format!(r#"{{"tools":[{tool}]}}"#))));
}

#[test]
fn a_list_that_cannot_be_walked_is_a_violation() {
    let cases = [
        ("{}", CallError::Violation(Violation::Malformed)),
        (r#"{"tools":5}"#, CallError::Violation(Violation::Malformed)),
        (r#"{"tools":[],"nextCursor":5}"#, CallError::Violation(Violation::Malformed)),
        (r#"{"tools":[],"nextCursor":"a"}"#, CallError::Violation(Violation::RepeatedCursor)),
    ];
    for (second, expected) in cases {
        let mut peer = Peer::ready(Version::V2025_11_25);
        peer.call("tools/list", "{}", walk());
        peer.reply("2", &page("", "\"a\""));
        peer.reply("3", second);
        assert_eq!(peer.outcome(), Err(expected), "{second}");
    }
    let mut peer = Peer::ready(Version::V2025_11_25);
    peer.call("tools/list", "{}", walk());
    peer.reply("2", &page("", "\"a\""));
    peer.refuse("3", r#"{"code":-32602,"message":"Invalid cursor"}"#);
    assert!(matches!(peer.outcome(), Err(CallError::Refused(_))));
}

#[test]
fn a_list_without_end_is_bounded() {
    let mut peer = Peer::ready_with(Version::V2026_07_28, |config| config.limits.pages_max = 10);
    peer.call("tools/list", "{}", walk());
    for id in 2..12 {
        peer.reply(&id.to_string(), &page("1", &format!("\"{id}\"")));
    }
    assert_eq!(peer.outcome(), Err(CallError::OverLimit));
    for entries in ["0123456789".repeat(3), String::new()] {
        let mut peer = Peer::ready_with(Version::V2026_07_28, |config| {
            config.limits.message_bytes_max = 2000;
        });
        peer.call("tools/list", "{}", walk());
        let mut id = 2;
        while peer.finished.is_empty() {
            let cursor = format!("\"{id:0200}\"");
            peer.reply(&id.to_string(), &page(&entries.replace('0', "1"), &cursor));
            id += 1;
            assert!(id < 20, "the walk goes on");
        }
        assert_eq!(peer.outcome(), Err(CallError::OverLimit));
    }
}

#[test]
fn a_walk_begins_where_the_caller_says() {
    let mut peer = Peer::ready(Version::V2025_11_25);
    peer.call("tools/list", r#"{"cursor":"start"}"#, walk());
    peer.reply("2", &page("", "\"next\""));
    let lines = core::mem::take(&mut peer.lines);
    assert!(lines[0].contains(r#""cursor":"start""#));
    assert!(lines[1].contains(r#""cursor":"next""#) && !lines[1].contains("start"));
}

#[test]
fn a_walk_that_is_cancelled_ends() {
    let mut peer = Peer::ready(Version::V2025_11_25);
    let call = peer.call("tools/list", "{}", walk());
    peer.reply("2", &page("", "\"a\""));
    peer.forget();
    peer.cancel(call).unwrap();
    assert!(peer.line().contains(r#""requestId":3"#));
    peer.reply("3", &page("", "\"b\""));
    assert_eq!((peer.finished.len(), peer.lines.len()), (1, 0));
}

/// Whether a call is answered without a request.
fn is_kept(peer: &mut Peer, method: &str, params: &str) -> bool {
    peer.forget();
    let before = peer.finished.len();
    let call = peer.call(method, params, patient());
    if peer.lines.is_empty() {
        assert_eq!(peer.finished.len(), before + 1);
        return true;
    }
    peer.cancel(call).unwrap();
    false
}

/// A client that was given this result for the parameters.
fn after(method: &str, params: &str, result: &str) -> Peer {
    let mut peer = Peer::ready(Version::V2026_07_28);
    peer.call(method, params, patient());
    peer.reply("2", result);
    peer
}

#[test]
fn a_result_is_good_for_as_long_as_its_server_says() {
    spec!("CCH-06", "CCH-07");
    for (hint, kept) in [
        (r#","ttlMs":1000,"cacheScope":"private""#, true),
        (r#","ttlMs":1000"#, true),
        (r#","ttlMs":0,"cacheScope":"public""#, false),
        (r#","ttlMs":-1,"cacheScope":"public""#, false),
        (r#","ttlMs":"1000","cacheScope":"public""#, false),
        ("", false),
    ] {
        let result = format!(r#"{{"tools":[]{hint}}}"#);
        let mut peer = after("tools/list", "{}", &result);
        assert_eq!(is_kept(&mut peer, "tools/list", "{}"), kept, "{hint}");
        if kept {
            assert_eq!(peer.finished.last().unwrap().1, Ok(json(&result)));
            peer.wait(millis(999));
            assert!(is_kept(&mut peer, "tools/list", "{}"));
            peer.wait(millis(1));
            assert!(!is_kept(&mut peer, "tools/list", "{}"));
        }
    }
}

#[test]
fn a_result_is_one_of_its_method_and_parameters() {
    spec!("CCH-08");
    let mut peer =
        after("resources/read", r#"{"uri":"a:1","x":2}"#, r#"{"contents":[],"ttlMs":9000}"#);
    assert!(is_kept(&mut peer, "resources/read", r#"{"x":2, "uri":"a:1"}"#));
    assert!(is_kept(&mut peer, "resources/read", r#"{"uri":"a:1","x":2,"_meta":{"a":1}}"#));
    assert!(!is_kept(&mut peer, "resources/read", r#"{"uri":"a:1"}"#));
    assert!(!is_kept(&mut peer, "resources/read", r#"{"uri":"a:2","x":2}"#));
    assert!(!is_kept(&mut peer, "resources/list", r#"{"uri":"a:1","x":2}"#));
    peer.forget();
    peer.call("resources/read", r#"{"uri":"a:1","x":2}"#, CallOptions { fresh: true, ..patient() });
    assert_eq!(peer.lines.len(), 1, "a fresh one was asked for");
    let answered = r#"{"uri":"a:1","requestState":"s"}"#;
    let mut peer = after("resources/read", answered, r#"{"contents":[],"ttlMs":9000}"#);
    assert!(!is_kept(&mut peer, "resources/read", answered), "CCH-09");
    let mut peer = after("tools/call", r#"{"name":"t"}"#, r#"{"content":[],"ttlMs":9000}"#);
    assert!(!is_kept(&mut peer, "tools/call", r#"{"name":"t"}"#));
}

#[test]
fn an_older_session_keeps_no_results() {
    let mut peer = Peer::ready(Version::V2025_11_25);
    peer.call("tools/list", "{}", patient());
    peer.reply("2", r#"{"tools":[],"ttlMs":9000}"#);
    assert!(!is_kept(&mut peer, "tools/list", "{}"));
}

#[test]
fn a_change_makes_results_stale() {
    spec!("CCH-11", "CCH-12");
    let mut peer = after("tools/list", "{}", r#"{"tools":[],"ttlMs":9000}"#);
    let call = peer.listen(&Listening { tools: true, ..Listening::default() });
    let tag = r#""_meta":{"io.modelcontextprotocol/subscriptionId":3}"#;
    let params = format!(r#"{{"notifications":{{"toolsListChanged":true}},{tag}}}"#);
    peer.tell("notifications/subscriptions/acknowledged", &params);
    peer.tell("notifications/prompts/list_changed", &format!("{{{tag}}}"));
    assert!(is_kept(&mut peer, "tools/list", "{}"));
    peer.tell("notifications/tools/list_changed", &format!("{{{tag}}}"));
    assert!(!is_kept(&mut peer, "tools/list", "{}"));
    peer.cancel(call).unwrap();

    let mut peer = after("tools/list", "{}", &page("1", "\"a\""));
    assert!(is_kept(&mut peer, "tools/list", "{}"));
    peer.call("tools/list", r#"{"cursor":"a"}"#, patient());
    peer.refuse("3", r#"{"code":-32602,"message":"Invalid cursor"}"#);
    assert!(!is_kept(&mut peer, "tools/list", "{}"));
}
