//! Whole messages as JSON text.

use alloc::string::String;
use core::fmt::Write;

use crate::{
    error::ErrorObject,
    wire::{Id, Object, escape_into},
};

/// An error response. Where the request's id is not known, `null_id` says whether the revision
/// wants `"id": null` or no id.
pub(crate) fn error_response(id: Option<&Id<'_>>, null_id: bool, error: &ErrorObject) -> String {
    let mut text = String::from(r#"{"jsonrpc":"2.0""#);
    match id {
        Some(id) => {
            text.push_str(r#","id":"#);
            id.append_to(&mut text);
        }
        None if null_id => text.push_str(r#","id":null"#),
        None => {}
    }
    text.push_str(r#","error":"#);
    let mut object = Object::begin(&mut text);
    // Writing to a `String` cannot fail.
    let _ = write!(object.key("code"), "{}", error.code);
    object.text("message", &error.message);
    if let Some(data) = &error.data {
        object.raw("data", data.as_str());
    }
    object.end();
    text.push('}');
    text
}

/// A notification whose parameters are JSON already.
pub(crate) fn notification(method: &str, params: &str) -> String {
    let mut text = String::with_capacity(48 + method.len() + params.len());
    text.push_str(r#"{"jsonrpc":"2.0","method":"#);
    escape_into(method, &mut text);
    text.push_str(r#","params":"#);
    text.push_str(params);
    text.push('}');
    text
}

/// A request whose parameters are JSON already.
pub(crate) fn request(id: &Id<'_>, method: &str, params: &str) -> String {
    let mut text = String::with_capacity(64 + method.len() + params.len());
    text.push_str(r#"{"jsonrpc":"2.0","id":"#);
    id.append_to(&mut text);
    text.push_str(r#","method":"#);
    escape_into(method, &mut text);
    text.push_str(r#","params":"#);
    text.push_str(params);
    text.push('}');
    text
}
