//! Loads a stdio server and says what a call costs it.
//!
//! `load [--era REVISION] [--op call|ping|list] [--window N] [--requests N] [--bytes N] -- COMMAND`
//!
//! Keeps `window` requests outstanding until `requests` are answered, checks every answer, and
//! prints one line: calls a second, and for each call the server's processor time and how often it
//! read or wrote.

use std::{
    fs,
    io::{self, BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use mcp_tests::load::{INITIALIZE, INITIALIZED, Load, as_f64, busy_nanos, report};

struct Options {
    load: Load,
    window: usize,
}

const USAGE: &str = "load [--era R] [--op O] [--window N] [--requests N] [--bytes N] -- COMMAND";

fn main() -> ExitCode {
    let mut window = 1;
    let load = Load::options(vec![("--window", &mut window)]);
    let options = load.filter(|_| window > 0).map(|load| Options { load, window });
    report(USAGE, options, run)
}

struct Server {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

fn run(options: &Options) -> io::Result<String> {
    let Options { load, window } = options;
    let mut server = start(&load.command)?;
    if !load.ask.modern {
        server.send(format!("{INITIALIZE}\n").as_bytes())?;
        server.answer()?;
        server.send(format!("{INITIALIZED}\n").as_bytes())?;
    }
    let body = load.ask.body();
    let warm_up = (load.requests / 10).min(1_000);
    server.exchange(&body, 1, warm_up, *window)?;
    let (busy, io_calls, since) =
        (busy_nanos(server.child.id())?, server.io_calls()?, Instant::now());
    server.exchange(&body, 1 + warm_up, load.requests, *window)?;
    let elapsed = since.elapsed();
    let (busy, io_calls) = (busy_nanos(server.child.id())? - busy, server.io_calls()? - io_calls);
    drop(server.input);
    let status = server.child.wait()?;
    if !status.success() {
        return Err(io::Error::other(format!("the server ended with {status}")));
    }
    let calls = as_f64(load.requests);
    Ok(format!(
        r#"{{"op":"{}","window":{},"calls_per_second":{:.0},"server_cpu_us":{:.3},"server_io_calls":{:.3}}}"#,
        load.ask.op,
        window,
        calls / elapsed.as_secs_f64(),
        Duration::from_nanos(busy).as_secs_f64() * 1e6 / calls,
        as_f64(io_calls) / calls,
    ))
}

fn start(command: &[String]) -> io::Result<Server> {
    let mut child = Command::new(&command[0])
        .args(&command[1..])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(io::Error::other("no pipes"));
    };
    Ok(Server { child, input, output: BufReader::with_capacity(1 << 16, output) })
}

impl Server {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.input.write_all(bytes)
    }

    fn answer(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            return Err(io::Error::other("the server closed its output"));
        }
        if line.contains(r#""result":"#) && !line.contains(r#""isError":true"#) {
            Ok(line)
        } else {
            Err(io::Error::other(format!("not a result: {line}")))
        }
    }

    fn exchange(
        &mut self,
        body: &str,
        first: usize,
        count: usize,
        window: usize,
    ) -> io::Result<()> {
        let (mut sent, mut answered) = (0, 0);
        let mut burst = Vec::new();
        while answered < count {
            burst.clear();
            while sent < count && sent - answered < window {
                writeln!(burst, r#"{{"jsonrpc":"2.0","id":{},{body}"#, first + sent)?;
                sent += 1;
            }
            self.send(&burst)?;
            // Answers that have come in the meantime are taken together, so that what is sent
            // next is a burst too.
            self.answer()?;
            answered += 1;
            while self.output.buffer().contains(&b'\n') {
                self.answer()?;
                answered += 1;
            }
        }
        Ok(())
    }

    /// How often the server has called the system to read or to write.
    fn io_calls(&self) -> io::Result<usize> {
        let text = fs::read_to_string(format!("/proc/{}/io", self.child.id()))?;
        let counts = text.lines().filter_map(|line| {
            let (name, count) = line.split_once(": ")?;
            matches!(name, "syscr" | "syscw").then(|| count.parse::<usize>().ok())?
        });
        Ok(counts.sum())
    }
}
