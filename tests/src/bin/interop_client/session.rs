//! A connection to a server, what has been heard, and what of its offer has been used.

use std::{
    collections::BTreeSet,
    process::Command,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use mcp_proto::{
    client::{CallOptions, ClientConfig, ClientEvent, DroppedByClient, Era, Listening},
    http::{HttpClientConfig, HttpNotice},
    schema::{
        ClientCapabilities, ElicitationCapability, Implementation, List, ListCapability,
        SamplingCapability,
    },
    wire::Json,
};
use mcp_smol::blocking;
use mcp_stdio::{
    Client,
    client::{Call, ConnectError, Connector, Error},
};
use serde_json::{Value, json};

use crate::{
    person::Person,
    plan::Plan,
    report::{Report, skip},
};

/// Far beyond what a server takes, on a busy machine too.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// What the plan of a server leaves out that does not end with its input.
const END: &str = "an end by itself";

/// Where a server is.
pub(crate) enum Place {
    Command(Command),
    Url(String),
}

/// A connection and what is known of it.
pub(crate) struct Session {
    pub(crate) client: Client,
    pub(crate) plan: Plan,
    pub(crate) report: Report,
    pub(crate) person: Person,
    /// The revision that is spoken.
    pub(crate) version: String,
    pub(crate) modern: bool,
    pub(crate) listen: Option<Call>,
    /// Every event so far.
    heard: Vec<ClientEvent>,
    /// What of the server's capabilities has been used.
    used: BTreeSet<String>,
    era: Era,
    /// What is so over HTTP alone; `None` over pipes.
    pub(crate) notices: Option<Arc<Mutex<Vec<HttpNotice>>>>,
}

pub(crate) fn value(json: &Json) -> Value {
    json.parse().unwrap_or_default()
}

impl Session {
    pub(crate) fn connect(mut plan: Plan, era: Era, place: Place) -> Result<Self, ConnectError> {
        let capabilities = ClientCapabilities {
            elicitation: Some(ElicitationCapability { form: true, url: true }),
            sampling: Some(SamplingCapability { tools: true, context: false }),
            roots: Some(ListCapability { list_changed: true }),
            ..ClientCapabilities::default()
        };
        let mut config = ClientConfig::new(Implementation::new("interop", "1.0.0"), capabilities);
        config.era = era;
        config.timeouts.idle = Some(DEADLINE);
        let person = Person::default();
        let answerer = person.clone();
        let answer = move |question: &_| answerer.answer(question);
        let mut notices = None;
        let client = match place {
            Place::Command(command) => Connector::new(config)
                .grace(grace(&plan))
                .on_question(answer)
                .on_stderr(|line| eprintln!("server: {line}"))
                .spawn(command)?,
            Place::Url(url) => {
                plan.skips.append(&mut plan.http_skips);
                let heard = notices.insert(Arc::<Mutex<Vec<HttpNotice>>>::default()).clone();
                blocking::Connector::new(config)
                    .on_question(answer)
                    .on_notice(move |notice| {
                        heard.lock().unwrap_or_else(PoisonError::into_inner).push(notice);
                    })
                    .connect(HttpClientConfig::new(&url))?
            }
        };
        let version = client.agreement().version;
        Ok(Self {
            client,
            plan,
            report: Report::default(),
            person,
            version: version.to_string(),
            modern: !version.rules().handshake,
            listen: None,
            heard: Vec::new(),
            used: BTreeSet::new(),
            era,
            notices,
        })
    }

    /// What the server says of itself.
    pub(crate) fn introduction(&mut self) {
        let agreement = self.client.agreement();
        let fits = match self.era {
            Era::Pinned(version) => agreement.version == version,
            Era::Legacy => agreement.version.rules().handshake,
            Era::Auto => true,
        };
        self.report.check("the era is the one that was chosen", fits, agreement.version);
        let name = agreement.server.as_ref().map(|info| info.name.clone()).unwrap_or_default();
        let expected = name.ends_with(&self.plan.server);
        self.report.check("the server says its name", expected, name);
        let instructions = self.client.agreement().instructions.clone().unwrap_or_default();
        let expected = instructions.contains(&self.plan.instructions);
        self.report.check("the instructions arrive", expected, instructions);
    }

    /// Subscribes to all that the server declares to tell.
    pub(crate) fn listen(&mut self) {
        let declared = value(&self.client.agreement().capabilities);
        let tells = |list: &str, what: &str| declared[list][what] == true;
        let uris = self.plan.tools.iter().filter_map(|tool| tool.updates.as_deref());
        let wish = Listening {
            tools: tells("tools", "listChanged"),
            prompts: tells("prompts", "listChanged"),
            resources: tells("resources", "listChanged"),
            uris: uris.filter(|_| tells("resources", "subscribe")).map(Into::into).collect(),
        };
        self.listen = Some(self.client.listen(wish.clone()));
        let granted = self.hear(0, |event| match event {
            ClientEvent::Listening { granted, .. } => Some(granted.clone()),
            _ => None,
        });
        self.report.check("what is declared is granted", granted.as_ref() == Some(&wish), granted);
    }

    /// Where the events begin that are still to come.
    pub(crate) fn mark(&mut self) -> usize {
        while let Some(event) = self.client.events().next_within(Duration::ZERO) {
            self.heard.push(event);
        }
        self.heard.len()
    }

    /// What `wanted` takes of the events from `mark` on, waiting for it.
    pub(crate) fn hear<T>(
        &mut self,
        mark: usize,
        wanted: impl Fn(&ClientEvent) -> Option<T>,
    ) -> Option<T> {
        let deadline = Instant::now() + DEADLINE;
        let mut next = mark;
        loop {
            if let Some(found) = self.heard.get(next..)?.iter().find_map(&wanted) {
                return Some(found);
            }
            next = self.heard.len();
            let left = deadline.saturating_duration_since(Instant::now());
            self.heard.push(self.client.events().next_within(left)?);
        }
    }

    /// The events from `mark` to now.
    pub(crate) fn since(&mut self, mark: usize) -> &[ClientEvent] {
        self.mark();
        self.heard.get(mark..).unwrap_or_default()
    }

    /// Part of the server's offer has been used.
    pub(crate) fn has_used(&mut self, capability: &str) {
        self.used.insert(capability.into());
    }

    pub(crate) fn call(&self, method: &str, params: &Value) -> Result<Value, Error> {
        self.client.call(method, params, CallOptions::default()).map(|json| value(&json))
    }

    /// All of the offer has been used, and nothing that the server said was dropped.
    pub(crate) fn end(&mut self) {
        let changed = self.since(0).iter().filter_map(|event| match event {
            ClientEvent::ListChanged(List::Tools) => Some("tools.listChanged"),
            ClientEvent::ListChanged(List::Prompts) => Some("prompts.listChanged"),
            ClientEvent::ListChanged(List::Resources) => Some("resources.listChanged"),
            _ => None,
        });
        for capability in changed.collect::<BTreeSet<_>>() {
            self.has_used(capability);
        }
        let mut declared = Vec::new();
        flatten("", &value(&self.client.agreement().capabilities), &mut declared);
        for capability in declared {
            if let Some(why) = self.plan.skips.get(&capability) {
                skip(&capability, why);
            } else {
                let used = self.used.contains(&capability);
                self.report.check(&format!("{capability} is used"), used, &self.used);
            }
        }
        // What a server says about calls that were cancelled, if it does not heed that.
        let heedless = self.plan.tools.iter().any(|tool| tool.cancel.as_deref() == Some(""));
        // A server that is slow to start may answer the probe too late.
        let probed = self.era == Era::Auto;
        let is_late = |dropped: &DroppedByClient| match dropped {
            DroppedByClient::UnknownResponse => heedless || probed,
            DroppedByClient::Notification(method) => {
                heedless && **method == *"notifications/progress"
            }
            _ => false,
        };
        let dropped = self.since(0).iter().filter_map(|event| match event {
            ClientEvent::Dropped(dropped) if !is_late(dropped) => Some(format!("{dropped:?}")),
            _ => None,
        });
        let dropped: Vec<String> = dropped.collect();
        self.report.check("nothing of the server's is dropped", dropped.is_empty(), dropped);
        let lost = self.client.dropped_events();
        self.report.check("no event is lost", lost == 0, lost);
        let notices = self.take_notices();
        self.report.check("no stream is lost, and all is delivered", notices.is_empty(), notices);
    }

    /// What was so over HTTP since the last look.
    pub(crate) fn take_notices(&self) -> Vec<HttpNotice> {
        let Some(notices) = &self.notices else { return Vec::new() };
        std::mem::take(&mut *notices.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Ends the connection; returns whether all went well.
    pub(crate) fn close(mut self) -> bool {
        let begun = Instant::now();
        let end = self.client.close();
        self.report.check("the connection ends well", end.error.is_none(), &end);
        if self.notices.is_some() {
            skip(END, "a server over HTTP does not end with a client");
        } else if let Some(why) = self.plan.skips.get(END) {
            skip(END, why);
        } else {
            let ended = end.status.is_some_and(|status| status.success());
            self.report.check("the server ends by itself", ended, &end);
        }
        let prompt = begun.elapsed() < 2 * grace(&self.plan) + Duration::from_secs(1);
        self.report.check("closing takes its time and no more", prompt, begun.elapsed());
        let late = self.call("tools/list", &json!({}));
        let lost = matches!(late, Err(Error::Lost { .. }));
        self.report.check("a call after the end is lost", lost, late);
        self.report.finish()
    }
}

/// How long the server may take to end; one that does not is not waited for.
fn grace(plan: &Plan) -> Duration {
    let waits = !plan.skips.contains_key(END);
    if waits { DEADLINE } else { Duration::from_secs(2) }
}

/// The capabilities of an object, by their paths.
fn flatten(path: &str, declared: &Value, found: &mut Vec<String>) {
    match declared {
        Value::Object(members) if path.is_empty() || !members.is_empty() => {
            for (name, member) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(&path, member, found);
            }
        }
        Value::Bool(false) | Value::Null => {}
        _ => found.push(path.into()),
    }
}
