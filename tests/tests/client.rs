//! The client over pipes drives the everything server in every revision, through every feature,
//! and the echo server of the official Rust SDK.

use std::{path::PathBuf, process::Command, time::Duration};

use mcp_proto::{
    Version,
    client::{CallOptions, ClientConfig, ClientEvent, Era, Listening},
    code,
    schema::{
        Answer, ClientCapabilities, ElicitationCapability, Implementation, Level, List,
        ListCapability, Question, SamplingCapability, TraceContext,
    },
    wire::Json,
};
use mcp_stdio::{
    Client,
    client::{Connector, Error},
};
use serde_json::{Value, json};

/// Far beyond what anything here takes, so that a test fails instead of hanging.
const DEADLINE: Duration = Duration::from_secs(30);

const CHECKS: [fn(&Client); 8] =
    [lists, tools, resources, prompts, questions, progress, logs, changes];

fn everything() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_everything"));
    command.arg("stdio");
    command
}

/// The echo server on the official SDK, which `cargo test` has built beside this test.
fn official_echo() -> Command {
    let test = std::env::current_exe().expect("this test is a program");
    let build = test.ancestors().nth(2).expect("it is in the folder of the build");
    let path: PathBuf = build.join("examples").join("rmcp_echo");
    assert!(path.exists(), "build it first: cargo build -p mcp-tests --examples");
    Command::new(path)
}

fn config(era: Era) -> ClientConfig {
    let capabilities = ClientCapabilities {
        elicitation: Some(ElicitationCapability { form: true, url: true }),
        sampling: Some(SamplingCapability { tools: true, context: false }),
        roots: Some(ListCapability::default()),
        ..ClientCapabilities::default()
    };
    let mut config = ClientConfig::new(Implementation::new("interop", "1.0.0"), capabilities);
    config.era = era;
    config.timeouts.idle = Some(DEADLINE);
    config
}

fn connect(era: Era, server: Command) -> Client {
    Connector::new(config(era)).on_question(answer).spawn(server).expect("the two agree")
}

fn answer(question: &Question) -> Answer {
    let answer = match question {
        Question::Elicit(_) => json!({
            "action": "accept",
            "content": {"username": "ada", "email": "ada@example.com", "name": "Ada", "color": "blue"},
        }),
        Question::ElicitUrl { .. } => json!({"action": "accept"}),
        Question::Sample(_) => json!({
            "role": "assistant",
            "content": {"type": "text", "text": "Paris"},
            "model": "none",
            "stopReason": "endTurn",
        }),
        Question::Roots => json!({"roots": [{"uri": "file:///project", "name": "project"}]}),
        _ => panic!("a question of an unknown kind: {question:?}"),
    };
    Answer::Given(Json::of(&answer).expect("it is JSON"))
}

fn text(client: &Client, tool: &str, arguments: &Value) -> String {
    let outcome = client.call_tool(tool, arguments).expect("the tool answers");
    assert!(!outcome.is_error(), "{tool}: {outcome:?}");
    outcome.text()
}

fn value(json: &Json) -> Value {
    json.parse().expect("it is JSON")
}

/// The next event that `wanted` takes.
fn event<T>(client: &Client, wanted: impl Fn(ClientEvent) -> Option<T>) -> T {
    let mut events = client.events();
    let wait = || events.next_within(DEADLINE).expect("there is an event");
    std::iter::repeat_with(wait).find_map(wanted).expect("events do not end")
}

fn close(client: &Client) {
    let end = client.close();
    assert!(end.status.is_some_and(|status| status.success()), "{end:?}");
}

#[test]
fn everything_is_driven_in_every_revision() {
    let pinned = Version::ALL.map(|version| (Era::Pinned(version), version));
    let chosen = [(Era::Auto, Version::V2026_07_28), (Era::Legacy, Version::V2025_11_25)];
    for (era, version) in pinned.into_iter().chain(chosen) {
        let client = connect(era, everything());
        assert_eq!(client.agreement().version, version);
        for check in CHECKS {
            check(&client);
        }
        close(&client);
    }
}

fn lists(client: &Client) {
    for (list, member, known) in [
        (client.list_tools(), "name", "echo"),
        (client.list_prompts(), "name", "test_simple_prompt"),
        (client.list_resources(), "uri", "test://static-text"),
        (client.list_resource_templates(), "name", "template"),
    ] {
        let entries = list.expect("the list is walked");
        assert!(entries.iter().any(|entry| value(entry)[member] == known), "{entries:?}");
    }
}

