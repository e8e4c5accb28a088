//! Questions of the server: requests in a legacy session, `inputRequests` from 2026-07-28 on. The
//! application sees one kind of event and gives one kind of answer.
//!
//! Spec: `client/elicitation`, `client/sampling`, `client/roots`.

use alloc::{borrow::Cow, boxed::Box, collections::BTreeMap, string::String, vec::Vec};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    CallError, Client, ClientCallId, ClientEvent, DroppedByClient, QuestionId, result::InputRequest,
};
use crate::{
    error::{CommandError, ErrorObject, code},
    rpc,
    schema::{Answer, Capability, ClientCapabilities, Question},
    time::Instant,
    wire::{Frame, Json, Request, RequestId},
};

/// A question that waits for the application.
#[derive(Debug)]
pub(super) enum OpenQuestion {
    /// A request of the server's.
    Request(RequestId),
    /// One of the questions of a round.
    Round { call: ClientCallId, key: Box<str> },
}

impl OpenQuestion {
    pub(super) fn belongs_to(&self, call: ClientCallId) -> bool {
        matches!(self, Self::Round { call: asker, .. } if *asker == call)
    }
}

/// Why a question is not put to the application.
enum Unfit {
    /// There is no such question, or its capability was not declared.
    Unknown,
    /// Its parameters do not fit, or ask for more than was declared.
    Params(&'static str),
}

impl Client {
    /// A request of the server's: only legacy servers have any.
    pub(super) fn handle_request(&mut self, request: &Request<'_>) {
        let modern = self.rules().is_some_and(|rules| !rules.server_requests);
        let method = &*request.method;
        if modern {
            let name = crate::error::excerpt(method).into();
            return self.drop_noted(DroppedByClient::Request(name));
        }
        let id = request.id.clone().into_owned();
        if method == "ping" {
            return self.respond(&id, Ok(&Json::from_trusted("{}")));
        }
        let room = self.questions.len() < self.config.limits.questions_max;
        let params = request.params.to_json();
        match read(method, &params, &self.config.capabilities) {
            Ok(ask) if room => {
                let question = self.open_question(OpenQuestion::Request(id));
                self.tell(ClientEvent::Asked { question, call: None, ask });
            }
            Ok(_) => {
                let error = ErrorObject::new(code::INTERNAL_ERROR, "Too many questions");
                self.respond(&id, Err(&error));
            }
            Err(Unfit::Unknown) => self.respond(&id, Err(&ErrorObject::method_not_found(method))),
            Err(Unfit::Params(why)) => {
                self.respond(&id, Err(&ErrorObject::invalid_params(why)));
            }
        }
    }

    /// Answers a question. A decline of an elicitation is an answer (`{"action":"decline"}`), not
    /// a refusal: in 2026-07-28 a refusal ends the call, because it cannot be told to the server.
    pub fn answer(
        &mut self,
        now: Instant,
        question: QuestionId,
        answer: Answer,
    ) -> Result<(), CommandError> {
        let open = self.questions.remove(&question).ok_or(CommandError::Gone)?;
        match open {
            OpenQuestion::Request(id) => match answer {
                Answer::Given(json) => self.respond(&id, Ok(&json)),
                Answer::Refused(error) => self.respond(&id, Err(&error)),
                Answer::TimedOut => {
                    let error = ErrorObject::new(code::INTERNAL_ERROR, "Nobody answered");
                    self.respond(&id, Err(&error));
                }
            },
            OpenQuestion::Round { call, key } => match answer {
                Answer::Given(json) => self.answer_round(now, call, &key, json),
                Answer::Refused(_) | Answer::TimedOut => {
                    self.finish(call, Err(CallError::QuestionRefused));
                }
            },
        }
        Ok(())
    }

    /// With the last answer of a round the call is sent again.
    fn answer_round(&mut self, now: Instant, call: ClientCallId, key: &str, json: Json) {
        let Some(pending) = self.calls.get_mut(&call) else { return };
        let Some(round) = &mut pending.round else { return };
        if let Some(place) = round.answers.get_mut(key) {
            *place = Some(json);
        }
        if round.answers.values().all(Option::is_some) {
            self.send_call(now, call);
        }
    }

    pub(super) fn open_round_question(&mut self, call: ClientCallId, key: Box<str>) -> QuestionId {
        self.open_question(OpenQuestion::Round { call, key })
    }

