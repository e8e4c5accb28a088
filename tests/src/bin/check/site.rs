//! A server at a URL, message by message.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    net::{Shutdown, TcpStream},
    slice,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::Duration,
};

use mcp_proto::{
    Version,
    testing::{
        Remote,
        checker::{Asked, Exchanges, Violation},
    },
};
use mcp_tests::http::{Answer, Http};
use serde_json::{Value, json};

/// How long a stream may be silent. It is closed at the end of the visit.
const SILENCE: Duration = Duration::from_hours(1);
/// How often a stream that has ended before its answer is gone on with.
const RESUMPTIONS_MAX: usize = 8;
/// The pause before that, where the server names none, and the longest that it may name.
const PAUSE: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// A server at a URL. What is written goes there in a POST for each line; what comes in answer, and
/// on the stream of the session, are its lines.
///
/// An exchange concludes its request, so that an answer without the request's id gets that, and a
/// status alone counts as an error. A call that is cancelled is listened to no more.
pub(crate) struct Site {
    common: Arc<Common>,
    lines: Receiver<String>,
    /// What has been written of a line.
    begun: Vec<u8>,
    /// For the next exchanges; `None` after the end.
    sender: Option<Sender<String>>,
}

/// What the exchanges of a site share.
struct Common {
    url: String,
    version: Version,
    patience: Duration,
    session: Mutex<Option<String>>,
    /// The connections that are open, by the texts of the ids of requests; `None` after the end.
    open: Mutex<Option<BTreeMap<String, (u64, TcpStream)>>>,
    /// The ids of requests that are listened to no more.
    cancelled: Mutex<BTreeSet<String>>,
    watched: Mutex<Exchanges>,
    exchanges: AtomicU64,
    /// It cannot be reached.
    gone: AtomicBool,
}

/// One message on its way, and what it is to hear.
struct Exchange {
    common: Arc<Common>,
    number: u64,
    sender: Sender<String>,
    /// The ids of the requests that are not answered.
    owed: Vec<Value>,
    /// It asks for nothing, so that a refusal answers nothing either: it is the exchange's alone.
    is_told: bool,
    /// The answers to a batch, which are one line like the batch itself.
    batch: Option<Vec<Value>>,
    last_event: Option<String>,
    pause: Duration,
}

impl Site {
    /// A client of one visit. What a server owes is waited for so long.
    pub(crate) fn new(url: &str, version: Version, patience: Duration) -> Self {
        let (sender, lines) = channel();
        let common = Common {
            url: url.into(),
            version,
            patience,
            session: Mutex::default(),
            open: Mutex::new(Some(BTreeMap::new())),
            cancelled: Mutex::default(),
            watched: Mutex::default(),
            exchanges: AtomicU64::new(0),
            gone: AtomicBool::new(false),
        };
        Self { common: Arc::new(common), lines, begun: Vec::new(), sender: Some(sender) }
    }

    /// What was wrong with the exchanges.
    pub(crate) fn violations(&self) -> Vec<Violation> {
        lock(&self.common.watched).violations().to_vec()
    }

    fn post(&mut self, line: String) {
        let Some(sender) = self.sender.clone() else { return };
        let message: Value = serde_json::from_str(&line).unwrap_or_default();
        let cancelled = cancelled(&message);
        lock(&self.common.cancelled).extend(cancelled.iter().cloned());
        if self.common.is_stateless() && !cancelled.is_empty() {
            return self.common.close(&cancelled);
        }
        let exchange = Exchange {
            number: self.common.number(),
            owed: requests(&message),
            is_told: is_told(&message),
            batch: message.is_array().then(Vec::new),
            sender: sender.clone(),
            common: self.common.clone(),
            last_event: None,
            pause: PAUSE,
        };
        let waits = is_waited_for(&message, &exchange.owed);
        let begins = message["method"] == "notifications/initialized";
        // From here on it can be cancelled.
        let Ok(http) = exchange.connect() else { return };
        let (begun, end) = channel();
        thread::spawn(move || {
            exchange.carry(http, "POST", &fields(&message), &line, None);
            drop(begun);
        });
        if waits {
            let _: Result<(), _> = end.recv_timeout(self.common.patience);
        }
        self.common.close(&cancelled);
        if begins {
            self.listen(sender);
        }
    }

    /// Opens the stream of the session, if there is one.
    fn listen(&self, sender: Sender<String>) {
        let common = self.common.clone();
        let number = common.number();
        let exchange = Exchange {
            common,
            number,
            sender,
            owed: Vec::new(),
            is_told: true,
            batch: None,
            last_event: None,
            pause: PAUSE,
        };
        let Ok(http) = exchange.connect() else { return };
        let (begun, head) = channel();
        thread::spawn(move || exchange.carry(http, "GET", &[], "", Some(begun)));
        let _ = head.recv_timeout(self.common.patience);
    }
}

