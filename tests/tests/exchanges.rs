//! The checker of HTTP exchanges, on bad traces written by hand: each is caught, by its name.

use mcp_tests::checker::{Asked, Exchanges, Invariant};

/// Plays a trace and gives what is wrong with it. A line begins with the number of an exchange:
///
/// * `>`: it asks, with a method and then `session=`, `last=`, `subject=` and `body=`;
/// * a status: it gets a whole response, with `session=` and `body=`; `open`: the head of a stream;
/// * `<`: an event with an id and data, or `-` for none; `end`: the end; `gone`: its client went.
///
/// A line `over` says that nothing more comes.
fn play(trace: &str) -> Vec<Invariant> {
    let mut checker = Exchanges::default();
    for line in trace.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if line == "over" {
            checker.over();
            continue;
        }
        let words: Vec<&str> = line.splitn(3, ' ').collect();
        let exchange = words[0].parse().expect("a number");
        let rest = words.get(2).copied().unwrap_or_default();
        match words[1] {
            ">" => checker.asked(exchange, asked(rest)),
            "open" => checker.opened(exchange, 200),
            "end" => checker.finished(exchange),
            "gone" => checker.gone(exchange),
            "<" => checker.wrote(exchange, &frame(rest)),
            status => {
                let session = value(rest, "session");
                let body = value(rest, "body").unwrap_or_default();
                let status = status.parse().expect("a status");
                checker.responded(exchange, status, session.as_deref(), &body);
            }
        }
    }
    checker.violations().iter().map(|violation| violation.invariant).collect()
}

/// The value after a name; a body goes to the end of the line.
fn value(text: &str, name: &str) -> Option<String> {
    let (_, after) = text.split_once(&format!("{name}="))?;
    let end = if name == "body" { None } else { after.find(' ') };
    Some(after[..end.unwrap_or(after.len())].into())
}

fn asked(text: &str) -> Asked {
    Asked {
        method: text.split(' ').next().unwrap_or_default().into(),
        subject: value(text, "subject"),
        body: value(text, "body").unwrap_or_default(),
        ..Asked::default()
    }
    .with("mcp-session-id", value(text, "session"))
    .with("last-event-id", value(text, "last"))
}

fn frame(text: &str) -> String {
    let (id, data) = text.split_once(' ').unwrap_or((text, ""));
    let id = if id == "-" { String::new() } else { format!("id: {id}\n") };
    format!("{id}data: {data}\n\n")
}

const CALL: &str = r#"1 > POST session=s body={"id":7,"method":"tools/call"}"#;
const LISTEN: &str = r#"1 > POST body={"id":7,"method":"subscriptions/listen"}"#;
const NOTE: &str = r#"{"method":"n"}"#;
const RESULT: &str = r#"{"id":7,"result":{}}"#;
const ACKNOWLEDGED: &str = r#"1 < - {"method":"notifications/subscriptions/acknowledged",
    "params":{"_meta":{"io.modelcontextprotocol/subscriptionId":7}}}"#;

#[track_caller]
fn assert_finds(trace: &str, expected: &[Invariant]) {
    assert_eq!(play(trace), expected, "{trace}");
}

