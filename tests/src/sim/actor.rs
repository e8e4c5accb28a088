//! A client and its application: it does what the script says, and keeps what it sees.

use std::{collections::BTreeMap, time::Duration};

use mcp_proto::{
    ClientPipeOutput, ErrorObject, Instant, Limits,
    client::{
        CallError, CallOptions, ClientCallId, ClientConfig, ClientEvent, DroppedByClient, Era,
        QuestionId,
    },
    http::{ClientExchange, HttpClientOutput, HttpRequest},
    schema::{
        Answer, ClientCapabilities, ElicitationCapability, Implementation, Question,
        SamplingCapability,
    },
    wire::Json,
};

use super::{
    app,
    changes::{self, Heard, Topic},
    levels::Levels,
    machine::Machine,
    plan,
    script::{Play, Said, level_of},
};
use crate::model::{Answered, Revision, Seen, Tries};

/// A client and its application.
pub(super) struct Actor {
    pub(super) plan: plan::Client,
    number: usize,
    pub(super) machine: Machine,
    /// How often it has begun anew.
    pub(super) life: u32,
    /// What is known of each life.
    pub(super) lives: Vec<Life>,
    pub(super) calls: Vec<Made>,
    by_id: BTreeMap<ClientCallId, usize>,
    heard: Heard,
    levels: Levels,
    questions: Vec<Open>,
    pub(super) wants: Vec<Want>,
    /// Counts what happens, so that it can be said what came before what.
    clock: u64,
}

/// What became of a connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Life {
    pub(super) agreed: Option<Revision>,
    pub(super) failed: bool,
    /// Whether the connection has ended.
    pub(super) ended: bool,
    /// Whether it was the client that ended it.
    pub(super) left: bool,
    /// Whether its process is gone without a word.
    pub(super) vanished: bool,
    /// Whether something went wrong with it that may take the client's patience.
    pub(super) disturbed: bool,
    /// Whether answers waited for each other in batches.
    pub(super) batched: bool,
    /// Whether a proxy sent a request of it twice.
    pub(super) repeated: bool,
    /// Whether the server began anew meanwhile.
    pub(super) restarted: bool,
    /// Whether there were lines among its own that it did not write.
    pub(super) interjected: bool,
    /// Whether it was behind with reading what belongs to no call.
    pub(super) behind: bool,
}

/// A call that was made.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) tag: String,
    pub(super) call: plan::Call,
    pub(super) life: u32,
    id: ClientCallId,
    pub(super) begun: u64,
    pub(super) ended: Option<u64>,
    pub(super) seen: Vec<Seen>,
    /// How much of that was seen when the call ended.
    pub(super) seen_at_end: usize,
    pub(super) outcome: Option<Result<Json, CallError>>,
    /// Whether there was room for it.
    pub(super) room: bool,
    pub(super) cancelled: bool,
    /// Whether the client was behind with reading about it.
    pub(super) behind: bool,
}

/// A question that waits for all to be well again.
#[derive(Debug)]
struct Open {
    id: QuestionId,
    /// The call that asks.
    tag: String,
    answered: Answered,
    person: bool,
}

/// What the client wants done.
#[derive(Debug)]
pub(super) enum Want {
    /// To answer a question, so much later.
    Answer { after: Duration, question: QuestionId, answered: Answered, person: bool },
    /// To have its connection closed.
    Close,
    /// To have its server started anew.
    Respawn,
    /// To send a request.
    Send(HttpRequest),
    /// To be told nothing more of one.
    Abort(ClientExchange),
}

impl Actor {
    pub(super) fn new(number: usize, plan: &plan::Client) -> Self {
        Self {
            plan: plan.clone(),
            number,
            machine: Machine::new(config(plan), plan.web, number as u64),
            life: 0,
            lives: vec![Life::default()],
            calls: Vec::new(),
            by_id: BTreeMap::new(),
            heard: Heard::default(),
            levels: Levels::default(),
            questions: Vec::new(),
            wants: Vec::new(),
            clock: 0,
        }
    }

    /// What is known of the connection it has.
    pub(super) fn now(&mut self) -> &mut Life {
        self.lives.last_mut().expect("there is a life")
    }

    pub(super) fn has_ended(&self) -> bool {
        self.lives.last().is_some_and(|life| life.ended)
    }

