//! One request of the client, as the application sees it.

use alloc::{boxed::Box, collections::BTreeMap, string::String, sync::Arc};
use core::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use super::{Answer, Key, SessionKey};
use crate::{
    grant::Grant,
    schema::{Level, TraceContext},
    terms::Terms,
    wire::{Json, RequestId},
};

/// Names one call for as long as the machine lives; never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub(crate) u64);

/// A client's request that the application is to serve.
///
/// It may cross threads: the flags in it are shared with the machine, so that a running handler
/// sees a cancellation and a new log level at once.
#[derive(Clone, Debug)]
pub struct Call {
    /// Names the call in commands.
    pub id: CallId,
    /// The id the client gave it, for display.
    pub request_id: RequestId,
    /// The session it came in; `None` in 2026-07-28.
    pub session: Option<SessionKey>,
    /// What was agreed on.
    pub terms: Arc<Terms>,
    /// Who is calling.
    pub grant: Arc<Grant>,
    /// What is asked for.
    pub method: Method,
    /// Whether the client wants to hear of progress.
    pub wants_progress: bool,
    /// The members of the request's `_meta` that are not the protocol's own.
    pub meta: CallMeta,
    /// What earlier rounds of the call have brought.
    pub memo: Memo,
    /// The values attached to the session, as they were when the call came.
    pub attached: Arc<BTreeMap<Box<str>, Json>>,
    pub(crate) flags: Flags,
}

use super::Memo;

impl Call {
    /// Whether the client no longer wants an answer.
    pub fn is_cancelled(&self) -> bool {
        self.flags.cancelled.load(Ordering::Relaxed)
    }

    /// Whether a log message of `level` would be sent now.
    pub fn wants_log(&self, level: Level) -> bool {
        level as u8 >= self.flags.level.load(Ordering::Relaxed)
    }
}

/// What the machine and a running handler share.
#[derive(Clone, Debug)]
pub(crate) struct Flags {
    pub(crate) cancelled: Arc<AtomicBool>,
    /// The lowest [`Level`] that is sent; [`LEVEL_OFF`] for none.
    pub(crate) level: Arc<AtomicU8>,
}

/// Above every level: nothing is sent.
pub(crate) const LEVEL_OFF: u8 = u8::MAX;

/// What a call asks for, with its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// `tools/list`
    ToolsList {
        /// Where to go on.
        cursor: Option<Box<str>>,
    },
    /// `tools/call`
    ToolsCall {
        /// Which tool.
        name: Box<str>,
        /// A JSON object; `{}` if the request had none.
        arguments: Json,
    },
    /// `prompts/list`
    PromptsList {
        /// Where to go on.
        cursor: Option<Box<str>>,
    },
    /// `prompts/get`
    PromptsGet {
        /// Which prompt.
        name: Box<str>,
        /// Its arguments.
        arguments: BTreeMap<Box<str>, String>,
    },
    /// `resources/list`
    ResourcesList {
        /// Where to go on.
        cursor: Option<Box<str>>,
    },
    /// `resources/templates/list`
    ResourceTemplatesList {
        /// Where to go on.
        cursor: Option<Box<str>>,
    },
    /// `resources/read`
    ResourcesRead {
        /// Which resource.
        uri: Box<str>,
    },
    /// `completion/complete`
    Complete(Box<CompleteParams>),
    /// A method of the application's own.
    Other {
        /// Its name.
        method: Box<str>,
        /// Its parameters.
        params: Json,
    },
}

/// What is to be completed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompleteParams {
    /// What the argument belongs to.
    pub reference: Reference,
    /// The argument's name.
    pub argument: Box<str>,
    /// What has been typed so far.
    pub value: Box<str>,
    /// The arguments that are filled in already (from 2025-06-18).
    pub context: BTreeMap<Box<str>, String>,
}

/// What a completed argument belongs to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reference {
    /// A prompt, by name.
    Prompt(Box<str>),
    /// A resource or template, by its URI or its text.
    Resource(Box<str>),
}

/// The members of a request's `_meta` that are not the protocol's own, the trace context among
/// them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallMeta(pub(crate) Option<Arc<BTreeMap<Box<str>, Json>>>);

impl CallMeta {
    /// The member `key`.
    pub fn get(&self, key: &str) -> Option<&Json> {
        self.0.as_ref()?.get(key)
    }

    /// The trace context, where the client sent one.
    pub fn trace(&self) -> Option<TraceContext> {
        TraceContext::read(|key| self.get(key))
    }
}

/// What earlier rounds asked, and what the client answered.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Answers {
    /// Keys the digests; secret, and drawn when a call asks for the first time.
    pub(crate) salt: [u8; 32],
    pub(crate) by_key: BTreeMap<Key, Asked>,
}

/// One question of an earlier round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Of the question; `None` if it was answered without having been asked.
    pub(crate) digest: Option<[u8; 16]>,
    pub(crate) answer: Option<Answer>,
}

impl core::fmt::Debug for Answers {
    /// Leaves the salt out.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_map().entries(&self.by_key).finish()
    }
}

impl Answers {
    /// The answer to exactly this question, if it was asked under `key` and answered.
    pub fn to(&self, key: &str, question: &super::Question) -> Option<&Answer> {
        let asked = self.by_key.get(key)?;
        let answer = asked.answer.as_ref()?;
        (asked.digest? == super::state::digest(&self.salt, question)).then_some(answer)
    }

    /// The answer under `key` that came with a first request, before anything was asked. The
    /// client chose what it answers: take it only where any answer will do.
    pub fn unasked(&self, key: &str) -> Option<&Answer> {
        self.by_key.get(key).filter(|asked| asked.digest.is_none())?.answer.as_ref()
    }
}
