//! Servers that say what makes no sense, too much, or what nobody asked for.

#![cfg(target_os = "linux")]

mod bad;

use std::{
    process::Command,
    sync::{Arc, Mutex, atomic::AtomicUsize, atomic::Ordering, mpsc::channel},
    time::Duration,
};

use bad::{
    close, config, connect, connector, dropped, legacy, modern, result, say, shell, within_deadline,
};
use mcp_proto::{
    Version,
    client::{self as proto, CallOptions, DroppedByClient, Era, Violation},
    schema::{ClientCapabilities, ElicitationCapability},
};
use mcp_stdio::{
    Client,
    client::{ConnectError, Error},
};
use serde_json::json;

fn call(client: &Client) -> Result<String, Error> {
    client.call_tool("any", &json!({})).map(|outcome| outcome.text())
}

/// Both eras, each with a server that goes on as the script says.
fn both(script: &str) -> [(Era, Command); 2] {
    [(Era::Legacy, legacy(script)), (Era::Auto, modern(script))]
}

fn asks_forms() -> ClientCapabilities {
    let form = ElicitationCapability { form: true, url: false };
    ClientCapabilities { elicitation: Some(form), ..ClientCapabilities::default() }
}

#[test]
fn garbage_between_messages_is_reported_and_passed_over() {
    within_deadline(|| {
        let script = ["Listening on port 8080", "{", "[]", "{}", "\"text\"", "{\"a\":"].map(say);
        let script = format!("read -r line\n{}{}", script.concat(), result(2, "fine"));
        for (era, server) in both(&script) {
            let client = connect(era, server);
            assert_eq!(call(&client).unwrap(), "fine");
            close(&client);
            let dropped = dropped(&client);
            assert!(dropped.len() >= 5, "{dropped:?}");
            assert!(matches!(&dropped[0], DroppedByClient::Junk(line) if line.contains("8080")));
        }
    });
}

