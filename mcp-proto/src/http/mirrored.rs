//! Whether the head of a 2026-07-28 request says what its body says.

use alloc::{format, string::String};

use super::{Admission, admit::Value};
use crate::{
    error::{ErrorObject, code},
    server::{Method, Offer},
    wire::{Notification, Params, Request},
};

/// -32020 for a field that does not say what the body says.
pub(super) fn mismatch(field: &str) -> ErrorObject {
    ErrorObject::new(code::HEADER_MISMATCH, format!("{field} and the body say different things"))
}

/// `MCP-Protocol-Version` against `_meta`.
pub(super) fn check_version(admission: &Admission, params: &Params<'_>) -> Result<(), ErrorObject> {
    let meta = params.meta.as_ref().and_then(|meta| meta.as_ref().ok());
    let Some(version) = meta.and_then(|meta| meta.version) else { return Ok(()) };
    match (admission.version(), serde_json::from_str::<String>(version.get())) {
        (Value::One(head), Ok(body)) if *head == *body => Ok(()),
        // What is no text is refused for that.
        (Value::One(_), Err(_)) => Ok(()),
        _ => Err(mismatch("MCP-Protocol-Version")),
    }
}

/// `Mcp-Method` and `Mcp-Name`.
pub(super) fn check_request(
    admission: &Admission,
    request: &Request<'_>,
) -> Result<(), ErrorObject> {
    if admission.method() != Value::One(&request.method) {
        return Err(mismatch("Mcp-Method"));
    }
    let named = match &*request.method {
        "tools/call" | "prompts/get" => request.params.name,
        "resources/read" => request.params.uri,
        _ => return Ok(()),
    };
    let body = named.and_then(|raw| serde_json::from_str::<String>(raw.get()).ok());
    match (admission.name(), body) {
        (_, None) => Ok(()),
        (Value::One(head), Some(body)) if *head == *body => Ok(()),
        _ => Err(mismatch("Mcp-Name")),
    }
}

/// A notification may leave its fields out.
pub(super) fn check_notification(
    admission: &Admission,
    notification: &Notification<'_>,
) -> Result<(), ErrorObject> {
    if admission.version() != Value::Absent {
        check_version(admission, &notification.params)?;
    }
    match admission.method() {
        Value::Absent => Ok(()),
        Value::One(head) if *head == *notification.method => Ok(()),
        _ => Err(mismatch("Mcp-Method")),
    }
}

/// `Mcp-Param-*`.
pub(super) fn check_arguments(_: &Admission, _: &Method, _: &Offer) -> Result<(), ErrorObject> {
    Ok(())
}
