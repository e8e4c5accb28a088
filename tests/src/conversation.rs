//! Everything that the server with every feature can say, and a client to it, in one revision.

use std::collections::BTreeMap;

use mcp_proto::{Version, testing::MemoryServer};
use serde_json::{Map, Value, json};

use crate::{
    everything::{self, State},
    peer::catching,
};

/// A message that crossed the pipe.
#[derive(Clone, Debug)]
pub struct Said {
    /// The revision that both speak.
    pub version: Version,
    /// Whether the server said it.
    pub by_server: bool,
    /// The method of the request that it answers, if it is a response.
    pub answers: Option<String>,
    /// The line, without its end.
    pub text: String,
}

/// What is said when a client of this revision asks for everything once.
pub fn conversation(version: Version) -> Vec<Said> {
    let server = MemoryServer::new(everything::config(), everything::router(), State::default());
    let wire = catching(server);
    let asked = BTreeMap::new();
    let mut talk = Talk { wire, version, said: Vec::new(), asked, next_id: 1 };
    talk.open();
    talk.lists();
    talk.changes();
    talk.tools();
    talk.errors();
    talk.said
}

/// The messages of a record of the tour: who said it, a tab, the message; an empty line where a leg
/// begins.
///
/// # Panics
///
/// If what is said is no JSON.
pub fn recorded(record: &str) -> Vec<Said> {
    let mut leg = Leg::default();
    let mut said = Vec::new();
    for line in record.lines() {
        match line.split_once('\t') {
            None => leg = Leg::default(),
            Some((who, text)) => {
                let by_server = who == "server";
                match serde_json::from_str(text).expect("a message") {
                    Value::Array(batch) => {
                        said.extend(batch.iter().map(|message| leg.hear(by_server, message)));
                    }
                    message => said.push(leg.hear(by_server, &message)),
                }
            }
        }
    }
    said
}

/// What is known of a leg so far.
#[derive(Default)]
struct Leg {
    /// The revision of its session.
    session: Option<Version>,
    /// Who asked, the id, and what was asked in which revision.
    asked: BTreeMap<(bool, String), (String, Version)>,
}

impl Leg {
    fn hear(&mut self, by_server: bool, message: &Value) -> Said {
        let id = message["id"].to_string();
        let named = |pointer| message.pointer(pointer)?.as_str()?.parse().ok();
        let modern = named("/params/_meta/io.modelcontextprotocol~1protocolVersion");
        let (version, answers) = if let Some(method) = message["method"].as_str() {
            let offered = named("/params/protocolVersion");
            let version = modern.or(self.session).or(offered).unwrap_or(Version::LATEST);
            self.asked.insert((by_server, id), (method.into(), version));
            (version, None)
        } else {
            let asked = self.asked.get(&(!by_server, id)).cloned();
            let agreed = named("/result/protocolVersion");
            self.session = agreed.or(self.session);
            let (method, version) = asked.unzip();
            let version = agreed.or(version).or(self.session).unwrap_or(Version::LATEST);
            (version, method)
        };
        Said { version, by_server, answers, text: message.to_string() }
    }
}

struct Talk {
    wire: MemoryServer<State>,
    version: Version,
    said: Vec<Said>,
    /// The methods of the requests of both sides, by id.
    asked: BTreeMap<String, String>,
    next_id: u64,
}

impl Talk {
    fn handshake(&self) -> bool {
        self.version.rules().handshake
    }

    fn open(&mut self) {
        if !self.handshake() {
            self.request("server/discover", json!({}));
            return;
        }
        let params = json!({
            "protocolVersion": self.version.as_str(),
            "capabilities": capabilities(),
            "clientInfo": {"name": "conversation", "version": "1"},
        });
        self.request("initialize", params);
        self.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        self.request("ping", json!({}));
        self.request("logging/setLevel", json!({"level": "debug"}));
    }