#[test]
fn garbage_instead_of_an_agreement_is_no_agreement() {
    within_deadline(|| {
        let nonsense = say(r#"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":7}}"#);
        let server = shell(&format!("read -r line\n{nonsense}read -r line"));
        let error = connector(Era::Legacy).spawn(server).unwrap_err();
        let ConnectError::Handshake { why, end } = error else { panic!("{error:?}") };
        assert_eq!(why, proto::ConnectError::Malformed("initialize".into()));
        bad::assert_gone(&end);

        // Nothing but noise is a server that does not answer.
        let error = connector(Era::Legacy).spawn(shell("exec yes noise")).unwrap_err();
        let ConnectError::Handshake { why, end } = error else { panic!("{error:?}") };
        assert_eq!(why, proto::ConnectError::TimedOut);
        bad::assert_gone(&end);
    });
}

#[test]
fn a_result_that_is_none_is_a_violation() {
    within_deadline(|| {
        let answer = say(r#"{"jsonrpc":"2.0","id":2,"result":7}"#);
        let client = connect(Era::Auto, modern(&format!("read -r line\n{answer}")));
        let error = call(&client).unwrap_err();
        assert!(matches!(error, Error::Violation(Violation::Malformed)), "{error:?}");
        close(&client);

        let odd = say(r#"{"jsonrpc":"2.0","id":2,"result":{"resultType":"later"}}"#);
        let client = connect(Era::Auto, modern(&format!("read -r line\n{odd}")));
        let error = call(&client).unwrap_err();
        let Error::Violation(Violation::UnknownResultType(raw)) = error else {
            panic!("{error:?}")
        };
        assert_eq!(raw.as_str(), r#"{"resultType":"later"}"#);
        close(&client);
    });
}

#[test]
fn a_second_answer_and_one_to_nothing_are_dropped() {
    within_deadline(|| {
        let answers = [result(99, "who?"), result(2, "first"), result(2, "second")].concat();
        let script = format!("read -r line\n{answers}read -r line\n{}", result(3, "next"));
        for (era, server) in both(&script) {
            let client = connect(era, server);
            assert_eq!(call(&client).unwrap(), "first");
            assert_eq!(call(&client).unwrap(), "next");
            close(&client);
            let unknown = vec![DroppedByClient::UnknownResponse; 2];
            assert_eq!(dropped(&client), unknown);
        }
    });
}

#[test]
fn a_flood_on_stderr_holds_no_answer_up_and_its_end_is_kept() {
    mcp_proto::spec!("STD-04");
    within_deadline(|| {
        let flood = "head -c 10000000 /dev/zero | tr '\\0' x >&2; echo the end >&2\n";
        let script = format!("read -r line\n{flood}{}", result(2, "dry"));
        for (era, server) in both(&script) {
            // A person who reads slowly holds nothing up either.
            let (hold, until) = channel::<()>();
            let until = Mutex::new(until);
            let wait = move |_: &str| assert!(until.lock().unwrap().recv().is_err());
            let connector = connector(era).on_stderr(wait);
            let client = connector.spawn(server).unwrap();
            assert_eq!(call(&client).unwrap(), "dry");
            let end = client.close();
            assert!(end.stderr.ends_with("xthe end\n"));
            assert!(end.stderr.len() <= 64 << 10);
            assert!(end.status.unwrap().success());
            drop(hold);
        }
    });
}

#[test]
fn a_flood_of_junk_holds_no_answer_up_and_is_counted() {
    within_deadline(|| {
        let script = format!("read -r line\nyes junk | head -n 100000\n{}", result(2, "dry"));
        for (era, server) in both(&script) {
            let client = connect(era, server);
            assert_eq!(call(&client).unwrap(), "dry");
            close(&client);
            let kept = client.events().count() as u64;
            assert_eq!(kept, 1024);
            assert_eq!(kept + client.dropped_events(), 100_000);
        }
    });
}

#[test]
fn a_server_that_speaks_before_it_reads_is_read_meanwhile() {
    within_deadline(|| {
        // Both sides say more than a pipe holds before the other may be done.
        let script =
            format!("yes junk | head -n 100000; head -n 1 | wc -c >&2\n{}", result(2, "read"));
        for (era, server) in both(&script) {
            let client = connect(era, server);
            let outcome = client.call_tool("any", &json!({"text": "x".repeat(4 << 20)})).unwrap();
            assert_eq!(outcome.text(), "read");
            close(&client);
        }
    });
}

#[test]
fn junk_without_end_does_not_keep_a_call_from_timing_out() {
    within_deadline(|| {
        for (era, server) in both("read -r line; exec yes junk") {
            let client = connect(era, server);
            let mut options = CallOptions::default();
            options.timeouts.idle = Some(Duration::from_millis(300));
            let error = client.call("tools/call", &json!({"name": "any"}), options).unwrap_err();
            assert!(matches!(error, Error::TimedOut), "{error:?}");
            close(&client);
        }
    });
}

#[test]
fn progress_that_goes_back_is_dropped() {
    within_deadline(|| {
        let report = |progress: u32| {
            say(&format!(
                r#"{{"jsonrpc":"2.0","method":"notifications/progress","params":{{"progressToken":2,"progress":{progress},"total":6}}}}"#
            ))
        };
        let reports = [report(5), report(3), report(6)].concat();
        let script = format!("read -r line\n{reports}{}", result(2, "done"));
        for (era, server) in both(&script) {
            let client = connect(era, server);
            let options = CallOptions { progress: true, ..CallOptions::default() };
            let call = client.begin_tool("any", &json!({}), options).unwrap();
            let mut heard = Vec::new();
            call.wait_with(|report| heard.push((report.progress, report.total))).unwrap();
            assert_eq!(heard, [(5.0, Some(6.0)), (6.0, Some(6.0))]);
            close(&client);
            let notification = DroppedByClient::Notification("notifications/progress".into());
            assert_eq!(dropped(&client), [notification]);
        }
    });
}

const FORM: &str = r#""method":"elicitation/create","params":{"message":"Well?","requestedSchema":{"type":"object","properties":{}}}"#;

#[test]
fn a_question_that_was_not_declared_is_refused_or_ends_the_call() {
    within_deadline(|| {
        // A session: the server hears that there is no such method.
        let ask = say(&format!(r#"{{"jsonrpc":"2.0","id":"q",{FORM}}}"#));
        let script = format!("read -r line\n{ask}read -r answer\necho \"$answer\" >&2\n");
        let client = connect(Era::Legacy, legacy(&(script + &result(2, "never mind"))));
        assert_eq!(call(&client).unwrap(), "never mind");
        let end = close(&client);
        assert!(end.stderr.contains(r#""id":"q""#) && end.stderr.contains("-32601"), "{end:?}");

        let asked = say(&format!(
            r#"{{"jsonrpc":"2.0","id":2,"result":{{"resultType":"input_required","inputRequests":{{"q":{{{FORM}}}}}}}}}"#
        ));
        let client = connect(Era::Auto, modern(&format!("read -r line\n{asked}")));
        let error = call(&client).unwrap_err();
        assert!(matches!(error, Error::Violation(Violation::Undeclared)), "{error:?}");
        close(&client);
    });
}

#[test]
fn a_server_that_asks_for_ever_is_given_up() {
    within_deadline(|| {
        let asked = |more: &str| {
            format!(
                "id=2\nwhile read -r line; do printf '%s\\n' \"{{\\\"jsonrpc\\\":\\\"2.0\\\",\
                 \\\"id\\\":$id,\\\"result\\\":\"'{{\"resultType\":\"input_required\",{more}}}}}'\n\
                 id=$((id+1))\ndone"
            )
        };
        // It asks for nothing but another try.
        let client = connect(Era::Auto, modern(&asked(r#""requestState":"again""#)));
        let error = call(&client).unwrap_err();
        assert!(matches!(error, Error::TooManyRounds), "{error:?}");
        close(&client);

        // It asks a person, each time anew.
        let mut config = config(Era::Pinned(Version::V2026_07_28));
        config.capabilities = asks_forms();
        let times = Arc::new(AtomicUsize::new(0));
        let counted = times.clone();
        let connector = mcp_stdio::client::Connector::new(config).on_question(move |question| {
            counted.fetch_add(1, Ordering::SeqCst);
            mcp_stdio::client::unattended(question)
        });
        let server = modern(&asked(&format!(r#""inputRequests":{{"q":{{{FORM}}}}}"#)));
        let client = connector.grace(bad::GRACE).spawn(server).unwrap();
        let error = call(&client).unwrap_err();
        assert!(matches!(error, Error::TooManyRounds), "{error:?}");
        assert_eq!(times.load(Ordering::SeqCst), 10);
        close(&client);
    });
}

#[test]
fn a_request_of_a_modern_server_is_dropped_and_not_answered() {
    within_deadline(|| {
        let ask = say(&format!(r#"{{"jsonrpc":"2.0","id":"q",{FORM}}}"#));
        let script = format!(
            "read -r line\n{ask}{}while read -r line; do echo \"heard $line\" >&2; done",
            result(2, "on its own"),
        );
        let mut config = config(Era::Auto);
        config.capabilities = asks_forms();
        let connector = mcp_stdio::client::Connector::new(config).grace(bad::GRACE);
        let client = connector.spawn(modern(&script)).unwrap();
        assert_eq!(call(&client).unwrap(), "on its own");
        let end = close(&client);
        assert!(!end.stderr.contains("heard"), "{end:?}");
        assert_eq!(dropped(&client), [DroppedByClient::Request("elicitation/create".into())]);
    });
}
