//! What calls have cost, and whether their answers are right.

use std::{
    error::Error,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::load::busy_nanos;

pub(crate) type Failure = Box<dyn Error + Send + Sync>;

const MESSAGE: &str = "All the news that fits in a line.";

/// What the calls since its beginning have cost.
pub(crate) struct Meter {
    calls: usize,
    since: Instant,
    busy: u64,
}

impl Meter {
    pub(crate) fn start(calls: usize) -> Result<Self, Failure> {
        Ok(Self { calls, since: Instant::now(), busy: busy_nanos("self")? })
    }

    pub(crate) fn stop(self) -> Result<Value, Failure> {
        let (elapsed, busy) = (self.since.elapsed(), busy_nanos("self")? - self.busy);
        let calls = f64::from(u32::try_from(self.calls)?);
        Ok(json!({
            "calls_per_second": (calls / elapsed.as_secs_f64()).round(),
            "client_cpu_us": Duration::from_nanos(busy).as_secs_f64() * 1e6 / calls,
        }))
    }
}

/// What the tool is called with.
pub(crate) fn arguments() -> Value {
    json!({"message": MESSAGE})
}

/// Whether the tool has said that.
pub(crate) fn check(text: &str) -> Result<(), Failure> {
    if text == MESSAGE { Ok(()) } else { Err(format!("not what was said: {text}").into()) }
}
