//! A server with a tool for each thing that a client shows, over stdio, or at 127.0.0.1:$PORT/mcp
//! where there is a port: for the tests of the example `editor`.

use std::{env, error::Error};

use mcp_proto::{
    Router,
    router::{Context, Stop},
    schema::{Elicited, Field, Form, Level, Tool},
};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct Nothing {}

#[derive(Deserialize, JsonSchema)]
struct Echo {
    /// What to say.
    message: String,
}

#[derive(Deserialize)]
struct Person {
    name: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut router = Router::new();
    let echo = Tool::new("echo").description("Says what it is told.").arguments::<Echo>()?;
    router.tool(echo, |_, arguments: Echo| Ok(arguments.message));
    router.tool(Tool::new("progress").arguments::<Nothing>()?, |cx, _: Nothing| Ok(progress(cx)));
    router.tool(Tool::new("ask").arguments::<Nothing>()?, ask);
    router.tool(Tool::new("fail").arguments::<Nothing>()?, |_, _: Nothing| {
        Err::<String, _>(Stop::Failed("it failed".into()))
    });
    match env::var("PORT") {
        Ok(port) => {
            let server = mcp_smol::Server::new("fixture", "1.0.0", router, ());
            let server = server.bind(("127.0.0.1", port.parse()?))?;
            println!("listening on {}", server.url());
            server.run()?;
        }
        Err(_) => mcp_stdio::serve("fixture", "1.0.0", router, ())?,
    }
    Ok(())
}

fn progress(cx: &mut Context<'_, ()>) -> &'static str {
    for step in 1..=3 {
        cx.progress(f64::from(step), 3.0);
    }
    cx.log_as("fixture", Level::Warning, "half of the work is counting");
    "three steps"
}

fn ask(cx: &mut Context<'_, ()>, _: Nothing) -> Result<String, Stop> {
    let form = Form::new("Who are you?").field("name", Field::string().required());
    Ok(match cx.elicit("name", form)? {
        Elicited::Accepted(Person { name }) => format!("Hello, {name}!"),
        _ => "Hello, whoever you are!".into(),
    })
}
