//! Server-sent events as a server writes them.
//!
//! Spec: the WHATWG HTML standard, "Server-sent events"; "Sending messages to the server" of each
//! revision's `basic/transports`.

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

#[cfg(test)]
mod tests {
    use std::{string::String, vec, vec::Vec};

    use proptest::prelude::*;

    use super::*;
    use crate::{
        testing::strategies as testing,
        wire::{EventDecoder, Json, StreamItem},
    };

    fn event(data: &str, id: Option<&str>) -> StreamItem {
        StreamItem::Event { data: Some(data.as_bytes().into()), id: id.map(Box::from) }
    }

    fn read(stream: &str) -> Vec<StreamItem> {
        EventDecoder::new(1000).push(stream.as_bytes())
    }

    #[test]
    fn what_a_server_writes_is_understood() {
        let said = [
            &*priming(&"s-0", Duration::from_secs(2)),
            COMMENT,
            EVENT_HEAD,
            "1",
            EVENT_END,
            &*event_head(&"s-1"),
            "2",
            EVENT_END,
            &*retry(Duration::from_secs(3)),
        ];
        let understood = [
            StreamItem::Retry(Duration::from_secs(2)),
            event("", Some("s-0")),
            event("1", None),
            event("2", Some("s-1")),
            StreamItem::Retry(Duration::from_secs(3)),
        ];
        assert_eq!(read(&said.concat()), understood);
    }

    proptest! {
        #[test]
        fn a_message_comes_back_as_it_was_sent(text in testing::text(), id: u64) {
            spec!("SSE-12");
            let body = Json::text(&text);
            let sent: String = [&*event_head(&id), body.as_str(), EVENT_END].concat();
            prop_assert_eq!(sent.lines().count(), 4);
            prop_assert_eq!(read(&sent), vec![event(body.as_str(), Some(&format!("{id}")))]);
        }
    }
}
