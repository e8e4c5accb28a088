//! Media types in `Accept` and `Content-Type`.
//!
//! Spec: RFC 9110, "Media Type" and "Accept".

/// Which of the two types of this protocol a client takes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Accepted {
    json: Wish,
    stream: Wish,
}

/// What is said about one type, by the most specific range that holds it.
#[derive(Clone, Copy, Debug, Default)]
struct Wish {
    specificity: u8,
    wanted: bool,
}

impl Accepted {
    /// Takes in a line of the field: lines add up to one list.
    pub(super) fn add(&mut self, line: &str) {
        for range in split_unquoted(line, b',') {
            let mut parts = split_unquoted(range, b';');
            let Some((kind, subtype)) = parts.next().and_then(|range| range.split_once('/')) else {
                continue;
            };
            let wanted = !parts.any(is_zero_weight);
            self.json.add(kind, subtype, ("application", "json"), wanted);
            self.stream.add(kind, subtype, ("text", "event-stream"), wanted);
        }
    }

    pub(super) fn has_json(self) -> bool {
        self.json.wanted
    }

    pub(super) fn has_stream(self) -> bool {
        self.stream.wanted
    }
}

impl Wish {
    fn add(&mut self, kind: &str, subtype: &str, own: (&str, &str), wanted: bool) {
        let specificity = match (kind, subtype) {
            ("*", "*") => 1,
            (_, "*") if kind.eq_ignore_ascii_case(own.0) => 2,
            _ if kind.eq_ignore_ascii_case(own.0) && subtype.eq_ignore_ascii_case(own.1) => 3,
            _ => return,
        };
        if specificity > self.specificity {
            *self = Self { specificity, wanted };
        } else if specificity == self.specificity {
            self.wanted |= wanted;
        }
    }
}

/// Whether a `Content-Type` is that of JSON; its parameters change nothing.
pub(super) fn is_json(content_type: &str) -> bool {
    is_essence(content_type, "application/json")
}

/// Whether a `Content-Type` is that of an event stream.
pub(super) fn is_event_stream(content_type: &str) -> bool {
    is_essence(content_type, "text/event-stream")
}

fn is_essence(content_type: &str, essence: &str) -> bool {
    let own = split_unquoted(content_type, b';').next().unwrap_or_default();
    own.eq_ignore_ascii_case(essence)
}

/// `q=0`, with up to three more zeros.
fn is_zero_weight(parameter: &str) -> bool {
    let Some((name, weight)) = parameter.split_once('=') else { return false };
    let zeros = weight.strip_prefix('0').map(|rest| rest.strip_prefix('.').unwrap_or(rest));
    name.eq_ignore_ascii_case("q") && zeros.is_some_and(|zeros| zeros.bytes().all(|b| b == b'0'))
}

/// The parts of a text between separators that do not stand in a quoted string.
fn split_unquoted(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    core::iter::from_fn(move || {
        let whole = rest?;
        let (mut quoted, mut escaped) = (false, false);
        let end = whole.bytes().position(|byte| {
            let ends = byte == separator && !quoted;
            quoted ^= byte == b'"' && !escaped;
            escaped = byte == b'\\' && quoted && !escaped;
            ends
        });
        let (part, tail) = whole.split_at_checked(end.unwrap_or(whole.len()))?;
        rest = tail.get(1..);
        Some(part.trim_matches([' ', '\t']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(lines: &[&str]) -> (bool, bool) {
        let mut accepted = Accepted::default();
        for line in lines {
            accepted.add(line);
        }
        (accepted.has_json(), accepted.has_stream())
    }

    #[test]
    fn what_a_client_accepts_is_found_in_lists_with_wildcards_and_weights() {
        for (lines, json, stream) in [
            (&["application/json, text/event-stream"][..], true, true),
            (&["text/event-stream,application/json"], true, true),
            (&["application/json", "text/event-stream"], true, true),
            (&["APPLICATION/JSON , Text/Event-Stream"], true, true),
            (&["application/json;charset=utf-8, text/event-stream; q=0.5"], true, true),
            (&["*/*"], true, true),
            (&["text/*, application/*"], true, true),
            (&["application/json"], true, false),
            (&["text/event-stream"], false, true),
            (&["text/*;q=0.001"], false, true),
            (&["*/*, text/event-stream;q=0"], true, false),
            (&["text/event-stream;q=0, */*"], true, false),
            (&["text/event-stream;Q=0.000, */*"], true, false),
            (&["*/*;q=0, application/json"], true, false),
            (&["text/*;q=0, */*"], true, false),
            (&["application/json;q=0, application/json"], true, false),
            (&["application/json;a=\"x, text/event-stream, \\\" y\";q=0, text/*"], false, true),
            (&["application/jsonp, text/event-streams, text/html"], false, false),
            (&["application/json-seq, text/event"], false, false),
            (&["", ",,;", "json", "/", "*", "*/json", "\"*/*"], false, false),
            (&[], false, false),
        ] {
            assert_eq!(accepted(lines), (json, stream), "{lines:?}");
        }
    }

    #[test]
    fn json_is_json_with_any_parameters() {
        for (text, json) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/json;x=\"a;b\"", true),
            ("application/json ;", true),
            ("application/jsonp", false),
            ("application/json, text/plain", false),
            ("text/plain; a=application/json", false),
            ("text/json", false),
            ("application/x-www-form-urlencoded", false),
            ("", false),
        ] {
            assert_eq!(is_json(text), json, "{text}");
        }
    }
}
