//! Heads, and what becomes of them.

use std::{collections::BTreeSet, format, vec};

use super::{testing::*, *};
use crate::{
    Version,
    http::{Hosts, Origins, ProtectedResource, field::EXPOSED},
};

const PAGE: (&str, &str) = ("Origin", "http://localhost:5173");
const EVIL: (&str, &str) = ("Origin", "https://evil.example");

/// The status that a request gets at once.
fn at_once(gate: &Gate, method: &str, path: &str, fields: Fields<'_>) -> Option<u16> {
    ask(gate, method, path, fields).err().map(|response| response.head.status)
}

/// The status that a request gets after the grant; such a request brings no body.
fn later(gate: &Gate, method: &str, path: &str, fields: Fields<'_>) -> Option<u16> {
    let admission = ask(gate, method, path, fields).unwrap();
    let status = admission.refusal().map(|response| response.head.status);
    let wants_body = status.is_none() && method == "POST";
    assert_eq!(admission.body_bytes_max() > 0, wants_body);
    status
}

fn field<'r>(response: &'r Response, name: &str) -> Option<&'r str> {
    let field = response.head.headers.iter().find(|(own, _)| *own == name);
    field.map(|(_, value)| &**value)
}

fn show(response: &Response) -> String {
    let mut text = format!("{}\n", response.head.status);
    for (name, value) in &response.head.headers {
        text += &format!("{name}: {value}\n");
    }
    text + &response.body.as_ref().map_or_else(String::new, |body| body.parts().concat())
}

