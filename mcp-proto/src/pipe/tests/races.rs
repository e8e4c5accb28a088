//! Whatever comes first: a request has one outcome.

use super::*;

/// What can happen to a call, in any order.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Complete,
    Cancel,
    Silence,
    LateAnswer,
    SecondComplete,
}

const STEPS: [Step; 5] =
    [Step::Complete, Step::Cancel, Step::Silence, Step::LateAnswer, Step::SecondComplete];

/// Does the steps to the call with the id 1; returns how often it was answered.
fn run(peer: &mut Peer, order: &[Step]) -> usize {
    let mut cancelled = false;
    let mut done = 0;
    for step in order {
        let before = responses(peer);
        match step {
            Step::Complete | Step::SecondComplete => {
                done += usize::from(peer.answer(0, "{}").is_ok());
            }
            Step::Cancel => peer.send(&cancel("1")),
            Step::Silence => peer.wait(millis(5 * 60_000)),
            Step::LateAnswer => peer.reply("\"2.1.k\"", r#"{"action":"accept"}"#),
        }
        assert!(!cancelled || responses(peer) == before, "an answer after a cancellation");
        cancelled |= *step == Step::Cancel;
    }
    assert_eq!(responses(peer), done, "one answer for each command that was carried out");
    done
}

fn responses(peer: &Peer) -> usize {
    peer.lines.iter().filter(|line| line.starts_with(r#"{"jsonrpc":"2.0","id":1,"#)).count()
}

#[test]
fn a_call_has_one_outcome_in_every_order_of_events() {
    spec!("CAN-03", "CAN-07", "CAN-13");
    for version in Version::ALL {
        for order in orders(&STEPS) {
            let mut peer = Peer::calling(version);
            let answered = run(&mut peer, &order);
            check(&peer, &order, answered);
        }
    }
}

#[test]
fn a_call_that_asks_has_one_outcome_in_every_order_of_events() {
    spec!("CAN-03", "CAN-06", "CAN-07");
    for version in [Version::V2025_06_18, Version::V2025_11_25] {
        for order in orders(&STEPS) {
            let mut peer = Peer::asked(version);
            let answered = run(&mut peer, &order);
            check(&peer, &order, answered);
            // The question ended by its answer, its deadline or with the call: each ends it once.
            let first = order.iter().find(|step| **step != Step::SecondComplete);
            let comes_again = matches!(first, Some(Step::Silence | Step::LateAnswer))
                && order[0] != Step::SecondComplete;
            assert_eq!(peer.calls.len(), 1 + usize::from(comes_again), "{order:?}");
            let late =
                u64::from(order.iter().position(|step| *step == Step::LateAnswer) != Some(0));
            assert_eq!(peer.pipe.server().stats().unknown_responses, late, "{order:?}");
        }
    }
}

#[test]
fn a_request_that_ended_with_a_question_has_had_its_outcome() {
    for order in orders(&STEPS) {
        let mut peer = Peer::calling(Version::V2026_07_28);
        peer.ask(0, &[("k", form("Name?"))]).unwrap();
        assert_eq!(responses(&peer), 1);
        peer.forget();
        assert_eq!(run(&mut peer, &order), 0);
        assert!(peer.pipe.is_idle());
    }
}

fn check(peer: &Peer, order: &[Step], answered: usize) {
    let place = |wanted| order.iter().position(|step| *step == wanted).unwrap();
    let completed = place(Step::Complete).min(place(Step::SecondComplete));
    let expected = usize::from(completed < place(Step::Cancel));
    assert_eq!(answered, expected, "{order:?}");
    assert!(peer.pipe.is_idle(), "{order:?}");
    let stats = peer.pipe.server().stats();
    assert_eq!(stats.late_commands, 2 - expected as u64, "{order:?}");
    assert_eq!(stats.notifications, expected as u64, "{order:?}");
    assert_eq!(peer.calls[0].is_cancelled(), expected == 0, "{order:?}");
}
