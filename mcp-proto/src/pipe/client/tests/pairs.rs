//! A client and a server of this crate, end to end in memory, in every revision.

use alloc::{boxed::Box, sync::Arc};
use core::sync::atomic::AtomicUsize;

use proptest::prelude::*;

use super::*;
use crate::{
    PipeOutput, Router, ServerPipe,
    client::CallOptions,
    pipe::tests::Seeded,
    router::{Context, Port},
    schema::{Elicited, Form, Question, Resource, ResourceContents, Sampling, Tool, ToolResult},
    server::{Call, Command, Event, Method, ServerConfig},
    version::Elicitation,
};

/// A client and a server, whose bytes travel in chunks of at most `chunk`.
struct Pair {
    client: ClientPipe,
    server: ServerPipe,
    router: Router<()>,
    chunk: usize,
    now: Instant,
    /// What the client's application was told.
    told: Vec<String>,
    outcomes: Vec<Result<Json, CallError>>,
    /// What the server dropped.
    dropped: Vec<String>,
    /// How many calls the server was told are cancelled.
    cancelled: usize,
}

/// Carries out what a handler says at once.
struct Direct<'a> {
    pipe: &'a mut ServerPipe,
    now: Instant,
}

impl Port for Direct<'_> {
    fn emit(&mut self, command: Command) {
        let _ = self.pipe.handle_command(self.now, command);
    }
}

#[derive(serde::Deserialize)]
struct Nothing {}

fn router() -> Router<()> {
    let mut router = Router::new();
    router.page_size(1);
    router.tool(tool("speak"), |cx: &mut Context<'_, ()>, _: Nothing| {
        cx.progress(1.0, 2.0);
        cx.log(Level::Info, "half");
        cx.progress(2.0, 2.0);
        Ok("spoken")
    });
    router.tool(tool("ask"), |cx: &mut Context<'_, ()>, _: Nothing| {
        let name = cx.elicit::<Json>("name", Form::new("Name?"))?;
        let Elicited::Accepted(name) = name else { return Ok(ToolResult::error("declined")) };
        Ok(ToolResult::text(name.as_str()))
    });
    router.tool(tool("sample"), |cx: &mut Context<'_, ()>, _: Nothing| {
        let said = cx.sample("s", Sampling::new("Say a word", 10))?;
        Ok(said.text())
    });
    router.tool(tool("roots"), |cx: &mut Context<'_, ()>, _: Nothing| {
        Ok(format!("{} roots", cx.roots()?.len()))
    });
    router.tool(tool("touch"), |cx: &mut Context<'_, ()>, _: Nothing| {
        cx.resource_updated("a:1");
        Ok("touched")
    });
    let resource = Resource::new("a:1", "one").unwrap();
    router.resource(resource, |_| Ok(Vec::from([ResourceContents::text("a:1", "text")])));
    router
}

/// Whether nobody answers the call while a test lasts.
fn is_slow(call: &Call) -> bool {
    matches!(&call.method, Method::ToolsCall { name, .. } if **name == *"sleep")
}

fn tool(name: &str) -> Tool {
    Tool::new(name).no_arguments()
}

impl Pair {
    fn new(version: Version, chunk: usize) -> Self {
        let mut config = config();
        if version.rules().handshake {
            config.era = Era::Pinned(version);
        }
        let drawn = Arc::new(AtomicUsize::new(0));
        let entropy = Box::new(Seeded::new(&drawn));
        let mut server = ServerPipe::new(ServerConfig::new(Implementation::new("s", "1")), entropy);
        let mut router = router();
        server.set_offer(router.take_offer().unwrap());
        let mut pair = Self {
            client: ClientPipe::new(config),
            server,
            router,
            chunk,
            now: Instant::ZERO,
            told: Vec::new(),
            outcomes: Vec::new(),
            dropped: Vec::new(),
            cancelled: 0,
        };
        pair.client.start(pair.now);
        pair.run();
        assert_eq!(pair.client.client().agreement().unwrap().version, version);
        pair
    }

    /// Lets both sides speak until they have nothing to say.
    fn run(&mut self) {
        loop {
            let served = self.serve();
            let heard = self.hear();
            if !served && !heard {
                break;
            }
        }
    }

    fn serve(&mut self) -> bool {
        self.drain();
        let bytes = self.client.pending_write().to_vec();
        self.client.consume(bytes.len());
        for chunk in bytes.chunks(self.chunk) {
            self.server.handle_bytes(self.now, chunk);
            self.poll_server();
        }
        self.poll_server();
        !bytes.is_empty()
    }

    fn poll_server(&mut self) {
        while let Some(output) = self.server.poll_output() {
            match output {
                PipeOutput::Event(Event::Call(call)) if is_slow(&call) => {}
                PipeOutput::Event(Event::Call(call)) => {
                    let mut port = Direct { pipe: &mut self.server, now: self.now };
                    self.router.serve(&mut (), call, &mut port);
                }
                PipeOutput::Event(Event::Cancelled { .. }) => self.cancelled += 1,
                PipeOutput::Event(Event::Dropped(dropped)) => {
                    self.dropped.push(format!("{dropped:?}"));
                }
                PipeOutput::Event(_) | PipeOutput::Close => {}
            }
        }
    }

    fn hear(&mut self) -> bool {
        let bytes = self.server.pending_write().to_vec();
        self.server.consume(bytes.len());
        for chunk in bytes.chunks(self.chunk) {
            self.client.handle_bytes(self.now, chunk);
            self.drain();
        }
        self.drain();
        !bytes.is_empty()
    }

