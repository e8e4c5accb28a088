//! Questions to the client in the middle of a call: requests in a legacy session,
//! `input_required` from 2026-07-28 on. Either way the call comes again with the answers.
//!
//! Spec: `client/elicitation`, `client/sampling`, `client/roots` of each revision; "Multi
//! round-trip requests" of 2026-07-28.

use alloc::{borrow::Cow, collections::BTreeSet, format, string::String, sync::Arc, vec::Vec};
use core::sync::atomic::Ordering;

use serde::{Deserialize, de::IgnoredAny};

use super::{
    About, Answer, Asked, Call, CallId, CommandError, Dropped, Event, Key, Kind, Memo, Origin,
    Question, Reply, Server, SessionKey, lifecycle::Phase, request::Target, state,
};
use crate::{
    error::{ErrorObject, code},
    rpc,
    schema::{Capability, ClientCapabilities},
    terms::Terms,
    time::{Instant, Timeouts},
    version::{Elicitation, Rules},
    wire::{Frame, Id, Json, Object, RequestId, Response, Split, escape_into},
};

/// What a request of ours waits for.
#[derive(Debug)]
pub(super) enum Waiting {
    /// The answer to a question of a call.
    Answer { session: SessionKey, call: CallId, key: Key },
    /// A sign of life.
    Pong { session: SessionKey, since: Instant },
}

impl Waiting {
    pub(super) const fn session(&self) -> SessionKey {
        match self {
            Self::Answer { session, .. } | Self::Pong { session, .. } => *session,
        }
    }
}

/// A call of a legacy session that waits for answers.
#[derive(Debug)]
pub(super) struct Asking {
    memo: Memo,
    /// How many answers are missing.
    missing: usize,
}

/// The questions of a call whose session is not in operation yet.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) call: CallId,
    pub(super) questions: Vec<(Key, Question)>,
    pub(super) memo: Memo,
}

impl Server {
    /// Lets a call ask.
    pub(super) fn ask(
        &mut self,
        now: Instant,
        call: CallId,
        questions: Vec<(Key, Question)>,
        mut memo: Memo,
    ) -> Result<(), CommandError> {
        let Some(running) = self.calls.get(&call).filter(|running| running.asking.is_none()) else {
            self.stats.late_commands += 1;
            return Err(CommandError::Gone);
        };
        let asker = running.call.clone();
        let may_ask = running.may_ask;
        // The machine counts the rounds, whatever memo it is given: ids are made of them.
        memo.rounds = memo.rounds.max(asker.memo.rounds);
        let legacy = asker.session.is_some();
        let objection = self
            .objection(&asker.terms, may_ask, &questions, &memo)
            .or_else(|| (self.departed && legacy).then(departure));
        if let Some(error) = objection {
            if !legacy {
                return self.respond(now, call, Reply::Error(error));
            }
            self.fail_asker(call, &error);
            return Ok(());
        }
        if let Some(session) = asker.session.and_then(|key| self.sessions.get_mut(&key))
            && session.phase == Phase::Initializing
        {
            // Before `initialized` only a ping may be sent.
            session.held.push(Held { call, questions, memo });
            return Ok(());
        }
        memo.rounds += 1;
        state::ensure_salt(&mut memo.answers, &mut *self.entropy);
        for (key, question) in &questions {
            let digest = Some(state::digest(&memo.answers.salt, question));
            memo.answers.by_key.insert(key.clone(), Asked { digest, answer: None });
        }
        match asker.session {
            Some(session) => self.send_questions(now, session, &asker, questions, memo),
            None => return self.require_input(now, &asker, &questions, &memo),
        }
        Ok(())
    }

