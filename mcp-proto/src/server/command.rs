//! What an application says, as data: it can cross a thread, be generated, be replayed.

use alloc::{borrow::Cow, boxed::Box, string::String, sync::Arc, vec::Vec};
use core::time::Duration;

use serde_json::value::RawValue;

use super::{Answers, CallId, SessionKey};
use crate::{
    error::ErrorObject,
    schema::{Level, List, Question},
    wire::{self, InvalidJson, Json, push_member},
};

/// What an application says, as data: it can cross a thread, be generated, be replayed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Command {
    /// Ends a call, or lets it ask.
    Respond {
        /// The call.
        call: CallId,
        /// How it ends or goes on.
        reply: Reply,
    },
    /// Sends a log message, if its level is one that the client wants.
    Log {
        /// What it is about. In 2026-07-28 only a call can be logged about.
        about: About,
        /// How severe it is.
        level: Level,
        /// Which part of the server says it.
        logger: Option<Box<str>>,
        /// What it says: no secrets, no personal data.
        data: Json,
    },
    /// Tells how far a call is. Dropped if the client gave no token, or if it does not increase.
    Progress {
        /// The call.
        call: CallId,
        /// How far; must grow with each.
        progress: f64,
        /// How far it will go, if that is known.
        total: Option<f64>,
        /// For a person; not sent to 2024-11-05.
        message: Option<Box<str>>,
    },
    /// Sends a notification of the application's own.
    Notify {
        /// What it is about. In 2026-07-28 only a call can be notified about.
        about: About,
        /// Its method.
        method: Box<str>,
        /// Its parameters: a JSON object.
        params: Json,
    },
    /// A list is another one than before, without a change of the offer.
    ListChanged(List),
    /// A resource has changed: its subscribers are told.
    ResourceUpdated {
        /// Which.
        uri: Box<str>,
    },
    /// What a URL elicitation led to is done (2025-11-25).
    ElicitationComplete {
        /// The id that the elicitation was made with.
        elicitation: Box<str>,
    },
    /// Asks whether the client is there; the answer is [`Event::Pinged`](super::Event::Pinged).
    Ping {
        /// Which client.
        session: SessionKey,
    },
    /// Attaches a value to a session, or takes it away; later calls have it.
    Attach {
        /// Which session.
        session: SessionKey,
        /// The value's name.
        key: Box<str>,
        /// The value; `None` takes it away.
        value: Option<Json>,
    },
    /// Closes the connection that carries what is about a call, once the client has been told when
    /// to come back for it. Until then everything is kept. (2025-11-25 over HTTP.)
    Park {
        /// The call.
        call: CallId,
        /// When the client is to come back; `None` for the time the server is configured with.
        retry: Option<Duration>,
    },
    /// Ends a session. A pipe, which has one and no other, ends with it.
    Close {
        /// Which session.
        session: SessionKey,
    },
}

/// What a message is about; the transport around the core knows where that goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum About {
    /// One request of the client.
    Call(CallId),
    /// The session as a whole.
    Session(SessionKey),
}

/// How a call ends, or how it goes on.
#[derive(Clone, Debug)]
pub enum Reply {
    /// With a result.
    Result(ResultBody),
    /// With an error.
    Error(ErrorObject),
    /// Not yet: the client is asked first, and the call comes again with the answers.
    ///
    /// Before 2026-07-28 each question is a request; in it, the call ends with `input_required`
    /// and comes again as a new one.
    Ask {
        /// What is asked, each under a key of its own.
        questions: Vec<(Key, Question)>,
        /// What the next round is to know.
        memo: Memo,
    },
}

/// The name of a question or of a remembered value, unique in its handler.
pub type Key = Box<str>;

/// What a call remembers from one round to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memo {
    /// The answers so far, and what was asked.
    pub answers: Answers,
    /// The values of `once`, by their keys.
    pub values: alloc::collections::BTreeMap<Key, Json>,
    /// How many emissions the rounds so far have made; that many are not made again.
    pub emitted: u32,
    /// How many rounds there were.
    pub rounds: u32,
}

/// The result of a call: its members, so that those of the peer's revision can be added.
#[derive(Clone, Debug, Default)]
pub struct ResultBody {
    /// The members, as JSON text without the braces around it; empty for `{}`.
    pub(crate) members: Members,
    /// The members of `_meta`, likewise.
    pub(crate) meta: Option<String>,
    /// For how long and for whom it may be cached, for the results that may be.
    pub(crate) cache: Option<CacheHint>,
}

#[derive(Clone, Debug)]
pub(crate) enum Members {
    Owned(String),
    Shared(Arc<str>),
}

impl Default for Members {
    fn default() -> Self {
        Self::Owned(String::new())
    }
}

impl Members {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Owned(text) => text,
            Self::Shared(text) => text,
        }
    }
}

impl ResultBody {
    /// Takes a result that is a JSON object already, that of another server perhaps.
    ///
    /// Its `_meta` is kept apart. What the machine writes itself is dropped: `resultType` and the
    /// `serverInfo` in `_meta`. `ttlMs` and `cacheScope` together become the hint on caching.
    pub fn raw(result: &Json) -> Result<Self, InvalidJson> {
        let wire::Members(all) = serde_json::from_str(result.as_str())
            .map_err(|_| InvalidJson("a result must be an object".into()))?;
        let cache = cache_hint(&all);
        let mut body = Self { cache, ..Self::default() };
        let mut members = String::with_capacity(result.as_str().len());
        for (key, value) in all {
            match &*key {
                "resultType" => {}
                "ttlMs" | "cacheScope" if cache.is_some() => {}
                "_meta" => body.meta = Some(foreign_meta(value.get())?),
                _ => push_member(&key, value.get(), &mut members),
            }
        }
        body.members = Members::Owned(members);
        Ok(body)
    }

    pub(crate) fn members(members: String) -> Self {
        Self { members: Members::Owned(members), meta: None, cache: None }
    }
}

/// For how long and for whom a result may be cached (2026-07-28).
///
/// Spec: `server/utilities/caching`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheHint {
    /// For how long, in whole milliseconds; zero says "not at all".
    pub ttl: Duration,
    /// Whether others than the caller may be given it. No access control: a cache may ignore it.
    pub public: bool,
}

/// The hint on caching that a result brings with it.
fn cache_hint(members: &[(Cow<'_, str>, &RawValue)]) -> Option<CacheHint> {
    let member = |name: &str| members.iter().find(|(key, _)| key == name).map(|(_, value)| value);
    let public = match member("cacheScope")?.get() {
        r#""public""# => true,
        r#""private""# => false,
        _ => return None,
    };
    let ttl = Duration::from_millis(member("ttlMs")?.get().parse().ok()?);
    Some(CacheHint { ttl, public })
}

/// The members of a result's `_meta` but for who its server was.
fn foreign_meta(json: &str) -> Result<String, InvalidJson> {
    let wire::Members(all) =
        serde_json::from_str(json).map_err(|_| InvalidJson("_meta must be an object".into()))?;
    let mut meta = String::with_capacity(json.len());
    for (key, value) in all.iter().filter(|(key, _)| key != "io.modelcontextprotocol/serverInfo") {
        push_member(key, value.get(), &mut meta);
    }
    Ok(meta)
}
