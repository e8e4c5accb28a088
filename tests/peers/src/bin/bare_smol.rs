//! hyper on smol without a protocol: answers every request with the same echo. Listens on
//! 127.0.0.1:$PORT.

use std::{convert::Infallible, net::TcpListener, rc::Rc};

use http_body_util::{BodyExt as _, Full};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use smol::{Async, LocalExecutor};
use smol_hyper::rt::FuturesIo;

/// What the echo servers answer, and where a client that initializes finds a session.
const ANSWER: &str = r#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"All the news that fits in a li"}]}}"#;

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    // Not reading it would close the connection.
    let _ = request.into_body().collect().await;
    let mut response = Response::new(Full::new(Bytes::from_static(ANSWER.as_bytes())));
    let headers = response.headers_mut();
    headers.insert("content-type", hyper::header::HeaderValue::from_static("application/json"));
    headers.insert("mcp-session-id", hyper::header::HeaderValue::from_static("none"));
    Ok(response)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port = std::env::var("PORT").map_or(Ok(0), |port| port.parse::<u16>())?;
    let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], port))?;
    println!("listening on http://{}/mcp", listener.get_ref().local_addr()?);
    let executor = Rc::new(LocalExecutor::new());
    let accept = async {
        loop {
            let (stream, _) = listener.accept().await?;
            stream.get_ref().set_nodelay(true)?;
            let connection =
                http1::Builder::new().serve_connection(FuturesIo::new(stream), service_fn(answer));
            executor.spawn(async { drop(connection.await) }).detach();
        }
    };
    smol::block_on(executor.run(accept))
}
