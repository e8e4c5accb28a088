//! Reading what a client declared.
//!
//! Spec: `ClientCapabilities` in each revision's schema. A capability is declared by being there;
//! members that no revision knows are left alone.

use alloc::{boxed::Box, collections::BTreeMap, format};

use serde_json::value::RawValue;

use super::{ClientCapabilities, ElicitationCapability, ListCapability, SamplingCapability};
use crate::wire::{Distinct, InvalidParams, Json};

type Settings<'a> = BTreeMap<Box<str>, &'a RawValue>;

impl ClientCapabilities {
    /// Reads the JSON text of a declaration; tells what is wrong with it otherwise.
    ///
    /// A member that is `null` counts as absent, because some clients write absent ones so.
    pub fn parse(json: &str) -> Result<Self, InvalidParams> {
        let declared = object(json, "capabilities")?;
        let member = |name: &str| {
            let member = declared.get(name).map(|raw| raw.get()).filter(|text| *text != "null");
            member.map(|text| object(text, &format!("capabilities.{name}"))).transpose()
        };
        let roots = member("roots")?;
        let sampling = member("sampling")?;
        let elicitation = member("elicitation")?;
        Ok(Self {
            raw: Some(Json::parse_text(json).map_err(|error| InvalidParams(error.0))?),
            roots: roots.map(|roots| read_roots(&roots)).transpose()?,
            sampling: sampling.map(|sampling| read_sampling(&sampling)).transpose()?,
            elicitation: elicitation.map(|modes| read_elicitation(&modes)).transpose()?,
            extensions: read_extensions(member("extensions")?.unwrap_or_default())?,
            experimental: taken(member("experimental")?.unwrap_or_default()),
        })
    }
}

fn read_roots(members: &Settings<'_>) -> Result<ListCapability, InvalidParams> {
    let list_changed = match members.get("listChanged").map(|raw| raw.get()) {
        Some("true") => true,
        None | Some("false" | "null") => false,
        Some(_) => return Err(must_be("capabilities.roots.listChanged", "a boolean")),
    };
    Ok(ListCapability { list_changed })
}

fn read_sampling(members: &Settings<'_>) -> Result<SamplingCapability, InvalidParams> {
    Ok(SamplingCapability {
        tools: is_declared(members, "capabilities.sampling", "tools")?,
        context: is_declared(members, "capabilities.sampling", "context")?,
    })
}

fn read_elicitation(members: &Settings<'_>) -> Result<ElicitationCapability, InvalidParams> {
    let form = is_declared(members, "capabilities.elicitation", "form")?;
    let url = is_declared(members, "capabilities.elicitation", "url")?;
    Ok(ElicitationCapability { form: form || !url, url })
}

fn read_extensions(members: Settings<'_>) -> Result<BTreeMap<Box<str>, Json>, InvalidParams> {
    for (id, settings) in &members {
        if !settings.get().starts_with('{') {
            return Err(must_be(&format!("capabilities.extensions[{id:?}]"), "an object"));
        }
    }
    Ok(taken(members))
}

fn is_declared(members: &Settings<'_>, path: &str, name: &str) -> Result<bool, InvalidParams> {
    match members.get(name).map(|raw| raw.get()) {
        None | Some("null") => Ok(false),
        Some(text) if text.starts_with('{') => Ok(true),
        Some(_) => Err(must_be(&format!("{path}.{name}"), "an object")),
    }
}

fn object<'a>(text: &'a str, path: &str) -> Result<Settings<'a>, InvalidParams> {
    if !text.trim_ascii_start().starts_with('{') {
        return Err(must_be(path, "an object"));
    }
    serde_json::from_str(text)
        .map(|Distinct(members)| members)
        .map_err(|_| must_be(path, "an object with distinct members"))
}

fn taken(members: Settings<'_>) -> BTreeMap<Box<str>, Json> {
    members.into_iter().map(|(key, raw)| (key, Json::from_raw(raw))).collect()
}

fn must_be(path: &str, what: &str) -> InvalidParams {
    InvalidParams(format!("{path} must be {what}"))
}

#[cfg(test)]
mod tests;
