//! Request ids and progress tokens: a string or an integer, echoed as it was.

use alloc::{borrow::Cow, string::String};

/// The id of a request, or a progress token.
///
/// Equality is typed: `1` is not `"1"`. Strings are equal if they are equal as JSON, however they
/// were escaped. Integers are those of `i64` and `u64`; a fraction or an exponent is refused,
/// because it could not be echoed exactly.
///
/// Spec: "Requests" on each revision's `basic` page.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Id<'a> {
    /// An integer that fits in `i64`.
    Int(i64),
    /// An integer above `i64::MAX`.
    Uint(u64),
    /// A string.
    Text(Cow<'a, str>),
}

/// An id that borrows nothing.
pub type RequestId = Id<'static>;

impl<'a> Id<'a> {
    /// Reads an id from its JSON text; `None` if it is neither a string nor an integer.
    pub fn parse(json: &'a str) -> Option<Self> {
        todo!()
    }

    /// The same id, borrowing nothing.
    pub fn into_owned(self) -> RequestId {
        match self {
            Self::Int(number) => Id::Int(number),
            Self::Uint(number) => Id::Uint(number),
            Self::Text(text) => Id::Text(Cow::Owned(text.into_owned())),
        }
    }

    /// Appends the JSON text of the id.
    pub(crate) fn append_to(&self, out: &mut String) {
        todo!()
    }
}

impl core::fmt::Display for Id<'_> {
    /// The JSON text, so that `92` and `"92"` look different.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let mut text = String::new();
        self.append_to(&mut text);
        f.write_str(&text)
    }
}
