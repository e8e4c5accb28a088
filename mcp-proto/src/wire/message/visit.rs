//! The one visit of the tokens of a message.
//!
//! Only the members that the protocol acts on are looked at, every value is a span of the text,
//! and nothing recurses: a payload may be nested as deep as it likes until someone reads it.

use alloc::{borrow::Cow, vec::Vec};
use core::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{Meta, Params, Shape};
use crate::wire::Text;

/// The members of a message at the top level.
#[derive(Default)]
pub(super) struct Envelope<'a> {
    pub(super) jsonrpc: Option<Text<'a>>,
    pub(super) id: Option<&'a RawValue>,
    pub(super) method: Option<Text<'a>>,
    pub(super) params: Params<'a>,
    pub(super) result: Option<&'a RawValue>,
    pub(super) error: Option<&'a RawValue>,
}

impl<'a> Envelope<'a> {
    /// Reads a message strictly: a member that comes twice or has a wrong type makes it `None`.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        serde_json::from_str::<IfObject<Self>>(text).ok()?.0
    }
}

impl<'de> Members<'de> for Envelope<'de> {
    fn read<A: MapAccess<'de>>(map: &mut A) -> Result<Self, A::Error> {
        let mut envelope = Self::default();
        let mut others = Names::default();
        while let Some(Text(name)) = map.next_key()? {
            match &*name {
                "jsonrpc" => set(&mut envelope.jsonrpc, map)?,
                "id" => set(&mut envelope.id, map)?,
                "method" => set(&mut envelope.method, map)?,
                "params" if envelope.params.shape == Shape::Absent => {
                    envelope.params = map.next_value()?;
                }
                "params" => return Err(twice()),
                "result" => set(&mut envelope.result, map)?,
                "error" => set(&mut envelope.error, map)?,
                _ => others.skip(name, map)?,
            }
        }
        others.check()?;
        Ok(envelope)
    }
}

impl<'de> Deserialize<'de> for Params<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let members = IfObject::deserialize(deserializer)?.0;
        Ok(members.unwrap_or(Self { shape: Shape::Other, ..Self::default() }))
    }
}

impl<'de> Members<'de> for Params<'de> {
    fn read<A: MapAccess<'de>>(map: &mut A) -> Result<Self, A::Error> {
        let mut params = Self { shape: Shape::Object, ..Self::default() };
        let mut others = Names::default();
        while let Some(Text(name)) = map.next_key()? {
            match &*name {
                "_meta" if params.meta.is_none() => {
                    params.meta = Some(map.next_value::<IfObject<Meta>>()?.0.ok_or(()));
                }
                "_meta" => return Err(twice()),
                "name" => set(&mut params.name, map)?,
                "uri" => set(&mut params.uri, map)?,
                "arguments" => set(&mut params.arguments, map)?,
                "inputResponses" => set(&mut params.input_responses, map)?,
                "requestState" => set(&mut params.request_state, map)?,
                _ => others.skip(name, map)?,
            }
        }
        params.more = !others.0.is_empty();
        others.check()?;
        Ok(params)
    }
}

impl<'de> Members<'de> for Meta<'de> {
    fn read<A: MapAccess<'de>>(map: &mut A) -> Result<Self, A::Error> {
        let mut meta = Self::default();
        while let Some(Text(name)) = map.next_key()? {
            match &*name {
                "progressToken" => set(&mut meta.progress_token, map)?,
                "io.modelcontextprotocol/protocolVersion" => set(&mut meta.version, map)?,
                "io.modelcontextprotocol/clientCapabilities" => {
                    set(&mut meta.capabilities, map)?;
                }
                "io.modelcontextprotocol/clientInfo" => set(&mut meta.client_info, map)?,
                "io.modelcontextprotocol/logLevel" => set(&mut meta.log_level, map)?,
                "io.modelcontextprotocol/subscriptionId" => set(&mut meta.subscription_id, map)?,
                _ => {
                    check_count(&meta.rest)?;
                    meta.rest.push((name, map.next_value()?));
                }
            }
        }
        check_distinct(meta.rest.iter().map(|(name, _)| &**name))?;
        Ok(meta)
    }
}

/// What an error object must have; the rest of it is not looked at.
#[derive(Deserialize)]
pub(super) struct ErrorMembers<'a> {
    #[serde(rename = "code")]
    _code: i64,
    #[serde(rename = "message", borrow)]
    _message: Text<'a>,
}

