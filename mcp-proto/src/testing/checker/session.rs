//! The handshake, and what was declared in it.

use alloc::{collections::BTreeMap, format, string::String};

use super::{
    Expectations, Id, Invariant, LEGACY, Members, Params, invariant::Findings, reading,
    requests::Request,
};

/// The session of a pipe.
#[derive(Debug, Default)]
pub(super) struct Session {
    /// What was offered in each `initialize`, by the number of its line.
    offers: BTreeMap<u64, Offer>,
    agreed: Option<Agreed>,
    initialized: bool,
}

#[derive(Clone, Debug)]
struct Offer {
    version: Option<String>,
    capabilities: Option<String>,
}

#[derive(Debug)]
struct Agreed {
    version: String,
    client: Option<String>,
    server: Option<String>,
}

impl Session {
    /// The revision that was agreed on.
    pub(super) fn version(&self) -> Option<&str> {
        self.agreed.as_ref().map(|agreed| &*agreed.version)
    }

    pub(super) fn sent(&mut self, request: &Request, params: &Params<'_>) {
        if request.method == "initialize" {
            let offer = Offer {
                version: params.text("protocolVersion"),
                capabilities: params.members.get("capabilities").map(String::from),
            };
            self.offers.insert(request.serial, offer);
        }
    }

    /// Whether an `initialize` was sent after the line `read`.
    pub(super) fn is_opening(&self, read: u64) -> bool {
        self.offers.range(read + 1..).next().is_some()
    }

    /// The client says that it is ready.
    pub(super) fn initialized(&mut self) {
        self.initialized |= !self.offers.is_empty();
    }

    /// Whether the session is in operation.
    pub(super) fn is_operating(&self) -> bool {
        self.initialized && self.agreed.is_some()
    }

    /// A request without a revision of its own is answered.
    pub(super) fn answered(
        &mut self,
        request: &Request,
        outcome: Result<&str, &str>,
        expected: &Expectations,
        findings: &mut Findings,
    ) {
        let Ok(result) = outcome else { return };
        if request.method == "initialize" {
            self.opened(request, result, expected, findings);
        } else if self.agreed.is_none() && request.method != "ping" {
            let what = format!("{} is served before initialize", request.method);
            findings.add(Invariant::Handshake, what);
        }
    }

    fn opened(
        &mut self,
        request: &Request,
        result: &str,
        expected: &Expectations,
        findings: &mut Findings,
    ) {
        if self.agreed.is_some() {
            findings.add(Invariant::Handshake, "a second initialize is served".into());
        }
        let result = Members::read(result).unwrap_or_default();
        let version = result.get("protocolVersion").and_then(reading::text).unwrap_or_default();
        let served =
            |version: &str| LEGACY.contains(&version) && expected.versions.contains(&version);
        let offer = self.offers.get(&request.serial);
        let wanted = offer.and_then(|offer| offer.version.as_deref());
        let exact = wanted.is_none_or(|wanted| !served(wanted) || wanted == version);
        if !served(&version) || !exact {
            let what = format!("{wanted:?} was offered and {version:?} is answered");
            findings.add(Invariant::Handshake, what);
        }
        self.agreed = Some(Agreed {
            version,
            client: offer.and_then(|offer| offer.capabilities.clone()),
            server: result.get("capabilities").map(String::from),
        });
    }

    /// The server asks something.
    pub(super) fn asked(
        &self,
        id: &Id,
        method: &str,
        params: &Params<'_>,
        findings: &mut Findings,
    ) {
        let Some(agreed) = &self.agreed else {
            findings.add(Invariant::Handshake, format!("{method} {id} is asked in no session"));
            return;
        };
        if !self.initialized && method != "ping" {
            let what = format!("{method} {id} is asked before initialized");
            findings.add(Invariant::Handshake, what);
        }
        if let Some(needed) = undeclared(method, &params.members, agreed.client.as_deref()) {
            let what = format!("{method} {id} is asked of a client without {needed}");
            findings.add(Invariant::Capabilities, what);
        }
    }

    /// Whether there is a session, which then must have log messages declared.
    pub(super) fn logs(&self, findings: &mut Findings) -> bool {
        if self.agreed.is_some() && !self.declares(&["logging"]) {
            findings.add(Invariant::Capabilities, "a log message without `logging`".into());
        }
        self.agreed.is_some()
    }

    /// Whether the server declared this.
    pub(super) fn declares(&self, way: &[&str]) -> bool {
        let declared = self.agreed.as_ref().and_then(|agreed| agreed.server.as_deref());
        let found = declared.and_then(Members::read).and_then(|members| members.find(way));
        found.is_some_and(|found| found != "false" && found != "null")
    }
}

/// What a question needs and a client did not declare.
pub(super) fn undeclared(
    method: &str,
    params: &Members<'_>,
    declared: Option<&str>,
) -> Option<&'static str> {
    let declared = declared.and_then(Members::read).unwrap_or_default();
    let has = |way: &[&str]| declared.find(way).is_some_and(|found| found != "null");
    let url = || params.get("mode").and_then(reading::text).as_deref() == Some("url");
    let (needed, found) = match method {
        "elicitation/create" if url() => ("elicitation.url", has(&["elicitation", "url"])),
        "elicitation/create" => {
            let form = has(&["elicitation", "form"]) || !has(&["elicitation", "url"]);
            ("elicitation", has(&["elicitation"]) && form)
        }
        "sampling/createMessage" => ("sampling", has(&["sampling"])),
        "roots/list" => ("roots", has(&["roots"])),
        _ => return None,
    };
    (!found).then_some(needed)
}
