//! Questions of the server: requests in a legacy session, `inputRequests` from 2026-07-28 on. The
//! application sees one kind of event and gives one kind of answer.
//!
//! Spec: `client/elicitation`, `client/sampling`, `client/roots`.

use alloc::{borrow::Cow, boxed::Box, collections::BTreeMap, string::String, vec::Vec};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    CallError, Client, ClientCallId, ClientEvent, DroppedByClient, Phase, QuestionId,
    result::InputRequest,
};
use crate::{
    error::{CommandError, ErrorObject, code},
    rpc,
    schema::{
        Answer, Capability, ClientCapabilities, ElicitationCapability, Question, check_asked,
    },
    time::Instant,
    version::{Elicitation, Rules},
    wire::{Frame, Id, Json, Request, RequestId},
};

/// A question that waits for the application.
#[derive(Debug)]
pub(super) struct OpenQuestion {
    pub(super) asker: Asker,
    ask: Question,
}

/// Where a question comes from.
#[derive(Debug)]
pub(super) enum Asker {
    /// A request of the server's, and the call during which it came, where the transport knows.
    Request { id: RequestId, call: Option<ClientCallId> },
    /// One of the questions of a round.
    Round { call: ClientCallId, key: Box<str> },
}

impl OpenQuestion {
    pub(super) fn belongs_to(&self, call: ClientCallId) -> bool {
        self.asker.call() == Some(call)
    }
}

impl Asker {
    fn call(&self) -> Option<ClientCallId> {
        match self {
            Self::Request { call, .. } => *call,
            Self::Round { call, .. } => Some(*call),
        }
    }
}

