//! The checker of servers.

use mcp_proto::testing::checker::{Checker, Expectations, Id, Invariant};

use super::{OPEN, message, names, read};

/// Plays a trace and gives what its server does wrong.
fn play(expected: Expectations, trace: &str) -> Vec<Invariant> {
    names(&read(trace).check(expected))
}

#[track_caller]
fn check(trace: &str, expected: &[Invariant]) {
    assert_eq!(play(Expectations::default(), trace), expected, "{trace}");
}

/// Checks a trace that comes after [`OPEN`].
#[track_caller]
fn check_open(trace: &str, expected: &[Invariant]) {
    check(&format!("{OPEN}\n{trace}"), expected);
}

#[test]
fn a_good_trace_passes() {
    check_open(
        r#"
        > call 1
        < progress 1 0.5
        < progress 1 1e0
        < log info
        < ask elicitation/create
        > "id":"q","result":{"action":"decline"}
        =
        < result 1
        > level error
        < result 9
        =
        < log error
        < changed tools
        > call 2
        > cancel 2
        =
        > loud 3
        < log critical
        < complete 3
        > listen 4
        < ack 4
        < tagged 4 tools
        .
        < ended 4
        !
        $"#,
        &[],
    );
    let march = OPEN.replace("2025-11-25", "2025-03-26");
    let batch = r#"
        > [{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"ping"},1]
        =
        < [{"jsonrpc":"2.0","id":2,"result":{}},
        | {"jsonrpc":"2.0","error":{"code":-32600,"message":"m"}},
        | {"jsonrpc":"2.0","id":1,"result":{}}]
        ."#;
    check(&(march + batch), &[]);
}

#[test]
fn a_second_answer_or_none_is_caught() {
    mcp_proto::spec!("CAN-07", "RPC-04");
    use Invariant::OneConclusion;
    check_open("> call 1\n< result 1\n< result 1", &[OneConclusion]);
    check_open("> call 1\n< result 1\n< error 1", &[OneConclusion]);
    check_open("> call 1\n=\n.", &[OneConclusion]);
    check_open("> call 1\n=\n!\n$", &[OneConclusion]);
    check_open("> listen 1\n< ack 1\n=\n!\n$", &[OneConclusion]);
    check_open("< ask elicitation/create\n< ask elicitation/create", &[OneConclusion]);
}

#[test]
fn an_answer_to_nothing_is_caught() {
    mcp_proto::spec!("RPC-07", "RPC-12");
    use Invariant::NoReplyToNothing;
    check_open("< result 1", &[NoReplyToNothing]);
    check_open("> call 1\n< result \"1\"", &[NoReplyToNothing]);
    check_open("> changed roots\n< error 1", &[NoReplyToNothing]);
    check_open("< junk", &[NoReplyToNothing]);
    check_open("> {\n=\n< junk", &[NoReplyToNothing]);
    let answered = "> \"id\":1,\"result\":[]\n< refused 1";
    check_open(answered, &[NoReplyToNothing]);
    check_open("< cancel \"q\"", &[NoReplyToNothing]);
}

#[test]
fn one_error_for_each_line_that_is_no_message_passes() {
    check_open("> {\n< junk\n=\n.", &[]);
    let with_id = r#"
        > "id":1,"method":5
        < refused 1"#;
    check_open(with_id, &[]);
    let again = "\n< refused 1";
    check_open(&(with_id.to_owned() + again), &[Invariant::NoReplyToNothing]);
}

#[test]
fn words_about_a_cancelled_request_are_caught() {
    mcp_proto::spec!("CAN-03", "CAN-13", "LIS-11");
    use Invariant::SilenceAfterCancel;
    check_open("> call 1\n> cancel 1\n=\n< result 1", &[SilenceAfterCancel]);
    check_open("> call 1\n> cancel 1\n=\n< progress 1 1", &[SilenceAfterCancel]);
    check_open("> listen 1\n< ack 1\n> cancel 1\n=\n< tagged 1 tools", &[SilenceAfterCancel]);
}

