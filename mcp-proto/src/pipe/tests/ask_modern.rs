//! Questions in 2026-07-28: the call ends with `input_required` and comes again as a new one.

use super::*;
use crate::server::{StateGuard, StateKey};

const LATEST: Version = Version::V2026_07_28;

/// The `requestState` that was sent last.
fn state(peer: &mut Peer) -> String {
    let state = peer.member("/result/requestState").unwrap();
    state.as_str().unwrap().into()
}

/// The members of a retry: those of the first request, the answers and the state.
fn retry(answers: &str, state: &str) -> String {
    format!(r#"{TOOL},"inputResponses":{answers},"requestState":"{state}""#)
}

/// A tool that has asked `k`, and the state that goes with it.
fn asked() -> (Peer, String) {
    let mut peer = Peer::calling(LATEST);
    peer.ask(0, &[("k", form("Name?"))]).unwrap();
    let state = state(&mut peer);
    (peer.forgetting(), state)
}

const ACCEPT: &str = r#"{"k":{"action":"accept","content":{"name":"n"}}}"#;

#[test]
fn a_question_ends_the_call_and_its_answer_begins_another() {
    spec!(
        "CCH-05", "ELI-16", "ELI-25", "MRT-03", "MRT-05", "MRT-26", "ROO-05", "RPC-27", "SAM-12",
        "STD-10", "TOL-18",
    );
    let mut peer = Peer::calling(LATEST);
    let (message, url, elicitation) = ("Log in".into(), "https://a/".into(), "e-1".into());
    let url = Question::ElicitUrl { message, url, elicitation };
    let questions = [("a", form("Name?")), ("b", url), ("c", Question::Roots)];
    peer.ask(0, &questions).unwrap();
    assert!(peer.pipe.is_idle());
    let state = state(&mut peer);
    let answers = r#"{"a":{"action":"decline"},"b":{"action":"accept"},"c":{"roots":[]}}"#;
    peer.send(&modern("2", "tools/call", &retry(answers, &state)));
    peer.answer(1, r#"{"content":[]}"#).unwrap();
    insta::assert_snapshot!(peer.transcript(), @r#"
    < {"id":1,"result":{"resultType":"input_required",
          "inputRequests":{"a":{"method":"elicitation/create","params":{"message":"Name?",
          "requestedSchema":{"type":"object"}}},"b":{"method":"elicitation/create",
          "params":{"mode":"url","message":"Log in","url":"https://a/"}},
          "c":{"method":"roots/list","params":{}}},"requestState":{state},
          "_meta":{"mcp/serverInfo":{"name":"s","version":"1"}}}}
    > {"id":2,"method":"tools/call","params":{"name":"echo","arguments":{"n":1},
          "inputResponses":{"a":{"action":"decline"},"b":{"action":"accept"},
          "c":{"roots":[]}},"requestState":{state},"_meta":{modern}}}
    * call #2 for 2: tools/call echo {"n":1}; a = {"action":"decline"}; b =
          {"action":"accept"}; c = {"roots":[]}
    < {"id":2,"result":{"resultType":"complete","content":[],
          "_meta":{"mcp/serverInfo":{"name":"s","version":"1"}}}}
    "#);
}

#[test]
fn an_honest_client_may_write_its_request_anew() {
    spec!("MRT-28");
    let (mut peer, state) = asked();
    let members = format!(
        r#""requestState":"{state}", "arguments":{{ "n" : 1 }},"inputResponses":{ACCEPT},{}"#,
        r#""name":"\u0065cho""#
    );
    peer.send(&modern_with("{}", "\"other\"", "tools/call", &members));
    assert!(peer.answer_to(1, "k", &form("Name?")).is_some());
    assert_eq!(peer.answer_to(1, "k", &form("Other?")), None);
}

#[test]
fn a_state_that_is_not_ours_for_this_request_is_refused_in_one_way() {
    spec!("MRT-20", "MRT-21", "MRT-25");
    let (mut peer, state) = asked();
    let expected =
        r#"{"jsonrpc":"2.0","id":2,"error":{"code":-32602,"message":"Invalid requestState"}}"#;
    let mut refused = |method: &str, members: &str| {
        peer.send(&modern("2", method, members));
        assert_eq!(peer.line(), expected, "{members}");
    };
    let flipped = |at: usize| {
        let mut text = state.clone().into_bytes();
        text[at] = if text[at] == b'A' { b'B' } else { b'A' };
        String::from_utf8(text).unwrap()
    };
    for at in 0..state.len() {
        refused("tools/call", &retry(ACCEPT, &flipped(at)));
        refused("tools/call", &retry(ACCEPT, &state[..at]));
    }
    refused("tools/call", &retry(ACCEPT, &format!("{state}A")));
    refused("tools/call", &retry(ACCEPT, &"A".repeat(70_000)));
    refused("tools/call", &retry(ACCEPT, &state).replace("echo", "rm"));
    refused("tools/call", &retry(ACCEPT, &state).replace("\"n\":1", "\"n\":2"));
    refused("prompts/get", &retry(ACCEPT, &state).replace("\"n\":1", "\"n\":\"1\""));
    refused("resources/read", &format!(r#""uri":"echo","requestState":"{state}""#));
    assert_eq!(peer.calls.len(), 1);
    peer.send(&modern("3", "tools/call", &retry(ACCEPT, &state)));
    assert_eq!(peer.calls.len(), 2);
}

#[test]
fn a_state_expires() {
    spec!("MRT-21");
    let (mut peer, state) = asked();
    peer.wait(millis(3_600_000 - 1));
    peer.send(&modern("2", "tools/call", &retry(ACCEPT, &state)));
    assert_eq!(peer.calls.len(), 2);
    peer.answer(1, "{}").unwrap();
    peer.forget();
    peer.wait(millis(1000));
    peer.send(&modern("3", "tools/call", &retry(ACCEPT, &state)));
    assert!(peer.line().contains(r#""message":"Invalid requestState""#));
}

#[test]
fn another_server_with_the_same_key_opens_the_state_and_another_key_does_not() {
    spec!("ELI-23", "MRT-21", "MRT-28", "SEC-03", "VER-15");
    let server = |key: u8, subject: &str| {
        Peer::with(|config| {
            config.state_keys = Vec::from([StateKey { id: 1, key: [key; 32] }]);
            let subject = Some(subject.into());
            config.pipe_grant = Arc::new(crate::Grant { subject, ..crate::Grant::default() });
        })
    };
    let mut first = server(7, "ann");
    first.call(LATEST, "1");
    first.ask(0, &[("k", form("Name?"))]).unwrap();
    let state = state(&mut first);
    for (key, subject, calls) in [(7, "ann", 1), (8, "ann", 0), (7, "bob", 0)] {
        let mut other = server(key, subject);
        other.send(&modern("2", "tools/call", &retry(ACCEPT, &state)));
        assert_eq!(other.calls.len(), calls, "{key} {subject}");
    }
}

#[test]
fn a_guard_lets_a_state_count_once() {
    spec!("MRT-22");
    let used = Arc::new(AtomicUsize::new(0));
    let counter = used.clone();
    let guard = StateGuard::new(move |_| counter.fetch_add(1, Ordering::Relaxed) == 0);
    let mut peer = Peer::with(|config| config.state_guard = Some(guard));
    peer.call(LATEST, "1");
    peer.ask(0, &[("k", form("Name?"))]).unwrap();
    let state = state(&mut peer);
    peer.send(&modern("2", "tools/call", &retry(ACCEPT, "forged")));
    assert_eq!(used.load(Ordering::Relaxed), 0);
    for id in ["3", "4"] {
        peer.send(&modern(id, "tools/call", &retry(ACCEPT, &state)));
    }
    assert_eq!((peer.calls.len(), used.load(Ordering::Relaxed)), (2, 2));
}

#[test]
fn answers_under_keys_that_were_not_asked_are_ignored() {
    spec!("MRT-23", "MRT-24");
    let (mut peer, state) = asked();
    peer.send(&modern("2", "tools/call", &retry(r#"{"x":{}}"#, &state)));
    let members = format!(r#"{TOOL},"requestState":"{state}""#);
    peer.send(&modern("3", "tools/call", &members));
    for nth in [1, 2] {
        assert_eq!(peer.answer_to(nth, "k", &form("Name?")), None);
        assert_eq!(peer.calls[nth].memo.answers.unasked("x"), None);
    }
    peer.forget();
    peer.ask(1, &[("k", form("Name?"))]).unwrap();
    assert!(peer.line().contains("input_required"));
}

#[test]
fn answers_without_a_state_are_answers_to_nothing() {
    let mut peer = Peer::fresh();
    let members = format!(r#"{TOOL},"inputResponses":{ACCEPT}"#);
    peer.send(&modern("1", "tools/call", &members));
    assert_eq!(peer.answer_to(0, "k", &form("Name?")), None);
    assert!(peer.calls[0].memo.answers.unasked("k").is_some());
}

#[test]
fn malformed_answers_are_refused() {
    spec!("MRT-25");
    let (mut peer, state) = asked();
    for answers in ["[]", "1", "null", r#"{"k":1}"#, r#"{"k":null}"#, r#"{"k":{},"k":{}}"#] {
        peer.forget();
        peer.send(&modern("2", "tools/call", &retry(answers, &state)));
        assert!(peer.line().contains(r#""error":{"code":-32602"#), "{answers}");
    }
    peer.send(&modern("2", "tools/call", &format!(r#"{TOOL},"requestState":{{}}"#)));
    assert_eq!(peer.calls.len(), 1);
}

#[test]
fn rounds_are_counted_in_the_state() {
    spec!("MRT-18");
    let mut peer = Peer::calling(LATEST);
    for round in 0..10 {
        peer.forget();
        peer.ask(round, &[("k", form("Name?"))]).unwrap();
        let state = state(&mut peer);
        peer.send(&modern("1", "tools/call", &retry(ACCEPT, &state)));
    }
    peer.forget();
    peer.ask(10, &[("k", form("Name?"))]).unwrap();
    assert!(peer.line().contains(r#""code":-32603,"message":"Too many rounds""#));
}

#[test]
fn a_state_that_would_be_too_large_is_not_sent() {
    let mut peer = Peer::calling(LATEST);
    let large = Json::text(&"x".repeat(64 << 10));
    let memo = Memo { values: [("v".into(), large)].into(), ..Memo::default() };
    peer.ask_with(0, &[("k", form("Name?"))], memo).unwrap();
    assert!(peer.line().contains(r#""code":-32603,"message":"The request's state is too large""#));
    assert!(peer.pipe.is_idle());
}

#[test]
fn what_the_request_did_not_declare_is_not_asked() {
    spec!("META-25", "MRT-06", "MRT-07");
    let (message, url, elicitation) = ("Log in".into(), "https://a/".into(), "e-1".into());
    let url = Question::ElicitUrl { message, url, elicitation };
    let sample = |json: &str| Question::Sample(Json::parse_text(json).unwrap());
    for (declared, question, data) in [
        ("{}", form("Name?"), r#"{"elicitation":{}}"#),
        (r#"{"elicitation":{"url":{}}}"#, form("Name?"), r#"{"elicitation":{}}"#),
        (r#"{"elicitation":{}}"#, url, r#"{"elicitation":{"url":{}}}"#),
        ("{}", sample("{}"), r#"{"sampling":{}}"#),
        (r#"{"sampling":{}}"#, sample(r#"{"toolChoice":{}}"#), r#"{"sampling":{"tools":{}}}"#),
        ("{}", Question::Roots, r#"{"roots":{}}"#),
    ] {
        let mut peer = Peer::fresh();
        peer.send(&modern_with(declared, "1", "tools/call", TOOL));
        peer.ask(0, &[("k", question)]).unwrap();
        let line = peer.line();
        let data = format!(r#""data":{{"requiredCapabilities":{data}}}"#);
        assert!(line.contains("-32021") && line.contains(&data), "{line}");
        assert!(peer.pipe.is_idle());
    }
}

#[test]
fn only_three_methods_may_ask_and_only_three_things() {
    spec!("MRT-01", "MRT-05");
    let mut peer = Peer::fresh();
    let complete = r#""ref":{"type":"ref/prompt","name":"p"},"argument":{"name":"a","value":""}"#;
    for (nth, (method, members, may_ask)) in [
        ("tools/call", TOOL, true),
        ("prompts/get", r#""name":"p""#, true),
        ("resources/read", r#""uri":"a:1""#, true),
        ("tools/list", "", false),
        ("completion/complete", complete, false),
        ("own/echo", "", false),
    ]
    .into_iter()
    .enumerate()
    {
        peer.send(&modern("1", method, members));
        peer.ask(nth, &[("k", form("Name?"))]).unwrap();
        let line = peer.line();
        assert_eq!(line.contains("input_required"), may_ask, "{line}");
        assert_eq!(line.contains("-32603"), !may_ask, "{line}");
    }
    peer.call(LATEST, "2");
    let own = Question::Other { method: "own/ask".into(), params: Json::text("") };
    peer.ask(6, &[("k", own)]).unwrap();
    assert!(peer.line().contains("-32603"));
}

#[test]
fn states_and_answers_on_other_methods_are_ignored() {
    let mut peer = Peer::fresh();
    peer.send(&modern("1", "tools/list", r#""inputResponses":1,"requestState":2"#));
    peer.answer(0, r#"{"tools":[]}"#).unwrap();
    assert!(peer.line().contains(r#""resultType":"complete""#));
}
