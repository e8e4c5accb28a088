//! The simulator, seed by seed.
//!
//! `SIM_SEED=` says where to begin, `SIM_RUNS=` how many seeds there are.

use mcp_tests::sim::{self, Case, Interjection, Lie};

/// As many as take about half a minute on one core.
const RUNS: u64 = 600;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[test]
fn whatever_a_seed_lets_happen_every_promise_is_kept() {
    let first = number("SIM_SEED").unwrap_or(0);
    for seed in first..first + number("SIM_RUNS").unwrap_or(RUNS) {
        if let Err(failure) = sim::check(&Case::of_seed(seed)) {
            panic!("{}", failure.report);
        }
    }
}

/// What seeds must come to, or the promises about it are not tried at all; `..` stands for anything
/// within a line.
const RARE: [&str; 12] = [
    "\"prompts/get\"..\"requestState\"",
    "\"resources/read\"..\"requestState\"",
    "elicitation/create..\"c0.",
    "-> s0 [{..{",
    "<- s0 [{..{",
    "There is nothing to resume after this Last-Event-ID",
    "Too many requests in flight",
    "Too many sessions",
    " SessionLost",
    " is behind",
    " is repeated",
    " breaks",
];

#[test]
fn seeds_come_to_what_is_rare() {
    let lies = Lie::ALL.map(|lie| format!("{lie:?} is told Some"));
    let others = Interjection::ALL.map(|what| format!("Interject({what:?})"));
    let mut left: Vec<&str> = RARE.to_vec();
    left.extend(lies.iter().chain(&others).map(String::as_str));
    for seed in 0..RUNS {
        let ran = sim::run(&Case::of_seed(seed));
        let text = ran.trace.lines().chain(ran.record.lines());
        left.retain(|rare| !text.clone().any(|line| has(line, rare)));
        if left.is_empty() {
            return;
        }
    }
    panic!("no seed comes to {left:?}");
}

fn has(line: &str, rare: &str) -> bool {
    let mut rest = Some(line);
    for part in rare.split("..") {
        rest = rest.and_then(|rest| rest.split_once(part)).map(|(_, rest)| rest);
    }
    rest.is_some()
}
