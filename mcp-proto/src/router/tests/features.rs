//! Prompts, resources, completions, methods of the application's own, and the offer of them all.

use super::*;
use crate::{
    grant::{Allow, AllowResources},
    schema::{
        Completion, Prompt, PromptResult, Resource, ResourceContents, ResourceTemplate, Tool,
    },
    server::{CacheHint, CompleteParams, Reference, ResultBody},
};

fn router() -> Router<u32> {
    let mut router = Router::new();
    let greet =
        Prompt::new("greet").required_argument("name", "whom").optional_argument("style", "how");
    router
        .prompt(greet, |_, arguments| {
            Ok(PromptResult::new().user(format!("Greet {}", arguments["name"])))
        })
        .resource(Resource::new("file:///a", "a").unwrap(), |cx| {
            let uri = String::from(cx.uri());
            cx.cache(CacheHint { ttl: core::time::Duration::from_secs(1), public: false });
            Ok([ResourceContents::text(uri, "exact")].into())
        })
        .resource(Resource::new("file:///empty", "empty").unwrap(), |_| Ok(Vec::new()))
        .resource_template(ResourceTemplate::new("file:///{name}", "one").unwrap(), |cx, found| {
            Ok([ResourceContents::text(cx.uri(), format!("one {}", found["name"]))].into())
        })
        .resource_template(ResourceTemplate::new("file:///{other}", "two").unwrap(), |_, _| {
            Ok([ResourceContents::text("file:///b", "two")].into())
        })
        .complete(|_, params| Ok(Completion::new([format!("{}!", params.value)])))
        .method("own/method", |_, params| Ok(ResultBody::raw(params).unwrap()));
    router
}

fn said(client: Call, method: Method) -> String {
    serve(&mut router(), &mut 0, client, method).remove(0)
}

