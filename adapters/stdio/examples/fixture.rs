//! A server of a tool that behaves and tools that do not, for the tests of the process as a whole.
//!
//! `fixture [DRAIN_MS]`

use std::{error::Error, io, net::TcpStream, time::Duration};

use mcp_proto::{
    Router,
    router::Stop,
    schema::{Implementation, Tool},
    server::ServerConfig,
};
use mcp_stdio::{Pool, Server, ThreadedTools};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct Nothing {}

#[derive(Deserialize, JsonSchema)]
struct Echo {
    /// What to say.
    message: String,
}

#[derive(Deserialize, JsonSchema)]
struct Held {
    /// The port on this machine that a connection is made to.
    port: u16,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut router = Router::new();
    let echo = Tool::new("echo").description("Says what it is told.").arguments::<Echo>()?;
    router.tool(echo, |_, arguments: Echo| Ok(arguments.message));
    router.tool(Tool::new("print").arguments::<Nothing>()?, |_, _: Nothing| {
        println!("printed by the handler");
        let child = std::process::Command::new("echo").arg("printed by a child").status();
        child.map_err(|error| Stop::Failed(error.to_string()))?;
        Ok("printed")
    });
    router.tool(Tool::new("read").arguments::<Nothing>()?, |_, _: Nothing| {
        let mut line = String::new();
        io::stdin().read_line(&mut line).map_err(|error| Stop::Failed(error.to_string()))?;
        Ok(line)
    });
    // Both return when the other end of the connection they make is closed.
    let tool = |name| Tool::new(name).arguments::<Held>();
    router.tool_thread(&Pool::new(1), tool("hold")?, |_, arguments| hold(&arguments));
    router.tool(tool("hang")?, |_, arguments| hold(&arguments));
    let mut config = ServerConfig::new(Implementation::new("fixture", "1.0.0"));
    if let Some(millis) = std::env::args().nth(1).and_then(|argument| argument.parse().ok()) {
        config.drain = Duration::from_millis(millis);
    }
    Server::new("fixture", "1.0.0", router, ()).config(config).serve()?;
    Ok(())
}

fn hold(arguments: &Held) -> Result<String, Stop> {
    TcpStream::connect(("127.0.0.1", arguments.port))
        .and_then(io::read_to_string)
        .map_err(|error| Stop::Failed(error.to_string()))
}
