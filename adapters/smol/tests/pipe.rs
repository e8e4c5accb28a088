//! Servers over byte streams, and the tools that run beside the driver.

use std::{
    cell::Cell,
    io::{BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    rc::Rc,
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::Duration,
};

use mcp_proto::{Router, router::Stop, schema::Tool};
use mcp_smol::{AsyncTools as _, Server};
use serde_json::{Value, json};
use smol::{Async, future};

const DEADLINE: Duration = Duration::from_secs(20);

/// A client at the other end of a server that runs on a thread of its own.
struct Client {
    writer: UnixStream,
    reader: BufReader<UnixStream>,
    server: Option<thread::JoinHandle<std::io::Result<()>>>,
}

/// Starts a server whose router is made on the thread that serves.
fn start(make: impl FnOnce() -> Router<()> + Send + 'static) -> Client {
    let (near, far) = UnixStream::pair().unwrap();
    let server = thread::spawn(move || {
        let reader = Async::new(far.try_clone()?)?;
        let server = Server::new("pipe", "1.0.0", make(), ());
        smol::block_on(server.serve_pipe(reader, Async::new(far)?))
    });
    near.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut client = Client {
        writer: near.try_clone().unwrap(),
        reader: BufReader::new(near),
        server: Some(server),
    };
    client.send(&json!({
        "jsonrpc": "2.0", "id": 0, "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25", "capabilities": {},
            "clientInfo": { "name": "test", "version": "1" },
        },
    }));
    assert_eq!(client.next()["result"]["protocolVersion"], "2025-11-25");
    client.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
    client
}

impl Client {
    fn send(&mut self, message: &Value) {
        writeln!(self.writer, "{message}").unwrap();
    }

    fn call(&mut self, id: u32, tool: &str) {
        self.send(&json!({
            "jsonrpc": "2.0", "id": id, "method": "tools/call",
            "params": { "name": tool, "arguments": {}, "_meta": { "progressToken": id } },
        }));
    }

    fn next(&mut self) -> Value {
        let mut line = String::new();
        self.reader.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// Says that nothing more comes, and waits for the server's end.
    fn finish(mut self) {
        self.writer.shutdown(std::net::Shutdown::Write).unwrap();
        let mut line = String::new();
        assert_eq!(self.reader.read_line(&mut line).unwrap(), 0, "nothing more is sent: {line}");
        self.server.take().unwrap().join().unwrap().unwrap();
    }
}

/// Says so when it is dropped.
struct Guard(Sender<&'static str>);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.send("dropped");
    }
}

fn hear(receiver: &Receiver<&'static str>) -> &'static str {
    receiver.recv_timeout(DEADLINE).unwrap()
}

#[test]
fn a_pipe_serves_calls_and_ends_with_its_input() {
    let mut client = start(|| {
        let mut router = Router::new();
        router.tool(Tool::new("hello"), |_, _: Value| Ok("there"));
        router
    });
    client.call(1, "hello");
    assert_eq!(client.next()["result"]["content"][0]["text"], "there");
    client.finish();
}

#[test]
fn async_tools_run_beside_each_other_and_need_not_be_send() {
    let mut client = start(|| {
        let mut router = Router::new();
        let (open, opened) = smol::channel::bounded::<()>(1);
        let count = Rc::new(Cell::new(0));
        let counted = Rc::clone(&count);
        router.tool_async(Tool::new("wait"), async move |cx, _: Value| {
            cx.progress(1.0, None);
            let _ = opened.recv().await;
            counted.set(counted.get() + 1);
            Ok(counted.get().to_string())
        });
        router.tool_async(Tool::new("open"), async move |_, _: Value| {
            open.send(()).await.map_err(|_| Stop::Cancelled)?;
            future::yield_now().await;
            count.set(count.get() + 10);
            Ok(())
        });
        router
    });
    client.call(1, "wait");
    assert_eq!(client.next()["method"], "notifications/progress");
    client.call(2, "open");
    let mut answers = [client.next(), client.next()];
    answers.sort_by_key(|answer| answer["id"].as_u64());
    assert!(answers[0]["result"]["content"][0]["text"] == "1", "{answers:?}");
    assert_eq!(answers[1]["id"], 2);
    client.finish();
}

#[test]
fn a_cancelled_async_call_is_dropped() {
    let (told, heard) = channel();
    let mut client = start(move || {
        let mut router = Router::new();
        router.tool_async(Tool::new("hang"), async move |_, _: Value| {
            let _guard = Guard(told.clone());
            let _ = told.send("started");
            future::pending::<()>().await;
            Ok(())
        });
        router
    });
    client.call(7, "hang");
    assert_eq!(hear(&heard), "started");
    client.send(&json!({
        "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 7 },
    }));
    assert_eq!(hear(&heard), "dropped");
    client.finish();
}

#[test]
fn handlers_that_panic_are_answered_wherever_they_run() {
    let mut client = start(|| {
        let mut router = Router::new();
        router.tool(Tool::new("inline"), |_, _: Value| -> Result<(), Stop> { panic!("inline") });
        router.tool_async(Tool::new("async"), async |_, _: Value| -> Result<(), Stop> {
            future::yield_now().await;
            panic!("async")
        });
        router.tool_blocking(Tool::new("blocking"), |_, _: Value| -> Result<(), Stop> {
            panic!("blocking")
        });
        router
    });
    for (id, tool) in [(1, "inline"), (2, "async"), (3, "blocking")] {
        client.call(id, tool);
        let answer = client.next();
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(id), &json!(-32603)));
        assert!(!answer.to_string().contains("panic"), "{answer}");
    }
    client.finish();
}

#[test]
fn blocking_tools_do_not_hold_up_others() {
    let (open, opened) = channel::<()>();
    let opened = std::sync::Mutex::new(opened);
    let mut client = start(move || {
        let mut router = Router::new();
        router.tool_blocking(Tool::new("block"), move |cx, _: Value| {
            cx.progress(1.0, None);
            opened.lock().unwrap().recv_timeout(DEADLINE).map_err(|_| Stop::Cancelled)?;
            Ok("unblocked")
        });
        router.tool(Tool::new("quick"), |_, _: Value| Ok("quick"));
        router
    });
    client.call(1, "block");
    assert_eq!(client.next()["method"], "notifications/progress");
    client.call(2, "quick");
    assert_eq!(client.next()["id"], 2);
    open.send(()).unwrap();
    assert_eq!(client.next()["result"]["content"][0]["text"], "unblocked");
    client.finish();
}

#[test]
fn what_an_inline_handler_says_comes_before_its_answer() {
    let mut client = start(|| {
        let mut router = Router::new();
        router.tool(Tool::new("steps"), |cx, _: Value| {
            cx.progress(1.0, 2.0);
            cx.progress(2.0, 2.0);
            Ok("done")
        });
        router
    });
    client.call(1, "steps");
    assert_eq!(client.next()["params"]["progress"], 1.0);
    assert_eq!(client.next()["params"]["progress"], 2.0);
    assert_eq!(client.next()["result"]["content"][0]["text"], "done");
    client.finish();
}
