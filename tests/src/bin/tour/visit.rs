//! A client at a server, and what the tour expects of the two.

use std::{process::Command, sync::Arc, time::Duration};

use mcp_proto::{
    client::{ClientConfig, ClientEvent, Era},
    schema::{
        Answer, ClientCapabilities, ElicitationCapability, Implementation, ListCapability,
        Question, SamplingCapability,
    },
    version::Rules,
    wire::Json,
};
use mcp_stdio::{
    Client,
    client::{Connector, Error, ToolOutcome, unattended},
};
use serde_json::{Value, json};

use crate::{
    pipes::Process,
    tape::{Line, Tape},
    transcript::{Failure, Transcript},
};

/// How long anything may take. A busy machine starts a process late; nothing else takes time.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A client that is connected to a server of its own.
pub(crate) struct Visit<'t> {
    pub(crate) client: Client,
    process: Process,
    tape: Arc<Tape>,
    transcript: &'t mut Transcript,
}

impl<'t> Visit<'t> {
    /// Starts a server and connects to it.
    pub(crate) fn begin(
        server: Command,
        era: Era,
        transcript: &'t mut Transcript,
    ) -> Result<Self, Failure> {
        let tape = Arc::new(Tape::default());
        let (process, (reader, writer)) = Process::start(server, &tape)
            .map_err(|error| Failure::new("a server that starts", error.to_string()))?;
        let asked = tape.clone();
        let connector = Connector::new(config(era)).on_question(move |question| {
            asked.push(Line::Asked(words(question)));
            answer(question)
        });
        match connector.connect(reader, writer) {
            Ok(client) => Ok(Self { client, process, tape, transcript }),
            Err(error) => {
                while let Some(line) = tape.next(Duration::ZERO) {
                    transcript.line_of(&line);
                }
                Err(Failure::new("an agreement", error.to_string()))
            }
        }
    }

    pub(crate) fn rules(&self) -> &'static Rules {
        self.client.agreement().version.rules()
    }

    /// The beginning of a step.
    pub(crate) fn step(&mut self, shows: &str) {
        self.transcript.step(shows);
    }

    /// These lines cross the pipes now, in this order: see [`Line::kind`].
    pub(crate) fn wire(&mut self, expected: &[&str]) -> Result<(), Failure> {
        self.transcript.crosses(&self.tape, expected, PATIENCE)
    }

    /// This is what the program gets.
    pub(crate) fn gets(&mut self, expected: &str, got: &str) -> Result<(), Failure> {
        self.transcript.gets(expected, got)
    }

    /// This is the next event that the program hears of.
    pub(crate) fn hears(&mut self, expected: &str) -> Result<(), Failure> {
        let heard = heard(&self.client);
        self.gets(expected, &heard)
    }

    /// Calls a tool and returns what it says, or why it says nothing.
    pub(crate) fn call(&self, tool: &str, arguments: &Value) -> String {
        said(self.client.call_tool(tool, arguments))
    }

    /// Closes the connection: the server must end by itself, without another word.
    pub(crate) fn end(mut self) -> Result<(), Failure> {
        self.step("The client closes its end, and the server ends.");
        self.client.close();
        let ended = self.process.wait(PATIENCE);
        if let Some(line) = self.tape.next(Duration::ZERO) {
            return Err(Failure::new("no more lines", line.kind()));
        }
        let ended = ended.map_or_else(|| "no end".into(), |status| status.to_string());
        self.gets("exit status: 0", &ended)
    }
}

pub(crate) fn config(era: Era) -> ClientConfig {
    let capabilities = ClientCapabilities {
        elicitation: Some(ElicitationCapability { form: true, url: true }),
        sampling: Some(SamplingCapability { tools: true, context: false }),
        roots: Some(ListCapability::default()),
        ..ClientCapabilities::default()
    };
    let mut config = ClientConfig::new(Implementation::new("tour", "1"), capabilities);
    config.era = era;
    config.probe_timeout = PATIENCE;
    config.timeouts.idle = Some(PATIENCE);
    config
}

/// The next event that the program hears of.
pub(crate) fn heard(client: &Client) -> String {
    let event = client.events().next_within(PATIENCE);
    event.map_or_else(|| "nothing in time".into(), |event| told(&event))
}

/// Who it is that the client has come to an agreement with, and on what.
pub(crate) fn agreed(client: &Client) -> String {
    let agreement = client.agreement();
    let server = agreement.server.as_ref().map_or("a server", |server| &server.name);
    format!("{server} speaks {}", agreement.version)
}

/// What a tool says, or why it says nothing.
pub(crate) fn said(outcome: Result<ToolOutcome, Error>) -> String {
    match outcome {
        Ok(outcome) if outcome.is_error() => format!("the tool failed: {}", outcome.text()),
        Ok(outcome) => outcome.text(),
        Err(error) => error.to_string(),
    }
}

fn told(event: &ClientEvent) -> String {
    match event {
        ClientEvent::Log { level, data, .. } => {
            format!("a log message, {level}: {}", data.as_str())
        }
        ClientEvent::Listening { granted, .. } => {
            format!("listening to the list of tools: {}, to {:?}", granted.tools, granted.uris)
        }
        ClientEvent::ListChanged(list) => format!("a list has changed: {list:?}"),
        ClientEvent::ResourceUpdated { uri } => format!("a resource has changed: {uri}"),
        other => format!("{other:?}"),
    }
}

/// A question, for a person to read.
fn words(question: &Question) -> String {
    match question {
        Question::Elicit(form) => {
            let form: Value = form.parse().unwrap_or_default();
            form["message"].as_str().unwrap_or("(no message)").into()
        }
        Question::ElicitUrl { message, url, .. } => format!("{message}: {url}"),
        Question::Sample(request) => {
            let request: Value = request.parse().unwrap_or_default();
            let content = &request["messages"][0]["content"];
            // One block or several.
            let text = content["text"].as_str().or(content[0]["text"].as_str());
            format!("What would the model say to: {}", text.unwrap_or("(no text)"))
        }
        Question::Roots => "Which folders may the server look at?".into(),
        other => format!("{other:?}"),
    }
}

/// What the person, the model and the editor say.
fn answer(question: &Question) -> Answer {
    let answer = match question {
        Question::Elicit(_) => json!({
            "action": "accept",
            "content": {"username": "ada", "email": "ada@example.org"},
        }),
        Question::ElicitUrl { .. } => json!({"action": "accept"}),
        Question::Sample(_) => json!({
            "role": "assistant",
            "content": {"type": "text", "text": "Paris."},
            "model": "none",
        }),
        Question::Roots => json!({"roots": [{"uri": "file:///project"}]}),
        other => return unattended(other),
    };
    Json::of(&answer).map_or_else(|_| unattended(question), Answer::Given)
}
