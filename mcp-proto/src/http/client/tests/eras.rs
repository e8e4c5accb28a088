//! The first contact: which era the server is of, by all that it may answer.

use super::{super::Verdict, *};
use crate::Version;

/// What comes of a first contact.
#[derive(Debug, PartialEq)]
enum Fate {
    Modern,
    /// The same probe once more, to be answered with a success.
    Again,
    Legacy,
    Failed(ConnectError),
    /// The same request after a pause.
    Retried,
}

fn fate(net: &mut Net) -> Fate {
    if let Some(error) = net.failed.take() {
        assert_eq!((net.closes, net.http.poll_timeout()), (1, None));
        return Fate::Failed(error);
    }
    if net.ready == 1 {
        return Fate::Modern;
    }
    if net.sent.len() == net.looked {
        net.pass(millis(500));
        assert_eq!(net.sent.len(), 2, "a pause, and another attempt");
        assert_eq!(net.sent[0].body, net.sent[1].body);
        return Fate::Retried;
    }
    match &*net.sent[net.looked].method() {
        "initialize" => Fate::Legacy,
        "server/discover" => Fate::Again,
        other => panic!("{other}"),
    }
}

/// Status, header fields and body of an answer, and what comes of it.
type Row = (u16, &'static [(&'static str, &'static str)], String, Fate);

fn http(error: HttpError) -> Fate {
    Fate::Failed(ConnectError::Http(error))
}

fn message(outcome: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":1,{outcome}}}"#)
}

/// An error that could not name its request.
const NAMELESS: &str = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no"}}"#;

/// Answers that are messages.
fn messages() -> Vec<Row> {
    let unsupported = |versions: &str| {
        let data = format!(r#"{{"supported":{versions},"requested":"2026-07-28"}}"#);
        message(&format!(r#""error":{}"#, error(-32022, &data)))
    };
    let refusal = |code: i64| message(&format!(r#""error":{}"#, error(code, "null")));
    let result = message(&format!(r#""result":{}"#, discovered()));
    let legacy_only = message(r#""result":{"supportedVersions":["2025-11-25"],"capabilities":{}}"#);
    Vec::from([
        (200, &[JSON][..], result.clone(), Fate::Modern),
        (200, &[STREAM], format!(": hi\n\ndata: {result}\n\n"), Fate::Modern),
        (200, &[], result.clone(), Fate::Modern),
        (400, &[JSON], result, Fate::Modern),
        (200, &[JSON], legacy_only, Fate::Legacy),
        (200, &[JSON], refusal(-32601), Fate::Legacy),
        (400, &[JSON], unsupported(r#"["2026-07-28"]"#), Fate::Again),
        (200, &[STREAM], format!("data: {}\n\n", unsupported(r#"["2026-07-28"]"#)), Fate::Again),
        (400, &[JSON], unsupported(r#"["2025-11-25"]"#), Fate::Legacy),
        (
            400,
            &[JSON],
            unsupported(r#"["2031-01-01"]"#),
            Fate::Failed(ConnectError::NoCommonVersion),
        ),
        (400, &[JSON], unsupported("7"), Fate::Legacy),
        (400, &[JSON], refusal(-32020), Fate::Again),
        (400, &[JSON], refusal(-32021), Fate::Again),
        (404, &[JSON], refusal(-32601), Fate::Legacy),
        (400, &[JSON], refusal(-32600), Fate::Legacy),
        (400, &[JSON], NAMELESS.into(), Fate::Legacy),
        (500, &[JSON], refusal(-32603), Fate::Legacy),
    ])
}

/// Answers that are none.
fn others() -> Vec<Row> {
    let unauthorized = |status, challenges: &[&str]| {
        let challenges = challenges.iter().map(|text| Box::from(*text)).collect();
        http(HttpError::Unauthorized { status, challenges })
    };
    Vec::from([
        (400, &[][..], String::new(), Fate::Legacy),
        (400, &[HTML], "<html>".into(), Fate::Legacy),
        (404, &[("content-type", "text/plain")], "not found".into(), Fate::Legacy),
        (405, &[], String::new(), Fate::Legacy),
        (406, &[JSON], r#"{"error":"not acceptable"}"#.into(), Fate::Legacy),
        (415, &[], String::new(), Fate::Legacy),
        (422, &[JSON], "[]".into(), Fate::Legacy),
        (200, &[JSON], "{}".into(), Fate::Legacy),
        (200, &[JSON], String::new(), Fate::Legacy),
        (200, &[HTML], "<html>".into(), Fate::Legacy),
        (202, &[], String::new(), Fate::Legacy),
        (204, &[], String::new(), Fate::Legacy),
        (401, &[("WWW-Authenticate", "Bearer")], String::new(), unauthorized(401, &["Bearer"])),
        (401, &[JSON], NAMELESS.into(), unauthorized(401, &[])),
        (403, &[], String::new(), unauthorized(403, &[])),
        (
            301,
            &[("Location", "https://other.example/mcp")],
            String::new(),
            http(HttpError::Redirect("https://other.example/mcp".into())),
        ),
        (302, &[], String::new(), http(HttpError::Redirect("".into()))),
        (303, &[("Location", "/x")], String::new(), http(HttpError::Status(303))),
        (408, &[], String::new(), Fate::Retried),
        (429, &[], String::new(), Fate::Retried),
        (500, &[], String::new(), Fate::Retried),
        (502, &[HTML], "<html>".into(), Fate::Retried),
        (503, &[JSON], "null".into(), Fate::Retried),
    ])
}

#[test]
fn the_answer_to_the_probe_tells_the_era() {
    spec!("ERA-11", "ERA-12", "ERA-13", "ERA-14", "ERA-15", "ERA-16", "SHL-53", "SHM-35");
    for (status, headers, body, expected) in messages().into_iter().chain(others()) {
        let mut net = Net::new();
        let probe = net.next("server/discover");
        net.respond(&probe, status, headers, &body);
        assert_eq!(fate(&mut net), expected, "{status} {headers:?} {body}");
    }
}

#[test]
fn a_modern_server_that_was_slow_is_spoken_to_as_one() {
    let mut net = Net::new();
    net.call("tools/list", "{}");
    net.next("server/discover");
    net.pass(Duration::from_secs(3));
    let first = net.next("initialize");
    let data = r#"{"supported":["2026-07-28"],"requested":"2025-11-25"}"#;
    net.refuse(&first, 400, &error(-32022, data));
    let probe = net.next("server/discover");
    net.answer(&probe, &discovered());
    let list = net.next("tools/list");
    assert_eq!(list.header("MCP-Protocol-Version"), Some("2026-07-28"));
    assert_eq!((net.ready, list.header("Mcp-Session-Id")), (1, None));
}

#[test]
fn a_verdict_saves_the_probe_for_the_origin_that_it_is_about() {
    spec!("ERA-20");
    let net = Net::legacy();
    let verdict = net.http.verdict().unwrap();
    assert_eq!(&*verdict.origin, "https://server.example:443");
    for (origin, first) in [(&*verdict.origin, "initialize"), ("https://x:443", "server/discover")]
    {
        let verdict = Verdict { origin: origin.into(), ..verdict.clone() };
        let mut net = Net::with(|_, http| http.verdict = Some(verdict));
        net.next(first);
        assert_eq!(net.http.verdict(), None);
    }
    let verdict = Net::modern().http.verdict();
    let mut net = Net::with(|_, http| http.verdict = verdict);
    net.next("server/discover");
}

#[test]
fn a_client_of_the_latest_revision_alone_does_not_fall_back() {
    let mut net = Net::with(|config, _| config.era = Era::Pinned(Version::V2026_07_28));
    let probe = net.next("server/discover");
    net.respond(&probe, 404, &[HTML], "<html>");
    assert_eq!(net.failed, Some(ConnectError::Http(HttpError::Status(404))));
    net.nothing_more();
    assert_eq!(net.closes, 1);
}
