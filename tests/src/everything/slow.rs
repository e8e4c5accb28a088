//! The one tool that needs a thread, and the server over stdio that has it.

use std::{io, sync::mpsc::channel, time::Duration};

use mcp_proto::{
    Router,
    router::{CallContext, Stop},
    schema::Tool,
};
use mcp_stdio::{Pool, Server, ThreadedTools};
use serde::Deserialize;
use serde_json::json as value;

use super::{State, config, router, with_schema};

/// How long `slow` may take: ten minutes.
const MILLISECONDS_MAX: u64 = 600_000;
/// How soon it notices a cancellation.
const STEP: Duration = Duration::from_millis(10);

#[derive(Deserialize)]
struct Slow {
    milliseconds: u64,
}

/// Serves everything, `slow` included, over the stdin and stdout of this process.
pub fn serve() -> io::Result<()> {
    let mut router = router();
    add(&mut router, &Pool::default());
    Server::new("everything", env!("CARGO_PKG_VERSION"), router, State::default())
        .config(config())
        .serve()
}

/// Offers `slow`, on the threads of `pool`.
pub fn add(router: &mut Router<State>, pool: &Pool) {
    let tool = Tool::new("slow")
        .description("Takes as long as it is told, and tells how far it is; can be cancelled");
    let schema = value!({
        "type": "object",
        "properties": {
            "milliseconds": {"type": "integer", "minimum": 0, "maximum": MILLISECONDS_MAX},
        },
        "required": ["milliseconds"],
    });
    let tool = with_schema(tool, &schema);
    router.tool_thread(pool, tool, slow);
}

fn slow(cx: &mut CallContext<'_>, Slow { milliseconds }: Slow) -> Result<String, Stop> {
    if milliseconds > MILLISECONDS_MAX {
        return Err(Stop::Failed(format!("At most {MILLISECONDS_MAX} milliseconds.")));
    }
    // Nobody sends: waiting for it is a pause with an end.
    let (_sender, pause) = channel::<()>();
    let total = Duration::from_millis(milliseconds);
    let mut done = Duration::ZERO;
    let mut tenths = 0;
    cx.progress(0.0, 10.0);
    while done < total {
        if cx.is_cancelled() {
            return Err(Stop::Cancelled);
        }
        let step = STEP.min(total - done);
        let _ = pause.recv_timeout(step);
        done += step;
        let reached = 10 * done.as_millis() / total.as_millis().max(1);
        if reached > tenths {
            tenths = reached;
            cx.progress(u32::try_from(tenths).unwrap_or(10).into(), 10.0);
        }
    }
    Ok(format!("Took {milliseconds} ms."))
}
