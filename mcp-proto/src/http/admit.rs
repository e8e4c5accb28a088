//! What is checked before the body is read.
//!
//! Spec: "Sending messages to the server" and "Security warning" of each revision's
//! `basic/transports`; the order is that of the checks below.

mod reading;
#[cfg(test)]
pub(super) mod testing;
#[cfg(test)]
mod tests;

use alloc::{string::String, sync::Arc, vec::Vec};
use core::{fmt, ops::Range};

use self::reading::Reading;
use super::{Challenge, Head, HttpConfig, Response, answer::Answers, authority};
use crate::{ErrorObject, Limits, code, server::ServerConfig, version::Version};

/// Decides about heads. A copy of the endpoint's rules, for any thread.
#[derive(Clone, Debug)]
pub struct Gate {
    config: Arc<HttpConfig>,
    limits: Arc<Limits>,
    verbs: Verbs,
}

/// A request whose head passed the gate: what is left to do is to find out who is calling, and to
/// read the body.
#[must_use]
pub struct Admission {
    config: Arc<HttpConfig>,
    answers: Answers,
    verb: Verb,
    /// Given after the grant: nobody learns more than they may by being refused.
    refusal: Option<Refusal>,
    body_bytes_max: usize,
    /// The values of the fields below, one after the other.
    text: String,
    session_id: Slot,
    version: Slot,
    method: Slot,
    name: Slot,
    last_event_id: Slot,
    /// Names without their prefix, and values.
    arguments: Vec<(Range<usize>, Slot)>,
}

/// What a request wants of the endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    /// To bring a message.
    Post,
    /// To get a stream.
    Get,
    /// To end a session.
    Delete,
}

/// A field that may stand once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// It is not there.
    Absent,
    /// Visible ASCII with spaces and tabs in between.
    One(&'a str),
    /// It stands several times, so that others may have read another one.
    Many,
    /// There are characters in it that may not be.
    Malformed,
}

/// A [`Value`] by its place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Slot {
    #[default]
    Absent,
    One(Range<usize>),
    Many,
    Malformed,
}

/// A refusal that waits for the grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Refusal {
    status: u16,
    why: &'static str,
    /// `Allow`, which a 405 must have.
    allow: Option<&'static str>,
}

/// Which methods there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verbs {
    Sessions,
    PostAlone,
}

impl Verbs {
    const fn list(self) -> &'static str {
        match self {
            Self::Sessions => "GET, POST, DELETE, OPTIONS",
            Self::PostAlone => "POST, OPTIONS",
        }
    }
}

impl Gate {
    pub(super) fn new(server: &ServerConfig, http: &HttpConfig) -> Self {
        let handshake = |version: &Version| version.rules().handshake;
        let sessions = http.sessions && server.versions.iter().any(handshake);
        Self {
            config: Arc::new(http.clone()),
            limits: Arc::new(server.limits.clone()),
            verbs: if sessions { Verbs::Sessions } else { Verbs::PostAlone },
        }
    }

    /// Decides about a head. An error is the whole answer: a refusal, the answer to a preflight,
    /// or metadata at a well-known path.
    pub fn admit(&self, head: &Head<'_>) -> Result<Admission, Response> {
        let reading = Reading::of(head, &self.limits);
        let answers = self.check_origin(&reading)?;
        self.check_host(&reading, &answers)?;
        if head.method == "OPTIONS" && reading.request_method {
            return Err(answers.preflight(self.verbs.list(), &reading.request_headers));
        }
        if head.method == "GET"
            && let Some(resource) = &self.config.protected_resource
            && resource.is_published_at(head.path, &self.config.path)
        {
            return Err(answers.json(200, resource.metadata()));
        }
        if reading.authorizations > 1 {
            let resource = self.config.protected_resource.as_ref();
            return Err(Challenge::invalid_request().response(&answers, resource));
        }
        let (verb, refusal) = match self.verb(head, &reading) {
            Ok(verb) => (verb, self.refusal(verb, &reading)),
            Err(refusal) => (Verb::Post, Some(refusal)),
        };
        let wants_body = verb == Verb::Post && refusal.is_none();
        Ok(Admission {
            config: Arc::clone(&self.config),
            answers,
            verb,
            refusal,
            body_bytes_max: if wants_body { self.limits.message_bytes_max } else { 0 },
            text: reading.text,
            session_id: reading.session_id,
            version: reading.version,
            method: reading.method,
            name: reading.name,
            last_event_id: reading.last_event_id,
            arguments: reading.arguments,
        })
    }

    /// No `Origin` is no web page.
    fn check_origin(&self, reading: &Reading) -> Result<Answers, Response> {
        match reading.value(&reading.origin) {
            Value::Absent => Ok(Answers::default()),
            Value::One(origin) if self.config.origins.allows(origin) => {
                Ok(Answers::to(Some(origin.into())))
            }
            Value::One(_) | Value::Many | Value::Malformed => {
                Err(refuse(&Answers::default(), 403, "This origin may not call"))
            }
        }
    }

    fn check_host(&self, reading: &Reading, answers: &Answers) -> Result<(), Response> {
        match reading.value(&reading.host) {
            Value::One(host) if !authority::is_host(host) => {
                Err(refuse(answers, 400, "Host is malformed"))
            }
            Value::One(host) if self.config.hosts.allows(host) => Ok(()),
            Value::One(_) => Err(refuse(answers, 403, "There is no such host here")),
            Value::Absent | Value::Many | Value::Malformed => {
                Err(refuse(answers, 400, "Host must stand exactly once"))
            }
        }
    }

