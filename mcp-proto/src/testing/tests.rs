//! The kit, tried on servers of this crate and on bad ones.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::time::Duration;

use super::{
    checker::{Asked, ClientExpectations, Expectations, Invariant},
    *,
};
use proptest::prelude::*;

use crate::{
    Router, Version,
    client::{CallError, ClientConfig, ClientEvent, Delivery, Era},
    router::Context,
    schema::{
        Answer, ClientCapabilities, ElicitationCapability, Elicited, Form, Implementation, Level,
        Prompt, PromptResult, Question, Tool,
    },
    server::ServerConfig,
    version::Elicitation,
    wire::{Body, EventDecoder, Json, StreamItem},
};

#[derive(serde::Deserialize)]
struct Nothing {}

fn router() -> Router<()> {
    let mut router = Router::new();
    let tool = |name: &str| Tool::new(name).no_arguments();
    router.tool(tool("speak"), |cx: &mut Context<'_, ()>, _: Nothing| {
        cx.progress(1.0, 2.0);
        cx.log(Level::Info, "half");
        Ok("spoken")
    });
    router.tool(tool("ask"), |cx: &mut Context<'_, ()>, _: Nothing| {
        let answer = cx.elicit::<Json>("name", Form::new("Name?"))?;
        Ok(if matches!(answer, Elicited::Accepted(_)) { "accepted" } else { "declined" })
    });
    router.prompt(Prompt::new("p"), |_, _| Ok(PromptResult::new().user("said")));
    router
}

fn config() -> ServerConfig {
    ServerConfig::new(Implementation::new("s", "1"))
}

fn server() -> MemoryServer<()> {
    MemoryServer::new(config(), router(), ())
}

/// A client that can fill in forms.
fn client(version: Version) -> ClientConfig {
    let elicitation = Some(ElicitationCapability { form: true, url: false });
    let capabilities = ClientCapabilities { elicitation, ..ClientCapabilities::default() };
    let mut config = ClientConfig::new(Implementation::new("c", "1"), capabilities);
    if version.rules().handshake {
        config.era = Era::Pinned(version);
    }
    config
}

