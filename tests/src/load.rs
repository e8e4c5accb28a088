//! What the two load generators have in common: the request, and what a process has cost.

use std::{env, fmt::Display, fs, io, process::ExitCode};

/// What is asked for, and how.
#[derive(Clone, Debug)]
pub struct Ask {
    /// `call`, `ping` or `list`.
    pub op: String,
    /// Whether it is asked in 2026-07-28; otherwise in 2025-11-25.
    pub modern: bool,
    /// How long the message of a call is.
    pub bytes: usize,
}

impl Default for Ask {
    fn default() -> Self {
        Self { op: "call".into(), modern: false, bytes: 30 }
    }
}

/// What is loaded, and how: what all options have in common.
#[derive(Clone, Debug, Default)]
pub struct Load {
    /// What is asked.
    pub ask: Ask,
    /// How often.
    pub requests: usize,
    /// What starts the server.
    pub command: Vec<String>,
}

impl Load {
    /// The options of the program: these, and `other` ones, each with a number, which is read into
    /// its place; `None` if they are not in order.
    pub fn options(mut other: Vec<(&str, &mut usize)>) -> Option<Self> {
        let mut load = Self { requests: 10_000, ..Self::default() };
        let mut arguments = env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--era" => load.ask.modern = arguments.next()? == "2026-07-28",
                "--op" => load.ask.op = arguments.next()?,
                "--requests" => load.requests = arguments.next()?.parse().ok()?,
                "--bytes" => load.ask.bytes = arguments.next()?.parse().ok()?,
                "--" => load.command = arguments.by_ref().collect(),
                name => {
                    let (_, number) = other.iter_mut().find(|(other, _)| *other == name)?;
                    **number = arguments.next()?.parse().ok()?;
                }
            }
        }
        (!load.command.is_empty()).then_some(load)
    }
}

/// Does what the options say, if they are in order, and prints what comes of it.
pub fn report<O>(
    usage: &str,
    options: Option<O>,
    run: impl FnOnce(&O) -> io::Result<String>,
) -> ExitCode {
    let Some(options) = options else {
        eprintln!("usage: {usage}");
        return ExitCode::from(2);
    };
    match run(&options) {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

impl Ask {
    /// The method of the request.
    pub fn method(&self) -> &'static str {
        match self.op.as_str() {
            "ping" => "ping",
            "list" => "tools/list",
            _ => "tools/call",
        }
    }

    /// The request from its method on, without the brace that it begins with.
    pub fn body(&self) -> String {
        const META: &str = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"load","version":"0"},"io.modelcontextprotocol/clientCapabilities":{}}"#;
        let message: String =
            "All the news that fits in a line. ".chars().cycle().take(self.bytes).collect();
        let method = self.method();
        let members = match method {
            "tools/call" => format!(r#""name":"echo","arguments":{{"message":"{message}"}}"#),
            _ => String::new(),
        };
        let comma = if members.is_empty() || !self.modern { "" } else { "," };
        let meta = if self.modern { META } else { "" };
        format!(r#""method":"{method}","params":{{{members}{comma}{meta}}}}}"#)
    }
}

/// The request that opens a session.
pub const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"load","version":"0"}}}"#;
/// What follows it.
pub const INITIALIZED: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;

/// For how many nanoseconds the threads of a process have been at work that have not ended; it is
/// named by its number or `self`. Linux only.
pub fn busy_nanos(process: impl Display) -> io::Result<u64> {
    let mut total = 0;
    for task in fs::read_dir(format!("/proc/{process}/task"))? {
        let text = fs::read_to_string(task?.path().join("schedstat"))?;
        let nanos = text.split(' ').next().and_then(|nanos| nanos.parse::<u64>().ok());
        total += nanos.ok_or_else(|| io::Error::other("unreadable schedstat"))?;
    }
    Ok(total)
}

/// How many bytes of memory a process has.
pub fn resident_bytes(process: u32) -> io::Result<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kib.map(|kib| kib << 10).ok_or_else(|| io::Error::other("unreadable status"))
}

/// A number that is small enough to be divided by.
pub fn as_f64(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}
