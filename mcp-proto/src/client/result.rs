//! What a response means, by the request it answers: a result, a page of a list, a question.
//!
//! Spec: "Multi round-trip requests", `resultType` and "Pagination" of 2026-07-28.

use alloc::{boxed::Box, collections::BTreeMap, format, vec::Vec};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    CallError, Client, ClientCallId, DroppedByClient, Phase, Sent, Timer, Violation,
    answer::Asker,
    call::{Pending, Round, What, list_member},
};
use crate::{
    error::{ErrorObject, code},
    time::Instant,
    wire::{Id, Json, Response},
};

/// What the protocol looks at in a result.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Looked<'a> {
    #[serde(borrow)]
    result_type: Option<&'a RawValue>,
    #[serde(borrow)]
    input_requests: Option<&'a RawValue>,
    #[serde(borrow)]
    request_state: Option<&'a RawValue>,
    #[serde(borrow)]
    ttl_ms: Option<&'a RawValue>,
}

/// One of `inputRequests`.
#[derive(Deserialize)]
pub(super) struct InputRequest<'a> {
    pub(super) method: Box<str>,
    #[serde(borrow)]
    pub(super) params: Option<&'a RawValue>,
}

impl Client {
    pub(super) fn handle_response(&mut self, now: Instant, response: Response<'_>) {
        let outcome = match response.outcome {
            Ok(result) => Ok(Json::from_raw(result)),
            Err(error) => Err(ErrorObject::read(error.get())),
        };
        let Some(id) = response.id.map(Id::into_owned) else {
            let Err(error) = outcome else { return };
            // A legacy server may not be able to name the probe that it could not read.
            if matches!(self.phase, Phase::Probing { .. }) {
                self.sent.clear();
                return self.probed(now, Err(error));
            }
            return self.drop_noted(DroppedByClient::UncorrelatedError(error));
        };
        match self.sent.remove(&id) {
            None => self.drop_noted(DroppedByClient::UnknownResponse),
            Some(Sent::Forgotten) => {}
            Some(Sent::Subscribe(call)) => self.subscribed(call, &id, outcome.is_ok()),
            Some(Sent::Probe) => self.probed(now, outcome),
            Some(Sent::Initialize) => self.initialized(now, outcome),
            Some(Sent::Call(call)) => {
                if let Some(pending) = self.calls.get_mut(&call) {
                    pending.wire = None;
                }
                self.timers.cancel(Timer::Idle(call));
                match outcome {
                    Ok(result) => self.resulted(now, call, result),
                    Err(error) => self.refused(call, error),
                }
            }
        }
    }

    fn refused(&mut self, call: ClientCallId, error: ErrorObject) {
        let method = self.calls.get(&call).map(Pending::method);
        if let Some(method) = method.filter(|method| list_member(method).is_some()) {
            // A cursor that fails takes the pages before it along.
            self.cache.forget_method(method);
        }
        if error.code == code::URL_ELICITATION_REQUIRED {
            self.note_required(&error);
        }
        self.finish(call, Err(CallError::Refused(error)));
    }

    fn resulted(&mut self, now: Instant, call: ClientCallId, result: Json) {
        let modern = self.rules().is_some_and(|rules| rules.result_type);
        if !modern {
            return self.complete(now, call, result, None);
        }
        let Ok(looked) = result.parse::<Looked<'_>>() else {
            return self.finish(call, Err(CallError::Violation(Violation::Malformed)));
        };
        let ttl_ms = looked.ttl_ms.and_then(|raw| raw.get().parse::<u64>().ok());
        match looked.result_type.map(RawValue::get) {
            None | Some(r#""complete""#) => self.complete(now, call, result.clone(), ttl_ms),
            Some(r#""input_required""#) => {
                let state = looked.request_state.map(|raw| raw.get().into());
                let requests = looked.input_requests.map_or(Ok(BTreeMap::new()), |raw| {
                    serde_json::from_str(raw.get())
                        .map_err(|_| CallError::Violation(Violation::Malformed))
                });
                let asked =
                    requests.and_then(|requests| self.input_required(now, call, state, requests));
                if let Err(error) = asked {
                    self.finish(call, Err(error));
                }
            }
            // Which types an extension defines, only the application knows that declared it.
            Some(other)
                if other.starts_with('"') && !self.config.capabilities.extensions.is_empty() =>
            {
                self.finish(call, Ok(result.clone()));
            }
            Some(_) => {
                let violation = Violation::UnknownResultType(result.clone());
                self.finish(call, Err(CallError::Violation(violation)));
            }
        }
    }

