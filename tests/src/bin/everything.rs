//! The server with every feature as a program: `everything stdio`.

use std::process::ExitCode;

use mcp_tests::everything;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if arguments != ["stdio"] {
        eprintln!("usage: everything stdio");
        return ExitCode::from(2);
    }
    match everything::threads::serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("everything: {error}");
            ExitCode::FAILURE
        }
    }
}
