//! Every message, read and written again by somebody else's types of its revision.

mod oracle;

use std::{collections::BTreeSet, process::Command};

use mcp_proto::Version;
use mcp_tests::{
    conversation::{Said, conversation, recorded},
    sim::{self, Case},
};

use oracle::agree;

#[track_caller]
fn assert_agreed(said: &[Said]) {
    let disagreements: BTreeSet<String> = said
        .iter()
        .filter_map(|said| {
            let why = agree(said.version, said.answers.as_deref(), &said.text).err()?;
            Some(format!("{} {why}", said.version))
        })
        .collect();
    assert!(disagreements.is_empty(), "{disagreements:#?}");
}

#[test]
fn whatever_the_server_with_every_feature_says_is_a_message_of_its_revision() {
    for version in Version::ALL {
        let mut said = conversation(version);
        said.retain(|said| said.by_server);
        assert!(said.len() > 50, "{version}: {} messages", said.len());
        assert_agreed(&said);
    }
}

#[test]
fn whatever_client_and_server_say_on_the_tour_is_a_message_of_its_revision() {
    let path = format!("{}/tour.record", env!("CARGO_TARGET_TMPDIR"));
    let tour = Command::new(env!("CARGO_BIN_EXE_tour")).args(["--record", &path]).output();
    assert!(tour.expect("the tour is run").status.success());
    let said = recorded(&std::fs::read_to_string(&path).expect("a record"));
    for version in Version::ALL {
        for by_server in [false, true] {
            let of = |said: &&Said| said.version == version && said.by_server == by_server;
            assert!(said.iter().filter(of).count() > 10, "{version}");
        }
    }
    assert_agreed(&said);
}

#[test]
fn whatever_is_said_in_simulations_is_a_message_of_its_revision() {
    let (mut said, seeds) = (Vec::new(), 100);
    for seed in 0..seeds {
        said.extend(recorded(&sim::run(&Case::of_seed(seed)).record));
    }
    assert_agreed(&said);
    for version in Version::ALL {
        for by_server in [false, true] {
            let of = |said: &&Said| said.version == version && said.by_server == by_server;
            assert!(said.iter().filter(of).count() > 50, "{version}");
        }
    }
}

#[test]
fn what_is_no_message_of_the_revision_is_not_agreed_on() {
    let agrees = |version, answers, text: &str| agree(version, answers, text).is_ok();
    let [oldest, .., latest] = Version::ALL;
    let list = Some("tools/list");
    let empty = r#"{"jsonrpc":"2.0","id":1,"result":{"tools":[]}}"#;
    assert!(agrees(oldest, list, empty) && !agrees(latest, list, empty));
    for text in [
        r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{"tools":[],"ttlMs":5}}"#,
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":"x","message":"m"}}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1}}"#,
        "[",
    ] {
        assert!(!agrees(oldest, list, text), "{text}");
    }
}
