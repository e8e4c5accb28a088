//! In which order a client begins, and what it then may ask for.

use alloc::{format, string::String};

use super::{Findings, Id, Invariant, META_VERSION, Members, Params, calls::Call, object};
use crate::testing::checker::{LEGACY, META_CAPABILITIES, reading};

/// What the revision without a handshake has no more.
const REMOVED: [&str; 5] =
    ["initialize", "ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe"];

/// How far the client is with its handshake, if it makes one.
#[derive(Debug, Default)]
pub(super) struct Handshake {
    stage: Stage,
    /// What the client declares.
    client: Option<String>,
    /// Whether it has made requests that name their revision.
    modern: bool,
    /// Whether one of them was more than a probe, so that it takes its server for a modern one.
    settled: bool,
}

#[derive(Debug, Default)]
enum Stage {
    #[default]
    Fresh,
    /// `initialize` is sent.
    Opening,
    /// It is answered.
    Opened {
        agreed: Agreed,
        /// The client has said so.
        initialized: bool,
    },
}

#[derive(Debug)]
struct Agreed {
    version: String,
    /// What the server declares.
    server: Option<String>,
}

impl Handshake {
    /// The revision that was agreed on.
    pub(super) fn version(&self) -> Option<&str> {
        match &self.stage {
            Stage::Opened { agreed, .. } => Some(&agreed.version),
            _ => None,
        }
    }

    /// The same, once the client has said that it is ready.
    pub(super) fn operates_in(&self) -> Option<&str> {
        match &self.stage {
            Stage::Opened { agreed, initialized: true } => Some(&agreed.version),
            _ => None,
        }
    }

    /// Whether the client owes answers to its server.
    pub(super) fn owes_answers(&self) -> bool {
        matches!(self.stage, Stage::Opening | Stage::Opened { .. })
    }

    /// Whether the client may answer: also while it does not know of which era its server is.
    pub(super) fn may_answer(&self) -> bool {
        self.owes_answers() || !self.settled
    }

    /// The client asks something.
    pub(super) fn asks(
        &mut self,
        id: &Id,
        method: &str,
        params: &Params<'_>,
        findings: &mut Findings,
    ) {
        let names_revision = params.meta.get(META_VERSION).is_some();
        if method == "initialize" && !names_revision {
            return self.opens(id, params, findings);
        }
        let early = match &self.stage {
            Stage::Fresh if names_revision => {
                self.modern = true;
                self.settled |= method != "server/discover";
                return check_modern(id, method, params, findings);
            }
            Stage::Fresh if self.modern => {
                let what = format!("{method} {id} does not name its revision");
                findings.add(Invariant::Framing, what);
                return;
            }
            _ if names_revision => {
                let what = format!("{method} {id} names a revision within a session");
                findings.add(Invariant::Handshake, what);
                return;
            }
            Stage::Opened { agreed, initialized } => {
                if let Some(needed) = undeclared(method, agreed) {
                    let what = format!("{method} {id} is asked of a server without {needed}");
                    findings.add(Invariant::Capabilities, what);
                }
                (!initialized).then_some("initialized")
            }
            Stage::Fresh => Some("initialize"),
            Stage::Opening => Some("initialize is answered"),
        };
        if let Some(early) = early.filter(|_| method != "ping") {
            findings.add(Invariant::Handshake, format!("{method} {id} is asked before {early}"));
        }
    }

    fn opens(&mut self, id: &Id, params: &Params<'_>, findings: &mut Findings) {
        if !matches!(self.stage, Stage::Fresh) {
            findings.add(Invariant::Handshake, format!("a second initialize, {id}"));
        }
        let info = object(&params.members, "clientInfo");
        let named = info.is_some_and(|info| {
            let text = |name: &str| info.get(name).and_then(reading::text).is_some();
            text("name") && text("version")
        });
        let capabilities = params.members.get("capabilities");
        let declares = object(&params.members, "capabilities").is_some();
        if !named || !declares || params.text("protocolVersion").is_none() {
            let what = format!("initialize {id} lacks what it must have");
            findings.add(Invariant::Framing, what);
        }
        self.client = capabilities.map(String::from);
        self.stage = Stage::Opening;
    }

    /// A request is answered.
    pub(super) fn answered(&mut self, call: &Call, outcome: Result<&str, &str>) {
        if call.method != "initialize" || !matches!(self.stage, Stage::Opening) {
            return;
        }
        self.stage = match outcome.ok().and_then(Members::read) {
            Some(result) => {
                let version = result.get("protocolVersion").and_then(reading::text);
                let server = result.get("capabilities").map(String::from);
                let agreed = Agreed { version: version.unwrap_or_default(), server };
                Stage::Opened { agreed, initialized: false }
            }
            // It may try again.
            None => Stage::Fresh,
        };
    }

    /// The client says that it is ready.
    pub(super) fn initialized(&mut self, findings: &mut Findings) {
        let wrong = match &mut self.stage {
            Stage::Opened { initialized, .. } => {
                core::mem::replace(initialized, true).then_some("comes again")
            }
            _ => Some("comes before initialize is answered"),
        };
        if let Some(wrong) = wrong {
            findings.add(Invariant::Handshake, format!("initialized {wrong}"));
        }
    }

    pub(super) fn roots_changed(&self, findings: &mut Findings) {
        if self.version().is_none() {
            findings.add(Invariant::Handshake, "roots change in no session".into());
        } else if !declares(self.client.as_deref(), &["roots", "listChanged"]) {
            let what = "roots change, which the client did not declare";
            findings.add(Invariant::Capabilities, what.into());
        }
    }
}

/// What a request must have that names its revision itself.
fn check_modern(id: &Id, method: &str, params: &Params<'_>, findings: &mut Findings) {
    let version = params.meta.get(META_VERSION).and_then(reading::text);
    if version.as_deref().is_none_or(|version| LEGACY.contains(&version)) {
        let what = format!("{method} {id} names {version:?}, in which no request does that");
        findings.add(Invariant::Handshake, what);
    }
    if object(&params.meta, META_CAPABILITIES).is_none() {
        findings.add(Invariant::Framing, format!("{method} {id} does not say what its client can"));
    }
    if REMOVED.contains(&method) {
        let what = format!("{method} {id} is not in the revision that it names");
        findings.add(Invariant::Capabilities, what);
    }
}

/// What a request needs and the server did not declare.
fn undeclared(method: &str, agreed: &Agreed) -> Option<&'static str> {
    let needed = match method {
        "logging/setLevel" => "logging",
        "resources/subscribe" | "resources/unsubscribe" => "resources.subscribe",
        "completion/complete" if agreed.version != LEGACY[0] => "completions",
        "tools/list" | "tools/call" => "tools",
        "prompts/list" | "prompts/get" => "prompts",
        "resources/list" | "resources/read" | "resources/templates/list" => "resources",
        _ => return None,
    };
    let way = needed.split('.').collect::<alloc::vec::Vec<_>>();
    (!declares(agreed.server.as_deref(), &way)).then_some(needed)
}

fn declares(declared: Option<&str>, way: &[&str]) -> bool {
    let found = declared.and_then(Members::read).and_then(|members| members.find(way));
    found.is_some_and(|found| found != "false" && found != "null")
}
