//! Questions of servers of the older revisions: requests of their own.

use super::*;

const SAMPLE: &str = r#"{"messages":[],"maxTokens":5}"#;
const URL: &str = r#"{"mode":"url","message":"Go","url":"https://a.example/","elicitationId":"e"}"#;

/// The code of the error that a question is answered with at once; `None` if it is put to the
/// application.
fn code_of(
    version: Version,
    declared: ClientCapabilities,
    method: &str,
    params: &str,
) -> Option<i64> {
    let mut peer = Peer::ready_with(version, |config| config.capabilities = declared);
    peer.ask("\"q\"", method, params);
    if peer.lines.is_empty() {
        assert_eq!(peer.questions.len(), 1);
        return None;
    }
    peer.member("/error/code").and_then(|code| code.as_i64())
}

#[test]
fn every_kind_of_question_is_put_to_the_application_and_its_answer_sent() {
    spec!("ELI-21", "ROO-07", "RPC-06", "SAM-08", "SAM-16");
    let mut peer = Peer::ready(Version::V2025_11_25);
    peer.ask("\"q\"", "roots/list", "{}");
    peer.ask("8", "sampling/createMessage", SAMPLE);
    peer.ask("9", "elicitation/create", FORM);
    peer.ask("10", "elicitation/create", URL);
    peer.give(0, r#"{"roots":[]}"#).unwrap();
    peer.answer(1, Answer::Refused(ErrorObject::new(-1, "User rejected"))).unwrap();
    peer.answer(2, Answer::TimedOut).unwrap();
    peer.give(3, r#"{"action":"accept"}"#).unwrap();
    assert_eq!(peer.give(3, "{}"), Err(CommandError::Gone));
    insta::assert_snapshot!(peer.transcript(), @r#"
    < {"id":"q","method":"roots/list","params":{}}
    * QuestionId(1) of no call: Roots
    < {"id":8,"method":"sampling/createMessage","params":{"messages":[],
          "maxTokens":5}}
    * QuestionId(2) of no call: Sample({"messages":[],"maxTokens":5})
    < {"id":9,"method":"elicitation/create","params":{"message":"Name?",
          "requestedSchema":{"type":"object","properties":{}}}}
    * QuestionId(3) of no call: Elicit({"message":"Name?",
          "requestedSchema":{"type":"object","properties":{}}})
    < {"id":10,"method":"elicitation/create","params":{"mode":"url","message":"Go",
          "url":"https://a.example/","elicitationId":"e"}}
    * QuestionId(4) of no call: ElicitUrl { message: "Go", url: "https://a.example/",
          elicitation: "e" }
    > {"id":"q","result":{"roots":[]}}
    > {"id":8,"error":{"code":-1,"message":"User rejected"}}
    > {"id":9,"error":{"code":-32603,"message":"Nobody answered"}}
    > {"id":10,"result":{"action":"accept"}}
    "#);
}

#[test]
fn what_was_not_declared_is_refused_without_asking() {
    spec!("ELI-03", "ELI-04", "ELI-07", "ROO-02", "RPC-35", "SAM-03");
    let latest = Version::V2025_11_25;
    let none = ClientCapabilities::default;
    for method in ["roots/list", "sampling/createMessage", "elicitation/create", "own/what"] {
        assert_eq!(code_of(latest, none(), method, "{}"), Some(-32601), "{method}");
    }
    let modes = |form, url| ClientCapabilities {
        elicitation: Some(ElicitationCapability { form, url }),
        ..ClientCapabilities::default()
    };
    assert_eq!(code_of(latest, modes(true, false), "elicitation/create", FORM), None);
    assert_eq!(code_of(latest, modes(true, false), "elicitation/create", URL), Some(-32602));
    assert_eq!(code_of(latest, modes(false, true), "elicitation/create", FORM), Some(-32602));
    assert_eq!(code_of(latest, modes(false, true), "elicitation/create", URL), None);
    assert_eq!(code_of(latest, modes(false, false), "elicitation/create", FORM), Some(-32601));
    let sampling = || ClientCapabilities {
        sampling: Some(SamplingCapability::default()),
        ..ClientCapabilities::default()
    };
    let create = "sampling/createMessage";
    assert_eq!(code_of(latest, sampling(), create, SAMPLE), None);
    for params in [r#"{"messages":[],"tools":[]}"#, r#"{"messages":[],"toolChoice":{}}"#, "{}"] {
        assert_eq!(code_of(latest, sampling(), create, params), Some(-32602), "{params}");
    }
    let all = all_capabilities;
    for params in [
        "{}",
        r#"{"message":"x"}"#,
        r#"{"message":"x","requestedSchema":[]}"#,
        r#"{"message":"x","requestedSchema":{"type":"string"}}"#,
        r##"{"message":"x","requestedSchema":{"type":"object","properties":{"a":{"$ref":"#/b"}}}}"##,
        r#"{"message":"x","requestedSchema":{"type":"object","properties":{"a":{"type":"object"}}}}"#,
        r#"{"message":"x","mode":"url"}"#,
        r#"{"message":"x","mode":"other"}"#,
    ] {
        assert_eq!(code_of(latest, all(), "elicitation/create", params), Some(-32602), "{params}");
    }
}

#[test]
fn a_revision_has_the_questions_that_it_has() {
    spec!("ELI-12", "INI-19");
    let all = all_capabilities;
    for (version, form, url, tools) in [
        (Version::V2024_11_05, Some(-32601), Some(-32601), Some(-32602)),
        (Version::V2025_03_26, Some(-32601), Some(-32601), Some(-32602)),
        (Version::V2025_06_18, None, Some(-32602), Some(-32602)),
        (Version::V2025_11_25, None, None, None),
    ] {
        let with_tools = r#"{"messages":[],"tools":[]}"#;
        assert_eq!(code_of(version, all(), "elicitation/create", FORM), form);
        assert_eq!(code_of(version, all(), "elicitation/create", URL), url);
        assert_eq!(code_of(version, all(), "sampling/createMessage", with_tools), tools);
        assert_eq!(code_of(version, all(), "sampling/createMessage", SAMPLE), None);
        assert_eq!(code_of(version, all(), "roots/list", "{}"), None);
    }
}

/// The parameters of a sampling, of messages that are the role's letter and its blocks.
fn conversation(messages: &[(&str, &str)]) -> String {
    let messages: Vec<String> = messages
        .iter()
        .map(|(role, content)| format!(r#"{{"role":"{role}","content":{content}}}"#))
        .collect();
    format!(r#"{{"messages":[{}],"maxTokens":5}}"#, messages.join(","))
}

#[test]
fn a_conversation_whose_tools_are_out_of_balance_is_refused() {
    spec!("SAM-05", "SAM-06", "SAM-07");
    const TEXT: &str = r#"{"type":"text","text":"x","new":{}}"#;
    const OTHER: &str = r#"[{"type":"hologram","id":5}]"#;
    const USE: &str = r#"{"type":"tool_use","id":"\u0061","name":"t","input":{}}"#;
    const BOTH: &str = r#"[{"type":"tool_use","id":"a","name":"t","input":{}},
        {"type":"tool_use","id":"b","name":"t","input":{}}]"#;
    const TWICE: &str = r#"[{"type":"tool_use","id":"a"},{"type":"tool_use","id":"a"}]"#;
    const RESULT: &str = r#"[{"type":"tool_result","toolUseId":"a","content":[]}]"#;
    const RESULTS: &str = r#"[{"type":"tool_result","toolUseId":"b","content":[]},
        {"type":"tool_result","toolUseId":"a","content":[]}]"#;
    const MIXED: &str = r#"[{"type":"tool_result","toolUseId":"a","content":[]},
        {"type":"text","text":"x"}]"#;
    let (user, model) = ("user", "assistant");
    let good: [&[(&str, &str)]; 4] = [
        &[(user, TEXT), (model, USE), (user, RESULT), (model, TEXT)],
        &[(user, TEXT), (model, BOTH), (user, RESULTS)],
        &[(user, OTHER), (model, TEXT), (model, "[]")],
        &[(model, USE), (user, RESULT), (model, USE), (user, RESULT)],
    ];
    let bad: [&[(&str, &str)]; 11] = [
        &[(user, TEXT), (model, USE)],
        &[(model, USE), (user, TEXT), (user, RESULT)],
        &[(model, BOTH), (user, RESULT)],
        &[(model, BOTH), (user, RESULT), (user, RESULT)],
        &[(model, USE), (user, MIXED)],
        &[(model, USE), (model, RESULT)],
        &[(user, RESULT)],
        &[(user, USE), (user, RESULT)],
        &[(model, TWICE), (user, RESULT)],
        &[("system", TEXT)],
        &[(user, "7")],
    ];
    let all = all_capabilities;
    let latest = Version::V2025_11_25;
    let code = |messages| {
        let params = json(&conversation(messages));
        code_of(latest, all(), "sampling/createMessage", params.as_str())
    };
    for messages in good {
        assert_eq!(code(messages), None, "{messages:?}");
    }
    for messages in bad {
        assert_eq!(code(messages), Some(-32602), "{messages:?}");
    }
    let unbalanced = conversation(&[(user, RESULT)]);
    let earlier = Version::V2025_06_18;
    assert_eq!(code_of(earlier, all(), "sampling/createMessage", &unbalanced), None);
}

#[test]
fn an_answer_to_a_form_is_sent_once_it_fits() {
    spec!("ELI-08", "ELI-11", "ELI-30");
    let mut peer = Peer::ready(Version::V2025_11_25);
    let schema = r#"{"$schema":"x","type":"object","properties":{"name":{"type":"string","minLength":2},"born":{"type":"integer","minimum":1900},"new":{"type":"string","x-new":1}},"required":["name","new"]}"#;
    let form = format!(r#"{{"message":"Who?","requestedSchema":{schema}}}"#);
    peer.ask("1", "elicitation/create", &form);
    peer.forget();
    for answer in [
        "{}",
        r#"{"action":"agree"}"#,
        r#"{"action":"accept"}"#,
        r#"{"action":"accept","content":5}"#,
        r#"{"action":"accept","content":{"name":"Ada"}}"#,
        r#"{"action":"accept","content":{"name":"A","new":1}}"#,
        r#"{"action":"accept","content":{"name":"Ada","new":1,"born":1815}}"#,
        r#"{"action":"accept","content":{"name":"Ada","new":1,"born":"1915"}}"#,
    ] {
        assert_eq!(peer.give(0, answer), Err(CommandError::InvalidAnswer), "{answer}");
    }
    assert_eq!((peer.lines.len(), peer.pipe.client().questions().count()), (0, 1));
    let fits = r#"{"action":"accept","content":{"name":"Ada","born":1915.0,"new":1,"more":[]}}"#;
    peer.give(0, fits).unwrap();
    assert!(peer.line().ends_with(&format!(r#""result":{fits}}}"#)));
    for (id, answer) in [("2", r#"{"action":"decline"}"#), ("3", r#"{"action":"cancel"}"#)] {
        peer.ask(id, "elicitation/create", &form);
        peer.give(peer.questions.len() - 1, answer).unwrap();
        assert!(peer.line().contains(answer));
    }
    peer.ask("4", "elicitation/create", URL);
    assert_eq!(peer.give(3, "{}"), Err(CommandError::InvalidAnswer));
    peer.give(3, r#"{"action":"accept"}"#).unwrap();
}

#[test]
fn a_form_may_have_titles_as_older_revisions_write_them() {
    spec!("ELI-24");
    let choice = r#"{"type":"string","enum":["a","b"],"enumNames":["A","B"]}"#;
    let schema = format!(r#"{{"type":"object","properties":{{"c":{choice}}}}}"#);
    let form = format!(r#"{{"message":"Which?","requestedSchema":{schema}}}"#);
    for version in [Version::V2025_06_18, Version::V2025_11_25] {
        let mut peer = Peer::ready(version);
        peer.ask("1", "elicitation/create", &form);
        let wrong = r#"{"action":"accept","content":{"c":"A"}}"#;
        assert_eq!(peer.give(0, wrong), Err(CommandError::InvalidAnswer));
        peer.give(0, r#"{"action":"accept","content":{"c":"a"}}"#).unwrap();
    }
}

#[test]
fn roots_are_places_in_the_file_system() {
    spec!("ROO-01");
    let mut peer = Peer::ready(Version::V2025_11_25);
    peer.ask("1", "roots/list", "{}");
    peer.forget();
    for answer in [r#"{"roots":[{"uri":"https://a.example/"}]}"#, "{}", r#"{"roots":[{}]}"#] {
        assert_eq!(peer.give(0, answer), Err(CommandError::InvalidAnswer), "{answer}");
    }
    peer.give(0, r#"{"roots":[{"uri":"file:///a","name":"a"}]}"#).unwrap();
    assert_eq!(peer.lines.len(), 1);
}

#[test]
fn pings_are_answered_at_any_time_before_the_end() {
    spec!("INI-16");
    let mut peer = Peer::with(|_| {}).started();
    peer.forget();
    peer.ask("1", "ping", "{}");
    assert_eq!(peer.line(), r#"{"jsonrpc":"2.0","id":1,"result":{}}"#);
    peer.wait(millis(3000));
    peer.forget();
    peer.ask("\"p\"", "ping", "{}");
    assert_eq!(peer.line(), r#"{"jsonrpc":"2.0","id":"p","result":{}}"#);
    peer.ask("3", "roots/list", "{}");
    assert_eq!(peer.member("/error/code").unwrap(), -32600);
    peer.reply("2", &initialized("2025-11-25"));
    peer.forget();
    peer.ask("4", "ping", "{}");
    assert_eq!(peer.line(), r#"{"jsonrpc":"2.0","id":4,"result":{}}"#);
    peer.exit();
    peer.ask("5", "ping", "{}");
    assert_eq!(peer.lines.len(), 0);
}

#[test]
fn a_server_of_the_latest_revision_gets_no_answers() {
    spec!("RPC-28", "RPC-29", "STD-09");
    let pinned = |config: &mut ClientConfig| config.era = Era::Pinned(Version::V2026_07_28);
    let mut peer = Peer::with(pinned).started();
    peer.forget();
    peer.ask("1", "ping", "{}");
    peer.agree(Version::V2026_07_28);
    for method in ["ping", "roots/list", "sampling/createMessage", "own/what"] {
        peer.ask("1", method, "{}");
    }
    peer.send(r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#);
    peer.send(r#"{"jsonrpc":"2.0","id":5,"method":7}"#);
    assert_eq!((peer.lines.len(), peer.questions.len(), peer.dropped.len()), (0, 0, 7));
}

#[test]
fn a_server_that_cancels_its_question_gets_no_answer() {
    spec!("CAN-03", "CAN-04", "CAN-05", "CAN-17");
    let mut peer = Peer::ready(Version::V2025_06_18);
    peer.ask("1", "elicitation/create", FORM);
    peer.forget();
    for id in ["\"1\"", "2", "null", "{}"] {
        peer.tell("notifications/cancelled", &format!(r#"{{"requestId":{id}}}"#));
    }
    peer.tell("notifications/cancelled", "{}");
    assert_eq!(peer.dropped.len(), 5);
    peer.tell("notifications/cancelled", r#"{"requestId":1}"#);
    assert_eq!(peer.give(0, ACCEPT), Err(CommandError::Gone));
    assert_eq!(peer.lines.len(), 0);
    assert_eq!(peer.pipe.client().questions().count(), 0);
}

#[test]
fn a_server_cannot_cancel_what_is_ours() {
    spec!("CAN-01");
    let (mut peer, _) = Peer::calling(Version::V2025_11_25);
    peer.tell("notifications/cancelled", r#"{"requestId":2}"#);
    assert_eq!(peer.finished, []);
    peer.reply("2", "{}");
    assert_eq!(peer.outcome(), Ok(json("{}")));
}

#[test]
fn a_server_that_asks_without_end_is_bounded() {
    let mut peer = Peer::ready(Version::V2025_11_25);
    for id in 0..1000 {
        peer.ask(&id.to_string(), "roots/list", "{}");
    }
    assert_eq!((peer.questions.len(), peer.lines.len()), (16, 984));
    assert!(peer.lines.iter().all(|line| line.contains(r#""code":-32603"#)));
}

#[test]
fn an_id_in_use_is_no_second_question() {
    let mut peer = Peer::ready_with(Version::V2025_11_25, |config| config.limits.id_bytes_max = 24);
    peer.ask("1", "roots/list", "{}");
    peer.ask("1", "roots/list", "{}");
    peer.ask("1", "ping", "{}");
    peer.ask("\"one that is longer than it may be\"", "ping", "{}");
    assert_eq!((peer.questions.len(), peer.lines.len(), peer.dropped.len()), (1, 0, 3));
    peer.give(0, r#"{"roots":[]}"#).unwrap();
    peer.ask("1", "roots/list", "{}");
    assert_eq!((peer.questions.len(), peer.lines.len()), (2, 1));
}

#[test]
fn no_call_is_given_up_while_a_person_thinks() {
    let mut peer = Peer::ready(Version::V2025_11_25);
    peer.tool(CallOptions::default());
    peer.wait(millis(50_000));
    peer.ask("1", "elicitation/create", FORM);
    peer.wait(millis(3_600_000));
    assert_eq!(peer.finished, []);
    peer.give(0, ACCEPT).unwrap();
    peer.wait(millis(59_999));
    assert_eq!(peer.finished, []);
    peer.wait(millis(1));
    assert_eq!(peer.outcome(), Err(CallError::TimedOut));
}

#[test]
fn an_answer_that_is_no_object_is_not_sent() {
    for (method, params) in
        [("roots/list", "{}"), ("sampling/createMessage", SAMPLE), ("elicitation/create", FORM)]
    {
        let mut peer = Peer::ready(Version::V2025_11_25);
        peer.ask("1", method, params);
        for answer in ["[]", "5", "null"] {
            assert_eq!(peer.give(0, answer), Err(CommandError::InvalidAnswer), "{method}");
        }
        assert_eq!((peer.lines.len(), peer.pipe.client().questions().count()), (0, 1));
    }
}

#[test]
fn the_end_of_an_url_elicitation_is_told_where_it_was_asked_for() {
    spec!("ELI-18");
    let complete = "notifications/elicitation/complete";
    let mut peer = Peer::ready(Version::V2025_11_25);
    peer.tell(complete, r#"{"elicitationId":"e"}"#);
    peer.ask("1", "elicitation/create", URL);
    peer.tell(complete, r#"{"elicitationId":"other"}"#);
    peer.tell(complete, "{}");
    assert_eq!(peer.dropped.len(), 3);
    peer.forget();
    peer.tell(complete, r#"{"elicitationId":"e"}"#);
    peer.tell(complete, r#"{"elicitationId":"e"}"#);
    peer.tool(patient());
    let required =
        r#"{"elicitations":[{"mode":"url","elicitationId":"f","url":"x:","message":""}]}"#;
    peer.refuse("2", &format!(r#"{{"code":-32042,"message":"Go first","data":{required}}}"#));
    peer.tell(complete, r#"{"elicitationId":"f"}"#);
    let told = peer.transcript();
    let told: Vec<&str> =
        told.lines().filter(|line| line.contains("complete") && line.starts_with('*')).collect();
    assert_eq!(
        told,
        [
            "* e is complete",
            "* dropped Notification(\"notifications/elicitation/complete\")",
            "* f is complete",
        ]
    );
}

#[test]
fn of_too_many_url_elicitations_the_oldest_is_forgotten() {
    let mut peer = Peer::ready_with(Version::V2025_11_25, |config| {
        config.limits.elicitations_max = 1;
    });
    peer.ask("1", "elicitation/create", URL);
    peer.ask("2", "elicitation/create", &URL.replace(r#""e""#, r#""f""#));
    peer.forget();
    for id in ["e", "f"] {
        let params = format!(r#"{{"elicitationId":"{id}"}}"#);
        peer.tell("notifications/elicitation/complete", &params);
    }
    let told = peer.transcript();
    assert!(told.contains("* f is complete") && !told.contains("* e is complete"), "{told}");
}
