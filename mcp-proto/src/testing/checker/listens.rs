//! What the client hears of changes: for a session, and for each `subscriptions/listen`.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    format,
    string::String,
    vec::Vec,
};

use super::{
    Id, Invariant, Members, Params, invariant::Findings, requests::Request, session::Session,
};

const TAG: &str = "io.modelcontextprotocol/subscriptionId";

/// All that the client listens to.
#[derive(Debug, Default)]
pub(super) struct Listens {
    open: Vec<Listen>,
    /// The ids of those that ended, and whether the client cancelled them.
    ended: BTreeMap<Id, bool>,
    /// Resources that the session watches, with the number of the line that said so.
    watched: BTreeMap<String, u64>,
}

#[derive(Debug)]
struct Listen {
    id: Id,
    wanted: Filter,
    acknowledged: Option<Filter>,
}

/// What a listen is told of.
#[derive(Debug, Default)]
struct Filter {
    lists: BTreeSet<&'static str>,
    uris: BTreeSet<String>,
}

impl Filter {
    fn read(params: &Params<'_>) -> Self {
        let filter = params.members.get("notifications").and_then(Members::read);
        let Some(filter) = filter else { return Self::default() };
        let lists = ["tools", "prompts", "resources"]
            .into_iter()
            .filter(|list| filter.get(&format!("{list}ListChanged")) == Some("true"));
        let uris = filter
            .get("resourceSubscriptions")
            .and_then(|uris| serde_json::from_str::<BTreeSet<String>>(uris).ok());
        Self { lists: lists.collect(), uris: uris.unwrap_or_default() }
    }

    fn is_within(&self, other: &Self) -> bool {
        self.lists.is_subset(&other.lists) && self.uris.is_subset(&other.uris)
    }
}

impl Listens {
    pub(super) fn sent(&mut self, request: &Request, params: &Params<'_>) {
        if is_listen(request) {
            let (id, wanted) = (request.id.clone(), Filter::read(params));
            self.open.push(Listen { id, wanted, acknowledged: None });
        }
    }

    /// A session watches a resource from the line on that says so.
    pub(super) fn subscribed(&mut self, request: &Request) {
        if let ("resources/subscribe", Some(uri)) = (&*request.method, &request.uri) {
            self.watched.insert(uri.clone(), request.serial);
        }
    }

    /// A session watches a resource no longer once it was told so, unless a later line wants it.
    pub(super) fn answered(&mut self, request: &Request, granted: bool) {
        if let ("resources/unsubscribe", Some(uri), true) =
            (&*request.method, &request.uri, granted)
            && self.watched.get(uri).is_some_and(|since| *since < request.serial)
        {
            self.watched.remove(uri);
        }
    }

    pub(super) fn open(&self) -> impl Iterator<Item = &Id> {
        self.open.iter().map(|listen| &listen.id)
    }

    /// Whether the id is, or was, that of a listen.
    pub(super) fn is_known(&self, id: &Id) -> bool {
        self.ended.contains_key(id) || self.open.iter().any(|listen| listen.id == *id)
    }

    /// The client has cancelled a request.
    pub(super) fn cancelled(&mut self, id: &Id) {
        if let Some(place) = self.open.iter().position(|listen| listen.id == *id) {
            self.open.remove(place);
            self.ended.insert(id.clone(), true);
        }
    }

    /// A request is answered: if it is a listen, that is its end.
    pub(super) fn concluded(
        &mut self,
        request: &Request,
        outcome: Result<&str, &str>,
        findings: &mut Findings,
    ) {
        if !is_listen(request) {
            return;
        }
        let id = &request.id;
        let same = |listen: &&Listen| listen.id == *id;
        // A second listen with the id of an open one is refused.
        let place = match outcome {
            Ok(_) => self.open.iter().position(|listen| same(&listen)),
            Err(_) => self.open.iter().rposition(|listen| same(&listen)),
        };
        let Some(listen) = place.map(|place| self.open.remove(place)) else { return };
        let tag = |result: &str| Members::read(result)?.find(&["_meta", TAG]).and_then(Id::read);
        let wrong = match outcome {
            Ok(_) if listen.acknowledged.is_none() => "is answered before it is acknowledged",
            Ok(result) if tag(result).as_ref() != Some(id) => "ends with another's tag",
            Err(_) if listen.acknowledged.is_some() => "ends with an error",
            _ => "",
        };
        if !wrong.is_empty() {
            findings.add(Invariant::RightPlace, format!("the listen {id} {wrong}"));
        }
        self.ended.insert(id.clone(), false);
    }

