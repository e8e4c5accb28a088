//! Messages and events as short lines.

use alloc::{
    format,
    string::{String, ToString},
};

use crate::{client::ClientEvent, pipe::tests::show};

const META: &str = r#""io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"c","version":"1"},"io.modelcontextprotocol/clientCapabilities":{"roots":{},"sampling":{"tools":{},"context":{}},"elicitation":{"form":{},"url":{}}}"#;

pub(super) fn entry(mark: char, text: &str) -> String {
    show::entry(mark, &text.replace(META, "mcp").replace(super::SERVER, "{server}"))
}

pub(super) fn event(event: &ClientEvent) -> String {
    match event {
        ClientEvent::Ready(agreed) => {
            let name = agreed.server.as_ref().map_or("?", |server| &server.name);
            format!("ready: {name} speaks {}", agreed.version)
        }
        ClientEvent::Failed(error) => format!("failed: {error:?}"),
        ClientEvent::Finished { call, outcome: Ok(result) } => {
            format!("{call:?} finished: {}", result.as_str())
        }
        ClientEvent::Finished { call, outcome: Err(error) } => format!("{call:?} ended: {error:?}"),
        ClientEvent::Asked { question, call, ask } => {
            let call = call.map_or("no call".to_string(), |call| format!("{call:?}"));
            format!("{question:?} of {call}: {ask:?}")
        }
        ClientEvent::Withdrawn { question } => format!("{question:?} withdrawn"),
        ClientEvent::Progress { call, progress, total, message } => {
            format!("{call:?} is at {progress} of {total:?}: {message:?}")
        }
        ClientEvent::Log { call, level, logger, data } => {
            format!("{level} of {logger:?} in {call:?}: {}", data.as_str())
        }
        ClientEvent::Listening { call, granted } => format!("{call:?} granted {granted:?}"),
        ClientEvent::ListChanged(list) => format!("{list:?} changed"),
        ClientEvent::ResourceUpdated { uri } => format!("{uri} changed"),
        ClientEvent::ElicitationComplete { elicitation } => format!("{elicitation} is complete"),
        ClientEvent::Notified { method, params } => format!("{method} {}", params.as_str()),
        ClientEvent::Dropped(dropped) => format!("dropped {dropped:?}"),
    }
}