#[test]
fn an_answer_that_crosses_a_cancellation_passes() {
    check_open("> call 1\n> cancel 1\n< progress 1 1\n< result 1\n=\n.", &[]);
    check_open("> call 1\n< result 1\n> cancel 1\n=\n> call 1\n=\n< result 1", &[]);
    check("> initialize 2025-11-25\n> cancel 0\n=\n< welcome 2025-11-25\n.", &[]);
}

#[test]
fn a_log_message_that_nobody_wants_is_caught() {
    mcp_proto::spec!("LOG-03", "LOG-05", "LOG-06");
    use Invariant::LogGate;
    check_open("> level error\n< result 9\n=\n< log info", &[LogGate]);
    check_open("> level error\n< log info\n< result 9\n< log error", &[]);
    check_open("> level loud\n< error 9\n=\n< log debug", &[]);
    check("< log emergency", &[LogGate]);
    check("> modern 1\n< log emergency", &[LogGate]);
    check("> loud 1\n< log warning", &[LogGate]);
    check("> loud 1\n< complete 1\n< log error", &[LogGate]);
    let expected = Expectations { log_level: Some("info"), ..Expectations::default() };
    assert_eq!(play(expected, &format!("{OPEN}\n< log debug")), [LogGate]);
}

#[test]
fn progress_that_goes_back_or_nowhere_is_caught() {
    mcp_proto::spec!("PRG-03", "PRG-04", "PRG-05");
    use Invariant::Progress;
    check_open("> call 1\n< progress 1 1\n< progress 1 1", &[Progress]);
    check_open("> call 1\n< progress 1 1\n< progress 1 0.5", &[Progress]);
    check_open("> call 1\n< result 1\n< progress 1 1", &[Progress]);
    check_open("> call 1\n< progress \"1\" 1", &[Progress]);
    check_open("> call 1\n< progress 2 1", &[Progress]);
}

