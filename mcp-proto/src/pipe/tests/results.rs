//! Results and errors, as each revision has them.

use super::*;
use crate::{error::code, server::CacheHint};

#[test]
fn an_error_has_a_code_that_the_revision_knows() {
    spec!("RPC-09", "RPC-18", "RPC-30", "RPC-31");
    let mut table = String::new();
    for sent in [
        code::PARSE_ERROR,
        code::INVALID_PARAMS,
        code::RESOURCE_NOT_FOUND,
        -32019,
        code::HEADER_MISMATCH,
        code::MISSING_CLIENT_CAPABILITY,
        code::UNSUPPORTED_VERSION,
        -32023,
        code::URL_ELICITATION_REQUIRED,
        -32099,
        -32100,
        -1,
        7,
        i64::MIN,
    ] {
        write!(table, "{sent}:").unwrap();
        for version in Version::ALL {
            let mut peer = Peer::calling(version);
            peer.fail(0, sent).unwrap();
            let code = peer.member("/error/code").unwrap();
            if code == sent {
                table += " same";
            } else {
                write!(table, " {code}").unwrap();
            }
        }
        table += "\n";
    }
    insta::assert_snapshot!(table, @"
    -32700: same same same same same
    -32602: same same same same same
    -32002: same same same same -32602
    -32019: same same same same same
    -32020: same same same same same
    -32021: same same same same same
    -32022: same same same same same
    -32023: same same same same -32603
    -32042: -32603 -32603 -32603 same -32603
    -32099: same same same same -32603
    -32100: same same same same same
    -1: same same same same same
    7: same same same same same
    -9223372036854775808: same same same same same
    ");
}

#[test]
fn an_error_keeps_its_message_and_its_data() {
    let mut peer = Peer::calling(Version::V2026_07_28);
    let error =
        ErrorObject::new(-32050, "No \"luck\"\n").with_data(Json::parse_text("[1.0]").unwrap());
    peer.respond(0, Reply::Error(error)).unwrap();
    insta::assert_snapshot!(peer.transcript(), @r#"< {"id":1,"error":{"code":-32603,"message":"No \"luck\"\n (-32050)","data":[1.0]}}"#);
}

#[test]
fn only_cacheable_results_of_the_latest_revision_say_for_how_long() {
    spec!("CCH-01", "CCH-02", "CCH-03", "META-05", "META-13", "META-17");
    let mut table = String::new();
    for (method, members) in [
        ("tools/list", ""),
        ("tools/call", TOOL),
        ("prompts/list", ""),
        ("prompts/get", r#""name":"p""#),
        ("resources/list", ""),
        ("resources/templates/list", ""),
        ("resources/read", r#""uri":"a:1""#),
        ("own/echo", ""),
    ] {
        let mut peer = Peer::operating(Version::V2026_07_28);
        peer.request(Version::V2026_07_28, "1", method, members);
        peer.respond(0, Reply::Result(ResultBody::default())).unwrap();
        let latest = peer.line();
        assert!(latest.contains(r#""result":{"resultType":"complete""#), "{latest}");
        assert!(latest.contains(r#""_meta":{"io.modelcontextprotocol/serverInfo":"#), "{latest}");
        let hints = [r#""ttlMs":0"#, r#""cacheScope":"private""#];
        writeln!(table, "{method}: {}", hints.iter().all(|hint| latest.contains(hint))).unwrap();
        for version in LEGACY {
            let mut peer = Peer::operating(version);
            peer.request(version, "1", method, members);
            peer.respond(0, Reply::Result(ResultBody::default())).unwrap();
            assert_eq!(peer.line(), r#"{"jsonrpc":"2.0","id":1,"result":{}}"#);
        }
    }
    insta::assert_snapshot!(table, @"
    tools/list: true
    tools/call: false
    prompts/list: true
    prompts/get: false
    resources/list: true
    resources/templates/list: true
    resources/read: true
    own/echo: false
    ");
}

#[test]
fn a_handler_may_say_for_how_long_and_for_whom() {
    spec!("CCH-02", "CCH-03");
    let mut peer = Peer::with(|config| {
        config.cache = CacheHint { ttl: millis(60_000), public: true };
    });
    let cache = Some(CacheHint { ttl: Duration::from_micros(1999), public: false });
    for (nth, cache) in [None, cache].into_iter().enumerate() {
        peer.send(&modern("1", "tools/list", ""));
        let body = ResultBody { cache, ..ResultBody::default() };
        peer.respond(nth, Reply::Result(body)).unwrap();
    }
    assert!(peer.lines[0].contains(r#""ttlMs":60000,"cacheScope":"public""#), "{:?}", peer.lines);
    assert!(peer.lines[1].contains(r#""ttlMs":1,"cacheScope":"private""#), "{:?}", peer.lines);
}

#[test]
fn a_result_of_another_server_is_spliced_into_ours() {
    spec!("CCH-01", "META-05", "META-13", "META-17");
    let foreign = r#"{"resultType":"other","tools":[{"a" : 1.0}],"ttlMs":5000,"cacheScope":"public",
        "_meta":{"io.modelcontextprotocol/serverInfo":{"name":"x","version":"9"},"own/a": [ 1 ]},"n\u0065w":"\u00e9"}"#;
    let mut peer = Peer::operating(Version::V2025_11_25);
    peer.send(&modern("1", "tools/list", ""));
    peer.send(&legacy("2", "tools/list", "{}"));
    peer.forget();
    peer.answer(0, foreign).unwrap();
    peer.answer(1, foreign).unwrap();
    insta::assert_snapshot!(peer.transcript(), @r#"
    < {"id":1,"result":{"resultType":"complete","tools":[{"a" : 1.0}],"new":"\u00e9",
          "ttlMs":5000,"cacheScope":"public","_meta":{"mcp/serverInfo":{"name":"s",
          "version":"1"},"own/a":[ 1 ]}}}
    < {"id":2,"result":{"tools":[{"a" : 1.0}],"new":"\u00e9","_meta":{"own/a":[ 1 ]}}}
    "#);
}

#[test]
fn a_result_of_another_server_must_be_an_object_with_an_object_as_meta() {
    let raw = |json: &str| ResultBody::raw(&Json::parse_text(json).unwrap()).is_ok();
    assert!(raw("{}") && raw(r#"{"_meta":{}}"#) && raw(r#"{"_meta": { "a" : 1 } }"#));
    for json in ["[]", "1", "null", r#"{"_meta":[]}"#, r#"{"_meta":null}"#] {
        assert!(!raw(json), "{json}");
    }
}

#[test]
fn hints_on_caching_that_are_none_are_members_like_others() {
    for (members, kept) in [
        (r#""ttlMs":5"#, true),
        (r#""ttlMs":5,"cacheScope":"shared""#, true),
        (r#""ttlMs":-5,"cacheScope":"public""#, true),
        (r#""ttlMs":5,"cacheScope":"public""#, false),
    ] {
        let mut peer = Peer::calling(Version::V2025_11_25);
        peer.answer(0, &format!("{{{members}}}")).unwrap();
        assert_eq!(peer.line().contains("ttlMs"), kept, "{members}");
    }
}

#[test]
fn payloads_pass_token_by_token() {
    spec!("RPC-38", "STD-01");
    let tokens = r#"{"n":[1.0,1e400,-0,12345678901234567890123,0.10],"s":"\u0041\/\ud800","d":{"a":1,"a":2}}"#;
    for version in [Version::V2024_11_05, Version::V2026_07_28] {
        let mut peer = Peer::operating(version);
        let arguments = tokens.replace(',', ",\r").replace(':', "\r:");
        peer.request(version, "1", "tools/call", &format!(r#""name":"t","arguments":{arguments}"#));
        let crate::server::Method::ToolsCall { arguments, .. } = &peer.calls[0].method else {
            panic!("{:?}", peer.calls[0].method)
        };
        assert_eq!(arguments.as_str(), tokens);
        let result = tokens.replace(',', "\n,\r\n");
        peer.answer(0, &result).unwrap();
        assert!(peer.line().contains(&tokens[1..tokens.len() - 1]));
    }
}
