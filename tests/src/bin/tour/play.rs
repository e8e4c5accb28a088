//! Plays a script against a server.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;

use crate::{
    expect,
    script::{Script, Step},
    server::{Server, Silence},
    transcript::Transcript,
};

/// How long a line may take to come. A busy machine starts a process late; nothing else takes time.
const PATIENCE: Duration = Duration::from_secs(20);

/// Why a tour ended early.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What the step was to show.
    pub(crate) step: String,
    /// What should have come.
    pub(crate) expected: String,
    /// What came.
    pub(crate) came: String,
}

/// What earlier steps captured, by `$name`.
pub(crate) type Captured = BTreeMap<String, Value>;

/// Plays a script against a server of its own, to the end of its process.
pub(crate) fn play(script: &Script, transcript: &mut Transcript) -> Result<(), Failure> {
    transcript.title(&script.title);
    let mut server = Server::start()
        .map_err(|error| failure("The server starts.", "a process", &error.to_string()))?;
    let mut captured = Captured::new();
    let mut meta = Meta { text: &script.meta, shown: false };
    for step in &script.steps {
        transcript.step(&step.shows);
        say(step, &mut server, &captured, &mut meta, transcript)?;
        hear(step, &mut server, &mut captured, transcript)?;
        transcript.done();
    }
    end(server, transcript)
}

/// What `$meta` stands for, and whether the reader has seen it.
struct Meta<'a> {
    text: &'a str,
    shown: bool,
}

fn say(
    step: &Step,
    server: &mut Server,
    captured: &Captured,
    meta: &mut Meta<'_>,
    transcript: &mut Transcript,
) -> Result<(), Failure> {
    for line in &step.sends {
        let line = fill_in(line, captured);
        transcript.sent(&line.replace("$meta", if meta.shown { "…" } else { meta.text }));
        meta.shown |= line.contains("$meta");
        let sent = server.send(&line.replace("$meta", meta.text));
        sent.map_err(|error| failure(&step.shows, "that the server reads", &error.to_string()))?;
    }
    Ok(())
}

fn hear(
    step: &Step,
    server: &mut Server,
    captured: &mut Captured,
    transcript: &mut Transcript,
) -> Result<(), Failure> {
    for pattern in &step.back {
        let line = server
            .line(PATIENCE)
            .map_err(|silence| failure(&step.shows, pattern, &silence.to_string()))?;
        transcript.received(&line);
        expect::check(pattern, &line, captured).map_err(|difference| {
            failure(&step.shows, pattern, &format!("{line}\n     because   {difference}"))
        })?;
    }
    Ok(())
}

/// Closes the server's input: it must end by itself, without another word.
fn end(mut server: Server, transcript: &mut Transcript) -> Result<(), Failure> {
    let step = "The input ends, and so does the server.";
    transcript.step(step);
    server.close_input();
    match server.line(PATIENCE) {
        Err(Silence::Closed) => {}
        Err(silence) => return Err(failure(step, "no more lines", &silence.to_string())),
        Ok(line) => return Err(failure(step, "no more lines", &line)),
    }
    match server.wait(PATIENCE) {
        Some(status) if status.success() => {}
        Some(status) => return Err(failure(step, "exit status: 0", &status.to_string())),
        None => return Err(failure(step, "exit status: 0", "a process that runs on")),
    }
    transcript.done();
    Ok(())
}

fn failure(step: &str, expected: &str, came: &str) -> Failure {
    Failure { step: step.into(), expected: expected.into(), came: came.into() }
}

/// The text with each captured value in place of its name.
fn fill_in(text: &str, captured: &Captured) -> String {
    let mut filled = text.to_owned();
    for (name, value) in captured {
        filled = filled.replace(name.as_str(), &value.to_string());
    }
    filled
}
