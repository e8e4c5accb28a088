//! The echo server on the official SDK, to measure ours beside it: `RT=current IO=pipes` for its
//! fastest set-up.

use rmcp::{
    ServerHandler, ServiceExt,
    handler::server::{router::tool::ToolRouter, wrapper::Parameters},
    schemars, tool, tool_handler, tool_router,
    transport::{io::stdio_pipes, stdio},
};

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct EchoArguments {
    message: String,
}

#[derive(Clone)]
struct Echo {
    tool_router: ToolRouter<Self>,
}

#[tool_router]
impl Echo {
    #[expect(clippy::unused_self, reason = "a tool is a method")]
    #[tool(description = "Says the message again")]
    fn echo(&self, Parameters(EchoArguments { message }): Parameters<EchoArguments>) -> String {
        message
    }
}

#[tool_handler(router = self.tool_router)]
impl ServerHandler for Echo {}

async fn serve() -> Result<(), Box<dyn std::error::Error>> {
    let echo = Echo { tool_router: Echo::tool_router() };
    if std::env::var_os("IO").is_some_and(|io| io == "pipes") {
        echo.serve(stdio_pipes()).await?.waiting().await?;
    } else {
        echo.serve(stdio()).await?.waiting().await?;
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut builder = if std::env::var_os("RT").is_some_and(|runtime| runtime == "current") {
        tokio::runtime::Builder::new_current_thread()
    } else {
        tokio::runtime::Builder::new_multi_thread()
    };
    builder.enable_all().build()?.block_on(serve())
}