    fn lists(&mut self) {
        self.request("tools/list", json!({}));
        let prompts = self.entries("prompts/list", "prompts");
        for prompt in prompts {
            let arguments = prompt["arguments"].as_array().into_iter().flatten();
            let arguments: Map<String, Value> = arguments
                .filter_map(|argument| Some((argument["name"].as_str()?.into(), json!("x"))))
                .collect();
            self.ask("prompts/get", &json!({"name": prompt["name"], "arguments": arguments}));
        }
        for resource in self.entries("resources/list", "resources") {
            self.ask("resources/read", &json!({"uri": resource["uri"]}));
        }
        self.request("resources/templates/list", json!({}));
        self.ask("resources/read", &json!({"uri": "test://template/1/data"}));
        for reference in [
            json!({"type": "ref/prompt", "name": "test_prompt_with_arguments"}),
            json!({"type": "ref/resource", "uri": "test://template/{id}/data"}),
        ] {
            let name = if reference["type"] == "ref/prompt" { "arg1" } else { "id" };
            let argument = json!({"name": name, "value": "t"});
            self.request("completion/complete", json!({"ref": reference, "argument": argument}));
        }
    }

    /// Listens while things change.
    fn changes(&mut self) {
        let watched = json!({"uri": "test://watched-resource"});
        let listen = self.next_id;
        if self.handshake() {
            self.request("resources/subscribe", watched.clone());
        } else {
            let all = json!({
                "toolsListChanged": true,
                "promptsListChanged": true,
                "resourcesListChanged": true,
                "resourceSubscriptions": [watched["uri"]],
            });
            self.request("subscriptions/listen", json!({"notifications": all}));
        }
        for tool in ["update_resource", "test_trigger_tool_change", "test_trigger_prompt_change"] {
            self.ask("tools/call", &json!({"name": tool, "arguments": watched}));
        }
        if self.handshake() {
            self.request("resources/unsubscribe", watched);
        } else {
            let params = json!({"requestId": listen});
            let cancelled = "notifications/cancelled";
            self.send(&json!({"jsonrpc": "2.0", "method": cancelled, "params": params}));
        }
    }

    /// Calls each tool with the least that it takes.
    fn tools(&mut self) {
        for tool in self.entries("tools/list", "tools") {
            let required = tool["inputSchema"]["required"].as_array().into_iter().flatten();
            let arguments: Map<String, Value> = required
                .filter_map(|name| Some((name.as_str()?.into(), json!("test://watched-resource"))))
                .collect();
            let name = tool["name"].as_str().unwrap_or_default();
            let params = json!({"name": name, "arguments": arguments});
            self.ask("tools/call", &params);
        }
    }

    fn errors(&mut self) {
        self.request("tools/call", json!({"name": "no such tool"}));
        self.request("tools/call", json!({"name": "structured", "arguments": []}));
        self.request("tools/list", json!({"cursor": "of nobody"}));
        self.request("resources/read", json!({"uri": "test://nothing"}));
        self.request("no/such", json!({}));
        self.send(&json!({"jsonrpc": "2.0", "id": 7.5, "method": "ping"}));
        if !self.handshake() {
            let meta = json!({"io.modelcontextprotocol/protocolVersion": "2031-01-01"});
            let params = json!({"_meta": meta});
            self.send(&json!({"jsonrpc": "2.0", "id": 0, "method": "ping", "params": params}));
            self.send(&json!({"jsonrpc": "2.0", "id": 0, "method": "tools/list", "params": {}}));
        }
    }

    /// The entries of the first page of a list.
    fn entries(&mut self, method: &str, member: &str) -> Vec<Value> {
        let mut came = self.request(method, json!({}));
        let result = came.pop().unwrap_or_default();
        result["result"][member].as_array().cloned().unwrap_or_default()
    }

