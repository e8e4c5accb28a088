//! A server that follows from a seed, for tests of clients.

use alloc::{
    collections::{BTreeMap, VecDeque},
    format,
    string::{String, ToString},
    vec::Vec,
};

use serde_json::{Value, json};

use super::{
    Entry, Remote, Report, Seeded, Transcript,
    checker::{ClientExpectations, Invariant},
    visit::fewer,
};
use crate::version::Version;

mod offer;
mod replies;

/// How often a report is tried again with fewer lines.
const TRIES_MAX: usize = 10_000;

/// A server that does what a server may do, as follows from a seed, and judges its client: for
/// tests of clients, in memory or, by the `check` program, in place of a server's command.
///
/// It speaks the revisions that it is given, offers tools, prompts and resources or only some of
/// them, tells of progress, logs, asks, takes questions back, answers with errors, and uses ids and
/// tokens that a careless client takes for its own. Nothing that it does is against the rules.
///
/// ```
/// use mcp_proto::Version;
/// use mcp_proto::client::ClientConfig;
/// use mcp_proto::schema::{ClientCapabilities, Implementation};
/// use mcp_proto::testing::{GeneratedServer, Pair};
/// use mcp_proto::wire::Json;
///
/// for seed in 0..20 {
///     let info = Implementation::new("editor", "1");
///     let client = ClientConfig::new(info, ClientCapabilities::default());
///     let mut pair = Pair::new(client, GeneratedServer::draw(seed, &Version::ALL));
///     let params = Json::parse_text(r#"{"name":"one","arguments":{}}"#).unwrap();
///     let _ = pair.call("tools/call", &params);
///     let report = pair.remote.report(Default::default());
///     assert_eq!(report.violations, [], "{}", report.transcript);
/// }
/// ```
#[derive(Debug)]
pub struct GeneratedServer {
    versions: Vec<Version>,
    from: Seeded,
    offer: Value,
    /// The revision of the session.
    agreed: Option<Version>,
    initialized: bool,
    /// What the client of the session can.
    client: Value,
    /// The calls that wait for answers, by the texts of the ids of the questions.
    waiting: BTreeMap<String, Waiting>,
    /// How many questions were asked, and states given.
    asked: u64,
    given: u64,
    partial: Vec<u8>,
    unread: VecDeque<String>,
    closed: bool,
    transcript: Transcript,
}

/// A call that goes on when a question is answered.
#[derive(Debug)]
struct Waiting {
    call: Value,
    method: String,
}

/// Lets a client, whose lines come from `client`, talk to a server until it has no more to say, and
/// judges it. Each line is waited for as long as the [`Remote`] has patience.
pub fn check_client(
    client: &mut impl Remote,
    server: &mut GeneratedServer,
    expected: ClientExpectations,
) -> Report {
    while let Some(line) = client.read_line(true) {
        server.write_line(&line);
        while let Some(line) = server.read_line(false) {
            client.write_line(&line);
        }
    }
    server.report(expected)
}

impl GeneratedServer {
    /// A server that speaks these revisions.
    pub fn draw(seed: u64, versions: &[Version]) -> Self {
        let mut from = Seeded(seed);
        Self {
            versions: versions.into(),
            offer: offer::capabilities(&mut from),
            from,
            agreed: None,
            initialized: false,
            client: Value::Null,
            waiting: BTreeMap::new(),
            asked: 0,
            given: 0,
            partial: Vec::new(),
            unread: VecDeque::new(),
            closed: false,
            transcript: Transcript::new(),
        }
    }

    /// All that went through the pipe.
    pub fn transcript(&self) -> &Transcript {
        &self.transcript
    }

    /// What the client did wrong so far, and all that went through the pipe.
    pub fn report(&self, expected: ClientExpectations) -> Report {
        let violations = self.transcript.check_client(expected);
        Report { transcript: self.transcript.clone(), violations }
    }

    fn say(&mut self, message: &Value) {
        let line = message.to_string();
        self.transcript.push(Entry::Received(line.clone()));
        self.unread.push_back(line);
    }

    fn hear(&mut self, line: String) {
        let message: Value = serde_json::from_str(&line).unwrap_or_default();
        self.transcript.push(Entry::Sent(line));
        match message {
            Value::Array(batch) => batch.iter().for_each(|message| self.understand(message)),
            single => self.understand(&single),
        }
    }

    fn understand(&mut self, message: &Value) {
        let (id, params) = (&message["id"], &message["params"]);
        match message["method"].as_str() {
            Some("initialize") if !id.is_null() => self.open(id, params),
            Some(method) if !id.is_null() => self.serve(id, method, params),
            Some("notifications/initialized") => {
                self.initialized = true;
                self.greet();
            }
            Some("notifications/cancelled") => {
                let cancelled = &params["requestId"];
                self.waiting.retain(|_, waiting| waiting.call != *cancelled);
            }
            Some(_) => {}
            None => {
                if let Some(Waiting { call, method }) = self.waiting.remove(&id.to_string()) {
                    let result = offer::result(&method);
                    self.conclude(&call, result, None);
                }
            }
        }
    }

