//! One text for all JSON texts that mean the same: sorted keys, exact numbers, no white space.
//!
//! The first pass finds every object's members; after a sort, the second pass writes the values in
//! the new order. Both go token by token and keep their own stack, so depth costs memory only.

use alloc::{borrow::Cow, string::String, vec::Vec};

use super::{Json, escape_into, text::Text};

#[cfg(test)]
mod tests;

/// The canonical text of `json`: members sorted by key, strings re-escaped, number tokens kept as
/// they are.
///
/// A string that has no Unicode text, because of a lone surrogate, stays as it is; such keys come
/// last. Members of the same key keep their order. Takes time and space linear in the input (but
/// for the sort) and no recursion.
pub(crate) fn canonical(json: &Json) -> String {
    let mut writer = Writer {
        tokens: Tokens::new(json.as_str()),
        index: Index::of(json.as_str()),
        open: Vec::new(),
        out: String::with_capacity(json.as_str().len()),
    };
    while let Some(token) = writer.tokens.next() {
        writer.write(token);
    }
    writer.out
}

/// Where the objects of a text are, and their members in the order of the result.
struct Index<'a> {
    /// In the order in which they begin.
    objects: Vec<Extent>,
    /// Sorted by owner, then by key.
    members: Vec<Member<'a>>,
}

/// An object: from behind its opening brace to behind its closing one.
struct Extent {
    start: usize,
    end: usize,
}

struct Member<'a> {
    /// Which object it belongs to.
    owner: usize,
    key: Result<Cow<'a, str>, &'a str>,
    /// Where the token of its key begins.
    at: usize,
}

impl<'a> Index<'a> {
    fn of(text: &'a str) -> Self {
        let mut tokens = Tokens::new(text);
        let mut index = Self { objects: Vec::new(), members: Vec::new() };
        let mut open = Vec::new();
        let mut before = "";
        while let Some(token) = tokens.next() {
            match token {
                "{" => {
                    open.push(index.objects.len());
                    index.objects.push(Extent { start: tokens.at, end: text.len() });
                }
                "}" => {
                    let extent = open.pop().and_then(|owner| index.objects.get_mut(owner));
                    if let Some(extent) = extent {
                        extent.end = tokens.at;
                    }
                }
                // A colon stands behind keys alone.
                ":" => {
                    if let Some(&owner) = open.last() {
                        let at = tokens.text_at;
                        index.members.push(Member { owner, key: decode(before), at });
                    }
                }
                _ => {}
            }
            before = token;
        }
        // Stable, so that members of the same key keep their order.
        index.members.sort_by(|a, b| (a.owner, &a.key).cmp(&(b.owner, &b.key)));
        index
    }

    /// The object that begins at `start`.
    fn object(&self, start: usize) -> Open {
        let owner = self.objects.partition_point(|extent| extent.start < start);
        let first = self.members.partition_point(|member| member.owner < owner);
        let end = self.objects.get(owner).map_or(start, |extent| extent.end);
        Open { owner, next: first, first, end }
    }
}

/// An object that is being written.
struct Open {
    owner: usize,
    /// The member that is written next.
    next: usize,
    first: usize,
    end: usize,
}

struct Writer<'a> {
    tokens: Tokens<'a>,
    index: Index<'a>,
    /// The containers around the next token; `None` for an array.
    open: Vec<Option<Open>>,
    out: String,
}

impl Writer<'_> {
    /// Writes a token that is no part of an object's own: a value, or a part of an array.
    fn write(&mut self, token: &str) {
        match token {
            "{" => {
                self.out.push('{');
                let object = self.index.object(self.tokens.at);
                self.open.push(Some(object));
                self.go_on();
            }
            "[" => {
                self.out.push('[');
                self.open.push(None);
            }
            "]" => {
                self.out.push(']');
                self.open.pop();
                self.go_on();
            }
            "," => self.out.push(','),
            scalar => {
                self.scalar(scalar);
                self.go_on();
            }
        }
    }

    /// Goes to the value that is due next, and writes what stands before it: the ends of objects
    /// that are complete, and the next member's key.
    fn go_on(&mut self) {
        while let Some(Some(object)) = self.open.last_mut() {
            let member = self.index.members.get(object.next);
            if let Some(member) = member.filter(|member| member.owner == object.owner) {
                if object.next > object.first {
                    self.out.push(',');
                }
                object.next += 1;
                self.tokens.at = member.at;
                let key = self.tokens.next().unwrap_or_default();
                self.scalar(key);
                self.out.push_str(self.tokens.next().unwrap_or_default());
                return;
            }
            self.out.push('}');
            self.tokens.at = object.end;
            self.open.pop();
        }
    }

    fn scalar(&mut self, token: &str) {
        match decode(token) {
            Ok(text) => escape_into(&text, &mut self.out),
            Err(token) => self.out.push_str(token),
        }
    }
}

/// The text of a string token. What has no text is given back: a lone surrogate, or a token that
/// is no string.
fn decode(token: &str) -> Result<Cow<'_, str>, &str> {
    if !token.starts_with('"') {
        return Err(token);
    }
    serde_json::from_str(token).map(|Text(text)| text).map_err(|_| token)
}

/// Walks over the tokens of valid JSON text.
struct Tokens<'a> {
    text: &'a str,
    /// Behind the last token.
    at: usize,
    /// Where the last string began.
    text_at: usize,
}

impl<'a> Tokens<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, at: 0, text_at: 0 }
    }

    fn next(&mut self) -> Option<&'a str> {
        let bytes = self.text.as_bytes();
        let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        let start = self.at + bytes.get(self.at..)?.iter().take_while(|byte| blank(byte)).count();
        let len = match bytes.get(start)? {
            b'{' | b'}' | b'[' | b']' | b',' | b':' => 1,
            b'"' => {
                self.text_at = start;
                string_len(bytes.get(start..)?)
            }
            _ => {
                let ends = |byte: &u8| blank(byte) || matches!(byte, b',' | b']' | b'}');
                bytes.get(start..)?.iter().take_while(|byte| !ends(byte)).count()
            }
        };
        self.at = start + len;
        self.text.get(start..self.at)
    }
}

/// The length of the string token that `bytes` begins with.
fn string_len(bytes: &[u8]) -> usize {
    let mut at = 1;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found;
        if bytes.get(at) == Some(&b'"') {
            return at + 1;
        }
        at += 2;
    }
    bytes.len()
}
