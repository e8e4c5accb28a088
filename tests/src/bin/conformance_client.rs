//! The client that the official conformance suite drives over HTTP: one scenario of it, against the
//! server at the URL that is the last argument.
//!
//! `MCP_CONFORMANCE_SCENARIO` names the scenario, `MCP_CONFORMANCE_PROTOCOL_VERSION` the revision
//! to speak (all of them if there is none), `MCP_CONFORMANCE_CONTEXT` what else a scenario needs.

use std::{env, error::Error, process::ExitCode, time::Duration};

use mcp_proto::{
    Timeouts, Version,
    client::{ClientConfig, Era},
    http::HttpClientConfig,
    schema::{
        Answer, ClientCapabilities, ElicitationCapability, Implementation, ListCapability,
        Question, SamplingCapability,
    },
    wire::Json,
};
use mcp_smol::blocking::{Client, Connector, unattended};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

type Failure = Box<dyn Error + Send + Sync>;

/// The suite gives each scenario 30 s.
const CALL_TIME: Duration = Duration::from_secs(20);

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("conformance-client: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Failure> {
    let url = env::args().next_back().filter(|word| word.contains("://")).ok_or("no URL")?;
    let scenario = env::var("MCP_CONFORMANCE_SCENARIO")?;
    let context = env::var("MCP_CONFORMANCE_CONTEXT").unwrap_or_else(|_| "{}".into());
    let client = Connector::new(config()?)
        .on_question(answer)
        .on_notice(|notice| eprintln!("{notice:?}"))
        .connect(HttpClientConfig::new(&url))?;
    play(&scenario, &client, &serde_json::from_str(&context)?)?;
    client.close();
    Ok(())
}

/// A client that can all that a server may ask.
fn config() -> Result<ClientConfig, Failure> {
    let capabilities = ClientCapabilities {
        roots: Some(ListCapability::default()),
        sampling: Some(SamplingCapability::default()),
        elicitation: Some(ElicitationCapability { form: true, url: false }),
        ..ClientCapabilities::default()
    };
    let info = Implementation::new("conformance-client", env!("CARGO_PKG_VERSION"));
    let mut config = ClientConfig::new(info, capabilities);
    if let Ok(revision) = env::var("MCP_CONFORMANCE_PROTOCOL_VERSION") {
        let version: Result<Version, _> = revision.parse();
        config.era = Era::Pinned(version.map_err(|_| format!("no such revision: {revision}"))?);
    }
    config.timeouts = Timeouts { idle: Some(CALL_TIME), total: Some(CALL_TIME) };
    Ok(config)
}

fn play(scenario: &str, client: &Client, context: &Value) -> Result<(), Failure> {
    let no_arguments = json!({});
    match scenario {
        "initialize" => {}
        "request-metadata" | "json-schema-ref-no-deref" => drop(client.list_tools()?),
        "tools_call" => {
            client.list_tools()?;
            call(client, "add_numbers", &json!({"a": 2, "b": 3}))?;
        }
        "elicitation-sep1034-client-defaults" => {
            client.list_tools()?;
            call(client, "test_client_elicitation_defaults", &no_arguments)?;
        }
        "sse-retry" => {
            client.list_tools()?;
            call(client, "test_reconnection", &no_arguments)?;
        }
        "http-standard-headers" => use_everything(client)?,
        "http-custom-headers" => {
            client.list_tools()?;
            for wanted in context["toolCalls"].as_array().ok_or("no toolCalls")? {
                call(client, text(&wanted["name"])?, &wanted["arguments"])?;
            }
        }
        "http-invalid-tool-headers" => {
            // Those that are left are valid.
            for tool in values(&client.list_tools()?)? {
                call(client, text(&tool["name"])?, &json!({"region": "eu-north"}))?;
            }
        }
        "sep-2322-client-request-state" => {
            for tool in ["echo_state", "unrelated", "no_state", "no_result_type"] {
                call(client, &format!("test_mrtr_{tool}"), &no_arguments)?;
            }
        }
        "json-schema-2020-12-preservation" => hand_back_the_schema(client)?,
        other => return Err(format!("no such scenario: {other}").into()),
    }
    Ok(())
}

/// Lists all there is and uses each of it.
fn use_everything(client: &Client) -> Result<(), Failure> {
    for tool in values(&client.list_tools()?)? {
        call(client, text(&tool["name"])?, &json!({}))?;
    }
    for resource in values(&client.list_resources()?)? {
        client.read_resource(text(&resource["uri"])?)?;
    }
    for prompt in values(&client.list_prompts()?)? {
        client.get_prompt(text(&prompt["name"])?, &json!({}))?;
    }
    Ok(())
}

/// Sends a tool's schema back as it came.
fn hand_back_the_schema(client: &Client) -> Result<(), Failure> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Tool {
        name: String,
        input_schema: Json,
    }
    for tool in client.list_tools()? {
        let tool: Tool = tool.parse()?;
        if tool.name == "json_schema_2020_12_tool" {
            #[derive(Serialize)]
            struct Arguments {
                schema: Json,
            }
            return call(client, "json_schema_echo", &Arguments { schema: tool.input_schema });
        }
    }
    Err("there is no json_schema_2020_12_tool".into())
}

fn call(client: &Client, tool: &str, arguments: &impl Serialize) -> Result<(), Failure> {
    let outcome = client.call_tool(tool, arguments)?;
    if outcome.is_error() {
        return Err(format!("{tool} failed: {}", outcome.text()).into());
    }
    Ok(())
}

fn values(entries: &[Json]) -> Result<Vec<Value>, Failure> {
    entries.iter().map(|entry| entry.parse().map_err(Failure::from)).collect()
}

fn text(value: &Value) -> Result<&str, Failure> {
    value.as_str().ok_or_else(|| format!("not a text: {value}").into())
}

/// Accepts every form, each field with its default or else with what is obvious.
fn answer(question: &Question) -> Answer {
    let Question::Elicit(params) = question else { return unattended(question) };
    let Ok(form) = params.parse::<Value>() else { return unattended(question) };
    let fields = form["requestedSchema"]["properties"].as_object();
    let content: Map<String, Value> = fields
        .into_iter()
        .flatten()
        .map(|(name, field)| (name.clone(), filled_in(field)))
        .collect();
    let accepted = Json::of(&json!({"action": "accept", "content": content}));
    accepted.map_or_else(|_| unattended(question), Answer::Given)
}

fn filled_in(field: &Value) -> Value {
    match (field.get("default"), field["type"].as_str()) {
        (Some(default), _) => default.clone(),
        (None, Some("boolean")) => Value::Bool(true),
        (None, Some("integer" | "number")) => Value::from(1),
        (None, _) => Value::from("text"),
    }
}
