//! The parameters of a request, read as its method wants them.

use alloc::{borrow::Cow, boxed::Box, collections::BTreeMap, format, string::String};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{CompleteParams, Method, Reference, vocabulary::Known};
use crate::{
    error::ErrorObject,
    wire::{Distinct, InObject, Json, Params},
};

/// The method of a call, unless the machine answers it by itself.
pub(super) fn of_call(known: Known, params: &Params<'_>) -> Result<Option<Method>, ErrorObject> {
    Ok(Some(match known {
        Known::ToolsCall => Method::ToolsCall {
            name: text("name", params.name)?,
            arguments: object("arguments", params.arguments)?,
        },
        Known::PromptsGet => Method::PromptsGet {
            name: text("name", params.name)?,
            arguments: strings("arguments", params.arguments)?,
        },
        Known::ResourcesRead => Method::ResourcesRead { uri: text("uri", params.uri)? },
        Known::ToolsList => Method::ToolsList { cursor: cursor(params)? },
        Known::PromptsList => Method::PromptsList { cursor: cursor(params)? },
        Known::ResourcesList => Method::ResourcesList { cursor: cursor(params)? },
        Known::ResourceTemplatesList => Method::ResourceTemplatesList { cursor: cursor(params)? },
        Known::Complete => Method::Complete(Box::new(complete(params)?)),
        Known::Initialize
        | Known::Ping
        | Known::SetLevel
        | Known::Subscribe
        | Known::Unsubscribe
        | Known::Discover
        | Known::Listen => return Ok(None),
    }))
}

/// A required member that is a string.
pub(super) fn text(member: &str, raw: Option<&RawValue>) -> Result<Box<str>, ErrorObject> {
    let raw = raw.ok_or_else(|| ErrorObject::invalid_params(format!("Missing {member}")))?;
    match serde_json::from_str::<Text<'_>>(raw.get()) {
        Ok(Text(text)) => Ok(text.into()),
        Err(_) => Err(ErrorObject::invalid_params(format!("{member} must be a string"))),
    }
}

/// A member that is an object; `{}` if it is absent.
fn object(member: &str, raw: Option<&RawValue>) -> Result<Json, ErrorObject> {
    match raw {
        None => Ok(Json::from_trusted("{}")),
        Some(raw) if raw.get().starts_with('{') => Ok(Json::from_raw(raw)),
        Some(_) => Err(ErrorObject::invalid_params(format!("{member} must be an object"))),
    }
}

/// A member that maps names to strings; empty if it is absent.
fn strings(
    member: &str,
    raw: Option<&RawValue>,
) -> Result<BTreeMap<Box<str>, String>, ErrorObject> {
    raw.map_or_else(
        || Ok(BTreeMap::new()),
        |raw| {
            serde_json::from_str(raw.get()).map(|Distinct(strings)| strings).map_err(|_| {
                ErrorObject::invalid_params(format!("{member} must map names to strings"))
            })
        },
    )
}

fn cursor(params: &Params<'_>) -> Result<Option<Box<str>>, ErrorObject> {
    #[derive(Deserialize)]
    struct Page {
        cursor: Option<Box<str>>,
    }
    if !params.more {
        return Ok(None);
    }
    params
        .parse::<Page>()
        .map(|page| page.cursor)
        .map_err(|_| ErrorObject::invalid_params("cursor must be a string"))
}

