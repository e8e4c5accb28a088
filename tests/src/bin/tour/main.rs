//! A tour of the protocol: our client talks to our server over real pipes, in every revision, and
//! over HTTP to both of our engines. What crosses between them is shown; what it is, and what the
//! program gets of it, is checked.
//!
//! `tour [--record FILE] [LEG] [-- COMMAND…]`
//!
//! Plays the legs whose names contain `LEG`, or all; the messages also go into `FILE`, whole. It
//! ends with 0 if every step did what it says,
//! and with 1 and the reason otherwise. The server is this program again, with every feature;
//! given a command, it is that one, and the legs over HTTP are left out.

mod between;
mod leg;
mod pipes;
mod steps;
mod tape;
mod transcript;
mod visit;
mod web;

use std::{
    io,
    net::SocketAddr,
    process::{Command, ExitCode},
};

use mcp_proto::Version;
use mcp_stdio::{Pool, Server};
use mcp_tests::everything::{
    self, State, threads,
    web::{Engine, Options},
};

use leg::Leg;
use transcript::Transcript;

/// The hidden arguments that make this program the server, and one of before 2026-07-28.
const SERVE: &str = "--serve-the-tour";
const SERVE_OLDER: &str = "--serve-the-tour-as-before";
/// The hidden argument, before the name of an engine, that makes it the server over HTTP.
const SERVE_HTTP: &str = "--serve-the-tour-over";

/// The option before the name of a file for what is said.
const RECORD: &str = "--record";

fn main() -> ExitCode {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    if let [word] = &words[..]
        && [SERVE, SERVE_OLDER].contains(&word.as_str())
    {
        return report(serve(word == SERVE_OLDER).map_err(|error| error.to_string()));
    }
    if let [word, engine] = &words[..]
        && word == SERVE_HTTP
    {
        return report(serve_http(engine).map_err(|error| error.to_string()));
    }
    let at = words.iter().position(|word| word == "--").unwrap_or(words.len());
    let command: Vec<String> = words.drain(at..).skip(1).collect();
    let record = match &words[..] {
        [option, path, ..] if option == RECORD => Some(path.clone()),
        _ => None,
    };
    words.drain(..if record.is_some() { 2 } else { 0 });
    let wanted = words.join(" ");
    let legs: Vec<Leg> =
        Leg::all().into_iter().filter(|leg| leg.name().contains(&wanted)).collect();
    let mut engines = web::ENGINES.to_vec();
    engines.retain(|engine| command.is_empty() && web::name(engine).contains(&wanted));
    if legs.is_empty() && engines.is_empty() {
        return report(Err(format!("no leg is called {wanted}")));
    }
    let mut transcript = Transcript::on_stdout();
    if let Some(Err(error)) = record.map(|path| transcript.record_in(&path)) {
        return report(Err(error.to_string()));
    }
    tour(&legs, &command, &engines, transcript)
}

fn report(done: Result<(), String>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("tour: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn tour(
    legs: &[Leg],
    command: &[String],
    engines: &[&str],
    mut transcript: Transcript,
) -> ExitCode {
    transcript.legend();
    for leg in legs {
        let server = match command {
            [] => leg.own_server(),
            [program, arguments @ ..] => {
                let mut command = Command::new(program);
                command.args(arguments);
                Ok(command)
            }
        };
        let played = match server {
            Ok(server) => leg.play(server, &mut transcript),
            Err(error) => return report(Err(error.to_string())),
        };
        if let Err(failure) = played {
            transcript.failure(&failure);
            return ExitCode::FAILURE;
        }
    }
    for engine in engines {
        if let Err(failure) = web::play(engine, &mut transcript) {
            transcript.failure(&failure);
            return ExitCode::FAILURE;
        }
    }
    transcript.success();
    ExitCode::SUCCESS
}

/// The server: everything, over the stdin and stdout of this process.
fn serve(older: bool) -> io::Result<()> {
    // The tour lets a tool panic on purpose, and shows what comes of it.
    std::panic::set_hook(Box::new(|_| {}));
    let mut config = everything::config();
    if older {
        config.versions.retain(|version| *version < Version::V2026_07_28);
    }
    let mut router = everything::router();
    threads::add(&mut router, &Pool::default());
    Server::new("everything", env!("CARGO_PKG_VERSION"), router, State::default())
        .config(config)
        .serve()
}

/// The same over HTTP, at a port of this machine.
fn serve_http(engine: &str) -> io::Result<()> {
    let engine = Engine::named(engine).ok_or(io::ErrorKind::InvalidInput)?;
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    everything::web::serve(Options { engine, listen, auth: false })
}
