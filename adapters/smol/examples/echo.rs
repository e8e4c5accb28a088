//! The smallest server: one tool that returns what it is given, at 127.0.0.1:$PORT/mcp.

use mcp_proto::{Router, schema::Tool};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct Echo {
    /// What to say.
    message: String,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut router = Router::new();
    let echo = Tool::new("echo").description("Says what it is told.").arguments::<Echo>()?;
    router.tool(echo, |_, arguments: Echo| Ok(arguments.message));
    let port = std::env::var("PORT").ok().map_or(Ok(0), |port| port.parse::<u16>())?;
    let server = mcp_smol::Server::new("echo", "1.0.0", router, ()).bind(("127.0.0.1", port))?;
    println!("listening on {}", server.url());
    server.run()?;
    Ok(())
}
