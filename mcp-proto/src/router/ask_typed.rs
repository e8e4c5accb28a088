//! Questions with typed answers: forms, URLs, the client's model, its roots.

use alloc::{boxed::Box, format, string::String, vec::Vec};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{CallContext, Checked, Stop, ask::given, typed};
use crate::{
    error::{ErrorObject, code},
    schema::{
        Capability, Elicited, Form, Root, Sampled, Sampling, encode_meta, read_elicited,
        read_visited,
    },
    server::{Key, Question},
    version::Elicitation,
    wire::{Json, Object},
};

impl CallContext<'_> {
    /// Asks the person to fill in a form. The handler stops here (`?`) and is run again with the
    /// answer.
    ///
    /// Once a handler has asked, its call asks, whatever the handler returns.
    #[expect(clippy::needless_pass_by_value, reason = "a form is made for its question")]
    pub fn elicit<T: DeserializeOwned>(
        &mut self,
        key: &str,
        form: Form,
    ) -> Result<Elicited<T>, Stop> {
        self.needs(&Capability::ElicitationForm)?;
        let params = form.to_params(self.call.terms.version.rules()).map_err(Stop::Failed)?;
        let unasked = self.call.memo.answers.unasked(key).filter(|_| form.accepts_unasked());
        let answer = match unasked.cloned() {
            Some(answer) => answer,
            None => self.ask(key, Question::Elicit(self.traced(params)))?,
        };
        let result = given(answer)?;
        let elicited = read_elicited(&result).map_err(|error| self.misfit(key, &error))?;
        let content = match elicited {
            Elicited::Accepted(content) => content,
            Elicited::Declined => return Ok(Elicited::Declined),
            Elicited::Cancelled => return Ok(Elicited::Cancelled),
        };
        self.check_content(&form, &content)
            .and_then(|()| typed::read(&content))
            .map(Elicited::Accepted)
            .map_err(|why| self.misfit(key, &why))
    }

    /// Asks the person to go to `url`. Accepted means that they went, not that they are done.
    pub fn elicit_url(
        &mut self,
        key: &str,
        url: &str,
        message: &str,
    ) -> Result<Elicited<()>, Stop> {
        // The same in each round: before 2026-07-28 the call keeps its id over the rounds.
        let id = format!("{}-{key}", self.call.id.0);
        self.elicit_url_as(key, &id, url, message)
    }

    /// [`CallContext::elicit_url`] with the id that
    /// [`ElicitationComplete`](crate::server::Command::ElicitationComplete) is to name. A random
    /// one comes from [`once`](CallContext::once), so that it is the same in each round.
    pub fn elicit_url_as(
        &mut self,
        key: &str,
        id: &str,
        url: &str,
        message: &str,
    ) -> Result<Elicited<()>, Stop> {
        let question = self.url_question(id, url, message);
        let result = self.ask(key, question).and_then(given)?;
        read_visited(&result).map_err(|error| self.misfit(key, &error))
    }

    /// How a call ends that cannot go on before the person has been to each of these URLs: its
    /// ids, URLs and messages.
    ///
    /// 2025-11-25 has an error for it, after which the client calls again. In 2026-07-28 the person
    /// is asked, each time, until the handler finds that nothing is required any more.
    ///
    /// An empty list is a bug of the handler: the call ends with -32603.
    pub fn require_urls(&mut self, urls: &[(&str, &str, &str)]) -> Stop {
        if urls.is_empty() {
            return Stop::Error(ErrorObject::internal());
        }
        let questions: Vec<(Key, Question)> = urls
            .iter()
            .map(|(id, url, message)| (Box::from(*id), self.url_question(id, url, message)))
            .collect();
        for (key, question) in &questions {
            if let Err(stop) = self.may_ask(question) {
                return stop;
            }
            match self.earlier_choice(key, question) {
                Ok(None | Some(Elicited::Accepted(()))) => {}
                Ok(Some(_)) => return Stop::Failed("The person did not go there.".into()),
                Err(stop) => return stop,
            }
        }
        if self.call.terms.version.rules().elicitation_ids {
            Stop::Error(urls_required(urls))
        } else {
            self.ask_again(questions)
        }
    }

    /// Asks the client's model.
    #[expect(clippy::needless_pass_by_value, reason = "a request is made for its question")]
    pub fn sample(&mut self, key: &str, request: Sampling) -> Result<Sampled, Stop> {
        let rules = self.call.terms.version.rules();
        for capability in request.needs(rules) {
            self.needs(&capability)?;
        }
        let params = request.to_params(rules).map_err(Stop::Failed)?;
        let question = Question::Sample(self.traced(params));
        let result = self.ask(key, question).and_then(given)?;
        Sampled::read(&result).map_err(|error| self.misfit(key, &error))
    }

    /// Asks for the client's roots, under the key `roots`.
    pub fn roots(&mut self) -> Result<Vec<Root>, Stop> {
        const KEY: &str = "roots";
        let result = self.ask(KEY, Question::Roots).and_then(given)?;
        Root::read_all(&result).map_err(|error| self.misfit(KEY, &error))
    }

    /// Sends a request of the application's own to the client, before 2026-07-28 only. `params` is
    /// to serialise as a JSON object.
    pub fn ask_raw(
        &mut self,
        key: &str,
        method: &str,
        params: &impl Serialize,
    ) -> Result<Json, Stop> {
        let params = Json::of(params)
            .ok()
            .filter(|params| params.as_str().starts_with('{'))
            .ok_or_else(|| Stop::Failed(format!("the parameters of {method} are no object")))?;
        let params = self.traced(params);
        let answer = self.ask(key, Question::Other { method: method.into(), params })?;
        given(answer)
    }

    /// Checks what has to be known before there are parameters at all.
    fn needs(&self, capability: &Capability) -> Result<(), Stop> {
        let terms = &self.call.terms;
        let exists = *capability != Capability::ElicitationForm
            || terms.version.rules().elicitation >= Elicitation::Forms;
        if exists && terms.capabilities.has(capability) {
            Ok(())
        } else {
            Err(Stop::Undeclared(capability.clone()))
        }
    }

    fn check_content(&self, form: &Form, content: &Json) -> Result<(), String> {
        form.check(content)?;
        match self.validator {
            Some(validator) => validator.validate(Checked::Elicitation, &form.schema(), content),
            None => Ok(()),
        }
    }

    /// What the person did in an earlier round, if they were asked in one.
    fn earlier_choice(&self, key: &str, question: &Question) -> Result<Option<Elicited<()>>, Stop> {
        let Some(answer) = self.call.memo.answers.to(key, question).cloned() else {
            return Ok(None);
        };
        let result = given(answer)?;
        read_visited(&result).map(Some).map_err(|error| self.misfit(key, &error))
    }

    /// An id is left out where it is not sent, so that a new one does not make it a new question.
    fn url_question(&self, id: &str, url: &str, message: &str) -> Question {
        let has_ids = self.call.terms.version.rules().elicitation_ids;
        let elicitation = if has_ids { id.into() } else { Box::default() };
        Question::ElicitUrl { message: message.into(), url: url.into(), elicitation }
    }

    /// `params` with the trace context of the call, unless they have a `_meta` already.
    ///
    /// Only before 2026-07-28, where a question is a request of its own. Later it is a part of the
    /// answer to the client's request, and each retry may have another trace context.
    fn traced(&self, params: Json) -> Json {
        #[derive(Deserialize)]
        struct Envelope {
            #[serde(rename = "_meta")]
            meta: Option<Json>,
        }
        let requests = self.call.terms.version.rules().server_requests;
        let Some(trace) = self.call.meta.trace().filter(|_| requests) else {
            return params;
        };
        let has_meta = params.parse::<Envelope>().is_ok_and(|envelope| envelope.meta.is_some());
        let members = params.as_str().trim_start().strip_prefix('{').filter(|_| !has_meta);
        let Some(members) = members else { return params };
        let mut text = String::from("{\"_meta\":{");
        encode_meta(&trace.to_members(), &mut text);
        text.push('}');
        if !members.trim_start().starts_with('}') {
            text.push(',');
        }
        text.push_str(members);
        Json::from_trusted(&text)
    }
}

fn urls_required(urls: &[(&str, &str, &str)]) -> ErrorObject {
    let mut data = String::from("{\"elicitations\":[");
    for (at, (id, url, message)) in urls.iter().enumerate() {
        if at > 0 {
            data.push(',');
        }
        let mut entry = Object::begin(&mut data);
        entry.text("mode", "url");
        entry.text("elicitationId", id);
        entry.text("url", url);
        entry.text("message", message);
        entry.end();
    }
    data.push_str("]}");
    let message = "The person has to go to a URL first";
    ErrorObject::new(code::URL_ELICITATION_REQUIRED, message).with_data(Json::from_trusted(&data))
}