fn tools(client: &Client) {
    assert_eq!(
        text(client, "echo", &json!({"message": "häßlich \u{2028}\n"})),
        "häßlich \u{2028}\n"
    );
    let failure = client.call_tool("test_error_handling", &json!({})).expect("a result");
    assert!(failure.is_error() && failure.text().contains("intentionally"));
    let image = client.call_tool("test_image_content", &json!({})).expect("a result");
    assert_eq!(value(&image.0)["content"][0]["mimeType"], "image/png");
    let error = client.call_tool("no_such_tool", &json!({})).expect_err("there is none");
    assert!(matches!(error, Error::Refused(error) if error.code == code::INVALID_PARAMS));
    let mut options = CallOptions::default();
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    options.trace = TraceContext::new(parent).ok();
    let call = client.begin_tool("trace", &json!({}), options).expect("it is JSON");
    assert!(call.wait().expect("a result").as_str().contains(parent));
    let version = client.call("everything/version", &json!({}), CallOptions::default());
    assert!(value(&version.expect("a result"))["version"].is_string());
}

fn resources(client: &Client) {
    let read = client.read_resource("test://static-text").expect("it is there");
    assert_eq!(value(&read)["contents"][0]["uri"], "test://static-text");
    let error = client.read_resource("test://nothing").expect_err("there is none");
    assert!(matches!(error, Error::Refused(_)), "{error:?}");
}

fn prompts(client: &Client) {
    let arguments = json!({"arg1": "one", "arg2": "two"});
    let prompt = client.get_prompt("test_prompt_with_arguments", &arguments).expect("a prompt");
    assert!(prompt.as_str().contains("arg1 is 'one', arg2 is 'two'"));
    let reference = json!({"type": "ref/prompt", "name": "test_prompt_with_arguments"});
    let completion = client.complete(&reference, "arg1", "test").expect("a completion");
    assert_eq!(value(&completion)["completion"]["values"], json!(["testValue1", "testValue2"]));
}

fn questions(client: &Client) {
    let sampled = text(client, "test_sampling", &json!({"prompt": "What is the capital?"}));
    assert_eq!(sampled, "LLM response: Paris");
    assert_eq!(text(client, "roots", &json!({})), "file:///project");
    if client.agreement().version >= Version::V2025_06_18 {
        assert!(
            text(client, "test_elicitation", &json!({"message": "Who are you?"}))
                .contains("ada@example.com")
        );
        let rounds = text(client, "test_input_required_result_multi_round", &json!({}));
        assert!(rounds.contains("Ada"), "{rounds}");
    }
    if client.agreement().version >= Version::V2025_11_25 {
        text(client, "elicit_url", &json!({}));
    }
}

fn progress(client: &Client) {
    let options = CallOptions { progress: true, ..CallOptions::default() };
    let call = client.begin_tool("test_tool_with_progress", &json!({}), options);
    let mut heard = Vec::new();
    let outcome = call.expect("it is JSON").wait_with(|report| heard.push(report.progress));
    outcome.expect("a result");
    assert_eq!(heard, [0.0, 50.0, 100.0]);

    let slow = json!({"milliseconds": 60_000});
    let mut options = CallOptions::default();
    options.timeouts.total = Some(Duration::from_millis(50));
    let call = client.begin_tool("slow", &slow, options).expect("it is JSON");
    assert!(matches!(call.wait(), Err(Error::TimedOut)));
    let call = client.begin_tool("slow", &slow, CallOptions::default()).expect("it is JSON");
    call.cancel(Some("enough"));
    assert!(matches!(call.wait(), Err(Error::Cancelled)));
}

fn logs(client: &Client) {
    client.set_level(Level::Info).expect("the server logs");
    text(client, "test_tool_with_logging", &json!({}));
    for said in ["Tool execution started", "Tool processing data", "Tool execution completed"] {
        let log = |event| match event {
            ClientEvent::Log { level: Level::Info, data, .. } => Some(data),
            _ => None,
        };
        assert_eq!(value(&event(client, log)), said);
    }
}

fn changes(client: &Client) {
    let uri = "test://watched-resource";
    let listen =
        client.listen(Listening { tools: true, uris: vec![uri.into()], ..Listening::default() });
    let granted = |event| match event {
        ClientEvent::Listening { granted, .. } => Some(granted),
        _ => None,
    };
    assert!(event(client, granted).tools);
    text(client, "test_trigger_tool_change", &json!({}));
    let changed = |event| matches!(event, ClientEvent::ListChanged(List::Tools)).then_some(());
    event(client, changed);
    text(client, "update_resource", &json!({"uri": uri}));
    let updated = |event| match event {
        ClientEvent::ResourceUpdated { uri } => Some(uri),
        _ => None,
    };
    assert_eq!(&*event(client, updated), uri);
    listen.cancel(None);
    assert!(matches!(listen.wait(), Err(Error::Cancelled)));
}

#[test]
fn a_server_of_the_official_sdk_is_called_in_each_era() {
    for era in [Era::Auto, Era::Legacy, Era::Pinned(Version::V2025_06_18)] {
        let client = connect(era, official_echo());
        assert_eq!(client.list_tools().expect("the list is walked").len(), 1);
        assert_eq!(text(&client, "echo", &json!({"message": "hello"})), "hello");
        let error = client.call_tool("no_such_tool", &json!({})).expect_err("there is none");
        assert!(matches!(error, Error::Refused(_)), "{error:?}");
        close(&client);
    }
}
