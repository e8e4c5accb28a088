//! Those who do not keep to the rules: what they send over HTTP, and what they must be told.

use std::collections::VecDeque;

use serde_json::Value;

use super::plan::{Lie, Server};
use crate::{
    checker::{Invariant, Violation},
    model::Revision,
};

/// What the parameters of a request must have in the revision without a session.
pub(super) const MODERN_META: &str = r#""_meta":{"io.modelcontextprotocol/protocolVersion":
    "2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#;

/// Who lies.
pub(super) const LIAR: &str = "liar";

/// A request as it is sent.
#[derive(Clone, Debug)]
pub(super) struct Letter {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
    /// Who sends it.
    pub(super) subject: Option<&'static str>,
}

/// What comes back: the status, the session that is opened with it, and the body.
#[derive(Clone, Debug)]
pub(super) struct Heard {
    pub(super) status: u16,
    pub(super) session: Option<String>,
    pub(super) body: String,
}

/// What must come back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Must {
    status: u16,
    code: Option<i64>,
    /// What is broken otherwise.
    invariant: Invariant,
}

/// What a liar has overheard: the last of each.
#[derive(Debug, Default)]
pub(super) struct Loot {
    letters: VecDeque<Letter>,
    events: VecDeque<String>,
    questions: VecDeque<String>,
    /// The liar's own session.
    pub(super) session: Option<String>,
}

impl Letter {
    fn post(body: &str) -> Self {
        let headers = [
            ("Host", "localhost"),
            ("Accept", "application/json, text/event-stream"),
            ("Content-Type", "application/json"),
        ];
        Self {
            method: "POST",
            path: "/mcp",
            headers: headers.map(|(name, value)| (name.into(), value.into())).to_vec(),
            body: body.into(),
            subject: Some(LIAR),
        }
    }

    fn bare(method: &'static str) -> Self {
        Self { method, ..Self::post("") }
    }

    fn request(method: &str) -> Self {
        Self::post(&format!(r#"{{"jsonrpc":"2.0","id":"lie","method":"{method}"}}"#))
    }

    /// A request of the revision without a session.
    fn modern(method: &str) -> Self {
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":"lie","method":"{method}","params":{{{MODERN_META}}}}}"#
        );
        Self::post(&body).with("MCP-Protocol-Version", "2026-07-28").with("Mcp-Method", method)
    }

    /// The same with another value in this field.
    fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(super) fn field(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| &**value)
    }

