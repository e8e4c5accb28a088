//! Strategies for proptest: texts, values, messages and what a client does with them.
//!
//! Types of this crate are [`Arbitrary`], so `any::<Version>()` and `any::<Visit>()` work too.
//!
//! ```
//! use mcp_proto::testing::{Visit, strategies};
//! use mcp_proto::wire::Body;
//! use proptest::prelude::*;
//!
//! proptest!(|(line in strategies::message(), visit in any::<Visit>())| {
//!     let body = Body::parse(line.as_bytes());
//!     prop_assert!(matches!(body, Body::Single(Ok(_))), "{line}");
//!     prop_assert!(!visit.steps.is_empty());
//! });
//! ```

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::time::Duration;

use proptest::{collection, option, prelude::*, sample::select};
use serde_json::{Map, Value, json};

use super::{
    Arguments, Entry, Fields, Junk, Listed, Seeded, Step, Transcript, Visit, WebEntry,
    WebTranscript, checker::Asked,
};
use crate::{
    ErrorObject, Instant,
    schema::{Level, List},
    version::Version,
    wire::{Id, Json, RequestId},
};

/// Methods of all revisions, and one that none has.
const METHODS: &[&str] = &[
    "initialize",
    "server/discover",
    "ping",
    "tools/list",
    "tools/call",
    "prompts/list",
    "prompts/get",
    "resources/list",
    "resources/templates/list",
    "resources/read",
    "resources/subscribe",
    "resources/unsubscribe",
    "subscriptions/listen",
    "completion/complete",
    "logging/setLevel",
    "elicitation/create",
    "sampling/createMessage",
    "roots/list",
    "unknown/method",
];
/// Notifications of all revisions, and one that none has.
const NOTIFICATIONS: &[&str] = &[
    "notifications/initialized",
    "notifications/cancelled",
    "notifications/progress",
    "notifications/message",
    "notifications/tools/list_changed",
    "notifications/prompts/list_changed",
    "notifications/resources/list_changed",
    "notifications/resources/updated",
    "notifications/roots/list_changed",
    "notifications/subscriptions/acknowledged",
    "notifications/unknown",
];

/// Any string, with more quotes, control characters and line ends than chance would give.
pub fn text() -> impl Strategy<Value = String> {
    let special = select(&['"', '\\', '\n', '\r', '\t', '\0', '\u{1f}', '\u{2028}'][..]);
    let character =
        prop_oneof![3 => any::<char>(), 1 => special, 4 => proptest::char::range(' ', '~')];
    collection::vec(character, 0..40).prop_map(|characters| characters.into_iter().collect())
}

/// Any JSON value, not deep; its strings are full of characters that need care.
pub fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            members(inner).prop_map(Value::from),
        ]
    })
}

fn members(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    collection::btree_map(text(), value, 0..5).prop_map(|members| members.into_iter().collect())
}

/// A request in one line; its parameters are any object.
pub fn request() -> impl Strategy<Value = String> {
    (any::<RequestId>(), select(METHODS), members(value())).prop_map(|(id, method, params)| {
        let params = Value::from(params);
        format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{params}}}"#)
    })
}

/// A notification in one line; its parameters are any object.
pub fn notification() -> impl Strategy<Value = String> {
    (select(NOTIFICATIONS), members(value())).prop_map(|(method, params)| {
        json!({"jsonrpc": "2.0", "method": method, "params": params}).to_string()
    })
}