fn accept(_: &Question) -> Answer {
    Answer::Given(json(r#"{"action":"accept","content":{}}"#))
}

fn json(text: &str) -> Json {
    Json::parse_text(text).unwrap()
}

fn tool(name: &str) -> Json {
    json(&format!(r#"{{"name":"{name}","arguments":{{}}}}"#))
}

/// A server that does something else with what a good one says.
struct Bad<F> {
    good: MemoryServer<()>,
    change: F,
}

impl<F: FnMut(String) -> Option<String>> Remote for Bad<F> {
    fn write(&mut self, bytes: &[u8]) {
        self.good.write(bytes);
    }

    fn read_line(&mut self, owed: bool) -> Option<String> {
        loop {
            let line = self.good.read_line(owed)?;
            if let Some(line) = (self.change)(line) {
                return Some(line);
            }
        }
    }

    fn close(&mut self) {
        self.good.close();
    }

    fn is_over(&self) -> bool {
        self.good.is_over()
    }
}

/// What the visits of some seeds find broken, and the first visit that does.
fn visits<R: Remote>(
    version: Version,
    mut remote: impl FnMut() -> R,
) -> Option<(Visit, Invariant, Offered)> {
    let offered = survey(&mut server(), version).unwrap();
    (0..40).find_map(|seed| {
        let visit = Visit::draw(seed, version, 12);
        let report = check_peer(&mut remote(), &offered, &visit, Expectations::default());
        let invariant = report.broken().first()?.invariant;
        Some((visit, invariant, offered.clone()))
    })
}

#[test]
fn a_good_server_is_clean_in_every_revision() {
    for version in Version::ALL {
        assert_eq!(visits(version, server), None, "{version}");
    }
}

#[test]
fn a_survey_finds_what_is_offered() {
    for version in Version::ALL {
        let offered = survey(&mut server(), version).unwrap();
        let tools: Vec<&str> = offered.tools.iter().map(|(name, _)| &**name).collect();
        assert_eq!(tools, ["speak", "ask"], "{version}");
        assert_eq!(offered.prompts, [("p".to_string(), Vec::new())]);
    }
}

#[test]
fn a_server_that_says_a_thing_twice_or_never_is_caught_and_the_visit_made_small() {
    let version = Version::V2025_06_18;
    let is_spoken = |line: &str| line.contains("spoken");
    let silent =
        || Bad { good: server(), change: move |line: String| (!is_spoken(&line)).then_some(line) };
    let (visit, invariant, offered) = visits(version, silent).unwrap();
    assert_eq!(invariant, Invariant::OneConclusion);

    let expected = Expectations::default;
    let breaks = |visit: &Visit| {
        let report = check_peer(&mut silent(), &offered, visit, expected());
        report.broken().iter().any(|found| found.invariant == invariant)
    };
    let small = visit.clone().shrink(100, breaks);
    assert!(small.steps.len() <= 2, "{:?}", small.steps);
    assert!(breaks(&small));
    // Without a try there is nothing smaller.
    assert_eq!(visit.clone().shrink(0, |_| true), visit);
}

#[test]
fn a_server_that_writes_what_is_no_message_is_caught() {
    let loud = || Bad { good: server(), change: |line: String| Some(line.replace("2.0", "1.0")) };
    let (_, invariant, _) = visits(Version::V2026_07_28, loud).unwrap();
    assert_eq!(invariant, Invariant::Framing);
}

#[test]
fn a_transcript_reads_back_as_it_is_written_and_replays() {
    let offered = survey(&mut server(), Version::LATEST).unwrap();
    for version in Version::ALL {
        let visit = Visit::draw(3, version, 20);
        let transcript = visit.pay(&mut server(), &offered);
        assert_eq!(transcript.to_string().parse(), Ok(transcript.clone()));
        let replayed = transcript.replay(&mut server());
        let lines = |transcript: &Transcript| -> Vec<String> {
            transcript.received().map(String::from).collect()
        };
        assert_eq!(lines(&replayed), lines(&transcript), "{version}");
    }
}

#[test]
fn a_transcript_says_which_line_is_none() {
    let read = |text: &str| text.parse::<Transcript>();
    assert_eq!(read("# a\n\n  > {}\n? b").unwrap_err().line, 4);
    for (text, line) in [("| alone", 1), ("= something", 1), ("@ soon", 1), ("=\n| more", 2)] {
        assert_eq!(read(text), Err(InvalidTranscript { line }), "{text}");
    }
    let entries = [
        Entry::Sent(r#"{"a":1}"#.into()),
        Entry::Passed(Duration::from_millis(1500)),
        Entry::Processed,
    ];
    let text = "> {\"a\":\n  | 1}\n@ 1500\n=";
    assert_eq!(read(text), Ok(Transcript::from_iter(entries)));
    assert_eq!(format!("{}", read(text).unwrap()), "> {\"a\":1}\n@ 1500\n=\n");
}

#[test]
fn a_transcript_over_http_says_which_line_is_none() {
    let read = |text: &str| text.parse::<WebTranscript>();
    assert_eq!(read("# a\n\n  > 1 POST\n? b").unwrap_err().line, 4);
    let wrong =
        ["| alone", ": A: b", "> 1", "> x GET", "< 1 ok", "~ 1 whole", ". 1 2", "$ 1", "@ 1 s"];
    for text in wrong {
        assert_eq!(read(text), Err(InvalidTranscript { line: 1 }), "{text}");
    }
    let no_field = ["> 1 GET\n: none", "~ 1\n: A: b", "! 1\n| text"];
    for text in no_field {
        assert_eq!(read(text), Err(InvalidTranscript { line: 2 }), "{text}");
    }
    let entries = [
        WebEntry::Asked(
            1,
            Asked { method: "POST".into(), body: "{}\n ".into(), ..Asked::default() },
        ),
        WebEntry::Wrote(1, "data: 1\n\n".into()),
        WebEntry::Wrote(1, "data: 2".into()),
    ];
    let text = "> 1 POST\n| {}\n\n|  \n~ 1\n  | data: 1\n~ 1 cut\n|data: 2";
    assert_eq!(read(text), Ok(WebTranscript::from_iter(entries)));
}

#[test]
fn a_pair_carries_calls_and_questions_in_any_pieces() {
    for version in Version::ALL {
        let faults = Faults::pieces(5, 3);
        let mut pair = Pair::with_faults(client(version), server(), faults).answering(accept);
        assert!(pair.call("tools/call", &tool("speak")).unwrap().as_str().contains("spoken"));
        let told = pair.take_events();
        let progress = told.iter().filter(|e| matches!(e, ClientEvent::Progress { .. }));
        assert_eq!(progress.count(), 1, "{version}: {told:?}");
        let asked = pair.call("tools/call", &tool("ask"));
        if version.rules().elicitation == Elicitation::None {
            assert!(matches!(asked, Err(CallError::Refused(_))));
        } else {
            assert!(asked.unwrap().as_str().contains("accepted"), "{version}");
        }
        let transcript = pair.transcript();
        assert_eq!(transcript.check(Expectations::default()), [], "{version}");
        let prompt = ClientExpectations { prompt: true };
        assert_eq!(transcript.check_client(prompt), [], "{version}: {transcript}");
    }
}

#[test]
fn a_pair_that_is_cut_ends_its_calls() {
    let version = Version::LATEST;
    let whole = {
        let mut pair = Pair::new(client(version), server());
        pair.call("tools/call", &tool("speak")).unwrap();
        pair.transcript().to_string().len()
    };
    let mut lost = 0;
    for bytes in 0..whole {
        let faults = Faults::default().breaking_after(bytes);
        let mut pair = Pair::with_faults(client(version), server(), faults);
        match pair.call("tools/call", &tool("speak")) {
            Ok(_) => {}
            Err(CallError::Lost(_)) => lost += 1,
            Err(other) => panic!("{other:?} after {bytes} bytes"),
        }
    }
    assert!(lost > 100, "{lost} of {whole}");
    let mut pair = Pair::new(client(version), server());
    pair.cut();
    let cut = pair.call("tools/call", &tool("speak"));
    assert_eq!(cut, Err(CallError::Lost(Delivery::NotSent)));
}

#[test]
fn a_script_that_is_not_followed_says_where() {
    let script = |text: &str| Scripted::new(&text.parse().unwrap());
    let mut client = client(Version::LATEST);
    client.era = Era::Legacy;
    let pair = Pair::new(client.clone(), script(r#"> {"method":"ping"}"#));
    assert!(pair.remote.unmet().unwrap().contains("wanted"));
    let mut pair = Pair::new(client.clone(), script(r#"> {"id":1,"method":"initialize"}"#));
    assert_eq!(pair.remote.unmet(), None);
    pair.advance(Duration::from_mins(1));
    assert!(matches!(pair.take_events()[..], [ClientEvent::Failed(_)]));
    let pair = Pair::new(client, script("> {\"method\":\"initialize\"}\n> {\"method\":\"a\"}"));
    assert!(pair.remote.unmet().unwrap().contains("still to come"));
}

#[test]
fn a_pair_over_http_is_watched_and_can_be_cut() {
    for version in Version::ALL.into_iter().skip(1) {
        let mut pair = WebPair::new(client(version), config(), router(), ()).answering(accept);
        assert!(pair.call("tools/call", &tool("speak")).unwrap().as_str().contains("spoken"));
        if version.rules().elicitation != Elicitation::None {
            let asked = pair.call("tools/call", &tool("ask"));
            assert!(asked.unwrap().as_str().contains("accepted"), "{version}");
        }
        pair.cut();
        assert_eq!(pair.open(), 0);
        pair.advance(Duration::from_mins(1));
        assert!(pair.call("tools/call", &tool("speak")).is_ok());
        pair.act(super::super::http::HttpClient::close);
        assert!(pair.is_closed());
        assert_eq!(pair.exchanges().violations(), [], "{version}");
        let transcript = pair.transcript();
        assert_eq!(transcript.check(), [], "{version}");
        let prompt = ClientExpectations { prompt: true };
        assert_eq!(transcript.check_client(prompt), [], "{version}: {transcript}");
        let text = transcript.to_string();
        assert_eq!(text.parse::<WebTranscript>().unwrap().to_string(), text);
        assert_eq!(pair.endpoint().sessions().count(), 0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn strategies_give_what_they_are_called(
        message in strategies::message(),
        batch in strategies::batch(),
        junk in strategies::junk(),
        stream in strategies::event_stream(),
    ) {
        let is_one = |text: &str| matches!(Body::parse(text.as_bytes()), Body::Single(Ok(_)));
        prop_assert!(is_one(&message), "{message}");
        prop_assert!(matches!(Body::parse(batch.as_bytes()), Body::Batch(_)), "{batch}");
        prop_assert!(!is_one(&junk), "{junk}");
        for item in EventDecoder::new(usize::MAX).push(stream.as_bytes()) {
            let StreamItem::Event { data: Some(data), .. } = item else { panic!("{item:?}") };
            prop_assert!(matches!(Body::parse(&data), Body::Single(Ok(_))));
        }
    }

    #[test]
    fn every_transcript_comes_back_out_of_its_text(transcript: Transcript) {
        // Spaces at the ends of a line do not count.
        let read: Transcript = transcript.to_string().parse().unwrap();
        prop_assert_eq!(read.to_string().parse(), Ok(read.clone()));
        prop_assert_eq!(read.entries().len(), transcript.entries().len());
    }

    #[test]
    fn every_transcript_over_http_comes_back_out_of_its_text(transcript: WebTranscript) {
        prop_assert_eq!(transcript.to_string().parse(), Ok(transcript.clone()));
        prop_assert!(transcript.check().len() < 1 << 16);
        prop_assert!(transcript.check_client(ClientExpectations::default()).len() < 1 << 16);
    }

    #[test]
    fn every_visit_finds_the_kits_own_server_clean(visit: Visit) {
        let offered = survey(&mut server(), visit.version).unwrap();
        let report = check_peer(&mut server(), &offered, &visit, Expectations::default());
        prop_assert_eq!(&report.violations[..], [], "{}", report.transcript);
    }
}
