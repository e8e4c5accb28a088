//! What the application and the driver do.

use std::{sync::Arc, time::Duration};

use mcp_proto::{
    ErrorObject,
    schema::{Level, List, Question},
    server::{About, Call, Command, Reply, ResultBody, SessionKey},
    wire::Json,
};

use super::{Input, rig::Rig};

const RESULTS: [&str; 5] = [
    "{}",
    r#"{"content":[]}"#,
    r#"{"a":1,"_meta":{"b":2},"resultType":"mine"}"#,
    r#"{"tools":[],"ttlMs":5,"cacheScope":"public"}"#,
    "{\"text\":\"\\u0000 \u{2028}\",\n\"_meta\":{}}",
];
const CODES: [i64; 8] = [-32603, -32002, -32042, -32021, -32050, 1, i64::MAX, -32601];
const KEYS: [&str; 3] = ["a", "b", "\"\n"];
const VALUES: [f64; 8] = [1.0, 0.5, 2.0, 1e300, -0.0, f64::NAN, f64::INFINITY, 1e-7];

/// The action that a letter and the bytes after it name:
///
/// * `r` answers a call with a result, `R` with a long one, `e` with an error; `a` lets it ask.
/// * `l` logs about a call and `L` about the session; `p` tells progress; `n` and `N` send a
///   notification of the application's own.
/// * `c` says that a list has changed, `o` changes the offer, `u` updates a resource, `E` completes
///   an elicitation; `P` pings, `A` attaches a value, `X` closes the session.
/// * `s` stops the client from reading, `g` lets it go on, `w` lets it read some bytes.
/// * `t` lets time pass; `z` ends the input and `Z` shuts the pipe down.
pub(super) fn act(rig: &mut Rig, input: &mut Input<'_>) {
    match input.byte() {
        b's' => rig.stop_reading(),
        b'g' => rig.go_on_reading(),
        b'w' => rig.read(usize::from(input.number()) * 8),
        b't' => {
            let millis = input.one_of(&[1, 100, 1_000, 10_000, 300_000, 1_800_000]);
            rig.pass(Duration::from_millis(millis));
        }
        b'z' => rig.end_input(false),
        b'Z' => rig.end_input(true),
        b'o' => rig.change_offer(),
        letter => {
            if let Some(command) = command(letter, rig, input) {
                rig.command(command);
            }
        }
    }
}

/// What an application has to speak about.
pub(in crate::fuzz) trait Speaker {
    /// The calls that are open.
    fn open_calls(&self) -> &[Arc<Call>];

    /// The call that has ended last.
    fn last_call(&self) -> Option<&Arc<Call>>;

    /// A call that is open, or the last that was.
    fn call(&self, place: u8) -> Option<&Arc<Call>> {
        let (open, last) = (self.open_calls(), self.last_call());
        let count = open.len() + usize::from(last.is_some());
        open.get(usize::from(place) % count.max(1)).or(last)
    }

    /// The session that it knows.
    fn session(&self) -> Option<SessionKey>;
}

/// What the application says.
pub(in crate::fuzz) fn command(
    letter: u8,
    rig: &impl Speaker,
    input: &mut Input<'_>,
) -> Option<Command> {
    let command = match letter {
        b'r' | b'R' | b'e' | b'a' => {
            let call = rig.call(input.number())?;
            Command::Respond { call: call.id, reply: reply(letter, &call.memo, input) }
        }
        b'l' | b'L' => Command::Log {
            about: about(letter == b'l', rig, input)?,
            level: input.one_of(&Level::ALL),
            logger: (input.number() & 1 == 1).then(|| "a \"logger\"\n".into()),
            data: Json::text("what happened"),
        },
        b'n' | b'N' => Command::Notify {
            about: about(letter == b'n', rig, input)?,
            method: "notifications/custom".into(),
            params: json(r#"{"of":"the application"}"#),
        },
        b'p' => Command::Progress {
            call: rig.call(input.number())?.id,
            progress: progress(input.number()),
            total: (input.number() & 1 == 1).then(|| progress(input.number())),
            message: (input.number() & 1 == 1).then(|| "so far".into()),
        },
        b'c' => Command::ListChanged(input.one_of(&[List::Tools, List::Prompts, List::Resources])),
        b'u' => Command::ResourceUpdated { uri: input.one_of(&["a:1", "a:2", "a:3"]).into() },
        b'E' => Command::ElicitationComplete { elicitation: "e".into() },
        b'P' => Command::Ping { session: rig.session()? },
        b'X' => Command::Close { session: rig.session()? },
        b'A' => Command::Attach {
            session: rig.session()?,
            key: input.one_of(&KEYS).into(),
            value: (input.number() & 1 == 1).then(|| Json::text("attached")),
        },
        _ => return None,
    };
    Some(command)
}

fn about(call: bool, rig: &impl Speaker, input: &mut Input<'_>) -> Option<About> {
    if call {
        Some(About::Call(rig.call(input.number())?.id))
    } else {
        rig.session().map(About::Session)
    }
}

fn progress(byte: u8) -> f64 {
    VALUES.get(usize::from(byte)).copied().unwrap_or(f64::from(byte) / 8.0)
}

fn reply(letter: u8, memo: &mcp_proto::server::Memo, input: &mut Input<'_>) -> Reply {
    match letter {
        b'r' => Reply::Result(result(input.one_of(&RESULTS))),
        b'R' => Reply::Result(result(&format!(r#"{{"long":"{}"}}"#, "x".repeat(600)))),
        b'e' => {
            let error = ErrorObject::new(input.one_of(&CODES), "It failed\n");
            let wants_data = input.number() & 1 == 1 || error.code == -32021;
            let data = wants_data.then(|| json(r#"{"requiredCapabilities":{}}"#));
            Reply::Error(ErrorObject { data, ..error })
        }
        _ => {
            let count = usize::from(input.number() % 6);
            let questions = (0..count).map(|_| (input.one_of(&KEYS).into(), question(input)));
            Reply::Ask { questions: questions.collect(), memo: memo.clone() }
        }
    }
}

fn question(input: &mut Input<'_>) -> Question {
    match input.number() % 5 {
        0 => Question::Elicit(json(
            r#"{"message":"m","requestedSchema":{"type":"object","properties":{}}}"#,
        )),
        1 => Question::ElicitUrl {
            message: "m".into(),
            url: "https://example.com".into(),
            elicitation: "e".into(),
        },
        2 => Question::Sample(json(r#"{"messages":[],"maxTokens":1,"_meta":{"a":1}}"#)),
        3 => Question::Roots,
        _ => Question::Other { method: "custom/question".into(), params: json("{}") },
    }
}

pub(in crate::fuzz) fn result(text: &str) -> ResultBody {
    ResultBody::raw(&json(text)).expect("a result is an object")
}

fn json(text: &str) -> Json {
    Json::parse_text(text).expect("it is JSON")
}
