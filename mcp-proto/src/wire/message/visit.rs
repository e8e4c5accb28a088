//! The one visit of the tokens of a message.
//!
//! Only the members that the protocol acts on are looked at, every value is a span of the text,
//! and nothing recurses: a payload may be nested as deep as it likes until someone reads it.

use alloc::{borrow::Cow, vec::Vec};
use core::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
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
        let params = Params { text, ..Params::default() };
        let mut envelope = Self { params, ..Self::default() };
        fill(&mut envelope, text)?;
        Some(envelope)
    }
}

impl<'de> Members<'de> for Envelope<'de> {
    fn read<A: MapAccess<'de>>(&mut self, map: &mut A) -> Result<(), A::Error> {
        let mut others = Names::default();
        while let Some(Text(name)) = map.next_key()? {
            match &*name {
                "jsonrpc" => set(&mut self.jsonrpc, map)?,
                "id" => set(&mut self.id, map)?,
                "method" => set(&mut self.method, map)?,
                "params" if self.params.shape == Shape::Absent => {
                    self.params.shape = Shape::Object;
                    if !map.next_value_seed(IfObject(&mut self.params))? {
                        self.params.shape = Shape::Other;
                    }
                }
                "params" => return Err(twice()),
                "result" => set(&mut self.result, map)?,
                "error" => set(&mut self.error, map)?,
                _ => others.skip(name, map)?,
            }
        }
        others.check()
    }
}

impl<'de> Members<'de> for Params<'de> {
    fn read<A: MapAccess<'de>>(&mut self, map: &mut A) -> Result<(), A::Error> {
        let mut others = Names::default();
        while let Some(Text(name)) = map.next_key()? {
            match &*name {
                "_meta" if self.meta.is_none() => {
                    if let Ok(meta) = self.meta.insert(Ok(Meta::default()))
                        && !map.next_value_seed(IfObject(meta))?
                    {
                        self.meta = Some(Err(()));
                    }
                }
                "_meta" => return Err(twice()),
                "name" => set(&mut self.name, map)?,
                "uri" => set(&mut self.uri, map)?,
                "arguments" => set(&mut self.arguments, map)?,
                "inputResponses" => set(&mut self.input_responses, map)?,
                "requestState" => set(&mut self.request_state, map)?,
                _ => others.skip(name, map)?,
            }
        }
        self.more = !others.0.is_empty();
        others.check()
    }
}

impl<'de> Members<'de> for Meta<'de> {
    fn read<A: MapAccess<'de>>(&mut self, map: &mut A) -> Result<(), A::Error> {
        while let Some(Text(name)) = map.next_key()? {
            match &*name {
                "progressToken" => set(&mut self.progress_token, map)?,
                "io.modelcontextprotocol/protocolVersion" => set(&mut self.version, map)?,
                "io.modelcontextprotocol/clientCapabilities" => {
                    set(&mut self.capabilities, map)?;
                }
                "io.modelcontextprotocol/clientInfo" => set(&mut self.client_info, map)?,
                "io.modelcontextprotocol/logLevel" => set(&mut self.log_level, map)?,
                "io.modelcontextprotocol/subscriptionId" => set(&mut self.subscription_id, map)?,
                _ => {
                    check_count(&self.rest)?;
                    self.rest.push((name, map.next_value()?));
                }
            }
        }
        check_distinct(self.rest.iter().map(|(name, _)| &**name))
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
        let mut seen = Self::default();
        fill(&mut seen, text)?;
        Some(seen)
    }
}

impl<'de> Members<'de> for Lenient<'de> {
    fn read<A: MapAccess<'de>>(&mut self, map: &mut A) -> Result<(), A::Error> {
        let mut ids = 0_usize;
        while let Some((Text(name), value)) = map.next_entry::<Text, &RawValue>()? {
            match &*name {
                "id" => {
                    ids += 1;
                    self.id = (ids == 1).then_some(value);
                }
                "method" => self.asks = true,
                "result" | "error" => self.answers = true,
                _ => {}
            }
        }
        Ok(())
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
trait Members<'de> {
    fn read<A: MapAccess<'de>>(&mut self, map: &mut A) -> Result<(), A::Error>;
}

/// Fills `members` with those of the object that `text` is; `None` if it is anything else.
fn fill<'a>(members: &mut impl Members<'a>, text: &'a str) -> Option<()> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let object = IfObject(members).deserialize(&mut deserializer).ok()?;
    deserializer.end().ok()?;
    object.then_some(())
}

/// Fills the members in if the value is an object, and says whether it is.
///
/// They are filled in where they stand, because moving them costs more than finding them.
struct IfObject<'s, T>(&'s mut T);

impl<'de, T: Members<'de>> DeserializeSeed<'de> for IfObject<'_, T> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Members<'de>> Visitor<'de> for IfObject<'_, T> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        self.0.read(&mut map)?;
        Ok(true)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<bool, A::Error> {
        skip(seq)?;
        Ok(false)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_unit<E: Error>(self) -> Result<bool, E> {
        Ok(false)
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
