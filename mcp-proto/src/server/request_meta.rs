//! `_meta` of a 2026-07-28 request: its terms, read once for all requests that declare the same.
//!
//! Spec: "`_meta`" and "Versioning" of 2026-07-28.

use alloc::{boxed::Box, format, string::String, sync::Arc, vec::Vec};

use serde_json::value::RawValue;

use crate::{
    error::{ErrorObject, code, excerpt},
    schema::{ClientCapabilities, Implementation, Level},
    terms::Terms,
    version::Version,
    wire::{InObject, Json, Meta, Object, escape_into},
};

/// Declarations longer than this are read anew each time, so that the memory stays small.
const REMEMBERED_BYTES_MAX: usize = 16 << 10;

/// The terms that clients declared lately, the latest first.
#[derive(Debug)]
pub(super) struct Declarations {
    known: Vec<Declaration>,
    count_max: usize,
}

#[derive(Debug)]
struct Declaration {
    capabilities: Box<str>,
    client_info: Option<Box<str>>,
    terms: Arc<Terms>,
}

impl Declarations {
    pub(super) const fn new(count_max: usize) -> Self {
        Self { known: Vec::new(), count_max }
    }

    /// The terms of a request in `version`.
    pub(super) fn terms(
        &mut self,
        version: Version,
        meta: &Meta<'_>,
    ) -> Result<Arc<Terms>, ErrorObject> {
        let capabilities = meta.capabilities.ok_or_else(|| {
            ErrorObject::invalid_params(
                "Missing _meta[\"io.modelcontextprotocol/clientCapabilities\"]",
            )
        })?;
        let client_info = meta.client_info.map(RawValue::get);
        let found = self.known.iter().position(|known| {
            known.terms.version == version
                && *known.capabilities == *capabilities.get()
                && known.client_info.as_deref() == client_info
        });
        if let Some(place) = found {
            if place > 0 {
                self.known[..=place].rotate_right(1);
            }
            return Ok(self.known[0].terms.clone());
        }
        let terms = Arc::new(Terms {
            version,
            capabilities: ClientCapabilities::parse(capabilities.get())
                .map_err(|why| ErrorObject::invalid_params(format!("clientCapabilities: {why}")))?,
            client: client_info.map(client).transpose()?,
        });
        let length = capabilities.get().len() + client_info.map_or(0, str::len);
        if self.count_max > 0 && length <= REMEMBERED_BYTES_MAX {
            self.known.truncate(self.count_max - 1);
            let declaration = Declaration {
                capabilities: capabilities.get().into(),
                client_info: client_info.map(Box::from),
                terms: terms.clone(),
            };
            self.known.insert(0, declaration);
        }
        Ok(terms)
    }
}

/// What a client calls itself.
pub(super) fn client(json: &str) -> Result<Arc<Implementation>, ErrorObject> {
    serde_json::from_str(json)
        .map(|InObject(client)| Arc::new(client))
        .map_err(|_| ErrorObject::invalid_params("clientInfo must have a name and a version"))
}

/// The revision that a request names, if it is one of `served` that works request by request.
pub(super) fn version(raw: &RawValue, served: &[Version]) -> Result<Version, ErrorObject> {
    let name: String = serde_json::from_str(raw.get())
        .map_err(|_| ErrorObject::invalid_params("protocolVersion must be a string"))?;
    name.parse()
        .ok()
        .filter(|version: &Version| served.contains(version) && !version.rules().handshake)
        .ok_or_else(|| unsupported_version(&name, served))
}

/// -32022, which names the revisions that a request may name.
pub(super) fn unsupported_version(requested: &str, served: &[Version]) -> ErrorObject {
    let requested = excerpt(requested);
    let mut data = String::new();
    let mut object = Object::begin(&mut data);
    object.raw("supported", &version_names(served));
    object.text("requested", &requested);
    object.end();
    ErrorObject::new(
        code::UNSUPPORTED_VERSION,
        format!("Unsupported protocol version: {requested}"),
    )
    .with_data(Json::from_trusted(&data))
}

/// -32602 for a request that names no revision; its data says which ones it may name.
pub(super) fn missing_version(served: &[Version]) -> ErrorObject {
    let mut data = String::new();
    let mut object = Object::begin(&mut data);
    object.raw("supported", &version_names(served));
    object.end();
    ErrorObject::invalid_params("Missing _meta[\"io.modelcontextprotocol/protocolVersion\"]")
        .with_data(Json::from_trusted(&data))
}

/// The revisions of `served` that a request may name, as a JSON array.
pub(super) fn version_names(served: &[Version]) -> String {
    let mut names = String::from("[");
    for version in served.iter().filter(|version| !version.rules().handshake) {
        if names.len() > 1 {
            names.push(',');
        }
        escape_into(version.as_str(), &mut names);
    }
    names.push(']');
    names
}

