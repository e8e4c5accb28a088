//! The legs over HTTP: our client at each of our engines. What crosses between them is heard in
//! the middle, head by head and event by event.

use std::{io, process::Command, sync::Arc};

use mcp_proto::{
    Version,
    client::{CallOptions, Era, Listening},
    http::HttpClientConfig,
};
use mcp_smol::blocking::{Client, Connector, ToolOutcome};
use mcp_tests::Served;
use serde_json::json;

use crate::{
    SERVE_HTTP,
    between::Between,
    tape::Tape,
    transcript::{Failure, Transcript},
    visit::{PATIENCE, agreed, config, heard, said},
};

type Step = Result<(), Failure>;

/// The engines: a leg for each.
pub(crate) const ENGINES: [&str; 2] = ["smol", "tiny-http"];

const JSON: &str = "← 200, application/json";
const STREAM: &str = "← 200, text/event-stream";
const PRIMING: &str = "← an event without data: its id, and when to come back";
const PROGRESS: &str = "← notifications/progress";
const END: &str = "← the end of the stream";

pub(crate) fn name(engine: &str) -> String {
    format!("HTTP: {engine}")
}

/// Plays every step against a server of its own, to the end of its process.
pub(crate) fn play(engine: &str, to: &mut Transcript) -> Step {
    to.title(&format!("{} – sessions, streams and their cuts, no session", name(engine)));
    let server = server(engine).or_else(|error| failed("a server that starts", &error))?;
    let between = Between::start(server.url(), PATIENCE);
    let between = between.or_else(|error| failed("a way to the server", &error))?;
    let mut visit = Visit { between, to };
    session(&mut visit)?;
    stateless(&mut visit, server)
}

fn session(visit: &mut Visit<'_>) -> Step {
    visit.to.step(
        "The client opens a session: the head of the answer has its id. Then it opens the \
         stream on which the server tells what belongs to no call.",
    );
    let client = visit.connect(Era::Pinned(Version::V2025_11_25))?;
    visit.exchange("POST initialize", &["← 200, application/json, with a session", "← result"])?;
    visit.exchange("POST notifications/initialized", &["← 202, without a body"])?;
    visit.exchange("GET", &[STREAM])?;
    visit.gets("everything speaks 2025-11-25", &agreed(&client))?;
    parked(visit, &client)?;
    cut(visit, &client)?;
    visit.to.step("The client ends the session.");
    client.close();
    visit.exchange("DELETE", &["← 204, without a body"])?;
    Ok(())
}

fn parked(visit: &mut Visit<'_>, client: &Client) -> Step {
    visit.to.step(
        "A call takes long: the server says when to come back, and closes the stream. The client \
         asks for what came after the last event it has seen, and gets the result.",
    );
    let outcome = client.call_tool("test_reconnection", &json!({}));
    visit.exchange("POST tools/call", &[STREAM, PRIMING, PRIMING, END])?;
    visit.exchange("GET", &[STREAM, "← result", END])?;
    visit.gets("Welcome back.", &said(outcome))
}

fn cut(visit: &mut Visit<'_>, client: &Client) -> Step {
    visit.to.step(
        "A stream is cut between two reports of progress: the call goes on, and nothing is lost.",
    );
    visit.between.cut_next();
    let options = CallOptions { progress: true, ..CallOptions::default() };
    let mut heard = Vec::new();
    let outcome = client
        .begin_tool("test_tool_with_progress", &json!({}), options)
        .and_then(|call| call.wait_with(|report| heard.push(report.progress)));
    let cut = "← (here the connection breaks)";
    visit.exchange("POST tools/call", &[STREAM, PRIMING, PROGRESS, cut])?;
    visit.exchange("GET", &[STREAM, PROGRESS, PROGRESS, "← result", END])?;
    visit.gets("progress: [0.0, 50.0, 100.0]", &format!("progress: {heard:?}"))?;
    visit.gets("Told three times.", &said(outcome.map(ToolOutcome)))
}