#[test]
fn a_prompt_is_made_of_its_arguments() {
    let text = r#"{"role":"user","content":{"type":"text","text":"Greet Eve"}}"#;
    for arguments in [&[("name", "Eve")][..], &[("name", "Eve"), ("unknown", "x")]] {
        let result = said(client(MODERN), prompt("greet", arguments));
        assert_eq!(result, format!(r#"result {{"messages":[{text}]}}"#));
    }
}

#[test]
fn a_prompt_without_what_it_requires_is_refused() {
    spec!("PRM-03", "PRM-09");
    let error = said(client(MODERN), prompt("greet", &[("style", "warm")]));
    assert_eq!(error, "error -32602 Missing required argument: name");
}

#[test]
fn a_prompt_that_is_unknown_or_not_granted_is_refused_alike() {
    spec!("PRM-02");
    let grant = Grant { prompts: Allow::only([]), ..Grant::default() };
    let call = Call { grant: Arc::new(grant), ..client(MODERN) };
    assert_eq!(said(call.clone(), prompt("greet", &[])), "error -32602 Unknown prompt: greet");
    assert_eq!(said(call, prompt("x", &[])), "error -32602 Unknown prompt: x");
}

#[test]
fn a_resource_of_its_own_goes_before_the_first_template_that_matches() {
    let own = r#"result {"contents":[{"uri":"file:///a","text":"exact"}]} cache 1s public false"#;
    assert_eq!(said(client(MODERN), read("file:///a")), own);
    let one = r#"result {"contents":[{"uri":"file:///b","text":"one b"}]}"#;
    assert_eq!(said(client(MODERN), read("file:///b")), one);
}

#[test]
fn a_resource_may_have_several_contents() {
    let mut router = Router::new();
    router.resource(Resource::new("a:dir", "dir").unwrap(), |_| {
        Ok([ResourceContents::text("a:1", "x"), ResourceContents::text("a:2", "y")].into())
    });
    let result = serve(&mut router, &mut (), client(MODERN), read("a:dir")).remove(0);
    let contents = r#"{"uri":"a:1","text":"x"},{"uri":"a:2","text":"y"}"#;
    assert_eq!(result, format!(r#"result {{"contents":[{contents}]}}"#));
}

#[test]
fn a_resource_that_is_missing_or_not_granted_is_not_found() {
    spec!("RES-02", "RES-03", "RES-04");
    let error = r#"error -32602 Resource not found {"uri":"other:x"}"#;
    assert_eq!(said(client(MODERN), read("other:x")), error);
    let nothing = AllowResources::Only { uris: ["other:x".into()].into(), templates: Vec::new() };
    let grant = Grant { resources: nothing, ..Grant::default() };
    for (version, code) in [(LEGACY, -32002), (MODERN, -32602)] {
        let call = Call { grant: Arc::new(grant.clone()), ..client(version) };
        for uri in ["file:///a", "file:///b"] {
            let expected = format!(r#"error {code} Resource not found {{"uri":"{uri}"}}"#);
            assert_eq!(said(call.clone(), read(uri)), expected);
        }
    }
}

#[test]
fn a_resource_without_contents_does_not_exist_in_2026_07_28() {
    spec!("RES-03", "RES-04");
    let empty = || read("file:///empty");
    assert_eq!(said(client(LEGACY), empty()), r#"result {"contents":[]}"#);
    let error = r#"error -32602 Resource not found {"uri":"file:///empty"}"#;
    assert_eq!(said(client(MODERN), empty()), error);
}

#[test]
fn templates_are_listed_without_resources() {
    spec!("RES-12");
    let mut router = Router::<u32>::new();
    let template = ResourceTemplate::new("file:///{name}", "one").unwrap();
    router.resource_template(template, |_, _| Err(Stop::NotFound));
    let mut said = |method| serve(&mut router, &mut 0, client(MODERN), method).remove(0);
    assert_eq!(said(Method::ResourcesList { cursor: None }), r#"result {"resources":[]}"#);
    let expected =
        r#"result {"resourceTemplates":[{"uriTemplate":"file:///{name}","name":"one"}]}"#;
    assert_eq!(said(Method::ResourceTemplatesList { cursor: None }), expected);
}

fn complete(reference: Reference, argument: &str) -> Method {
    let (argument, value) = (argument.into(), "a".into());
    let context = BTreeMap::new();
    Method::Complete(Box::new(CompleteParams { reference, argument, value, context }))
}

#[test]
fn arguments_that_exist_are_completed_and_no_others() {
    spec!("CMP-04", "CMP-06", "CMP-07");
    let prompt = |name: &str| Reference::Prompt(name.into());
    let resource = |uri: &str| Reference::Resource(uri.into());
    let completed = r#"result {"completion":{"values":["a!"],"total":1,"hasMore":false}}"#;
    for (reference, argument, expected) in [
        (prompt("greet"), "name", completed),
        (prompt("greet"), "other", "error -32602 Unknown argument: other"),
        (prompt("x"), "name", "error -32602 Unknown prompt: x"),
        (resource("file:///{name}"), "name", completed),
        (resource("file:///{name}"), "other", "error -32602 Unknown argument: other"),
        (resource("file:///a"), "name", "error -32602 Unknown argument: name"),
        (resource("x:y"), "name", "error -32602 Unknown resource: x:y"),
    ] {
        assert_eq!(said(client(MODERN), complete(reference, argument)), expected);
    }
}

#[test]
fn nothing_is_completed_for_those_who_may_not_see_it() {
    let resources = AllowResources::Only { uris: BTreeSet::new(), templates: Vec::new() };
    let grant = Grant { prompts: Allow::only([]), resources, ..Grant::default() };
    let call = Call { grant: Arc::new(grant), ..client(MODERN) };
    let error = said(call.clone(), complete(Reference::Prompt("greet".into()), "name"));
    assert_eq!(error, "error -32602 Unknown prompt: greet");
    for uri in ["file:///a", "file:///{name}"] {
        let error = said(call.clone(), complete(Reference::Resource(uri.into()), "name"));
        assert_eq!(error, format!("error -32602 Unknown resource: {uri}"));
    }
}

#[test]
fn a_router_without_a_completer_has_no_completions() {
    let method = complete(Reference::Prompt("p".into()), "a");
    let error = serve(&mut Router::new(), &mut (), client(MODERN), method);
    assert_eq!(error, ["error -32601 Method not found: completion/complete"]);
}

#[test]
fn methods_of_the_applications_own_are_served_and_others_unknown() {
    let method = Method::Other { method: "own/method".into(), params: json(r#"{"a":[1]}"#) };
    assert_eq!(said(client(LEGACY), method), r#"result {"a":[1]}"#);
    assert_eq!(said(client(LEGACY), other("x/y")), "error -32601 Method not found: x/y");
}

#[test]
fn an_empty_router_declares_logging_alone() {
    let mut router = Router::<()>::default();
    let offer = router.take_offer().unwrap();
    let capabilities = crate::schema::ServerCapabilities { logging: true, ..Default::default() };
    assert_eq!(*offer, crate::server::Offer { capabilities, ..Default::default() });
    assert_eq!(router.take_offer(), None);
}

#[test]
fn what_is_registered_is_declared() {
    spec!("CMP-01", "PRM-01", "RES-01", "TOL-01");
    let mut router = router();
    router
        .tool(Tool::new("t"), |_, _: Json| Ok(()))
        .instructions("Be kind.")
        .logging(false)
        .extension("com.example/x", json("{\"a\":1}"))
        .unwrap()
        .experimental("y", json("{}"));
    let offer = router.take_offer().unwrap();
    let text = offer.capabilities.encode(LEGACY.rules());
    let expected = [
        r#"{"experimental":{"y":{}},"completions":{},"prompts":{"listChanged":true},"#,
        r#""resources":{"subscribe":true,"listChanged":true},"tools":{"listChanged":true},"#,
        r#""extensions":{"com.example/x":{"a":1}}}"#,
    ];
    assert_eq!(text, expected.concat());
    assert_eq!(offer.instructions.as_deref(), Some("Be kind."));
    assert_eq!(offer.methods, ["own/method".into()].into());
}

#[test]
fn each_change_makes_another_offer_with_another_revision() {
    let mut router = router();
    let revisions = |router: &mut Router<u32>| {
        let offer = router.take_offer()?;
        Some([offer.tools_revision, offer.prompts_revision, offer.resources_revision])
    };
    let before = revisions(&mut router).unwrap();
    assert!(router.remove_prompt("greet"));
    let without_prompt = revisions(&mut router).unwrap();
    assert_eq!(without_prompt, [before[0], before[1] + 1, before[2]]);
    assert!(router.remove_resource("file:///a") && router.remove_resource("file:///{name}"));
    assert_eq!(revisions(&mut router), Some([before[0], before[1] + 1, before[2] + 2]));
    assert!(!router.remove_resource("file:///a") && !router.remove_prompt("greet"));
    assert!(!router.remove_tool("t"));
    assert_eq!(revisions(&mut router), None);
    // Still declared: prompts may come back.
    router.instructions("");
    assert!(router.take_offer().unwrap().capabilities.prompts.is_some());
}

#[test]
fn a_handler_changes_the_offer_after_it_has_returned() {
    let mut router = Router::new();
    router.tool(Tool::new("learn"), |cx, _: Json| {
        cx.edit_offer(|router| {
            router.tool(Tool::new("new"), |_, _: Json| Ok("learnt"));
            router.remove_tool("learn");
        });
        Ok("soon")
    });
    router.take_offer();
    let said = serve(&mut router, &mut (), client(MODERN), tool("learn", "{}"));
    assert_eq!(said, [r#"result {"content":[{"type":"text","text":"soon"}]}"#]);
    assert_eq!(router.take_offer().unwrap().tools_revision, 3);
    let said = serve(&mut router, &mut (), client(MODERN), tool("new", "{}"));
    assert_eq!(said, [r#"result {"content":[{"type":"text","text":"learnt"}]}"#]);
    let said = serve(&mut router, &mut (), client(MODERN), tool("learn", "{}"));
    assert_eq!(said, ["error -32602 Unknown tool: learn"]);
}

#[test]
fn the_observer_hears_of_what_is_no_call() {
    let mut router = Router::new();
    let event = Event::RootsChanged { session: SessionKey(1) };
    let mut heard = Vec::new();
    router.observe(&mut heard, &event);
    router.on_event(|heard: &mut Vec<String>, event| heard.push(format!("{event:?}")));
    router.observe(&mut heard, &event);
    assert_eq!(heard, [format!("{event:?}")]);
}

#[test]
fn what_header_fields_mirror_is_offered_of_tools_that_say_so_rightly() {
    let mut router = Router::<()>::new();
    for (name, member) in [
        ("right", r#""x-mcp-header":"A""#),
        ("wrong", r#""x-mcp-header":"""#),
        ("plain", r#""title":"A""#),
    ] {
        let property = format!(r#"{{"type":"string",{member}}}"#);
        let schema = format!(r#"{{"type":"object","properties":{{"a":{property}}}}}"#);
        let tool = Tool::new(name).input_schema(Json::parse_text(&schema).unwrap()).unwrap();
        assert_eq!(tool.mirrored_params().is_err(), name == "wrong");
        router.tool(tool, |_, _: Json| Ok(()));
    }
    let offer = router.take_offer().unwrap();
    assert_eq!(offer.mirrored_params.keys().map(|name| &**name).collect::<Vec<_>>(), ["right"]);
    assert!(!offer.mirrored_params["right"].is_empty());
}

#[test]
fn a_tool_that_takes_scopes_is_listed_and_offered_with_them() {
    let mut router: Router<u32> = Router::new();
    router.tool(Tool::new("plain"), |_, _: Json| Ok("done"));
    router.tool(Tool::new("guarded").requires_scope("a").requires_scope("b"), |_, _: Json| {
        Ok("done")
    });
    let offer = router.take_offer().unwrap();
    let scopes: Vec<_> = offer.tool_scopes.iter().map(|(tool, all)| (&**tool, all.len())).collect();
    assert_eq!(scopes, [("guarded", 2)]);
    let list = serve(
        &mut router,
        &mut 0,
        client(Version::V2025_11_25),
        Method::ToolsList { cursor: None },
    )
    .remove(0);
    assert!(list.contains("plain") && list.contains("guarded"));
}
