//! Calls the echo tool of a server and says what a call costs the client, on our client or on that
//! of the official SDK.
//!
//! `caller ours|rmcp REVISION WINDOW CALLS COMMAND…|URL`
//!
//! At a URL ours calls alone; `rmcp_caller` among the peers is its counterpart.
//! Keeps `WINDOW` calls outstanding until `CALLS` are answered, checks every answer, and prints one
//! line: calls a second, and the processor time of this process for each call. A tenth more calls
//! warm up. Both clients do it in the way that is their cheapest: ours begins calls and waits for
//! the oldest on one thread, the official one runs a task for each on a runtime of one thread.

mod meter;
mod on_rmcp;

use std::{
    collections::VecDeque,
    process::{ExitCode, Stdio},
};

use mcp_proto::{
    Version,
    client::{CallOptions, ClientConfig, Era},
    schema::{ClientCapabilities, Implementation},
};
use mcp_smol::blocking;
use mcp_stdio::{
    Client,
    client::{Call, ToolOutcome},
};
use mcp_tests::load;
use rmcp::transport::TokioChildProcess;
use serde_json::Value;

use meter::{Failure, Meter, arguments, check};

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
        eprintln!("usage: caller ours|rmcp REVISION WINDOW CALLS COMMAND...|URL");
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

fn call_on_ours(order: &Order) -> Result<Value, Failure> {
    let info = Implementation::new("caller", "0");
    let mut config = ClientConfig::new(info, ClientCapabilities::default());
    config.era = Era::Pinned(order.version);
    let client = if order.program.contains("://") {
        blocking::connect(&order.program, config)?
    } else {
        let mut command = std::process::Command::new(&order.program);
        command.args(&order.arguments);
        Client::spawn(command, config)?
    };
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
    let mut command = tokio::process::Command::new(&order.program);
    command.args(&order.arguments);
    let (pipes, _) = TokioChildProcess::builder(command).stderr(Stdio::null()).spawn()?;
    on_rmcp::measure(pipes, order.version.as_str(), order.window, order.calls).await
}
