//! Calls the echo tool of a stdio server and says what a call costs the client, on our client or
//! on that of the official SDK.
//!
//! `caller ours|rmcp REVISION WINDOW CALLS COMMAND…`
//!
//! Keeps `WINDOW` calls outstanding until `CALLS` are answered, checks every answer, and prints one
//! line: calls a second, and the processor time of this process for each call. A tenth more calls
//! warm up. Both clients do it in the way that is their cheapest: ours begins calls and waits for
//! the oldest on one thread, the official one runs a task for each on a runtime of one thread.

use std::{
    collections::VecDeque,
    error::Error,
    process::{ExitCode, Stdio},
    time::{Duration, Instant},
};

use mcp_proto::{
    Version,
    client::{CallOptions, ClientConfig, Era},
    schema::{ClientCapabilities, Implementation},
};
use mcp_stdio::{
    Client,
    client::{Call, ToolOutcome},
};
use mcp_tests::load::busy_nanos;
use rmcp::{
    ClientLifecycleMode, ClientServiceExt,
    model::{self, CallToolRequestParams, ProtocolVersion},
    service::{Peer, RoleClient},
    transport::TokioChildProcess,
};
use serde_json::{Value, json};
use tokio::task::JoinSet;

type Failure = Box<dyn Error + Send + Sync>;

const MESSAGE: &str = "All the news that fits in a line.";

/// What the command line says.
struct Order {
    version: Version,
    window: usize,
    calls: usize,
    program: String,
    arguments: Vec<String>,
}

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let (Some(client), Some(order)) = (words.next(), order(words)) else {
        eprintln!("usage: caller ours|rmcp REVISION WINDOW CALLS COMMAND...");
        return ExitCode::from(2);
    };
    let done = if client == "rmcp" { call_on_rmcp(&order) } else { call_on_ours(&order) };
    match done {
        Ok(cost) => {
            println!("{cost}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("caller: {error}");
            ExitCode::FAILURE
        }
    }
}

fn order(mut words: impl Iterator<Item = String>) -> Option<Order> {
    Some(Order {
        version: words.next()?.parse().ok()?,
        window: words.next()?.parse().ok().filter(|window| *window > 0)?,
        calls: words.next()?.parse().ok()?,
        program: words.next()?,
        arguments: words.collect(),
    })
}

/// What the calls since its beginning have cost.
struct Meter {
    calls: usize,
    since: Instant,
    busy: u64,
}

impl Meter {
    fn start(calls: usize) -> Result<Self, Failure> {
        Ok(Self { calls, since: Instant::now(), busy: busy_nanos("self")? })
    }

    fn stop(self) -> Result<Value, Failure> {
        let (elapsed, busy) = (self.since.elapsed(), busy_nanos("self")? - self.busy);
        let calls = f64::from(u32::try_from(self.calls)?);
        Ok(json!({
            "calls_per_second": (calls / elapsed.as_secs_f64()).round(),
            "client_cpu_us": Duration::from_nanos(busy).as_secs_f64() * 1e6 / calls,
        }))
    }
}

fn arguments() -> Value {
    json!({"message": MESSAGE})
}

fn check(text: &str) -> Result<(), Failure> {
    if text == MESSAGE { Ok(()) } else { Err(format!("not what was said: {text}").into()) }
}

fn call_on_ours(order: &Order) -> Result<Value, Failure> {
    let info = Implementation::new("caller", "0");
    let mut config = ClientConfig::new(info, ClientCapabilities::default());
    config.era = Era::Pinned(order.version);
    let mut command = std::process::Command::new(&order.program);
    command.args(&order.arguments);
    let client = Client::spawn(command, config)?;
    exchange(&client, order.window, order.calls / 10)?;
    let meter = Meter::start(order.calls)?;
    exchange(&client, order.window, order.calls)?;
    let cost = meter.stop()?;
    client.close();
    Ok(cost)
}

fn exchange(client: &Client, window: usize, calls: usize) -> Result<(), Failure> {
    let finish = |call: Option<Call>| match call {
        Some(call) => check(&ToolOutcome(call.wait()?).text()),
        None => Ok(()),
    };
    let mut open = VecDeque::with_capacity(window);
    for _ in 0..calls {
        if open.len() == window {
            finish(open.pop_front())?;
        }
        open.push_back(client.begin_tool("echo", &arguments(), CallOptions::default())?);
    }
    open.into_iter().try_for_each(|call| finish(Some(call)))
}

#[tokio::main(flavor = "current_thread")]
async fn call_on_rmcp(order: &Order) -> Result<Value, Failure> {
    let version: ProtocolVersion = serde_json::from_value(json!(order.version.as_str()))?;
    let mode = if order.version.rules().handshake {
        ClientLifecycleMode::Initialize
    } else {
        ClientLifecycleMode::Discover { preferred_versions: vec![version.clone()] }
    };
    let info = model::Implementation::new("caller", "0");
    let mut config = model::ClientConfig::new(model::ClientCapabilities::default(), info);
    config.protocol_version = version;
    let mut command = tokio::process::Command::new(&order.program);
    command.args(&order.arguments);
    let (pipes, _) = TokioChildProcess::builder(command).stderr(Stdio::null()).spawn()?;
    let client = config.serve_with_lifecycle(pipes, mode).await?;
    exchange_on_rmcp(client.peer(), order.window, order.calls / 10).await?;
    let meter = Meter::start(order.calls)?;
    exchange_on_rmcp(client.peer(), order.window, order.calls).await?;
    let cost = meter.stop()?;
    client.cancel().await?;
    Ok(cost)
}

async fn exchange_on_rmcp(
    peer: &Peer<RoleClient>,
    window: usize,
    calls: usize,
) -> Result<(), Failure> {
    if window == 1 {
        return call_in_turn(peer, calls).await;
    }
    let mut tasks = JoinSet::new();
    for place in 0..window {
        // What is left over is shared out.
        let calls = calls / window + usize::from(place < calls % window);
        let peer = peer.clone();
        tasks.spawn(async move { call_in_turn(&peer, calls).await });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(())
}

async fn call_in_turn(peer: &Peer<RoleClient>, calls: usize) -> Result<(), Failure> {
    for _ in 0..calls {
        let Value::Object(arguments) = arguments() else { continue };
        let params = CallToolRequestParams::new("echo").with_arguments(arguments);
        let result = peer.call_tool(params).await?;
        let text = result.content.first().and_then(|content| content.as_text());
        check(text.map_or("", |text| &text.text))?;
    }
    Ok(())
}