    /// Why the call may not ask this.
    fn objection(
        &self,
        terms: &Terms,
        may_ask: bool,
        questions: &[(Key, Question)],
        memo: &Memo,
    ) -> Option<ErrorObject> {
        let limits = &self.config.limits;
        if memo.rounds >= limits.rounds_max {
            return Some(ErrorObject::new(code::INTERNAL_ERROR, "Too many rounds"));
        }
        let rules = terms.version.rules();
        let foreign = |(_, question): &(Key, Question)| {
            !rules.server_requests && matches!(question, Question::Other { .. })
        };
        let keys: BTreeSet<&Key> = questions.iter().map(|(key, _)| key).collect();
        if !may_ask
            || questions.is_empty()
            || questions.len() > limits.questions_max
            || keys.len() < questions.len()
            || questions.iter().any(foreign)
        {
            return Some(ErrorObject::internal());
        }
        questions
            .iter()
            .find_map(|(_, question)| undeclared(terms, question))
            .map(|capability| missing(&capability))
    }

    /// Each question becomes a request on the call's own way to the client.
    fn send_questions(
        &mut self,
        now: Instant,
        session: SessionKey,
        asker: &Arc<Call>,
        questions: Vec<(Key, Question)>,
        memo: Memo,
    ) {
        let rules = asker.terms.version.rules();
        let (call, round) = (asker.id, memo.rounds);
        let missing = questions.len();
        if let Some(running) = self.calls.get_mut(&call) {
            running.asking = Some(Asking { memo, missing });
        }
        for (key, question) in questions {
            let id = Id::Text(Cow::Owned(format!("{}.{round}.{key}", call.0)));
            let token = self.config.ask_timeout.idle.map(|_| &id);
            let params = with_token(&question.params(rules), token);
            let text = rpc::request(&id, question.method(), &params);
            if let Question::ElicitUrl { elicitation, .. } = question
                && rules.elicitation_ids
                && let Some(session) = self.sessions.get_mut(&session)
            {
                session.elicitation_sent(&self.config.limits, elicitation);
            }
            let waiting = Waiting::Answer { session, call, key };
            self.outbound.open(now, id, self.config.ask_timeout, waiting);
            self.send(About::Call(call), Frame::owned(text), Kind::Request);
        }
    }

