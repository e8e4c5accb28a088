//! The legs over HTTP: a client without a protocol of its own, so that heads and events are seen
//! as they are.

use std::{io, process::Command, time::Duration};

use mcp_tests::{
    Served,
    http::{Answer, Event, Http},
};
use serde_json::{Value, json};

use crate::{
    SERVE_HTTP,
    tape::Line,
    transcript::{Failure, Transcript},
};

type Step = Result<(), Failure>;

/// The engines: a leg for each.
pub(crate) const ENGINES: [&str; 2] = ["smol", "tiny-http"];

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(20);
const SESSION: &str = "mcp-session-id";
const PRIMING: &str = "an event without data: its id, and when to come back";
const PROGRESS: &str = "← notifications/progress";

pub(crate) fn name(engine: &str) -> String {
    format!("HTTP: {engine}")
}

/// Plays every step against a server of its own, to the end of its process.
pub(crate) fn play(engine: &str, to: &mut Transcript) -> Step {
    to.title(&format!("{} – sessions, streams and their cuts, no session", name(engine)));
    let server = server(engine).or_else(|error| failed("a server that starts", &error))?;
    let mut visit = Visit { url: server.url().into(), session: None, to };
    open(&mut visit)?;
    parked(&mut visit)?;
    cut(&mut visit)?;
    close(&mut visit)?;
    stateless(&mut visit)?;
    listen(&mut visit, server)
}

fn open(visit: &mut Visit<'_>) -> Step {
    visit.to.step("A client opens a session: the head of the answer has its id.");
    let params = json!({
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "tour", "version": "1"},
    });
    let request = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params});
    let (mut http, mut answer) = visit.post(&request)?;
    visit.session = answer.field(SESSION).map(str::to_owned);
    visit.gets("200, application/json, with a session", &head(&answer))?;
    visit.message("← result", &body(&mut http, &mut answer)?)?;
    let (_, answer) =
        visit.post(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}))?;
    visit.gets("202, without a body", &head(&answer))
}

fn parked(visit: &mut Visit<'_>) -> Step {
    visit.to.step(
        "A call takes long: the server says when to come back, and closes the stream. The client \
         asks for what came after the last event it has seen, and gets the result.",
    );
    let (mut http, mut answer) = visit.post(&call(1, "test_reconnection", None))?;
    visit.gets("200, text/event-stream", &head(&answer))?;
    let mut seen = None;
    while let Some(event) = event(&mut http, &mut answer)? {
        if event.id.is_none() || event.retry.is_none() || !event.data.is_empty() {
            return Err(Failure::new(PRIMING, format!("{event:?}")));
        }
        visit.shows(PRIMING);
        seen = event.id;
    }
    visit.to.got("the end of the stream");
    let (mut http, mut answer) = visit.resume(seen.as_deref())?;
    visit.gets("200, text/event-stream", &head(&answer))?;
    visit.until_result(&mut http, &mut answer, &["← result"])
}

fn cut(visit: &mut Visit<'_>) -> Step {
    visit.to.step(
        "A stream is cut between two reports of progress: the call goes on, and nothing is lost.",
    );
    let (mut http, mut answer) = visit.post(&call(2, "test_tool_with_progress", Some("told")))?;
    visit.gets("200, text/event-stream", &head(&answer))?;
    let mut seen = None;
    loop {
        let Some(event) = event(&mut http, &mut answer)? else {
            return Err(Failure::new("a stream that goes on", "its end"));
        };
        seen = event.id.or(seen);
        if !event.data.is_empty() {
            visit.message(PROGRESS, &event.data)?;
            break;
        }
    }
    drop(http);
    visit.shows("(here the connection breaks)");
    let (mut http, mut answer) = visit.resume(seen.as_deref())?;
    visit.gets("200, text/event-stream", &head(&answer))?;
    visit.until_result(&mut http, &mut answer, &[PROGRESS, PROGRESS, "← result"])
}

fn close(visit: &mut Visit<'_>) -> Step {
    visit.to.step("The client ends the session, and is not known any more.");
    let (_, answer) = visit.send("DELETE", &[], None)?;
    visit.gets("204, without a body", &head(&answer))?;
    let (_, answer) = visit.post(&call(3, "test_simple_text", None))?;
    visit.gets("404", &answer.status.to_string())?;
    visit.session = None;
    Ok(())
}

fn stateless(visit: &mut Visit<'_>) -> Step {
    visit.to.step("In 2026-07-28 a call stands by itself; its head says what it is.");
    let (mut http, mut answer) = visit.post(&modern(4, "tools/call", &json!({"name": "trace"})))?;
    visit.gets("200, application/json", &head(&answer))?;
    visit.message("← result", &body(&mut http, &mut answer)?)
}

