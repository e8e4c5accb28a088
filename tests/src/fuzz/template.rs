//! URI templates and URIs.

use mcp_proto::schema::{UriTemplate, Variables};

use super::input::Input;

/// Lengths to which a URI is repeated: at the longest, whoever goes back and forth in it does not
/// finish within a fuzzer's time.
const LENGTHS: [usize; 4] = [0, 0, 1 << 10, 1 << 16];

/// `[length, template…, LF, uri…]`: whatever a template matches, it gives again.
///
/// # Panics
///
/// If it is not so.
pub fn template(data: &[u8]) {
    let mut input = Input(data);
    let length = input.one_of(&LENGTHS);
    let Ok(text) = core::str::from_utf8(input.rest()) else { return };
    let Some((text, uri)) = text.split_once('\n') else { return };
    let Ok(template) = UriTemplate::parse(text) else { return };
    assert_eq!(template.as_str(), text);
    let uri = uri.repeat(length / uri.len().max(1) + 1);
    let Some(found) = template.matches(&uri) else { return };
    for name in found.keys() {
        assert!(template.variables().any(|variable| variable == &**name), "{name} from nowhere");
    }
    let again = expand(text, &found);
    if is_plain(text) {
        assert_eq!(template.matches(&again), Some(found), "{text} {uri} {again}");
    }
}

/// Whether no literal looks like a part of an encoded value.
fn is_plain(template: &str) -> bool {
    let mut inside = false;
    template.chars().all(|char| {
        inside = char == '{' || inside && char != '}';
        inside || !char.is_ascii_digit() && !"ABCDEF%".contains(char)
    })
}

/// The URI that a template makes of variables, with each byte of a value encoded.
fn expand(template: &str, variables: &Variables) -> String {
    let mut uri = String::new();
    let mut rest = template;
    while let Some((literal, after)) = rest.split_once('{') {
        let (expression, after) = after.split_once('}').expect("a `{` has its `}`");
        uri += literal;
        expand_expression(expression, variables, &mut uri);
        rest = after;
    }
    uri + rest
}

fn expand_expression(expression: &str, variables: &Variables, uri: &mut String) {
    let (first, separator, named) = match expression.as_bytes().first() {
        Some(b'#') => ("#", ",", false),
        Some(b'.') => (".", ".", false),
        Some(b'/') => ("/", "/", false),
        Some(b';') => (";", ";", true),
        Some(b'?') => ("?", "&", true),
        // After a `?` that gave nothing, `&` begins the query.
        Some(b'&') if !uri.contains('?') => ("?", "&", true),
        Some(b'&') => ("&", "&", true),
        _ => ("", ",", false),
    };
    let mut lead = first;
    for spec in expression.trim_start_matches(|char| "+#./;?&".contains(char)).split(',') {
        let name = spec.split([':', '*']).next().unwrap_or_default();
        let Some(value) = variables.get(name) else { continue };
        *uri += core::mem::replace(&mut lead, separator);
        if named {
            *uri += name;
            uri.push('=');
        }
        for byte in value.bytes() {
            *uri += &format!("%{byte:02X}");
        }
    }
}
