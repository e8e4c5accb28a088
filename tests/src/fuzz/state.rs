//! A `requestState` that was tampered with.

use mcp_proto::{
    Instant, PipeOutput, ServerPipe,
    schema::{Implementation, ListCapability, Question, ServerCapabilities},
    server::{Call, Command, Event, Offer, Reply, ServerConfig, StateKey},
    wire::Json,
};
use serde_json::{Value, json};
use std::sync::Arc;

use super::input::Input;
use crate::Seeded;

const QUESTION: &str =
    r#"{"message":"Go on?","requestedSchema":{"type":"object","properties":{}}}"#;

/// `[what is done, place, place, what it is sent with, bytes…]`: a state opens only where it is
/// the very one that was given out, for the request that it was given out for.
///
/// # Panics
///
/// If it is not so.
pub fn state(data: &[u8]) {
    let mut input = Input(data);
    let mut rig = Rig::new(1);
    let own = rig.ask("own", &json!({"a": 1}));
    let other = match input.0.first().map(|first| first >> 4) {
        Some(0..4) => rig.ask("own", &json!({"a": 2})),
        Some(4..8) => rig.ask("other", &json!({"a": 1})),
        Some(8..12) => Rig::new(2).ask("own", &json!({"a": 1})),
        _ => rig.ask("own", &json!({"a": 1})),
    };
    let same_request = input.0.first().is_some_and(|first| first >> 4 >= 12);
    let text = tampered(&mut input, &own, &other);
    let good = text == own || same_request && text == other;
    let retry = rig.retry(&text, "own", &json!({"a": 1}));
    assert_eq!(retry.is_some(), good, "{text} for {own}");
    if let Some(call) = retry {
        assert!(call.memo.answers.to("go", &question()).is_some());
    }
}

/// One of the two texts with something done to it.
fn tampered(input: &mut Input<'_>, own: &str, other: &str) -> String {
    let how = input.byte() & 15;
    let place = (usize::from(input.byte()) << 8 | usize::from(input.byte())) % (own.len() + 1);
    let with = input.byte();
    let bytes = input.rest();
    let (head, tail) = own.as_bytes().split_at(place);
    let text: Vec<u8> = match how {
        0 => head.into(),
        1 => tail.into(),
        2 => [head, bytes, tail].concat(),
        3 => [head, bytes, tail.get(bytes.len()..).unwrap_or_default()].concat(),
        4 => [head, other.as_bytes().get(place..).unwrap_or_default()].concat(),
        5 => other.into(),
        6 => [own.as_bytes(), bytes].concat(),
        7 => bytes.into(),
        8 => [own, other].concat().into(),
        9 => own.to_ascii_uppercase().into(),
        _ => {
            let byte = tail.first().map_or(with, |byte| byte ^ with);
            [head, &[byte], tail.get(1..).unwrap_or_default()].concat()
        }
    };
    String::from_utf8_lossy(&text).into_owned()
}

fn question() -> Question {
    Question::Elicit(Json::parse_text(QUESTION).expect("a question is JSON"))
}

/// A server whose tools ask before they do anything.
struct Rig {
    pipe: ServerPipe,
    next_id: u64,
}

impl Rig {
    fn new(key: u8) -> Self {
        let config = ServerConfig {
            state_keys: vec![StateKey { id: 1, key: [key; 32] }],
            ..ServerConfig::new(Implementation::new("asks", "1"))
        };
        let mut pipe = ServerPipe::new(config, Box::new(Seeded(0)));
        let tools = Some(ListCapability::default());
        let capabilities = ServerCapabilities { tools, ..ServerCapabilities::default() };
        pipe.set_offer(Arc::new(Offer { capabilities, ..Offer::default() }));
        Self { pipe, next_id: 0 }
    }

    /// The state that comes with the question of a first call.
    fn ask(&mut self, tool: &str, arguments: &Value) -> String {
        let call = self.call(json!({"name": tool, "arguments": arguments}));
        let call = call.expect("a first call is served");
        let questions = vec![("go".into(), question())];
        let reply = Reply::Ask { questions, memo: call.memo.clone() };
        let asked =
            self.pipe.handle_command(Instant::ZERO, Command::Respond { call: call.id, reply });
        asked.expect("a call may ask");
        let answer = self.answer();
        let state = answer["result"]["requestState"].as_str();
        state.expect("a question comes with a state").into()
    }

    /// The call as it comes again, if the state opens.
    fn retry(&mut self, state: &str, tool: &str, arguments: &Value) -> Option<Arc<Call>> {
        let answers = json!({"go": {"action": "accept", "content": {}}});
        let again = self.call(json!({
            "name": tool, "arguments": arguments, "requestState": state, "inputResponses": answers,
        }));
        if again.is_none() {
            let answer = self.answer();
            assert_eq!(answer["error"]["code"], -32602);
            assert_eq!(answer["error"]["message"], "Invalid requestState");
        }
        again
    }

    fn call(&mut self, mut params: Value) -> Option<Arc<Call>> {
        self.next_id += 1;
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {"elicitation": {}},
            "io.modelcontextprotocol/clientInfo": {"name": "c", "version": "1"},
        });
        let id = self.next_id;
        let request = json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params});
        self.pipe.handle_bytes(Instant::ZERO, format!("{request}\n").as_bytes());
        let mut called = None;
        while let Some(output) = self.pipe.poll_output() {
            match output {
                PipeOutput::Event(Event::Call(call)) => called = Some(call),
                output => panic!("{output:?}"),
            }
        }
        called
    }

    /// The one line that waits to be written.
    fn answer(&mut self) -> Value {
        let answer = serde_json::from_slice(self.pipe.pending_write());
        self.pipe.consume(self.pipe.pending_write().len());
        answer.expect("one message is written")
    }
}
