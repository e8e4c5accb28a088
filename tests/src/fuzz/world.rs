//! The simulator, with choices that are read from the input instead of drawn by a seed.

use crate::sim::{Case, run};

/// Runs one case.
///
/// # Panics
///
/// If a promise is not kept: see [`crate::sim`].
pub fn world(data: &[u8]) {
    let ran = run(&Case::of_bytes(data));
    if let Some(violation) = ran.violation {
        panic!("{}{violation}", ran.trace);
    }
}