    /// Begins anew, over another connection.
    pub(super) fn reconnect(&mut self, now: Instant) {
        self.life += 1;
        self.lives.push(Life::default());
        self.by_id.clear();
        self.questions.clear();
        let seed = (self.number as u64) << 32 | u64::from(self.life);
        self.machine = Machine::new(config(&self.plan), self.plan.web, seed);
        self.machine.start(now);
    }

    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    /// Makes a call; gives its number.
    pub(super) fn call(&mut self, now: Instant, call: &plan::Call) -> usize {
        let tag = format!("c{}.{}", self.number, self.calls.len());
        let play = Play { tag: tag.clone(), steps: call.steps.clone() };
        let (method, params) = play.request(call.kind);
        let params = Json::parse_text(&params.to_string()).expect("JSON");
        // So that it is seen which call a request is about.
        let meta = serde_json::json!({"sim/tag": tag}).to_string();
        let options = CallOptions {
            progress: call.progress,
            log_level: call.level.map(level_of),
            meta: Some(Json::parse_text(&meta).expect("JSON")),
            ..CallOptions::default()
        };
        let room = self.machine.client().calls().count() < self.plan.calls_max as usize;
        let id = self.machine.call(now, method, &params, options);
        let begun = self.tick();
        self.by_id.insert(id, self.calls.len());
        self.calls.push(Made {
            tag,
            call: call.clone(),
            life: self.life,
            id,
            begun,
            ended: None,
            seen: Vec::new(),
            seen_at_end: 0,
            outcome: None,
            room,
            cancelled: false,
            behind: false,
        });
        self.calls.len() - 1
    }

    /// Gives a call up, if it has not ended.
    pub(super) fn cancel(&mut self, number: usize) {
        let Some(made) = self.calls.get_mut(number) else { return };
        if made.life == self.life && self.machine.cancel(made.id).is_ok() {
            made.cancelled = true;
        }
    }

    pub(super) fn set_level(&mut self, now: Instant, level: u8) {
        let id = self.machine.set_level(now, level_of(level));
        let at = self.tick();
        self.levels.set(self.life, level, id, at);
    }

    pub(super) fn listen(&mut self, now: Instant, lists: u8, uris: u8) {
        let (wish, topics) = changes::wish(lists, uris);
        let id = self.machine.listen(now, wish);
        let (life, at) = (self.life, self.tick());
        self.heard.begin(life, id, topics, at);
    }

    /// The client is behind with reading the response to a request with this body.
    pub(super) fn falls_behind(&mut self, life: u32, body: &str) {
        let about = |made: &&mut Made| body.contains(&format!("{:?}", made.tag));
        match self.calls.iter_mut().find(about) {
            Some(made) => made.behind = true,
            None => self.lives[life as usize].behind = true,
        }
    }

    /// Something changes on the server.
    pub(super) fn changes(&mut self, topic: Topic) {
        let (life, at) = (self.life, self.tick());
        self.heard.changes(life, topic, at);
    }

    pub(super) fn unlisten(&mut self) {
        let (life, at) = (self.life, self.tick());
        if let Some(id) = self.heard.end_oldest(life, at) {
            let _ = self.machine.cancel(id);
        }
    }

