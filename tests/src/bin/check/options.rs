//! What the program is told.

use std::{path::PathBuf, time::Duration};

use mcp_proto::Version;

pub(crate) const USAGE: &str = "usage: check [OPTION…] --url URL | --serve | [--] COMMAND…

Visits the server that COMMAND starts, or the one at an http URL, once for each run and revision,
as a client that follows from a seed, and prints which invariants the server breaks, each with the
shortest transcript that shows it. It calls the server's tools with arguments of its own making:
give it no server that can do harm.

  --seed N        the first seed (1)
  --runs N        visits in each revision (20)
  --steps N       steps of a visit (12)
  --patience S    seconds that an answer is waited for (15)
  --version V     this revision alone
  --full          transcripts with long lines whole
  --url URL       the server is there already, behind Streamable HTTP
  --serve         be a server that follows from the seed, on stdin and stdout, for the client that
                  starts this program, and say on stderr what the client breaks when it ends
  --report FILE   and write that to this file too

The status is 0 if nothing is broken, 1 if something is, 2 if the server cannot be visited.";

/// What the program is told.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) seed: u64,
    pub(crate) runs: u64,
    pub(crate) steps: usize,
    pub(crate) patience: Duration,
    pub(crate) versions: Vec<Version>,
    pub(crate) full: bool,
    pub(crate) report: Option<PathBuf>,
    pub(crate) place: Place,
}

/// Where the server is.
#[derive(Debug)]
pub(crate) enum Place {
    Command(Vec<String>),
    Url(String),
    /// Nowhere: the client is at this program's own stdin and stdout.
    Caller,
}

impl Options {
    /// `None` where they cannot be understood.
    pub(crate) fn read(mut words: impl Iterator<Item = String>) -> Option<Self> {
        let mut options = Self {
            seed: 1,
            runs: 20,
            steps: 12,
            patience: Duration::from_secs(15),
            versions: Version::ALL.to_vec(),
            full: false,
            report: None,
            place: Place::Command(Vec::new()),
        };
        while let Some(word) = words.next() {
            match word.as_str() {
                "--seed" => options.seed = words.next()?.parse().ok()?,
                "--runs" => options.runs = words.next()?.parse().ok()?,
                "--steps" => options.steps = words.next()?.parse().ok()?,
                "--patience" => {
                    options.patience = Duration::from_secs(words.next()?.parse().ok()?);
                }
                "--version" => options.versions = vec![words.next()?.parse().ok()?],
                "--full" => options.full = true,
                "--serve" => options.place = Place::Caller,
                "--report" => options.report = Some(words.next()?.into()),
                "--url" => options.place = Place::Url(words.next()?),
                "--" => options.place = Place::Command(words.by_ref().collect()),
                word if !word.starts_with('-') => {
                    let command = std::iter::once(word.into()).chain(words.by_ref());
                    options.place = Place::Command(command.collect());
                }
                _ => return None,
            }
        }
        let named = match &options.place {
            Place::Command(command) => !command.is_empty(),
            Place::Url(url) => url.starts_with("http://"),
            Place::Caller => true,
        };
        named.then_some(options)
    }
}