fn listen(visit: &mut Visit<'_>, server: Served) -> Step {
    visit.to.step("A request listens to the list of tools: its stream stays open.");
    let wanted = json!({"notifications": {"toolsListChanged": true}});
    let (mut http, mut answer) = visit.post(&modern(5, "subscriptions/listen", &wanted))?;
    visit.gets("200, text/event-stream", &head(&answer))?;
    let mut next = |visit: &mut Visit<'_>, expected: &str| match event(&mut http, &mut answer)? {
        Some(event) => visit.message(expected, &event.data),
        None => Err(Failure::new(expected, "the end of the stream")),
    };
    next(visit, "← notifications/subscriptions/acknowledged")?;
    let change = json!({"name": "test_trigger_tool_change"});
    let (_, answer) = visit.post(&modern(6, "tools/call", &change))?;
    visit.gets("200, application/json", &head(&answer))?;
    next(visit, "← notifications/tools/list_changed")?;

    visit.to.step("The server is told to end: who listens gets a result, and all is closed.");
    let ended = server.end(PATIENCE).or_else(|error| failed("an end", &error))?;
    next(visit, "← result")?;
    visit.gets("exit status: 0", &ended)
}

/// What is sent, what comes, and what is shown of it.
struct Visit<'t> {
    url: String,
    session: Option<String>,
    to: &'t mut Transcript,
}

impl Visit<'_> {
    fn post(&mut self, message: &Value) -> Result<(Http, Answer), Failure> {
        let mut fields = Vec::new();
        let method = message["method"].as_str().unwrap_or_default();
        if !message["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"].is_null() {
            fields.extend([("mcp-protocol-version", "2026-07-28"), ("mcp-method", method)]);
            fields.extend(message["params"]["name"].as_str().map(|name| ("mcp-name", name)));
        }
        self.send("POST", &fields, Some(message))
    }

    /// Asks for what came on a stream after an event.
    fn resume(&mut self, last: Option<&str>) -> Result<(Http, Answer), Failure> {
        let Some(last) = last else { return Err(Failure::new("an event with an id", "none")) };
        self.send("GET", &[("last-event-id", last)], None)
    }

    fn send(
        &mut self,
        method: &str,
        fields: &[(&str, &str)],
        message: Option<&Value>,
    ) -> Result<(Http, Answer), Failure> {
        // Ids differ from run to run.
        let shown = |(name, value): &(&str, &str)| match *name {
            "last-event-id" => format!(", {name}: …"),
            _ => format!(", {name}: {value}"),
        };
        let mut head: String = fields.iter().map(shown).collect();
        let mut fields = fields.to_vec();
        let session = self.session.clone();
        if let Some(session) = &session {
            fields.extend([(SESSION, session.as_str()), ("mcp-protocol-version", "2025-11-25")]);
            head.push_str(", mcp-session-id: …");
        }
        fields.push(("accept", "application/json, text/event-stream"));
        self.to.line_of(&Line::Sent(format!("{method}{head}")));
        let mut body = String::new();
        if let Some(message) = message {
            fields.push(("content-type", "application/json"));
            body = message.to_string();
            self.to.line_of(&Line::Sent(body.clone()));
        }
        let sent = Http::connect(&self.url, PATIENCE).and_then(|mut http| {
            let answer = http.send(method, &fields, &body)?;
            Ok((http, answer))
        });
        sent.or_else(|error| failed("an answer", &error))
    }

    /// The events of a stream that are messages, up to its end.
    fn until_result(&mut self, http: &mut Http, answer: &mut Answer, expected: &[&str]) -> Step {
        let mut expected = expected.iter();
        while let Some(event) = event(http, answer)? {
            if !event.data.is_empty() {
                self.message(expected.next().unwrap_or(&"no more"), &event.data)?;
            }
        }
        match expected.next() {
            None => {
                self.to.got("the end of the stream");
                Ok(())
            }
            Some(expected) => Err(Failure::new(*expected, "the end of the stream")),
        }
    }

    /// This message comes.
    fn message(&mut self, expected: &str, text: &str) -> Step {
        let line = Line::Received(text.into());
        self.to.line_of(&line);
        if line.kind() == expected { Ok(()) } else { Err(Failure::new(expected, line.kind())) }
    }

    fn shows(&mut self, what: &str) {
        self.to.line_of(&Line::Received(what.into()));
    }

    fn gets(&mut self, expected: &str, got: &str) -> Step {
        if got != expected {
            return Err(Failure::new(expected, got));
        }
        self.to.got(got);
        Ok(())
    }
}

fn failed<T>(expected: &str, error: &io::Error) -> Result<T, Failure> {
    Err(Failure::new(expected, error.to_string()))
}

fn body(http: &mut Http, answer: &mut Answer) -> Result<String, Failure> {
    http.body(answer).or_else(|error| failed("a body", &error))
}

fn event(http: &mut Http, answer: &mut Answer) -> Result<Option<Event>, Failure> {
    http.event(answer).or_else(|error| failed("an event", &error))
}

/// A head, in short.
fn head(answer: &Answer) -> String {
    let kind = answer.field("content-type").unwrap_or("without a body");
    let session = if answer.field(SESSION).is_some() { ", with a session" } else { "" };
    format!("{}, {kind}{session}", answer.status)
}

fn call(id: u32, tool: &str, progress: Option<&str>) -> Value {
    let mut params = json!({"name": tool, "arguments": {}});
    if let Some(token) = progress {
        params["_meta"] = json!({"progressToken": token});
    }
    json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params})
}

/// A request of 2026-07-28.
fn modern(id: u32, method: &str, params: &Value) -> Value {
    let mut params = params.clone();
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "tour", "version": "1"},
    });
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

/// This program again, as the server.
fn server(engine: &str) -> io::Result<Served> {
    Served::start(Command::new(std::env::current_exe()?).args([SERVE_HTTP, engine]))
}