impl Remote for Site {
    fn write(&mut self, bytes: &[u8]) {
        self.begun.extend_from_slice(bytes);
        while let Some(end) = self.begun.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.begun.drain(..=end).collect();
            self.post(String::from_utf8_lossy(&line[..end]).into_owned());
        }
    }

    fn read_line(&mut self, owed: bool) -> Option<String> {
        if owed && !self.is_over() {
            self.lines.recv_timeout(self.common.patience).ok()
        } else {
            self.lines.try_recv().ok()
        }
    }

    fn close(&mut self) {
        // Whoever still sends has its connection closed, so that the lines come to an end.
        self.sender = None;
        self.common.close_all();
        let session = lock(&self.common.session).take();
        if let Some(session) = session
            && let Ok(mut http) = Http::connect(&self.common.url, self.common.patience)
        {
            let _ = http.send("DELETE", &[("mcp-session-id", &session)], "");
        }
    }

    fn is_over(&self) -> bool {
        self.common.gone.load(Ordering::Relaxed)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.common.close_all();
    }
}

impl Common {
    fn number(&self) -> u64 {
        self.exchanges.fetch_add(1, Ordering::Relaxed)
    }

    fn is_stateless(&self) -> bool {
        self.version == Version::V2026_07_28
    }

    /// Closes the connections of requests, as far as they are open.
    fn close(&self, ids: &[String]) {
        for id in ids {
            let open = lock(&self.open).as_mut().and_then(|open| open.remove(id));
            if let Some(connection) = open {
                self.drop_connection(&connection);
            }
        }
    }

    /// Closes all, and opens none any more.
    fn close_all(&self) {
        let open = lock(&self.open).take().unwrap_or_default();
        for connection in open.values() {
            self.drop_connection(connection);
        }
    }

    fn drop_connection(&self, (number, stream): &(u64, TcpStream)) {
        lock(&self.watched).gone(*number);
        // It fails where the server was faster.
        let _ = stream.shutdown(Shutdown::Both);
    }

