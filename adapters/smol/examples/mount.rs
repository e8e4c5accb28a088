//! Mounts the endpoint in a hyper service that has other things to do as well, at
//! 127.0.0.1:$PORT/mcp. The driver runs as a task of the program's own executor.

use std::{convert::Infallible, net::TcpListener};

use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use mcp_proto::{Router, schema::Tool};
use mcp_smol::{AsyncTools as _, Body, Handle, Server};
use smol::{Async, LocalExecutor, Timer};
use smol_hyper::rt::{FuturesIo, SmolTimer};

/// The program's own service: what is not for the endpoint it answers itself.
async fn serve(handle: Handle, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    if request.uri().path() == "/health" {
        return Ok(Response::new(Body::empty()));
    }
    Ok(handle.handle(request).await)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut router = Router::new();
    let nap = Tool::new("nap").description("Sleeps for a second, and lets others work meanwhile.");
    router.tool_async(nap, async |_, _: serde_json::Value| {
        Timer::after(std::time::Duration::from_secs(1)).await;
        Ok("Good morning.")
    });
    let (handle, driver) = Server::new("mounted", "1.0.0", router, ()).into_parts();

    let port = std::env::var("PORT").ok().map_or(Ok(0), |port| port.parse::<u16>())?;
    let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], port))?;
    println!("listening on http://{}/mcp", listener.get_ref().local_addr()?);
    let executor = LocalExecutor::new();
    executor.spawn(driver.run()).detach();
    smol::block_on(executor.run(async {
        loop {
            let (stream, _) = listener.accept().await?;
            stream.get_ref().set_nodelay(true)?;
            let handle = handle.clone();
            let service = service_fn(move |request| serve(handle.clone(), request));
            let mut http = http1::Builder::new();
            // This gives up heads that do not come.
            http.timer(SmolTimer::new());
            executor.spawn(http.serve_connection(FuturesIo::new(stream), service)).detach();
        }
    }))
}
