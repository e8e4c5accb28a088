//! Sealed states: what opens, and what never does.

use alloc::{boxed::Box, format};

use proptest::prelude::*;

use super::*;
use crate::{
    error::ErrorObject,
    server::{Answer, Answers, Asked, Question},
};

const NOW: Duration = Duration::from_secs(1_800_000_001);
const LATER: Duration = Duration::from_secs(1_800_000_061);
const BYTES_MAX: usize = 4096;

/// Counts up; so different each time, and known to the tests.
struct Counter(u8);

impl Entropy for Counter {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.0 += 1;
        bytes.fill(self.0);
    }
}

fn key(id: u8) -> StateKey {
    StateKey { id, key: [0xa0 | id; 32] }
}

fn sealer(ids: &[u8]) -> Sealer {
    let keys: Vec<_> = ids.iter().copied().map(key).collect();
    Sealer::new(&keys, &mut Counter(0))
}

fn json(text: &str) -> Json {
    Json::from_trusted(text)
}

fn memo() -> Memo {
    let asked = |digest, answer| Asked { digest, answer };
    let refused = ErrorObject::new(-1, "no").with_data(json("[1]"));
    Memo {
        answers: Answers {
            salt: [7; 32],
            by_key: [
                ("name".into(), asked(Some([1; 16]), Some(Answer::Given(json(r#"{"a":1}"#))))),
                ("model".into(), asked(Some([2; 16]), Some(Answer::Refused(refused)))),
                ("roots".into(), asked(None, Some(Answer::TimedOut))),
                ("open".into(), asked(Some([3; 16]), None)),
            ]
            .into(),
        },
        values: [("order".into(), json("42"))].into(),
        emitted: 3,
        rounds: 1,
    }
}

fn binding(arguments: &Json) -> Binding<'_> {
    let arguments = Some(arguments);
    Binding { subject: Some("ann"), method: "tools/call", target: "pay", arguments }
}

/// A sealer, the arguments, and a text that it sealed for them.
fn sealed() -> (Sealer, Json, String) {
    let (sealer, arguments) = (sealer(&[1]), json(r#"{"to":"bob","amount":5}"#));
    let text = sealer.seal(&memo(), &binding(&arguments), LATER, &mut Counter(0), BYTES_MAX);
    (sealer, arguments, text.unwrap())
}

#[test]
fn a_state_opens_for_the_request_it_was_sealed_for() {
    let (sealer, arguments, text) = sealed();
    assert_eq!(sealer.open(&text, &binding(&arguments), NOW, BYTES_MAX), Some(memo()));
}

#[test]
fn a_state_with_any_bit_changed_never_opens() {
    let (sealer, arguments, text) = sealed();
    for at in 0..text.len() {
        for bit in 0..7 {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let changed = String::from_utf8(bytes).unwrap();
            let opened = sealer.open(&changed, &binding(&arguments), NOW, BYTES_MAX);
            assert_eq!(opened, None, "byte {at}, bit {bit}");
        }
    }
}

#[test]
fn a_decoded_state_with_any_bit_changed_never_opens() {
    let (sealer, arguments, text) = sealed();
    let bytes = base64url_decode(&text).unwrap();
    for at in 0..bytes.len() * 8 {
        let mut bytes = bytes.clone();
        bytes[at / 8] ^= 1 << (at % 8);
        let changed = base64url_encode(&bytes);
        assert_eq!(sealer.open(&changed, &binding(&arguments), NOW, BYTES_MAX), None, "bit {at}");
    }
}

#[test]
fn a_state_cut_short_or_with_a_tail_never_opens() {
    let (sealer, arguments, text) = sealed();
    for len in 0..text.len() {
        assert_eq!(sealer.open(&text[..len], &binding(&arguments), NOW, BYTES_MAX), None);
    }
    for tail in ["A", "AA", "AAAA", "=", "\n", &text] {
        let longer = format!("{text}{tail}");
        assert_eq!(sealer.open(&longer, &binding(&arguments), NOW, BYTES_MAX), None);
    }
}

#[test]
fn a_state_opens_for_no_other_request() {
    let (sealer, arguments, text) = sealed();
    let ours = binding(&arguments);
    let other = json(r#"{"to":"bob","amount":6}"#);
    let others = [
        Binding { subject: Some("eve"), ..ours },
        Binding { subject: Some(""), ..ours },
        Binding { subject: None, ..ours },
        Binding { method: "prompts/get", ..ours },
        Binding { method: "tools/callp", target: "ay", ..ours },
        Binding { target: "refund", ..ours },
        Binding { target: "", ..ours },
        Binding { arguments: Some(&other), ..ours },
        Binding { arguments: None, ..ours },
    ];
    for other in others {
        assert_eq!(sealer.open(&text, &other, NOW, BYTES_MAX), None, "{other:?}");
    }
}

#[test]
fn a_state_opens_for_the_same_arguments_in_another_order_and_form() {
    let (sealer, _, text) = sealed();
    let reordered = json(r#" {"amount" : 5, "to":"\u0062ob"} "#);
    assert_eq!(sealer.open(&text, &binding(&reordered), NOW, BYTES_MAX), Some(memo()));
}

#[test]
fn a_state_expires_at_its_very_second() {
    let (sealer, arguments, text) = sealed();
    let open = |now| sealer.open(&text, &binding(&arguments), now, BYTES_MAX);
    assert_eq!(open(Duration::new(1_800_000_060, 999_999_999)), Some(memo()));
    assert_eq!(open(LATER), None);
    assert_eq!(open(Duration::MAX), None);
}

#[test]
fn a_retired_key_opens_until_it_is_removed_and_seals_no_more() {
    let (_, arguments, old) = sealed();
    let binding = binding(&arguments);
    let rotated = sealer(&[2, 1]);
    assert_eq!(rotated.open(&old, &binding, NOW, BYTES_MAX), Some(memo()));
    let new = rotated.seal(&memo(), &binding, LATER, &mut Counter(9), BYTES_MAX).unwrap();
    let removed = sealer(&[2]);
    assert_eq!(removed.open(&new, &binding, NOW, BYTES_MAX), Some(memo()));
    assert_eq!(removed.open(&old, &binding, NOW, BYTES_MAX), None);
}

#[test]
fn keys_that_share_an_id_all_open() {
    let (_, arguments, text) = sealed();
    let impostor = StateKey { id: 1, key: [0; 32] };
    let both = Sealer::new(&[impostor.clone(), key(1)], &mut Counter(0));
    assert_eq!(both.open(&text, &binding(&arguments), NOW, BYTES_MAX), Some(memo()));
    let alone = Sealer::new(&[impostor], &mut Counter(0));
    assert_eq!(alone.open(&text, &binding(&arguments), NOW, BYTES_MAX), None);
}

#[test]
fn without_keys_one_is_drawn_that_others_do_not_have() {
    let arguments = json("{}");
    let mut entropy = Counter(0);
    let [ours, theirs] = [(); 2].map(|()| Sealer::new(&[], &mut entropy));
    let text = ours.seal(&memo(), &binding(&arguments), LATER, &mut entropy, BYTES_MAX).unwrap();
    assert_eq!(ours.open(&text, &binding(&arguments), NOW, BYTES_MAX), Some(memo()));
    assert_eq!(theirs.open(&text, &binding(&arguments), NOW, BYTES_MAX), None);
}

#[test]
fn given_keys_draw_nothing() {
    let mut entropy = Counter(0);
    Sealer::new(&[key(1)], &mut entropy);
    assert_eq!(entropy.0, 0);
}

#[test]
fn a_state_over_the_limit_is_neither_sealed_nor_opened() {
    let (sealer, arguments, text) = sealed();
    let binding = binding(&arguments);
    let mut entropy = Counter(0);
    let mut seal = |max| sealer.seal(&memo(), &binding, LATER, &mut entropy, max);
    assert_eq!(seal(text.len() - 1), None);
    assert_eq!(seal(text.len()).as_ref(), Some(&text));
    assert_eq!(sealer.open(&text, &binding, NOW, text.len() - 1), None);
    assert_eq!(sealer.open(&text, &binding, NOW, text.len()), Some(memo()));
}

#[test]
fn two_states_of_one_memo_differ() {
    let (sealer, arguments, _) = sealed();
    let mut entropy = Counter(0);
    let [first, second] =
        [(); 2].map(|()| sealer.seal(&memo(), &binding(&arguments), LATER, &mut entropy, 4096));
    assert_ne!(first.unwrap(), second.unwrap());
}

#[test]
fn neither_a_sealer_nor_its_keys_show_a_key() {
    let shown = format!("{:?}", sealer(&[1]));
    assert_eq!(shown, "Sealer { keys: [StateKey { id: 1, .. }] }");
}

/// What the other keyholders wrote may be of a release that this one does not know.
#[test]
fn what_was_sealed_but_is_no_memo_does_not_open() {
    let (sealer, arguments, _) = sealed();
    let binding = binding(&arguments);
    let mut plain = Writer::default();
    plain.number(LATER.as_secs());
    memo::write(&memo(), &mut plain);
    let plain = plain.into_bytes();
    let seal = |plain: &[u8]| {
        let payload = Payload { msg: plain, aad: &binding.encode(1) };
        let body = cipher(&key(1)).encrypt(&XNonce::default(), payload).unwrap();
        base64url_encode(&[&[FORMAT, 1], &[0; NONCE_BYTES][..], &body].concat())
    };
    let open = |plain: &[u8]| sealer.open(&seal(plain), &binding, NOW, BYTES_MAX);
    assert_eq!(open(&plain), Some(memo()));
    for len in 0..plain.len() {
        assert_eq!(open(&plain[..len]), None, "cut at {len}");
    }
    assert_eq!(open(&[&plain[..], &[0]].concat()), None);
}

fn question(params: &str) -> Question {
    Question::Elicit(json(params))
}

#[test]
fn an_answer_counts_only_for_the_question_it_answers() {
    let mut answers = Answers::default();
    ensure_salt(&mut answers, &mut Counter(0));
    let digest = Some(digest(&answers.salt, &question(r#"{"message":"Pay 5?"}"#)));
    let answer = Answer::Given(json(r#"{"action":"accept"}"#));
    let asked = |answer| Asked { digest, answer };
    answers.by_key.insert("sure".into(), asked(Some(answer.clone())));
    answers.by_key.insert("open".into(), asked(None));
    let unasked = Asked { digest: None, answer: Some(answer.clone()) };
    answers.by_key.insert("unasked".into(), unasked);
    let reformatted = question(r#" { "\u006dessage" : "Pay 5?" } "#);
    assert_eq!(answers.to("sure", &reformatted), Some(&answer));
    assert_eq!(answers.to("sure", &question(r#"{"message":"Pay 500?"}"#)), None);
    for key in ["open", "unasked", "unknown"] {
        assert_eq!(answers.to(key, &reformatted), None, "{key}");
    }
}

#[test]
fn questions_that_differ_in_anything_have_different_digests() {
    let url = |message: &str, url: &str, elicitation: &str| Question::ElicitUrl {
        message: message.into(),
        url: url.into(),
        elicitation: elicitation.into(),
    };
    let other = |method: &str, params| Question::Other { method: method.into(), params };
    let questions = [
        question("{}"),
        question(r#"{"a":1}"#),
        question(r#"{"a":1.0}"#),
        Question::Sample(json("{}")),
        Question::Roots,
        url("a", "b", "c"),
        url("ab", "", "c"),
        url("a", "bc", ""),
        other("a", json("{}")),
        other("b", json("{}")),
        other("a", json("[]")),
    ];
    for (at, one) in questions.iter().enumerate() {
        for (other_at, other) in questions.iter().enumerate() {
            let same = digest(&[1; 32], one) == digest(&[1; 32], other);
            assert_eq!(same, at == other_at, "{one:?} and {other:?}");
        }
        assert_ne!(digest(&[1; 32], one), digest(&[2; 32], one));
    }
}

#[test]
fn a_salt_is_drawn_once() {
    let (mut answers, mut entropy) = (Answers::default(), Counter(0));
    ensure_salt(&mut answers, &mut entropy);
    ensure_salt(&mut answers, &mut entropy);
    assert_eq!((answers.salt, entropy.0), ([1; 32], 1));
}

fn any_json() -> impl Strategy<Value = Json> {
    any::<String>().prop_map(|text| json(&serde_json::to_string(&text).unwrap()))
}

fn any_key() -> impl Strategy<Value = Box<str>> {
    any::<String>().prop_map(Into::into)
}

fn any_answer() -> impl Strategy<Value = Answer> {
    let error = (any::<i64>(), any::<String>(), proptest::option::of(any_json()));
    prop_oneof![
        any_json().prop_map(Answer::Given),
        error.prop_map(|(code, message, data)| Answer::Refused(ErrorObject {
            code,
            message: message.into(),
            data
        })),
        Just(Answer::TimedOut),
    ]
}

fn any_memo() -> impl Strategy<Value = Memo> {
    let asked = (any::<Option<[u8; 16]>>(), proptest::option::of(any_answer()))
        .prop_map(|(digest, answer)| Asked { digest, answer });
    let by_key = proptest::collection::btree_map(any_key(), asked, 0..4);
    let values = proptest::collection::btree_map(any_key(), any_json(), 0..4);
    let salt = any::<[u8; 32]>();
    (salt, by_key, values, any::<u32>(), any::<u32>()).prop_map(
        |(salt, by_key, values, emitted, rounds)| {
            let answers = Answers { salt, by_key };
            Memo { answers, values, emitted, rounds }
        },
    )
}

proptest! {
    #[test]
    fn every_memo_comes_back_as_it_was(
        memo in any_memo(),
        subject in any::<Option<String>>(),
        target: String,
        arguments in proptest::option::of(any_json()),
    ) {
        let (subject, arguments) = (subject.as_deref(), arguments.as_ref());
        let binding = Binding { subject, method: "tools/call", target: &target, arguments };
        let sealer = sealer(&[1]);
        let text = sealer.seal(&memo, &binding, LATER, &mut Counter(0), usize::MAX);
        let text = text.unwrap_or_default();
        prop_assert_eq!(sealer.open(&text, &binding, NOW, text.len()), Some(memo));
    }

    #[test]
    fn no_text_of_a_stranger_opens(text: String, bytes: Vec<u8>) {
        let (sealer, arguments, _) = sealed();
        let wrapped = base64url_encode(&[&[FORMAT, 1][..], &bytes].concat());
        for text in [text, wrapped] {
            prop_assert_eq!(sealer.open(&text, &binding(&arguments), NOW, BYTES_MAX), None);
        }
    }
}

#[test]
fn what_is_shown_of_answers_is_what_was_asked_and_what_came() {
    let shown = format!("{:?}", memo().answers);
    for part in ["\"name\": ", "Given({\"a\":1})", "\"roots\": ", "TimedOut", "\"open\": "] {
        assert!(shown.contains(part), "{shown}");
    }
    assert!(!shown.contains("salt"), "{shown}");
}

#[test]
fn an_answer_of_an_unknown_kind_makes_a_memo_unreadable() {
    let asked = Asked { digest: None, answer: Some(Answer::TimedOut) };
    let mut memo = Memo::default();
    memo.answers.by_key.insert("k".into(), asked);
    let mut plain = Writer::default();
    memo::write(&memo, &mut plain);
    let mut bytes = plain.into_bytes();
    assert_eq!(memo::read(&mut Reader::new(&bytes)), Some(memo));
    let kind = bytes.iter().rposition(|byte| *byte == 2).unwrap();
    for unknown in 3..=u8::MAX {
        bytes[kind] = unknown;
        assert_eq!(memo::read(&mut Reader::new(&bytes)), None);
    }
}
