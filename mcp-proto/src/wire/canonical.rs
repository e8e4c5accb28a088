//! One text for all JSON texts that mean the same: sorted keys, exact numbers, no white space.

use alloc::string::String;

use super::Json;

/// The canonical text of `json`: members sorted by key, strings re-escaped, number tokens kept as
/// they are.
///
/// Takes time and space linear in the input (but for the sort) and no recursion.
pub(crate) fn canonical(json: &Json) -> String {
    todo!()
}
