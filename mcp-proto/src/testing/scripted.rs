//! A server that plays a transcript.

use alloc::{
    collections::{BTreeMap, VecDeque},
    format,
    string::{String, ToString},
    vec::Vec,
};

use serde_json::Value;

use super::{Entry, Remote, Transcript};

/// A server that plays its side of a [`Transcript`], for tests of clients: it waits for each line
/// that the client is to send, and then sends what follows it.
///
/// A line of the client fits if it has every member that the transcript has, but for ids and
/// progress tokens: the client chooses those, and the server uses what the client chose. So a
/// transcript may leave out what does not matter.
///
/// ```
/// use mcp_proto::client::{ClientConfig, Era};
/// use mcp_proto::schema::{ClientCapabilities, Implementation};
/// use mcp_proto::testing::{Pair, Scripted};
/// use mcp_proto::wire::Json;
///
/// let script = r#"
///     > {"id":1,"method":"initialize"}
///     < {"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25","capabilities":{},
///     | "serverInfo":{"name":"s","version":"1"}}}
///     > {"method":"notifications/initialized"}
///     > {"id":2,"method":"tools/call","params":{"name":"greet"}}
///     < {"jsonrpc":"2.0","id":2,"result":{"content":[]}}
/// "#;
/// let info = Implementation::new("editor", "1");
/// let mut config = ClientConfig::new(info, ClientCapabilities::default());
/// config.era = Era::Legacy;
///
/// let mut pair = Pair::new(config, Scripted::new(&script.parse().unwrap()));
/// let params = Json::parse_text(r#"{"name":"greet","arguments":{}}"#).unwrap();
/// assert_eq!(pair.call("tools/call", &params).unwrap().as_str(), r#"{"content":[]}"#);
/// assert_eq!(pair.remote.unmet(), None);
/// ```
#[derive(Debug)]
pub struct Scripted {
    script: VecDeque<Entry>,
    /// What the client chose where the transcript has this.
    chosen: BTreeMap<String, Value>,
    partial: Vec<u8>,
    unread: VecDeque<String>,
    unmet: Option<String>,
    closed: bool,
}

impl Scripted {
    /// A server that nobody has spoken to.
    pub fn new(script: &Transcript) -> Self {
        let mut server = Self {
            script: script.entries().iter().cloned().collect(),
            chosen: BTreeMap::new(),
            partial: Vec::new(),
            unread: VecDeque::new(),
            unmet: None,
            closed: false,
        };
        server.speak();
        server
    }

    /// What did not go as written: what the client sent instead, or still has to send.
    pub fn unmet(&self) -> Option<String> {
        let missing = self.script.iter().find(|entry| matches!(entry, Entry::Sent(_)));
        self.unmet.clone().or_else(|| Some(format!("still to come: {}", missing?)))
    }

    /// Sends what the server sends by itself.
    fn speak(&mut self) {
        while let Some(entry) = self.script.pop_front_if(|next| !matches!(next, Entry::Sent(_))) {
            match entry {
                Entry::Received(line) => {
                    let line = self.chosen_in(&line);
                    self.unread.push_back(line);
                }
                Entry::Closed | Entry::Over => self.closed = true,
                _ => {}
            }
        }
    }

    /// A line with what the client chose.
    fn chosen_in(&self, line: &str) -> String {
        let Ok(mut message) = serde_json::from_str::<Value>(line) else { return line.into() };
        let is_answer = message.get("method").is_none();
        let names = [is_answer.then_some("/id"), Some("/params/progressToken")];
        for name in names.into_iter().flatten() {
            if let Some(value) = message.pointer_mut(name)
                && let Some(chosen) = self.chosen.get(&key(name, value))
            {
                *value = chosen.clone();
            }
        }
        message.to_string()
    }

    fn hear(&mut self, line: &str) {
        let next = self.script.front();
        let Some(Entry::Sent(wanted)) = next.filter(|_| self.unmet.is_none()) else {
            self.unmet.get_or_insert(format!("nothing is to come, but: {line}"));
            return;
        };
        let wanted = wanted.clone();
        if !self.fits(&wanted, line) {
            self.unmet = Some(format!("wanted: {wanted}\ncame:   {line}"));
            return;
        }
        self.script.pop_front();
        self.speak();
    }

    /// Whether a line is what is wanted; remembers what the client chose.
    fn fits(&mut self, wanted: &str, line: &str) -> bool {
        let read = |text: &str| serde_json::from_str::<Value>(text);
        let (Ok(mut wanted), Ok(line)) = (read(wanted), read(line)) else { return wanted == line };
        let is_request = wanted.get("method").is_some();
        let names = [
            (is_request.then_some("/id"), "/id"),
            (Some("/params/_meta/progressToken"), "/params/progressToken"),
        ];
        for (place, used) in names {
            let Some(place) = place else { continue };
            let (Some(value), Some(chosen)) = (wanted.pointer_mut(place), line.pointer(place))
            else {
                continue;
            };
            self.chosen.insert(key(used, value), chosen.clone());
            *value = chosen.clone();
        }
        covers(&wanted, &line)
    }
}

/// Ids and tokens are kept apart.
fn key(name: &str, value: &Value) -> String {
    format!("{name} {value}")
}

/// Whether `line` has all that is `wanted`.
fn covers(wanted: &Value, line: &Value) -> bool {
    match (wanted, line) {
        (Value::Object(wanted), Value::Object(line)) => wanted
            .iter()
            .all(|(name, wanted)| line.get(name).is_some_and(|value| covers(wanted, value))),
        (Value::Array(wanted), Value::Array(line)) => {
            wanted.len() == line.len() && wanted.iter().zip(line).all(|(w, l)| covers(w, l))
        }
        _ => wanted == line,
    }
}

impl Remote for Scripted {
    fn write(&mut self, bytes: &[u8]) {
        self.partial.extend_from_slice(bytes);
        while let Some(end) = self.partial.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.partial.drain(..=end).collect();
            self.hear(String::from_utf8_lossy(&line).trim_end());
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
