//! The endpoint within a service of somebody else's.

mod common;

use std::{convert::Infallible, os::unix::net::UnixStream, sync::mpsc::channel, thread};

use common::{Client, DEADLINE};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use mcp_proto::{Router, schema::Tool};
use mcp_smol::{Body, Handle, Server};
use serde_json::{Value, json};
use smol::Async;
use smol_hyper::rt::FuturesIo;

async fn serve(handle: Handle, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    match request.uri().path() {
        "/health" => Ok(Response::new(Body::empty())),
        _ => Ok(handle.handle(request).await),
    }
}

/// A connection that is served on the threads of smol's own executor.
fn connect(handle: Handle) -> Client<UnixStream> {
    let (near, far) = UnixStream::pair().unwrap();
    near.set_read_timeout(Some(DEADLINE)).unwrap();
    let service = service_fn(move |request| serve(handle.clone(), request));
    let io = FuturesIo::new(Async::new(far).unwrap());
    smol::spawn(async move {
        let _ = http1::Builder::new().serve_connection(io, service).await;
    })
    .detach();
    Client::over(near)
}

#[test]
fn a_driver_on_one_thread_serves_connections_on_others() {
    let (sender, started) = channel();
    let driver = thread::spawn(move || {
        let mut router = Router::<u32>::new();
        router.tool(Tool::new("count"), |cx, _: Value| {
            *cx.state += 1;
            Ok(cx.state.to_string())
        });
        let (handle, driver) = Server::new("mounted", "1.0.0", router, 0).into_parts();
        sender.send(handle).unwrap();
        smol::block_on(driver.run());
    });
    let handle = started.recv_timeout(DEADLINE).unwrap();
    let mut clients: Vec<_> = (0..4).map(|_| connect(handle.clone())).collect();
    for client in &mut clients {
        client.initialize();
    }
    for (client, count) in clients.iter_mut().zip(1..) {
        let answer = client.call(1, "count", &json!({}));
        assert_eq!(answer["result"]["content"][0]["text"], count.to_string());
    }
    let mut other = connect(handle.clone());
    other.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(other.reply().status, 200);
    handle.shut_down();
    driver.join().unwrap();
    // The connection is there, the endpoint is not.
    assert_eq!(clients[0].post(&common::call(2, "count", &json!({}))).status, 503);
}

#[test]
fn a_driver_that_is_dropped_answers_what_is_open() {
    let (handle, driver) = Server::new("dropped", "1.0.0", Router::new(), ()).into_parts();
    let mut client = connect(handle);
    client.send("POST", "", &common::initialize().to_string());
    drop(driver);
    assert_eq!(client.reply().status, 503);
}
