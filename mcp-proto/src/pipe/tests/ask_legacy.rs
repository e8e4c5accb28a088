//! Questions before 2026-07-28: requests to the client while its own request waits.

use super::*;

const LATEST: Version = Version::V2025_11_25;

fn url() -> Question {
    let (message, url, elicitation) = ("Log in".into(), "https://a/".into(), "e-1".into());
    Question::ElicitUrl { message, url, elicitation }
}

fn sample(members: &str) -> Question {
    let params = format!(r#"{{"messages":[],"maxTokens":1{members}}}"#);
    Question::Sample(Json::parse_text(&params).unwrap())
}

fn own() -> Question {
    let params = Json::parse_text(r#"{"_meta":{"a":1},"b":2}"#).unwrap();
    Question::Other { method: "own/ask".into(), params }
}

/// Everything that can be asked.
fn all() -> [(&'static str, Question); 5] {
    [
        ("form", form("Name?")),
        ("url", url()),
        ("sample", sample("")),
        ("roots", Question::Roots),
        ("own", own()),
    ]
}

#[test]
fn each_question_is_a_request_under_an_id_of_its_own() {
    spec!("ELI-14", "ELI-15", "MRT-30", "RPC-01", "RPC-02");
    let mut peer = Peer::calling(LATEST);
    peer.ask(0, &all()).unwrap();
    insta::assert_snapshot!(peer.transcript(), @r#"
    < {"id":"2.1.form","method":"elicitation/create","params":{"message":"Name?",
          "requestedSchema":{"type":"object"},"_meta":{"progressToken":"2.1.form"}}}
    < {"id":"2.1.url","method":"elicitation/create","params":{"mode":"url",
          "message":"Log in","url":"https://a/","elicitationId":"e-1",
          "_meta":{"progressToken":"2.1.url"}}}
    < {"id":"2.1.sample","method":"sampling/createMessage","params":{"messages":[],
          "maxTokens":1,"_meta":{"progressToken":"2.1.sample"}}}
    < {"id":"2.1.roots","method":"roots/list","params":{"_meta":{"progressToken":"2.1.
          roots"}}}
    < {"id":"2.1.own","method":"own/ask","params":{"b":2,
          "_meta":{"progressToken":"2.1.own","a":1}}}
    "#);
}

#[test]
fn no_more_is_asked_at_once_than_may_be() {
    for version in [Version::V2025_11_25, Version::V2026_07_28] {
        for (max, asked) in [(2, true), (1, false)] {
            let mut peer = Peer::with(|config| config.limits.questions_max = max);
            peer = peer.in_operation(version);
            peer.call(version, "1");
            peer.forget();
            peer.ask(0, &[("a", form("A?")), ("b", form("B?"))]).unwrap();
            let failed = peer.lines[0].contains(r#""error":{"code":-32603"#);
            assert_eq!(failed, !asked, "{:?}", peer.lines);
        }
    }
}

#[test]
fn the_call_comes_again_when_the_last_answer_is_there() {
    let mut peer = Peer::calling(Version::V2025_06_18);
    peer.ask(0, &[("a", form("A?")), ("b", Question::Roots)]).unwrap();
    peer.reply("\"2.1.b\"", r#"{ "roots": [] }"#);
    assert_eq!(peer.calls.len(), 1);
    peer.send(r#"{"jsonrpc":"2.0","id":"2.1.a","error":{"code":-1,"message":"No","data":[1]}}"#);
    peer.ask(1, &[("c", form("C?"))]).unwrap();
    peer.reply("\"2.2.c\"", r#"{"action":"decline"}"#);
    peer.answer(2, "{}").unwrap();
    insta::assert_snapshot!(peer.transcript(), @r#"
    < {"id":"2.1.a","method":"elicitation/create","params":{"message":"A?",
          "requestedSchema":{"type":"object"},"_meta":{"progressToken":"2.1.a"}}}
    < {"id":"2.1.b","method":"roots/list","params":{"_meta":{"progressToken":"2.1.b"}}
          }
    > {"id":"2.1.b","result":{ "roots": [] }}
    > {"id":"2.1.a","error":{"code":-1,"message":"No","data":[1]}}
    * call #2 for 1: tools/call echo {"n":1}; a = refused: No (-1); b = { "roots": []
          }
    < {"id":"2.2.c","method":"elicitation/create","params":{"message":"C?",
          "requestedSchema":{"type":"object"},"_meta":{"progressToken":"2.2.c"}}}
    > {"id":"2.2.c","result":{"action":"decline"}}
    * call #2 for 1: tools/call echo {"n":1}; a = refused: No (-1); b = { "roots": []
          }; c = {"action":"decline"}
    < {"id":1,"result":{}}
    "#);
    assert!(peer.pipe.is_idle());
}

#[test]
fn an_answer_counts_for_the_question_that_was_asked_and_no_other() {
    let mut peer = Peer::asked(LATEST);
    peer.reply("\"2.1.k\"", r#"{"action":"accept"}"#);
    assert!(peer.answer_to(1, "k", &form("Name?")).is_some());
    assert_eq!(peer.answer_to(1, "k", &form("Delete everything?")), None);
    assert_eq!(peer.answer_to(1, "j", &form("Name?")), None);
    assert_eq!(peer.calls[1].memo.answers.unasked("k"), None);
}

#[test]
fn only_what_the_client_declared_and_its_revision_has_is_asked() {
    spec!("ELI-01", "ELI-02", "INI-23", "ROO-04", "SAM-01", "SAM-02", "SAM-14");
    let tools = sample(r#","tools":[]"#);
    let mut table = String::new();
    for version in LEGACY {
        for capabilities in ["{}", r#"{"elicitation":{},"sampling":{}}"#, ALL_CAPABILITIES] {
            let shown = if capabilities == ALL_CAPABILITIES { "{all}" } else { capabilities };
            write!(table, "{version} {shown}:").unwrap();
            for (key, question) in all().into_iter().chain([("tools", tools.clone())]) {
                let mut peer = Peer::fresh();
                let line = initialize("0", version.as_str());
                peer.send(&line.replace(ALL_CAPABILITIES, capabilities));
                peer.send(INITIALIZED);
                peer.call(version, "1");
                peer.forget();
                peer.ask(0, &[(key, question)]).unwrap();
                if peer.line().contains(r#""id":"2.1."#) {
                    write!(table, " {key}").unwrap();
                }
            }
            table += "\n";
        }
    }
    insta::assert_snapshot!(table, @r#"
    2024-11-05 {}: own
    2024-11-05 {"elicitation":{},"sampling":{}}: sample own
    2024-11-05 {all}: sample roots own
    2025-03-26 {}: own
    2025-03-26 {"elicitation":{},"sampling":{}}: sample own
    2025-03-26 {all}: sample roots own
    2025-06-18 {}: own
    2025-06-18 {"elicitation":{},"sampling":{}}: form sample own
    2025-06-18 {all}: form sample roots own
    2025-11-25 {}: own
    2025-11-25 {"elicitation":{},"sampling":{}}: form sample own
    2025-11-25 {all}: form url sample roots own tools
    "#);
}

#[test]
fn a_question_without_an_answer_times_out_and_is_cancelled() {
    spec!("CAN-06", "LIF-08", "LIF-09");
    let mut peer = Peer::asked(LATEST);
    peer.wait(millis(5 * 60_000 - 1));
    assert_eq!(peer.calls.len(), 1);
    peer.wait(millis(1));
    peer.reply("\"2.1.k\"", r#"{"action":"accept"}"#);
    peer.answer(1, "{}").unwrap();
    insta::assert_snapshot!(peer.transcript(), @r#"
    < {"method":"notifications/cancelled","params":{"requestId":"2.1.k","reason":"No
          answer in time"}}
    * call #2 for 1: tools/call echo {"n":1}; k = timed out
    > {"id":"2.1.k","result":{"action":"accept"}}
    * dropped UnknownResponse
    < {"id":1,"result":{}}
    "#);
    assert!(peer.pipe.is_idle());
}

#[test]
fn progress_begins_the_idle_time_anew_and_not_the_total() {
    spec!("LIF-11", "LIF-12");
    let mut peer = Peer::asked(LATEST);
    let params = r#"{"progressToken":"2.1.k","progress":1}"#;
    for minute in 0..29 {
        peer.wait(millis(60_000));
        peer.send(&notification("notifications/progress", params));
        assert_eq!(peer.calls.len(), 1, "minute {minute}");
    }
    peer.wait(millis(59_999));
    assert_eq!(peer.calls.len(), 1);
    peer.wait(millis(1));
    assert_eq!(peer.answer_to(1, "k", &form("Name?")), Some(Answer::TimedOut));
}

#[test]
fn progress_of_something_else_begins_nothing_anew() {
    spec!("PRG-12");
    let mut peer = Peer::asked(LATEST);
    peer.wait(millis(4 * 60_000));
    for token in ["\"2.1.j\"", "1", "2.1", "null", "[]"] {
        let params = format!(r#"{{"progressToken":{token},"progress":1}}"#);
        peer.send(&notification("notifications/progress", &params));
    }
    peer.send(&notification("notifications/progress", "{}"));
    assert_eq!(peer.pipe.server().stats().notifications, 6);
    peer.wait(millis(60_000));
    assert_eq!(peer.calls.len(), 2);
}

#[test]
fn without_an_idle_time_no_progress_is_asked_for() {
    spec!("LIF-10");
    let mut peer = Peer::with(|config| config.ask_timeout = crate::server::Timeouts::default());
    peer = peer.in_operation(LATEST);
    peer.call(LATEST, "1");
    peer.forget();
    peer.ask(0, &[("k", Question::Roots)]).unwrap();
    assert_eq!(peer.line(), r#"{"jsonrpc":"2.0","id":"2.1.k","method":"roots/list","params":{}}"#);
    assert_eq!(peer.pipe.poll_timeout(), None);
}

#[test]
fn the_questions_of_a_cancelled_call_are_cancelled_with_it() {
    spec!("CAN-03", "CAN-07");
    let mut peer = Peer::calling(LATEST);
    peer.ask(0, &[("a", form("A?")), ("b", form("B?")), ("c", form("C?"))]).unwrap();
    peer.reply("\"2.1.b\"", r#"{"action":"cancel"}"#);
    peer.forget();
    peer.send(&cancel("1"));
    peer.reply("\"2.1.a\"", r#"{"action":"accept"}"#);
    insta::assert_snapshot!(peer.transcript(), @r#"
    > {"method":"notifications/cancelled","params":{"requestId":1}}
    < {"method":"notifications/cancelled","params":{"requestId":"2.1.a","reason":"The
          request that asked is over"}}
    < {"method":"notifications/cancelled","params":{"requestId":"2.1.c","reason":"The
          request that asked is over"}}
    * call #2 cancelled
    > {"id":"2.1.a","result":{"action":"accept"}}
    * dropped UnknownResponse
    "#);
    assert!(peer.pipe.is_idle());
}

#[test]
fn a_call_may_end_while_its_question_is_open() {
    let mut peer = Peer::asked(LATEST);
    peer.answer(0, "{}").unwrap();
    insta::assert_snapshot!(peer.transcript(), @r#"
    < {"method":"notifications/cancelled","params":{"requestId":"2.1.k","reason":"The
          request that asked is over"}}
    < {"id":1,"result":{}}
    "#);
    assert!(peer.pipe.is_idle());
    assert_eq!(peer.ask(0, &[("k", form("Name?"))]), Err(CommandError::Gone));
}

#[test]
fn a_call_that_asks_already_asks_nothing_else() {
    let mut peer = Peer::asked(LATEST);
    assert_eq!(peer.ask(0, &[("j", form("Else?"))]), Err(CommandError::Gone));
    assert_eq!(peer.lines, [] as [&str; 0]);
    peer.reply("\"2.1.k\"", "{}");
    assert_eq!(peer.calls.len(), 2);
}

#[test]
fn the_machine_counts_the_rounds() {
    spec!("RPC-04", "SAM-17");
    let mut peer = Peer::calling(LATEST);
    for round in 1..=10 {
        peer.forget();
        peer.ask_with(round - 1, &[("k", form("Name?"))], Memo::default()).unwrap();
        assert!(peer.line().contains(&format!(r#""id":"2.{round}.k""#)));
        peer.reply(&format!("\"2.{round}.k\""), "{}");
    }
    peer.forget();
    peer.ask_with(10, &[("k", form("Name?"))], Memo::default()).unwrap();
    assert!(peer.line().contains(r#""id":1,"error":{"code":-32603,"message":"Too many rounds"}"#));
    assert!(peer.pipe.is_idle());
}

#[test]
fn nonsense_of_the_application_ends_the_call_with_an_error() {
    let many: Vec<String> = (0..17).map(|n| format!("k{n}")).collect();
    let many: Vec<_> = many.iter().map(|key| (&**key, Question::Roots)).collect();
    let twice = [("k", form("A?")), ("k", form("B?"))];
    for questions in [&[], &many[..], &twice] {
        let mut peer = Peer::calling(LATEST);
        peer.ask(0, questions).unwrap();
        assert!(peer.line().contains(r#""id":1,"error":{"code":-32603"#));
        assert!(peer.pipe.is_idle());
        // A handler that waits for the answers hears that there will be none.
        assert!(peer.calls[0].is_cancelled());
    }
}

#[test]
fn a_malformed_answer_completes_nothing() {
    spec!("RPC-07", "RPC-08", "RPC-10");
    let mut peer = Peer::asked(LATEST);
    for line in [
        r#"{"jsonrpc":"2.0","id":"2.1.k","result":{},"error":{"code":1,"message":"m"}}"#,
        r#"{"jsonrpc":"2.0","id":"2.1.k","result":[]}"#,
        r#"{"jsonrpc":"2.0","id":"2.1.k","error":{"code":"1","message":"m"}}"#,
        r#"{"jsonrpc":"2.0","id":"2.1.k","error":{"code":1}}"#,
        r#"{"id":"2.1.k","result":{}}"#,
        r#"{"jsonrpc":"2.0","id":"2.1.K","result":{}}"#,
        r#"{"jsonrpc":"2.0","id":2.1,"result":{}}"#,
    ] {
        peer.send(line);
    }
    assert_eq!((peer.calls.len(), peer.lines.len()), (1, 0));
    peer.reply("\"2\\u002e1.k\"", "{}");
    assert_eq!(peer.calls.len(), 2);
}
