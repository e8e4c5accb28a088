//! The messages of a record of the tour, each with its revision and what it answers.

use std::collections::BTreeMap;

use mcp_proto::Version;
use mcp_tests::conversation::Said;
use serde_json::Value;

/// What is known of a leg so far.
#[derive(Default)]
struct Leg {
    /// The revision of its session.
    session: Option<Version>,
    /// Who asked, the id, and what was asked in which revision.
    asked: BTreeMap<(bool, String), (String, Version)>,
}

/// Reads a record: who said it, a tab, the message; legs begin with an empty line.
pub(crate) fn read(record: &str) -> Vec<Said> {
    let mut leg = Leg::default();
    let mut said = Vec::new();
    for line in record.lines() {
        match line.split_once('\t') {
            None => leg = Leg::default(),
            Some((who, text)) => said.push(leg.hear(who == "server", text)),
        }
    }
    said
}

impl Leg {
    fn hear(&mut self, by_server: bool, text: &str) -> Said {
        let message: Value = serde_json::from_str(text).expect("a message");
        let id = message["id"].to_string();
        let named = |pointer| message.pointer(pointer)?.as_str()?.parse().ok();
        let modern = named("/params/_meta/io.modelcontextprotocol~1protocolVersion");
        let (version, answers) = if let Some(method) = message["method"].as_str() {
            let offered = named("/params/protocolVersion");
            let version = modern.or(self.session).or(offered).unwrap_or(Version::LATEST);
            self.asked.insert((by_server, id), (method.into(), version));
            (version, None)
        } else {
            let asked = self.asked.get(&(!by_server, id)).cloned();
            let agreed = named("/result/protocolVersion");
            self.session = agreed.or(self.session);
            let (method, version) = asked.unzip();
            let version = agreed.or(version).or(self.session).unwrap_or(Version::LATEST);
            (version, method)
        };
        Said { version, by_server, answers, text: text.into() }
    }
}
