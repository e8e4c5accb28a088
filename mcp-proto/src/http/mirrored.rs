//! Whether the head of a 2026-07-28 request says what its body says.
//!
//! Whoever routes by a field and whoever acts on the body must have read the same.
//!
//! Spec: "Streamable HTTP" of 2026-07-28, "Server Validation".

use alloc::format;

use super::{Admission, admit::Value};
use crate::{
    error::{ErrorObject, code},
    schema::MirroredValue,
    server::{Method, Offer},
    wire::{Notification, Params, Request, Text, decode_header_value, integer},
};

/// -32020 for a field that does not say what the body says.
pub(super) fn mismatch(field: &str) -> ErrorObject {
    ErrorObject::new(code::HEADER_MISMATCH, format!("{field} and the body say different things"))
}

/// `MCP-Protocol-Version` against `_meta`.
pub(super) fn check_version(admission: &Admission, params: &Params<'_>) -> Result<(), ErrorObject> {
    let meta = params.meta.as_ref().and_then(|meta| meta.as_ref().ok());
    let Some(version) = meta.and_then(|meta| meta.version) else { return Ok(()) };
    match (admission.version(), serde_json::from_str::<Text<'_>>(version.get())) {
        (Value::One(head), Ok(Text(body))) if *head == *body => Ok(()),
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
    let name = named.and_then(|raw| serde_json::from_str::<Text<'_>>(raw.get()).ok());
    // Parameters without a name are refused for that.
    let name = name.map_or(MirroredValue::Unfit, |Text(name)| MirroredValue::Text(name));
    if name == MirroredValue::Unfit || agrees(admission.name(), &name) {
        Ok(())
    } else {
        Err(mismatch("Mcp-Name"))
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

/// `Mcp-Param-*`: each that an annotation names is there if the argument is, and says the same.
/// Fields that nothing names are not looked at.
pub(super) fn check_arguments(
    admission: &Admission,
    method: &Method,
    offer: &Offer,
) -> Result<(), ErrorObject> {
    let Method::ToolsCall { name, arguments } = method else { return Ok(()) };
    let Some(mirrored) = offer.mirrored_params.get(name) else { return Ok(()) };
    for param in mirrored.iter() {
        if !agrees(admission.argument(&param.name), &param.value_in(arguments.as_str())) {
            return Err(mismatch(&format!("Mcp-Param-{}", param.name)));
        }
    }
    Ok(())
}

fn agrees(field: Value<'_>, value: &MirroredValue<'_>) -> bool {
    let field = match field {
        Value::One(field) => field,
        Value::Absent => return matches!(value, MirroredValue::Absent | MirroredValue::Unfit),
        Value::Many | Value::Malformed => return false,
    };
    let Ok(field) = decode_header_value(field) else { return false };
    match value {
        MirroredValue::Absent | MirroredValue::Unfit => false,
        MirroredValue::Text(text) => field == *text,
        MirroredValue::Integer(number) => integer(&field) == Some(*number),
        MirroredValue::Boolean(value) => *field == *if *value { "true" } else { "false" },
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, vec::Vec};

    use super::{
        super::admit::testing::{gate, post},
        *,
    };
    use crate::{
        schema::MirroredParams,
        wire::{Body, Json, Message},
    };

    const SCHEMA: &str = r#"{"type":"object","properties":{"s":{"type":"string","x-mcp-header":"S"},"deep":{"properties":{"i":{"type":"integer","x-mcp-header":"I"}}},"b":{"type":"boolean","x-mcp-header":"B"}}}"#;

    fn offer() -> Offer {
        let mirrored = MirroredParams::of_schema(&Json::from_trusted(SCHEMA)).unwrap();
        Offer { mirrored_params: BTreeMap::from([("t".into(), mirrored)]), ..Offer::default() }
    }

    fn check(fields: &[(&str, &str)], arguments: &str) -> bool {
        let call = |name: &str| {
            let arguments = Json::from_trusted(arguments);
            let method = Method::ToolsCall { name: name.into(), arguments };
            check_arguments(&post(&gate(), fields), &method, &offer())
        };
        assert_eq!(call("other"), Ok(()));
        let checked = call("t");
        if let Err(error) = &checked {
            assert_eq!(error.code, code::HEADER_MISMATCH);
        }
        checked.is_ok()
    }

    #[test]
    fn a_field_says_what_the_argument_says() {
        spec!("SHM-15", "SHM-16", "SHM-54", "SHM-55", "SHM-56", "SHM-59", "SHM-60");
        for (field, arguments, agree) in [
            (("mcp-param-s", "eu"), r#"{"s":"eu"}"#, true),
            (("MCP-PARAM-S", " eu "), r#"{"s":"eu"}"#, true),
            (("Mcp-Param-S", "=?base64?SGVsbG8=?="), r#"{"s":"Hello"}"#, true),
            (("Mcp-Param-S", "SGVsbG8="), r#"{"s":"SGVsbG8="}"#, true),
            (("Mcp-Param-S", "=?base64?SGVsbG8="), r#"{"s":"=?base64?SGVsbG8="}"#, true),
            (("Mcp-Param-S", ""), r#"{"s":""}"#, true),
            (("Mcp-Param-S", "=?base64??="), r#"{"s":""}"#, true),
            (("Mcp-Param-S", "EU"), r#"{"s":"eu"}"#, false),
            (("Mcp-Param-S", ""), r#"{"s":"eu"}"#, false),
            (("Mcp-Param-S", "=?base64?SGVsbG8?="), r#"{"s":"Hello"}"#, false),
            (("Mcp-Param-S", "=?base64?SGVs!!!bG8=?="), r#"{"s":"Hello"}"#, false),
            (("Mcp-Param-S", "eu\u{0}"), r#"{"s":"eu"}"#, false),
            (("Mcp-Param-S", "世界"), r#"{"s":"世界"}"#, false),
            (("Mcp-Param-I", "42"), r#"{"deep":{"i":42}}"#, true),
            (("Mcp-Param-I", "42.0"), r#"{"deep":{"i":42}}"#, true),
            (("Mcp-Param-I", "42"), r#"{"deep":{"i":42.0}}"#, true),
            (("Mcp-Param-I", "42.5"), r#"{"deep":{"i":42}}"#, false),
            (("Mcp-Param-I", "4.2e1"), r#"{"deep":{"i":42}}"#, false),
            (("Mcp-Param-I", "43"), r#"{"deep":{"i":42}}"#, false),
            (("Mcp-Param-B", "true"), r#"{"b":true}"#, true),
            (("Mcp-Param-B", "false"), r#"{"b":false}"#, true),
            (("Mcp-Param-B", "True"), r#"{"b":true}"#, false),
            (("Mcp-Param-B", "1"), r#"{"b":true}"#, false),
        ] {
            assert_eq!(check(&[field], arguments), agree, "{field:?} {arguments}");
        }
    }

    #[test]
    fn a_value_has_a_field_and_no_value_has_none() {
        spec!("SHM-57", "SHM-58", "SHM-63");
        let field = ("Mcp-Param-S", "eu");
        for (fields, arguments, agree) in [
            (&[][..], "{}", true),
            (&[], r#"{"s":null,"deep":null}"#, true),
            (&[], r#"{"s":"eu"}"#, false),
            (&[], r#"{"s":1}"#, true),
            (&[], r#"{"deep":{"i":9007199254740992}}"#, true),
            (&[field], "{}", false),
            (&[field], r#"{"s":null}"#, false),
            (&[field], r#"{"s":1}"#, false),
            (&[("Mcp-Param-I", "9007199254740992")], r#"{"deep":{"i":9007199254740992}}"#, false),
            (&[("Mcp-Param-Other", "eu")], "{}", true),
        ] {
            assert_eq!(check(fields, arguments), agree, "{fields:?} {arguments}");
        }
    }

    #[test]
    fn what_stands_twice_is_refused() {
        spec!("SHM-62", "SHM-63");
        let field = ("Mcp-Param-S", "eu");
        assert!(!check(&[field, field], r#"{"s":"eu"}"#));
        assert!(!check(&[field], r#"{"s":"eu","s":"eu"}"#));
        assert!(!check(&[field, ("mcp-param-s", "us")], r#"{"s":"eu"}"#));
        let other = ("Mcp-Param-Other", "eu");
        assert!(check(&[field, other, other], r#"{"s":"eu"}"#));
    }

    /// Checks the head of a request with this body.
    fn request(fields: &[(&str, &str)], method: &str, params: &str) -> Result<(), ErrorObject> {
        let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#);
        let admission = post(&gate(), fields);
        match Body::parse(body.as_bytes()) {
            Body::Single(Ok(Message::Request(request))) => {
                check_version(&admission, &request.params)
                    .and_then(|()| check_request(&admission, &request))
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn names_and_uris_are_mirrored_once_and_decoded() {
        spec!("SHM-12", "SHM-13", "SHM-15", "SHM-16", "SHM-60", "SHM-62");
        for (method, params) in [
            ("tools/call", r#"{"name":"a b"}"#),
            ("prompts/get", r#"{"name":"a b"}"#),
            ("resources/read", r#"{"uri":"a b"}"#),
        ] {
            let own = ("Mcp-Method", method);
            for (names, agree) in [
                (&["a b"][..], true),
                (&["  a b "], true),
                (&["=?base64?YSBi?="], true),
                (&["A b"], false),
                (&["=?base64?YSBi"], false),
                (&["=?base64?YSB?="], false),
                (&["a b\u{1}"], false),
                (&[], false),
                (&["a b", "a b"], false),
            ] {
                let names = names.iter().map(|name| ("mcp-name", *name));
                let fields: Vec<_> = names.chain([own]).collect();
                let expected = if agree { Ok(()) } else { Err(mismatch("Mcp-Name")) };
                assert_eq!(request(&fields, method, params), expected, "{fields:?}");
            }
        }
        assert_eq!(request(&[("Mcp-Method", "tools/list")], "tools/list", "{}"), Ok(()));
    }

    #[test]
    fn the_method_is_mirrored_to_the_letter() {
        spec!("SHM-08", "SHM-09", "SHM-15");
        for (fields, agree) in [
            (&[("mcp-method", "tools/list")][..], true),
            (&[("Mcp-Method", "Tools/List")], false),
            (&[("Mcp-Method", "prompts/list")], false),
            (&[], false),
            (&[("Mcp-Method", "tools/list"), ("Mcp-Method", "tools/list")], false),
        ] {
            let expected = if agree { Ok(()) } else { Err(mismatch("Mcp-Method")) };
            assert_eq!(request(fields, "tools/list", "{}"), expected, "{fields:?}");
        }
    }

    #[test]
    fn the_version_is_that_of_the_body_whether_it_is_served_or_not() {
        spec!("SHM-04", "SHM-05");
        const KEY: &str = "io.modelcontextprotocol/protocolVersion";
        let method = ("Mcp-Method", "tools/list");
        for (field, version, agree) in [
            (Some("2026-07-28"), r#""2026-07-28""#, true),
            (Some("v999"), r#""v999""#, true),
            (Some("2026-07-28"), r#""v999""#, false),
            (Some("v999"), r#""2026-07-28""#, false),
            (None, r#""2026-07-28""#, false),
            (Some("2026-07-28"), "1", true),
        ] {
            let params = format!(r#"{{"_meta":{{"{KEY}":{version}}}}}"#);
            let version_field = field.map(|field| ("mcp-protocol-version", field));
            let fields: Vec<_> = version_field.into_iter().chain([method]).collect();
            let expected = if agree { Ok(()) } else { Err(mismatch("MCP-Protocol-Version")) };
            assert_eq!(request(&fields, "tools/list", &params), expected, "{field:?} {version}");
        }
    }

    #[test]
    fn a_notification_may_leave_its_fields_out_but_not_say_something_else() {
        let body = r#"{"jsonrpc":"2.0","method":"notifications/x"}"#;
        let Body::Single(Ok(Message::Notification(notification))) = Body::parse(body.as_bytes())
        else {
            panic!("a notification is one");
        };
        for (fields, agree) in [
            (&[][..], true),
            (&[("Mcp-Method", "notifications/x")], true),
            (&[("Mcp-Method", "notifications/y")], false),
            (&[("Mcp-Method", "notifications/x"), ("Mcp-Method", "notifications/x")], false),
        ] {
            let checked = check_notification(&post(&gate(), fields), &notification);
            assert_eq!(checked.is_ok(), agree, "{fields:?}");
        }
    }
}
