//! One visit of a generated client to a server: drawn, paid, judged, and made smaller.

use alloc::vec::Vec;

use super::{
    Offered, Remote, Seeded, Step, Transcript,
    checker::{Expectations, Violation},
    prober::{Prober, survey_steps},
};
use crate::version::Version;

/// What a client does on one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// The revision that it speaks.
    pub version: Version,
    /// Where its answers to questions come from.
    pub seed: u64,
    /// What it does, in order. A good client begins with [`Step::Open`].
    pub steps: Vec<Step>,
}

/// What came of a visit.
#[derive(Clone, Debug)]
pub struct Report {
    /// What went through the pipe.
    pub transcript: Transcript,
    /// What the server did wrong, in order.
    pub violations: Vec<Violation>,
}

impl Report {
    /// The first violation of each invariant that is broken.
    pub fn broken(&self) -> Vec<&Violation> {
        let mut broken: Vec<&Violation> = Vec::new();
        for violation in &self.violations {
            if broken.iter().all(|known| known.invariant != violation.invariant) {
                broken.push(violation);
            }
        }
        broken
    }
}

impl Visit {
    /// A visit of `count` steps that follows from a seed. One in eight begins before it is opened.
    pub fn draw(seed: u64, version: Version, count: usize) -> Self {
        let mut from = Seeded(seed);
        let mut steps: Vec<Step> = (0..count).map(|_| Step::draw(&mut from, version)).collect();
        let early = from.below(8) == 0;
        steps.insert(if early { 1.min(count) } else { 0 }, Step::Open);
        Self { version, seed, steps }
    }

    /// Pays the visit, and says what went through the pipe.
    pub fn pay(&self, remote: &mut impl Remote, offered: &Offered) -> Transcript {
        let mut prober = Prober::new(remote, self.version, offered, self.seed);
        for step in &self.steps {
            prober.take(step);
        }
        prober.settle();
        prober.close();
        prober.transcript
    }

    /// The same visit with steps left out, as few steps as still `fail`, which is asked `tries`
    /// times at most.
    #[must_use]
    pub fn shrink(self, tries: usize, mut fails: impl FnMut(&Self) -> bool) -> Self {
        let Self { version, seed, steps } = self;
        let visit = |steps: &[Step]| Self { version, seed, steps: steps.to_vec() };
        let steps = fewer(steps, tries, |steps| fails(&visit(steps)));
        Self { version, seed, steps }
    }
}

/// Leaves things out, as long as it still `fails` without them, which is asked `tries` times at
/// most.
pub(super) fn fewer<T: Clone>(
    mut all: Vec<T>,
    mut tries: usize,
    mut fails: impl FnMut(&[T]) -> bool,
) -> Vec<T> {
    let mut size = all.len() / 2;
    while size > 0 {
        let mut at = 0;
        while at < all.len() && tries > 0 {
            let mut some = all.clone();
            some.drain(at..(at + size).min(all.len()));
            tries -= 1;
            if fails(&some) {
                all = some;
            } else {
                at += size;
            }
        }
        size /= 2;
    }
    all
}

/// Visits a server, and judges what it does.
///
/// ```
/// use mcp_proto::{Router, Version, schema::Implementation, server::ServerConfig};
/// use mcp_proto::testing::{MemoryServer, Visit, check_peer, survey};
///
/// let server = || {
///     let config = ServerConfig::new(Implementation::new("small", "1"));
///     MemoryServer::new(config, Router::new(), ())
/// };
/// for version in Version::ALL {
///     let offered = survey(&mut server(), version).expect("it speaks every revision");
///     for seed in 0..20 {
///         let visit = Visit::draw(seed, version, 10);
///         let report = check_peer(&mut server(), &offered, &visit, Default::default());
///         assert_eq!(report.violations, [], "{}", report.transcript);
///     }
/// }
/// ```
pub fn check_peer(
    remote: &mut impl Remote,
    offered: &Offered,
    visit: &Visit,
    expected: Expectations,
) -> Report {
    let transcript = visit.pay(remote, offered);
    let mut violations: Vec<Violation> = Vec::new();
    for violation in transcript.check(expected) {
        // What has no conclusion when all is settled has none at the end either.
        if !violations.contains(&violation) {
            violations.push(violation);
        }
    }
    Report { transcript, violations }
}

/// Asks a server what it offers. `None` if it does not speak this revision.
pub fn survey(remote: &mut impl Remote, version: Version) -> Option<Offered> {
    let nothing = Offered::default();
    let mut prober = Prober::new(remote, version, &nothing, 0);
    for step in survey_steps() {
        prober.take(&step);
    }
    let mut offered = Offered::default();
    let spoken = prober.results.first().is_some_and(|result| {
        let one = result["protocolVersion"].as_str() == Some(version.as_str());
        let several = result["supportedVersions"].as_array().into_iter().flatten();
        one || several.into_iter().any(|other| other.as_str() == Some(version.as_str()))
    });
    prober.results.iter().for_each(|result| offered.learn(result));
    prober.close();
    spoken.then_some(offered)
}
