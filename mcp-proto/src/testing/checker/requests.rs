//! The client's requests: which are open, how the others ended, and their progress.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    format,
    string::String,
    vec::Vec,
};

use super::{
    Id, Invariant, META_CAPABILITIES, Members, Params, invariant::Findings, logs, results::MAY_ASK,
};

/// A request of the client.
#[derive(Clone, Debug)]
pub(super) struct Request {
    /// The number of its line.
    pub(super) serial: u64,
    pub(super) id: Id,
    pub(super) method: String,
    /// Whether it names its revision itself.
    pub(super) modern: bool,
    pub(super) batch: Option<u64>,
    /// The resource that it is about.
    pub(super) uri: Option<String>,
    /// The tool, the prompt or the resource that it is about.
    pub(super) about: Option<String>,
    /// The state that it brings back, if it may.
    pub(super) state: Option<String>,
    /// What it declares, if it is modern.
    pub(super) capabilities: Option<String>,
    /// From which level on it wants log messages, if it is modern.
    level: Option<usize>,
    token: Option<Id>,
    /// The last progress.
    floor: Option<f64>,
    /// Whether it must be answered. An element of a batch may be answered with its batch alone.
    certain: bool,
    /// Whether it may be answered or not: given up by the server, or cancelled within a batch.
    doubtful: bool,
}

/// All requests of the client.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    open: Vec<Request>,
    ended: BTreeMap<Id, Ended>,
    /// The tokens of those that ended.
    tokens: BTreeMap<Id, Ended>,
    strays: Vec<Stray>,
    /// Requests whose cancellation may still be unread.
    cancelling: BTreeSet<Id>,
    /// The last line that is known to be read.
    read: u64,
    /// Batches, by the number of their line, of which something is in this array.
    touched: BTreeSet<u64>,
}

/// What may be answered with an error besides requests.
#[derive(Debug, PartialEq, Eq)]
enum Stray {
    /// A line that is no message, with its id.
    Line(Option<Id>),
    /// An element of a batch that is no message, with its id.
    Element(Option<Id>),
    /// A batch as a whole, by the number of its line. Most likely its elements are answered.
    Batch(u64),
}

impl Stray {
    fn id(&self) -> Option<&Id> {
        match self {
            Self::Line(id) | Self::Element(id) => id.as_ref(),
            Self::Batch(_) => None,
        }
    }

    fn is_element(&self) -> bool {
        matches!(self, Self::Element(_))
    }
}

/// A response of the server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer<'a> {
    pub(super) id: Option<&'a Id>,
    pub(super) outcome: Result<&'a str, &'a str>,
    pub(super) in_array: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    Concluded,
    Cancelled,
}

impl Request {
    pub(super) fn new(
        serial: u64,
        id: Id,
        method: String,
        modern: bool,
        batch: Option<u64>,
        params: &Params<'_>,
    ) -> Self {
        let meta = |name: &str| params.meta.get(name).filter(|_| modern);
        let uri = params.text("uri");
        let may_go_on = modern && MAY_ASK.contains(&&*method);
        Self {
            serial,
            id,
            modern,
            batch,
            about: params.text("name").or_else(|| uri.clone()),
            uri,
            state: params.text("requestState").filter(|_| may_go_on),
            method,
            capabilities: meta(META_CAPABILITIES).map(String::from),
            level: meta("io.modelcontextprotocol/logLevel").and_then(logs::read),
            token: params.meta.get("progressToken").and_then(Id::read),
            floor: None,
            certain: batch.is_none(),
            doubtful: false,
        }
    }
}

impl Ledger {
    pub(super) fn open(&mut self, request: Request, findings: &mut Findings) {
        let mut same = self.open.iter().filter(|other| other.id == request.id);
        let hidden = |other: &Request| other.serial > self.read || other.batch.is_some();
        if same.any(hidden) || self.cancelling.contains(&request.id) {
            // An id that comes again before it is known what became of it: which of its requests
            // is answered, and which is refused or cancelled, is not to be told. An element of a
            // batch may be answered long before the batch is.
            findings.mute();
        }
        self.open.push(request);
    }