    /// Agrees with the client.
    fn open(&mut self, id: &Value, params: &Value) {
        let legacy = |version: &&Version| version.rules().handshake;
        let mut served = self.versions.iter().copied().filter(|version| legacy(&version));
        let wanted = params["protocolVersion"].as_str();
        let exact = served.clone().find(|version| Some(version.as_str()) == wanted);
        let Some(version) = exact.or_else(|| served.next_back()) else {
            return self.refuse(id, -32601, "there is no handshake");
        };
        self.agreed = Some(version);
        self.client = params["capabilities"].clone();
        self.conclude(
            id,
            json!({
                "protocolVersion": version.as_str(),
                "capabilities": self.offer,
                "serverInfo": {"name": "generated", "version": "1"},
            }),
            None,
        );
    }

    /// What a server may say first.
    fn greet(&mut self) {
        if self.from.below(2) == 0 {
            self.ask("ping", json!({}), None);
        }
        if self.from.below(4) == 0 {
            // No revision has it: it is answered with an error.
            self.ask("custom/unknown", json!({"a": [1]}), None);
        }
        if self.from.below(4) == 0 {
            let note = json!({"jsonrpc": "2.0", "method": "notifications/unknown"});
            self.say(&note);
        }
    }

    fn serve(&mut self, id: &Value, method: &str, params: &Value) {
        let revision = &params["_meta"]["io.modelcontextprotocol/protocolVersion"];
        if method == "ping" && self.agreed.is_none_or(|version| version.rules().handshake) {
            return self.conclude(id, json!({}), None);
        }
        if let Some(revision) = revision.as_str().filter(|_| self.agreed.is_none()) {
            let found = self.versions.iter().copied().find(|v| v.as_str() == revision);
            let modern = self.versions.iter().any(|version| !version.rules().handshake);
            match found.filter(|version| !version.rules().handshake) {
                Some(version) => self.act(id, method, params, Some(version)),
                None if modern => self.refuse_version(id, revision),
                None => self.refuse(id, -32601, "not before initialize"),
            }
        } else if self.agreed.is_some() {
            self.act(id, method, params, None);
        } else {
            self.refuse(id, -32600, "not before initialize");
        }
    }

    fn refuse_version(&mut self, id: &Value, requested: &str) {
        let modern = self.versions.iter().filter(|version| !version.rules().handshake);
        let supported: Vec<&str> = modern.map(|version| version.as_str()).collect();
        let data = json!({"supported": supported, "requested": requested});
        let error = json!({"code": -32022, "message": "not this revision", "data": data});
        self.say(&json!({"jsonrpc": "2.0", "id": id, "error": error}));
    }

    fn refuse(&mut self, id: &Value, code: i64, why: &str) {
        let error = json!({"code": code, "message": why});
        self.say(&json!({"jsonrpc": "2.0", "id": id, "error": error}));
    }

    /// Answers; with what the revision wants of every result, if it is modern.
    fn conclude(&mut self, id: &Value, mut result: Value, modern: Option<Version>) {
        if modern.is_some() && result.get("resultType").is_none() {
            result["resultType"] = json!("complete");
        }
        self.say(&json!({"jsonrpc": "2.0", "id": id, "result": result}));
    }

    /// Asks the client something; the call waits for the answer.
    fn ask(&mut self, method: &str, mut params: Value, call: Option<Waiting>) -> Value {
        self.asked += 1;
        // Ids of both sides have nothing to do with each other.
        let id = match self.from.below(3) {
            0 => json!(format!("q-{}", self.asked)),
            1 => json!(1_000_000 + self.asked),
            _ => json!(self.asked),
        };
        if self.from.below(4) == 0 {
            params["_meta"]["progressToken"] = json!(self.asked);
        }
        let mut message = json!({"jsonrpc": "2.0", "id": id, "method": method});
        if params.as_object().is_some_and(|params| !params.is_empty()) {
            message["params"] = params;
        }
        self.say(&message);
        if let Some(call) = call {
            self.waiting.insert(id.to_string(), call);
        }
        id
    }
}

impl Report {
    /// The same with as few lines as show the first violation of an invariant: of a client, whose
    /// visit cannot be paid again.
    #[must_use]
    pub fn shrink_client(&self, invariant: Invariant, expected: ClientExpectations) -> Self {
        let Some(first) = self.violations.iter().find(|found| found.invariant == invariant) else {
            return self.clone();
        };
        let check = |entries: &[Entry]| {
            let transcript: Transcript = entries.iter().cloned().collect();
            let violations = transcript.check_client(expected);
            Self { transcript, violations }
        };
        // What is wrong for want of a line that was left out is not shown.
        let shows = |entries: &[Entry]| {
            let found = check(entries).violations;
            found.contains(first) && found.iter().all(|found| self.violations.contains(found))
        };
        check(&fewer(self.transcript.entries().to_vec(), TRIES_MAX, shows))
    }
}

impl Remote for GeneratedServer {
    fn write(&mut self, bytes: &[u8]) {
        self.partial.extend_from_slice(bytes);
        while let Some(end) = self.partial.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.partial.drain(..=end).collect();
            let line = line.strip_suffix(b"\n").unwrap_or(&line);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if !line.is_empty() {
                self.hear(String::from_utf8_lossy(line).to_string());
            }
        }
    }

    fn read_line(&mut self, _owed: bool) -> Option<String> {
        self.unread.pop_front()
    }

    fn close(&mut self) {
        self.closed = true;
    }

    fn is_over(&self) -> bool {
        self.closed && self.unread.is_empty()
    }
}

#[cfg(test)]
mod tests;