#[test]
fn a_line_that_is_no_message_of_the_revision_is_caught() {
    mcp_proto::spec!("META-13", "META-17", "MRT-03", "STD-02");
    use Invariant::Framing;
    check_open("< hello", &[Framing]);
    check_open("< {}", &[Framing]);
    check_open(r#"< {"jsonrpc":"2.0","method":"a","method":"a"}"#, &[Framing]);
    check_open("< []", &[Framing, Framing]);
    check_open("> modern 1\n< result 1", &[Framing]);
    check_open("> call 1\n< complete 1", &[Framing]);
    check_open("> modern 1\n< \"id\":1,\"result\":{\"resultType\":\"input_required\"}", &[Framing]);
    check_open("> modern 1\n< \"id\":1,\"result\":{\"resultType\":\"maybe\"}", &[Framing]);
    let batch =
        r#"> [{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"ping"}]"#;
    let march = OPEN.replace("2025-11-25", "2025-03-26") + "\n" + batch + "\n=\n";
    let half = r#"< [{"jsonrpc":"2.0","id":1,"result":{}}]"#;
    check(&format!("{march}\n{half}"), &[Framing]);
    check(&format!("{march}\n> cancel 2\n=\n{half}\n."), &[]);
    check(&format!("{march}\n< result 1\n< result 2"), &[Framing, Framing]);
}

#[test]
fn a_message_of_a_subscription_in_the_wrong_place_is_caught() {
    mcp_proto::spec!("LIS-01", "LIS-02", "LIS-04", "RES-09", "RES-11");
    use Invariant::RightPlace;
    check("> listen 1\n< tagged 1 tools", &[RightPlace]);
    check("> listen 1\n< ack 1\n< ack 1", &[RightPlace]);
    check("> listen 1\n< ack 1\n< tagged 1 prompts", &[RightPlace]);
    check("> listen 1\n< ack 1\n< tagged 2 tools", &[RightPlace]);
    check("> listen 1\n< ack 1\n< complete 1", &[RightPlace]);
    check("> listen 1\n< ack 1\n< error 1", &[RightPlace]);
    // What is in a batch does not listen, whatever it is called.
    let listen = message("modern 5 subscriptions/listen").replace('\n', " ");
    let batch = format!("> [{},{listen}]\n=", message("call 1"));
    let march = OPEN.replace("2025-11-25", "2025-03-26") + "\n" + &batch;
    let answers = format!("< [{},{}]", message("result 1"), message("refused 5"));
    let good = format!("{march}\n> listen 6\n< ack 6\n{answers}\n< tagged 6 tools\n< ended 6");
    check(&good, &[]);
    check(&format!("{march}\n< ack 5"), &[RightPlace]);
    let update = r#"< "method":"notifications/resources/updated","params":{"uri":"a:1"}"#;
    check_open(update, &[RightPlace]);
    let subscribe = r#"> "id":1,"method":"resources/subscribe","params":{"uri":"a:1"}"#;
    check_open(&format!("{subscribe}\n< result 1\n{update}"), &[]);
    let unsubscribe = subscribe.replace("/sub", "/unsub");
    let both = format!("{subscribe}\n< result 1\n{unsubscribe}\n{update}\n");
    check_open(&format!("{both}< error 1\n{update}"), &[]);
    check_open(&format!("{both}< result 1\n"), &[]);
    check_open(&format!("{both}< result 1\n{update}"), &[RightPlace]);
}

#[test]
fn an_id_that_comes_again_beside_a_batch_is_not_judged() {
    let batch = format!("> [{},{}]\n=", message("call 1"), message("call 2"));
    let march = OPEN.replace("2025-11-25", "2025-03-26") + "\n" + &batch;
    // The second element may be answered, and then it is the subscription that is cancelled.
    let again = "> listen 2\n< ack 2\n> cancel 2\n> listen 2\n< ack 2\n< tagged 2 tools";
    check(&format!("{march}\n{again}"), &[]);
    check(
        &format!("{march}\n> listen 3\n< ack 3\n> cancel 3\n=\n< tagged 3 tools"),
        &[Invariant::SilenceAfterCancel],
    );
}

#[test]
fn a_handshake_that_is_jumped_over_is_caught() {
    mcp_proto::spec!("INI-06", "INI-08", "INI-14", "INI-15", "RPC-27");
    use Invariant::Handshake;
    check("> call 1\n< result 1", &[Handshake]);
    check("> \"id\":1,\"method\":\"ping\"\n< result 1\n> call 2\n< error 2", &[]);
    check("> initialize 2025-06-18\n< welcome 2025-11-25", &[Handshake]);
    check("> initialize 1999-01-01\n< welcome 2025-11-25", &[]);
    check("> initialize 1999-01-01\n< welcome 2026-07-28", &[Handshake]);
    check("> initialize 2025-11-25\n< welcome 2025-11-25\n< ask elicitation/create", &[Handshake]);
    check("> initialize 2025-11-25\n< welcome 2025-11-25\n< ask ping", &[]);
    check("> modern 1\n< ask elicitation/create", &[Handshake]);
    check("> initialize 2025-11-25\n< welcome 2025-11-25\n< changed tools", &[Handshake]);
    check_open("> initialize 2025-11-25\n< welcome 2025-11-25", &[Handshake]);
    let expected = Expectations { versions: vec!["2025-06-18"], ..Expectations::default() };
    let trace = "> initialize 2025-11-25\n< welcome 2025-11-25";
    assert_eq!(play(expected, trace), [Handshake]);
}

#[test]
fn what_was_not_declared_is_caught() {
    mcp_proto::spec!(
        "ELI-01", "ELI-02", "LOG-01", "META-24", "META-25", "MRT-01", "MRT-05", "MRT-06", "ROO-04",
        "SAM-01", "TOL-15",
    );
    use Invariant::Capabilities;
    check_open("< ask sampling/createMessage", &[Capabilities]);
    check_open("< ask roots/list", &[Capabilities]);
    check_open(
        r#"< "id":"q","method":"elicitation/create","params":{"mode":"url"}"#,
        &[Capabilities],
    );
    check_open("< changed prompts", &[Capabilities]);
    let question = r#"< "id":1,"result":{"resultType":"input_required",
        | "inputRequests":{"a":{"method":"roots/list"}}}"#;
    check(&format!("> modern 1\n{question}"), &[Capabilities]);
    let own = question.replace("roots/list", "custom/ask");
    check(&format!("> modern 1\n{own}"), &[Capabilities]);
    let state = r#"< "id":1,"result":{"resultType":"input_required","requestState":"s"}"#;
    check(&format!("> modern 1 prompts/get\n{state}"), &[]);
    check(&format!("> modern 1 tools/list\n{state}"), &[Capabilities]);
    let missing = r#"< "id":1,"error":{"code":-32021,"message":"m",
        | "data":{"requiredCapabilities":["roots"]}}"#;
    check(&format!("> modern 1\n{missing}"), &[Capabilities]);
    let silent = OPEN
        .replace("< welcome 2025-11-25", r#"< "id":0,"result":{"protocolVersion":"2025-11-25"}"#);
    check(&format!("{silent}\n< log info"), &[Capabilities]);
}