    pub(super) fn answer(
        &mut self,
        now: Instant,
        question: QuestionId,
        answered: Answered,
        person: bool,
    ) {
        let json = |text: &str| Answer::Given(Json::parse_text(text).expect("JSON"));
        let answer = match answered {
            Answered::Value(value) if person => {
                json(&format!(r#"{{"action":"accept","content":{{"value":{value}}}}}"#))
            }
            Answered::Value(value) => json(&format!(
                r#"{{"role":"assistant","model":"m","content":{{"type":"text","text":"{value}"}}}}"#
            )),
            Answered::Declined => json(r#"{"action":"decline"}"#),
            Answered::Dismissed => json(r#"{"action":"cancel"}"#),
            Answered::Refused => Answer::Refused(ErrorObject::new(-1, "refuses")),
        };
        // It may be withdrawn by now.
        let _ = self.machine.answer(now, question, answer);
    }

    /// Nothing is under way: a question whose call has ended was withdrawn.
    pub(super) fn check_questions(&self) -> Result<(), String> {
        let life = self.lives.last().filter(|life| !life.ended && !life.disturbed);
        let ended = |open: &&Open| {
            self.calls.iter().any(|made| made.tag == open.tag && made.outcome.is_some())
        };
        match life.and_then(|_| self.questions.iter().find(ended)) {
            Some(open) => Err(format!("a question of {} is open, which has ended", open.tag)),
            None => Ok(()),
        }
    }

    /// All is well again: what was left unanswered is answered.
    pub(super) fn heal(&mut self, now: Instant) {
        for Open { id, answered, person, .. } in core::mem::take(&mut self.questions) {
            self.answer(now, id, answered, person);
        }
    }

    /// What the client is told; `well`: all is well, and every question is answered soon. Gives a
    /// line for the trace.
    pub(super) fn poll(&mut self, well: bool) -> Option<Result<String, String>> {
        let event = match &mut self.machine {
            Machine::Pipe(pipe) => match pipe.poll_output()? {
                ClientPipeOutput::Event(event) => Ok(event),
                ClientPipeOutput::Respawn => Err(Want::Respawn),
                ClientPipeOutput::Close => Err(Want::Close),
                output => return Some(Err(format!("unknown: {output:?}"))),
            },
            Machine::Http(http) => match http.poll_output()? {
                HttpClientOutput::Event(event) => Ok(event),
                HttpClientOutput::Send(request) => Err(Want::Send(request)),
                HttpClientOutput::Abort { exchange } => Err(Want::Abort(exchange)),
                HttpClientOutput::Notice(notice) => return Some(Ok(format!("{notice:?}"))),
                HttpClientOutput::Close => Err(Want::Close),
                output => return Some(Err(format!("unknown: {output:?}"))),
            },
        };
        Some(match event {
            Ok(event) => {
                let shown = format!("{event:?}");
                let told = self.told(event, well).map_err(|why| format!("{why}: {shown}"));
                told.map(|()| shown)
            }
            Err(want) => {
                let shown = format!("{want:?}");
                self.wants.push(want);
                Ok(shown)
            }
        })
    }

    fn told(&mut self, event: ClientEvent, well: bool) -> Result<(), String> {
        match event {
            ClientEvent::Ready(agreement) => {
                let name = agreement.version.as_str();
                let agreed = Revision::ALL.into_iter().find(|revision| revision.date() == name);
                let life = self.now();
                if (life.agreed.is_some() || life.failed) && !life.restarted {
                    return Err("ready twice".into());
                }
                life.agreed = agreed;
            }
            ClientEvent::Failed(_) => {
                let life = self.now();
                if (life.agreed.is_some() || life.failed) && !life.restarted {
                    return Err("failed late".into());
                }
                life.failed = true;
            }
            ClientEvent::Finished { call, outcome } => return self.finished(call, outcome),
            ClientEvent::Asked { question, call, ask } => {
                return self.asked(question, call, &ask, well);
            }
            ClientEvent::Withdrawn { question } => {
                self.questions.retain(|open| open.id != question);
            }
            ClientEvent::Progress { call, progress, .. } => {
                let made = self.made(call)?;
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                made.seen.push(Seen::Progress(progress as u32));
            }
            ClientEvent::Log { data, .. } => self.said(&data, Seen::Log)?,
            ClientEvent::Notified { params, .. } => self.said(&params, Seen::Note)?,
            ClientEvent::Listening { call, .. } => {
                let (life, at) = (self.life, self.tick());
                self.heard.open(life, call, at)?;
            }
            ClientEvent::ListChanged(list) => self.heard.told_of_list(self.life, list),
            ClientEvent::ResourceUpdated { uri } => self.heard.told_of_resource(self.life, &uri)?,
            ClientEvent::Dropped(dropped) => return self.dropped(&dropped),
            _ => {}
        }
        Ok(())
    }

    /// What comes late is dropped; a server of ours sends nothing else that is.
    fn dropped(&mut self, dropped: &DroppedByClient) -> Result<(), String> {
        use DroppedByClient::{Notification, Partial, UncorrelatedError, UnknownResponse};
        match dropped {
            UnknownResponse | Partial(_) | Notification(_) => Ok(()),
            // It is about what the client did not say.
            UncorrelatedError(_) if self.now().interjected => Ok(()),
            _ => Err("dropped".into()),
        }
    }

    fn made(&mut self, id: ClientCallId) -> Result<&mut Made, String> {
        let number = *self.by_id.get(&id).ok_or("about no call of the script")?;
        Ok(&mut self.calls[number])
    }

    fn by_tag(&mut self, tag: &str) -> Result<&mut Made, String> {
        let found = self.calls.iter_mut().find(|made| made.tag == tag);
        found.ok_or_else(|| format!("{tag} is a call of somebody else"))
    }

    fn said(&mut self, data: &Json, seen: impl Fn(usize) -> Seen) -> Result<(), String> {
        let said: Said = serde_json::from_str(data.as_str()).map_err(|error| error.to_string())?;
        let made = self.by_tag(&said.tag)?;
        if matches!(made.outcome, Some(Ok(_) | Err(CallError::Refused(_)))) {
            return Err(format!("{} is over", made.tag));
        }
        made.seen.push(seen(said.place));
        Ok(())
    }

    fn asked(
        &mut self,
        question: QuestionId,
        call: Option<ClientCallId>,
        ask: &Question,
        well: bool,
    ) -> Result<(), String> {
        let (params, person) = match ask {
            Question::Elicit(params) => (params, true),
            Question::Sample(params) => (params, false),
            _ => return Err("nobody asks that".into()),
        };
        let params: serde_json::Value =
            serde_json::from_str(params.as_str()).map_err(|error| error.to_string())?;
        let text =
            if person { &params["message"] } else { &params["messages"][0]["content"]["text"] };
        let (tag, key) = text.as_str().and_then(|text| text.split_once(' ')).ok_or("no text")?;
        if let Some(call) = call
            && self.made(call)?.tag != tag
        {
            return Err(format!("a question of {tag}"));
        }
        let made = self.by_tag(tag)?;
        made.seen.push(Seen::Asked(key.into()));
        let answer = made.call.answers.get(key).ok_or("no such question")?;
        let answered = answer.answered;
        if let Some(after) = answer.after.or(well.then_some(0)) {
            let after = Duration::from_millis(after.into());
            self.wants.push(Want::Answer { after, question, answered, person });
        } else {
            let tag = tag.to_owned();
            self.questions.push(Open { id: question, tag, answered, person });
        }
        Ok(())
    }

    fn finished(
        &mut self,
        id: ClientCallId,
        outcome: Result<Json, CallError>,
    ) -> Result<(), String> {
        let (life, at) = (self.life, self.tick());
        let worked = outcome.is_ok();
        if let Some(number) = self.by_id.get(&id) {
            let made = &mut self.calls[*number];
            made.ended = Some(at);
            made.seen_at_end = made.seen.len();
            if made.outcome.replace(outcome).is_some() {
                return Err(format!("{} ends twice", made.tag));
            }
            return Ok(());
        }
        if self.levels.ended(life, id, worked, at) {
            return Ok(());
        }
        self.heard.end(life, id, at)
    }

    /// Whether the client was told of each change as often as it had to be; says otherwise.
    /// `exact`: what is told is not lost on the way.
    pub(super) fn check_changes(&self, exact: bool) -> Result<(), String> {
        let web = self.plan.web;
        (0..).zip(&self.lives).try_for_each(|(number, life)| {
            // Over HTTP a stream that breaks may lose what is told of changes.
            let exact = exact && !life.ended && !(web && (life.disturbed || life.behind));
            self.heard.check(number, life, exact)
        })
    }

    /// The log levels that may be in force during a call.
    pub(super) fn levels_of(&self, made: &Made, revision: Revision) -> Vec<Option<u8>> {
        let restarted = self.lives[made.life as usize].restarted;
        self.levels.during(made, revision, self.plan.web, restarted)
    }
}

fn config(plan: &plan::Client) -> ClientConfig {
    let capabilities = ClientCapabilities {
        elicitation: plan.asks.then_some(ElicitationCapability { form: true, url: false }),
        sampling: plan.samples.then(SamplingCapability::default),
        ..ClientCapabilities::default()
    };
    let mut config = ClientConfig::new(Implementation::new("sim", "1"), capabilities);
    config.era = match plan.tries {
        Tries::Both => Era::Auto,
        Tries::Legacy => Era::Legacy,
        Tries::Only(revision) => Era::Pinned(app::version(revision)),
    };
    config.limits = Limits {
        exchanges_max: plan.exchanges_max as usize,
        rounds_max: plan.rounds_max,
        calls_max: plan.calls_max as usize,
        ..Limits::default()
    };
    if plan.impatient {
        config.timeouts.idle = Some(Duration::from_secs(2));
    }
    config
}