/// A response in one line: a result that is any object, or an error.
pub fn response() -> impl Strategy<Value = String> {
    let result = members(value()).prop_map(|result| format!(r#""result":{}"#, Value::from(result)));
    let error = any::<ErrorObject>().prop_map(|error| {
        let data = error.data.map_or(String::new(), |data| format!(r#","data":{}"#, data.as_str()));
        let message = Value::from(&*error.message);
        format!(r#""error":{{"code":{},"message":{message}{data}}}"#, error.code)
    });
    (any::<RequestId>(), prop_oneof![result, error])
        .prop_map(|(id, outcome)| format!(r#"{{"jsonrpc":"2.0","id":{id},{outcome}}}"#))
}

/// A message in one line.
pub fn message() -> impl Strategy<Value = String> {
    prop_oneof![request(), notification(), response()]
}

/// A batch in one line.
pub fn batch() -> impl Strategy<Value = String> {
    collection::vec(message(), 1..5).prop_map(|messages| format!("[{}]", messages.join(",")))
}

/// A line that is no message.
pub fn junk() -> impl Strategy<Value = String> {
    let cut = message().prop_flat_map(|line| {
        let ends: Vec<usize> = line.char_indices().skip(1).map(|(at, _)| at).collect();
        select(ends).prop_map(move |end| line.get(..end).unwrap_or_default().to_string())
    });
    // Positional parameters make a message, though one that is always refused.
    let stored: Vec<Junk> =
        Junk::ALL.into_iter().filter(|junk| *junk != Junk::Positional).collect();
    prop_oneof![cut, select(stored).prop_map(|junk| junk.line().to_string()), "[a-z ]{1,20}"]
}

/// A line of any kind.
pub fn line() -> impl Strategy<Value = String> {
    prop_oneof![6 => message(), 1 => batch(), 1 => junk()]
}

/// A stream of server-sent events, each with a message, and some with an id.
pub fn event_stream() -> impl Strategy<Value = String> {
    let id = option::of("[a-z0-9-]{1,8}");
    let event = (id, message()).prop_map(|(id, message)| event(id, &message));
    collection::vec(prop_oneof![5 => event, 1 => Just(String::from(":\n\n"))], 0..6)
        .prop_map(|events| events.concat())
}

fn event(id: Option<String>, data: &str) -> String {
    let id = id.map_or(String::new(), |id| format!("id: {id}\n"));
    format!("{id}data: {data}\n\n")
}

/// The fields of a head.
pub fn fields() -> impl Strategy<Value = Fields> {
    collection::vec(("[A-Za-z][A-Za-z0-9-]{0,12}", "([!-~]([ -~]{0,8}[!-~])?)?"), 0..4)
}

/// A frame of a stream, with its end or without.
pub fn frame() -> impl Strategy<Value = String> {
    prop_oneof![
        (option::of("[a-z0-9-]{1,8}"), message()).prop_map(|(id, message)| event(id, &message)),
        Just(String::from(":\n\n")),
        ".{0,9}",
        "[ -~\n]{0,20}",
    ]
}

/// What a client of this revision does after it has opened.
pub fn steps(version: Version) -> impl Strategy<Value = Vec<Step>> {
    collection::vec(
        any::<u64>().prop_map(move |seed| Step::draw(&mut Seeded(seed), version)),
        0..20,
    )
}

/// Makes a type of ours [`Arbitrary`].
macro_rules! arbitrary {
    ($($type:ty => $strategy:expr;)+) => {$(
        impl Arbitrary for $type {
            type Parameters = ();
            type Strategy = BoxedStrategy<Self>;

            fn arbitrary_with((): ()) -> Self::Strategy {
                $strategy.boxed()
            }
        }
    )+};
}

arbitrary! {
    Version => select(&Version::ALL[..]);
    Level => select(&Level::ALL[..]);
    List => select(&[List::Tools, List::Prompts, List::Resources][..]);
    Listed => select(&Listed::ALL[..]);
    Junk => select(&Junk::ALL[..]);
    Arguments => prop_oneof![
        6 => any::<u8>().prop_map(Arguments::Fitting),
        1 => Just(Arguments::Empty),
        1 => Just(Arguments::Wrong),
    ];
    Step => (any::<u64>(), any::<Version>())
        .prop_map(|(seed, version)| Step::draw(&mut Seeded(seed), version));
    Visit => any::<Version>().prop_flat_map(|version| {
        (any::<u64>(), steps(version)).prop_map(move |(seed, mut steps)| {
            steps.insert(0, Step::Open);
            Visit { version, seed, steps }
        })
    });
    Instant => (0..u64::from(u32::MAX))
        .prop_map(|millis| Self::from_zero(Duration::from_millis(millis)));
    Json => value().prop_map(|value| Self::of(&value).unwrap_or_else(|_| Self::text("")));
    RequestId => prop_oneof![
        any::<i64>().prop_map(Id::Int),
        (1 << 63..=u64::MAX).prop_map(Id::Uint),
        text().prop_map(|text| Id::Text(text.into())),
    ];
    ErrorObject => (any::<i64>(), text(), option::of(any::<Json>()))
        .prop_map(|(code, message, data)| Self { data, ..Self::new(code, message) });
    Entry => prop_oneof![
        4 => line().prop_map(Self::Sent),
        4 => line().prop_map(Self::Received),
        1 => any::<u32>().prop_map(|millis| Self::Passed(Duration::from_millis(millis.into()))),
        1 => select(&[Self::Processed, Self::Settled, Self::Closed, Self::Over][..]),
        1 => "[a-z]{0,9}".prop_map(Self::Note),
    ];
    Asked => (select(&["POST", "GET", "DELETE"][..]), fields(), option::of("[a-z]{1,5}"), text())
        .prop_map(|(method, fields, subject, body)| Self {
            method: method.into(),
            fields,
            subject,
            body,
        });
    WebEntry => prop_oneof![
        4 => (any::<u64>(), any::<Asked>()).prop_map(|(number, asked)| Self::Asked(number, asked)),
        2 => (any::<u64>(), any::<u16>(), fields(), prop_oneof![text(), line()])
            .prop_map(|(number, status, fields, body)| {
                Self::Responded(number, status, fields, body)
            }),
        1 => (any::<u64>(), any::<u16>(), fields())
            .prop_map(|(number, status, fields)| Self::Opened(number, status, fields)),
        4 => (any::<u64>(), frame()).prop_map(|(number, frame)| Self::Wrote(number, frame)),
        1 => any::<u64>().prop_map(Self::Finished),
        1 => any::<u64>().prop_map(Self::Gone),
        1 => any::<u32>().prop_map(|millis| Self::Passed(Duration::from_millis(millis.into()))),
        1 => Just(Self::Over),
        1 => "[a-z]{0,9}".prop_map(Self::Note),
    ];
    WebTranscript => collection::vec(any::<WebEntry>(), 0..20)
        .prop_map(|entries| entries.into_iter().collect());
    Transcript => collection::vec(any::<Entry>(), 0..20)
        .prop_map(|entries| entries.into_iter().collect());
}
