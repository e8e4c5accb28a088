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
