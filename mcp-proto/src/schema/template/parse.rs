//! Reading templates.

use alloc::{boxed::Box, collections::BTreeSet, format, string::String, vec::Vec};

use super::{InvalidTemplate, Parameters, Part, Takes, UriTemplate, Variable};
use crate::schema::uri::is_escaped;

/// What RFC 6570 allows for `{a:n}`.
const CHARS_MAX: usize = 9_999;

type Parsed<T> = Result<T, InvalidTemplate>;

pub(super) fn template(text: &str) -> Parsed<UriTemplate> {
    if text.is_empty() {
        return refuse("a URI template is not empty");
    }
    let mut reader = Reader {
        template: UriTemplate {
            text: text.into(),
            path: Vec::new(),
            matrix: None,
            query: None,
            fragment: Vec::new(),
        },
        names: BTreeSet::new(),
    };
    let mut rest = text;
    while let Some((literal, after)) = rest.split_once('{') {
        reader.literal(literal)?;
        let Some((expression, after)) = after.split_once('}') else {
            return refuse("a `{` has no `}`");
        };
        reader.expression(expression)?;
        rest = after;
    }
    reader.literal(rest)?;
    Ok(reader.template)
}

struct Reader {
    template: UriTemplate,
    names: BTreeSet<Box<str>>,
}

impl Reader {
    fn literal(&mut self, text: &str) -> Parsed<()> {
        let odd = |char: char| {
            !char.is_ascii() || char.is_ascii_control() || " \"<>\\^`{|}".contains(char)
        };
        if let Some(char) = text.chars().find(|char| odd(*char)) {
            return refuse(format!("a URI has no {char:?}, which must be percent-encoded"));
        }
        if !is_escaped(text) {
            return refuse("a `%` stands before two hexadecimal digits");
        }
        if text.is_empty() {
            return Ok(());
        }
        if self.is_past_path() {
            return refuse(format!("`{text}` comes after parameters or a fragment"));
        }
        push_literal(text, &mut self.template.path);
        Ok(())
    }

    fn expression(&mut self, text: &str) -> Parsed<()> {
        let operator = text.chars().next().filter(|char| "+#./;?&=,!@|".contains(*char));
        let list = text.get(operator.map_or(0, char::len_utf8)..).unwrap_or_default();
        match operator {
            None => self.parts(list, None, ',', Kind::SIMPLE),
            Some('+') => self.parts(list, None, ',', Kind::RESERVED),
            Some('.') => self.parts(list, Some('.'), '.', Kind::SIMPLE),
            Some('/') => self.parts(list, Some('/'), '/', Kind::PATH),
            Some('#') => self.fragment(list),
            Some(';') => self.matrix(list),
            Some('?') => self.query(list),
            Some('&') => self.more_query(list),
            Some(other) => refuse(format!("the operator `{other}` has no meaning yet")),
        }
    }

    fn parts(
        &mut self,
        list: &str,
        first: Option<char>,
        separator: char,
        kind: Kind,
    ) -> Parsed<()> {
        if self.is_past_path() {
            return refuse(format!("`{list}` comes after parameters or a fragment"));
        }
        let variables = self.variables(list, kind)?;
        push_variables(variables, first, separator, &mut self.template.path)
    }

    fn fragment(&mut self, list: &str) -> Parsed<()> {
        if !self.template.fragment.is_empty() || self.count_in_literals('#') > 0 {
            return refuse("a URI has one fragment");
        }
        let variables = self.variables(list, Kind::RESERVED)?;
        push_variables(variables, None, ',', &mut self.template.fragment)
    }

    fn matrix(&mut self, list: &str) -> Parsed<()> {
        if self.is_past_path() || self.count_in_literals('?') > 0 {
            return refuse("`{;…}` stands once, before the query");
        }
        let variables = self.variables(list, Kind::parameter(';'))?;
        let skip = self.count_in_literals(';');
        self.template.matrix = Some(Parameters { first: ';', skip, variables });
        Ok(())
    }

    fn query(&mut self, list: &str) -> Parsed<()> {
        if self.template.query.is_some() || !self.template.fragment.is_empty() {
            return refuse("`{?…}` stands once, before the fragment");
        }
        if self.count_in_literals('?') > 0 {
            return refuse("after a `?` more parameters are `{&…}`");
        }
        let variables = self.variables(list, Kind::parameter('&'))?;
        self.template.query = Some(Parameters { first: '?', skip: 0, variables });
        Ok(())
    }