fn stateless(visit: &mut Visit<'_>, server: Served) -> Step {
    visit.to.step("Another client finds out that the server speaks 2026-07-28: no session begins.");
    let client = visit.connect(Era::Auto)?;
    visit.exchange("POST server/discover", &[JSON, "← result"])?;
    visit.gets("everything speaks 2026-07-28", &agreed(&client))?;

    visit.to.step("A call stands by itself; its head says what it is.");
    let outcome = client.call_tool("trace", &json!({}));
    visit.exchange("POST tools/call", &[JSON, "← result"])?;
    visit.gets("none", &said(outcome))?;

    visit.to.step("The client listens to the list of tools: the stream stays open.");
    let listen = client.listen(Listening { tools: true, ..Listening::default() });
    let acknowledged = "← notifications/subscriptions/acknowledged";
    let stream = visit.exchange("POST subscriptions/listen", &[STREAM, acknowledged])?;
    visit.hears(&client, "listening to the list of tools: true, to []")?;
    let outcome = client.call_tool("test_trigger_tool_change", &json!({}));
    visit.exchange("POST tools/call", &[JSON, "← result"])?;
    visit.gets("The list of tools has changed, and is as it was.", &said(outcome))?;
    visit.answer(&stream, &["← notifications/tools/list_changed"])?;
    visit.hears(&client, "a list has changed: Tools")?;

    visit.to.step("The server is told to end: who listens gets a result, and all is closed.");
    let ended = server.end(PATIENCE).or_else(|error| failed("an end", &error))?;
    visit.answer(&stream, &["← result", END])?;
    let outcome = listen.wait().map_or_else(|error| error.to_string(), |_| "the end".into());
    visit.gets("the end", &outcome)?;
    visit.gets("exit status: 0", &ended)?;
    client.close();
    Ok(())
}

/// What crosses, and what is shown of it.
struct Visit<'t> {
    between: Between,
    to: &'t mut Transcript,
}

impl Visit<'_> {
    fn connect(&mut self, era: Era) -> Result<Client, Failure> {
        let connected =
            Connector::new(config(era)).connect(HttpClientConfig::new(self.between.url()));
        connected.map_err(|error| Failure::new("an agreement", error.to_string()))
    }

    /// This request crosses now, and this comes back; there may be more to come.
    fn exchange(&mut self, request: &str, answer: &[&str]) -> Result<Arc<Tape>, Failure> {
        let Some(exchange) = self.between.next(PATIENCE) else {
            return Err(Failure::new(request, "nothing in time"));
        };
        let mut crossed = exchange.head.kind();
        crossed.truncate(crossed.find(',').unwrap_or(crossed.len()));
        self.to.line_of(&exchange.head);
        if let Some(message) = &exchange.message {
            self.to.line_of(message);
            crossed.push_str(message.kind().trim_start_matches('→'));
        }
        if crossed.trim_start_matches("→ ") != request {
            return Err(Failure::new(request, crossed));
        }
        self.answer(&exchange.answer, answer)?;
        Ok(exchange.answer)
    }

    /// These lines come of a request, in this order.
    fn answer(&mut self, tape: &Tape, expected: &[&str]) -> Step {
        self.to.crosses(tape, expected, PATIENCE)
    }

    fn gets(&mut self, expected: &str, got: &str) -> Step {
        self.to.gets(expected, got)
    }

    /// This is the next event that the program hears of.
    fn hears(&mut self, client: &Client, expected: &str) -> Step {
        self.gets(expected, &heard(client))
    }
}

fn failed<T>(expected: &str, error: &io::Error) -> Result<T, Failure> {
    Err(Failure::new(expected, error.to_string()))
}

/// This program again, as the server.
fn server(engine: &str) -> io::Result<Served> {
    Served::start(Command::new(std::env::current_exe()?).args([SERVE_HTTP, engine]))
}
