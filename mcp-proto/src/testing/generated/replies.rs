//! What a generated server does when it is asked.

use alloc::{format, string::String};

use serde_json::{Value, json};

use super::{GeneratedServer, Waiting, offer};
use crate::version::{Elicitation, Version};

/// What comes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Answer,
    Fail,
    Refuse,
    Progress,
    Log,
    Ask,
    /// Asks, and takes that back.
    Withdraw,
    /// Asks what nobody knows.
    Wonder,
    /// Says what it was not asked about.
    Stray,
}

const ACTS: [Act; 12] = [
    Act::Answer,
    Act::Answer,
    Act::Fail,
    Act::Refuse,
    Act::Progress,
    Act::Log,
    Act::Ask,
    Act::Ask,
    Act::Ask,
    Act::Withdraw,
    Act::Wonder,
    Act::Stray,
];
/// The methods of which more can come than an answer.
const CALLS: [&str; 3] = ["tools/call", "prompts/get", "resources/read"];

impl GeneratedServer {
    /// Answers a request, in the session or, if it is `modern`, on its own.
    pub(super) fn act(
        &mut self,
        id: &Value,
        method: &str,
        params: &Value,
        modern: Option<Version>,
    ) {
        match method {
            "server/discover" if modern.is_some() => return self.discover(id, modern),
            "subscriptions/listen" if modern.is_some() => return self.listen(id, params),
            _ => {}
        }
        let removed = ["resources/subscribe", "resources/unsubscribe", "logging/setLevel"];
        if offer::lacks(&self.offer, method) || modern.is_some() && removed.contains(&method) {
            return self.refuse(id, -32601, "there is no such method");
        }
        if !CALLS.contains(&method) {
            return self.conclude(id, result(method, modern), modern);
        }
        match self.from.one_of(&ACTS) {
            Act::Answer => {}
            Act::Fail => {
                let mut result = result(method, modern);
                if method == "tools/call" {
                    result["isError"] = json!(true);
                }
                return self.conclude(id, result, modern);
            }
            Act::Refuse => return self.refuse(id, -32603, "it does not work"),
            Act::Progress => self.progress(params),
            Act::Log => self.log(params, modern),
            Act::Stray => self.stray(modern),
            act if modern.is_some() => {
                let waits = act == Act::Ask && self.require_input(id, params);
                if waits {
                    return;
                }
            }
            act => {
                if self.ask_client(act, id, method) {
                    return;
                }
            }
        }
        self.conclude(id, result(method, modern), modern);
    }

    fn discover(&mut self, id: &Value, modern: Option<Version>) {
        let all = self.versions.iter().filter(|version| !version.rules().handshake);
        let versions: Value = all.map(|version| Value::from(version.as_str())).collect();
        let result = json!({
            "supportedVersions": versions,
            "capabilities": self.offer,
            "ttlMs": 0,
            "cacheScope": "private",
        });
        self.conclude(id, result, modern);
    }

    /// Acknowledges what may be listened to, and tells of one change.
    fn listen(&mut self, id: &Value, params: &Value) {
        let tag = json!({"io.modelcontextprotocol/subscriptionId": id});
        let tools = params["notifications"]["toolsListChanged"] == true
            && self.offer["tools"]["listChanged"] == true;
        let honoured = if tools { json!({"toolsListChanged": true}) } else { json!({}) };
        let params = json!({"notifications": honoured, "_meta": tag});
        self.tell("notifications/subscriptions/acknowledged", params);
        if tools {
            self.tell("notifications/tools/list_changed", json!({"_meta": tag}));
        }
    }

    fn tell(&mut self, method: &str, params: Value) {
        let mut message = json!({"jsonrpc": "2.0", "method": method});
        message["params"] = params;
        self.say(&message);
    }

    fn progress(&mut self, params: &Value) {
        let token = &params["_meta"]["progressToken"];
        if token.is_null() {
            return;
        }
        for progress in [0.5, 1.0] {
            let params = json!({"progressToken": token, "progress": progress, "total": 1});
            self.tell("notifications/progress", params);
        }
    }

    fn log(&mut self, params: &Value, modern: Option<Version>) {
        let wanted = !params["_meta"]["io.modelcontextprotocol/logLevel"].is_null();
        if self.offer.get("logging").is_some() && (modern.is_none() || wanted) {
            let params = json!({"level": "emergency", "data": {"why": "\u{2028}\n"}});
            self.tell("notifications/message", params);
        }
    }

    /// What a client has to bear, though it did not ask for it.
    fn stray(&mut self, modern: Option<Version>) {
        if modern.is_none() && self.offer["tools"]["listChanged"] == true {
            let message = json!({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"});
            self.say(&message);
        }
        self.tell("notifications/unknown", json!({"a": null}));
    }

    /// Asks in a session; says whether the call waits for the answer.
    fn ask_client(&mut self, act: Act, id: &Value, method: &str) -> bool {
        if !self.initialized {
            return false;
        }
        let call = Waiting { call: id.clone(), method: String::from(method) };
        if act == Act::Wonder {
            self.ask("custom/unknown", json!({}), Some(call));
            return true;
        }
        let (question, params) = offer::question(self.from.below(3));
        let forms = self.agreed.is_some_and(|v| v.rules().elicitation != Elicitation::None);
        let known = question != "elicitation/create" || forms;
        if !known || !offer::may_ask(&self.client, question) {
            self.ask("ping", json!({}), Some(call));
            return true;
        }
        if act == Act::Withdraw {
            let question = self.ask(question, params, None);
            self.tell("notifications/cancelled", json!({"requestId": question, "reason": "late"}));
            return false;
        }
        self.ask(question, params, Some(call));
        true
    }

    /// Wants input for a call; says whether it does.
    fn require_input(&mut self, id: &Value, params: &Value) -> bool {
        let declared = &params["_meta"]["io.modelcontextprotocol/clientCapabilities"];
        let mut result = json!({"resultType": "input_required"});
        let mut questions = json!({});
        for kind in 0..3 {
            let (method, params) = offer::question(kind);
            if offer::may_ask(declared, method) && self.from.below(2) == 0 {
                questions[format!("k{kind}")] = json!({"method": method, "params": params});
            }
        }
        let asks = questions.as_object().is_some_and(|questions| !questions.is_empty());
        if asks {
            result["inputRequests"] = questions;
        }
        // With neither there is nothing to go on with.
        if !asks || self.from.below(2) == 0 {
            self.given += 1;
            result["requestState"] = json!(format!("state \"{}\" \u{e9}\n", self.given));
        }
        self.conclude(id, result, None);
        true
    }
}

/// The result of a method, with what a modern one says of how long it holds.
fn result(method: &str, modern: Option<Version>) -> Value {
    let mut result = offer::result(method);
    if modern.is_some() && (method.ends_with("/list") || method == "resources/read") {
        result["ttlMs"] = json!(0);
        result["cacheScope"] = json!("private");
    }
    result
}
