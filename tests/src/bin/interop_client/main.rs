//! Our client against a server that somebody else wrote: every feature that the server offers is
//! used, and an offer that is not used is a failure.
//!
//! `interop_client PLANS NAME ERA --url URL | -- COMMAND…`: the plan of that name in the file of
//! plans; the era is `auto`, `legacy` or a revision.

mod features;
mod person;
mod plan;
mod report;
mod session;
mod tools;

use std::{collections::BTreeMap, env, error::Error, fs, process::Command, process::ExitCode};

use mcp_proto::client::Era;

use plan::Plan;
use session::{Place, Session};

type Failure = Box<dyn Error>;

fn main() -> ExitCode {
    match run(env::args().skip(1)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("FAIL the run: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(mut words: impl Iterator<Item = String>) -> Result<bool, Failure> {
    let mut word = |what| words.next().ok_or(format!("{what} is missing"));
    let plans = fs::read_to_string(word("the file of plans")?)?;
    let mut plans: BTreeMap<String, Plan> = serde_json::from_str(&plans)?;
    let plan = plans.remove(&word("the name of a plan")?).ok_or("there is no such plan")?;
    let era = match word("the era")?.as_str() {
        "auto" => Era::Auto,
        "legacy" => Era::Legacy,
        revision => Era::Pinned(revision.parse().map_err(|_| "there is no such era")?),
    };
    let place = match word("the server")?.as_str() {
        "--url" => Place::Url(word("the URL")?),
        "--" => {
            let mut command = Command::new(word("the command")?);
            command.args(words);
            Place::Command(command)
        }
        other => return Err(format!("neither --url nor --: {other}").into()),
    };

    let mut session = Session::connect(plan, era, place)?;
    session.introduction();
    session.listen();
    session.tools();
    session.logs();
    session.prompts();
    session.resources();
    session.templates();
    session.asking();
    session.refusals();
    session.crowd();
    session.ping();
    session.forgotten();
    session.end();
    Ok(session.close())
}