#[test]
fn a_page_of_a_foreign_origin_gets_403_at_every_path_with_every_method() {
    spec!("SEC-04", "SHL-46", "SHL-47");
    let gate = gate();
    for method in ["POST", "GET", "DELETE", "OPTIONS", "PUT", "HEAD"] {
        for path in ["/mcp", "/", "/other", "/.well-known/oauth-protected-resource"] {
            let asked = ("Access-Control-Request-Method", "POST");
            let fields = [HOST, ACCEPT, JSON, asked];
            for origin in ["https://evil.example", "null", "", "http://localhost.evil.example"] {
                let fields = [&fields[..], &[("origin", origin)]].concat();
                assert_eq!(at_once(&gate, method, path, &fields), Some(403), "{method} {path}");
            }
            let host = ("host", "evil.example");
            assert_eq!(at_once(&gate, method, path, &[host, ACCEPT, JSON]), Some(403));
        }
    }
    let refused = ask(&gate, "POST", "/mcp", &[HOST, ACCEPT, JSON, EVIL]).unwrap_err();
    insta::assert_snapshot!(show(&refused), @r#"
    403
    content-type: application/json
    {"jsonrpc":"2.0","error":{"code":-32600,"message":"This origin may not call"}}
    "#);
}

#[test]
fn a_request_without_origin_comes_from_no_page_and_is_served() {
    spec!("SHL-49");
    assert_eq!(later(&gate(), "POST", "/mcp", &[HOST, ACCEPT, JSON]), None);
}

#[test]
fn several_origins_or_unreadable_ones_are_foreign() {
    let gate = gate();
    let two = [HOST, ACCEPT, JSON, PAGE, PAGE];
    assert_eq!(at_once(&gate, "POST", "/mcp", &two), Some(403));
    let odd = [HOST, ACCEPT, JSON, ("Origin", "http://localhost\u{0}")];
    assert_eq!(at_once(&gate, "POST", "/mcp", &odd), Some(403));
}

#[test]
fn a_host_must_stand_once_be_one_and_be_ours() {
    spec!("SEC-04");
    for (hosts, status) in [
        (&["localhost"][..], None),
        (&["LOCALHOST.:80"], None),
        (&["127.0.0.1:1"], None),
        (&["evil.example"], Some(403)),
        (&[], Some(400)),
        (&["localhost", "localhost"], Some(400)),
        (&["localhost", "evil.example"], Some(400)),
        (&["user@localhost"], Some(400)),
        (&["localhost/"], Some(400)),
        (&[""], Some(400)),
        (&["localhost\r\nx"], Some(400)),
    ] {
        let hosts: Vec<_> = hosts.iter().map(|host| ("host", *host)).collect();
        let fields = [&hosts[..], &[ACCEPT, JSON]].concat();
        assert_eq!(at_once(&gate(), "POST", "/mcp", &fields), status, "{hosts:?}");
    }
}

#[test]
fn a_page_that_may_call_may_read_every_answer() {
    let gate = gate();
    let base = [HOST, ACCEPT, JSON, PAGE];
    let foreign_host = [("host", "evil.example"), PAGE];
    let admission = post(&gate, &[PAGE]);
    let answers = [
        ask(&gate, "POST", "/mcp", &foreign_host).unwrap_err(),
        ask(&gate, "PUT", "/mcp", &base).unwrap().refusal().unwrap(),
        ask(&gate, "POST", "/", &base).unwrap().refusal().unwrap(),
        admission.refuse_body(413),
        admission.challenge(&Challenge::unauthorized()),
        admission.unavailable(503),
        admission.answers().empty(202),
        Response { head: admission.answers().stream(), body: None },
    ];
    for answer in answers {
        assert_eq!(field(&answer, "access-control-allow-origin"), Some(PAGE.1));
        assert_eq!(field(&answer, "access-control-expose-headers"), Some(EXPOSED));
        assert_eq!(field(&answer, "vary"), Some("Origin"));
    }
    let silent = post(&gate, &[]).refuse_body(400);
    assert_eq!(field(&silent, "access-control-allow-origin"), None);
}

#[test]
fn a_preflight_is_told_what_a_page_may_send() {
    let requested = "content-type,mcp-protocol-version, mcp-param-region,mcp-param-a b,x-evil";
    let fields = [
        HOST,
        PAGE,
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", requested),
    ];
    let answer = ask(&gate(), "OPTIONS", "/mcp", &fields).unwrap_err();
    insta::assert_snapshot!(show(&answer), @"
    204
    access-control-allow-origin: http://localhost:5173
    access-control-expose-headers: Mcp-Session-Id, MCP-Protocol-Version, WWW-Authenticate
    vary: Origin
    access-control-allow-methods: GET, POST, DELETE, OPTIONS
    access-control-allow-headers: Accept, Authorization, Content-Type, Last-Event-ID, \
    Mcp-Method, Mcp-Name, Mcp-Session-Id, MCP-Protocol-Version, mcp-param-region
    access-control-max-age: 600
    ");
    let config = HttpConfig { sessions: false, ..HttpConfig::default() };
    let stateless = Gate::new(&server(), &config);
    let answer = ask(&stateless, "OPTIONS", "/mcp", &fields).unwrap_err();
    assert_eq!(field(&answer, "access-control-allow-methods"), Some("POST, OPTIONS"));
}

#[test]
fn options_that_are_no_preflight_are_no_method_of_the_endpoint() {
    assert_eq!(later(&gate(), "OPTIONS", "/mcp", &[HOST]), Some(405));
}

#[test]
fn there_is_one_path() {
    for path in ["/", "/mcp/", "/MCP", "/mcp2", "", "*", "/.well-known/oauth-protected-resource"] {
        for method in ["POST", "GET", "DELETE", "PUT"] {
            assert_eq!(later(&gate(), method, path, &[HOST, ACCEPT, JSON]), Some(404), "{path}");
        }
    }
}

#[test]
fn methods_are_refused_with_a_list_of_those_there_are() {
    const ALL: &str = "GET, POST, DELETE, OPTIONS";
    const POST: &str = "POST, OPTIONS";
    let without = HttpConfig { sessions: false, ..HttpConfig::default() };
    let modern = ServerConfig { versions: vec![Version::LATEST], ..server() };
    let gates =
        [gate(), Gate::new(&server(), &without), Gate::new(&modern, &HttpConfig::default())];
    for (method, allow) in [
        ("POST", [None; 3]),
        ("GET", [None, Some(POST), Some(POST)]),
        ("DELETE", [None, Some(POST), Some(POST)]),
        ("PUT", [Some(ALL), Some(POST), Some(POST)]),
        ("HEAD", [Some(ALL), Some(POST), Some(POST)]),
        ("post", [Some(ALL), Some(POST), Some(POST)]),
    ] {
        for (gate, allow) in gates.iter().zip(allow) {
            let admission = ask(gate, method, "/mcp", &[HOST, ACCEPT, JSON]).unwrap();
            let refusal = admission.refusal();
            assert_eq!(refusal.as_ref().and_then(|refusal| field(refusal, "allow")), allow);
            assert_eq!(refusal.map(|refusal| refusal.head.status), allow.map(|_| 405));
        }
    }
}

#[test]
fn a_revision_without_sessions_has_nothing_to_get_or_to_delete() {
    for (version, status) in [
        (Version::LATEST.as_str(), Some(405)),
        (Version::LATEST_WITH_HANDSHAKE.as_str(), None),
        ("2000-01-01", None),
    ] {
        for method in ["GET", "DELETE"] {
            let fields = [HOST, ACCEPT, ("mcp-protocol-version", version)];
            assert_eq!(later(&gate(), method, "/mcp", &fields), status, "{method} {version}");
        }
    }
}

#[test]
fn each_method_has_its_accept() {
    const BOTH: &str = "application/json, text/event-stream";
    for (method, accept, status) in [
        ("POST", Some(BOTH), None),
        ("POST", Some("*/*"), None),
        ("POST", Some("application/json"), Some(406)),
        ("POST", Some("text/event-stream"), Some(406)),
        ("POST", None, Some(406)),
        ("GET", Some("text/event-stream"), None),
        ("GET", Some(BOTH), None),
        ("GET", Some("application/json"), Some(406)),
        ("GET", None, Some(406)),
        ("DELETE", None, None),
    ] {
        let mut fields = vec![HOST, JSON];
        fields.extend(accept.map(|accept| ("ACCEPT", accept)));
        assert_eq!(later(&gate(), method, "/mcp", &fields), status, "{method} {accept:?}");
    }
}

#[test]
fn a_body_must_be_json() {
    for (types, status) in [
        (&["application/json; charset=utf-8"][..], None),
        (&["text/plain"], Some(415)),
        (&[], Some(415)),
        (&["application/json", "application/json"], Some(415)),
    ] {
        let types: Vec<_> = types.iter().map(|kind| ("content-type", *kind)).collect();
        let fields = [&types[..], &[HOST, ACCEPT]].concat();
        assert_eq!(later(&gate(), "POST", "/mcp", &fields), status, "{types:?}");
        assert_eq!(later(&gate(), "GET", "/mcp", &fields), None);
    }
}

#[test]
fn a_body_must_have_one_length_within_the_limit() {
    spec!("SEC-05");
    const LENGTH: &str = "content-length";
    const CODING: &str = "transfer-encoding";
    let limits = Limits { message_bytes_max: 100, ..Limits::default() };
    let gate = Gate::new(&ServerConfig { limits, ..server() }, &HttpConfig::default());
    assert_eq!(post(&gate, &[]).body_bytes_max(), 100);
    for (fields, status) in [
        (&[(LENGTH, "100")][..], None),
        (&[(LENGTH, "0")], None),
        (&[(CODING, "Chunked")], None),
        (&[(LENGTH, "101")], Some(413)),
        (&[(LENGTH, "50000000000")], Some(413)),
        (&[(LENGTH, "18446744073709551616")], Some(400)),
        (&[(LENGTH, "+1")], Some(400)),
        (&[(LENGTH, "-1")], Some(400)),
        (&[(LENGTH, "")], Some(400)),
        (&[(LENGTH, "1, 1")], Some(400)),
        (&[(LENGTH, "1"), (LENGTH, "1")], Some(400)),
        (&[(LENGTH, "x"), (LENGTH, "1")], Some(400)),
        (&[(LENGTH, "1"), (CODING, "chunked")], Some(400)),
        (&[(CODING, "chunked"), (LENGTH, "1")], Some(400)),
        (&[(CODING, "chunked"), (CODING, "chunked")], Some(400)),
        (&[(CODING, "garbage")], Some(400)),
        (&[(CODING, "gzip, chunked")], Some(400)),
    ] {
        let fields = [&[HOST, ACCEPT, JSON], fields].concat();
        assert_eq!(later(&gate, "POST", "/mcp", &fields), status, "{fields:?}");
    }
}

#[test]
fn several_credentials_are_refused_before_anybody_looks_at_one() {
    let bearer = ("Authorization", "Bearer abc");
    assert_eq!(at_once(&gate(), "POST", "/mcp", &[HOST, ACCEPT, JSON, bearer]), None);
    let twice = ask(&gate(), "POST", "/mcp", &[HOST, bearer, bearer]).unwrap_err();
    assert_eq!(twice.head.status, 400);
    assert_eq!(field(&twice, "www-authenticate"), Some(r#"Bearer error="invalid_request""#));
}

#[test]
fn fields_over_a_limit_are_refused() {
    let limits = Limits { header_bytes_max: 64, mirrored_arguments_max: 2, ..Limits::default() };
    let gate = Gate::new(&ServerConfig { limits, ..server() }, &HttpConfig::default());
    let (fits, long) = ("x".repeat(64), "x".repeat(65));
    for (fields, status) in [
        (&[("Mcp-Name", &*fits)][..], None),
        (&[("Mcp-Name", &*long)], Some(431)),
        (&[("Mcp-Param-A", &*long)], Some(431)),
        (&[("Mcp-Session-Id", &*long)], Some(431)),
        (&[("User-Agent", &*long)], None),
        (&[("Mcp-Param-A", "1"), ("Mcp-Param-B", "2"), ("mcp-param-a", "3")], None),
        (&[("Mcp-Param-A", "1"), ("Mcp-Param-B", "2"), ("Mcp-Param-C", "3")], Some(431)),
    ] {
        let fields = [&[HOST, ACCEPT, JSON], fields].concat();
        assert_eq!(later(&gate, "POST", "/mcp", &fields), status, "{fields:?}");
    }
    assert_eq!(at_once(&gate, "POST", "/mcp", &[("Host", &long)]), Some(400));
}

#[test]
fn the_fields_that_mirror_the_body_are_kept_as_they_came() {
    let admission = post(
        &gate(),
        &[
            ("mcp-session-id", "s-1"),
            ("MCP-PROTOCOL-VERSION", " 2025-06-18\t"),
            ("Mcp-Method", "tools/call"),
            ("Mcp-Name", "a\tb c"),
            ("Last-Event-ID", "e-1"),
            ("mcp-param-Region", "eu"),
            ("Mcp-Param-Twice", "1"),
            ("MCP-PARAM-TWICE", "1"),
            ("Mcp-Param-Odd", "\u{7f}"),
            ("Mcp-Param-Umlaut", "ü"),
            ("Mcp-Param-Empty", ""),
        ],
    );
    assert_eq!(admission.verb(), Verb::Post);
    assert_eq!(admission.session_id(), Value::One("s-1"));
    assert_eq!(admission.version(), Value::One("2025-06-18"));
    assert_eq!(admission.method(), Value::One("tools/call"));
    assert_eq!(admission.name(), Value::One("a\tb c"));
    assert_eq!(admission.last_event_id(), Value::One("e-1"));
    for (name, value) in [
        ("region", Value::One("eu")),
        ("Twice", Value::Many),
        ("Odd", Value::Malformed),
        ("umlaut", Value::Malformed),
        ("Empty", Value::One("")),
        ("Absent", Value::Absent),
    ] {
        assert_eq!(admission.argument(name), value, "{name}");
    }
}

#[test]
fn a_field_that_stands_twice_is_neither_of_both() {
    let names = ["Mcp-Session-Id", "MCP-Protocol-Version", "Mcp-Method", "Mcp-Name"];
    for name in names.into_iter().chain(["Last-Event-ID"]) {
        for values in [["a", "a"], ["\u{0}", "a"], ["", ""]] {
            let admission = post(&gate(), &values.map(|value| (name, value)));
            let values = [
                (admission.session_id(), "Mcp-Session-Id"),
                (admission.version(), "MCP-Protocol-Version"),
                (admission.method(), "Mcp-Method"),
                (admission.name(), "Mcp-Name"),
                (admission.last_event_id(), "Last-Event-ID"),
            ];
            for (value, own) in values {
                assert_eq!(value, if own == name { Value::Many } else { Value::Absent });
            }
        }
    }
}

#[test]
fn metadata_is_published_where_there_is_some() {
    spec!("AUT-02", "AUT-03", "AUT-04");
    let resource = ProtectedResource {
        resource: "https://mcp.example/mcp".into(),
        authorization_servers: vec!["https://auth.example".into()],
        scopes_supported: vec![],
    };
    let config = HttpConfig { protected_resource: Some(resource), ..HttpConfig::default() };
    let gate = Gate::new(&server(), &config);
    for path in ["", "/mcp"] {
        let path = ["/.well-known/oauth-protected-resource", path].concat();
        let answer = ask(&gate, "GET", &path, &[HOST]).unwrap_err();
        assert_eq!(answer.head.status, 200, "{path}");
        assert_eq!(field(&answer, "content-type"), Some("application/json"));
        assert_eq!(at_once(&gate, "GET", &path, &[HOST, EVIL]), Some(403));
        assert_eq!(later(&gate, "POST", &path, &[HOST]), Some(404));
    }
    let challenged = post(&gate, &[]).challenge(&Challenge::unauthorized());
    let url = "https://mcp.example/.well-known/oauth-protected-resource/mcp";
    let expected = format!("Bearer resource_metadata=\"{url}\"");
    assert_eq!(field(&challenged, "www-authenticate"), Some(&*expected));
}

#[test]
fn a_body_that_does_not_come_is_refused_with_what_is_wrong() {
    let admission = post(&gate(), &[]);
    for (response, status, says) in [
        (admission.refuse_body(413), 413, "too long"),
        (admission.refuse_body(408), 408, "in time"),
        (admission.refuse_body(400), 400, "cut off"),
        (admission.unavailable(503), 503, "cannot serve"),
        (admission.unavailable(500), 500, "Internal error"),
    ] {
        assert_eq!(response.head.status, status);
        assert!(show(&response).contains(says), "{}", show(&response));
    }
}

#[test]
fn what_is_shown_of_a_request_holds_no_secret() {
    spec!("SEC-15");
    let admission = post(&gate(), &[("Mcp-Session-Id", "hidden"), ("Mcp-Name", "hidden")]);
    assert!(!format!("{admission:?}").contains("hidden"));
    let fields: Fields<'_> = &[("Authorization", "hidden")];
    let head = Head { method: "GET", path: "/mcp", headers: &fields };
    assert!(!format!("{head:?}").contains("hidden"));
}

#[test]
fn other_names_are_allowed_where_the_configuration_says_so() {
    let config = HttpConfig {
        hosts: Hosts::Only(BTreeSet::from(["mcp.example".into()])),
        origins: Origins::Only(BTreeSet::from(["https://app.example".into()])),
        ..HttpConfig::default()
    };
    let gate = Gate::new(&server(), &config);
    let (host, page) = (("Host", "mcp.example"), ("Origin", "https://app.example"));
    assert_eq!(at_once(&gate, "POST", "/mcp", &[host, ACCEPT, JSON, page]), None);
    assert_eq!(at_once(&gate, "POST", "/mcp", &[HOST, ACCEPT, JSON, page]), Some(403));
    assert_eq!(at_once(&gate, "POST", "/mcp", &[host, ACCEPT, JSON, PAGE]), Some(403));
}