    /// The fields of every request.
    fn fields(&self, own: &[(&'static str, String)]) -> Vec<(&'static str, String)> {
        let mut fields = vec![
            ("accept", "application/json, text/event-stream".into()),
            ("mcp-protocol-version", self.version.to_string()),
        ];
        fields.extend(lock(&self.session).clone().map(|session| ("mcp-session-id", session)));
        fields.extend_from_slice(own);
        fields
    }
}

impl Exchange {
    /// Sends the request and hands on what comes, until everything is answered.
    fn carry(
        mut self,
        http: Http,
        method: &str,
        own: &[(&'static str, String)],
        body: &str,
        begun: Option<Sender<()>>,
    ) {
        let mut outcome = self.exchange(http, method, own, body, begun);
        for _ in 0..RESUMPTIONS_MAX {
            let (Ok(()), Some(last)) = (&outcome, self.last_event.clone()) else { break };
            let cancelled = lock(&self.common.cancelled).clone();
            self.owed.retain(|id| !cancelled.contains(&id.to_string()));
            if self.owed.is_empty() {
                break;
            }
            thread::park_timeout(self.pause);
            self.number = self.common.number();
            outcome = self
                .connect()
                .and_then(|http| self.exchange(http, "GET", &[("last-event-id", last)], "", None));
        }
        if let Some(answers) = self.batch.take().filter(|answers| !answers.is_empty()) {
            let _ = self.sender.send(Value::from(answers).to_string());
        }
    }

    /// A connection, which can be closed from now on.
    fn connect(&self) -> io::Result<Http> {
        let connected = Http::connect(&self.common.url, SILENCE);
        self.common.gone.fetch_or(connected.is_err(), Ordering::Relaxed);
        let http = connected?;
        let mut open = lock(&self.common.open);
        let open = open.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        open.insert(self.key(), (self.number, http.handle()?));
        Ok(http)
    }

    /// What its connection is found by: the request, if that is all that there is on it.
    fn key(&self) -> String {
        match (self.owed.as_slice(), &self.batch) {
            ([id], None) => id.to_string(),
            _ => format!("exchange {}", self.number),
        }
    }

    /// Tells the one who watches, unless the connection has been closed.
    fn watch(&self, tell: impl FnOnce(&mut Exchanges)) {
        let open = lock(&self.common.open);
        let mut numbers = open.iter().flatten().map(|(_, connection)| connection.0);
        if numbers.any(|number| number == self.number) {
            tell(&mut lock(&self.common.watched));
        }
    }

    fn exchange(
        &mut self,
        mut http: Http,
        method: &str,
        own: &[(&'static str, String)],
        body: &str,
        begun: Option<Sender<()>>,
    ) -> io::Result<()> {
        let (common, key) = (self.common.clone(), self.key());
        let fields = common.fields(own);
        let owned = fields.iter().map(|(name, value)| ((*name).into(), value.clone()));
        let asked = Asked {
            method: method.into(),
            fields: owned.collect(),
            subject: None,
            body: body.into(),
        };
        self.watch(|watched| watched.asked(self.number, asked));
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, v)| (*name, &**v)).collect();
        let heard = http.send(method, &fields, body).and_then(|mut answer| {
            if let Some(session) = answer.field("mcp-session-id") {
                *lock(&common.session) = Some(session.into());
            }
            if let Some(begun) = begun {
                let _ = begun.send(());
            }
            self.hear(&mut http, &mut answer)
        });
        if let Some(open) = lock(&common.open).as_mut() {
            open.remove(&key);
        }
        heard
    }

    fn hear(&mut self, http: &mut Http, answer: &mut Answer) -> io::Result<()> {
        let status = answer.status;
        if !answer.is_stream() {
            let body = http.body(answer)?;
            let session = answer.field("mcp-session-id").map(String::from);
            self.watch(|watched| {
                watched.responded(self.number, status, session.as_deref(), &body);
            });
            self.conclude(status, &body);
            return Ok(());
        }
        self.watch(|watched| watched.opened(self.number, status));
        while let Some(event) = http.event(answer)? {
            if let Some(pause) = event.retry {
                self.pause = Duration::from_millis(pause).min(PAUSE_MAX);
            }
            let id = event.id.as_ref().map(|id| format!("id: {id}\n")).unwrap_or_default();
            let frame = format!("{id}event: message\ndata: {}\n\n", event.data);
            self.watch(|watched| watched.wrote(self.number, &frame));
            self.last_event = event.id.or(self.last_event.take());
            if !event.data.is_empty() {
                self.tell(event.data);
            }
        }
        self.watch(|watched| watched.finished(self.number));
        Ok(())
    }

    /// A whole response: whatever it says, it is all that its request gets.
    fn conclude(&mut self, status: u16, body: &str) {
        let mut message: Value = serde_json::from_str(body).unwrap_or_default();
        let is_refusal = message["error"].is_object() && message["id"].is_null();
        match (self.owed.as_slice(), &self.batch) {
            ([id], None) if is_refusal => message["id"] = id.clone(),
            // It is refused as a whole.
            (_, Some(_)) if is_refusal => self.owed.clear(),
            _ => {}
        }
        if (message.is_object() || message.is_array()) && !(self.is_told && is_refusal) {
            self.tell(message.to_string());
        }
        for id in std::mem::take(&mut self.owed) {
            let error = json!({"code": -32603, "message": format!("HTTP status {status} alone")});
            self.tell(json!({"jsonrpc": "2.0", "id": id, "error": error}).to_string());
        }
    }

    /// Hands a line on, and notes what it answers.
    fn tell(&mut self, line: String) {
        let message: Value = serde_json::from_str(&line).unwrap_or_default();
        let answers = messages(&message).iter().filter(|each| each["method"].is_null());
        let answers: Vec<Value> = answers.cloned().collect();
        self.owed.retain(|id| answers.iter().all(|answer| *id != answer["id"]));
        let cancelled = lock(&self.common.cancelled).clone();
        let wanted = |answer: &Value| !cancelled.contains(&answer["id"].to_string());
        match &mut self.batch {
            Some(batch) if answers.iter().any(|answer| !answer["id"].is_null()) => {
                batch.extend(answers.into_iter().filter(wanted));
            }
            _ if !answers.iter().all(wanted) => {}
            _ => {
                let _ = self.sender.send(line);
            }
        }
    }
}

/// The messages of a line: one, or those of a batch.
fn messages(line: &Value) -> &[Value] {
    line.as_array().map_or(slice::from_ref(line), Vec::as_slice)
}

/// The ids of the requests in a message or a batch, as far as they can be ids.
fn requests(message: &Value) -> Vec<Value> {
    let requests = messages(message).iter().filter(|each| each["method"].is_string());
    let ids = requests.map(|each| &each["id"]);
    ids.filter(|id| id.is_string() || id.is_i64() || id.is_u64()).cloned().collect()
}

/// Whether nothing else is sent before the end of this: what changes the session must not be
/// overtaken, and what is no good request may be answered out of turn.
fn is_waited_for(message: &Value, owed: &[Value]) -> bool {
    let changes =
        ["initialize", "logging/setLevel", "resources/subscribe", "resources/unsubscribe"];
    let is_good =
        message.is_array() || message["jsonrpc"] == "2.0" && !message["params"].is_array();
    owed.is_empty() || !is_good || changes.iter().any(|method| message["method"] == *method)
}

/// The texts of the ids that a message or a batch cancels.
fn cancelled(message: &Value) -> Vec<String> {
    let all = messages(message).iter();
    let cancels = all.filter(|each| each["method"] == "notifications/cancelled");
    cancels.map(|each| each["params"]["requestId"].to_string()).collect()
}

/// Whether a message is a notification or a response.
fn is_told(message: &Value) -> bool {
    let asks = message["method"].is_string() && message.get("id").is_some();
    message["jsonrpc"] == "2.0" && !asks
}

/// The fields that a message has of its own: what mirrors it, where there is no session.
fn fields(message: &Value) -> Vec<(&'static str, String)> {
    let mut fields = vec![("content-type", "application/json".into())];
    if let Some(method) = message["method"].as_str() {
        let params = &message["params"];
        fields.push(("mcp-method", method.into()));
        let name = params["name"].as_str().or(params["uri"].as_str());
        fields.extend(name.map(|name| ("mcp-name", name.into())));
    }
    fields
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