    /// The call ends with `input_required`; all it knows goes with the client.
    fn require_input(
        &mut self,
        now: Instant,
        asker: &Arc<Call>,
        questions: &[(Key, Question)],
        memo: &Memo,
    ) -> Result<(), CommandError> {
        let rules = asker.terms.version.rules();
        let expires = self.unix(now).saturating_add(self.config.state_ttl);
        let limit = self.config.limits.state_bytes_max;
        let sealed = Target::of(&asker.method).and_then(|target| {
            let binding = target.binding(&asker.grant);
            self.sealer.seal(memo, &binding, expires, &mut *self.entropy, limit)
        });
        let Some(sealed) = sealed else {
            let error = ErrorObject::new(code::INTERNAL_ERROR, "The request's state is too large");
            return self.respond(now, asker.id, Reply::Error(error));
        };
        let running = self.finish(asker.id)?;
        let mut text = String::from(r#"{"jsonrpc":"2.0","id":"#);
        running.call.request_id.append_to(&mut text);
        text.push_str(r#","result":{"resultType":"input_required","inputRequests":{"#);
        for (place, (key, question)) in questions.iter().enumerate() {
            if place > 0 {
                text.push(',');
            }
            escape_into(key, &mut text);
            text.push(':');
            let mut object = Object::begin(&mut text);
            object.text("method", question.method());
            object.raw("params", question.params(rules).as_str());
            object.end();
        }
        text.push_str(r#"},"requestState":"#);
        escape_into(&sealed, &mut text);
        self.result_meta(rules, None, ",", &mut text);
        text.push_str("}}");
        self.send_response(asker.id, text, None);
        Ok(())
    }

    /// A response arrives.
    pub(super) fn handle_response(
        &mut self,
        now: Instant,
        origin: Origin,
        response: &Response<'_>,
    ) {
        let id = response.id.clone().map(Id::into_owned);
        let session = self.session_of(origin);
        let ours = id.filter(|id| {
            // Only the session that was asked can answer.
            self.outbound.get(id).is_some_and(|waiting| Some(waiting.session()) == session)
        });
        let Some(waiting) = ours.and_then(|id| self.outbound.close(&id)) else {
            return self.drop_noted(Dropped::UnknownResponse);
        };
        match waiting {
            Waiting::Pong { session, since } => {
                let round_trip = Some(now.saturating_since(since));
                self.tell(Event::Pinged { session, round_trip });
            }
            Waiting::Answer { call, key, .. } => {
                let answer = match response.outcome {
                    Ok(result) => Answer::Given(Json::from_raw(result)),
                    Err(error) => Answer::Refused(ErrorObject::read(error.get())),
                };
                self.answered(call, &key, answer);
            }
        }
    }

    /// The time of a request of ours is over.
    pub(super) fn handle_silence(&mut self, id: &RequestId, waiting: Waiting) {
        match waiting {
            Waiting::Pong { session, .. } => {
                self.tell(Event::Pinged { session, round_trip: None });
            }
            Waiting::Answer { call, key, .. } => {
                self.cancel_question(call, id, "No answer in time");
                self.answered(call, &key, Answer::TimedOut);
            }
        }
    }

    /// One answer is there; with the last one, the call comes again.
    fn answered(&mut self, call: CallId, key: &str, answer: Answer) {
        let Some(running) = self.calls.get_mut(&call) else { return };
        let Some(asking) = &mut running.asking else { return };
        if let Some(asked) = asking.memo.answers.by_key.get_mut(key) {
            asked.answer = Some(answer);
        }
        asking.missing -= 1;
        if asking.missing > 0 {
            return;
        }
        if let Some(Asking { memo, .. }) = running.asking.take() {
            let again = Arc::new(Call { memo, ..(*running.call).clone() });
            running.call = again.clone();
            self.tell(Event::Call(again));
        }
    }

    /// The session is in operation now: what its calls wanted to ask is asked.
    pub(super) fn ask_held(&mut self, now: Instant, session: SessionKey) {
        let held =
            self.sessions.get_mut(&session).map(|session| core::mem::take(&mut session.held));
        for Held { call, questions, memo } in held.unwrap_or_default() {
            // The call may be over by now.
            let _gone = self.ask(now, call, questions, memo);
        }
    }

    /// The client is gone: calls that wait for its answers fail at once, and so do pings.
    pub(super) fn fail_questions(&mut self) {
        self.departed = true;
        let is_ping = |waiting: &Waiting| matches!(waiting, Waiting::Pong { .. });
        for (_, waiting) in self.outbound.close_all(is_ping) {
            let session = waiting.session();
            self.tell(Event::Pinged { session, round_trip: None });
        }
        let asking = self.calls.iter().filter(|(_, running)| running.asking.is_some());
        let mut calls: Vec<CallId> = asking.map(|(call, _)| *call).collect();
        for session in self.sessions.values_mut() {
            calls.extend(core::mem::take(&mut session.held).into_iter().map(|held| held.call));
        }
        for call in calls {
            self.fail_asker(call, &departure());
        }
    }

    /// A question of a call cannot reach its client.
    pub(crate) fn fail_question(&mut self, call: CallId) {
        self.fail_asker(call, &departure());
    }

    /// A call is concluded whose handler may be waiting for answers that will not come.
    fn fail_asker(&mut self, call: CallId, error: &ErrorObject) {
        if let Ok(running) = self.finish(call) {
            running.call.flags.cancelled.store(true, Ordering::Relaxed);
            let text = rpc::error_response(Some(&running.call.request_id), false, error);
            self.send_response(call, text, Some(error.code));
            self.tell(Event::Cancelled { call, reason: None });
        }
    }

    /// Asks whether the client is there.
    pub(super) fn ping(&mut self, now: Instant, session: SessionKey) -> Result<(), CommandError> {
        if self.departed || !self.sessions.contains_key(&session) {
            return Err(CommandError::Gone);
        }
        let is_ping = |waiting: &Waiting| {
            matches!(waiting, Waiting::Pong { .. }) && waiting.session() == session
        };
        if self.outbound.count(is_ping) >= self.config.limits.pings_max {
            return Err(CommandError::OverLimit);
        }
        self.next_ping += 1;
        let id = Id::Text(Cow::Owned(format!("ping.{}", self.next_ping)));
        let text = rpc::request(&id, "ping", "{}");
        let timeouts = Timeouts { idle: None, total: Some(self.config.ping_timeout) };
        self.outbound.open(now, id, timeouts, Waiting::Pong { session, since: now });
        self.send(About::Session(session), Frame::owned(text), Kind::Request);
        Ok(())
    }
}

impl Question {
    /// The method that asks it.
    pub fn method(&self) -> &str {
        match self {
            Self::Elicit(_) | Self::ElicitUrl { .. } => "elicitation/create",
            Self::Sample(_) => "sampling/createMessage",
            Self::Roots => "roots/list",
            Self::Other { method, .. } => method,
        }
    }

    /// The parameters for a peer under `rules`.
    fn params(&self, rules: &Rules) -> Json {
        match self {
            Self::Elicit(params) | Self::Sample(params) | Self::Other { params, .. } => {
                params.clone()
            }
            Self::Roots => Json::from_trusted("{}"),
            Self::ElicitUrl { message, url, elicitation } => {
                let mut params = String::new();
                let mut object = Object::begin(&mut params);
                object.text("mode", "url");
                object.text("message", message);
                object.text("url", url);
                if rules.elicitation_ids {
                    object.text("elicitationId", elicitation);
                }
                object.end();
                Json::from_trusted(&params)
            }
        }
    }
}

/// The capability that the question needs and the client did not declare.
pub(crate) fn undeclared(terms: &Terms, question: &Question) -> Option<Capability> {
    let elicitation = terms.version.rules().elicitation;
    let (needed, exists) = match question {
        Question::Elicit(_) => (Capability::ElicitationForm, elicitation >= Elicitation::Forms),
        Question::ElicitUrl { .. } => {
            (Capability::ElicitationUrl, elicitation >= Elicitation::FormsAndUrls)
        }
        Question::Sample(params) => sampling_needs(terms, params),
        Question::Roots => (Capability::Roots, true),
        Question::Other { .. } => return None,
    };
    let declared: &ClientCapabilities = &terms.capabilities;
    (!exists || !declared.has(&needed)).then_some(needed)
}

/// The capability that a sampling question needs, and whether the revision has it.
fn sampling_needs(terms: &Terms, params: &Json) -> (Capability, bool) {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Wire {
        tools: Option<IgnoredAny>,
        tool_choice: Option<IgnoredAny>,
    }
    let wire: Wire = params.parse().unwrap_or_default();
    if wire.tools.is_some() || wire.tool_choice.is_some() {
        (Capability::SamplingTools, terms.version.rules().sampling_tools)
    } else {
        (Capability::Sampling, true)
    }
}

fn departure() -> ErrorObject {
    ErrorObject::new(code::INTERNAL_ERROR, "The client left before it answered")
}

/// -32021, which names what is missing.
pub(crate) fn missing(capability: &Capability) -> ErrorObject {
    let data = format!(r#"{{"requiredCapabilities":{}}}"#, capability.required().as_str());
    ErrorObject::new(
        code::MISSING_CLIENT_CAPABILITY,
        "The request needs a client capability that was not declared",
    )
    .with_data(Json::from_trusted(&data))
}

/// Parameters with a progress token, so that the peer can say that it is still at work.
fn with_token(params: &Json, token: Option<&RequestId>) -> String {
    let Some((token, split)) = token.zip(Split::of(params).ok()) else {
        return params.as_str().into();
    };
    let mut text = String::from("{");
    text.push_str(&split.members);
    if text.len() > 1 {
        text.push(',');
    }
    text.push_str(r#""_meta":{"progressToken":"#);
    token.append_to(&mut text);
    if let Some(meta) = split.meta.filter(|meta| !meta.is_empty()) {
        text.push(',');
        text.push_str(&meta);
    }
    text.push_str("}}");
    text
}
