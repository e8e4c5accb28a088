//! Visits a server as generated clients of each revision, or serves a client as a generated server,
//! and prints which invariants the other side breaks.

mod child;
mod options;
mod print;
mod serve;
mod site;

use std::{
    io,
    process::ExitCode,
    time::{Duration, Instant},
};

use mcp_proto::{
    Version,
    testing::{
        Offered, Report, Visit, check_peer,
        checker::{Expectations, Invariant},
        survey,
    },
};

use child::Server;
use options::{Options, Place, USAGE};
use site::Site;

/// How often a visit that shows something is tried again with fewer steps.
const TRIES_MAX: usize = 40;
/// And for how long: each try may wait for an answer in vain.
const TRYING_MAX: Duration = Duration::from_mins(2);

fn main() -> ExitCode {
    let Some(options) = Options::read(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let broken = match options.place {
        Place::Caller => serve::run(&options),
        _ => run(&options),
    };
    match broken {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("check: {error}");
            ExitCode::from(2)
        }
    }
}

/// Visits the server in every revision, and says how many invariants were seen broken.
fn run(options: &Options) -> io::Result<usize> {
    let mut broken = 0;
    let mut spoken = 0;
    for version in &options.versions {
        let offered = match &options.place {
            Place::Command(command) => {
                survey(&mut Server::start(command, options.patience)?, *version)
            }
            Place::Url(url) => survey(&mut Site::new(url, *version, options.patience), *version),
            Place::Caller => None,
        };
        let Some(offered) = offered else {
            println!("{version}: not spoken");
            continue;
        };
        spoken += 1;
        broken += visit_all(options, *version, &offered)?;
    }
    if spoken == 0 {
        return Err(io::Error::other("the server speaks none of these revisions"));
    }
    Ok(broken)
}

/// All visits of one revision.
fn visit_all(options: &Options, version: Version, offered: &Offered) -> io::Result<usize> {
    let mut broken: Vec<Invariant> = Vec::new();
    let mut messages = 0;
    for seed in options.seed..options.seed.saturating_add(options.runs) {
        let visit = Visit::draw(seed, version, options.steps);
        let report = pay(options, offered, &visit)?;
        messages += report.transcript.received().count();
        let found = report.broken().into_iter().map(|violation| violation.invariant);
        let fresh: Vec<Invariant> = found.filter(|found| !broken.contains(found)).collect();
        for invariant in fresh {
            let (visit, report) = shrink(options, offered, visit.clone(), invariant)
                .unwrap_or_else(|| (visit.clone(), report.clone()));
            show(options, &visit, &report, invariant);
            broken.push(invariant);
        }
    }
    let runs = options.runs;
    println!("{version}: {runs} visits, {messages} lines heard, {} broken", broken.len());
    Ok(broken.len())
}

fn pay(options: &Options, offered: &Offered, visit: &Visit) -> io::Result<Report> {
    let expected = Expectations::default();
    match &options.place {
        Place::Command(command) => {
            let mut server = Server::start(command, options.patience)?;
            Ok(check_peer(&mut server, offered, visit, expected))
        }
        Place::Url(url) => {
            let mut site = Site::new(url, visit.version, options.patience);
            let mut report = check_peer(&mut site, offered, visit, expected);
            report.violations.extend(site.violations());
            Ok(report)
        }
        Place::Caller => Err(io::ErrorKind::InvalidInput.into()),
    }
}

/// The shortest visit that shows the same; `None` if it does not show again.
fn shrink(
    options: &Options,
    offered: &Offered,
    visit: Visit,
    invariant: Invariant,
) -> Option<(Visit, Report)> {
    let mut shortest = None;
    let end = Instant::now() + TRYING_MAX;
    let shows = |visit: &Visit| {
        if Instant::now() > end && shortest.is_some() {
            return false;
        }
        let Ok(report) = pay(options, offered, visit) else { return false };
        let shows = report.violations.iter().any(|violation| violation.invariant == invariant);
        if shows {
            shortest = Some((visit.clone(), report));
        }
        shows
    };
    let _ = visit.shrink(TRIES_MAX, shows);
    shortest
}

fn show(options: &Options, visit: &Visit, report: &Report, invariant: Invariant) {
    let name = invariant.name();
    let mut text = format!("\n{}: {name:?} is broken, seed {}\n", visit.version, visit.seed);
    print::report(&mut text, report, invariant, options.full);
    print!("{text}");
}
