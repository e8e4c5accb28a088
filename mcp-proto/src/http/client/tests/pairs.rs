//! A client and an endpoint of this crate, end to end in memory, in every revision.

use super::*;
use crate::{
    Router, Version,
    client::Listening,
    http::{Endpoint, HttpConfig},
    router::Context,
    schema::{Answer, Elicited, Form, Tool, ToolResult},
    server::{Command, Event, Method, Reply, ResultBody, ServerConfig},
    testing::{Seeded, WebEntry, WebPair, checker::ClientExpectations},
    version::Elicitation,
};

const VERSIONS: [Version; 4] =
    [Version::V2025_03_26, Version::V2025_06_18, Version::V2025_11_25, Version::V2026_07_28];

#[derive(serde::Deserialize)]
struct Nothing {}

#[derive(serde::Deserialize)]
struct Place {
    region: String,
}

fn router() -> Router<()> {
    let mut router = Router::new();
    router.tool(Tool::new("speak").no_arguments(), |cx: &mut Context<'_, ()>, _: Nothing| {
        cx.progress(1.0, 2.0);
        cx.progress(2.0, 2.0);
        Ok("spoken")
    });
    router.tool(Tool::new("ask").no_arguments(), |cx: &mut Context<'_, ()>, _: Nothing| {
        let name = cx.elicit::<Json>("name", Form::new("Name?"))?;
        let Elicited::Accepted(name) = name else { return Ok(ToolResult::error("declined")) };
        Ok(ToolResult::text(name.as_str()))
    });
    router.tool(Tool::new("touch").no_arguments(), |cx: &mut Context<'_, ()>, _: Nothing| {
        cx.resource_updated("a:1");
        Ok("touched")
    });
    let region = r#"{"type":"string","x-mcp-header":"Region"}"#;
    let schema = format!(r#"{{"type":"object","properties":{{"region":{region}}}}}"#);
    let place = Tool::new("place").input_schema(json(&schema)).unwrap();
    router.tool(place, |_: &mut Context<'_, ()>, place: Place| Ok(place.region));
    let resource = crate::schema::Resource::new("a:1", "one").unwrap();
    router.resource(resource, |_| {
        Ok(Vec::from([crate::schema::ResourceContents::text("a:1", "text")]))
    });
    router
}

/// A client of a revision, and an endpoint. Calls of `sleep` wait until a test ends them.
fn pair(version: Version) -> WebPair<()> {
    let elicitation = Some(ElicitationCapability { form: true, url: false });
    let capabilities = ClientCapabilities { elicitation, ..ClientCapabilities::default() };
    let mut config = ClientConfig::new(Implementation::new("c", "1"), capabilities);
    if version.rules().handshake {
        config.era = Era::Pinned(version);
    }
    let sleeps =
        |call: &Method| matches!(call, Method::ToolsCall { name, .. } if **name == *"sleep");
    let pair = WebPair::new(config, server(), router(), ())
        .answering(|_| Answer::Given(json(r#"{"action":"accept","content":{}}"#)))
        .holding(move |call| sleeps(&call.method));
    assert_eq!(pair.client().client().agreement().unwrap().version, version);
    pair
}

fn server() -> ServerConfig {
    ServerConfig::new(Implementation::new("s", "1"))
}

/// Calls a tool, and gives its text.
fn call(pair: &mut WebPair<()>, tool: &str, arguments: &str) -> Result<String, CallError> {
    let params = json(&format!(r#"{{"name":"{tool}","arguments":{arguments}}}"#));
    let result = pair.call("tools/call", &params)?;
    let result: serde_json::Value = serde_json::from_str(result.as_str()).unwrap();
    Ok(result["content"][0]["text"].as_str().unwrap().to_string())
}

/// Begins a call that sleeps.
fn sleep(pair: &mut WebPair<()>) -> ClientCallId {
    let params = json(r#"{"name":"sleep"}"#);
    pair.act(|client, now| client.call(now, "tools/call", &params, CallOptions::default()))
}

/// How a call ended, which it has.
fn outcome(pair: &mut WebPair<()>, wanted: ClientCallId) -> Result<Json, CallError> {
    let ended = |event| match event {
        ClientEvent::Finished { call, outcome } if call == wanted => Some(outcome),
        _ => None,
    };
    pair.take_events().into_iter().find_map(ended).unwrap()
}

/// How many events are of a kind.
fn count(pair: &mut WebPair<()>, wanted: fn(&ClientEvent) -> bool) -> usize {
    pair.take_events().iter().filter(|event| wanted(event)).count()
}

fn is_progress(event: &ClientEvent) -> bool {
    matches!(event, ClientEvent::Progress { .. })
}

/// How many calls the server was told are cancelled.
fn cancelled(pair: &mut WebPair<()>) -> usize {
    let events = pair.take_server_events();
    assert!(!events.iter().any(|event| matches!(event, Event::Dropped(_))), "{events:?}");
    events.iter().filter(|event| matches!(event, Event::Cancelled { .. })).count()
}

/// Ends the client; nothing is left, and nothing was wrong.
fn end(mut pair: WebPair<()>) {
    pair.act(HttpClient::close);
    assert!(pair.is_closed());
    assert_eq!(pair.endpoint().sessions().count(), 0);
    assert_eq!(count(&mut pair, |event| matches!(event, ClientEvent::Dropped(_))), 0);
    assert_eq!(cancelled(&mut pair), 0);
    check(&pair);
}

/// Neither side did anything wrong.
fn check(pair: &WebPair<()>) {
    assert_eq!(pair.exchanges().violations(), []);
    let transcript = pair.transcript();
    let prompt = ClientExpectations { prompt: true };
    assert_eq!(transcript.check_client(prompt), [], "{transcript}");
}

#[test]
fn calls_are_answered_with_what_belongs_to_them() {
    spec!("SHL-10", "SHM-17");
    for version in VERSIONS {
        let mut pair = pair(version);
        assert_eq!(call(&mut pair, "speak", "{}").as_deref(), Ok("spoken"), "{version}");
        assert_eq!(count(&mut pair, is_progress), 2, "{version}");
        end(pair);
    }
}

#[test]
fn questions_of_both_eras_are_answered() {
    for version in VERSIONS {
        let mut pair = pair(version);
        let outcome = call(&mut pair, "ask", "{}");
        if version.rules().elicitation == Elicitation::None {
            assert!(matches!(outcome, Err(CallError::Refused(_))));
        } else {
            assert_eq!(outcome.as_deref(), Ok("{}"));
        }
        end(pair);
    }
}

#[test]
fn arguments_are_mirrored_as_the_endpoint_checks_them() {
    let mut pair = pair(Version::V2026_07_28);
    // The client has not seen the list, asks for it and tries again.
    assert_eq!(call(&mut pair, "place", r#"{"region":"Zürich"}"#).as_deref(), Ok("Zürich"));
    let asked = |pair: &WebPair<()>, method: &str| {
        let names = |entry: &&WebEntry| match entry {
            WebEntry::Asked(_, asked) => asked.field("mcp-method") == Some(method),
            _ => false,
        };
        pair.transcript().entries().iter().filter(names).count()
    };
    assert_eq!((asked(&pair, "tools/call"), asked(&pair, "tools/list")), (2, 1));
    for region in ["", " a ", "=?base64?YQ==?=", "a b"] {
        let arguments = format!(r#"{{"region":"{region}"}}"#);
        assert_eq!(call(&mut pair, "place", &arguments).as_deref(), Ok(region));
    }
    assert_eq!(asked(&pair, "tools/list"), 1);
    end(pair);
}

#[test]
fn changes_of_what_is_subscribed_to_are_heard_and_again_after_the_stream_broke() {
    let is_update = |event: &ClientEvent| match event {
        ClientEvent::ResourceUpdated { uri } => **uri == *"a:1",
        _ => false,
    };
    for version in VERSIONS {
        let mut pair = pair(version);
        let wish = Listening { tools: true, uris: ["a:1".into()].into(), ..Listening::default() };
        let listen = pair.act(|client, now| client.listen(now, wish));
        assert_eq!(
            count(&mut pair, |event| matches!(event, ClientEvent::Listening { .. })),
            1,
            "{version}"
        );
        for _ in 0..3 {
            assert!(call(&mut pair, "touch", "{}").is_ok());
            assert_eq!(count(&mut pair, is_update), 1, "{version}");
            pair.cut();
            pair.advance(Duration::from_secs(10));
        }
        pair.take_events();
        pair.act(|client, _| client.cancel(listen, None)).unwrap();
        assert_eq!(outcome(&mut pair, listen), Err(CallError::Cancelled));
        assert!(call(&mut pair, "touch", "{}").is_ok());
        assert_eq!(count(&mut pair, is_update), 0);
        cancelled(&mut pair);
        end(pair);
    }
}

#[test]
fn a_stream_that_is_cut_is_resumed_where_the_revision_can() {
    for version in VERSIONS {
        let mut pair = pair(version);
        let sleeping = sleep(&mut pair);
        let call = pair.take_held()[0].id;
        let progress = |progress| Command::Progress { call, progress, total: None, message: None };
        let say = |pair: &mut WebPair<()>, command| {
            pair.serve(|endpoint, now| endpoint.handle_command(now, command)).unwrap();
        };
        say(&mut pair, progress(1.0));
        pair.cut();
        if !version.rules().handshake {
            let lost = Err(CallError::Lost(Delivery::OutcomeUnknown));
            assert_eq!(outcome(&mut pair, sleeping), lost);
            assert_eq!(cancelled(&mut pair), 1, "a disconnect cancels");
            continue;
        }
        // What is said meanwhile is told when the stream goes on, once.
        say(&mut pair, progress(2.0));
        pair.advance(Duration::from_secs(5));
        say(&mut pair, progress(3.0));
        let result = ResultBody::raw(&json(r#"{"content":[]}"#)).unwrap();
        pair.cut();
        say(&mut pair, Command::Respond { call, reply: Reply::Result(result) });
        pair.advance(Duration::from_secs(10));
        let told = pair.take_events();
        assert_eq!(told.iter().filter(|event| is_progress(event)).count(), 3, "{told:?}");
        let ended = |event: &&ClientEvent| match event {
            ClientEvent::Finished { outcome, .. } => outcome.is_ok(),
            _ => false,
        };
        assert_eq!(told.iter().filter(ended).count(), 1, "{version}");
        end(pair);
    }
}

#[test]
fn a_server_that_lost_the_session_gets_a_new_one() {
    for version in VERSIONS.into_iter().filter(|version| version.rules().handshake) {
        let mut pair = pair(version);
        assert!(call(&mut pair, "speak", "{}").is_ok());
        // As after a restart.
        let entropy = Box::new(Seeded(3));
        pair.replace(Endpoint::new(server(), HttpConfig::default(), entropy), router());
        let lost = call(&mut pair, "speak", "{}");
        assert_eq!(lost, Err(CallError::Lost(Delivery::NotSent)));
        assert_eq!(call(&mut pair, "speak", "{}").as_deref(), Ok("spoken"));
        assert_eq!(count(&mut pair, |event| matches!(event, ClientEvent::Ready(_))), 2);
        check(&pair);
    }
}

#[test]
fn a_cancellation_reaches_the_server() {
    for version in VERSIONS {
        let mut pair = pair(version);
        let call = sleep(&mut pair);
        pair.act(|client, _| client.cancel(call, None)).unwrap();
        assert_eq!(outcome(&mut pair, call), Err(CallError::Cancelled));
        assert_eq!(cancelled(&mut pair), 1);
        end(pair);
    }
}
