//! What the core costs without a transport: a call of 200 bytes and of 64 KiB, a call among 1,000
//! tools, a change told to 1,000 sessions.

use std::{hint::black_box, sync::Arc};

use criterion::{Criterion, criterion_group, criterion_main};
use mcp_proto::{
    Entropy, Grant, Instant, PipeOutput, Router, ServerPipe,
    router::Port,
    schema::{Implementation, Tool},
    server::{Arrival, Command, Event, ExchangeId, List, Origin, Received, Server, ServerConfig},
    wire::Message,
};
use serde::Deserialize;

/// Not random at all: the same run every time.
struct Zeros;

impl Entropy for Zeros {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

struct Inline<'p>(&'p mut ServerPipe);

impl Port for Inline<'_> {
    fn emit(&mut self, command: Command) {
        let _gone = self.0.handle_command(Instant::ZERO, command);
    }
}

#[derive(Deserialize)]
struct Echo {
    message: String,
}

fn router(tools: usize) -> Router<()> {
    let mut router = Router::new();
    for number in 0..tools {
        let name = if number == tools / 2 { "echo".into() } else { format!("tool{number}") };
        router.tool(Tool::new(name), |_, echo: Echo| Ok(echo.message));
    }
    router
}

fn config() -> ServerConfig {
    ServerConfig::new(Implementation::new("bench", "1"))
}

const HELLO: &str = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"bench","version":"1"}}}"#;
const READY: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;

/// Feeds bytes, serves what comes of them, and takes the answers away.
fn serve(pipe: &mut ServerPipe, router: &mut Router<()>, bytes: &[u8]) -> usize {
    pipe.handle_bytes(Instant::ZERO, bytes);
    while let Some(output) = pipe.poll_output() {
        if let PipeOutput::Event(Event::Call(call)) = output {
            router.serve(&mut (), call, &mut Inline(pipe));
        }
    }
    let written = pipe.pending_write().len();
    pipe.consume(written);
    written
}

fn calls(criterion: &mut Criterion) {
    for (name, tools, bytes) in
        [("200 bytes", 1, 90), ("64 KiB", 1, 64 << 10), ("1,000 tools", 1000, 90)]
    {
        let mut router = router(tools);
        let mut pipe = ServerPipe::new(config(), Box::new(Zeros));
        if let Some(offer) = router.take_offer() {
            pipe.set_offer(offer);
        }
        serve(&mut pipe, &mut router, format!("{HELLO}\n{READY}\n").as_bytes());
        let message = "x".repeat(bytes);
        let call = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"echo","arguments":{{"message":"{message}"}}}}}}"#
        );
        let line = format!("{call}\n");
        criterion.bench_function(&format!("call: {name}"), |bencher| {
            bencher.iter(|| serve(&mut pipe, &mut router, black_box(line.as_bytes())));
        });
    }
}

fn changes(criterion: &mut Criterion) {
    const SESSIONS: u64 = 1000;
    let mut router = router(1);
    let mut server = Server::new(config(), Box::new(Zeros));
    if let Some(offer) = router.take_offer() {
        server.set_offer(offer);
    }
    let receive = |server: &mut Server, origin, text| {
        let Ok(message) = Message::parse(text) else { panic!("not a message: {text}") };
        let grant = Arc::new(Grant::default());
        server.handle_message(Instant::ZERO, Arrival { origin, grant, message })
    };
    for exchange in 0..SESSIONS {
        let origin = Origin::Isolated(ExchangeId(exchange));
        let Received::Opened(_, session) = receive(&mut server, origin, HELLO) else {
            panic!("no session");
        };
        let Received::Accepted = receive(&mut server, Origin::Session(session), READY) else {
            panic!("not in operation");
        };
    }
    while server.poll_output().is_some() {}
    criterion.bench_function("change: 1,000 sessions", |bencher| {
        bencher.iter(|| {
            let _told = server.handle_command(Instant::ZERO, Command::ListChanged(List::Tools));
            let mut told = 0_u64;
            while let Some(output) = server.poll_output() {
                black_box(output);
                told += 1;
            }
            assert_eq!(told, SESSIONS);
        });
    });
}

criterion_group!(benches, calls, changes);
criterion_main!(benches);
