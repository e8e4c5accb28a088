//! A second reading of JSON-RPC lines, over lists of members: it shares nothing with the parser
//! that it judges but `serde_json`'s grammar.

use alloc::{
    string::{String, ToString},
    vec::Vec,
};
use core::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Value, value::RawValue};

/// The elements of an array that is still a batch.
const BATCH_MAX: usize = 1024;

/// What a line holds.
#[derive(Debug)]
pub enum Line<'a> {
    /// One message, or none.
    Single(Reading<'a>),
    /// An array, element by element.
    Batch(Vec<Reading<'a>>),
}

/// One message, or none.
#[derive(Debug)]
pub enum Reading<'a> {
    /// Wants an answer.
    Request {
        /// What the answer names it by.
        id: Id,
        /// What is asked for.
        method: String,
        /// The parameters.
        params: Params<'a>,
    },
    /// Wants none.
    Notification {
        /// What happened.
        method: String,
        /// The parameters.
        params: Params<'a>,
    },
    /// An answer.
    Response {
        /// Of which request.
        id: Option<Id>,
        /// The text of the result or of the error.
        outcome: Result<&'a str, &'a str>,
    },
    /// None of these.
    Malformed(Malformed),
}

/// A text that is no message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Malformed {
    /// Whether it is JSON at all.
    pub json: bool,
    /// The one id in it.
    pub id: Option<Id>,
    /// Whether it looks like an answer, which is never answered.
    pub response: bool,
}

/// A request id or a progress token: `1` is not `"1"`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Id {
    /// An integer.
    Number(i128),
    /// A string.
    Text(String),
}

/// The parameters of a message.
#[derive(Debug, Default)]
pub struct Params<'a> {
    /// As they came.
    pub raw: Option<&'a str>,
    /// Their members, if they are an object.
    pub members: Members<'a>,
    /// The members of their `_meta`, if that is an object.
    pub meta: Members<'a>,
}

/// The members of an object in their order, with the text of each.
#[derive(Debug, Default)]
pub struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Line<'a> {
    /// Reads a line.
    pub fn read(bytes: &'a [u8]) -> Self {
        let text = core::str::from_utf8(bytes).ok();
        let Some(raw) = text.and_then(|text| serde_json::from_str::<&RawValue>(text).ok()) else {
            return Self::Single(Reading::Malformed(Malformed::default()));
        };
        match serde_json::from_str::<Vec<&RawValue>>(raw.get()) {
            Ok(elements) if elements.len() <= BATCH_MAX => {
                Self::Batch(elements.iter().map(|element| Reading::of(element.get())).collect())
            }
            _ => Self::Single(Reading::of(raw.get())),
        }
    }
}

impl<'a> Reading<'a> {
    /// Reads a text that is JSON.
    fn of(text: &'a str) -> Self {
        let Some(members) = Members::read(text) else {
            return Self::Malformed(Malformed { json: true, ..Malformed::default() });
        };
        Self::message(&members).unwrap_or_else(|| {
            let ids: Vec<_> = members.0.iter().filter(|(name, _)| name == "id").collect();
            let answers = members.get("result").is_some() || members.get("error").is_some();
            Self::Malformed(Malformed {
                json: true,
                id: if let [(_, id)] = ids[..] { Id::read(id.get()) } else { None },
                response: answers && members.get("method").is_none(),
            })
        })
    }

    /// The message that these members make, if they make one.
    fn message(members: &Members<'a>) -> Option<Self> {
        if !members.are_distinct() || text(members.get("jsonrpc")?)? != "2.0" {
            return None;
        }
        let params = members.get("params").map_or(Some(Params::default()), Params::read)?;
        let method = members.get("method").map(text);
        match (method, members.get("id"), members.get("result"), members.get("error")) {
            (Some(method), None, None, None) => {
                Some(Self::Notification { method: method?, params })
            }
            (Some(method), Some(id), None, None) => {
                Some(Self::Request { id: Id::read(id)?, method: method?, params })
            }
            (None, Some(id), Some(result), None) if result.starts_with('{') => {
                Some(Self::Response { id: Some(Id::read(id)?), outcome: Ok(result) })
            }
            (None, id, None, Some(error)) if is_error(error) => {
                let id = match id {
                    None | Some("null") => None,
                    Some(id) => Some(Id::read(id)?),
                };
                Some(Self::Response { id, outcome: Err(error) })
            }
            _ => None,
        }
    }
}

