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
    request_with(id, method, params.len(), |text| text.push_str(params))
}

/// A request whose parameters are written in place; they take about `room` bytes.
pub(crate) fn request_with(
    id: &Id<'_>,
    method: &str,
    room: usize,
    params: impl FnOnce(&mut String),
) -> String {
    let mut text = String::with_capacity(64 + method.len() + room);
    text.push_str(r#"{"jsonrpc":"2.0","id":"#);
    id.append_to(&mut text);
    text.push_str(r#","method":"#);
    escape_into(method, &mut text);
    text.push_str(r#","params":"#);
    params(&mut text);
    text.push('}');
    text
}

#[cfg(test)]
mod tests {
    use alloc::borrow::Cow;

    use super::*;
    use crate::wire::{Json, Message};

    #[test]
    fn an_error_without_an_id_has_null_or_nothing_in_its_place() {
        let error = ErrorObject::new(-1, "No");
        let body = r#""error":{"code":-1,"message":"No"}}"#;
        for (id, null_id, expected) in [
            (None, true, r#"{"jsonrpc":"2.0","id":null,"#),
            (None, false, r#"{"jsonrpc":"2.0","#),
            (Some(Id::Int(1)), true, r#"{"jsonrpc":"2.0","id":1,"#),
        ] {
            let text = error_response(id.as_ref(), null_id, &error);
            assert_eq!(text.strip_suffix(body), Some(expected));
        }
    }

    #[test]
    fn what_is_written_is_a_message_of_its_kind() {
        spec!("RPC-11");
        let id = Id::Text(Cow::Borrowed("\"\n"));
        let text = request(&id, "a\"b", r#"{"x":1}"#);
        let Ok(Message::Request(request)) = Message::parse(&text) else { panic!("{text}") };
        assert_eq!((&request.id, &*request.method), (&id, "a\"b"));
        let text = notification("a\\b", "{}");
        let Ok(Message::Notification(message)) = Message::parse(&text) else { panic!("{text}") };
        assert_eq!(message.method, "a\\b");
        let error = ErrorObject::new(7, "a\tb").with_data(Json::text("\u{7f}"));
        let text = error_response(Some(&id), false, &error);
        let Ok(Message::Response(response)) = Message::parse(&text) else { panic!("{text}") };
        assert_eq!(response.id, Some(id));
        assert!(response.outcome.is_err());
    }
}