fn complete(params: &Params<'_>) -> Result<CompleteParams, ErrorObject> {
    #[derive(Deserialize)]
    struct Wire {
        #[serde(rename = "ref")]
        reference: InObject<WireReference>,
        argument: InObject<Argument>,
        #[serde(default)]
        context: InObject<Context>,
    }
    #[derive(Deserialize)]
    #[serde(tag = "type")]
    enum WireReference {
        #[serde(rename = "ref/prompt")]
        Prompt { name: Box<str> },
        #[serde(rename = "ref/resource")]
        Resource { uri: Box<str> },
    }
    #[derive(Deserialize)]
    struct Argument {
        name: Box<str>,
        value: Box<str>,
    }
    #[derive(Default, Deserialize)]
    struct Context {
        #[serde(default)]
        arguments: Distinct<String>,
    }
    let wire: Wire = params.parse().map_err(|why| ErrorObject::invalid_params(format!("{why}")))?;
    Ok(CompleteParams {
        reference: match wire.reference.0 {
            WireReference::Prompt { name } => Reference::Prompt(name),
            WireReference::Resource { uri } => Reference::Resource(uri),
        },
        argument: wire.argument.0.name,
        value: wire.argument.0.value,
        context: wire.context.0.arguments.0,
    })
}

/// A string that borrows from the input unless it has escapes.
///
/// (A bare `Cow` borrows only inside of a struct that says so.)
#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Message;

    /// What a request with these parameters asks for.
    fn read(known: Known, params: &str) -> Result<Method, ErrorObject> {
        let message = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"m","params":{params}}}"#);
        let Ok(Message::Request(request)) = Message::parse(&message) else { panic!("{message}") };
        of_call(known, &request.params).map(|method| method.unwrap())
    }

    #[test]
    fn absent_arguments_are_empty_ones() {
        spec!("TOL-20");
        let method = read(Known::ToolsCall, r#"{"name":"t"}"#).unwrap();
        let empty = Json::parse_text("{}").unwrap();
        assert_eq!(method, Method::ToolsCall { name: "t".into(), arguments: empty });
        let method = read(Known::PromptsGet, r#"{"name":"p"}"#).unwrap();
        assert_eq!(method, Method::PromptsGet { name: "p".into(), arguments: BTreeMap::new() });
    }

    #[test]
    fn names_are_unescaped() {
        let method = read(Known::ResourcesRead, r#"{"uri":"a:\u00e9\/\n"}"#).unwrap();
        assert_eq!(method, Method::ResourcesRead { uri: "a:\u{e9}/\n".into() });
        assert!(read(Known::ResourcesRead, r#"{"uri":"\ud800"}"#).is_err());
    }

    #[test]
    fn an_empty_cursor_is_a_cursor() {
        for (params, cursor) in [
            ("{}", None),
            (r#"{"cursor":null}"#, None),
            (r#"{"cursor":""}"#, Some("".into())),
            (r#"{"other":1,"cursor":"c"}"#, Some("c".into())),
        ] {
            let method = read(Known::ToolsList, params).unwrap();
            assert_eq!(method, Method::ToolsList { cursor }, "{params}");
        }
    }

    #[test]
    fn a_completion_may_know_other_arguments() {
        spec!("CMP-05");
        let params = |context: &str| {
            let (reference, argument) =
                (r#"{"type":"ref/resource","uri":"a:{x}"}"#, r#"{"name":"x","value":"v"}"#);
            format!(r#"{{"ref":{reference},"argument":{argument}{context}}}"#)
        };
        let expected = |context| {
            Method::Complete(Box::new(CompleteParams {
                reference: Reference::Resource("a:{x}".into()),
                argument: "x".into(),
                value: "v".into(),
                context,
            }))
        };
        let context = [("y".into(), "1".into())];
        for (text, context) in [
            ("", BTreeMap::new()),
            (r#","context":{}"#, BTreeMap::new()),
            (r#","context":{"arguments":{"y":"1"}}"#, context.into()),
        ] {
            assert_eq!(read(Known::Complete, &params(text)), Ok(expected(context)));
        }
        for text in [r#","context":[]"#, r#","context":{"arguments":{"y":1}}"#] {
            assert!(read(Known::Complete, &params(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn what_the_machine_answers_is_no_call() {
        let message = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
        let Ok(Message::Request(request)) = Message::parse(message) else { panic!("{message}") };
        for known in [Known::Ping, Known::Initialize, Known::Discover, Known::Listen] {
            assert_eq!(of_call(known, &request.params), Ok(None));
        }
    }
}