#[test]
fn a_state_that_is_taken_but_was_not_given_is_caught() {
    mcp_proto::spec!("MRT-20", "MRT-21");
    use Invariant::StateIntegrity;
    let wants = r#"> modern 1
        < "id":1,"result":{"resultType":"input_required","requestState":"s"}"#;
    let next = |state: &str| {
        let line = message("modern 2").replace(r#""_meta""#, &format!("{state},\"_meta\""));
        format!("{wants}\n> {}\n< complete 2", line.replace('\n', ""))
    };
    let sealed = Expectations { sealed: true, ..Expectations::default() };
    assert_eq!(play(sealed.clone(), &next(r#""requestState":"s""#)), []);
    for wrong in [r#""requestState":"t""#, r#""name":"n","requestState":"s""#] {
        assert_eq!(play(sealed.clone(), &next(wrong)), [StateIntegrity]);
        check(&next(wrong), &[]);
        let refused = next(wrong).replace("< complete 2", "< refused 2");
        assert_eq!(play(sealed.clone(), &refused), []);
    }
}

#[test]
fn what_does_not_come_to_rest_is_caught() {
    use Invariant::Bounds;
    check("!\n!", &[Bounds]);
    check("$", &[Bounds]);
    check_open("> call 1\n!\n< result 1\n$", &[]);
    check_open("> call 1\n< result 1\n!\n$\n< log info", &[Bounds]);
    let mut checker = Checker::new(Expectations::default());
    checker.timed(5, Some(6));
    checker.timed(5, None);
    assert_eq!(checker.violations(), []);
    checker.timed(5, Some(5));
    let answers = "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n".repeat(3);
    checker.pending(answers.len(), answers.as_bytes(), 10);
    checker.pending(0, answers.as_bytes(), answers.len());
    assert_eq!(checker.violations().len(), 1);
    checker.pending(0, answers.as_bytes(), 10);
    assert_eq!(checker.violations().len(), 3);
    assert!(checker.violations().iter().all(|violation| violation.invariant == Bounds));
}

#[test]
fn what_is_at_work_still_may_be_unanswered() {
    let mut checker = Checker::new(Expectations::default());
    checker.sent(message("modern 1").as_bytes());
    checker.sent(message("listen 2").as_bytes());
    checker.settled(&[Id::Number(1)]);
    checker.assert_clean();
    checker.settled(&[]);
    assert_eq!(
        checker.violations()[0].to_string(),
        "VIOLATION of \"one conclusion\": tools/call 1 has no conclusion"
    );
}

#[test]
fn what_was_given_up_may_be_unanswered_at_the_end() {
    let mut checker = Checker::new(Expectations::default());
    checker.sent(message("modern 1").as_bytes());
    checker.sent(message("modern 2").as_bytes());
    checker.processed();
    checker.gave_up(&Id::Number(1));
    checker.gave_up(&Id::Number(2));
    checker.received(message("complete 2").as_bytes());
    checker.closed();
    checker.over();
    checker.assert_clean();
}

#[test]
fn ids_that_meet_in_doubt_end_the_judgement() {
    check("> initialize 2025-03-26\n> []\n< result 7", &[]);
    check_open("> call 1\n> cancel 1\n> call 1\n< result 1\n< result 7\n< log info", &[]);
    check_open("> call 1\n> call 1\n< refused 1\n< result 7", &[]);
    let known = "> call 1\n=\n> call 1\n< refused 1\n";
    check_open(
        &format!("{known}< progress 1 1\n< result 1\n< result 7"),
        &[Invariant::NoReplyToNothing],
    );
}
