//! A call of ours: stable through pages and rounds, whatever number of requests it takes.
//!
//! Spec: `basic/lifecycle` (timeouts), `basic/utilities/cancellation`.

use alloc::{
    boxed::Box,
    collections::{BTreeMap, BTreeSet},
    format,
    string::String,
    vec::Vec,
};

use super::{
    CallError, CallOptions, Client, ClientCallId, ClientEvent, Delivery, Listening, Phase,
    QuestionId, Sent, Timer,
    cache::CacheKey,
    encode::{RequestMeta, append_members, append_object},
};
use crate::{
    error::CommandError,
    rpc,
    schema::{Level, meta_key},
    time::{Instant, Timeouts},
    wire::{Frame, InvalidJson, Json, Members, Object, RequestId, Split, push_member},
};

/// A call that has not ended.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) what: What,
    pub(super) options: CallOptions,
    /// The members of the parameters, as JSON text without the braces and without `_meta`.
    pub(super) members: String,
    /// The application's members of `_meta`, likewise.
    pub(super) meta: String,
    /// The request that is on its way, if one is.
    pub(super) wire: Option<RequestId>,
    /// Whether any request of the call was sent.
    pub(super) sent: bool,
    /// The last progress that was told.
    pub(super) progress: Option<f64>,
    /// How many rounds of questions there were.
    pub(super) rounds: u32,
    /// What the server asked in the last round.
    pub(super) round: Option<Round>,
    pub(super) pages: Option<Pages>,
    pub(super) cache: Option<CacheKey>,
}

/// What a call is for.
#[derive(Debug)]
pub(super) enum What {
    /// A method, and its result.
    Method(Box<str>),
    /// `subscriptions/listen`, or the requests that stand for it in a legacy session.
    Listen {
        wish: Listening,
        /// Whether the server has acknowledged it.
        open: bool,
        /// The resources whose `resources/subscribe` is not answered.
        waiting: BTreeMap<RequestId, Box<str>>,
    },
}

/// A round of questions (2026-07-28).
#[derive(Debug, Default)]
pub(super) struct Round {
    /// `requestState`, byte for byte as it came.
    pub(super) state: Option<Box<str>>,
    /// The answers by their keys; `None` for those that are missing.
    pub(super) answers: BTreeMap<Box<str>, Option<Json>>,
}

/// The pages of a list so far.
#[derive(Debug, Default)]
pub(super) struct Pages {
    /// The entries, with commas between them.
    pub(super) entries: String,
    pub(super) cursor: Option<Box<str>>,
    pub(super) seen: BTreeSet<Box<str>>,
    /// How long all cursors were together.
    pub(super) cursor_bytes: usize,
}

impl Pending {
    pub(super) fn method(&self) -> &str {
        match &self.what {
            What::Method(method) => method,
            What::Listen { .. } => "subscriptions/listen",
        }
    }

    pub(super) const fn is_listen(&self) -> bool {
        matches!(self.what, What::Listen { .. })
    }

    fn new(what: What, members: String, options: CallOptions) -> Self {
        Self {
            what,
            pages: options.all_pages.then(Pages::default),
            options,
            members,
            meta: String::new(),
            wire: None,
            sent: false,
            progress: None,
            rounds: 0,
            round: None,
            cache: None,
        }
    }
}

impl Client {
    /// Calls a method. `params` is a JSON object; a `_meta` in it is kept beside the client's own
    /// members. The outcome is [`ClientEvent::Finished`]; before there is an agreement the call
    /// is held.
    pub fn call(
        &mut self,
        now: Instant,
        method: &str,
        params: &Json,
        mut options: CallOptions,
    ) -> ClientCallId {
        let call = self.new_call_id();
        let Ok(split) = Split::of(params) else {
            self.tell(ClientEvent::Finished { call, outcome: Err(CallError::InvalidParams) });
            return call;
        };
        let Ok(meta) = own_meta(split.meta.as_deref(), &options) else {
            self.tell(ClientEvent::Finished { call, outcome: Err(CallError::InvalidParams) });
            return call;
        };
        options.all_pages &= list_member(method).is_some();
        let key = CacheKey::of(method, &split.members, &options);
        if let Some(result) = key.as_ref().filter(|_| !options.fresh).and_then(|key| {
            // A result that is still good needs no request.
            self.cache.get(now, key)
        }) {
            self.tell(ClientEvent::Finished { call, outcome: Ok(result) });
            return call;
        }
        let mut pending = Pending::new(What::Method(method.into()), split.members, options);
        pending.cache = key;
        pending.meta = meta;
        self.begin(now, call, pending);
        call
    }

    pub(super) fn begin_listen(&mut self, now: Instant, wish: Listening) -> ClientCallId {
        let call = self.new_call_id();
        let what = What::Listen { wish, open: false, waiting: BTreeMap::new() };
        self.begin(now, call, Pending::new(what, String::new(), CallOptions::default()));
        call
    }

    fn new_call_id(&mut self) -> ClientCallId {
        self.next_call += 1;
        ClientCallId(self.next_call)
    }

