//! Loads an HTTP server and says what a call costs it.
//!
//! `load_http [--era REVISION] [--op call|list] [--connections N] [--requests N] [--bytes N]
//! [--sessions N] [--streams N] -- COMMAND`
//!
//! The command starts a server whose first line is `listening on URL`. Each connection has one
//! request outstanding, on a thread of its own, until all are answered; every answer is checked.
//! Prints one line: calls a second, the server's processor time for each call, its threads, and
//! what each session (`--sessions`) or stream (`--streams`) that stays open besides has cost it in
//! memory.

use std::{
    fs, io,
    process::{Command, ExitCode, Stdio},
    thread,
    time::{Duration, Instant},
};

use mcp_tests::{
    Served,
    http::{Answer, Http},
    load::{Ask, INITIALIZE, INITIALIZED, Load, as_f64, busy_nanos, report, resident_bytes},
};

const PATIENCE: Duration = Duration::from_secs(20);
const JSON: (&str, &str) = ("content-type", "application/json");
const ACCEPT: (&str, &str) = ("accept", "application/json, text/event-stream");

struct Options {
    load: Load,
    connections: usize,
    sessions: usize,
    streams: usize,
}

const USAGE: &str = "load_http [--era R] [--op O] [--connections N] [--requests N] [--bytes N] \
                     [--sessions N] [--streams N] -- COMMAND";

fn main() -> ExitCode {
    let (mut connections, mut sessions, mut streams) = (1, 0, 0);
    let load = Load::options(vec![
        ("--connections", &mut connections),
        ("--sessions", &mut sessions),
        ("--streams", &mut streams),
    ]);
    let options = load.filter(|_| connections > 0);
    let options = options.map(|load| Options { load, connections, sessions, streams });
    report(USAGE, options, run)
}

fn run(options: &Options) -> io::Result<String> {
    let (program, arguments) = (&options.load.command[0], &options.load.command[1..]);
    let mut command = Command::new(program);
    let server = Served::start(command.args(arguments).env("PORT", "0").stderr(Stdio::null()))?;
    let process = server.id();
    let mut clients = Vec::new();
    for _ in 0..options.connections {
        // Some servers do not survive it if all of them come at once.
        let mut client = Client::open(server.url(), options.load.ask.clone())?;
        client.ask()?;
        clients.push(client);
    }
    let per_client = options.load.requests / options.connections;
    clients = exchange(clients, (per_client / 10).clamp(1, 1000))?;
    let before = resident_bytes(process)?;
    let kept = keep(options, server.url())?;
    let held = resident_bytes(process)?.saturating_sub(before);
    let (busy, since) = (busy_nanos(process)?, Instant::now());
    clients = exchange(clients, per_client)?;
    let elapsed = since.elapsed();
    let busy = Duration::from_nanos(busy_nanos(process)? - busy);
    let threads = fs::read_dir(format!("/proc/{process}/task"))?.count();
    let calls = as_f64(per_client * clients.len());
    let besides = as_f64((options.sessions + options.streams).max(1));
    drop(kept);
    Ok(format!(
        r#"{{"connections":{},"calls_per_second":{:.0},"server_cpu_us":{:.3},"threads":{threads},"kib_each":{:.2}}}"#,
        options.connections,
        calls / elapsed.as_secs_f64(),
        busy.as_secs_f64() * 1e6 / calls,
        as_f64(usize::try_from(held >> 10).unwrap_or(usize::MAX)) / besides,
    ))
}

/// Lets each client ask so many times, all at once.
fn exchange(clients: Vec<Client>, times: usize) -> io::Result<Vec<Client>> {
    let threads: Vec<_> = clients
        .into_iter()
        .map(|mut client| {
            thread::spawn(move || {
                for _ in 0..times {
                    client.ask()?;
                }
                Ok(client)
            })
        })
        .collect();
    let joined = threads.into_iter().map(thread::JoinHandle::join);
    joined.map(|client| client.unwrap_or_else(|_| Err(io::Error::other("a panic")))).collect()
}

/// Opens sessions that stay idle, and streams that stay open.
fn keep(options: &Options, url: &str) -> io::Result<Vec<(Client, Option<Answer>)>> {
    let mut kept = Vec::new();
    let mut http = (options.sessions > 0).then(|| Http::connect(url, PATIENCE)).transpose()?;
    for _ in 0..options.sessions {
        // One connection opens them all, so that connections do not count.
        let Some(used) = http.take() else { break };
        http = Some(Client::over(used, Ask::default())?.http);
    }
    for _ in 0..options.streams {
        let mut client = Client::open(url, options.load.ask.clone())?;
        let stream = client.listen()?;
        kept.push((client, Some(stream)));
    }
    Ok(kept)
}

/// A connection with a session of its own, or without one.
struct Client {
    http: Http,
    session: Option<String>,
    ask: Ask,
    body: String,
}

impl Client {
    fn open(url: &str, ask: Ask) -> io::Result<Self> {
        Self::over(Http::connect(url, PATIENCE)?, ask)
    }

    fn over(mut http: Http, ask: Ask) -> io::Result<Self> {
        let body = format!(r#"{{"jsonrpc":"2.0","id":1,{}"#, ask.body());
        if ask.modern {
            return Ok(Self { http, session: None, ask, body });
        }
        let mut answer = http.send("POST", &[JSON, ACCEPT], INITIALIZE)?;
        http.body(&mut answer)?;
        let session = answer.field("mcp-session-id").map(str::to_owned);
        let mut client = Self { http, session, ask, body };
        let mut answer = client.send("POST", INITIALIZED)?;
        client.http.body(&mut answer)?;
        Ok(client)
    }

    fn send(&mut self, method: &str, body: &str) -> io::Result<Answer> {
        let mut fields = vec![JSON, ACCEPT];
        if let Some(session) = &self.session {
            fields.push(("mcp-session-id", session));
        }
        if self.ask.modern {
            fields.push(("mcp-protocol-version", "2026-07-28"));
            let listens = body.contains("subscriptions/listen");
            let asked = if listens { "subscriptions/listen" } else { self.ask.method() };
            fields.push(("mcp-method", asked));
            if asked == "tools/call" {
                fields.push(("mcp-name", "echo"));
            }
        } else {
            fields.push(("mcp-protocol-version", "2025-11-25"));
        }
        self.http.send(method, &fields, body)
    }

    fn ask(&mut self) -> io::Result<()> {
        let body = std::mem::take(&mut self.body);
        let mut answer = self.send("POST", &body)?;
        self.body = body;
        let body = self.http.body(&mut answer)?;
        if answer.status == 200 && body.contains(r#""result":"#) && !body.contains("isError\":true")
        {
            Ok(())
        } else {
            Err(io::Error::other(format!("{} is not a result: {body}", answer.status)))
        }
    }

    /// Opens the stream on which changes are told.
    fn listen(&mut self) -> io::Result<Answer> {
        let stream = if self.ask.modern {
            let meta = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#;
            let listen = format!(
                r#"{{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{{{meta},"notifications":{{"toolsListChanged":true}}}}}}"#
            );
            self.send("POST", &listen)?
        } else {
            self.send("GET", "")?
        };
        if stream.is_stream() {
            Ok(stream)
        } else {
            Err(io::Error::other(format!("{} instead of a stream", stream.status)))
        }
    }
}