    fn open_question(&mut self, open: OpenQuestion) -> QuestionId {
        self.next_question += 1;
        let question = QuestionId(self.next_question);
        self.questions.insert(question, open);
        question
    }

    /// The server no longer wants an answer to its request.
    pub(super) fn question_cancelled(&mut self, id: &RequestId) -> bool {
        let found = self
            .questions
            .iter()
            .find(|(_, open)| matches!(open, OpenQuestion::Request(asked) if asked == id));
        let Some(question) = found.map(|(question, _)| *question) else { return false };
        self.questions.remove(&question);
        self.tell(ClientEvent::Withdrawn { question });
        true
    }

    fn respond(&mut self, id: &RequestId, outcome: Result<&Json, &ErrorObject>) {
        let text = match outcome {
            Ok(result) => {
                let mut text = String::from(r#"{"jsonrpc":"2.0","id":"#);
                id.append_to(&mut text);
                text.push_str(r#","result":"#);
                text.push_str(result.as_str());
                text.push('}');
                text
            }
            Err(error) => rpc::error_response(Some(id), false, error),
        };
        self.send(None, Frame::owned(text));
    }
}

/// The questions of a round by their keys; `None` if any of them may not be asked, because then
/// none is.
pub(super) fn read_all(
    requests: &BTreeMap<Box<str>, InputRequest<'_>>,
    declared: &ClientCapabilities,
) -> Option<Vec<(Box<str>, Question)>> {
    let read_one = |(key, request): (&Box<str>, &InputRequest<'_>)| {
        let params = request.params.map_or_else(|| Json::from_trusted("{}"), Json::from_raw);
        Some((key.clone(), read(&request.method, &params, declared).ok()?))
    };
    requests.iter().map(read_one).collect()
}

/// What a question asks, if the client said that it can answer such questions.
fn read(method: &str, params: &Json, declared: &ClientCapabilities) -> Result<Question, Unfit> {
    match method {
        "roots/list" if declared.has(&Capability::Roots) => Ok(Question::Roots),
        "sampling/createMessage" if declared.has(&Capability::Sampling) => {
            sampling(params, declared)
        }
        "elicitation/create" if declared.elicitation.is_some() => elicitation(params, declared),
        _ => Err(Unfit::Unknown),
    }
}

fn sampling(params: &Json, declared: &ClientCapabilities) -> Result<Question, Unfit> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Wire<'a> {
        #[serde(borrow)]
        tools: Option<&'a RawValue>,
        #[serde(borrow)]
        tool_choice: Option<&'a RawValue>,
        #[serde(rename = "messages", borrow)]
        _messages: Vec<&'a RawValue>,
    }
    let wire: Wire<'_> = params.parse().map_err(|_| Unfit::Params("messages must be an array"))?;
    let wants_tools = wire.tools.is_some() || wire.tool_choice.is_some();
    if wants_tools && !declared.has(&Capability::SamplingTools) {
        return Err(Unfit::Params("sampling.tools was not declared"));
    }
    Ok(Question::Sample(params.clone()))
}

fn elicitation(params: &Json, declared: &ClientCapabilities) -> Result<Question, Unfit> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Wire<'a> {
        #[serde(borrow)]
        mode: Option<Cow<'a, str>>,
        message: Box<str>,
        url: Option<Box<str>>,
        elicitation_id: Option<Box<str>>,
        #[serde(borrow)]
        requested_schema: Option<&'a RawValue>,
    }
    let wire: Wire<'_> = params.parse().map_err(|_| Unfit::Params("message must be a string"))?;
    match wire.mode.as_deref().unwrap_or("form") {
        "form" if !declared.has(&Capability::ElicitationForm) => {
            Err(Unfit::Params("elicitation.form was not declared"))
        }
        "form" if wire.requested_schema.is_none() => {
            Err(Unfit::Params("requestedSchema is missing"))
        }
        "form" => Ok(Question::Elicit(params.clone())),
        "url" if !declared.has(&Capability::ElicitationUrl) => {
            Err(Unfit::Params("elicitation.url was not declared"))
        }
        "url" => Ok(Question::ElicitUrl {
            message: wire.message,
            url: wire.url.ok_or(Unfit::Params("url is missing"))?,
            elicitation: wire.elicitation_id.unwrap_or_default(),
        }),
        _ => Err(Unfit::Params("Unknown mode of elicitation")),
    }
}
