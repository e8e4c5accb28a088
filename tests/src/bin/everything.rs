//! The server with every feature as a program.

use std::{io, process::ExitCode};

use mcp_tests::everything::{self, web};

const USAGE: &str = "usage: everything stdio
       everything http --engine smol|tiny-http [--listen ADDRESS:PORT] [--auth]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let served = match &arguments[..] {
        ["stdio"] => everything::threads::serve(),
        ["http", options @ ..] => serve_http(options),
        _ => Err(io::Error::new(io::ErrorKind::InvalidInput, USAGE)),
    };
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.to_string() == USAGE => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
        Err(error) => {
            eprintln!("everything: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve_http(options: &[&str]) -> io::Result<()> {
    match http_options(options) {
        Some(options) => web::serve(options),
        None => Err(io::Error::new(io::ErrorKind::InvalidInput, USAGE)),
    }
}

/// `None` where they cannot be understood.
fn http_options(mut options: &[&str]) -> Option<web::Options> {
    let (mut engine, mut listen, mut auth) = (None, "127.0.0.1:0".parse().ok()?, false);
    loop {
        options = match options {
            [] => return Some(web::Options { engine: engine?, listen, auth }),
            ["--engine", name, rest @ ..] => {
                engine = Some(web::Engine::named(name)?);
                rest
            }
            ["--listen", address, rest @ ..] => {
                listen = address.parse().ok()?;
                rest
            }
            ["--auth", rest @ ..] => {
                auth = true;
                rest
            }
            _ => return None,
        };
    }
}
