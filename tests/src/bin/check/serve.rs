//! A server for whoever starts this program, which judges its client.

use std::{
    fmt::Write as _,
    fs,
    io::{self, BufRead as _, StdinLock, Stdout, Write as _},
};

use mcp_proto::testing::{
    GeneratedServer, Remote, Report, check_client,
    checker::{ClientExpectations, Invariant},
};

use crate::{options::Options, print};

/// The client that has started this process.
struct Caller {
    input: StdinLock<'static>,
    output: Stdout,
    over: bool,
}

/// Serves on stdin and stdout until the client ends, and says how many invariants it broke.
pub(crate) fn run(options: &Options) -> io::Result<usize> {
    let mut server = GeneratedServer::draw(options.seed, &options.versions);
    let mut caller = Caller { input: io::stdin().lock(), output: io::stdout(), over: false };
    let expected = ClientExpectations::default();
    let report = check_client(&mut caller, &mut server, expected);
    let broken: Vec<Invariant> = report.broken().iter().map(|found| found.invariant).collect();
    let text = written(options, &report, &broken, expected);
    eprint!("{text}");
    if let Some(path) = &options.report {
        fs::write(path, text)?;
    }
    Ok(broken.len())
}

fn written(
    options: &Options,
    report: &Report,
    broken: &[Invariant],
    expected: ClientExpectations,
) -> String {
    let mut text = String::new();
    for invariant in broken {
        let small = report.shrink_client(*invariant, expected);
        let _ = writeln!(text, "{:?} is broken, seed {}", invariant.name(), options.seed);
        print::report(&mut text, &small, *invariant, options.full);
    }
    let heard = report.transcript.entries().len();
    let _ = writeln!(text, "seed {}: {heard} lines, {} broken", options.seed, broken.len());
    if options.full {
        let _ = write!(text, "{}", report.transcript);
    }
    text
}

impl Remote for Caller {
    fn write(&mut self, bytes: &[u8]) {
        // One that reads no more has said all the same what it says.
        let _ = self.output.write_all(bytes).and_then(|()| self.output.flush());
    }

    fn read_line(&mut self, _owed: bool) -> Option<String> {
        let mut line = Vec::new();
        let read = self.input.read_until(b'\n', &mut line).unwrap_or(0);
        self.over |= read == 0;
        let line = String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_string();
        (read > 0).then_some(line)
    }

    fn close(&mut self) {
        self.over = true;
    }

    fn is_over(&self) -> bool {
        self.over
    }
}