    /// A line, or an element of a batch, that is no message: it may be answered with an error.
    pub(super) fn stray(&mut self, id: Option<Id>, element: bool) {
        self.strays.push(if element { Stray::Element(id) } else { Stray::Line(id) });
    }

    /// A batch that is served, unless it is refused as a whole because the session is over.
    pub(super) fn open_batch(&mut self, number: u64) {
        self.strays.push(Stray::Batch(number));
    }

    /// The last line that is known to be read.
    pub(super) fn read(&self) -> u64 {
        self.read
    }

    /// A cancellation was sent, and may be unread for now.
    pub(super) fn cancelling(&mut self, id: &Id) {
        self.cancelling.insert(id.clone());
    }

    /// All lines up to this one were read: what was to be refused has been.
    pub(super) fn processed(&mut self, serial: u64) {
        self.read = serial;
        for stray in core::mem::take(&mut self.strays) {
            match stray {
                Stray::Batch(number) => {
                    let elements = self.open.iter_mut();
                    for request in elements.filter(|request| request.batch == Some(number)) {
                        request.certain = true;
                    }
                }
                // Its error leaves with its batch.
                Stray::Element(_) => self.strays.push(stray),
                Stray::Line(_) => {}
            }
        }
        self.cancelling.clear();
    }

    /// A cancellation was read: of a request that was sent before it, or in one batch with it, and
    /// is not `initialize`.
    pub(super) fn cancel(&mut self, id: &Id, until: u64) -> Option<Request> {
        let place = self.open.iter().position(|request| {
            let lasting = request.method == "initialize" && !request.modern;
            request.id == *id && request.serial <= until && !lasting && !request.doubtful
        })?;
        if self.open[place].batch.is_some() {
            // Its answer may be waiting for the rest of its batch.
            self.open[place].doubtful = true;
            return None;
        }
        Some(self.end(place, Ended::Cancelled))
    }

    /// The server ends before these requests do.
    pub(super) fn give_up(&mut self, id: &Id) {
        for request in self.open.iter_mut().filter(|request| request.id == *id) {
            request.doubtful = true;
        }
    }

    /// The request that is answered. `None` if it is none, which may be right or wrong.
    pub(super) fn answered(
        &mut self,
        answer: Answer<'_>,
        id_bytes_max: usize,
        findings: &mut Findings,
    ) -> Option<Request> {
        let Answer { id: Some(id), outcome, .. } = answer else {
            self.answered_without_id(answer.in_array, id_bytes_max, findings);
            return None;
        };
        let refused = outcome.is_err_and(|error| code(error) == Some(-32600));
        let named = || (0..self.open.len()).filter(|place| self.open[*place].id == *id);
        let (first, last) = (named().next(), named().next_back());
        let stray = self
            .strays
            .iter()
            .position(|stray| stray.id() == Some(id) && stray.is_element() == answer.in_array);
        if let Some(stray) = stray
            && outcome.is_err()
            && (refused || first.is_none())
        {
            self.strays.remove(stray);
            return None;
        }
        // The id of an element may be free again before its batch is answered.
        let hidden = named().any(|place| self.open[place].batch.is_some());
        if first != last && (hidden || self.cancelling.contains(id)) {
            findings.mute();
        }
        // A second request with the id of an open one is refused.
        let Some(place) = last.filter(|_| refused).or(first) else {
            let (invariant, what) = match self.ended.get(id) {
                Some(Ended::Cancelled) => (Invariant::SilenceAfterCancel, "was cancelled"),
                Some(Ended::Concluded) => (Invariant::OneConclusion, "was answered before"),
                None => (Invariant::NoReplyToNothing, "is no request"),
            };
            findings.add(invariant, format!("an answer to {id}, which {what}"));
            return None;
        };
        Some(self.end(place, Ended::Concluded))
    }

    fn answered_without_id(
        &mut self,
        in_array: bool,
        id_bytes_max: usize,
        findings: &mut Findings,
    ) {
        let unfit = self.open.iter().position(|request| {
            request.id.byte_len() > id_bytes_max && request.batch.is_some() == in_array
        });
        let may_be = |stray: &Stray| stray.is_element() == in_array;
        let whole = |stray: &Stray| matches!(stray, Stray::Batch(_));
        let likely = self.strays.iter().position(|stray| may_be(stray) && !whole(stray));
        let stray = likely.or_else(|| self.strays.iter().position(may_be));
        let only = self.strays.iter().filter(|stray| may_be(stray)).count() == 1;
        if let Some(place) = unfit {
            self.end(place, Ended::Concluded);
        } else if let Some(place) = stray {
            let stray = self.strays.remove(place);
            if let (true, Stray::Batch(number)) = (only, stray) {
                self.open.retain(|request| request.batch != Some(number));
            }
        } else {
            findings.add(Invariant::NoReplyToNothing, "an error without an id".into());
        }
    }

