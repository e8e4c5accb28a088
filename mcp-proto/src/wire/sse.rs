//! Server-sent events.
//!
//! Spec: the WHATWG HTML standard, "Server-sent events".

use alloc::{boxed::Box, format};
use core::{fmt, time::Duration};

/// What goes before the JSON text of a message; [`EVENT_END`] goes after it.
pub(crate) fn event_head(id: &dyn fmt::Display) -> Box<str> {
    format!("event: message\nid: {id}\ndata: ").into()
}

/// The same for an event without an id.
pub(crate) const EVENT_HEAD: &str = "event: message\ndata: ";

/// The end of an event.
pub(crate) const EVENT_END: &str = "\n\n";

/// An event without a message: it gives the client a cursor, and says after how long to come back
/// if the stream is cut.
pub(crate) fn priming(id: &dyn fmt::Display, retry: Duration) -> Box<str> {
    format!("id: {id}\nretry: {}\ndata: \n\n", retry.as_millis()).into()
}

/// Says after how long to come back once the stream is cut.
pub(crate) fn retry(after: Duration) -> Box<str> {
    format!("retry: {}\n\n", after.as_millis()).into()
}

/// A comment, which keeps the connection alive and is nothing to the client.
pub(crate) const COMMENT: &str = ":\n\n";
