//! The core in an event loop of one's own: no thread, no socket, no async, not even a clock.
//!
//! A client's bytes reach the server in odd pieces, to show that the core does not care. Both sides
//! are printed as they speak: `cargo run -p mcp-proto --example custom_runtime`.

use std::collections::VecDeque;

use mcp_proto::{
    Entropy, Instant, PipeOutput, Router, ServerPipe,
    router::Port,
    schema::{Elicited, Field, Form, Implementation, Tool},
    server::{Command, Event, ServerConfig},
};
use serde::{Deserialize, de::IgnoredAny};

/// What the client says, line by line, each as soon as the server is quiet. An empty line: it says
/// nothing, and time passes.
const CLIENT: [&str; 7] = [
    concat!(
        r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"#,
        r#""2025-11-25","capabilities":{"elicitation":{}},"#,
        r#""clientInfo":{"name":"toy","version":"1"}}}"#,
    ),
    r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
    r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"greet"}}"#,
    r#"{"jsonrpc":"2.0","id":"2.1.name","result":{"action":"accept","content":{"name":"Ada"}}}"#,
    r#"{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"greet"}}"#,
    "",
    r#"{"jsonrpc":"2.0","id":4,"method":"ping"}"#,
];

/// What the person fills in.
#[derive(Deserialize)]
struct Name {
    name: String,
}

/// The application: one tool, and how many people it has greeted.
fn router() -> Router<u32> {
    let mut router = Router::new();
    router.tool(Tool::new("greet").description("Asks for a name"), |cx, _: IgnoredAny| {
        let form = Form::new("What is your name?").field("name", Field::string().required());
        // `?` leaves the handler until the client has answered; then it runs again from the top.
        let Elicited::Accepted(Name { name }) = cx.elicit("name", form)? else {
            return Ok("Hello, whoever you are!".to_owned());
        };
        *cx.state += 1;
        Ok(format!("Hello {name}, you are number {}!", cx.state))
    });
    router
}

fn main() {
    let config = ServerConfig::new(Implementation::new("custom-runtime", "1"));
    let mut pipe = ServerPipe::new(config, Box::new(Fixed));
    let mut router = router();
    let mut greeted = 0;
    let mut script = CLIENT.iter();
    let mut wire = VecDeque::new();
    let mut now = Instant::ZERO;
    loop {
        // 1. Say what is offered, whenever that has changed.
        if let Some(offer) = router.take_offer() {
            pipe.set_offer(offer);
        }
        // 2. Give the core what has arrived: some bytes, in whatever pieces, and the time.
        if pipe.accepts_input() {
            let piece: Vec<u8> = wire.drain(..wire.len().min(7)).collect();
            pipe.handle_bytes(now, &piece);
        }
        pipe.handle_timeout(now);
        // 3. Do what the core says, until it has nothing more to say.
        while let Some(output) = pipe.poll_output() {
            match output {
                PipeOutput::Event(Event::Call(call)) => {
                    router.serve(&mut greeted, call, &mut Inline { pipe: &mut pipe, now });
                }
                PipeOutput::Event(event) => router.observe(&mut greeted, &event),
                PipeOutput::Close => return,
                _ => {}
            }
        }
        // 4. Write what there is to write, and say how much that was.
        print!("{}", String::from_utf8_lossy(pipe.pending_write()));
        pipe.consume(pipe.pending_write().len());
        // 5. Wait for input or the next deadline. The client's turn; and time jumps.
        if !wire.is_empty() || pipe.poll_timeout().is_some_and(|due| due <= now) {
            continue;
        }
        match script.next() {
            Some(&"") => now = pipe.poll_timeout().unwrap_or(now),
            Some(line) => {
                println!("\nafter {:?}: {line}", now.since_zero());
                wire.extend(line.bytes().chain([b'\n']));
            }
            None => pipe.handle_eof(now),
        }
    }
}

/// Carries a handler on the loop's own thread: what it says goes into the core at once.
struct Inline<'a> {
    pipe: &'a mut ServerPipe,
    now: Instant,
}

impl Port for Inline<'_> {
    fn emit(&mut self, command: Command) {
        // An error says that the call is gone, or that its client cannot be told this: no bug.
        let _ = self.pipe.handle_command(self.now, command);
    }
}

/// No randomness, so that this example repeats exactly. A real server asks the system.
struct Fixed;
impl Entropy for Fixed {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}