/// Why a question is not put to the application.
enum Unfit {
    /// There is no such question, or its capability was not declared.
    Unknown,
    /// Its parameters do not fit, or ask for more than was declared.
    Params(Cow<'static, str>),
}

impl Client {
    /// A request of the server's: only legacy servers have any. `call` is the one during which it
    /// came, where the transport knows.
    pub(super) fn handle_request(&mut self, request: &Request<'_>, call: Option<ClientCallId>) {
        let method = &*request.method;
        if !self.may_be_asked(&request.id) {
            let name = crate::error::excerpt(method).into();
            return self.drop_noted(DroppedByClient::Request(name));
        }
        let id = request.id.clone().into_owned();
        if method == "ping" {
            return self.respond(&id, Ok(&Json::from_trusted("{}")));
        }
        let Some(rules) = self.rules() else {
            let error = ErrorObject::invalid_request("Not initialized");
            return self.respond(&id, Err(&error));
        };
        let room = self.questions.len() < self.config.limits.questions_max;
        let params = request.params.to_json();
        match read(method, &params, &self.config.capabilities, rules) {
            Ok(ask) if room => {
                if let Question::ElicitUrl { elicitation, .. } = &ask {
                    self.note_elicitation(elicitation.clone());
                }
                self.open_question(Asker::Request { id, call }, ask);
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

    /// Whether a request with this id is answered at all. A second one with an id in use is not:
    /// the server could not tell the answers apart.
    fn may_be_asked(&self, id: &Id<'_>) -> bool {
        let answers = match &self.phase {
            Phase::Failed => false,
            Phase::Ready(agreement) => agreement.version.rules().server_requests,
            _ => self.versions.iter().any(|version| version.rules().server_requests),
        };
        let mut open = self.questions.values().map(|open| &open.asker);
        answers
            && id.byte_len() <= self.config.limits.id_bytes_max
            && !open.any(|asker| matches!(asker, Asker::Request { id: asked, .. } if asked == id))
    }

    /// Whether a question of a legacy server is open. Those of later revisions belong to calls
    /// whose requests are answered, so that no clock runs for them.
    pub(super) fn awaits_person(&self) -> bool {
        self.questions.values().any(|open| matches!(open.asker, Asker::Request { .. }))
    }

    /// The end of this URL elicitation may be told.
    fn note_elicitation(&mut self, elicitation: Box<str>) {
        if self.elicitations.len() >= self.config.limits.elicitations_max {
            self.elicitations.pop_front();
        }
        if self.config.limits.elicitations_max > 0 && !elicitation.is_empty() {
            self.elicitations.push_back(elicitation);
        }
    }

    /// A call was refused until these URL elicitations are done (2025-11-25).
    pub(super) fn note_required(&mut self, error: &ErrorObject) {
        #[derive(Deserialize)]
        struct Data {
            elicitations: Vec<Required>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Required {
            elicitation_id: Box<str>,
        }
        let data = error.data.as_ref().and_then(|data| data.parse::<Data>().ok());
        for required in data.map(|data| data.elicitations).unwrap_or_default() {
            self.note_elicitation(required.elicitation_id);
        }
    }

    /// Answers a question; an answer that is given fits the question ([`Question::check`]): after
    /// [`CommandError::InvalidAnswer`] the question is open as before. A decline of an elicitation
    /// is an answer (`{"action":"decline"}`), not a refusal: in 2026-07-28 a refusal ends the call,
    /// because it cannot be told to the server.
    pub fn answer(
        &mut self,
        now: Instant,
        question: QuestionId,
        answer: Answer,
    ) -> Result<(), CommandError> {
        let open = self.questions.get(&question).ok_or(CommandError::Gone)?;
        if let Answer::Given(json) = &answer
            && open.ask.check(json).is_err()
        {
            return Err(CommandError::InvalidAnswer);
        }
        let asker = self.questions.remove(&question).ok_or(CommandError::Gone)?.asker;
        match asker {
            Asker::Request { id, .. } => {
                match answer {
                    Answer::Given(json) => self.respond(&id, Ok(&json)),
                    Answer::Refused(error) => self.respond(&id, Err(&error)),
                    Answer::TimedOut => {
                        let error = ErrorObject::new(code::INTERNAL_ERROR, "Nobody answered");
                        self.respond(&id, Err(&error));
                    }
                }
                self.person_is_done(now);
            }
            Asker::Round { call, key } => match answer {
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

    /// Puts a question to the application.
    pub(super) fn open_question(&mut self, asker: Asker, ask: Question) {
        self.next_question += 1;
        let question = QuestionId(self.next_question);
        let call = asker.call();
        self.questions.insert(question, OpenQuestion { asker, ask: ask.clone() });
        self.tell(ClientEvent::Asked { question, call, ask });
    }

    /// The server no longer wants an answer to its request.
    pub(super) fn question_cancelled(&mut self, now: Instant, id: &RequestId) -> bool {
        let found = self.questions.iter().find(
            |(_, open)| matches!(&open.asker, Asker::Request { id: asked, .. } if asked == id),
        );
        let Some(question) = found.map(|(question, _)| *question) else { return false };
        self.questions.remove(&question);
        self.tell(ClientEvent::Withdrawn { question });
        self.person_is_done(now);
        true
    }

    /// The questions of a round by their keys; `None` if any of them may not be asked, because then
    /// none is.
    pub(super) fn read_all(
        &self,
        requests: &BTreeMap<Box<str>, InputRequest<'_>>,
    ) -> Option<Vec<(Box<str>, Question)>> {
        let rules = self.rules()?;
        let declared = &self.config.capabilities;
        let read_one = |request: &InputRequest<'_>| {
            let params = request.params.map_or_else(|| Json::from_trusted("{}"), Json::from_raw);
            read(&request.method, &params, declared, rules).ok()
        };
        requests.iter().map(|(key, request)| Some((key.clone(), read_one(request)?))).collect()
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

/// What a question asks, if the client said that it can answer such questions and the revision
/// has them.
fn read(
    method: &str,
    params: &Json,
    declared: &ClientCapabilities,
    rules: &Rules,
) -> Result<Question, Unfit> {
    let modes = declared.elicitation.filter(|_| rules.elicitation >= Elicitation::Forms);
    match (method, modes) {
        ("roots/list", _) if declared.has(&Capability::Roots) => Ok(Question::Roots),
        ("sampling/createMessage", _) if declared.has(&Capability::Sampling) => {
            let tools = declared.has(&Capability::SamplingTools) && rules.sampling_tools;
            sampling(params, tools, rules)
        }
        ("elicitation/create", Some(modes)) if modes.form || modes.url => {
            let url = modes.url && rules.elicitation >= Elicitation::FormsAndUrls;
            elicitation(params, ElicitationCapability { url, ..modes })
        }
        _ => Err(Unfit::Unknown),
    }
}

fn sampling(params: &Json, tools: bool, rules: &Rules) -> Result<Question, Unfit> {
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
    let wire: Wire<'_> = params.parse().map_err(|_| unfit("messages must be an array"))?;
    let wants_tools = wire.tools.is_some() || wire.tool_choice.is_some();
    if wants_tools && !tools {
        return Err(unfit("sampling.tools was not declared"));
    }
    if rules.sampling_tools {
        check_asked(params).map_err(unfit)?;
    }
    Ok(Question::Sample(params.clone()))
}

fn elicitation(params: &Json, declared: ElicitationCapability) -> Result<Question, Unfit> {
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
    let wire: Wire<'_> = params.parse().map_err(|_| unfit("message must be a string"))?;
    match wire.mode.as_deref().unwrap_or("form") {
        "form" if !declared.form => Err(unfit("elicitation.form was not declared")),
        "form" if !wire.requested_schema.is_some_and(is_flat) => {
            Err(unfit("requestedSchema must be a flat object schema"))
        }
        "form" => Ok(Question::Elicit(params.clone())),
        "url" if !declared.url => Err(unfit("elicitation.url was not declared")),
        "url" => Ok(Question::ElicitUrl {
            message: wire.message,
            url: wire.url.ok_or(unfit("url is missing"))?,
            elicitation: wire.elicitation_id.unwrap_or_default(),
        }),
        _ => Err(unfit("Unknown mode of elicitation")),
    }
}

fn unfit(why: impl Into<Cow<'static, str>>) -> Unfit {
    Unfit::Params(why.into())
}

/// Whether a schema is one of an object whose members hold no objects: a form that can be shown.
fn is_flat(schema: &RawValue) -> bool {
    #[derive(Deserialize)]
    struct Form<'a> {
        #[serde(rename = "type", borrow)]
        kind: Cow<'a, str>,
        #[serde(default, borrow)]
        properties: BTreeMap<Box<str>, Field<'a>>,
    }
    #[derive(Deserialize)]
    struct Field<'a> {
        #[serde(rename = "type", borrow)]
        kind: Option<&'a RawValue>,
        #[serde(rename = "$ref", borrow)]
        reference: Option<&'a RawValue>,
        #[serde(borrow)]
        properties: Option<&'a RawValue>,
    }
    let Ok(form) = serde_json::from_str::<Form<'_>>(schema.get()) else { return false };
    let mut fields = form.properties.values();
    form.kind == "object"
        && fields.all(|field| {
            let object = field.kind.is_some_and(|kind| kind.get() == r#""object""#);
            !object && field.reference.is_none() && field.properties.is_none()
        })
}
