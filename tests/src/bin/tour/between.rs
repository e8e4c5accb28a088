//! Between our client and a server over HTTP: passes on what they send, and says what it was.

use std::{
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::Duration,
};

use mcp_tests::http::{Answer, Event, Http};

use crate::tape::{Line, Tape};

/// The field that names a session.
const SESSION: &str = "mcp-session-id";

/// A request, and what comes back of it.
pub(crate) struct Exchange {
    /// The method of HTTP, and the fields of the protocol's own.
    pub(crate) head: Line,
    /// The message, if there is one.
    pub(crate) message: Option<Line>,
    /// The head of the answer, then message by message.
    pub(crate) answer: Arc<Tape>,
}

/// A server's stand-in, for the client to connect to.
pub(crate) struct Between {
    url: String,
    cut: Arc<AtomicBool>,
    exchanges: Receiver<Exchange>,
}

impl Between {
    /// Stands in for the server at a URL until the program ends.
    pub(crate) fn start(server: &str, patience: Duration) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let url = format!("http://{}/mcp", listener.local_addr()?);
        let (tell, exchanges) = channel();
        let cut = Arc::new(AtomicBool::new(false));
        let link = Link { server: server.into(), patience, cut: cut.clone(), tell };
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let link = link.clone();
                // What fails here fails the client, which says so.
                thread::spawn(move || link.carry(stream));
            }
        });
        Ok(Self { url, cut, exchanges })
    }

    /// Where it is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The next request, if it comes in time.
    pub(crate) fn next(&self, patience: Duration) -> Option<Exchange> {
        self.exchanges.recv_timeout(patience).ok()
    }

    /// Cuts the next stream that brings a message, after that message.
    pub(crate) fn cut_next(&self) {
        self.cut.store(true, Ordering::SeqCst);
    }
}

/// What carries the requests of one connection.
#[derive(Clone)]
struct Link {
    server: String,
    patience: Duration,
    cut: Arc<AtomicBool>,
    tell: Sender<Exchange>,
}

impl Link {
    fn carry(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut stream = BufReader::new(stream);
        while let Some(request) = Request::read(&mut stream)? {
            let tape = Arc::<Tape>::default();
            let exchange = Exchange {
                head: Line::Sent(request.shown()),
                message: (!request.body.is_empty()).then(|| Line::Sent(request.body.clone())),
                answer: tape.clone(),
            };
            // Nobody hears of what crosses after the last step.
            let _ = self.tell.send(exchange);
            let mut http = Http::connect(&self.server, self.patience)?;
            let mut answer = http.send(&request.method, &request.passed_on(), &request.body)?;
            tape.push(Line::Received(shown(&answer)));
            if !self.pass_back(&mut http, &mut answer, stream.get_mut(), &tape)? {
                break;
            }
        }
        Ok(())
    }

    /// Returns whether the connection stays.
    fn pass_back(
        &self,
        http: &mut Http,
        answer: &mut Answer,
        client: &mut TcpStream,
        tape: &Tape,
    ) -> io::Result<bool> {
        let mut head = format!("HTTP/1.1 {} \r\n", answer.status);
        for name in ["content-type", SESSION] {
            if let Some(value) = answer.field(name) {
                head.extend([name, ": ", value, "\r\n"]);
            }
        }
        if !answer.is_stream() {
            let body = http.body(answer)?;
            if !body.is_empty() {
                tape.push(Line::Received(body.clone()));
            }
            if answer.status != 204 {
                head.push_str(&format!("content-length: {}\r\n", body.len()));
            }
            client.write_all(format!("{head}\r\n{body}").as_bytes())?;
            return Ok(true);
        }
        client.write_all(format!("{head}transfer-encoding: chunked\r\n\r\n").as_bytes())?;
        while let Some(event) = http.event(answer)? {
            tape.push(Line::Received(words(&event)));
            let text = written(&event);
            client.write_all(format!("{:x}\r\n{text}\r\n", text.len()).as_bytes())?;
            if !event.data.is_empty() && self.cut.swap(false, Ordering::SeqCst) {
                tape.push(Line::Received("(here the connection breaks)".into()));
                return Ok(false);
            }
        }
        tape.push(Line::Received("the end of the stream".into()));
        client.write_all(b"0\r\n\r\n")?;
        Ok(true)
    }
}

/// What the client has sent.
struct Request {
    method: String,
    fields: Vec<(String, String)>,
    body: String,
}

impl Request {
    /// The next request of a connection; `None` at its end.
    fn read(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Self>> {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let method = line.split(' ').next().unwrap_or_default().to_owned();
        let mut fields = Vec::new();
        loop {
            line.clear();
            stream.read_line(&mut line)?;
            let Some((name, value)) = line.split_once(':') else { break };
            fields.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let length = fields.iter().find(|(name, _)| name == "content-length");
        let length = length.and_then(|(_, length)| length.parse().ok()).unwrap_or(0);
        let mut body = String::new();
        stream.take(length).read_to_string(&mut body)?;
        Ok(Some(Self { method, fields, body }))
    }

    /// The fields that do not belong to the connection.
    fn passed_on(&self) -> Vec<(&str, &str)> {
        let fields = self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        fields
            .filter(|(name, _)| !["host", "content-length", "connection"].contains(name))
            .collect()
    }

    /// In short, without what differs from run to run.
    fn shown(&self) -> String {
        let fields = self.fields.iter().filter_map(|(name, value)| match name.as_str() {
            SESSION | "last-event-id" => Some(format!(", {name}: …")),
            _ if name.starts_with("mcp-") => Some(format!(", {name}: {value}")),
            _ => None,
        });
        let mut fields: Vec<String> = fields.collect();
        fields.sort();
        format!("{}{}", self.method, fields.concat())
    }
}

/// A head, in short.
fn shown(answer: &Answer) -> String {
    let kind = answer.field("content-type").unwrap_or("without a body");
    let session = if answer.field(SESSION).is_some() { ", with a session" } else { "" };
    format!("{}, {kind}{session}", answer.status)
}

/// The message of an event, or what it has instead.
fn words(event: &Event) -> String {
    if !event.data.is_empty() {
        return event.data.clone();
    }
    let id = event.id.is_some().then_some(" its id");
    let pause = event.retry.is_some().then_some(" when to come back");
    let parts: Vec<&str> = id.into_iter().chain(pause).collect();
    format!("an event without data:{}", parts.join(", and"))
}

/// An event as a stream has it.
fn written(event: &Event) -> String {
    let id = event.id.as_ref().map(|id| format!("id: {id}\n")).unwrap_or_default();
    let pause = event.retry.map(|pause| format!("retry: {pause}\n")).unwrap_or_default();
    format!("{id}{pause}data: {}\n\n", event.data)
}
