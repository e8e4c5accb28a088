//! The checker of clients.

use mcp_proto::testing::checker::{ClientChecker, ClientExpectations, Id, Invariant};

use super::{OPEN, message, names, read};

/// Plays a trace and gives what its client does wrong.
fn play(prompt: bool, trace: &str) -> Vec<Invariant> {
    names(&read(trace).check_client(ClientExpectations { prompt }))
}

#[track_caller]
fn check(trace: &str, expected: &[Invariant]) {
    assert_eq!(play(true, trace), expected, "{trace}");
}

/// Checks a trace that comes after [`OPEN`].
#[track_caller]
fn check_open(trace: &str, expected: &[Invariant]) {
    check(&format!("{OPEN}\n{trace}"), expected);
}

const WANTS: &str = r#"
    > modern 1
    < "id":1,"result":{"resultType":"input_required","requestState":"s",
    | "inputRequests":{"a":{"method":"elicitation/create"}}}"#;

/// The next round of [`WANTS`], with these members.
fn next(id: u8, members: &str) -> String {
    let meta = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",
        | "io.modelcontextprotocol/clientCapabilities":{}}"#;
    format!("\n> \"id\":{id},\"method\":\"tools/call\",\"params\":{{{members},{meta}}}\n")
}

const STATE: &str = r#""requestState":"s""#;
const ANSWERS: &str = r#""inputResponses":{"a":{"action":"decline"}}"#;