#[test]
fn a_good_trace_is_clean() {
    assert_finds(
        &format!(
            "0 > POST body={{\"id\":0,\"method\":\"initialize\"}}
            0 200 session=s body={{\"id\":0,\"result\":{{}}}}
            {CALL}
            1 open
            1 < a-0
            1 < a-1 {NOTE}
            1 gone
            2 > GET session=s last=a-0
            2 open
            2 < a-1 {NOTE}
            2 < a-2 {RESULT}
            2 end
            3 > DELETE session=s
            3 204
            4 > GET session=s
            4 404
            over"
        ),
        &[],
    );
}

#[test]
fn each_exchange_has_one_head_and_one_end() {
    let order = Invariant::ExchangeOrder;
    assert_finds(&format!("{CALL}\n1 200\n1 200"), &[order]);
    assert_finds(&format!("{CALL}\n1 < a-1 {NOTE}"), &[order]);
    assert_finds(&format!("{CALL}\n1 open\n1 end\n1 < a-1 {NOTE}"), &[order]);
    assert_finds(&format!("{CALL}\n1 open\n1 gone\n1 end"), &[order]);
    assert_finds(&format!("{CALL}\n1 open\nover"), &[order]);
    assert_finds("1 200", &[order]);
}

#[test]
fn a_stream_that_goes_on_has_no_gap_and_nothing_twice() {
    mcp_proto::spec!("SHL-23");
    let begun = format!("{CALL}\n1 open\n1 < a-0\n1 < a-1 {NOTE}\n1 < a-2 {NOTE}\n1 gone");
    let replay = Invariant::Replay;
    for (again, expected) in [
        (vec!["a-1", "a-2", "a-3"], vec![]),
        (vec!["a-2"], vec![replay]),
        (vec!["a-1", "a-1"], vec![replay]),
        (vec!["a-2", "a-1"], vec![replay, replay]),
    ] {
        let mut trace = format!("{begun}\n2 > GET session=s last=a-0\n2 open");
        trace.extend(again.iter().flat_map(|id| ["\n2 < ", *id, " ", NOTE]));
        assert_finds(&trace, &expected);
    }
    let other = r#"2 < a-1 {"method":"other"}"#;
    let trace = format!("{begun}\n2 > GET session=s last=a-0\n2 open\n{other}");
    assert_finds(&trace, &[replay]);
}

#[test]
fn an_answer_comes_to_whoever_asked() {
    mcp_proto::spec!("SHL-16");
    let place = Invariant::RightPlace;
    assert_finds(&format!("1 > GET session=s\n1 open\n1 < a-1 {RESULT}"), &[place]);
    assert_finds(&format!("{CALL}\n1 open\n1 < a-1 {RESULT}"), &[]);
}

#[test]
fn a_subscription_is_acknowledged_first_and_tells_with_its_tag() {
    mcp_proto::spec!("LIS-01", "LIS-06");
    let place = Invariant::RightPlace;
    let acknowledged = ACKNOWLEDGED.replace('\n', "");
    let tagged = acknowledged.replace("subscriptions/acknowledged", "tools/list_changed");
    assert_finds(&format!("{LISTEN}\n1 open\n{acknowledged}\n{tagged}"), &[]);
    assert_finds(&format!("{LISTEN}\n1 open\n{tagged}"), &[place]);
    assert_finds(&format!("{LISTEN}\n1 open\n{acknowledged}\n{acknowledged}"), &[place]);
    assert_finds(&format!("{LISTEN}\n1 open\n{acknowledged}\n1 < - {NOTE}"), &[place]);
    assert_finds(&format!("{CALL}\n1 open\n{tagged}"), &[place]);
}

#[test]
fn a_session_serves_its_own_subject_until_it_ends() {
    mcp_proto::spec!("SEC-02", "SHL-37");
    let isolation = Invariant::Isolation;
    let opened = "0 > POST subject=ada\n0 200 session=s";
    assert_finds(&format!("{opened}\n1 > POST session=s subject=bob\n1 200"), &[isolation]);
    assert_finds(&format!("{opened}\n1 > POST session=s subject=bob\n1 404"), &[]);
    assert_finds(&format!("{opened}\n1 > GET session=s subject=ada\n1 open"), &[]);
    let ended = format!("{opened}\n1 > DELETE session=s subject=ada\n1 204");
    assert_finds(&format!("{ended}\n2 > POST session=s subject=ada\n2 202"), &[isolation]);
    assert_finds(&format!("{opened}\n1 > POST\n1 200 session=s"), &[isolation]);
}

#[test]
fn frames_are_events_of_one_message() {
    let framing = Invariant::Framing;
    assert_finds(&format!("{CALL}\n1 open\n1 < a-1 no message"), &[framing]);
    assert_finds(&format!("{CALL}\n1 200 body=no message"), &[framing]);
    assert_finds(&format!("{CALL}\n1 400 body=A session is required"), &[]);
    let mut checker = Exchanges::default();
    checker.asked(1, Asked::default());
    checker.opened(1, 200);
    for frame in ["data: {}", "data: {}\ndata: {}\n\n", "what: {}\n\n"] {
        checker.wrote(1, frame);
    }
    checker.wrote(1, ":\n\n");
    let found: Vec<_> = checker.violations().iter().map(|found| found.invariant).collect();
    assert_eq!(found, [framing; 3]);
}
