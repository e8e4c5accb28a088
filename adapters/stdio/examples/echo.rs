//! The smallest server: one tool that returns what it is given.

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
    mcp_stdio::serve("echo", "1.0.0", router, ())?;
    Ok(())
}