#[test]
fn a_good_client_passes() {
    check_open(
        r#"
        < ask elicitation/create
        > "id":"q","result":{"action":"decline"}
        > call 1
        < progress 1 0.5
        > cancel 1
        > "id":2,"method":"tools/call"
        < result 2
        < "id":5,"method":"ping"
        > "id":5,"result":{}
        < "id":6,"method":5
        > refused 6
        < {
        > junk"#,
        &[],
    );
    let probed = "> modern 1 server/discover\n< refused 1\n";
    check(&format!("{probed}{OPEN}\n> call 1\n< result 1"), &[]);
    check("> initialize 2025-11-25\n< error 0\n> modern 1\n< complete 1\n> modern 1", &[]);
    check("> listen 1\n< ack 1\n> cancel 1\n> listen 1\n< ack 1\n< cancel 1\n> listen 1", &[]);
    let next = next(2, &format!("{STATE},{ANSWERS}"));
    check(&format!("{WANTS}{next}< complete 2"), &[]);
    let march = OPEN.replace("2025-11-25", "2025-03-26") + "\n";
    check(&format!(r#"{march}> [{{"jsonrpc":"2.0","id":1,"method":"ping"}}]"#), &[]);
}

#[test]
fn a_client_that_jumps_over_the_handshake_is_caught() {
    mcp_proto::spec!("INI-01", "INI-12", "INI-13", "INI-19", "ERA-33");
    use Invariant::{Capabilities, Framing, Handshake};
    check("> call 1", &[Handshake]);
    check(r#"> "id":1,"method":"ping""#, &[]);
    check("> initialize 2025-11-25\n> call 1", &[Handshake]);
    check("> initialize 2025-11-25\n> initialized", &[Handshake]);
    check("> initialize 2025-11-25\n< welcome 2025-11-25\n> call 1", &[Handshake]);
    check_open("> initialized", &[Handshake]);
    check_open(r#"> "id":7,"method":"initialize""#, &[Handshake, Framing]);
    check_open("> modern 1", &[Handshake]);
    check("> changed roots", &[Handshake]);
    let legacy = message("modern 1").replace("2026-07-28", "2025-11-25");
    check(&format!("> {}", legacy.replace('\n', "")), &[Handshake]);
    check("> modern 1 ping", &[Capabilities]);
    let march = OPEN.replace("2025-11-25", "2025-03-26") + "\n";
    let initialize = message("initialize 2025-03-26").replace('\n', "");
    check(&format!("{march}> [{initialize}]").replace(":0", ":8"), &[Handshake, Handshake]);
}

#[test]
fn a_line_of_a_client_that_is_no_message_of_the_revision_is_caught() {
    mcp_proto::spec!("INI-02", "META-01", "RPC-01", "RPC-02", "RPC-11", "STD-01", "STD-03");
    use Invariant::Framing;
    check("> hello", &[Framing]);
    check_open(r#"> "id":null,"method":"ping""#, &[Framing]);
    check_open(r#"> [{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, &[Framing]);
    check(&(OPEN.replace("2025-11-25", "2025-03-26") + "\n> []"), &[Framing]);
    check(
        r#"> "id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25"}"#,
        &[Framing],
    );
    check("> modern 1\n> call 2", &[Framing]);
    let version = r#"{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}"#;
    check(&format!(r#"> "id":1,"method":"tools/list","params":{version}"#), &[Framing]);
    check_open(r#"> "method":"notifications/cancelled""#, &[Framing]);
    for result in [r#"{"action":"maybe"}"#, "{}", r#"{"action":"cancel","resultType":"complete"}"#]
    {
        let answer = format!("< ask elicitation/create\n> \"id\":\"q\",\"result\":{result}");
        check_open(&answer, &[Framing]);
    }
    check_open(
        "< ask sampling/createMessage\n> \"id\":\"q\",\"result\":{\"role\":\"user\"}",
        &[Framing],
    );
    check_open("< ask roots/list\n> \"id\":\"q\",\"result\":{}", &[Framing]);
    check(
        &format!("{WANTS}{}", next(2, &format!("{STATE},{}", ANSWERS.replace("dec", "x")))),
        &[Framing],
    );
}

#[test]
fn an_id_that_comes_again_and_a_question_answered_twice_or_never_are_caught() {
    mcp_proto::spec!("RPC-04", "RPC-05", "CAN-07");
    use Invariant::OneConclusion;
    check_open("> call 1\n< result 1\n> call 1", &[OneConclusion]);
    check("> modern 1\n> modern 1", &[OneConclusion]);
    let answer = "\n> \"id\":\"q\",\"result\":{\"action\":\"decline\"}";
    check_open(&format!("< ask elicitation/create{answer}{answer}"), &[OneConclusion]);
    let mut checker = ClientChecker::default();
    read(&format!("{OPEN}\n< ask elicitation/create")).show_client(&mut checker);
    checker.settled();
    assert_eq!(names(checker.violations()), [OneConclusion]);
}

#[test]
fn an_answer_of_a_client_to_nothing_is_caught() {
    mcp_proto::spec!("RPC-06", "RPC-12", "RPC-28", "STD-09");
    use Invariant::NoReplyToNothing;
    check_open("> result 1", &[NoReplyToNothing]);
    check_open("< \"id\":1,\"method\":\"ping\"\n> result \"1\"", &[NoReplyToNothing]);
    check_open("< log info\n> junk", &[NoReplyToNothing]);
    check("> modern 1\n< \"id\":1,\"method\":\"ping\"\n> result 1", &[NoReplyToNothing]);
    // Who probes does not know yet whether its server may ask.
    let probe = "> modern 1 server/discover\n< \"id\":1,\"method\":\"ping\"";
    check(&format!("{probe}\n> result 1"), &[]);
    check(&format!("{probe}\n."), &[]);
}

#[test]
fn a_cancellation_of_what_is_not_open_is_caught() {
    mcp_proto::spec!("CAN-01", "CAN-02", "CAN-03", "CAN-17");
    use Invariant::SilenceAfterCancel;
    check_open("> cancel 1", &[SilenceAfterCancel]);
    check_open("> call 1\n> cancel \"1\"", &[SilenceAfterCancel]);
    check_open("> call 1\n> cancel 1\n> cancel 1", &[SilenceAfterCancel]);
    check("> initialize 2025-11-25\n> cancel 0", &[SilenceAfterCancel]);
    let late = format!("{OPEN}\n> call 1\n< result 1\n> cancel 1");
    assert_eq!(play(true, &late), [SilenceAfterCancel]);
    assert_eq!(play(false, &late), [], "they may have crossed");
    let taken_back = r#"< ask elicitation/create
        < cancel "q"
        > "id":"q","result":{"action":"decline"}"#;
    let taken_back = format!("{OPEN}\n{taken_back}");
    assert_eq!(play(true, &taken_back), [SilenceAfterCancel]);
    assert_eq!(play(false, &taken_back), []);
    let mut checker = ClientChecker::default();
    checker.sent(message("modern 1").as_bytes());
    checker.lost(&Id::Number(1));
    checker.sent(message("cancel 1").as_bytes());
    assert_eq!(names(checker.violations()), [SilenceAfterCancel]);
}

#[test]
fn progress_of_a_client_without_a_question_or_backwards_is_caught() {
    mcp_proto::spec!("PRG-01", "PRG-02", "PRG-03", "PRG-04", "PRG-05", "PRG-07", "PRG-14");
    use Invariant::Progress;
    let asked = r#"< "id":"q","method":"ping","params":{"_meta":{"progressToken":7}}"#;
    check_open(&format!("{asked}\n> progress 7 1\n> progress 7 2\n> result \"q\""), &[]);
    check_open(&format!("{asked}\n> progress 7 1\n> progress 7 1"), &[Progress]);
    check_open(&format!("{asked}\n> result \"q\"\n> progress 7 1"), &[Progress]);
    check_open("> progress 7 1", &[Progress]);
    check("> modern 1\n> progress 1 1", &[Progress]);
    let token = |id: u8, token: &str| {
        format!(r#"> "id":{id},"method":"ping","params":{{"_meta":{{"progressToken":{token}}}}}"#)
    };
    check_open(&token(1, "1.5"), &[Progress]);
    check_open(&format!("{}\n{}", token(1, "1"), token(2, "1")), &[Progress]);
}

#[test]
fn what_a_client_was_not_offered_or_did_not_declare_is_caught() {
    mcp_proto::spec!("INI-17", "MRT-02", "ROO-03");
    use Invariant::Capabilities;
    check_open(r#"> "id":1,"method":"prompts/list""#, &[Capabilities]);
    check_open(r#"> "id":1,"method":"resources/subscribe""#, &[Capabilities]);
    check_open(r#"> "id":1,"method":"completion/complete""#, &[Capabilities]);
    check_open("> level info", &[]);
    check_open("> changed roots", &[Capabilities]);
    let list = next(2, STATE).replace("tools/call", "tools/list");
    check(&format!("{WANTS}{list}"), &[Capabilities]);
}

#[test]
fn a_question_that_comes_again_is_answered_again() {
    let ask = "< \"id\":1,\"method\":\"ping\"";
    check_open(&format!("{ask}\n{ask}\n> result 1\n> result 1"), &[]);
    let form = ask.replace("ping", "elicitation/create");
    check_open(&format!("{ask}\n{form}\n> result 1\n> result 1"), &[]);
    let thrice = format!("{ask}\n{ask}\n> result 1\n> result 1\n> result 1");
    check_open(&thrice, &[Invariant::OneConclusion]);
}

#[test]
fn a_state_or_an_answer_that_was_not_given_or_asked_for_is_caught() {
    mcp_proto::spec!(
        "MRT-08", "MRT-09", "MRT-11", "MRT-12", "MRT-14", "MRT-15", "MRT-16", "MRT-17"
    );
    use Invariant::StateIntegrity;
    let both = format!("{STATE},{ANSWERS}");
    let other = format!("{STATE},{}", ANSWERS.replace("\"a\"", "\"b\""));
    for (id, members) in [
        (1, both.clone()),
        (2, both.replace("\"s\"", "\"t\"")),
        (2, ANSWERS.into()),
        (2, STATE.into()),
        (2, other),
        (2, format!("\"name\":\"other\",{both}")),
    ] {
        check(&format!("{WANTS}{}", next(id, &members)), &[StateIntegrity]);
    }
    let parallel = format!("{WANTS}{}{}", next(2, &both), next(3, &both));
    check(&parallel, &[StateIntegrity]);
    // Two calls that are given the same state go on each by itself.
    let two = WANTS.to_owned() + &WANTS.replace("modern 1", "modern 4").replace(":1,", ":4,");
    check(&format!("{two}{}{}", next(2, &both), next(3, &both)), &[]);
    let three = format!("{two}{}{}{}", next(2, &both), next(3, &both), next(5, &both));
    check(&three, &[StateIntegrity]);
    let again = format!("{WANTS}{}< error 2{}", next(2, &both), next(3, &both));
    check(&again, &[]);
    check(&next(1, ANSWERS), &[StateIntegrity]);
    let without = WANTS.replace("\"requestState\":\"s\",", "");
    check(&format!("{without}{}", next(2, ANSWERS)), &[]);
    check(&format!("{without}{}", next(2, &both)), &[StateIntegrity]);
}
