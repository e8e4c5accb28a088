//! How results are written, whatever they are made of.

use core::fmt::Write;

use super::*;
use crate::server::conclude::Form;

#[test]
fn every_result_is_written_with_the_right_commas() {
    let core = Core::new();
    let mut table = String::new();
    for version in [Version::LATEST_WITH_HANDSHAKE, Version::LATEST] {
        let rules = version.rules();
        for cacheable in [false, rules.result_type] {
            for (members, meta) in [
                ("", None),
                ("", Some("")),
                ("", Some(r#""b":2"#)),
                (r#""a":1"#, None),
                (r#""a":1"#, Some(r#""b":2"#)),
            ] {
                let meta = meta.map(String::from);
                let body = ResultBody { meta, ..ResultBody::members(members.into()) };
                let form = Form { rules, cacheable };
                let text = core.server.result_response(&RequestId::Int(1), form, &body);
                let Ok(Message::Response(response)) = Message::parse(&text) else {
                    panic!("{text}")
                };
                let result = response.outcome.unwrap().get();
                let short = result.replace("io.modelcontextprotocol/serverInfo", "serverInfo");
                writeln!(table, "{}", short.replace(r#"{"name":"s","version":"1"}"#, "{}"))
                    .unwrap();
            }
        }
    }
    insta::assert_snapshot!(table, @r#"
    {}
    {}
    {"_meta":{"b":2}}
    {"a":1}
    {"a":1,"_meta":{"b":2}}
    {}
    {}
    {"_meta":{"b":2}}
    {"a":1}
    {"a":1,"_meta":{"b":2}}
    {"resultType":"complete","_meta":{"serverInfo":{}}}
    {"resultType":"complete","_meta":{"serverInfo":{}}}
    {"resultType":"complete","_meta":{"serverInfo":{},"b":2}}
    {"resultType":"complete","a":1,"_meta":{"serverInfo":{}}}
    {"resultType":"complete","a":1,"_meta":{"serverInfo":{},"b":2}}
    {"resultType":"complete","ttlMs":0,"cacheScope":"private","_meta":{"serverInfo":{}}}
    {"resultType":"complete","ttlMs":0,"cacheScope":"private","_meta":{"serverInfo":{}}}
    {"resultType":"complete","ttlMs":0,"cacheScope":"private","_meta":{"serverInfo":{},"b":2}}
    {"resultType":"complete","a":1,"ttlMs":0,"cacheScope":"private","_meta":{"serverInfo":{}}}
    {"resultType":"complete","a":1,"ttlMs":0,"cacheScope":"private","_meta":{"serverInfo":{},"b":2}}
    "#);
}

#[test]
fn a_shared_change_is_encoded_once_for_all_sessions() {
    let mut core = Core::new();
    for number in 1..=3 {
        core.session(number);
    }
    core.server.handle_command(Instant::ZERO, Command::ListChanged(List::Tools)).unwrap();
    let mut bodies = Vec::new();
    while let Some(ServerOutput::Send { frame, .. }) = core.server.poll_output() {
        let [body, tail] = frame.parts();
        assert_eq!(tail, "}");
        bodies.push(body.as_ptr());
        assert_eq!(frame.byte_len(), body.len() + 1);
    }
    assert_eq!(bodies.len(), 3);
    assert!(bodies.iter().all(|body| *body == bodies[0]));
}