/// Whether this is an object with an integer as its code and a string as its message.
fn is_error(error: &str) -> bool {
    let once = |members: &Members<'_>, wanted: &str| {
        members.0.iter().filter(|(name, _)| name == wanted).count() == 1
    };
    Members::read(error).is_some_and(|members| {
        once(&members, "code")
            && once(&members, "message")
            && members.get("code").is_some_and(|code| serde_json::from_str::<i64>(code).is_ok())
            && members.get("message").and_then(text).is_some()
    })
}

impl Id {
    /// Reads an id from its text; `None` if it is neither a string nor an integer of 64 bits.
    pub fn read(json: &str) -> Option<Self> {
        if json.starts_with('"') {
            return text(json).map(Self::Text);
        }
        let number: i128 = json.parse().ok()?;
        let fits = i64::try_from(number).is_ok() || u64::try_from(number).is_ok();
        fits.then_some(Self::Number(number))
    }

    /// Its JSON text.
    pub fn to_json(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => Value::from(&**text).to_string(),
        }
    }

    /// How long a limit on ids takes it for.
    pub fn byte_len(&self) -> usize {
        match self {
            Self::Number(_) => 20,
            Self::Text(text) => text.len(),
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_json())
    }
}

impl<'a> Params<'a> {
    /// `None` if a name comes twice, or a value cannot be read as far as it is read.
    fn read(raw: &'a str) -> Option<Self> {
        let members = object(raw)?;
        let meta = members.get("_meta").map_or(Some(Members::default()), object)?;
        Some(Self { raw: Some(raw), members, meta })
    }

    /// A member that is a string.
    pub fn text(&self, name: &str) -> Option<String> {
        text(self.members.get(name)?)
    }
}

impl<'a> Members<'a> {
    /// The members of an object; `None` for anything else.
    pub fn read(json: &'a str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }

    /// The member of this name; the last, if there are several.
    pub fn get(&self, wanted: &str) -> Option<&'a str> {
        self.0.iter().rfind(|(name, _)| name == wanted).map(|(_, value)| value.get())
    }

    /// A member by the names on the way to it.
    pub fn find(&self, way: &[&str]) -> Option<&'a str> {
        let (name, rest) = way.split_first()?;
        let value = self.get(name)?;
        if rest.is_empty() { Some(value) } else { Members::read(value)?.find(rest) }
    }

    /// Names and values, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.0.iter().map(|(name, value)| (&**name, value.get()))
    }

    /// Whether no name comes twice.
    pub fn are_distinct(&self) -> bool {
        let mut names: Vec<&str> = self.0.iter().map(|(name, _)| &**name).collect();
        names.sort_unstable();
        names.windows(2).all(|pair| pair[0] != pair[1])
    }
}

/// The members of an object, none for another value; `None` if one comes twice or if it is a
/// scalar that has no value, such as a number beyond all range.
fn object(json: &str) -> Option<Members<'_>> {
    if json.starts_with('{') {
        return Members::read(json).filter(Members::are_distinct);
    }
    let readable = json.starts_with('[') || serde_json::from_str::<Value>(json).is_ok();
    readable.then(Members::default)
}

/// The string that a JSON text is.
pub(super) fn text(json: &str) -> Option<String> {
    serde_json::from_str(json).ok()
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Members::default();
                while let Some(member) = map.next_entry()? {
                    members.0.push(member);
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(All)
    }
}
