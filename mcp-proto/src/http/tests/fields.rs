//! What each header field means in each revision, as one table.

use super::*;
use crate::schema::MirroredParams;

const VERSIONS: [Version; 4] =
    [Version::V2025_03_26, Version::V2025_06_18, Version::V2025_11_25, Version::V2026_07_28];

/// A field, a value with which a call is served, and another one. `{session}` and `{version}` are
/// those of the call.
const FIELDS: [(&str, &str, &str); 12] = [
    ("Host", "localhost", "evil.example"),
    ("Origin", "http://localhost:5173", "http://evil.example"),
    ("Accept", "application/json, text/event-stream", "application/json"),
    ("Content-Type", "application/json", "text/plain"),
    ("Content-Length", "100", "1e9"),
    ("Authorization", "Bearer a", "Basic a"),
    ("Mcp-Session-Id", "{session}", "no-such"),
    ("MCP-Protocol-Version", "{version}", "1999-01-01"),
    ("Last-Event-ID", "0123456789abcdef-1", "x"),
    ("Mcp-Method", "tools/call", "tools/list"),
    ("Mcp-Name", "echo", "other"),
    ("Mcp-Param-N", "1", "2"),
];

/// How often a field stands there, and with which value.
const STATES: [&str; 4] = ["right", "wrong", "twice", "missing"];

/// Whether clients of this revision send the field with every call.
fn is_usual(field: &str, version: Version) -> bool {
    let modern = version == Version::V2026_07_28;
    match field {
        "Host" | "Accept" | "Content-Type" => true,
        "Mcp-Session-Id" => !modern,
        "MCP-Protocol-Version" => version >= Version::V2025_06_18,
        "Mcp-Method" | "Mcp-Name" | "Mcp-Param-N" => modern,
        _ => false,
    }
}

/// An endpoint whose tool mirrors its argument, with a session where the revision has them.
fn site(version: Version) -> Site {
    let mut site = Site::new();
    let schema = r#"{"properties":{"n":{"type":"integer","x-mcp-header":"N"}}}"#;
    let mirrored = MirroredParams::of_schema(&Json::parse_text(schema).unwrap()).unwrap();
    let mirrored_params = BTreeMap::from([("echo".into(), mirrored)]);
    site.endpoint.set_offer(Arc::new(Offer { mirrored_params, ..offer() }));
    if version != Version::V2026_07_28 {
        site.open(version);
    }
    site
}

/// What becomes of a call in which `field` is in `state`.
fn outcome(version: Version, field: &str, state: &str) -> String {
    let mut site = site(version);
    let mut head = Vec::new();
    for (name, right, wrong) in FIELDS {
        let values: &[&str] = match state {
            _ if name != field && is_usual(name, version) => &[right],
            _ if name != field => &[],
            "right" => &[right],
            "wrong" => &[wrong],
            "twice" => &[right, right],
            _ => &[],
        };
        let session = site.sessions.first().map_or("none", |(_, id)| id);
        head.extend(values.iter().map(|value| {
            let value = value.replace("{session}", session);
            (name, value.replace("{version}", version.as_str()))
        }));
    }
    let body = match version {
        Version::V2026_07_28 => modern("1", "tools/call", TOOL),
        _ => call("1"),
    };
    let status = site.try_post(&head, &body);
    match status {
        None => String::from("served"),
        Some((status, None)) => status.to_string(),
        Some((status, Some(code))) => format!("{status} {code}"),
    }
}

#[test]
fn each_field_means_in_each_revision_what_its_text_says() {
    let mut table = String::new();
    for (field, _, _) in FIELDS {
        for state in STATES {
            let mut line = format!("{field} {state:<width$}", width = 29 - field.len());
            for version in VERSIONS {
                write!(line, "{:<12}", outcome(version, field, state)).unwrap();
            }
            table += line.trim_end();
            table.push('\n');
        }
    }
    insta::assert_snapshot!(table);
}