    fn more_query(&mut self, list: &str) -> Parsed<()> {
        if !self.template.fragment.is_empty() {
            return refuse("`{&…}` stands before the fragment");
        }
        let variables = self.variables(list, Kind::parameter('&'))?;
        let skip = self.count_in_literals('&');
        let follows_literal = self.count_in_literals('?') > 0;
        match &mut self.template.query {
            Some(query) => query.variables.extend(variables),
            query if follows_literal => {
                *query = Some(Parameters { first: '&', skip, variables });
            }
            _ => return refuse("`{&…}` stands after a `?`"),
        }
        Ok(())
    }

    fn is_past_path(&self) -> bool {
        let template = &self.template;
        template.matrix.is_some() || template.query.is_some() || !template.fragment.is_empty()
    }

    fn count_in_literals(&self, char: char) -> usize {
        let literals = self.template.path.iter().filter_map(|part| match part {
            Part::Literal(literal) => Some(literal.matches(char).count()),
            Part::Variable(_) => None,
        });
        literals.sum()
    }

    fn variables(&mut self, list: &str, kind: Kind) -> Parsed<Vec<Variable>> {
        list.split(',').map(|spec| self.variable(spec, kind)).collect()
    }

    fn variable(&mut self, spec: &str, kind: Kind) -> Parsed<Variable> {
        let (name, chars_max) = match spec.split_once(':') {
            Some((name, digits)) => (name, Some(prefix_length(digits)?)),
            None => (spec, None),
        };
        let (name, takes) = match name.strip_suffix('*') {
            None => (name, kind.takes),
            Some(name) => match kind.exploded {
                Some(takes) if chars_max.is_none() => (name, takes),
                _ => return refuse(format!("`{spec}` cannot be matched")),
            },
        };
        if !is_name(name) {
            return refuse(format!("`{name}` is no name of a variable"));
        }
        if !self.names.insert(name.into()) {
            return refuse(format!("`{name}` stands twice"));
        }
        Ok(Variable { name: name.into(), takes, chars_max })
    }
}

/// What variables of one operator take, plain and with `*`.
#[derive(Clone, Copy)]
struct Kind {
    takes: Takes,
    /// `None`: `*` would stand for parameters of any name.
    exploded: Option<Takes>,
}

impl Kind {
    const SIMPLE: Self = Self { takes: Takes::Segment, exploded: Some(Takes::Segment) };
    const PATH: Self = Self { takes: Takes::Segment, exploded: Some(Takes::Path) };
    const RESERVED: Self = Self { takes: Takes::Anything, exploded: Some(Takes::Anything) };

    fn parameter(separator: char) -> Self {
        Self { takes: Takes::Parameter { separator }, exploded: None }
    }
}

/// Appends variables with separators between them and, where there is one, a sign before the first.
fn push_variables(
    variables: Vec<Variable>,
    first: Option<char>,
    separator: char,
    parts: &mut Vec<Part>,
) -> Parsed<()> {
    for (index, variable) in variables.into_iter().enumerate() {
        let sign = if index == 0 { first } else { Some(separator) };
        if let Some(sign) = sign {
            push_literal(sign.encode_utf8(&mut [0; 4]), parts);
        } else if matches!(parts.last(), Some(Part::Variable(_))) {
            let name = &variable.name;
            return refuse(format!("nothing tells where `{name}` begins"));
        }
        parts.push(Part::Variable(variable));
    }
    Ok(())
}

/// Appends a literal to the one before, if there is one, so that the whole is looked for.
fn push_literal(text: &str, parts: &mut Vec<Part>) {
    match parts.last_mut() {
        Some(Part::Literal(literal)) => *literal = [&**literal, text].concat().into(),
        _ => parts.push(Part::Literal(text.into())),
    }
}

fn prefix_length(digits: &str) -> Parsed<usize> {
    let length = digits.parse().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()));
    match length {
        Some(length @ 1..=CHARS_MAX) => Ok(length),
        _ => refuse(format!("`:{digits}` is no number from 1 to {CHARS_MAX}")),
    }
}

fn is_name(name: &str) -> bool {
    let plain = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '%' | '.');
    name.chars().all(plain) && is_escaped(name) && name.split('.').all(|part| !part.is_empty())
}

fn refuse<T>(why: impl Into<String>) -> Parsed<T> {
    Err(InvalidTemplate(why.into()))
}
