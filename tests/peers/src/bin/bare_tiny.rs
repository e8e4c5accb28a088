//! `tiny_http` without a protocol: answers every request with the same echo. Listens on
//! 127.0.0.1:$PORT.

use std::{sync::Arc, thread};

use tiny_http::{Header, Response, Server};

/// What the echo servers answer.
const ANSWER: &str = r#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"All the news that fits in a li"}]}}"#;
const THREADS: usize = 4;

fn serve(server: &Server) {
    let fields = [("content-type", "application/json"), ("mcp-session-id", "none")];
    let fields = fields.map(|(name, value)| Header::from_bytes(name, value).expect("a field"));
    let mut body = Vec::new();
    while let Ok(mut request) = server.recv() {
        body.clear();
        let read = request.as_reader().read_to_end(&mut body);
        let mut response = Response::from_string(ANSWER);
        for field in &fields {
            response.add_header(field.clone());
        }
        if read.is_ok() {
            // A client that is gone is not answered.
            drop(request.respond(response));
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let port = std::env::var("PORT").unwrap_or_else(|_| "0".into());
    let server = Arc::new(Server::http(format!("127.0.0.1:{port}"))?);
    println!("listening on http://{}/mcp", server.server_addr());
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let server = Arc::clone(&server);
            thread::spawn(move || serve(&server))
        })
        .collect();
    for thread in threads {
        drop(thread.join());
    }
    Ok(())
}
