//! The client that takes steps: it writes messages, answers questions, and keeps count of what it
//! is owed.

use alloc::{
    collections::BTreeMap,
    format,
    string::{String, ToString},
    vec::Vec,
};

use serde_json::{Value, json};

use super::{Entry, Offered, Remote, Seeded, Step, Transcript, fitting};
use crate::version::Version;

/// How often a call that wants input is made again.
const ROUNDS_MAX: usize = 4;

/// A client that takes steps, and writes down what comes of them.
#[derive(Debug)]
pub(super) struct Prober<'a, R> {
    remote: &'a mut R,
    version: Version,
    offered: &'a Offered,
    from: Seeded,
    made: Vec<Value>,
    /// Requests that are to be answered, by the texts of their ids.
    owed: BTreeMap<String, Owed>,
    /// The results that came.
    pub(super) results: Vec<Value>,
    listens: Vec<Value>,
    level: Option<&'static str>,
    /// Whether it is of no use to wait for the server again.
    is_lost: bool,
    pub(super) transcript: Transcript,
}

/// A request that was made, so that it can be made again.
#[derive(Clone, Debug)]
struct Owed {
    method: &'static str,
    params: Value,
    round: usize,
}

impl<'a, R: Remote> Prober<'a, R> {
    pub(super) fn new(
        remote: &'a mut R,
        version: Version,
        offered: &'a Offered,
        seed: u64,
    ) -> Self {
        Self {
            remote,
            version,
            offered,
            from: Seeded(seed),
            made: Vec::new(),
            owed: BTreeMap::new(),
            results: Vec::new(),
            listens: Vec::new(),
            level: None,
            is_lost: false,
            transcript: Transcript::new(),
        }
    }

    /// Takes one step, and hears what there is.
    pub(super) fn take(&mut self, step: &Step) {
        if self.is_lost {
            return;
        }
        match step {
            Step::Open => self.open(),
            Step::Settle => self.settle(),
            Step::Junk(junk) => self.write(junk.line().into()),
            Step::Batch(steps) => {
                let messages: Vec<Value> =
                    steps.iter().filter_map(|step| self.message(step)).collect();
                if !messages.is_empty() {
                    self.write(Value::from(messages).to_string());
                }
            }
            step => {
                if let Some(message) = self.message(step) {
                    self.write(message.to_string());
                }
            }
        }
        self.hear(false);
    }

    /// Agrees with the server.
    fn open(&mut self) {
        if !self.is_stateful() {
            let message = self.request("server/discover", json!({}));
            self.write(message.to_string());
            return self.hear(true);
        }
        let params = json!({
            "protocolVersion": self.version.as_str(),
            "capabilities": capabilities(),
            "clientInfo": {"name": "prober", "version": "1"},
        });
        let message = self.request("initialize", params);
        self.write(message.to_string());
        self.hear(true);
        self.write(json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string());
    }

    /// Waits for all that is owed, and then for the answer to one request more: what the server
    /// had to say before it has been said.
    pub(super) fn settle(&mut self) {
        if self.is_lost {
            return;
        }
        self.hear(true);
        if self.owed.is_empty() && !self.remote.is_over() {
            let barrier = self.request(self.ping(), json!({}));
            self.write(barrier.to_string());
            self.hear(true);
        }
        if self.remote.is_over() {
            self.transcript.push(Entry::Note("the server has ended".into()));
        } else if !self.owed.is_empty() {
            let note = format!("{} was waited for in vain", self.waited_for());
            self.transcript.push(Entry::Note(note));
        }
        self.is_lost = self.remote.is_over() || !self.owed.is_empty();
        self.transcript.push(Entry::Settled);
    }

    /// Ends the input, and hears what is left.
    pub(super) fn close(&mut self) {
        self.remote.close();
        while let Some(line) = self.remote.read_line(true) {
            self.heard(line);
        }
        if self.remote.is_over() {
            self.transcript.push(Entry::Closed);
            self.transcript.push(Entry::Over);
        } else {
            self.transcript.push(Entry::Note("the server goes on after its input ended".into()));
        }
    }

    fn waited_for(&self) -> String {
        let all: Vec<&str> = self.owed.keys().map(String::as_str).collect();
        all.join(", ")
    }