    fn drain(&mut self) {
        while let Some(output) = self.client.poll_output() {
            let ClientPipeOutput::Event(event) = output else { panic!("{output:?}") };
            match event {
                ClientEvent::Finished { outcome, .. } => {
                    self.told.push("finished".into());
                    self.outcomes.push(outcome);
                }
                ClientEvent::Asked { question, ask, .. } => {
                    let answer = match ask {
                        Question::Roots => r#"{"roots":[{"uri":"file:///r"}]}"#,
                        Question::Sample(_) => {
                            r#"{"role":"assistant","content":{"type":"text","text":"word"},"model":"m"}"#
                        }
                        _ => r#"{"action":"accept","content":{}}"#,
                    };
                    self.told.push("asked".into());
                    let answer = Answer::Given(json(answer));
                    self.client.answer(self.now, question, answer).unwrap();
                }
                event => self.told.push(show::event(&event)),
            }
        }
    }

    fn call(&mut self, method: &str, params: &str, options: CallOptions) -> Json {
        self.told.clear();
        self.client.call(self.now, method, &json(params), options);
        self.run();
        assert_eq!(self.told.last().map(String::as_str), Some("finished"), "{:?}", self.told);
        self.outcomes.pop().unwrap().unwrap()
    }

    fn tool(&mut self, name: &str) -> serde_json::Value {
        let options = CallOptions { log_level: Some(Level::Debug), ..CallOptions::default() };
        let result = self.call("tools/call", &format!(r#"{{"name":"{name}"}}"#), options);
        serde_json::from_str(result.as_str()).unwrap()
    }
}

fn text(result: &serde_json::Value) -> &str {
    result["content"][0]["text"].as_str().unwrap()
}

#[test]
fn lists_are_walked_whole() {
    for version in Version::ALL {
        let mut pair = Pair::new(version, usize::MAX);
        let walk = CallOptions { all_pages: true, ..CallOptions::default() };
        let tools = pair.call("tools/list", "{}", walk.clone());
        let tools: serde_json::Value = serde_json::from_str(tools.as_str()).unwrap();
        assert_eq!(tools["tools"].as_array().unwrap().len(), 5);
        pair.call("resources/list", "{}", walk);
        let read = pair.call("resources/read", r#"{"uri":"a:1"}"#, CallOptions::default());
        assert!(read.as_str().contains(r#""text":"text""#));
        assert_eq!(pair.dropped, [] as [&str; 0]);
    }
}

#[test]
fn progress_and_logs_come_before_the_result() {
    for version in Version::ALL {
        let mut pair = Pair::new(version, usize::MAX);
        let result = pair.tool("speak");
        assert_eq!(text(&result), "spoken");
        let kinds = ["is at 1 of", "info of", "is at 2 of", "finished"];
        assert_eq!(pair.told.len(), kinds.len(), "{:?}", pair.told);
        assert!(pair.told.iter().zip(kinds).all(|(told, kind)| told.contains(kind)));
    }
}

#[test]
fn every_kind_of_question_is_answered() {
    for version in Version::ALL {
        let mut pair = Pair::new(version, usize::MAX);
        assert_eq!(text(&pair.tool("sample")), "word");
        assert_eq!(pair.told, ["asked", "finished"]);
        assert_eq!(text(&pair.tool("roots")), "1 roots");
        if version.rules().elicitation == Elicitation::None {
            let params = json(r#"{"name":"ask"}"#);
            pair.client.call(pair.now, "tools/call", &params, CallOptions::default());
            pair.run();
            assert!(matches!(pair.outcomes.pop(), Some(Err(CallError::Refused(_)))));
        } else {
            assert_eq!(text(&pair.tool("ask")), "{}");
        }
    }
}

#[test]
fn a_cancellation_reaches_the_server() {
    for version in Version::ALL {
        let mut pair = Pair::new(version, usize::MAX);
        let params = json(r#"{"name":"sleep"}"#);
        let call = pair.client.call(pair.now, "tools/call", &params, CallOptions::default());
        let _ = pair.serve();
        pair.client.cancel(call, None).unwrap();
        pair.run();
        assert_eq!(pair.outcomes, [Err(CallError::Cancelled)]);
        assert_eq!(pair.cancelled, 1);
        assert!(pair.server.server().is_idle());
    }
}

#[test]
fn changes_of_what_is_subscribed_to_are_heard() {
    for version in Version::ALL {
        let mut pair = Pair::new(version, usize::MAX);
        let wish = Listening { tools: true, uris: ["a:1".into()].into(), ..Listening::default() };
        let listen = pair.client.listen(pair.now, wish);
        pair.run();
        assert!(pair.told.iter().any(|told| told.contains("granted")), "{:?}", pair.told);
        pair.tool("touch");
        assert!(pair.told.contains(&"a:1 changed".into()), "{version}: {:?}", pair.told);
        pair.router.remove_tool("touch");
        pair.server.set_offer(pair.router.take_offer().unwrap());
        pair.run();
        assert_eq!(pair.told.last().unwrap(), "Tools changed");
        pair.client.cancel(listen, None).unwrap();
        pair.run();
        pair.tool("speak");
        assert_eq!(pair.dropped, [] as [&str; 0]);
    }
}

/// Everything that is told in a session of everything.
fn session(version: Version, chunk: usize) -> Vec<String> {
    let mut pair = Pair::new(version, chunk);
    let mut told = Vec::new();
    for name in ["speak", "ask", "sample", "roots"] {
        told.push(pair.tool(name).to_string());
        told.append(&mut pair.told);
    }
    told
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn chunks_make_no_difference(chunk in 1usize..200) {
        for version in [Version::V2025_11_25, Version::V2026_07_28] {
            prop_assert_eq!(session(version, chunk), session(version, usize::MAX));
        }
    }
}
