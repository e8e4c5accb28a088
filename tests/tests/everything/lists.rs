//! What each revision is shown of the lists.

use std::fmt::Write;

use mcp_proto::{Version, testing::MemoryServer};
use mcp_tests::{
    Peer,
    everything::{self, State},
};
use serde_json::{Value, json};

use super::{MODERN, in_both, result};

const LISTS: [(&str, &str); 4] = [
    ("tools/list", "tools"),
    ("prompts/list", "prompts"),
    ("resources/list", "resources"),
    ("resources/templates/list", "resourceTemplates"),
];

/// Every entry of a list, page by page.
fn entries(peer: &mut Peer, method: &str, member: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let mut params = json!({});
    loop {
        let came = peer.request(method, params);
        let page = result(&came);
        all.extend(page[member].as_array().expect("a list").iter().cloned());
        match page.get("nextCursor") {
            Some(cursor) => params = json!({"cursor": cursor}),
            None => return all,
        }
    }
}

fn names(peer: &mut Peer, method: &str, member: &str) -> Vec<String> {
    let names = entries(peer, method, member);
    names.iter().map(|entry| entry["name"].as_str().expect("a name").to_owned()).collect()
}

#[test]
fn each_revision_sees_the_members_that_it_has() {
    for version in Version::ALL {
        let mut peer = Peer::new(version);
        let mut shown = String::new();
        for (method, member) in LISTS {
            let _ = writeln!(shown, "{method}");
            for entry in entries(&mut peer, method, member) {
                let _ = writeln!(shown, "  {entry}");
            }
        }
        insta::assert_snapshot!(format!("lists-{version}"), shown);
    }
}

#[test]
fn the_first_tool_can_be_called_without_arguments() {
    in_both(|peer| {
        assert_eq!(names(peer, "tools/list", "tools")[0], "test_simple_text");
    });
}

#[test]
fn every_tool_has_a_name_a_description_and_a_schema() {
    in_both(|peer| {
        for tool in entries(peer, "tools/list", "tools") {
            let name = tool["name"].as_str().expect("a name");
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
            assert!((1..=128).contains(&name.len()) && name.bytes().all(allowed), "{name}");
            assert!(tool["description"].as_str().is_some_and(|text| !text.is_empty()), "{name}");
            assert_eq!(tool["inputSchema"]["type"], "object", "{name}");
        }
    });
}

#[test]
fn a_schema_keeps_every_keyword() {
    in_both(|peer| {
        let tools = entries(peer, "tools/list", "tools");
        let tool = tools.iter().find(|tool| tool["name"] == "json_schema_2020_12_tool");
        let schema = &tool.expect("the tool is offered")["inputSchema"];
        for keyword in ["$schema", "$defs", "allOf", "if", "then", "else"] {
            assert!(schema.get(keyword).is_some(), "{keyword}");
        }
        assert_eq!(schema["$defs"]["address"]["$anchor"], "addressDef");
        assert_eq!(schema["properties"]["address"]["$ref"], "#/$defs/address");
        assert_eq!(schema["additionalProperties"], false);
    });
}

#[test]
fn pages_give_every_entry_once_and_in_order() {
    for version in super::ERAS {
        let whole = names(&mut Peer::new(version), "tools/list", "tools");
        let mut router = everything::router();
        router.page_size(7);
        let server = MemoryServer::new(everything::config(), router, State::default());
        let mut paged = Peer::over(server, version, json!({}));
        assert_eq!(names(&mut paged, "tools/list", "tools"), whole);
    }
}

#[test]
fn a_list_is_the_same_on_each_connection_and_whatever_came_before() {
    mcp_proto::spec!("TOL-16", "VER-17");
    let lists = |peer: &mut Peer| LISTS.map(|(method, member)| entries(peer, method, member));
    let first = lists(&mut Peer::new(MODERN));
    let mut second = Peer::with(MODERN, json!({}));
    for (method, params) in [
        ("tools/call", json!({"name": "test_simple_text"})),
        ("resources/read", json!({"uri": "test://static-text"})),
        ("prompts/get", json!({"name": "test_simple_prompt"})),
        ("no/such", json!({})),
    ] {
        second.request(method, params);
        assert_eq!(lists(&mut second), first, "after {method}");
    }
}

#[test]
fn a_cursor_of_nobody_is_refused() {
    in_both(|peer| {
        let came = peer.request("tools/list", json!({"cursor": "nonsense"}));
        assert_eq!(super::error(&came)["code"], -32602);
    });
}

#[test]
fn lists_without_a_session_say_how_long_they_may_be_kept() {
    let mut peer = Peer::new(MODERN);
    for (method, _) in LISTS {
        let came = peer.request(method, json!({}));
        let result = result(&came);
        assert_eq!(result["resultType"], "complete", "{method}");
        assert_eq!(result["ttlMs"], 60_000, "{method}");
        assert_eq!(result["cacheScope"], "public", "{method}");
    }
}