/// What can be said of an object that is no message.
#[derive(Default)]
pub(super) struct Lenient<'a> {
    /// The one `id`.
    pub(super) id: Option<&'a RawValue>,
    /// Whether there is a `method`.
    pub(super) asks: bool,
    /// Whether there is a `result` or an `error`.
    pub(super) answers: bool,
}

impl<'a> Lenient<'a> {
    pub(super) fn read(text: &'a str) -> Option<Self> {
        serde_json::from_str::<IfObject<Self>>(text).ok()?.0
    }
}

impl<'de> Members<'de> for Lenient<'de> {
    fn read<A: MapAccess<'de>>(map: &mut A) -> Result<Self, A::Error> {
        let mut seen = Self::default();
        let mut ids = 0_usize;
        while let Some((Text(name), value)) = map.next_entry::<Text, &RawValue>()? {
            match &*name {
                "id" => {
                    ids += 1;
                    seen.id = (ids == 1).then_some(value);
                }
                "method" => seen.asks = true,
                "result" | "error" => seen.answers = true,
                _ => {}
            }
        }
        Ok(seen)
    }
}

/// The elements of an array; `None` if they are more than any batch has.
pub(super) struct Elements<'a>(pub(super) Option<Vec<&'a RawValue>>);

impl<'de> Deserialize<'de> for Elements<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ElementsVisitor)
    }
}

struct ElementsVisitor;

impl<'de> Visitor<'de> for ElementsVisitor {
    type Value = Elements<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        /// An element takes two bytes of text and many times that as a message.
        const BATCH_MAX: usize = 1024;
        let mut elements = Vec::new();
        while let Some(element) = seq.next_element()? {
            if elements.len() == BATCH_MAX {
                skip(seq)?;
                return Ok(Elements(None));
            }
            elements.push(element);
        }
        Ok(Elements(Some(elements)))
    }
}

/// What is read member by member out of an object.
trait Members<'de>: Sized {
    fn read<A: MapAccess<'de>>(map: &mut A) -> Result<Self, A::Error>;
}

/// The members of an object; `None` for any other value.
struct IfObject<T>(Option<T>);

impl<'de, T: Members<'de>> Deserialize<'de> for IfObject<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IfObjectVisitor(PhantomData))
    }
}

struct IfObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Members<'de>> Visitor<'de> for IfObjectVisitor<T> {
    type Value = IfObject<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        T::read(&mut map).map(|members| IfObject(Some(members)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        skip(seq)?;
        Ok(IfObject(None))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(IfObject(None))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(IfObject(None))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(IfObject(None))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(IfObject(None))
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
        Ok(IfObject(None))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(IfObject(None))
    }
}

/// The names of members that nothing else is known of.
#[derive(Default)]
struct Names<'a>(Vec<Cow<'a, str>>);

impl<'de> Names<'de> {
    fn skip<A: MapAccess<'de>>(
        &mut self,
        name: Cow<'de, str>,
        map: &mut A,
    ) -> Result<(), A::Error> {
        check_count(&self.0)?;
        self.0.push(name);
        map.next_value::<IgnoredAny>()?;
        Ok(())
    }

    fn check<E: Error>(&self) -> Result<(), E> {
        check_distinct(self.0.iter().map(|name| &**name))
    }
}

fn check_distinct<'k, E: Error>(names: impl ExactSizeIterator<Item = &'k str>) -> Result<(), E> {
    if names.len() < 2 {
        return Ok(());
    }
    let mut sorted: Vec<_> = names.collect();
    sorted.sort_unstable();
    if sorted.windows(2).any(|pair| pair[0] == pair[1]) { Err(twice()) } else { Ok(()) }
}

/// Refuses to remember more names than any message has, for each takes more memory than text.
fn check_count<T, E: Error>(names: &[T]) -> Result<(), E> {
    const NAMES_MAX: usize = 1 << 16;
    if names.len() < NAMES_MAX { Ok(()) } else { Err(E::custom("too many members")) }
}

fn set<'de, A: MapAccess<'de>, T: Deserialize<'de>>(
    member: &mut Option<T>,
    map: &mut A,
) -> Result<(), A::Error> {
    if member.is_some() {
        return Err(twice());
    }
    *member = Some(map.next_value()?);
    Ok(())
}

fn skip<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<(), A::Error> {
    while seq.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

fn twice<E: Error>() -> E {
    E::custom("a member comes twice")
}
