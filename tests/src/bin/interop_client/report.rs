//! What was checked, line by line.

use std::fmt::Debug;

/// Counts checks and prints a line for each.
#[derive(Debug, Default)]
pub(crate) struct Report {
    passed: usize,
    failed: usize,
}

impl Report {
    /// A check; `seen` is printed where it does not hold.
    pub(crate) fn check(&mut self, name: &str, holds: bool, seen: impl Debug) -> bool {
        if holds {
            self.passed += 1;
            println!("ok   {name}");
        } else {
            self.failed += 1;
            println!("FAIL {name}: {seen:?}");
        }
        holds
    }

    /// Prints the counts; returns whether all is well.
    pub(crate) fn finish(&self) -> bool {
        println!("{} passed, {} failed", self.passed, self.failed);
        self.failed == 0
    }
}

/// Says that something cannot be checked, and why.
pub(crate) fn skip(name: &str, why: &str) {
    println!("skip {name}: {why}");
}