    fn begin(&mut self, now: Instant, call: ClientCallId, pending: Pending) {
        let refused = match self.phase {
            Phase::Failed => Some(CallError::Lost(Delivery::NotSent)),
            _ if self.congested || self.calls.len() >= self.config.limits.calls_max => {
                Some(CallError::OverLimit)
            }
            _ => None,
        };
        if let Some(error) = refused {
            return self.tell(ClientEvent::Finished { call, outcome: Err(error) });
        }
        if let Some(total) = self.timeouts(&pending).total {
            self.timers.set(Timer::Total(call), now + total);
        }
        self.calls.insert(call, pending);
        if self.agreement().is_some() {
            self.send_call(now, call);
        }
    }

    /// Sends the calls that were made before there was an agreement.
    pub(super) fn send_held(&mut self, now: Instant) {
        let held: Vec<ClientCallId> =
            self.calls.iter().filter(|(_, pending)| !pending.sent).map(|(call, _)| *call).collect();
        for call in held {
            self.send_call(now, call);
        }
    }

    /// Sends the next request of a call: the first, the next page, or the next round.
    pub(super) fn send_call(&mut self, now: Instant, call: ClientCallId) {
        let Some(agreement) = self.agreement().cloned() else { return };
        let Some(pending) = self.calls.get_mut(&call) else { return };
        if let What::Listen { .. } = pending.what {
            self.timers.set(Timer::Listen(call), now + self.config.listen_timeout);
            if agreement.version.rules().handshake {
                pending.sent = true;
                return self.subscribe(call);
            }
        }
        let id = self.new_request(Sent::Call(call));
        let Some(pending) = self.calls.get_mut(&call) else { return };
        pending.sent = true;
        pending.progress = None;
        pending.wire = Some(id.clone());
        let Some(pending) = self.calls.get(&call) else { return };
        let meta = self.request_meta(&RequestMeta {
            version: agreement.version,
            token: Some(&id).filter(|_| self.wants_progress(pending)),
            trace: pending.options.trace.as_ref(),
            own: &pending.meta,
            log_level: self.log_level_of(pending),
        });
        let room = 32 + pending.members.len() + meta.len();
        let text = rpc::request_with(&id, pending.method(), room, |text| {
            append_parameters(pending, &meta, text);
        });
        if let Some(idle) = self.timeouts(pending).idle {
            self.timers.set(Timer::Idle(call), now + idle);
        }
        self.send(Some(call), Frame::owned(text));
    }

    /// How long the call may take. A subscription lasts as long as it lasts.
    fn timeouts(&self, pending: &Pending) -> Timeouts {
        if pending.is_listen() {
            return Timeouts::default();
        }
        Timeouts {
            idle: pending.options.timeouts.idle.or(self.config.timeouts.idle),
            total: pending.options.timeouts.total.or(self.config.timeouts.total),
        }
    }

    /// Whether the call's requests have a progress token.
    pub(super) fn wants_progress(&self, pending: &Pending) -> bool {
        let wants = pending.options.progress || self.timeouts(pending).idle.is_some();
        wants && !pending.is_listen()
    }

    /// From which level on the call asks for logs, where each call says so.
    pub(super) fn log_level_of(&self, pending: &Pending) -> Option<Level> {
        pending.options.log_level.or(self.log_level).filter(|_| !pending.is_listen())
    }

    /// The server is still at work on the call.
    pub(super) fn heard_of(&mut self, now: Instant, call: ClientCallId) {
        let idle = self.calls.get(&call).and_then(|pending| self.timeouts(pending).idle);
        if let Some(idle) = idle {
            self.timers.set(Timer::Idle(call), now + idle);
        }
    }

    /// A person has answered or need not any more: the server goes on with whatever waited.
    pub(super) fn person_is_done(&mut self, now: Instant) {
        let waiting = self.calls.iter().filter(|(_, pending)| pending.wire.is_some());
        let waiting: Vec<ClientCallId> = waiting.map(|(call, _)| *call).collect();
        for call in waiting {
            self.heard_of(now, call);
        }
    }

    /// Gives a call up, or ends a subscription. What has been sent is cancelled.
    pub fn cancel(&mut self, call: ClientCallId, reason: Option<&str>) -> Result<(), CommandError> {
        self.calls.get(&call).ok_or(CommandError::Gone)?;
        self.withdraw(call, reason);
        self.finish(call, Err(CallError::Cancelled));
        Ok(())
    }

    pub(super) fn call_timed_out(&mut self, call: ClientCallId) {
        self.withdraw(call, Some("No answer in time"));
        self.finish(call, Err(CallError::TimedOut));
    }

    pub(super) fn listen_timed_out(&mut self, call: ClientCallId) {
        self.withdraw(call, Some("Not acknowledged in time"));
        self.finish(call, Err(CallError::Unacknowledged));
    }