    fn is_stateful(&self) -> bool {
        self.version.rules().handshake
    }

    fn ping(&self) -> &'static str {
        if self.is_stateful() { "ping" } else { "server/discover" }
    }

    fn write(&mut self, line: String) {
        self.remote.write_line(&line);
        self.transcript.push(Entry::Sent(line));
    }

    /// Hears what there is; if `patiently`, until nothing is owed.
    fn hear(&mut self, patiently: bool) {
        while let Some(line) = self.remote.read_line(patiently && !self.owed.is_empty()) {
            self.heard(line);
        }
    }

    fn heard(&mut self, line: String) {
        let message: Value = serde_json::from_str(&line).unwrap_or_default();
        self.transcript.push(Entry::Received(line));
        match message {
            Value::Array(messages) => messages.iter().for_each(|each| self.understand(each)),
            single => self.understand(&single),
        }
    }

    fn understand(&mut self, message: &Value) {
        let id = &message["id"];
        if let Some(method) = message["method"].as_str() {
            if !id.is_null() {
                let mut answer = json!({"jsonrpc": "2.0", "id": id});
                match self.answer(method, &message["params"]) {
                    Some(result) => answer["result"] = result,
                    None => answer["error"] = json!({"code": -32601, "message": "not known"}),
                }
                self.write(answer.to_string());
            }
            return;
        }
        let Some(owed) = self.owed.remove(&id.to_string()) else { return };
        let result = &message["result"];
        self.results.push(result.clone());
        if result["resultType"] == "input_required" && owed.round < ROUNDS_MAX {
            self.go_on(owed, result);
        }
    }

    /// Makes a call again, with the answers that it wants.
    fn go_on(&mut self, mut owed: Owed, result: &Value) {
        let mut answers = json!({});
        for (key, question) in result["inputRequests"].as_object().into_iter().flatten() {
            let method = question["method"].as_str().unwrap_or_default();
            answers[key] = self.answer(method, &question["params"]).unwrap_or_default();
        }
        owed.params["inputResponses"] = answers;
        if let Some(state) = result.get("requestState") {
            owed.params["requestState"] = state.clone();
        }
        owed.round += 1;
        let message = self.ask(owed);
        self.write(message.to_string());
    }

    /// What a person says.
    fn answer(&mut self, method: &str, params: &Value) -> Option<Value> {
        Some(match method {
            "ping" => json!({}),
            "roots/list" => json!({"roots": [{"uri": "file:///a", "name": "a"}]}),
            "sampling/createMessage" => json!({
                "role": "assistant",
                "content": {"type": "text", "text": "said"},
                "model": "none",
                "stopReason": "endTurn",
            }),
            "elicitation/create" => match self.from.below(4) {
                0 => json!({"action": "decline"}),
                1 => json!({"action": "cancel"}),
                _ if params["mode"] == "url" => json!({"action": "accept"}),
                _ => {
                    let content = fitting(&params["requestedSchema"], &mut self.from);
                    json!({"action": "accept", "content": content})
                }
            },
            _ => return None,
        })
    }

    /// A request that is owed an answer from now on.
    fn request(&mut self, method: &'static str, params: Value) -> Value {
        self.ask(Owed { method, params, round: 0 })
    }

    fn ask(&mut self, owed: Owed) -> Value {
        let number = self.made.len() + 1;
        // Strings are ids too.
        let id =
            if number.is_multiple_of(5) { json!(format!("id-{number}")) } else { json!(number) };
        let mut params = owed.params.clone();
        if !self.is_stateful() {
            let meta = &mut params["_meta"];
            meta["io.modelcontextprotocol/protocolVersion"] = json!(self.version.as_str());
            meta["io.modelcontextprotocol/clientInfo"] = json!({"name": "prober", "version": "1"});
            meta["io.modelcontextprotocol/clientCapabilities"] = capabilities();
            if let Some(level) = self.level {
                meta["io.modelcontextprotocol/logLevel"] = json!(level);
            }
        }
        let message = json!({"jsonrpc": "2.0", "id": id, "method": owed.method, "params": params});
        self.made.push(id.clone());
        if owed.method == "subscriptions/listen" {
            self.listens.push(id);
        } else {
            self.owed.insert(id.to_string(), owed);
        }
        message
    }

    /// The message of a step that is one.
    fn message(&mut self, step: &Step) -> Option<Value> {
        let offered = self.offered;
        Some(match step {
            Step::Open | Step::Settle | Step::Junk(_) | Step::Batch(_) => return None,
            Step::Ping => self.request(self.ping(), json!({})),
            Step::List(list) => self.request(list.method(), json!({})),
            Step::Call { tool, arguments, progress } => {
                let (name, arguments) = offered.tool(*tool, *arguments);
                let mut params = json!({"name": name, "arguments": arguments});
                if *progress {
                    params["_meta"] = json!({"progressToken": self.made.len() + 1});
                }
                self.request("tools/call", params)
            }
            Step::UnknownTool => {
                self.request("tools/call", json!({"name": "no such tool", "arguments": {}}))
            }
            Step::Prompt { prompt, arguments } => {
                let (name, arguments) = offered.prompt(*prompt, *arguments);
                self.request("prompts/get", json!({"name": name, "arguments": arguments}))
            }
            Step::Complete { prompt } => {
                let (name, argument) = offered.argument(*prompt);
                let reference = json!({"type": "ref/prompt", "name": name});
                let argument = json!({"name": argument, "value": "a"});
                self.request("completion/complete", json!({"ref": reference, "argument": argument}))
            }
            Step::Read { resource } => {
                self.request("resources/read", json!({"uri": offered.resource(*resource)}))
            }
            Step::UnknownMethod => self.request("unknown/method", json!({})),
            Step::UnknownNotification => notification("notifications/unknown", json!({})),
            Step::StrayAnswer => json!({"jsonrpc": "2.0", "id": "stray", "result": {}}),
            Step::Cancel { back } => {
                let place = self.made.len().checked_sub(1 + usize::from(*back))?;
                let id = self.made.get(place)?.clone();
                self.cancel(&id)?
            }
            Step::Subscribe { .. } | Step::Unsubscribe { .. } | Step::SetLevel(_) => {
                return self.setting(step);
            }
        })
    }

    /// What a session is told, and each request itself where there is none.
    fn setting(&mut self, step: &Step) -> Option<Value> {
        let offered = self.offered;
        let uri = |resource: u8| json!({"uri": offered.resource(resource)});
        match (step, self.is_stateful()) {
            (Step::Subscribe { resource }, true) => {
                Some(self.request("resources/subscribe", uri(*resource)))
            }
            (Step::Subscribe { resource }, false) => {
                let filter = json!({
                    "toolsListChanged": true,
                    "resourceSubscriptions": [offered.resource(*resource)],
                });
                Some(self.request("subscriptions/listen", json!({"notifications": filter})))
            }
            (Step::Unsubscribe { resource }, true) => {
                Some(self.request("resources/unsubscribe", uri(*resource)))
            }
            (Step::Unsubscribe { .. }, false) => {
                let id = self.listens.pop()?;
                self.cancel(&id)
            }
            (Step::SetLevel(level), true) => {
                Some(self.request("logging/setLevel", json!({"level": level.as_str()})))
            }
            (Step::SetLevel(level), false) => {
                self.level = Some(level.as_str());
                None
            }
            _ => None,
        }
    }

    fn cancel(&mut self, id: &Value) -> Option<Value> {
        let owed = self.owed.get(&id.to_string());
        if owed.is_some_and(|owed| owed.method == "initialize") {
            return None;
        }
        self.owed.remove(&id.to_string());
        Some(notification("notifications/cancelled", json!({"requestId": id, "reason": "enough"})))
    }
}

fn notification(method: &str, params: Value) -> Value {
    let mut message = json!({"jsonrpc": "2.0", "method": method});
    message["params"] = params;
    message
}

/// All that a client can declare.
fn capabilities() -> Value {
    json!({
        "roots": {"listChanged": true},
        "sampling": {},
        "elicitation": {"form": {}, "url": {}},
    })
}

/// The steps that find out what a server offers.
pub(super) fn survey_steps() -> Vec<Step> {
    let mut steps = Vec::from([Step::Open, Step::Settle]);
    for list in super::Listed::ALL {
        steps.extend([Step::List(list), Step::Settle]);
    }
    steps
}