/// The level from which a request wants to hear log messages.
pub(super) fn log_level(raw: Option<&RawValue>) -> Result<Option<Level>, ErrorObject> {
    raw.map(|raw| level(raw.get())).transpose()
}

/// A level by the JSON text of its name.
pub(super) fn level(json: &str) -> Result<Level, ErrorObject> {
    let name: String = serde_json::from_str(json)
        .map_err(|_| ErrorObject::invalid_params("The log level must be a string"))?;
    name.parse()
        .map_err(|_| ErrorObject::invalid_params(format!("Unknown log level: {}", excerpt(&name))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> &RawValue {
        serde_json::from_str(json).unwrap()
    }

    fn meta<'a>(capabilities: &'a str, client: Option<&'a str>) -> Meta<'a> {
        Meta {
            capabilities: Some(raw(capabilities)),
            client_info: client.map(raw),
            ..Meta::default()
        }
    }

    #[test]
    fn a_request_names_a_revision_that_is_served_without_a_handshake() {
        let both = [Version::V2025_11_25, Version::V2026_07_28];
        assert_eq!(version(raw("\"2026-07-28\""), &both), Ok(Version::V2026_07_28));
        assert_eq!(version(raw(r#""2026-07\u002d28""#), &both), Ok(Version::V2026_07_28));
        for (text, served, code) in [
            ("\"2025-11-25\"", &both[..], -32022),
            ("\"2026-07-28\"", &both[..1], -32022),
            ("\"\"", &both, -32022),
            ("1", &both, -32602),
            ("null", &both, -32602),
        ] {
            assert_eq!(version(raw(text), served).unwrap_err().code, code, "{text}");
        }
    }

    #[test]
    fn a_refusal_repeats_little_of_what_it_refuses() {
        let error = unsupported_version(&"9".repeat(10_000), &Version::ALL);
        assert!(error.message.len() < 200);
        let data = error.data.unwrap();
        assert!(data.as_str().len() < 200);
        assert!(data.as_str().starts_with(r#"{"supported":["2026-07-28"],"requested":"999"#));
    }

    #[test]
    fn the_declaration_unused_for_longest_is_forgotten() {
        let mut known = Declarations::new(2);
        let latest = Version::V2026_07_28;
        let mut terms = |text: &str| known.terms(latest, &meta(text, None)).unwrap();
        let [a, b] = ["{}", r#"{"roots":{}}"#].map(&mut terms);
        assert!(Arc::ptr_eq(&a, &terms("{}")));
        terms(r#"{"sampling":{}}"#);
        assert!(Arc::ptr_eq(&a, &terms("{}")));
        assert!(!Arc::ptr_eq(&b, &terms(r#"{"roots":{}}"#)));
    }

    #[test]
    fn nothing_large_is_remembered_and_nothing_at_all_without_room() {
        let large = format!(r#"{{"experimental":{{"a":"{}"}}}}"#, "x".repeat(REMEMBERED_BYTES_MAX));
        for (count_max, text) in [(2, &*large), (0, "{}")] {
            let mut known = Declarations::new(count_max);
            for _ in 0..3 {
                known.terms(Version::V2026_07_28, &meta(text, None)).unwrap();
            }
            assert_eq!(known.known.len(), 0);
        }
    }

    #[test]
    fn clients_and_revisions_are_told_apart() {
        let mut known = Declarations::new(8);
        let client = r#"{"name":"c","version":"1"}"#;
        let latest = Version::V2026_07_28;
        let first = known.terms(latest, &meta("{}", None)).unwrap();
        let second = known.terms(latest, &meta("{}", Some(client))).unwrap();
        let third = known.terms(Version::V2025_11_25, &meta("{}", Some(client))).unwrap();
        assert_eq!(first.client, None);
        assert_eq!(second.client.as_ref().unwrap().name, "c");
        assert_eq!(third.version, Version::V2025_11_25);
        assert!(known.terms(latest, &meta("{}", Some(r#"["c","1"]"#))).is_err());
        assert!(known.terms(latest, &Meta::default()).is_err());
    }

    #[test]
    fn the_revisions_that_a_request_may_name_are_those_without_a_handshake() {
        let [legacy, latest] = [Version::V2025_11_25, Version::V2026_07_28];
        assert_eq!(version_names(&[]), "[]");
        assert_eq!(version_names(&[legacy, latest]), r#"["2026-07-28"]"#);
        assert_eq!(version_names(&[latest, latest]), r#"["2026-07-28","2026-07-28"]"#);
    }

    #[test]
    fn levels_are_known_by_their_exact_names() {
        assert_eq!(log_level(None), Ok(None));
        assert_eq!(log_level(Some(raw("\"debug\""))), Ok(Some(Level::Debug)));
        assert_eq!(level(r#""emergenc\u0079""#), Ok(Level::Emergency));
        for text in ["\"Debug\"", "\"warn\"", "\"\"", "1", "null"] {
            assert_eq!(level(text).unwrap_err().code, code::INVALID_PARAMS, "{text}");
        }
    }
}
