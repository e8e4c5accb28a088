//! The model: what is not as it says is caught by it, and the simulator keeps to it in small
//! cases that shrink well.

use std::collections::BTreeMap;

use mcp_tests::{
    model::{Answered, Kind, Outcome, Revision, Seen, Situation, Step, Tries, agree, predict},
    sim::{self, Act, Answer, Call, Case, Client, Net, Server, Transition},
};
use proptest::prelude::*;

/// A call that logs, tells progress, asks, and tells progress again.
fn script() -> Vec<Step> {
    vec![Step::Log(4), Step::Progress(2), Step::Ask("a".into()), Step::Progress(1), Step::Note(1)]
}

fn situation(revision: Revision) -> Situation {
    Situation {
        revision,
        kind: Kind::Tool,
        levels: vec![Some(1)],
        progress: true,
        asks: true,
        samples: true,
        answers: BTreeMap::from([("a".into(), Answered::Value(3))]),
        server_rounds: 10,
        client_rounds: 10,
        lossy: false,
    }
}

/// What is wrong with this, if it was seen of the script in full.
fn wrong(revision: Revision, seen: &[Seen]) -> Option<String> {
    predict(&script(), &situation(revision)).check(seen, true).err()
}

#[test]
fn what_a_client_sees_of_a_call_is_the_same_but_for_the_floor_of_progress() {
    let asked = || Seen::Asked("a".into());
    let legacy = [Seen::Log(0), Seen::Progress(2), asked(), Seen::Note(4)];
    let modern = [Seen::Log(0), Seen::Progress(2), asked(), Seen::Progress(1), Seen::Note(4)];
    assert_eq!(wrong(Revision::Nov2025, &legacy), None);
    assert_eq!(wrong(Revision::Jul2026, &modern), None);
    assert!(wrong(Revision::Jul2026, &legacy).is_some());
    assert!(wrong(Revision::Nov2025, &modern).is_some());
    let prediction = predict(&script(), &situation(Revision::Nov2024));
    assert_eq!(prediction.outcome, Outcome::Refused(-32_021), "that revision has no forms");
}

#[test]
fn each_kind_of_bad_trace_is_caught() {
    let good = [Seen::Log(0), Seen::Progress(2), Seen::Asked("a".into()), Seen::Note(4)];
    for place in 0..good.len() {
        let mut missing = good.to_vec();
        missing.remove(place);
        assert!(wrong(Revision::Nov2025, &missing).is_some(), "{place} is missing");
        let mut twice = good.to_vec();
        twice.insert(place, good[place].clone());
        assert!(wrong(Revision::Nov2025, &twice).is_some(), "{place} comes twice");
        let mut swapped = good.to_vec();
        swapped.swap(place, (place + 1) % good.len());
        assert!(wrong(Revision::Nov2025, &swapped).is_some(), "{place} is out of order");
    }
    let foreign = [good.to_vec(), vec![Seen::Log(3)]].concat();
    assert!(wrong(Revision::Nov2025, &foreign).is_some());
}

#[test]
fn both_sides_agree_on_the_newest_that_both_have() {
    let [old, .., new] = Revision::ALL;
    assert_eq!(agree(Tries::Both, &Revision::ALL), Some(new));
    assert_eq!(agree(Tries::Legacy, &Revision::ALL), Some(Revision::Nov2025));
    assert_eq!(agree(Tries::Both, &[old]), Some(old));
    assert_eq!(agree(Tries::Legacy, &[new]), None);
    assert_eq!(agree(Tries::Only(old), &[new]), None);
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..8u8).prop_map(Step::Log),
        (0..6u32).prop_map(Step::Progress),
        (1..2_000u32).prop_map(Step::Sleep),
        "[ab]".prop_map(Step::Ask),
        "[mn]".prop_map(Step::Sample),
        "[kl]".prop_map(Step::Once),
        (1..700u32).prop_map(Step::Note),
        Just(Step::Park),
        Just(Step::Fail("failed".into())),
    ]
}

fn call() -> impl Strategy<Value = Call> {
    let answered =
        prop_oneof![(0..9u32).prop_map(Answered::Value), Just(Answered::Refused)].boxed();
    let answer = (answered, prop::option::of(0..3_000u32))
        .prop_map(|(answered, after)| Answer { answered, after });
    let steps = prop::collection::vec(step(), 0..6);
    let answers = prop::collection::vec(answer, 4);
    let cancel = prop::option::weighted(0.2, 0..2_000u32);
    (steps, prop::option::of(0..8u8), answers, cancel).prop_map(
        |(steps, level, answers, cancel_after)| Call {
            kind: Kind::Tool,
            steps,
            level,
            progress: true,
            answers: ["a", "b", "m", "n"].map(String::from).into_iter().zip(answers).collect(),
            cancel_after,
        },
    )
}

fn transition() -> impl Strategy<Value = Transition> {
    let act = prop_oneof![
        6 => call().prop_map(Act::Call),
        1 => (0..8u8).prop_map(Act::SetLevel),
        1 => (0..8u8, 0..8u8).prop_map(|(lists, uris)| Act::Listen(lists, uris)),
        1 => Just(Act::Unlisten),
        1 => (1..9_000u32).prop_map(Act::Hang),
        1 => prop_oneof![Just(Act::Reset), Just(Act::Vanish), Just(Act::Close)],
        1 => Just(Act::ShutDown),
        1 => Just(Act::Reconnect),
    ];
    prop_oneof![
        8 => (0..2usize, act).prop_map(|(client, act)| Transition::Act(client, act)),
        2 => (1..6_000u32).prop_map(Transition::Advance),
        1 => (0..3usize).prop_map(Transition::Update),
        1 => (0..3usize).prop_map(Transition::Change),
        1 => Just(Transition::Restart),
    ]
}

fn case() -> impl Strategy<Value = Case> {
    let tries = prop_oneof![Just(Tries::Both), Just(Tries::Legacy)].boxed();
    let client =
        (any::<bool>(), tries).prop_map(|(web, tries)| Client { web, tries, ..Client::default() });
    let clients = prop::collection::vec(client, 1..3);
    let script = prop::collection::vec(transition(), 1..20);
    let net = (prop::sample::select(vec![65_536u32, 30]), 0..20u32, 0..10u32).prop_map(
        |(chunk_max, delay_max, cut)| Net { chunk_max, delay_max, cut, ..Net::default() },
    );
    (0..1_000u64, net, any::<bool>(), clients, script).prop_map(
        |(seed, net, inline, clients, script)| Case {
            seed,
            net,
            server: Server { inline, ..Server::default() },
            clients,
            script,
            defect: None,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn whatever_happens_each_client_sees_what_the_model_predicts(case in case()) {
        let ran = sim::run(&case);
        prop_assert_eq!(ran.violation, None, "{}", ran.trace);
    }
}