    fn complete(&mut self, now: Instant, call: ClientCallId, result: Json, ttl_ms: Option<u64>) {
        let Some(pending) = self.calls.get(&call) else { return };
        if pending.pages.is_some() {
            return match self.next_page(call, &result) {
                Ok(None) => self.send_call(now, call),
                Ok(Some(whole)) => self.finish(call, Ok(whole)),
                Err(error) => self.finish(call, Err(error)),
            };
        }
        // Results that needed answers are never kept.
        if let (Some(key), Some(ttl), 0) = (&pending.cache, ttl_ms, pending.rounds) {
            self.cache.put(now, key.clone(), result.clone(), ttl);
        }
        self.finish(call, Ok(result));
    }

    /// Takes in a page. Returns the whole list after the last.
    fn next_page(&mut self, call: ClientCallId, page: &Json) -> Result<Option<Json>, CallError> {
        let malformed = || CallError::Violation(Violation::Malformed);
        let limits = &self.config.limits;
        let Some(pending) = self.calls.get_mut(&call) else { return Ok(None) };
        let member = list_member(pending.method()).ok_or_else(malformed)?;
        let Some(pages) = pending.pages.as_mut() else { return Ok(None) };
        let members: BTreeMap<Box<str>, &RawValue> = page.parse().map_err(|_| malformed())?;
        let entries = members.get(member).ok_or_else(malformed)?;
        let entries: Vec<&RawValue> =
            serde_json::from_str(entries.get()).map_err(|_| malformed())?;
        for entry in entries {
            super::encode::append_members(&mut pages.entries, Some(entry.get()));
        }
        let next = members.get("nextCursor").filter(|raw| raw.get() != "null");
        let Some(next) = next else {
            let whole = format!(r#"{{"{member}":[{}]}}"#, pages.entries);
            return Ok(Some(Json::from_trusted(&whole)));
        };
        let cursor: Box<str> = serde_json::from_str(next.get()).map_err(|_| malformed())?;
        if !pages.seen.insert(cursor.clone()) {
            return Err(CallError::Violation(Violation::RepeatedCursor));
        }
        pages.cursor_bytes += cursor.len();
        let bytes = pages.entries.len() + pages.cursor_bytes;
        if pages.seen.len() >= limits.pages_max || bytes > limits.message_bytes_max {
            return Err(CallError::OverLimit);
        }
        pages.cursor = Some(cursor);
        Ok(None)
    }

    /// The call goes on when the questions are answered.
    fn input_required(
        &mut self,
        now: Instant,
        call: ClientCallId,
        state: Option<Box<str>>,
        requests: BTreeMap<Box<str>, InputRequest<'_>>,
    ) -> Result<(), CallError> {
        const MAY_ASK: [&str; 3] = ["tools/call", "prompts/get", "resources/read"];
        let limits = &self.config.limits;
        let Some(pending) = self.calls.get_mut(&call) else { return Ok(()) };
        let misplaced =
            !MAY_ASK.contains(&pending.method()) || matches!(pending.what, What::Listen { .. });
        if misplaced || (state.is_none() && requests.is_empty()) {
            return Err(CallError::Violation(Violation::MisplacedInputRequired));
        }
        if state.as_ref().is_some_and(|state| !state.starts_with('"')) {
            return Err(CallError::Violation(Violation::Malformed));
        }
        pending.rounds += 1;
        if pending.rounds > limits.rounds_max {
            return Err(CallError::TooManyRounds);
        }
        if requests.len() > limits.questions_max {
            return Err(CallError::OverLimit);
        }
        let questions =
            self.read_all(&requests).ok_or(CallError::Violation(Violation::Undeclared))?;
        let Some(pending) = self.calls.get_mut(&call) else { return Ok(()) };
        let answers = requests.into_keys().map(|key| (key, None)).collect();
        pending.round = Some(Round { state, answers });
        if questions.is_empty() {
            self.timers.set(Timer::Pause(call), now + self.config.round_pause);
        }
        for (key, ask) in questions {
            self.open_question(Asker::Round { call, key }, ask);
        }
        Ok(())
    }
}
