//! Reads each JSON file below a folder with the types of the core, writes it again, and compares.
//!
//! `cargo run --example reencode -- FOLDER`

use std::{error::Error, fs, path::Path, process::ExitCode};

use mcp_proto::{
    schema::{ClientCapabilities, Implementation},
    wire::{Json, Message, Params},
};
use serde_json::{Value, json};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<ExitCode> {
    let folder = std::env::args().nth(1).ok_or("no folder is given")?;
    let (mut read, mut failed) = (0, 0);
    for path in files(Path::new(&folder))? {
        let text = fs::read_to_string(&path)?;
        match check(&text) {
            Ok(()) => read += 1,
            Err(why) => {
                failed += 1;
                println!("{}: {why}", path.display());
            }
        }
    }
    println!("{read} examples come back as they were, {failed} do not");
    let good = failed == 0 && read > 0;
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn files(folder: &Path) -> Outcome<Vec<std::path::PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(self::files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Whether a value comes back as it was.
fn check(text: &str) -> Outcome<()> {
    let value: Value = serde_json::from_str(text)?;
    let again = if value.get("jsonrpc").is_some() { message(text)? } else { json(text)? };
    if again != value {
        return Err(format!("came back as {again}").into());
    }
    typed(&value)
}

/// A message, from the parts that it was read into.
fn message(text: &str) -> Outcome<Value> {
    let message = Message::parse(text).map_err(|malformed| format!("{malformed:?}"))?;
    let mut again = json!({"jsonrpc": "2.0"});
    match message {
        Message::Request(request) => {
            again["id"] = serde_json::from_str(&request.id.to_string())?;
            again["method"] = Value::String(request.method.into());
            params(&mut again, &request.params)?;
        }
        Message::Notification(notification) => {
            again["method"] = Value::String(notification.method.into());
            params(&mut again, &notification.params)?;
        }
        Message::Response(response) => {
            if let Some(id) = response.id {
                again["id"] = serde_json::from_str(&id.to_string())?;
            }
            match response.outcome {
                Ok(result) => again["result"] = serde_json::from_str(result.get())?,
                Err(error) => again["error"] = serde_json::from_str(error.get())?,
            }
        }
    }
    Ok(again)
}

fn params(message: &mut Value, params: &Params<'_>) -> Outcome<()> {
    let params = json(params.to_json().as_str())?;
    if params != json!({}) {
        message["params"] = params;
    }
    Ok(())
}

fn json(text: &str) -> Outcome<Value> {
    let json = Json::parse_text(text).map_err(|error| error.to_string())?;
    Ok(serde_json::from_str(json.as_str())?)
}

/// What the types for it make of `_meta`, where there is one that says who speaks.
fn typed(value: &Value) -> Outcome<()> {
    const PREFIX: &str = "io.modelcontextprotocol/";
    for holder in [value, &value["params"], &value["result"]] {
        for name in ["clientInfo", "serverInfo"] {
            let info = &holder["_meta"][format!("{PREFIX}{name}")];
            if info.is_object() {
                let read: Implementation = serde_json::from_value(info.clone())?;
                if serde_json::to_value(read)? != *info {
                    return Err(format!("{name} differs").into());
                }
            }
        }
        let declared = &holder["_meta"][format!("{PREFIX}clientCapabilities")];
        if declared.is_object() {
            ClientCapabilities::parse(&declared.to_string()).map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}
