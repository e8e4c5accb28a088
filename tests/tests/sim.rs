//! The simulator, seed by seed.
//!
//! `SIM_SEED=` says where to begin, `SIM_RUNS=` how many seeds there are.

use mcp_tests::sim;

/// As many as take about half a minute on one core.
const RUNS: u64 = 300;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[test]
fn whatever_a_seed_lets_happen_every_promise_is_kept() {
    let first = number("SIM_SEED").unwrap_or(0);
    for seed in first..first + number("SIM_RUNS").unwrap_or(RUNS) {
        if let Err(report) = sim::check_seed(seed) {
            panic!("{report}");
        }
    }
}