    fn end(&mut self, place: usize, ended: Ended) -> Request {
        let request = self.open.remove(place);
        self.ended.insert(request.id.clone(), ended);
        if let Some(token) = &request.token {
            self.tokens.insert(token.clone(), ended);
        }
        self.touched.extend(request.batch);
        request
    }

    /// An array begins.
    pub(super) fn begin_array(&mut self) {
        self.touched.clear();
    }

    /// An array has ended: it is the whole answer to one batch.
    pub(super) fn end_array(&mut self, findings: &mut Findings) {
        if self.touched.len() > 1 {
            findings.add(Invariant::Framing, "one array answers two batches".into());
        }
        let touched = core::mem::take(&mut self.touched);
        let is_over = |request: &Request| request.batch.is_some_and(|b| touched.contains(&b));
        let cancelling = &self.cancelling;
        self.open.retain(|request| !(is_over(request) && request.doubtful));
        let missing =
            self.open.iter().find(|request| is_over(request) && !cancelling.contains(&request.id));
        if let Some(request) = missing {
            let what = format!("{} is not answered with its batch", request.id);
            findings.add(Invariant::Framing, what);
        }
    }

    /// Nothing that was read is left to be answered but what is in `waiting` and, if `listening`,
    /// subscriptions.
    pub(super) fn settled(&self, waiting: &[Id], listening: bool, findings: &mut Findings) {
        let at_work = self.open.iter().filter(|request| waiting.contains(&request.id));
        let held: BTreeSet<u64> = at_work.filter_map(|request| request.batch).collect();
        let must_be_over = |request: &&Request| {
            let listens = request.modern && request.method == "subscriptions/listen";
            let read = request.serial <= self.read;
            let waits = listens && listening
                || waiting.contains(&request.id)
                || request.batch.is_some_and(|batch| held.contains(&batch));
            request.certain && read && !waits && !request.doubtful
        };
        for request in self.open.iter().filter(must_be_over) {
            let what = format!("{} {} has no conclusion", request.method, request.id);
            findings.add(Invariant::OneConclusion, what);
        }
    }

    /// Whether a modern request wants log messages of this level.
    pub(super) fn wants_log(&self, level: usize) -> bool {
        self.open.iter().any(|request| request.level.is_some_and(|wanted| wanted <= level))
    }

    pub(super) fn progressed(&mut self, params: &Params<'_>, findings: &mut Findings) {
        let token = params.members.get("progressToken").and_then(Id::read);
        let value = params.members.get("progress").and_then(|text| text.parse::<f64>().ok());
        let Some((token, value)) = token.zip(value) else {
            findings.add(Invariant::Framing, "progress without a token or a value".into());
            return;
        };
        let mut named: Vec<&mut Request> =
            self.open.iter_mut().filter(|request| request.token.as_ref() == Some(&token)).collect();
        if named.is_empty() {
            let (invariant, what) = match self.tokens.get(&token) {
                Some(Ended::Cancelled) => (Invariant::SilenceAfterCancel, "was cancelled"),
                Some(Ended::Concluded) => (Invariant::Progress, "is answered"),
                None => (Invariant::Progress, "is unknown"),
            };
            findings.add(invariant, format!("progress of {token}, which {what}"));
        } else if named.iter().all(|request| request.floor.is_some_and(|floor| value <= floor)) {
            findings.add(Invariant::Progress, format!("{token} is at {value} again"));
        } else if let [request] = &mut named[..] {
            // With one token for two requests it is not to be told which of them goes on.
            request.floor = Some(value);
        }
    }
}

/// The code of an error.
pub(super) fn code(error: &str) -> Option<i64> {
    Members::read(error)?.get("code")?.parse().ok()
}
