//! Lists, pages, cursors and grants.

use serde::Deserialize;

use super::*;
use crate::{
    grant::{Allow, AllowResources},
    schema::{Prompt, Resource, ResourceTemplate, Tool, UriTemplate},
    server::{CacheHint, Members},
};

fn tools(names: impl IntoIterator<Item = String>) -> Router<()> {
    let mut router = Router::new();
    for name in names {
        router.tool(Tool::new(name), |_, _: Json| Ok(()));
    }
    router
}

fn numbered(count: usize) -> Router<()> {
    tools((0..count).map(|number| format!("tool{number}")))
}

/// The names on a page and where it goes on.
fn page(
    router: &mut Router<()>,
    client: &Call,
    cursor: Option<&str>,
) -> (Vec<String>, Option<String>) {
    let method = Method::ToolsList { cursor: cursor.map(Box::from) };
    let said = serve(router, &mut (), client.clone(), method);
    let text = said[0].strip_prefix("result ").unwrap_or_else(|| panic!("{said:?}"));
    #[derive(Deserialize)]
    struct Entry {
        name: String,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Page {
        tools: Vec<Entry>,
        next_cursor: Option<String>,
    }
    let page: Page = serde_json::from_str(text).unwrap();
    (page.tools.into_iter().map(|entry| entry.name).collect(), page.next_cursor)
}

fn all_pages(router: &mut Router<()>, client: &Call) -> Vec<Vec<String>> {
    let (mut pages, mut cursor) = (Vec::new(), None);
    loop {
        let (names, next) = page(router, client, cursor.as_deref());
        pages.push(names);
        match next {
            None => return pages,
            next => cursor = next,
        }
    }
}

#[test]
fn a_thousand_tools_are_listed_in_order_and_found_by_name() {
    spec!("TOL-03");
    let mut router = numbered(1000);
    let pages = all_pages(&mut router, &client(MODERN));
    assert!(pages.iter().all(|names| names.len() == 100));
    let names: Vec<_> = pages.concat();
    assert_eq!(names, (0..1000).map(|number| format!("tool{number}")).collect::<Vec<_>>());
    for name in names {
        let said = serve(&mut router, &mut (), client(MODERN), tool(&name, "{}"));
        assert_eq!(said, [r#"result {"content":[]}"#]);
    }
}

#[test]
fn the_last_page_has_no_cursor_even_if_it_is_full() {
    for (count, pages) in [(0, 1), (1, 1), (2, 1), (3, 2), (4, 2)] {
        let mut router = numbered(count);
        router.page_size(2);
        assert_eq!(all_pages(&mut router, &client(MODERN)).len(), pages);
    }
}

#[test]
fn a_page_of_size_zero_has_one_entry() {
    let mut router = numbered(3);
    router.page_size(0);
    assert_eq!(all_pages(&mut router, &client(MODERN)).len(), 3);
}

#[test]
fn a_cursor_survives_the_removal_of_the_entry_it_stands_on() {
    spec!("PAG-06");
    let mut router = numbered(6);
    router.page_size(2);
    let client = client(MODERN);
    let (_, cursor) = page(&mut router, &client, None);
    for removed in ["tool1", "tool2"] {
        assert!(router.remove_tool(removed));
    }
    assert_eq!(page(&mut router, &client, cursor.as_deref()).0, ["tool3", "tool4"]);
    assert!(!router.remove_tool("tool1"));
}

#[test]
fn what_takes_the_name_of_another_takes_its_place() {
    let mut router = numbered(3);
    router.tool(Tool::new("tool1"), |_, _: Json| Ok("new"));
    let client = client(MODERN);
    assert_eq!(page(&mut router, &client, None).0, ["tool0", "tool1", "tool2"]);
    let said = serve(&mut router, &mut (), client, tool("tool1", "{}"));
    assert_eq!(said, [r#"result {"content":[{"type":"text","text":"new"}]}"#]);
}

#[test]
fn a_cursor_that_is_none_of_the_list_is_refused() {
    spec!("PAG-05");
    let mut router = numbered(3);
    router.page_size(1).prompt(Prompt::new("p"), |_, _| Err(Stop::NotFound));
    let client = client(MODERN);
    let (_, cursor) = page(&mut router, &client, None);
    let cursor: Box<str> = cursor.unwrap().into();
    let cut: Box<str> = cursor[..cursor.len() - 1].into();
    let beyond: Box<str> = cursor::encode(cursor::Kind::Tools, 3).into();
    let foreign = Some(cursor.clone());
    for method in [
        Method::PromptsList { cursor: foreign.clone() },
        Method::ResourcesList { cursor: foreign.clone() },
        Method::ResourceTemplatesList { cursor: foreign },
        Method::ToolsList { cursor: Some(cut) },
        Method::ToolsList { cursor: Some("".into()) },
        Method::ToolsList { cursor: Some("x".repeat(100_000).into()) },
        Method::ToolsList { cursor: Some(beyond) },
    ] {
        let said = serve(&mut router, &mut (), client.clone(), method);
        assert_eq!(said, ["error -32602 Invalid cursor"]);
    }
}

#[test]
fn the_first_page_is_written_once_for_each_revision_and_anew_after_a_change() {
    let mut router = numbered(2);
    let shared = |router: &mut Router<()>, version| {
        let call = client(version);
        match router.tools.page(&call, None, 100).unwrap() {
            Members::Shared(text) => text,
            Members::Owned(text) => panic!("not shared: {text}"),
        }
    };
    let first = shared(&mut router, MODERN);
    assert!(Arc::ptr_eq(&first, &shared(&mut router, MODERN)));
    assert!(!Arc::ptr_eq(&first, &shared(&mut router, LEGACY)));
    router.tool(Tool::new("tool2"), |_, _: Json| Ok(()));
    assert!(shared(&mut router, MODERN).contains("tool2"));
    router.remove_tool("tool2");
    assert_eq!(shared(&mut router, MODERN), first);
}

#[test]
fn a_page_size_holds_for_a_list_that_was_shown_before() {
    let mut router = numbered(3);
    assert_eq!(all_pages(&mut router, &client(MODERN)).len(), 1);
    router.page_size(1);
    assert_eq!(all_pages(&mut router, &client(MODERN)).len(), 3);
}

#[test]
fn what_is_not_granted_looks_like_what_does_not_exist() {
    let mut router = numbered(3);
    let grant = Grant { tools: Allow::only(["tool1"]), ..Grant::default() };
    let granted = Call { grant: Arc::new(grant), ..client(MODERN) };
    // The other's page does not become the page of everybody, or the reverse.
    for _ in 0..2 {
        assert_eq!(page(&mut router, &granted, None), (["tool1".to_owned()].into(), None));
        assert_eq!(page(&mut router, &client(MODERN), None).0.len(), 3);
    }
    let hidden = serve(&mut router, &mut (), granted.clone(), tool("tool0", "{}"));
    assert_eq!(hidden, ["error -32602 Unknown tool: tool0"]);
    let missing = serve(&mut router, &mut (), granted, tool("tool9", "{}"));
    assert_eq!(missing, ["error -32602 Unknown tool: tool9"]);
}

#[test]
fn a_tool_with_scopes_is_there_for_those_who_have_them_all() {
    let mut router = numbered(1);
    let admin = Tool::new("admin").scope("read").scope("write");
    router.tool(admin, |_, _: Json| Ok("done"));
    let with = |scopes: &[&str]| {
        let scopes = scopes.iter().map(|scope| Box::from(*scope)).collect();
        Call { grant: Arc::new(Grant { scopes, ..Grant::default() }), ..client(MODERN) }
    };
    for scopes in [&[][..], &["read"], &["write"]] {
        assert_eq!(page(&mut router, &with(scopes), None).0, ["tool0"]);
        let said = serve(&mut router, &mut (), with(scopes), tool("admin", "{}"));
        assert_eq!(said, ["error -32602 Unknown tool: admin"]);
    }
    let both = with(&["read", "write"]);
    assert_eq!(page(&mut router, &both, None).0, ["tool0", "admin"]);
    let said = serve(&mut router, &mut (), both, tool("admin", "{}"));
    assert_eq!(said, [r#"result {"content":[{"type":"text","text":"done"}]}"#]);
}

#[test]
fn prompts_resources_and_templates_are_listed_as_granted() {
    let mut router = Router::new();
    for name in ["a", "b"] {
        let (uri, template) = (format!("r:{name}"), format!("t-{name}:{{x}}"));
        router
            .prompt(Prompt::new(name), |_, _| Err(Stop::NotFound))
            .resource(Resource::new(uri, name).unwrap(), |_| Err(Stop::NotFound))
            .resource_template(ResourceTemplate::new(&template, name).unwrap(), |_, _| {
                Err(Stop::NotFound)
            });
    }
    let grant = Grant {
        prompts: Allow::only(["b"]),
        resources: AllowResources::Only {
            uris: ["r:b".into()].into(),
            templates: [UriTemplate::parse("t-b:{x}").unwrap()].into(),
        },
        ..Grant::default()
    };
    let granted = Call { grant: Arc::new(grant), ..client(MODERN) };
    let mut said = |client: &Call| {
        let lists = [
            Method::PromptsList { cursor: None },
            Method::ResourcesList { cursor: None },
            Method::ResourceTemplatesList { cursor: None },
        ];
        lists.map(|method| serve(&mut router, &mut (), client.clone(), method).remove(0))
    };
    let expected = [
        r#"result {"prompts":[{"name":"b"}]}"#,
        r#"result {"resources":[{"uri":"r:b","name":"b"}]}"#,
        r#"result {"resourceTemplates":[{"uriTemplate":"t-b:{x}","name":"b"}]}"#,
    ];
    assert_eq!(said(&granted), expected);
    assert!(said(&client(MODERN)).iter().all(|list| list.matches("\"name\"").count() == 2));
}

#[test]
fn every_page_may_be_cached_alike_and_shows_what_is_granted_all_the_same() {
    spec!("CCH-04", "CCH-15");
    let mut router = numbered(3);
    router.page_size(1);
    router.cache_lists(CacheHint { ttl: core::time::Duration::from_secs(5), public: true });
    let grant = Grant { tools: Allow::only(["tool1"]), ..Grant::default() };
    let granted = Call { grant: Arc::new(grant), ..client(MODERN) };
    for (client, count) in [(client(MODERN), 3), (granted, 1)] {
        let (mut cursor, mut pages) = (None, 0);
        loop {
            let method = Method::ToolsList { cursor };
            let said = serve(&mut router, &mut (), client.clone(), method).remove(0);
            let text = said.strip_suffix(" cache 5s public true").unwrap();
            let page = text.strip_prefix("result ").unwrap();
            let page: serde_json::Value = serde_json::from_str(page).unwrap();
            pages += 1;
            cursor = page["nextCursor"].as_str().map(Box::from);
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(pages, count);
    }
}

#[test]
fn lists_say_how_long_they_may_be_cached() {
    let mut router = numbered(0);
    let list = Method::ToolsList { cursor: None };
    let said =
        |router: &mut Router<()>| serve(router, &mut (), client(MODERN), list.clone()).remove(0);
    assert_eq!(said(&mut router), r#"result {"tools":[]}"#);
    router.cache_lists(CacheHint { ttl: core::time::Duration::from_secs(5), public: true });
    assert_eq!(said(&mut router), r#"result {"tools":[]} cache 5s public true"#);
}
