//! What a line must look like.

use serde_json::Value;

use crate::play::Captured;

/// Any value.
const ANY: &str = "…";
/// No such member.
const NONE: &str = "(none)";

/// Checks a line against a pattern, and says where they differ.
///
/// A pattern is JSON. An object has at least the members of the pattern; `"(none)"` says that a
/// member is absent. An array has the pattern's elements, and others after them if the pattern
/// ends with `"…"`. `"…"` is any value, and `"$name"` is any value and remembers it.
pub(crate) fn check(pattern: &str, line: &str, captured: &mut Captured) -> Result<(), String> {
    let pattern = serde_json::from_str(pattern).map_err(|error| format!("pattern: {error}"))?;
    let actual = serde_json::from_str(line).map_err(|error| format!("no JSON: {error}"))?;
    fits(&pattern, &actual, "the message", captured)
}

fn fits(pattern: &Value, actual: &Value, at: &str, captured: &mut Captured) -> Result<(), String> {
    match (pattern, actual) {
        (Value::String(text), _) if text == ANY => Ok(()),
        (Value::String(text), _) if text.starts_with('$') => {
            captured.insert(text.clone(), actual.clone());
            Ok(())
        }
        (Value::Object(members), Value::Object(actual)) => {
            for (key, pattern) in members {
                let at = format!("{at} → {key}");
                match actual.get(key) {
                    Some(actual) => fits(pattern, actual, &at, captured)?,
                    None if pattern == NONE => {}
                    None => return Err(format!("{at} is absent")),
                }
            }
            Ok(())
        }
        (Value::Array(elements), Value::Array(actual)) => {
            let open = elements.last().is_some_and(|last| last == ANY);
            let wanted = if open { &elements[..elements.len() - 1] } else { elements };
            if actual.len() < wanted.len() || (!open && actual.len() > wanted.len()) {
                return Err(format!("{at} has {} elements, not {}", actual.len(), wanted.len()));
            }
            for (index, (pattern, actual)) in wanted.iter().zip(actual).enumerate() {
                fits(pattern, actual, &format!("{at} → {index}"), captured)?;
            }
            Ok(())
        }
        _ if pattern == actual => Ok(()),
        _ => Err(format!("{at} is {actual}, not {pattern}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differs(pattern: &str, line: &str) -> Option<String> {
        check(pattern, line, &mut Captured::new()).err()
    }

    #[test]
    fn an_object_may_have_more_members_than_its_pattern_but_not_fewer() {
        assert_eq!(differs(r#"{"a":1}"#, r#"{"a":1,"b":2}"#), None);
        assert_eq!(
            differs(r#"{"a":{"b":1}}"#, r#"{"a":{}}"#).as_deref(),
            Some("the message → a → b is absent")
        );
    }

    #[test]
    fn a_member_that_must_be_absent_is_noticed() {
        assert_eq!(differs(r#"{"a":"(none)"}"#, "{}"), None);
        assert_eq!(
            differs(r#"{"a":"(none)"}"#, r#"{"a":1}"#).as_deref(),
            Some(r#"the message → a is 1, not "(none)""#)
        );
    }

    #[test]
    fn an_array_may_go_on_only_where_its_pattern_says_so() {
        assert_eq!(differs(r#"[1,"…"]"#, "[1,2,3]"), None);
        assert_eq!(differs(r#"[1,"…"]"#, "[1]"), None);
        assert!(differs("[1]", "[1,2]").is_some());
        assert!(differs("[1,2]", "[1]").is_some());
        assert!(differs("[1]", "[2]").is_some());
    }

    #[test]
    fn a_value_is_captured_under_its_name() {
        let mut captured = Captured::new();
        check(r#"{"id":"$ask"}"#, r#"{"id":"a-1"}"#, &mut captured).unwrap();
        assert_eq!(captured["$ask"], "a-1");
    }

    #[test]
    fn text_that_is_no_json_is_a_difference() {
        assert!(differs("{}", "Listening on port 80").is_some());
    }
}
