//! A client as an editor would have one: starts a server, or goes to one at a URL, says what it
//! offers, calls a tool.
//!
//! `editor [--era auto|legacy|REVISION] [--call TOOL [--args JSON]] --url URL | -- COMMAND…`
//!
//! For example, with the smallest server of this crate, and with that of `mcp-smol`:
//! `editor --call echo --args '{"message":"hello"}' -- target/debug/examples/echo`
//! `editor --call echo --args '{"message":"hello"}' --url http://127.0.0.1:8080/mcp`
//!
//! The result stands alone on stdout; what the server offers, progress and logs go to stderr.
//! Questions are answered at the terminal, and declined where stdin is none. The status is 0 only
//! if nothing failed, the tool included.

use std::{
    env,
    error::Error,
    io::{self, IsTerminal, Write},
    process::{Command, ExitCode},
    thread,
};

use mcp_proto::{
    client::{CallOptions, ClientConfig, ClientEvent, Era},
    http::HttpClientConfig,
    schema::{Answer, ClientCapabilities, ElicitationCapability, Implementation, Level, Question},
    wire::Json,
};
use mcp_smol::blocking::{self, Client, ConnectError, Progress, ToolOutcome, unattended};
use mcp_stdio::client as stdio;
use serde_json::{Map, Value, json};

const USAGE: &str = "usage: editor [--era auto|legacy|REVISION] [--call TOOL [--args JSON]] \
                     --url URL | -- COMMAND...";

type Failure = Box<dyn Error + Send + Sync>;

/// What the command line says.
struct Order {
    era: Era,
    tool: Option<String>,
    arguments: Value,
    server: Server,
}

/// Where the server is. All else is the same for both.
enum Server {
    Command(Command),
    Url(String),
}

