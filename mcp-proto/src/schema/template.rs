//! URI templates: which URIs a template matches, and with which variables.
//!
//! Spec: RFC 6570, which `server/resources` names for the URIs of resource templates.

mod parse;

use alloc::{boxed::Box, collections::BTreeMap, string::String, vec::Vec};
use core::fmt;

use super::uri::is_path_char;

/// The variables of a match, percent-decoded.
///
/// They come from the peer, and a decoded value may hold any character: a variable that was
/// matched within one segment of a path may hold `/` or `..` all the same. Check before use.
pub type Variables = BTreeMap<Box<str>, String>;

/// A URI template of RFC 6570 that URIs are matched against, in time linear in the URI.
///
/// The RFC tells how to make a URI of a template; this is the way back. It goes once through the
/// URI from the left and never tries again:
///
/// * A variable takes at least one character, and all up to the first occurrence of the literal
///   that follows it. The last literal is looked for at the end of the URI.
/// * `{a}`, `{.a}` and `{/a}` take what one segment of a path may consist of; `{/a*}` also takes
///   `/`; `{+a}` and `{#a}` take anything. `{a,b}` is `a`, a comma, and `b`.
/// * `{?a,b}` and `{&a,b}` are parameters in any order, each at most once; `{;a,b}` likewise. All
///   of them, and `{#a}`, may be left out. A parameter that the template does not have is no match.
/// * `{a:3}` takes at most three characters, counted after decoding.
/// * Characters beyond ASCII are taken as they are, although a URI has none.
/// * What is not decoded well (`%zz`, or bytes that are no UTF-8) is no match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UriTemplate {
    text: Box<str>,
    path: Vec<Part>,
    /// `{;a}`: after the path.
    matrix: Option<Parameters>,
    /// `{?a}` or `{&a}`: after that.
    query: Option<Parameters>,
    /// `{#a}`: at the end.
    fragment: Vec<Part>,
}

/// The text is no template that can be matched; says why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidTemplate(pub(crate) String);

impl fmt::Display for InvalidTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for InvalidTemplate {}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(Box<str>),
    /// Never next to another variable.
    Variable(Variable),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Variable {
    name: Box<str>,
    takes: Takes,
    chars_max: Option<usize>,
}

/// Which characters a variable takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    /// Those of a segment of a path.
    Segment,
    /// Those and `/`.
    Path,
    /// Those, `/` and `?`, but not the `separator` of parameters.
    Parameter { separator: char },
    /// Any.
    Anything,
}

/// `;a=1;b=2`, `?a=1&b=2` or `&a=1&b=2`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Parameters {
    /// What they begin with.
    first: char,
    /// How many such characters stand in literals before them.
    skip: usize,
    variables: Vec<Variable>,
}

impl UriTemplate {
    /// Reads a template. Refused is one that could not be matched in one way alone: two variables
    /// without a literal between them, a variable twice, `*` on parameters, anything after the
    /// parameters but what may come after them in a URI.
    pub fn parse(text: &str) -> Result<Self, InvalidTemplate> {
        parse::template(text)
    }

    /// The template's text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The names of its variables.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        let in_parts = self.path.iter().chain(&self.fragment).filter_map(|part| match part {
            Part::Variable(variable) => Some(variable),
            Part::Literal(_) => None,
        });
        let parameters = self.matrix.iter().chain(&self.query);
        let in_parameters = parameters.flat_map(|parameters| &parameters.variables);
        in_parts.chain(in_parameters).map(|variable| &*variable.name)
    }

    /// The variables with which the template gives `uri`, if it does.
    pub fn matches(&self, uri: &str) -> Option<Variables> {
        self.look_for(uri, &mut Match::default())
    }

    fn look_for(&self, uri: &str, found: &mut Match) -> Option<Variables> {
        let mut rest = uri;
        if !self.fragment.is_empty()
            && let Some((before, fragment)) = rest.split_once('#')
        {
            rest = before;
            match_parts(&self.fragment, fragment, found)?;
        }
        for parameters in self.query.iter().chain(&self.matrix) {
            rest = parameters.split_off(rest, found)?;
        }
        match_parts(&self.path, rest, found)?;
        Some(core::mem::take(&mut found.variables))
    }
}

/// A match as far as it has come.
#[derive(Default)]
struct Match {
    variables: Variables,
    /// How many bytes were compared: the tests hold it to a multiple of the URI's length.
    looked_at: usize,
}

impl Match {
    fn look_at(&mut self, text: &str) {
        self.looked_at += text.len();
    }
}

/// Matches all of `text`, from the left, without ever going back.
fn match_parts(parts: &[Part], text: &str, found: &mut Match) -> Option<()> {
    let mut rest = text;
    let mut parts = parts.iter();
    while let Some(part) = parts.next() {
        let variable = match part {
            Part::Literal(literal) => {
                found.look_at(literal);
                rest = rest.strip_prefix(&**literal)?;
                continue;
            }
            Part::Variable(variable) => variable,
        };
        let value = match parts.next() {
            Some(Part::Literal(literal)) if parts.len() == 0 => {
                found.look_at(literal);
                core::mem::take(&mut rest).strip_suffix(&**literal)?
            }
            Some(Part::Literal(literal)) => {
                let (value, after) = rest.split_once(&**literal).unwrap_or((rest, ""));
                found.look_at(value);
                found.look_at(literal);
                if value.len() == rest.len() {
                    return None;
                }
                rest = after;
                value
            }
            Some(Part::Variable(_)) => return None,
            None => core::mem::take(&mut rest),
        };
        if value.is_empty() {
            return None;
        }
        variable.take(value, found)?;
    }
    rest.is_empty().then_some(())
}

impl Variable {
    /// Takes `value` if it may.
    fn take(&self, value: &str, found: &mut Match) -> Option<()> {
        found.look_at(value);
        if !value.chars().all(|char| self.takes.may_take(char)) {
            return None;
        }
        let value = percent_decoded(value)?;
        if self.chars_max.is_some_and(|max| value.chars().nth(max).is_some()) {
            return None;
        }
        // A parameter that comes twice could mean either.
        found.variables.insert(self.name.clone(), value).is_none().then_some(())
    }
}

impl Takes {
    fn may_take(self, char: char) -> bool {
        let in_segment = is_path_char(char) || !char.is_ascii();
        match self {
            Self::Segment => in_segment,
            Self::Path => in_segment || char == '/',
            Self::Parameter { separator } => {
                (in_segment || matches!(char, '/' | '?')) && char != separator
            }
            Self::Anything => true,
        }
    }
}

impl Parameters {
    /// Takes the parameters off the end of `uri` and gives what is before them.
    fn split_off<'u>(&self, uri: &'u str, found: &mut Match) -> Option<&'u str> {
        found.look_at(uri);
        let Some((start, first)) = uri.match_indices(self.first).nth(self.skip) else {
            return Some(uri);
        };
        let (before, after) = uri.split_at(start);
        found.look_at(after);
        let separator = if self.first == ';' { ';' } else { '&' };
        for parameter in after[first.len()..].split(separator) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let variable = self.variables.iter().find(|variable| *variable.name == *name)?;
            variable.take(value, found)?;
        }
        Some(before)
    }
}

fn percent_decoded(text: &str) -> Option<String> {
    if !text.contains('%') {
        return Some(text.into());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut digit = || char::from(rest.next()?).to_digit(16);
        bytes.push(if byte == b'%' { u8::try_from(digit()? * 16 + digit()?).ok()? } else { byte });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests;
