//! Generated servers, tried on the client of this crate and on bad ones.

use alloc::{collections::VecDeque, string::String, vec::Vec};
use core::time::Duration;

use super::*;
use crate::{
    client::{CallOptions, ClientConfig, Era, Listening},
    schema::{
        Answer, ClientCapabilities, ElicitationCapability, Implementation, Level, ListCapability,
        Question, SamplingCapability,
    },
    testing::{Pair, checker::Expectations},
    wire::Json,
};

fn client(version: Version, able: bool) -> ClientConfig {
    let mut capabilities = ClientCapabilities::default();
    if able {
        capabilities.elicitation = Some(ElicitationCapability { form: true, url: false });
        capabilities.sampling = Some(SamplingCapability::default());
        capabilities.roots = Some(ListCapability { list_changed: true });
    }
    let mut config = ClientConfig::new(Implementation::new("c", "1"), capabilities);
    config.era = if version.rules().handshake { Era::Pinned(version) } else { Era::Auto };
    config
}

fn json(text: &str) -> Json {
    Json::parse_text(text).unwrap()
}

fn answer(question: &Question) -> Answer {
    Answer::Given(json(match question {
        Question::Elicit { .. } => r#"{"action":"accept","content":{"name":"Ada"}}"#,
        Question::Sample(_) => {
            r#"{"role":"assistant","content":{"type":"text","text":"a"},"model":"m"}"#
        }
        _ => r#"{"roots":[]}"#,
    }))
}

/// All that an application does with what it is offered.
fn use_all(pair: &mut Pair<GeneratedServer>) {
    let tools = ["one", "two", "three", "one", "one", "two"];
    let tools =
        tools.map(|tool| ("tools/call", format!(r#"{{"name":"{tool}","arguments":{{}}}}"#)));
    let others = [
        ("tools/list", "{}"),
        ("prompts/list", "{}"),
        ("resources/list", "{}"),
        ("prompts/get", r#"{"name":"one"}"#),
        ("resources/read", r#"{"uri":"test:one"}"#),
    ];
    let others = others.map(|(method, params)| (method, String::from(params)));
    let offer = pair.remote.offer.clone();
    for (method, params) in tools.into_iter().chain(others) {
        if !offer::lacks(&offer, method) {
            let _ = pair.call(method, &json(&params));
        }
    }
    pair.with(|client, now| {
        if !offer::lacks(&offer, "logging/setLevel") {
            client.set_level(now, Level::Debug);
        }
        client.listen(now, Listening { tools: true, ..Listening::default() });
        if !offer::lacks(&offer, "tools/call") {
            let params = json(r#"{"name":"three","arguments":{}}"#);
            let call = client.call(now, "tools/call", &params, CallOptions::default());
            let _ = client.cancel(call, Some("enough"));
        }
    });
    pair.advance(Duration::from_mins(1));
}

#[test]
fn our_own_client_bears_whatever_a_server_may_do() {
    for version in Version::ALL {
        for seed in 0..60 {
            let server = GeneratedServer::draw(seed, &[version]);
            let able = seed % 3 > 0;
            let mut pair = Pair::new(client(version, able), server).answering(answer);
            use_all(&mut pair);
            let Report { transcript, violations } =
                pair.remote.report(ClientExpectations::default());
            assert_eq!(violations, [], "{version} {seed}\n{transcript}");
            let server = transcript.check(Expectations::default());
            assert_eq!(server, [], "{version} {seed}\n{transcript}");
        }
    }
}

/// A client that says what it has to say, whatever it hears.
struct Deaf(VecDeque<&'static str>);

impl Remote for Deaf {
    fn write(&mut self, _: &[u8]) {}

    fn read_line(&mut self, _owed: bool) -> Option<String> {
        self.0.pop_front().map(String::from)
    }

    fn close(&mut self) {}

    fn is_over(&self) -> bool {
        self.0.is_empty()
    }
}

#[test]
fn a_bad_client_is_caught_and_shown_with_few_lines() {
    let lines = [
        concat!(
            r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{},"#,
            r#""protocolVersion":"2025-11-25","clientInfo":{"name":"c","version":"1"}}}"#,
        ),
        r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
        r#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":3,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":"never","result":{}}"#,
        r#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":"never","result":{}}"#,
    ];
    let mut client = Deaf(lines.into());
    let mut server = GeneratedServer::draw(1, &Version::ALL);
    let expected = ClientExpectations::default();
    let report = check_client(&mut client, &mut server, expected);
    let found: Vec<Invariant> = report.broken().iter().map(|found| found.invariant).collect();
    assert_eq!(found, [Invariant::NoReplyToNothing, Invariant::OneConclusion]);
    let small = report.shrink_client(Invariant::NoReplyToNothing, expected);
    assert_eq!(small.transcript.entries(), [Entry::Sent(lines[4].into())]);
    assert_eq!(small.violations[..], report.violations[..1]);
    let small = report.shrink_client(Invariant::OneConclusion, expected);
    assert!(small.transcript.entries().len() < 9, "{}", small.transcript);
    let unknown = report.shrink_client(Invariant::Headers, expected);
    assert_eq!(unknown.transcript, report.transcript);
}

#[test]
fn each_revision_is_agreed_on_as_it_has_to_be() {
    for (served, offered, agreed) in [
        (&Version::ALL[..], "2025-06-18", Some("2025-06-18")),
        (&[Version::V2025_03_26], "2025-11-25", Some("2025-03-26")),
        (&[Version::V2026_07_28], "2025-11-25", None),
    ] {
        let mut server = GeneratedServer::draw(1, served);
        let params = format!(r#"{{"protocolVersion":"{offered}","capabilities":{{}}}}"#);
        server.write_line(&format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"initialize","params":{params}}}"#
        ));
        let answer = server.read_line(false).unwrap();
        assert!(answer.contains(agreed.unwrap_or("-32601")), "{answer}");
    }
}