    fn value(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

impl Loot {
    /// How much of each is kept.
    const KEPT: usize = 16;

    pub(super) fn sent(&mut self, letter: Letter) {
        keep(&mut self.letters, letter);
    }

    /// A line of a stream was sent to somebody.
    pub(super) fn told(&mut self, line: &str) {
        if let Some(event) = line.strip_prefix("id: ") {
            keep(&mut self.events, event.into());
        } else if let Some(data) = line.strip_prefix("data: ")
            && data.contains(r#""id":"#)
            && data.contains(r#""method":"#)
        {
            keep(&mut self.questions, data.into());
        }
    }

    /// A session of somebody else.
    fn session_of_other(&self, pick: usize) -> Option<&str> {
        choose(self.letters.iter().filter_map(|letter| letter.field("mcp-session-id")), pick)
    }

    /// A request of somebody else that carries a state and this text, with the text of the state.
    fn retry(&self, pick: usize, text: &str) -> Option<(Letter, String)> {
        let carries = |letter: &&Letter| {
            letter.body.contains("\"requestState\"") && letter.body.contains(text)
        };
        let carries = self.letters.iter().filter(carries);
        let letter = choose(carries, pick)?;
        let state = letter.value()["params"]["requestState"].as_str()?.to_owned();
        Some((letter.clone(), state))
    }

    /// The id of a request of somebody else.
    fn request_id(&self, pick: usize) -> Option<String> {
        let ids = self.letters.iter().filter_map(|letter| {
            let value = letter.value();
            (value["method"] == "tools/call").then(|| value["id"].to_string())
        });
        choose(ids, pick)
    }

    fn question_id(&self, pick: usize) -> Option<String> {
        let question: Value = serde_json::from_str(choose(self.questions.iter(), pick)?).ok()?;
        Some(question["id"].to_string())
    }

    /// How the liar begins a session of its own, if there are sessions: in the revision with
    /// batches, if it can.
    pub(super) fn opening(server: &Server) -> Option<Letter> {
        let legacy = server.revisions.iter().filter(|revision| !revision.is_modern());
        let best = legacy.max_by_key(|revision| (**revision == Revision::Mar2025, **revision))?;
        let params = format!(
            r#"{{"protocolVersion":"{}","capabilities":{{}},"clientInfo":{}}}"#,
            best.date(),
            r#"{"name":"l","version":"1"}"#
        );
        Some(Letter::post(&format!(
            r#"{{"jsonrpc":"2.0","id":"lie","method":"initialize","params":{params}}}"#
        )))
    }

    pub(super) fn opened(&self) -> Option<Letter> {
        let body = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
        Some(Letter::post(body).with("Mcp-Session-Id", self.session.as_ref()?))
    }

    fn cancel(id: &str) -> Letter {
        let params = format!(r#"{{"requestId":{id}}}"#);
        Letter::post(&format!(
            r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{params}}}"#
        ))
    }

    fn answer(id: &str) -> Letter {
        let result = r#"{"action":"accept","content":{"value":77}}"#;
        Letter::post(&format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#))
    }

    /// What a lie looks like, and what it must be told; nothing if what it takes was not overheard,
    /// or if the server knows nothing of the kind.
    pub(super) fn lie(&self, lie: Lie, pick: usize, server: &Server) -> Option<(Letter, Must)> {
        let modern = server.revisions.contains(&Revision::Jul2026);
        let legacy = server.revisions.iter().any(|revision| !revision.is_modern());
        match lie {
            Lie::OfNoSession | Lie::InNoSession if !legacy => None,
            Lie::OfNoSession => Some((Letter::request("tools/list"), Must::error(400, -32_600))),
            Lie::InNoSession => {
                let letter = Letter::request("tools/list").with("Mcp-Session-Id", "nobody's");
                Some((letter, Must::isolated(404, Some(-32_600))))
            }
            Lie::ForeignRequest
            | Lie::ForeignResume
            | Lie::ForeignDelete
            | Lie::ForeignCancel
            | Lie::ForeignAnswer => self.in_foreign_session(lie, pick),
            Lie::OwnResume | Lie::OwnCancel | Lie::OwnAnswer | Lie::Batch => {
                self.in_own_session(lie, pick, server)
            }
            Lie::ForeignState | Lie::ChangedState | Lie::MovedState => self.with_state(lie, pick),
            Lie::LooseCancel | Lie::WrongMethod | Lie::WrongVersion if !modern => None,
            Lie::LooseCancel => {
                let letter = Self::cancel(&self.request_id(pick)?)
                    .with("MCP-Protocol-Version", "2026-07-28")
                    .with("Mcp-Method", "notifications/cancelled");
                Some((letter, Must::isolated(202, None)))
            }
            Lie::WrongMethod => {
                let letter = Letter::modern("tools/list").with("Mcp-Method", "tools/call");
                Some((letter, Must::error(400, -32_020)))
            }
            Lie::WrongVersion => {
                let letter =
                    Letter::modern("tools/list").with("MCP-Protocol-Version", "2025-11-25");
                Some((letter, Must::error(400, -32_020)))
            }
            Lie::Junk => Some((Letter::post("{"), Must::error(400, -32_700))),
            Lie::NoMessage => {
                Some((Letter::post(r#"{"jsonrpc":"2.0"}"#), Must::error(400, -32_600)))
            }
            Lie::WrongHead => Some(wrong_head(pick)),
        }
    }

    fn in_foreign_session(&self, lie: Lie, pick: usize) -> Option<(Letter, Must)> {
        let letter = match lie {
            Lie::ForeignResume => {
                Letter::bare("GET").with("Last-Event-ID", choose(self.events.iter(), pick)?)
            }
            Lie::ForeignDelete => Letter::bare("DELETE"),
            Lie::ForeignCancel => Self::cancel(&self.request_id(pick)?),
            Lie::ForeignAnswer => Self::answer(&self.question_id(pick)?),
            _ => Letter::request("tools/list"),
        };
        let letter = letter.with("Mcp-Session-Id", self.session_of_other(pick)?);
        let code = (lie == Lie::ForeignRequest).then_some(-32_600);
        Some((letter, Must::isolated(404, code)))
    }

    fn in_own_session(&self, lie: Lie, pick: usize, server: &Server) -> Option<(Letter, Must)> {
        let (letter, must) = match lie {
            Lie::OwnResume => {
                let event = choose(self.events.iter(), pick)?;
                (Letter::bare("GET").with("Last-Event-ID", event), Must::isolated(400, None))
            }
            Lie::OwnCancel => (Self::cancel(&self.request_id(pick)?), Must::isolated(202, None)),
            Lie::OwnAnswer => (Self::answer(&self.question_id(pick)?), Must::isolated(202, None)),
            _ => {
                let ask =
                    |id, method| format!(r#"{{"jsonrpc":"2.0","id":"{id}","method":"{method}"}}"#);
                let batch = format!("[{},{}]", ask("lie1", "ping"), ask("lie2", "tools/list"));
                let batches = server.revisions.contains(&Revision::Mar2025);
                let must = if batches { Must::served() } else { Must::error(400, -32_600) };
                (Letter::post(&batch), must)
            }
        };
        Some((letter.with("Mcp-Session-Id", self.session.as_ref()?), must))
    }

    fn with_state(&self, lie: Lie, pick: usize) -> Option<(Letter, Must)> {
        const STEPS: &str = r#""steps":["#;
        let (mut letter, state) =
            self.retry(pick, if lie == Lie::MovedState { STEPS } else { "" })?;
        match lie {
            Lie::ForeignState => letter.subject = Some(LIAR),
            Lie::ChangedState => {
                letter.body = letter.body.replace(&state, &changed(&state, pick));
            }
            _ => letter.body = letter.body.replace(STEPS, r#""steps":["park","#),
        }
        let must = Must::error(400, -32_602);
        Some((letter, Must { invariant: Invariant::StateIntegrity, ..must }))
    }
}

/// One character of it is another one.
pub(super) fn changed(state: &str, pick: usize) -> String {
    let place = pick % state.len().max(1);
    let other = if state[place..].starts_with('A') { "B" } else { "A" };
    format!("{}{other}{}", &state[..place], &state[place + 1..])
}

/// A head that does not pass the gate, by what is wrong with it.
fn wrong_head(pick: usize) -> (Letter, Must) {
    let letter = Letter::request("tools/list");
    let (letter, status) = match pick % 6 {
        0 => (letter.with("Origin", "https://elsewhere.example"), 403),
        1 => (letter.with("Host", "elsewhere.example"), 403),
        2 => (letter.with("Accept", "text/html"), 406),
        3 => (letter.with("Content-Type", "text/plain"), 415),
        4 => (Letter { method: "PUT", ..letter }, 405),
        _ => (Letter { path: "/elsewhere", ..letter }, 404),
    };
    (letter, Must { status, code: None, invariant: Invariant::Isolation })
}

impl Must {
    const fn error(status: u16, code: i64) -> Self {
        Self { status, code: Some(code), invariant: Invariant::NoReplyToNothing }
    }

    const fn isolated(status: u16, code: Option<i64>) -> Self {
        Self { status, code, invariant: Invariant::Isolation }
    }

    const fn served() -> Self {
        Self { status: 200, code: None, invariant: Invariant::OneConclusion }
    }

    /// Says what is wrong with an answer, or that there is none. `roomy`: there is room for
    /// everybody, so that nobody has to be turned away or forgotten.
    pub(super) fn check(self, lie: Lie, heard: Option<&Heard>, roomy: bool) -> Result<(), String> {
        let right = heard.is_some_and(|heard| {
            let body: Value = serde_json::from_str(&heard.body).unwrap_or_default();
            let turned_away = !roomy && matches!(heard.status, 404 | 429 | 503);
            let batch = lie != Lie::Batch
                || heard.status != 200
                || body.as_array().is_some_and(|all| all.len() == 2);
            let coded = self.code.is_none_or(|code| body["error"]["code"] == code);
            turned_away || heard.status == self.status && coded && batch
        });
        if right {
            return Ok(());
        }
        let what = format!("{lie:?} is told {heard:?}, not {self:?}");
        Err(Violation { invariant: self.invariant, what }.to_string())
    }
}

fn keep<T>(all: &mut VecDeque<T>, one: T) {
    if all.len() >= Loot::KEPT {
        all.pop_front();
    }
    all.push_back(one);
}

fn choose<T>(all: impl Iterator<Item = T>, pick: usize) -> Option<T> {
    let mut all: Vec<T> = all.collect();
    let place = pick.checked_rem(all.len())?;
    Some(all.swap_remove(place))
}