    /// Tells the server that nobody waits for the call's request any more, or wants to be told.
    fn withdraw(&mut self, call: ClientCallId, reason: Option<&str>) {
        let listens = self.calls.get(&call).is_some_and(Pending::is_listen);
        if listens && self.rules().is_some_and(|rules| rules.handshake) {
            return self.unsubscribe(call);
        }
        let Some(id) = self.calls.get(&call).and_then(|pending| pending.wire.clone()) else {
            return;
        };
        let mut params = String::new();
        let mut object = Object::begin(&mut params);
        id.append_to(object.key("requestId"));
        object.text_if("reason", reason);
        object.end();
        let text = rpc::notification("notifications/cancelled", &params);
        self.send(Some(call), Frame::owned(text));
    }

    /// Ends a call: takes it out of all tables and tells the application.
    pub(super) fn finish(&mut self, call: ClientCallId, outcome: Result<Json, CallError>) {
        let Some(pending) = self.calls.remove(&call) else { return };
        if let Some(id) = pending.wire {
            // A late answer finds nothing.
            self.sent.remove(&id);
        }
        if let What::Listen { waiting, .. } = pending.what {
            for id in waiting.keys() {
                self.sent.remove(id);
            }
        }
        for timer in [Timer::Idle, Timer::Total, Timer::Listen, Timer::Pause].map(|of| of(call)) {
            self.timers.cancel(timer);
        }
        let asked = self.questions.iter().filter(|(_, open)| open.belongs_to(call));
        let asked: Vec<QuestionId> = asked.map(|(question, _)| *question).collect();
        for question in asked {
            self.questions.remove(&question);
            self.tell(ClientEvent::Withdrawn { question });
        }
        self.tell(ClientEvent::Finished { call, outcome });
    }

    /// The server is gone: every call ends at once, and says whether it may have had an effect.
    pub(super) fn lose_calls(&mut self) {
        let calls: Vec<ClientCallId> = self.calls.keys().copied().collect();
        for call in calls {
            let sent = self.calls.get(&call).is_some_and(|pending| pending.sent);
            let delivery = if sent { Delivery::OutcomeUnknown } else { Delivery::NotSent };
            self.finish(call, Err(CallError::Lost(delivery)));
        }
        self.withdraw_questions();
    }
}

/// The member that holds the entries of a list.
pub(super) fn list_member(method: &str) -> Option<&'static str> {
    Some(match method {
        "tools/list" => "tools",
        "prompts/list" => "prompts",
        "resources/list" => "resources",
        "resources/templates/list" => "resourceTemplates",
        _ => return None,
    })
}

/// The members of an application's `_meta` that may stand there beside the machine's own, each
/// once: those of the options come before those of the parameters.
fn own_meta(given: Option<&str>, options: &CallOptions) -> Result<String, InvalidJson> {
    const TRACE: [&str; 3] = ["traceparent", "tracestate", "baggage"];
    let mut members = match &options.meta {
        None => String::new(),
        Some(meta) => {
            let split =
                Split::of(&Json::from_trusted(&format!(r#"{{"_meta":{}}}"#, meta.as_str())))?;
            split.meta.unwrap_or_default()
        }
    };
    append_members(&mut members, given);
    if members.is_empty() {
        return Ok(members);
    }
    let mut seen = BTreeSet::new();
    Ok(filtered(&members, |key| {
        let kept = meta_key(key).is_ok() && !(options.trace.is_some() && TRACE.contains(&key));
        kept && seen.insert(String::from(key))
    }))
}

/// The members whose names are to be kept.
fn filtered(members: &str, mut keep: impl FnMut(&str) -> bool) -> String {
    let object = format!("{{{members}}}");
    let Ok(Members(all)) = serde_json::from_str(&object) else { return String::new() };
    let mut kept = String::with_capacity(members.len());
    for (key, value) in all.iter().filter(|(key, _)| keep(key)) {
        push_member(key, value.get(), &mut kept);
    }
    kept
}

/// Appends the parameters of the next request of a call.
fn append_parameters(pending: &Pending, meta: &str, out: &mut String) {
    let cursor = pending.pages.as_ref().and_then(|pages| pages.cursor.as_deref());
    let mut object = Object::begin(out);
    match (cursor, &pending.round) {
        (None, None) => object.append(&pending.members),
        // What a further request says anew is not said twice.
        (Some(_), _) => object.append(&filtered(&pending.members, |key| key != "cursor")),
        (None, Some(_)) => object.append(&filtered(&pending.members, |key| {
            !["inputResponses", "requestState"].contains(&key)
        })),
    }
    if let What::Listen { wish, .. } = &pending.what {
        object.raw("notifications", &wish.encode());
    }
    object.text_if("cursor", cursor);
    if let Some(round) = &pending.round {
        round.append_to(&mut object);
    }
    if !meta.is_empty() {
        let mut inner = Object::begin(object.key("_meta"));
        inner.append(meta);
        inner.end();
    }
    object.end();
}

impl Round {
    /// `inputResponses` and `requestState`. Only the latest round is sent.
    fn append_to(&self, object: &mut Object<'_>) {
        if !self.answers.is_empty() {
            let given = self.answers.iter().filter_map(|(key, json)| Some((key, json.as_ref()?)));
            append_object(object.key("inputResponses"), given);
        }
        if let Some(state) = &self.state {
            object.raw("requestState", state);
        }
    }
}
