//! The simulator: clients and servers of this project, a network that is true to its kind, and
//! everything that can go wrong, in virtual time, on one thread, decided by a seed.

mod actor;
mod app;
mod changes;
mod conduct;
mod defect;
mod draw;
mod generate;
mod interject;
mod judge;
mod levels;
mod lies;
mod link;
mod machine;
mod pipes;
mod plan;
mod script;
mod shrink;
mod trace;
mod web;
mod webs;
mod world;

pub use defect::Defect;
pub use draw::Draw;
pub use plan::{
    Act, Answer, Call, Case, Client, Interjection, Lie, Net, Replay, Room, Server, Transition,
};

use std::{
    fmt::Write as _,
    panic::{AssertUnwindSafe, catch_unwind},
};

use trace::{Record, Trace};
use world::World;

/// What a run of a case leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// What happened, one line for each thing.
    pub trace: String,
    /// Every message, as [`recorded`](crate::conversation::recorded) reads it.
    pub record: String,
    /// What is wrong, if anything is.
    pub violation: Option<String>,
}

/// Runs a case once.
pub fn run(case: &Case) -> Ran {
    let trace = Trace::default();
    let record = Record::default();
    let (kept, whole) = (trace.clone(), record.clone());
    let ran = catch_unwind(AssertUnwindSafe(|| World::new(case, trace, record).run()));
    let violation = match ran {
        Ok(verdict) => verdict.err(),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
            Some(format!("VIOLATION: a panic: {}", text.unwrap_or_default()))
        }
    };
    Ran { trace: kept.take(), record: whole.take(), violation }
}

/// What is wrong with a case.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The smallest case like it in which the same is wrong.
    pub case: Case,
    /// That case, what happens in it, what is wrong, and how to have it again.
    pub report: String,
}

/// Runs a case twice; tells of a failure if something is wrong.
pub fn check(case: &Case) -> Result<(), Box<Failure>> {
    let Some(violation) = violation(case) else { return Ok(()) };
    let quiet = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| ()));
    let same = |case: &Case| self::violation(case).is_some_and(|v| kind(&v) == kind(&violation));
    let seed = case.seed;
    let (case, tries) = shrink::shrink(case.clone(), same);
    std::panic::set_hook(quiet);
    let ran = run(&case);
    let mut report = format!("the smallest of {tries} cases like this one:\n{}", shown(&case));
    let _ = writeln!(report, "{}{}", ran.trace, ran.violation.unwrap_or(violation));
    let _ = write!(report, "SIM_SEED={seed} SIM_RUNS=1 cargo test -p mcp-tests --test sim");
    Err(Box::new(Failure { case, report }))
}

/// What is wrong with a case, if anything is: that it is not the same each time, too.
pub fn violation(case: &Case) -> Option<String> {
    let ran = run(case);
    if ran.violation.is_none() && run(case) != ran {
        return Some("VIOLATION of \"determinism\": another run leaves another trace".into());
    }
    ran.violation
}

/// Which promise it is that is not kept.
fn kind(violation: &str) -> &str {
    violation.split(':').next().unwrap_or_default()
}

fn shown(case: &Case) -> String {
    let mut text = format!("SEED={} {:?}\n{:?}\n", case.seed, case.net, case.server);
    for (number, client) in case.clients.iter().enumerate() {
        let _ = writeln!(text, "c{number} {client:?}");
    }
    for transition in &case.script {
        let _ = writeln!(text, "{transition:?}");
    }
    text
}
