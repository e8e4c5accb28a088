//! The smallest server: one tool that returns what it is given, at 127.0.0.1:$PORT.

use mcp_proto::{Router, schema::Tool};
use mcp_tiny_http::Server;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct Echo {
    /// What to say.
    message: String,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port = std::env::var("PORT").map_or(Ok(0), |port| port.parse())?;
    let mut router = Router::new();
    let echo = Tool::new("echo").description("Says what it is told.").arguments::<Echo>()?;
    router.tool(echo, |_, arguments: Echo| Ok(arguments.message));
    let server = Server::new("echo", "1.0.0", router, ()).bind(("127.0.0.1", port))?;
    println!("listening on {}", server.url());
    server.run()?;
    Ok(())
}
