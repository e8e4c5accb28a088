//! A server of tools that misbehave, for the tests of the process as a whole.
//!
//! `fixture [DRAIN_MS]`

use std::{error::Error, io, time::Duration};

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
struct Held {
    /// The port on this machine that a connection is made to.
    port: u16,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut router = Router::new();
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
    // Returns when the other end of the connection it makes is closed.
    let hold = Tool::new("hold").arguments::<Held>()?;
    router.tool_thread(&Pool::new(1), hold, |_, arguments: Held| {
        let connect =
            || io::read_to_string(std::net::TcpStream::connect(("127.0.0.1", arguments.port))?);
        connect().map_err(|error| Stop::Failed(error.to_string()))
    });
    let mut config = ServerConfig::new(Implementation::new("fixture", "1.0.0"));
    if let Some(millis) = std::env::args().nth(1).and_then(|argument| argument.parse().ok()) {
        config.drain = Duration::from_millis(millis);
    }
    Server::new("fixture", "1.0.0", router, ()).config(config).serve()?;
    Ok(())
}
