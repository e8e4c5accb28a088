//! The tools that need a thread, and the server over stdio that has them.

use std::{
    io,
    sync::mpsc::{RecvTimeoutError, channel},
    time::Duration,
};

use mcp_proto::{
    Router,
    router::{CallContext, Stop},
    schema::Tool,
};
use mcp_stdio::{Pool, Server, ThreadedTools};
use serde::Deserialize;
use serde_json::json;

use super::{NoArguments, State, config, content::progress_tool, router, with_schema};

/// How long `slow` may take: ten minutes.
const MILLISECONDS_MAX: u64 = 600_000;
/// How soon a pause notices a cancellation.
const STEP: Duration = Duration::from_millis(10);

#[derive(Deserialize)]
struct Slow {
    milliseconds: u64,
}

/// Serves everything, these tools included, over the stdin and stdout of this process.
pub fn serve() -> io::Result<()> {
    let mut router = router();
    add(&mut router, &Pool::default());
    Server::new("everything", env!("CARGO_PKG_VERSION"), router, State::default())
        .config(config())
        .serve()
}

/// Offers the tools that take time, on the threads of `pool`.
pub fn add(router: &mut Router<State>, pool: &Pool) {
    let tool = Tool::new("slow")
        .description("Takes as long as it is told, and tells how far it is; can be cancelled");
    let schema = json!({
        "type": "object",
        "properties": {
            "milliseconds": {"type": "integer", "minimum": 0, "maximum": MILLISECONDS_MAX},
        },
        "required": ["milliseconds"],
    });
    let reconnection = Tool::new("test_reconnection")
        .description("Lets the client come back for its result, where the revision has that");
    router
        .tool_thread(pool, with_schema(tool, &schema), slow)
        .tool_thread(pool, reconnection, |cx, _: NoArguments| {
            cx.park(Duration::from_millis(50));
            pause(cx, Duration::from_millis(100))?;
            Ok("Welcome back.")
        })
        // In place of the tool of the same name that does not pause. Clients that look at a
        // message later than at the result after it lose progress that comes together with it.
        .tool_thread(pool, progress_tool(), |cx, _: NoArguments| {
            for done in [0.0, 50.0, 100.0] {
                cx.progress_message(done, 100.0, &format!("{done} of 100"));
                pause(cx, Duration::from_millis(50))?;
            }
            Ok("Told three times.")
        });
}

fn slow(cx: &mut CallContext<'_>, Slow { milliseconds }: Slow) -> Result<String, Stop> {
    if milliseconds > MILLISECONDS_MAX {
        return Err(Stop::Failed(format!("At most {MILLISECONDS_MAX} milliseconds.")));
    }
    let tenth = Duration::from_millis(milliseconds) / 10;
    cx.progress(0.0, 10.0);
    for tenths in 1..=10_u32 {
        pause(cx, tenth)?;
        cx.progress(tenths.into(), 10.0);
    }
    Ok(format!("Took {milliseconds} ms."))
}

/// Lets time pass, unless the call is cancelled.
fn pause(cx: &CallContext<'_>, mut time: Duration) -> Result<(), Stop> {
    // Nobody sends: waiting for it is a pause with an end.
    let (_sender, receiver) = channel::<()>();
    while !time.is_zero() {
        if cx.is_cancelled() {
            return Err(Stop::Cancelled);
        }
        let step = STEP.min(time);
        let _: Result<(), RecvTimeoutError> = receiver.recv_timeout(step);
        time = time.saturating_sub(step);
    }
    Ok(())
}