    /// What is wanted, or why that is not to be had here.
    fn verb(&self, head: &Head<'_>, reading: &Reading) -> Result<Verb, Refusal> {
        if *head.path != *self.config.path {
            return Err(Refusal::new(404, "There is nothing at this path"));
        }
        // A revision without a handshake has no sessions, so there is nothing to get or to delete.
        let stateless = match reading.value(&reading.version) {
            Value::One(version) => version.parse().is_ok_and(|v: Version| !v.rules().handshake),
            Value::Absent | Value::Many | Value::Malformed => false,
        };
        let verbs = if stateless { Verbs::PostAlone } else { self.verbs };
        match (head.method, verbs) {
            ("POST", _) => Ok(Verb::Post),
            ("GET", Verbs::Sessions) => Ok(Verb::Get),
            ("DELETE", Verbs::Sessions) => Ok(Verb::Delete),
            _ => {
                let refusal = Refusal::new(405, "This method is not allowed here");
                Err(Refusal { allow: Some(verbs.list()), ..refusal })
            }
        }
    }

    fn refusal(&self, verb: Verb, reading: &Reading) -> Option<Refusal> {
        if reading.too_large {
            return Some(Refusal::new(431, "A header field is too long, or there are too many"));
        }
        let accepted = match verb {
            Verb::Post => reading.accepted.has_json() && reading.accepted.has_stream(),
            Verb::Get => reading.accepted.has_stream(),
            Verb::Delete => true,
        };
        if !accepted {
            let why = match verb {
                Verb::Post => "Accept must list application/json and text/event-stream",
                Verb::Get | Verb::Delete => "Accept must list text/event-stream",
            };
            return Some(Refusal::new(406, why));
        }
        if reading.framing_error {
            return Some(Refusal::new(400, "The length of the body is malformed"));
        }
        if verb != Verb::Post {
            return None;
        }
        if !reading.json {
            return Some(Refusal::new(415, "Content-Type must be application/json"));
        }
        let declared = reading.content_length.unwrap_or_default();
        (declared > self.limits.message_bytes_max as u64)
            .then_some(Refusal::new(413, "The message is too long"))
    }
}

/// What was read, for the endpoint.
impl Admission {
    pub(super) fn verb(&self) -> Verb {
        self.verb
    }

    /// Makes the responses to this request.
    pub(super) fn answers(&self) -> &Answers {
        &self.answers
    }

    pub(super) fn into_answers(self) -> Answers {
        self.answers
    }

    /// The refusal that waited for the grant.
    pub(super) fn refusal(&self) -> Option<Response> {
        self.refusal.map(|refusal| {
            let mut response = refuse(&self.answers, refusal.status, refusal.why);
            if let Some(allow) = refusal.allow {
                response.head.push("allow", allow);
            }
            response
        })
    }

    pub(super) fn session_id(&self) -> Value<'_> {
        self.session_id.value(&self.text)
    }

    pub(super) fn version(&self) -> Value<'_> {
        self.version.value(&self.text)
    }

    pub(super) fn method(&self) -> Value<'_> {
        self.method.value(&self.text)
    }

    pub(super) fn name(&self) -> Value<'_> {
        self.name.value(&self.text)
    }

    pub(super) fn last_event_id(&self) -> Value<'_> {
        self.last_event_id.value(&self.text)
    }

    /// What mirrors the argument `name`, in any case.
    pub(super) fn argument(&self, name: &str) -> Value<'_> {
        let own = |range: &Range<usize>| {
            self.text.get(range.clone()).is_some_and(|own| own.eq_ignore_ascii_case(name))
        };
        let found = self.arguments.iter().find(|(range, _)| own(range));
        found.map_or(Value::Absent, |(_, slot)| slot.value(&self.text))
    }
}

/// What the driver asks.
impl Admission {
    /// How many bytes of body may be read; 0 if the body is not wanted, because there is none or
    /// because the request is refused whatever it holds.
    pub fn body_bytes_max(&self) -> usize {
        self.body_bytes_max
    }

    /// The answer to a body that is longer, or that does not come in time, is cut off or badly
    /// framed: `status` is 413, 408 or 400.
    pub fn refuse_body(&self, status: u16) -> Response {
        let why = match status {
            413 => "The message is too long",
            408 => "The message did not come in time",
            _ => "The message is cut off or badly framed",
        };
        refuse(&self.answers, status, why)
    }

    /// The answer to a caller that may not call.
    pub fn challenge(&self, challenge: &Challenge) -> Response {
        challenge.response(&self.answers, self.config.protected_resource.as_ref())
    }

    /// The answer where the server cannot serve now (503), or has failed (500).
    pub fn unavailable(&self, status: u16) -> Response {
        let why = match status {
            503 => "The server cannot serve this now",
            _ => "Internal error",
        };
        self.answers.error(status, &ErrorObject::new(code::INTERNAL_ERROR, why))
    }
}

impl fmt::Debug for Admission {
    /// Leaves out the values: some are secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admission")
            .field("verb", &self.verb)
            .field("refusal", &self.refusal)
            .finish_non_exhaustive()
    }
}

impl Refusal {
    const fn new(status: u16, why: &'static str) -> Self {
        Self { status, why, allow: None }
    }
}

fn refuse(answers: &Answers, status: u16, why: &'static str) -> Response {
    answers.error(status, &ErrorObject::invalid_request(why))
}
