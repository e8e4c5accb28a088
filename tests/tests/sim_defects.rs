//! Worlds with one thing wrong in them: the simulator finds it, names it, makes it small, and says
//! how to have it again.

use mcp_tests::sim::{self, Case, Defect, Failure};

/// The first seed in whose world a defect comes to light under this name.
#[track_caller]
fn seed_of(defect: Defect, name: &str) -> u64 {
    let shows = |seed: &u64| {
        let violation = sim::violation(&Case { defect: Some(defect), ..Case::of_seed(*seed) });
        violation.is_some_and(|violation| violation.contains(name))
    };
    (0..600).find(shows).expect("a seed that shows it")
}

#[track_caller]
fn assert_found(defect: Defect, name: &str) {
    let seed = seed_of(defect, name);
    let case = Case { defect: Some(defect), ..Case::of_seed(seed) };
    let Failure { case, report } = *sim::check(&case).expect_err("it is wrong each time");
    assert!(report.contains(name), "{report}");
    assert!(case.clients.len() <= 2 && case.script.len() <= 6, "it is not small: {report}");
    assert!(report.contains("\n     0.000 c0 "), "the trace is missing: {report}");
    let last = report.lines().last().unwrap_or_default();
    let again = format!("SIM_SEED={seed} SIM_RUNS=1 cargo test -p mcp-tests --test sim");
    assert_eq!(last, again);
}

#[test]
fn an_answer_that_comes_twice_is_found() {
    assert_found(Defect::TwoAnswers, "VIOLATION of \"one conclusion\"");
}

#[test]
fn a_call_that_is_never_answered_is_found() {
    assert_found(Defect::NoAnswer, "it ends otherwise than with");
}

#[test]
fn a_log_below_the_level_is_found() {
    assert_found(Defect::LowLogs, "VIOLATION of \"log gate\"");
}

#[test]
fn an_event_that_is_not_sent_again_is_found() {
    assert_found(Defect::LostEvent, "VIOLATION of \"replay\"");
}

#[test]
fn a_state_that_serves_somebody_else_is_found() {
    assert_found(Defect::OneSubject, "VIOLATION of \"state integrity\"");
}

#[test]
fn a_session_that_serves_somebody_else_is_found() {
    assert_found(Defect::OneSubject, "VIOLATION of \"isolation\"");
}

#[test]
fn a_timer_that_never_rests_is_found() {
    assert_found(Defect::EndlessTimer, "does not do what is due");
}

#[test]
fn a_world_that_is_another_one_each_time_is_found() {
    assert_found(Defect::Chance, "another run leaves another trace");
}
