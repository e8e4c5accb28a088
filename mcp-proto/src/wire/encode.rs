//! Writing JSON text: messages are put together from parts that are JSON already.

use alloc::{borrow::Cow, string::String, sync::Arc, vec::Vec};

/// One outgoing message, encoded; its first part may be shared with other messages.
///
/// A change told to many streams is encoded once, and each stream adds its own end.
#[derive(Clone, Debug)]
pub struct Frame {
    body: FrameBody,
    tail: Cow<'static, str>,
}

#[derive(Clone, Debug)]
enum FrameBody {
    Owned(String),
    Shared(Arc<str>),
}

impl Frame {
    /// A message of its own.
    pub(crate) fn owned(text: String) -> Self {
        Self { body: FrameBody::Owned(text), tail: Cow::Borrowed("") }
    }

    /// A shared beginning and an end of its own.
    pub(crate) fn shared(body: Arc<str>, tail: Cow<'static, str>) -> Self {
        Self { body: FrameBody::Shared(body), tail }
    }

    /// The same message, such that further copies of it cost nothing.
    pub(crate) fn into_shared(self) -> Self {
        let body = match self.body {
            FrameBody::Owned(text) => FrameBody::Shared(text.into()),
            shared @ FrameBody::Shared(_) => shared,
        };
        Self { body, tail: self.tail }
    }

    /// The parts whose concatenation is the message: JSON text without a line break.
    pub fn parts(&self) -> [&str; 2] {
        let body = match &self.body {
            FrameBody::Owned(text) => text.as_str(),
            FrameBody::Shared(text) => text,
        };
        [body, &self.tail]
    }

    /// The length of the message in bytes.
    pub fn byte_len(&self) -> usize {
        self.parts().iter().map(|part| part.len()).sum()
    }

    /// Appends the message to `out`.
    pub fn append_to(&self, out: &mut Vec<u8>) {
        for part in self.parts() {
            out.extend_from_slice(part.as_bytes());
        }
    }
}

/// Appends `text` to `out` as a JSON string.
///
/// Escapes what JSON demands and nothing else, in the shortest way it knows.
pub(crate) fn escape_into(text: &str, out: &mut String) {
    // Room for the escapes that prose and code have, so that a long text is not moved for them.
    out.reserve(text.len() + text.len() / 16 + 2);
    out.push('"');
    let mut rest = text;
    loop {
        let (clean, tail) = rest.split_at(clean_len(rest.as_bytes()));
        out.push_str(clean);
        let Some(&special) = tail.as_bytes().first() else { break };
        push_escape(special, out);
        rest = &tail[1..];
    }
    out.push('"');
}

/// Writes one JSON object, member by member.
///
/// Keys are literals of this crate, so they are written as they are; values are escaped or are
/// JSON already.
pub(crate) struct Object<'o> {
    out: &'o mut String,
    first: bool,
}

impl<'o> Object<'o> {
    /// Begins an object at the end of `out`.
    pub(crate) fn begin(out: &'o mut String) -> Self {
        out.push('{');
        Self { out, first: true }
    }

    /// Goes on with members alone, without the braces around them.
    pub(crate) fn members(out: &'o mut String) -> Self {
        let first = out.is_empty();
        Self { out, first }
    }

    /// Writes `"key":` and gives the text that the value goes to.
    pub(crate) fn key(&mut self, key: &str) -> &mut String {
        if !self.first {
            self.out.push(',');
        }
        self.first = false;
        self.out.push('"');
        self.out.push_str(key);
        self.out.push_str("\":");
        self.out
    }

    pub(crate) fn raw(&mut self, key: &str, json: &str) {
        self.key(key).push_str(json);
    }

    pub(crate) fn text(&mut self, key: &str, text: &str) {
        escape_into(text, self.key(key));
    }

    pub(crate) fn text_if(&mut self, key: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(key, text);
        }
    }

    pub(crate) fn flag(&mut self, key: &str, value: bool) {
        self.raw(key, if value { "true" } else { "false" });
    }

    /// Goes on with members that are JSON text already, without braces around them.
    pub(crate) fn append(&mut self, members: &str) {
        if members.is_empty() {
            return;
        }
        if !self.first {
            self.out.push(',');
        }
        self.first = false;
        self.out.push_str(members);
    }

    pub(crate) fn end(self) {
        self.out.push('}');
    }
}

/// How many bytes at the start of `bytes` go into a JSON string as they are.
fn clean_len(bytes: &[u8]) -> usize {
    const STEP: usize = 16; // a loop of this length without an exit becomes vector instructions
    let whole = bytes
        .chunks_exact(STEP)
        .take_while(|chunk| !chunk.iter().fold(false, |found, &byte| found | is_special(byte)))
        .count()
        * STEP;
    let rest = bytes.iter().skip(whole).take_while(|&&byte| !is_special(byte)).count();
    whole + rest
}

fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// Appends the escape of an ASCII character.
fn push_escape(special: u8, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let short = match special {
        b'"' => '"',
        b'\\' => '\\',
        b'\n' => 'n',
        b'\r' => 'r',
        b'\t' => 't',
        0x08 => 'b',
        0x0C => 'f',
        _ => {
            out.push_str("\\u00");
            out.push(char::from(HEX[usize::from(special >> 4)]));
            out.push(char::from(HEX[usize::from(special & 0xF)]));
            return;
        }
    };
    out.push('\\');
    out.push(short);
}

#[cfg(test)]
mod tests {
    use std::format;

    use proptest::prelude::*;

    use super::*;
    use crate::testing::strategies as testing;

    fn escaped(text: &str) -> String {
        let mut out = String::new();
        escape_into(text, &mut out);
        out
    }

    #[test]
    fn every_ascii_character_is_escaped_as_others_do_wherever_it_stands() {
        for character in '\0'..='\u{7f}' {
            for before in 0..40 {
                let text = format!("{:before$}{character}é{character}", "");
                assert_eq!(escaped(&text), serde_json::to_string(&text).unwrap());
            }
        }
    }

    #[test]
    fn a_line_separator_is_no_line_break_and_stays() {
        assert_eq!(escaped("\u{2028}"), "\"\u{2028}\"");
    }

    #[test]
    fn an_object_is_written_member_by_member() {
        let mut out = String::from("x");
        let mut object = Object::begin(&mut out);
        object.text("a", "\"");
        object.text_if("b", None);
        object.text_if("c", Some("d"));
        object.raw("e", "[1]");
        object.flag("f", true);
        object.flag("g", false);
        object.end();
        assert_eq!(out, r#"x{"a":"\"","c":"d","e":[1],"f":true,"g":false}"#);
    }

    #[test]
    fn members_are_appended_to_members() {
        let mut out = String::new();
        Object::members(&mut out).raw("a", "1");
        Object::members(&mut out).raw("b", "2");
        assert_eq!(out, r#""a":1,"b":2"#);
    }

    #[test]
    fn a_frame_is_its_parts_one_after_the_other() {
        for (frame, text) in [
            (Frame::owned("{}".into()), "{}"),
            (Frame::shared("{\"a\":1".into(), Cow::Borrowed("}")), "{\"a\":1}"),
        ] {
            let mut bytes = Vec::new();
            frame.append_to(&mut bytes);
            assert_eq!(bytes, text.as_bytes());
            assert_eq!(frame.byte_len(), text.len());
            assert_eq!(frame.parts().concat(), text);
        }
    }

    proptest! {
        #[test]
        fn strings_are_escaped_as_others_do(text in testing::text()) {
            prop_assert_eq!(escaped(&text), serde_json::to_string(&text).unwrap());
        }
    }
}
