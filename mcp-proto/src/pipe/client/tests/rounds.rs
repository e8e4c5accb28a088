//! Calls of 2026-07-28 whose server asks before it answers.

use super::*;

/// A result that asks these questions, as the members of `inputRequests`.
fn required(requests: &str, state: &str) -> String {
    let requests = if requests.is_empty() {
        String::new()
    } else {
        format!(r#","inputRequests":{{{requests}}}"#)
    };
    let state =
        if state.is_empty() { String::new() } else { format!(r#","requestState":{state}"#) };
    format!(r#"{{"resultType":"input_required"{requests}{state}}}"#)
}

fn elicit(key: &str) -> String {
    format!(r#""{key}":{{"method":"elicitation/create","params":{FORM}}}"#)
}

const ROOTS: &str = r#""r":{"method":"roots/list"}"#;

fn asked(requests: &str, state: &str) -> (Peer, ClientCallId) {
    let (mut peer, call) = Peer::calling(Version::V2026_07_28);
    peer.reply("2", &required(requests, state));
    (peer, call)
}

#[test]
fn a_call_goes_on_when_its_last_question_is_answered() {
    spec!("MRT-08", "MRT-09", "MRT-11", "MRT-13", "MRT-14", "MRT-16", "MRT-29");
    let requests = [
        elicit("k"),
        ROOTS.into(),
        r#""s":{"method":"sampling/createMessage","params":{"messages":[],"maxTokens":1}}"#.into(),
        r#""u":{"method":"elicitation/create","params":{"mode":"url","message":"Go","url":"https://a.example/"}}"#.into(),
    ]
    .join(",");
    let (mut peer, _) = asked(&requests, r#""a\u0062\/c""#);
    assert_eq!(peer.questions.len(), 4);
    peer.give(2, r#"{"role":"assistant"}"#).unwrap();
    peer.give(0, ACCEPT).unwrap();
    peer.give(3, r#"{"action":"decline"}"#).unwrap();
    assert_eq!((peer.lines.len(), peer.pipe.poll_timeout()), (0, None));
    peer.give(1, r#"{"roots":[]}"#).unwrap();
    let line = peer.lines.last().unwrap();
    assert!(line.contains(r#""requestState":"a\u0062\/c""#), "{line}");
    assert!(line.contains(r#""id":3,"#) && line.contains(r#""progressToken":3"#), "{line}");
    assert!(line.contains(r#""name":"echo","arguments":{"n":1},"inputResponses":{"#), "{line}");
    let responses = peer.member("/params/inputResponses").unwrap();
    let keys: Vec<&str> = responses.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["k", "r", "s", "u"]);
    assert_eq!(responses["u"].to_string(), r#"{"action":"decline"}"#);
    peer.reply("3", r#"{"content":[1]}"#);
    assert_eq!(peer.outcome(), Ok(json(r#"{"content":[1]}"#)));
}

#[test]
fn only_the_latest_round_is_sent() {
    spec!("MRT-12", "MRT-17");
    let (mut peer, _) = asked(&elicit("a"), r#""one""#);
    peer.give(0, ACCEPT).unwrap();
    peer.forget();
    peer.reply("3", &required(&elicit("b"), ""));
    peer.give(1, ACCEPT).unwrap();
    let params = peer.member("/params").unwrap();
    assert_eq!(params["inputResponses"].as_object().unwrap().len(), 1);
    assert!(params["inputResponses"]["b"].is_object());
    assert!(params.get("requestState").is_none());
}

#[test]
fn what_the_application_said_itself_is_not_said_twice() {
    let mut peer = Peer::ready(Version::V2026_07_28);
    let params = r#"{"name":"t","requestState":"mine","inputResponses":{"x":{}}}"#;
    peer.call("tools/call", params, patient());
    assert!(peer.line().contains(r#""requestState":"mine""#));
    peer.reply("2", &required(&elicit("k"), r#""s""#));
    peer.give(0, ACCEPT).unwrap();
    let line = peer.line();
    assert_eq!(line.matches("requestState").count(), 1, "{line}");
    assert_eq!(line.matches("inputResponses").count(), 1, "{line}");
}

#[test]
fn a_round_without_questions_is_paced() {
    spec!("MRT-10", "MRT-19");
    for requests in ["", r#","inputRequests":{}"#] {
        let (mut peer, _) = Peer::calling(Version::V2026_07_28);
        let result = format!(r#"{{"resultType":"input_required","requestState":"s"{requests}}}"#);
        peer.reply("2", &result);
        peer.wait(millis(99));
        assert_eq!(peer.lines.len(), 0);
        peer.wait(millis(1));
        let params = peer.member("/params").unwrap();
        assert_eq!(params["requestState"], "s");
        assert!(params.get("inputResponses").is_none());
    }
}

#[test]
fn rounds_are_capped() {
    spec!("MRT-18");
    let (mut peer, _) = Peer::calling(Version::V2026_07_28);
    for round in 0..10 {
        let id = (round + 2).to_string();
        peer.reply(&id, &required("", r#""s""#));
        assert_eq!(peer.finished, []);
        peer.wait(millis(100));
    }
    peer.reply("12", &required("", r#""s""#));
    assert_eq!(peer.outcome(), Err(CallError::TooManyRounds));
    assert_eq!((peer.lines.len(), peer.pipe.poll_timeout()), (10, None));
}

#[test]
fn a_round_that_may_not_be_is_a_violation() {
    spec!("ELI-07", "MRT-02", "MRT-04");
    let violation = |violation| Err(CallError::Violation(violation));
    let url =
        r#""u":{"method":"elicitation/create","params":{"mode":"url","message":"","url":"x:"}}"#;
    let tools = r#""s":{"method":"sampling/createMessage","params":{"messages":[],"tools":[]}}"#;
    let nested = r#""f":{"method":"elicitation/create","params":{"message":"","requestedSchema":{"type":"object","properties":{"a":{"type":"object"}}}}}"#;
    let unfit: [(String, Violation); 11] = [
        (required("", ""), Violation::MisplacedInputRequired),
        (
            r#"{"resultType":"input_required","inputRequests":{}}"#.into(),
            Violation::MisplacedInputRequired,
        ),
        (r#"{"resultType":"input_required","inputRequests":[]}"#.into(), Violation::Malformed),
        (r#"{"resultType":"input_required","inputRequests":{"k":5}}"#.into(), Violation::Malformed),
        (required("", "5"), Violation::Malformed),
        (required(r#""k":{"method":"ping"}"#, ""), Violation::Undeclared),
        (required(r#""k":{"method":"elicitation/create"}"#, ""), Violation::Undeclared),
        (required(nested, ""), Violation::Undeclared),
        (required(&format!("{ROOTS},{url}"), ""), Violation::Undeclared),
        (required(tools, ""), Violation::Undeclared),
        (
            required(
                r#""k":{"method":"elicitation/create","params":{"mode":"new","message":""}}"#,
                "",
            ),
            Violation::Undeclared,
        ),
    ];
    for (result, expected) in unfit {
        let mut peer = Peer::ready_with(Version::V2026_07_28, |config| {
            config.capabilities.sampling = Some(SamplingCapability::default());
            config.capabilities.elicitation =
                Some(ElicitationCapability { form: true, url: false });
        });
        peer.tool(patient());
        peer.forget();
        peer.reply("2", &result);
        assert_eq!(peer.outcome(), violation(expected), "{result}");
        assert_eq!((peer.questions.len(), peer.lines.len()), (0, 0), "nothing is asked in part");
    }
    let mut peer = Peer::ready(Version::V2026_07_28);
    peer.call("tools/list", "{}", patient());
    peer.reply("2", &required(ROOTS, ""));
    assert_eq!(peer.outcome(), violation(Violation::MisplacedInputRequired));
    let mut peer = Peer::ready_with(Version::V2026_07_28, |config| {
        config.limits.questions_max = 1;
    });
    peer.tool(patient());
    peer.reply("2", &required(&format!("{ROOTS},{}", elicit("k")), ""));
    assert_eq!(peer.outcome(), Err(CallError::OverLimit));
}

#[test]
fn a_refused_question_ends_the_call_and_withdraws_the_others() {
    for answer in
        [Answer::Refused(ErrorObject::new(-1, "User rejected sampling request")), Answer::TimedOut]
    {
        let (mut peer, _) = asked(&format!("{ROOTS},{}", elicit("s")), "");
        peer.answer(0, answer).unwrap();
        assert_eq!(peer.outcome(), Err(CallError::QuestionRefused));
        assert_eq!(peer.answer(1, Answer::TimedOut), Err(CommandError::Gone));
        assert_eq!(peer.lines.len(), 0, "there is nothing on its way");
        assert_eq!(peer.transcript().matches("withdrawn").count(), 1);
    }
}

#[test]
fn a_call_between_rounds_is_cancelled_without_a_word() {
    let (mut peer, call) = asked(&elicit("k"), "");
    peer.cancel(call).unwrap();
    assert_eq!(peer.outcome(), Err(CallError::Cancelled));
    assert_eq!(peer.lines.len(), 0);
    let (mut peer, call) = asked("", r#""s""#);
    peer.cancel(call).unwrap();
    peer.wait(millis(1000));
    assert_eq!(peer.lines.len(), 0);
}

#[test]
fn the_idle_clock_rests_while_a_person_thinks_and_the_total_one_does_not() {
    let mut peer = Peer::ready(Version::V2026_07_28);
    peer.tool(CallOptions::default());
    peer.reply("2", &required(&elicit("k"), ""));
    peer.wait(millis(3_600_000));
    assert_eq!(peer.finished, []);
    peer.give(0, ACCEPT).unwrap();
    peer.wait(millis(59_999));
    assert_eq!(peer.finished, []);
    peer.wait(millis(1));
    assert_eq!(peer.outcome(), Err(CallError::TimedOut));

    peer.forget();
    peer.tool(within(Some(millis(100))));
    peer.reply("4", &required(&elicit("k"), ""));
    peer.forget();
    peer.wait(millis(100));
    assert_eq!(peer.outcome(), Err(CallError::TimedOut));
    assert_eq!(peer.lines.len(), 0);
}

#[test]
fn a_result_after_answers_is_not_kept() {
    spec!("CCH-09", "MRT-27");
    let mut peer = Peer::ready(Version::V2026_07_28);
    let read = |peer: &mut Peer| peer.call("resources/read", r#"{"uri":"a:1"}"#, patient());
    read(&mut peer);
    peer.reply("2", &required(&elicit("k"), ""));
    peer.give(0, ACCEPT).unwrap();
    peer.reply("3", r#"{"contents":[],"ttlMs":60000,"cacheScope":"private"}"#);
    peer.forget();
    read(&mut peer);
    assert_eq!(peer.lines.len(), 1);
}

#[test]
fn rounds_of_two_calls_do_not_meet() {
    spec!("MRT-15");
    let (mut peer, _) = asked(&elicit("k"), r#""one""#);
    peer.tool(patient());
    peer.reply("3", &required(&elicit("k"), r#""two""#));
    peer.forget();
    peer.give(1, r#"{"action":"cancel"}"#).unwrap();
    let params = peer.member("/params").unwrap();
    assert_eq!(params["requestState"], "two");
    assert_eq!(params["inputResponses"]["k"]["action"], "cancel");
    peer.give(0, ACCEPT).unwrap();
    assert_eq!(peer.member("/params/requestState").unwrap(), "one");
}