fn main() -> ExitCode {
    let order = match read_order(env::args().skip(1)) {
        Ok(order) => order,
        Err(error) => {
            eprintln!("editor: {error}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match carry_out(order) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("editor: {error}");
            ExitCode::FAILURE
        }
    }
}

fn read_order(mut words: impl Iterator<Item = String>) -> Result<Order, Failure> {
    let (mut era, mut tool, mut arguments, mut server) = (Era::Auto, None, json!({}), None);
    while let Some(word) = words.next() {
        if word == "--" {
            let mut command = Command::new(words.next().ok_or("no command")?);
            command.args(words);
            let url = server.replace(Server::Command(command));
            if url.is_some() {
                return Err("a URL and a command".into());
            }
            break;
        }
        let value = words.next().ok_or_else(|| format!("{word} without a value"))?;
        match word.as_str() {
            "--era" => {
                era = match value.as_str() {
                    "auto" => Era::Auto,
                    "legacy" => Era::Legacy,
                    revision => {
                        let version = revision.parse();
                        Era::Pinned(version.map_err(|_| format!("no such era: {revision}"))?)
                    }
                }
            }
            "--call" => tool = Some(value),
            "--args" => arguments = serde_json::from_str(&value)?,
            "--url" => server = Some(Server::Url(value)),
            _ => return Err(format!("no such option: {word}").into()),
        }
    }
    Ok(Order { era, tool, arguments, server: server.ok_or("no URL and no command")? })
}

/// Returns whether the result, if one was wanted, is no error.
fn carry_out(order: Order) -> Result<bool, Failure> {
    let modes = ElicitationCapability { form: true, url: true };
    let capabilities =
        ClientCapabilities { elicitation: Some(modes), ..ClientCapabilities::default() };
    let info = Implementation::new("editor", env!("CARGO_PKG_VERSION"));
    let mut config = ClientConfig::new(info, capabilities);
    config.era = order.era;
    let client = connect(config, order.server)?;
    let events = client.events();
    let shown = thread::spawn(move || events.for_each(|event| show(&event)));
    present(&client)?;
    let Some(tool) = order.tool else { return Ok(true) };
    let options = CallOptions { progress: true, ..CallOptions::default() };
    let call = client.begin_tool(&tool, &order.arguments, options)?;
    let outcome = ToolOutcome(call.wait_with(|progress| show_progress(&progress))?);
    client.close();
    // What was told is shown before the result is.
    let _ = shown.join();
    println!("{}", outcome.0.as_str());
    Ok(!outcome.is_error())
}

/// The one place where it matters how the server is reached.
fn connect(config: ClientConfig, server: Server) -> Result<Client, ConnectError> {
    match server {
        Server::Command(command) => stdio::Connector::new(config)
            .on_question(answer)
            .on_stderr(|line| eprintln!("server: {line}"))
            .spawn(command),
        Server::Url(url) => blocking::Connector::new(config)
            .on_question(answer)
            .on_notice(|notice| eprintln!("{notice:?}"))
            .connect(HttpClientConfig::new(&url)),
    }
}

/// Says who the server is and what it offers.
fn present(client: &Client) -> Result<(), Failure> {
    let agreement = client.agreement();
    let server = agreement.server.as_ref();
    let (name, version) = server.map_or(("a server", ""), |info| (&info.name, &info.version));
    eprintln!("{name} {version} speaks {}", agreement.version);
    if let Some(instructions) = &agreement.instructions {
        eprintln!("{instructions}");
    }
    let declared: Map<String, Value> = agreement.capabilities.parse()?;
    if declared.contains_key("tools") {
        list("tool", "name", client.list_tools())?;
    }
    if declared.contains_key("prompts") {
        list("prompt", "name", client.list_prompts())?;
    }
    if declared.contains_key("resources") {
        list("resource", "uri", client.list_resources())?;
        list("template", "uriTemplate", client.list_resource_templates())?;
    }
    if declared.contains_key("logging") {
        client.set_level(Level::Debug)?;
    }
    Ok(())
}

fn list(kind: &str, key: &str, entries: Result<Vec<Json>, blocking::Error>) -> Result<(), Failure> {
    let entries = match entries {
        Ok(entries) => entries,
        // Some servers do not have all that goes with what they declare.
        Err(blocking::Error::Refused(error)) => {
            eprintln!("no list of each {kind}: {error}");
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    for entry in entries {
        let entry: Value = entry.parse()?;
        let name = entry[key].as_str().unwrap_or("?");
        let description = entry["description"].as_str().unwrap_or_default();
        eprintln!("{kind} {name}: {}", description.lines().next().unwrap_or_default());
    }
    Ok(())
}

fn show(event: &ClientEvent) {
    match event {
        ClientEvent::Log { level, logger, data, .. } => {
            eprintln!("{level} {}: {}", logger.as_deref().unwrap_or("log"), data.as_str());
        }
        other => eprintln!("{other:?}"),
    }
}

fn show_progress(Progress { progress, total, message }: &Progress) {
    let total = total.map(|total| format!(" of {total}")).unwrap_or_default();
    eprintln!("progress {progress}{total} {}", message.as_deref().unwrap_or_default());
}

/// Answers a question of the server at the terminal.
fn answer(question: &Question) -> Answer {
    if !io::stdin().is_terminal() {
        return unattended(question);
    }
    loop {
        let answer = match question {
            Question::Elicit(params) => ask_to_fill_in(params),
            Question::ElicitUrl { message, url, .. } => ask_to_go(message, url),
            _ => return unattended(question),
        };
        // Who does not answer any more makes the question go away.
        let answer = answer.unwrap_or_else(|_| json!({"action": "cancel"}));
        let Ok(answer) = Json::of(&answer) else { return unattended(question) };
        match question.check(&answer) {
            Ok(()) => return Answer::Given(answer),
            Err(why) => eprintln!("That does not fit: {why}."),
        }
    }
}

fn ask_to_fill_in(params: &Json) -> Result<Value, Failure> {
    Ok(match fill_in(&params.parse()?)? {
        Some(content) => json!({"action": "accept", "content": content}),
        None => json!({"action": "decline"}),
    })
}

fn ask_to_go(message: &str, url: &str) -> Result<Value, Failure> {
    eprintln!("{message}\n{url}");
    let gone = prompt("Have you been there? [y/N] ")?.starts_with('y');
    Ok(json!({"action": if gone { "accept" } else { "decline" }}))
}

/// Asks for each field of a form; `None` if the person would rather not.
fn fill_in(form: &Value) -> Result<Option<Map<String, Value>>, Failure> {
    eprintln!("{}", form["message"].as_str().unwrap_or_default());
    if prompt("Answer? [Y/n] ")?.starts_with(['n', 'N']) {
        return Ok(None);
    }
    let schema = &form["requestedSchema"];
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let mut content = Map::new();
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let title = field["title"].as_str().unwrap_or(name);
        let value = loop {
            let line = prompt(&format!("{title} {}: ", hint(field)))?;
            match read_value(field, &line) {
                Some(value) => break Some(value),
                None if line.is_empty() && !required.contains(&json!(name)) => break None,
                None => eprintln!("That does not fit."),
            }
        };
        content.extend(value.map(|value| (name.clone(), value)));
    }
    Ok(Some(content))
}

/// What may be typed.
fn hint(field: &Value) -> String {
    let choices = choices(field).join("|");
    let kind = field["type"].as_str().unwrap_or_default();
    let default = &field["default"];
    let default = if default.is_null() { String::new() } else { format!(" [{default}]") };
    format!("({}){default}", if choices.is_empty() { kind } else { &choices })
}

/// The values that a field may have, if they are listed.
fn choices(field: &Value) -> Vec<&str> {
    let listed =
        [&field["enum"], &field["oneOf"], &field["items"]["enum"], &field["items"]["anyOf"]];
    let listed = listed.into_iter().find_map(Value::as_array).into_iter().flatten();
    listed.filter_map(|choice| choice.as_str().or(choice["const"].as_str())).collect()
}

/// What was typed, as the field wants it; `None` if it does not fit.
fn read_value(field: &Value, line: &str) -> Option<Value> {
    if line.is_empty() {
        return field.get("default").cloned();
    }
    let choices = choices(field);
    let fits = |text: &str| choices.is_empty() || choices.contains(&text);
    match field["type"].as_str()? {
        "boolean" => match line.to_lowercase().as_str() {
            "y" | "yes" | "true" => Some(Value::Bool(true)),
            "n" | "no" | "false" => Some(Value::Bool(false)),
            _ => None,
        },
        "integer" => line.parse::<i64>().ok().map(Value::from),
        "number" => line.parse::<f64>().ok().map(Value::from),
        "array" => {
            let parts: Vec<&str> = line.split(',').map(str::trim).collect();
            parts.iter().all(|part| fits(part)).then(|| json!(parts))
        }
        _ => fits(line).then(|| json!(line)),
    }
}

/// Asks for a line; the end of input is an error.
fn prompt(text: &str) -> Result<String, Failure> {
    let mut stderr = io::stderr();
    write!(stderr, "{text}")?;
    stderr.flush()?;
    let mut line = String::new();
    if io::stdin().read_line(&mut line)? == 0 {
        return Err("the end of input".into());
    }
    Ok(line.trim().into())
}
