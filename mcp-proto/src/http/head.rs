//! Heads of requests and of responses, independent of any HTTP library.

use alloc::{borrow::Cow, vec::Vec};
use core::fmt;

use crate::wire::Frame;

/// The head of a request.
#[derive(Clone, Copy)]
pub struct Head<'a> {
    /// The method, as it stands in the request line: `POST`.
    pub method: &'a str,
    /// The path, without the query.
    pub path: &'a str,
    /// The fields.
    pub headers: &'a dyn Headers,
}

impl fmt::Debug for Head<'_> {
    /// Leaves out the fields: some are secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Head")
            .field("method", &self.method)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// The header fields of a message, as the HTTP library at hand has them.
pub trait Headers {
    /// Shows each field line in order: its name in any case, and its value without the white
    /// space around it.
    fn each(&self, visit: &mut dyn FnMut(&str, &[u8]));
}

impl<N: AsRef<str>, V: AsRef<[u8]>> Headers for &[(N, V)] {
    fn each(&self, visit: &mut dyn FnMut(&str, &[u8])) {
        for (name, value) in *self {
            visit(name.as_ref(), value.as_ref());
        }
    }
}

/// The head of a response. The driver adds what belongs to the connection alone: `Date`,
/// `Content-Length` or `Transfer-Encoding`, `Connection`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseHead {
    /// The status code.
    pub status: u16,
    /// The fields: lower-case names, values of visible ASCII and inner spaces.
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
}

/// A whole response.
#[derive(Clone, Debug)]
pub struct Response {
    /// Its head.
    pub head: ResponseHead,
    /// Its body; `None` for an empty one.
    pub body: Option<Frame>,
}
