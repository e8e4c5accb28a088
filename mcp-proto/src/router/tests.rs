//! Serving hand-made calls through a port that writes down what handlers say.

mod asking;
mod features;
mod lists;
mod rounds;
mod stops;
mod tickets;
mod tools;

use alloc::{
    borrow::ToOwned,
    boxed::Box,
    collections::{BTreeMap, BTreeSet, VecDeque},
    format,
    string::String,
    sync::Arc,
    vec::Vec,
};
use core::{
    fmt::Write as _,
    sync::atomic::{AtomicBool, AtomicU8},
};
use std::sync::Mutex;

use super::*;
use crate::{
    grant::Grant,
    schema::{ClientCapabilities, Level},
    server::{
        Answer, Asked, Call, CallId, CallMeta, Command, Flags, Key, Memo, Method, Question, Reply,
        SessionKey, digest,
    },
    terms::Terms,
    version::Version,
    wire::Id,
};

/// Every revision, and the newest with and without a handshake.
const MODERN: Version = Version::V2026_07_28;
const LEGACY: Version = Version::V2025_11_25;

const EVERYTHING: &str =
    r#"{"roots":{},"sampling":{"tools":{},"context":{}},"elicitation":{"form":{},"url":{}}}"#;

/// A client that can do everything and may see everything.
fn client(version: Version) -> Call {
    Call {
        id: CallId(7),
        request_id: Id::Int(1),
        session: version.rules().handshake.then_some(SessionKey(3)),
        terms: terms(version, EVERYTHING),
        grant: Arc::default(),
        method: Method::ToolsList { cursor: None },
        wants_progress: true,
        meta: CallMeta::default(),
        memo: Memo::default(),
        attached: Arc::default(),
        flags: Flags {
            cancelled: Arc::new(AtomicBool::new(false)),
            level: Arc::new(AtomicU8::new(Level::Info as u8)),
        },
    }
}

fn terms(version: Version, capabilities: &str) -> Arc<Terms> {
    let capabilities = ClientCapabilities::parse(capabilities).unwrap();
    Arc::new(Terms { version, capabilities, client: None })
}

fn tool(name: &str, arguments: &str) -> Method {
    Method::ToolsCall { name: name.into(), arguments: json(arguments) }
}

fn prompt(name: &str, arguments: &[(&str, &str)]) -> Method {
    let arguments = arguments.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    Method::PromptsGet { name: name.into(), arguments: arguments.collect() }
}

fn read(uri: &str) -> Method {
    Method::ResourcesRead { uri: uri.into() }
}

fn other(method: &str) -> Method {
    Method::Other { method: method.into(), params: json("{}") }
}

fn json(text: &str) -> Json {
    Json::parse_text(text).unwrap()
}

/// Takes what a handler says, as one line each.
#[derive(Default)]
struct Recorder {
    said: Vec<String>,
    asked: Option<(Vec<(Key, Question)>, Memo)>,
    /// What the client answers while the port waits; without any, it does not wait.
    waits: VecDeque<Result<Answer, Stop>>,
    call: Option<Call>,
    outbox: Option<Arc<Lines>>,
}

impl Port for Recorder {
    fn emit(&mut self, command: Command) {
        self.said.push(line(&command));
        if let Command::Respond { reply: Reply::Ask { questions, memo }, .. } = command {
            self.asked = Some((questions, memo));
        }
    }

    fn wait(&mut self, _call: CallId) -> Option<Result<Arc<Call>, Stop>> {
        let answer = self.waits.pop_front()?;
        let call = self.call.clone().unwrap();
        Some(answer.map(|answer| Arc::new(answered(self, &call, &[answer]))))
    }

    fn outbox(&self) -> Option<Arc<dyn Outbox>> {
        self.outbox.clone().map(|outbox| outbox as Arc<dyn Outbox>)
    }
}

/// An outbox that writes down what it is given.
#[derive(Default)]
struct Lines(Mutex<Vec<String>>);

impl Outbox for Lines {
    fn send(&self, command: Command) {
        self.0.lock().unwrap().push(line(&command));
    }
}

impl Lines {
    fn take(&self) -> Vec<String> {
        core::mem::take(&mut *self.0.lock().unwrap())
    }
}

/// Serves `method` for `client`; returns what was said.
fn serve<S: 'static>(
    router: &mut Router<S>,
    state: &mut S,
    client: Call,
    method: Method,
) -> Vec<String> {
    record(router, state, Call { method, ..client }).said
}

fn record<S: 'static>(router: &mut Router<S>, state: &mut S, call: Call) -> Recorder {
    let mut port = Recorder::default();
    router.serve(state, Arc::new(call), &mut port);
    port
}

/// The call as it comes again, with these answers to what was asked last, in that order.
fn answered(port: &Recorder, call: &Call, answers: &[Answer]) -> Call {
    let (questions, memo) = port.asked.as_ref().expect("something was asked");
    let mut memo = Memo { rounds: memo.rounds + 1, ..memo.clone() };
    for ((key, question), answer) in questions.iter().zip(answers) {
        let digest = Some(digest(&memo.answers.salt, question));
        let asked = Asked { digest, answer: Some(answer.clone()) };
        memo.answers.by_key.insert(key.clone(), asked);
    }
    Call { memo, ..call.clone() }
}

fn given(text: &str) -> Answer {
    Answer::Given(json(text))
}

fn accepted(content: &str) -> Answer {
    given(&format!(r#"{{"action":"accept","content":{content}}}"#))
}

fn line(command: &Command) -> String {
    match command {
        Command::Respond { reply: Reply::Result(body), .. } => {
            let mut text = format!("result {{{}}}", body.members.as_str());
            if let Some(meta) = &body.meta {
                let _ = write!(text, " meta {{{meta}}}");
            }
            if let Some(hint) = body.cache {
                let _ = write!(text, " cache {:?} public {}", hint.ttl, hint.public);
            }
            text
        }
        Command::Respond { reply: Reply::Error(error), .. } => {
            let data = error.data.as_ref().map_or(String::new(), |data| format!(" {data:?}"));
            format!("error {} {}{data}", error.code, error.message)
        }
        Command::Respond { reply: Reply::Ask { questions, .. }, .. } => {
            let asked = questions.iter().map(|(key, question)| format!("{key}: {question:?}"));
            format!("ask {}", asked.collect::<Vec<_>>().join(", "))
        }
        Command::Log { level, logger, data, .. } => {
            let logger = logger.as_deref().map_or(String::new(), |name| format!(" {name}"));
            format!("log {level}{logger} {data:?}")
        }
        Command::Progress { progress, total, message, .. } => {
            format!("progress {progress} of {total:?} {message:?}")
        }
        Command::Notify { method, params, .. } => format!("notify {method} {params:?}"),
        Command::ResourceUpdated { uri } => format!("updated {uri}"),
        Command::Park { retry, .. } => format!("park until {retry:?}"),
        Command::Attach { key, value, .. } => format!("attach {key} {value:?}"),
        other => format!("{other:?}"),
    }
}