    /// A notification that is not about a call.
    pub(super) fn told(
        &mut self,
        method: &str,
        params: &Params<'_>,
        session: &Session,
        findings: &mut Findings,
    ) {
        let Some(subject) = Subject::of(method, params) else { return };
        let Some(tag) = params.meta.get(TAG) else {
            return self.told_to_session(&subject, session, findings);
        };
        let Some(id) = Id::read(tag) else {
            findings.add(Invariant::Framing, format!("{tag} is no subscriptionId"));
            return;
        };
        let begins = subject == Subject::Acknowledged;
        let mut named = self.open.iter_mut().filter(|listen| listen.id == id);
        let found = named.find(|listen| !begins || listen.acknowledged.is_none());
        let Some(listen) = found else {
            let cancelled = self.ended.get(&id) == Some(&true);
            let invariant =
                if cancelled { Invariant::SilenceAfterCancel } else { Invariant::RightPlace };
            findings.add(invariant, format!("{method} for {id}, which does not listen"));
            return;
        };
        if begins {
            let filter = Filter::read(params);
            if !filter.is_within(&listen.wanted) {
                let what = format!("{id} is acknowledged for more than it wanted");
                findings.add(Invariant::RightPlace, what);
            }
            listen.acknowledged = Some(filter);
        } else if !listen.acknowledged.as_ref().is_some_and(|filter| subject.is_in(filter)) {
            let what = format!("{method} for {id}, which was not acknowledged for it");
            findings.add(Invariant::RightPlace, what);
        }
    }

    fn told_to_session(&self, subject: &Subject, session: &Session, findings: &mut Findings) {
        match subject {
            Subject::Acknowledged => {
                let what = "an acknowledgement without a subscriptionId";
                findings.add(Invariant::RightPlace, what.into());
            }
            Subject::List(list) => {
                if !session.is_operating() {
                    let what = format!("{list} have changed, before the handshake is over");
                    findings.add(Invariant::Handshake, what);
                } else if !session.declares(&[list, "listChanged"]) {
                    let what = format!("{list} have changed, which was not declared");
                    findings.add(Invariant::Capabilities, what);
                }
            }
            Subject::Resource(uri) => {
                if !self.watched.contains_key(uri) {
                    let what = format!("{uri:?} has changed, which nobody watches");
                    findings.add(Invariant::RightPlace, what);
                }
            }
            Subject::Elicitation => {
                if session.version() != Some("2025-11-25") {
                    let what = "an elicitation is complete, in a revision without that";
                    findings.add(Invariant::Capabilities, what.into());
                }
            }
        }
    }
}

/// Whether a request may begin a subscription: in a batch it is refused.
fn is_listen(request: &Request) -> bool {
    request.method == "subscriptions/listen" && request.batch.is_none()
}

/// What a notification is about.
#[derive(Debug, PartialEq, Eq)]
enum Subject {
    Acknowledged,
    List(&'static str),
    Resource(String),
    Elicitation,
}

impl Subject {
    /// `None` for notifications that are an application's own.
    fn of(method: &str, params: &Params<'_>) -> Option<Self> {
        Some(match method {
            "notifications/subscriptions/acknowledged" => Self::Acknowledged,
            "notifications/tools/list_changed" => Self::List("tools"),
            "notifications/prompts/list_changed" => Self::List("prompts"),
            "notifications/resources/list_changed" => Self::List("resources"),
            "notifications/resources/updated" => {
                Self::Resource(params.text("uri").unwrap_or_default())
            }
            "notifications/elicitation/complete" => Self::Elicitation,
            _ => return None,
        })
    }

    fn is_in(&self, filter: &Filter) -> bool {
        match self {
            Self::Acknowledged | Self::Elicitation => false,
            Self::List(list) => filter.lists.contains(list),
            Self::Resource(uri) => filter.uris.contains(uri),
        }
    }
}
