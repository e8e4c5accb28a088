//! A tour of the protocol: this program starts itself anew as the server, speaks to it over real
//! pipes in two revisions, and shows both sides.
//!
//! It ends with 0 if every step did what it says, and with 1 and the reason otherwise. With the
//! name of a file it plays the script in that file instead; see [`Script`].

mod expect;
mod play;
mod script;
mod server;
mod transcript;

use std::process::ExitCode;

use mcp_tests::everything;
use script::Script;
use transcript::Transcript;

/// The hidden argument that makes this program the server.
const SERVE: &str = "--serve-the-tour";

fn main() -> ExitCode {
    let argument = std::env::args().nth(1);
    if argument.as_deref() == Some(SERVE) {
        return serve();
    }
    let scripts = match argument {
        None => Script::of_the_tour(),
        Some(path) => read(&path).map(|script| vec![script]),
    };
    match scripts {
        Ok(scripts) => play_all(&scripts),
        Err(reason) => {
            eprintln!("tour: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn read(path: &str) -> Result<Script, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    Script::parse(&text)
}

fn play_all(scripts: &[Script]) -> ExitCode {
    let mut transcript = Transcript::on_stdout();
    for script in scripts {
        if let Err(failure) = play::play(script, &mut transcript) {
            transcript.failure(&failure);
            return ExitCode::FAILURE;
        }
    }
    transcript.success();
    ExitCode::SUCCESS
}

/// The server: everything, over the stdin and stdout of this process.
fn serve() -> ExitCode {
    // The tour lets a tool panic on purpose, and shows what comes of it on the wire.
    std::panic::set_hook(Box::new(|_| {}));
    match everything::threads::serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tour, as the server: {error}");
            ExitCode::FAILURE
        }
    }
}
