//! Prints messages, one a line, each with its revision, who said it, and what it answers: what the
//! server in memory says when it is asked for everything, and what a record of the tour has.
//!
//! `cargo run --example messages [RECORD]`

use std::{error::Error, io::Write};

use mcp_proto::Version;
use mcp_tests::conversation::{conversation, recorded};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    // A tool panics on purpose.
    std::panic::set_hook(Box::new(|_| {}));
    let mut all: Vec<_> = Version::ALL.into_iter().flat_map(conversation).collect();
    // What is asked there is wrong on purpose here and there.
    all.retain(|said| said.by_server);
    for path in std::env::args().skip(1) {
        all.extend(recorded(&std::fs::read_to_string(path)?));
    }
    let mut out = std::io::stdout().lock();
    for said in all {
        let line = json!({
            "version": said.version.as_str(),
            "by_server": said.by_server,
            "answers": said.answers,
            "message": serde_json::from_str::<Value>(&said.text)?,
        });
        writeln!(out, "{line}")?;
    }
    Ok(())
}