    /// Asks, and asks again with answers for as long as the server needs them.
    fn ask(&mut self, method: &str, params: &Value) {
        const ROUNDS_MAX: usize = 8;
        let mut came = self.request(method, params.clone());
        for _ in 0..ROUNDS_MAX {
            let result = came.pop().unwrap_or_default()["result"].take();
            if result["resultType"] != "input_required" {
                break;
            }
            let mut again = params.clone();
            if let Value::Object(requests) = &result["inputRequests"] {
                let answers = requests.iter().map(|(key, request)| (key.clone(), answer(request)));
                again["inputResponses"] = Value::Object(answers.collect());
            }
            if !result["requestState"].is_null() {
                again["requestState"] = result["requestState"].clone();
            }
            came = self.request(method, again);
        }
    }

    /// Sends a request, and returns what comes back, in order.
    fn request(&mut self, method: &str, mut params: Value) -> Vec<Value> {
        let id = self.next_id;
        self.next_id += 1;
        let mut meta = json!({"progressToken": id});
        if !self.handshake() {
            meta["io.modelcontextprotocol/protocolVersion"] = json!(self.version.as_str());
            meta["io.modelcontextprotocol/clientCapabilities"] = capabilities();
            meta["io.modelcontextprotocol/logLevel"] = json!("debug");
        }
        params["_meta"] = meta;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))
    }

    /// Sends a message, answers what the server asks, and returns what comes back, in order.
    fn send(&mut self, message: &Value) -> Vec<Value> {
        let text = message.to_string();
        self.note(message, text.clone(), false);
        let mut came = Vec::new();
        for text in self.wire.send(&text) {
            let message: Value = serde_json::from_str(&text).unwrap_or_default();
            self.note(&message, text, true);
            if !message["method"].is_null() && !message["id"].is_null() {
                let mut response = json!({"jsonrpc": "2.0", "id": message["id"]});
                response["result"] = answer(&message);
                came.extend(self.send(&response));
            } else {
                came.push(message);
            }
        }
        came
    }

    fn note(&mut self, message: &Value, text: String, by_server: bool) {
        let key = format!("{} {}", message["id"], message["method"].is_null() != by_server);
        let answers = match message["method"].as_str() {
            Some(method) => {
                self.asked.insert(key, method.into());
                None
            }
            None => self.asked.get(&key).cloned(),
        };
        self.said.push(Said { version: self.version, by_server, answers, text });
    }
}

fn capabilities() -> Value {
    json!({
        "roots": {"listChanged": true},
        "sampling": {"tools": {}, "context": {}},
        "elicitation": {"form": {}, "url": {}},
    })
}

/// What a client answers to a question.
fn answer(request: &Value) -> Value {
    match request["method"].as_str() {
        Some("roots/list") => json!({"roots": [{"uri": "file:///project", "name": "project"}]}),
        Some("sampling/createMessage") => json!({
            "role": "assistant", "model": "m", "content": {"type": "text", "text": "Paris"},
        }),
        Some("elicitation/create") if request["params"]["mode"] == "url" => {
            json!({"action": "accept"})
        }
        Some("elicitation/create") => {
            let schema = &request["params"]["requestedSchema"]["properties"];
            let fields = schema.as_object().into_iter().flatten();
            let content: Map<String, Value> =
                fields.map(|(name, field)| (name.clone(), filled_in(field))).collect();
            json!({"action": "accept", "content": content})
        }
        _ => json!({}),
    }
}

fn filled_in(field: &Value) -> Value {
    let first = |choices: &Value| match &choices["oneOf"][0]["const"] {
        Value::Null => match &choices["anyOf"][0]["const"] {
            Value::Null => choices["enum"][0].clone(),
            chosen => chosen.clone(),
        },
        chosen => chosen.clone(),
    };
    match field["type"].as_str() {
        Some("array") => json!([first(&field["items"])]),
        Some("boolean") => json!(true),
        Some("integer" | "number") => json!(30),
        _ if first(field).is_string() => first(field),
        _ => json!("ada@example.org"),
    }
}
