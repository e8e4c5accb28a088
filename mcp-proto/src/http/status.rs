//! Which HTTP status goes with a JSON-RPC error.
//!
//! A status says where the error arose, not only which one it is: what never reached a handler is
//! the fault of the request, what a handler says is an answer like any other.
//!
//! Spec: "Sending messages to the server" of each revision's `basic/transports`.

use crate::{error::code, version::Rules};

/// The session that a request names is over, or never was.
pub(crate) const NO_SESSION: u16 = 404;

/// Where an error arose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arose {
    /// Before any handler ran.
    Refusal,
    /// In a handler.
    Handler,
}

/// Which statuses a client expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Era {
    /// With a handshake: what is wrong with a request that could be read is told in the body alone.
    Legacy,
    /// Without.
    Modern,
}

impl Era {
    pub(super) const fn of(rules: &Rules) -> Self {
        if rules.handshake { Self::Legacy } else { Self::Modern }
    }
}

/// An error, and its status for a legacy refusal, a modern refusal and a modern handler; a legacy
/// handler's is always 200.
const STATUSES: [(i64, u16, u16, u16); 8] = [
    (code::PARSE_ERROR, 400, 400, 200),
    (code::INVALID_REQUEST, 400, 400, 200),
    (code::METHOD_NOT_FOUND, 200, 404, 404),
    (code::INVALID_PARAMS, 200, 400, 200),
    (code::INTERNAL_ERROR, 200, 503, 200),
    (code::HEADER_MISMATCH, 400, 400, 200),
    (code::MISSING_CLIENT_CAPABILITY, 200, 400, 400),
    (code::UNSUPPORTED_VERSION, 400, 400, 400),
];

/// The status of the response that an error is sent in. Once the head was sent it is the one that
/// was sent, 200.
pub(super) fn status(era: Era, arose: Arose, code: i64, head_sent: bool) -> u16 {
    let row = STATUSES.iter().find(|row| row.0 == code);
    let (_, legacy, refusal, handler) = row.copied().unwrap_or((code, 200, 400, 200));
    match (era, arose) {
        _ if head_sent => 200,
        (Era::Legacy, Arose::Refusal) => legacy,
        (Era::Legacy, Arose::Handler) => 200,
        (Era::Modern, Arose::Refusal) => refusal,
        (Era::Modern, Arose::Handler) => handler,
    }
}

#[cfg(test)]
mod tests {
    use std::{format, string::String};

    use super::*;
    use crate::Version;

    #[test]
    fn the_status_of_each_error_by_era_and_place() {
        let mut table = String::from("  error  legacy: early  handler  modern: early  handler\n");
        let others = [code::RESOURCE_NOT_FOUND, code::URL_ELICITATION_REQUIRED, 1];
        for code in STATUSES.iter().map(|row| row.0).chain(others) {
            let [a, b, c, d] = [
                (Era::Legacy, Arose::Refusal),
                (Era::Legacy, Arose::Handler),
                (Era::Modern, Arose::Refusal),
                (Era::Modern, Arose::Handler),
            ]
            .map(|(era, arose)| {
                assert_eq!(status(era, arose, code, true), 200);
                status(era, arose, code, false)
            });
            table += &format!("{code:7} {a:14} {b:8} {c:14} {d:8}\n");
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn the_revision_without_a_handshake_is_of_the_modern_era() {
        let eras = Version::ALL.map(|version| Era::of(version.rules()));
        assert_eq!(eras, [Era::Legacy, Era::Legacy, Era::Legacy, Era::Legacy, Era::Modern]);
    }
}
