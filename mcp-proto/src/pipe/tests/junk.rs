//! Bytes that are no message.

use super::*;

/// Sends each line to a fresh pipe and to a session of `version`; what comes back is shown.
fn answers(version: Version, lines: &[&[u8]]) -> String {
    let mut shown = String::new();
    for line in lines {
        let mut peer = Peer::operating(version);
        peer.feed(line);
        peer.feed(b"\n");
        shown += &show::entry('>', &String::from_utf8_lossy(line));
        shown += &peer.transcript();
        peer.forget();
        peer.request(version, "9", "tools/list", "");
        peer.answer(0, "{}").unwrap();
        assert_eq!(peer.lines.len(), 1, "the next message is served");
    }
    shown
}

#[test]
fn what_is_not_json_is_answered_where_it_begins_like_a_message() {
    spec!("RPC-13", "RPC-14", "RPC-19");
    let lines: [&[u8]; 7] = [
        br#"{"jsonrpc":"2.0","id":1,"method":"ping""#,
        b"  [1,",
        b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}",
        b"hello",
        b"\xff\xfe",
        b"GET / HTTP/1.1",
        br#"{"jsonrpc":"2.0","id":1,"method":"ping"}{"jsonrpc":"2.0","id":2,"method":"ping"}"#,
    ];
    insta::assert_snapshot!(answers(Version::V2025_11_25, &lines), @r#"
    > {"id":1,"method":"ping"
    < {"error":{"code":-32700,"message":"Parse error"}}
    * dropped Junk("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"")
    >   [1,
    < {"error":{"code":-32700,"message":"Parse error"}}
    * dropped Junk("  [1,")
    > {"id":1,"method":"�"}
    < {"error":{"code":-32700,"message":"Parse error"}}
    * dropped Junk("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"�\"}")
    > hello
    * dropped Junk("hello")
    > ��
    * dropped Junk("��")
    > GET / HTTP/1.1
    * dropped Junk("GET / HTTP/1.1")
    > {"id":1,"method":"ping"}{"id":2,"method":"ping"}
    < {"error":{"code":-32700,"message":"Parse error"}}
    * dropped Junk("{\"jsonrpc\":\"2.0\",\"id\":1,
          \"method\":\"ping\"}{\"jsonrpc\":\"2.0\",\"id\":2,…")
    "#);
}

#[test]
fn json_that_is_no_message_is_refused_under_its_id_if_that_can_be_read() {
    spec!("RPC-03", "RPC-15", "RPC-19");
    let lines: [&[u8]; 12] = [
        b"{}",
        br#"{"jsonrpc":"2.0","id":1}"#,
        br#"{"id":1,"method":"ping"}"#,
        br#"{"jsonrpc":"1.0","id":"a","method":"ping"}"#,
        br#"{"jsonrpc":"2.0","id":1,"method":7}"#,
        br#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
        br#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#,
        br#"{"jsonrpc":"2.0","id":1e3,"method":"ping"}"#,
        br#"{"jsonrpc":"2.0","id":18446744073709551616,"method":"ping"}"#,
        br#"{"jsonrpc":"2.0","id":true,"method":"ping"}"#,
        br#"{"jsonrpc":"2.0","id":[1],"method":"ping"}"#,
        br#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#,
    ];
    insta::assert_snapshot!(answers(Version::V2026_07_28, &lines), @r#"
    > {}
    < {"error":{"code":-32600,"message":"Not a JSON-RPC message"}}
    * dropped Junk("{}")
    > {"id":1}
    < {"id":1,"error":{"code":-32600,"message":"Not a JSON-RPC message"}}
    * dropped Junk("{\"jsonrpc\":\"2.0\",\"id\":1}")
    > {"id":1,"method":"ping"}
    < {"id":1,"error":{"code":-32600,"message":"Not a JSON-RPC message"}}
    * dropped Junk("{\"id\":1,\"method\":\"ping\"}")
    > {"jsonrpc":"1.0","id":"a","method":"ping"}
    < {"id":"a","error":{"code":-32600,"message":"Not a JSON-RPC message"}}
    * dropped Junk("{\"jsonrpc\":\"1.0\",\"id\":\"a\",\"method\":\"ping\"}")
    > {"id":1,"method":7}
    < {"id":1,"error":{"code":-32600,"message":"Not a JSON-RPC message"}}
    * dropped Junk("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}")
    > {"id":null,"method":"ping"}
    < {"error":{"code":-32600,"message":"Not a JSON-RPC message"}}
    * dropped Junk("{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}")
    > {"id":1.5,"method":"ping"}
    < {"error":{"code":-32600,"message":"Not a JSON-RPC message"}}
    * dropped Junk("{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"ping\"}")
    > {"id":1e3,"method":"ping"}
    < {"error":{"code":-32600,"message":"Not a JSON-RPC message"}}
    * dropped Junk("{\"jsonrpc\":\"2.0\",\"id\":1e3,\"method\":\"ping\"}")
    > {"id":18446744073709551616,"method":"ping"}
    < {"error":{"code":-32600,"message":"Not a JSON-RPC message"}}
    * dropped Junk("{\"jsonrpc\":\"2.0\",\"id\":18446744073709551616,
          \"method\":\"ping\"}")
    > {"id":true,"method":"ping"}
    < {"error":{"code":-32600,"message":"Not a JSON-RPC message"}}
    * dropped Junk("{\"jsonrpc\":\"2.0\",\"id\":true,\"method\":\"ping\"}")
    > {"id":[1],"method":"ping"}
    < {"error":{"code":-32600,"message":"Not a JSON-RPC message"}}
    * dropped Junk("{\"jsonrpc\":\"2.0\",\"id\":[1],\"method\":\"ping\"}")
    > {"id":1,"id":2,"method":"ping"}
    < {"error":{"code":-32600,"message":"Not a JSON-RPC message"}}
    * dropped Junk("{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"method\":\"ping\"}")
    "#);
}

#[test]
fn an_id_that_could_not_be_read_is_null_where_the_revision_wants_one() {
    spec!("RPC-19");
    for version in Version::ALL {
        let mut peer = Peer::operating(version);
        peer.feed(b"{\n");
        let line = peer.line();
        assert_eq!(line.contains(r#""id":null"#), version.rules().null_error_id, "{line}");
        assert_eq!(line.contains("\"id\""), version.rules().null_error_id, "{line}");
    }
}

#[test]
fn members_that_come_twice_are_refused() {
    spec!("SEC-13");
    for line in [
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{},"params":{}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","name":"b"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","n\u0061me":"b"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"a","cursor":"b"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"a":1,"a":1}}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","x":1,"x":1}"#,
    ] {
        let mut peer = Peer::operating(Version::V2025_11_25);
        peer.send(line);
        assert!(peer.line().contains(r#""id":1,"error":{"code":-32600"#), "{line}");
        assert_eq!(peer.calls.len(), 0);
    }
}

#[test]
fn members_in_other_letters_are_other_members() {
    let mut peer = Peer::operating(Version::V2025_11_25);
    let line = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"Name":"b","name":"a"}}"#;
    peer.send(line);
    peer.send(r#"{"jsonrpc":"2.0","Id":2,"Method":"ping","method":"own/note"}"#);
    insta::assert_snapshot!(peer.transcript(), @r#"
    > {"id":1,"method":"tools/call","params":{"Name":"b","name":"a"}}
    * call #2 for 1: tools/call a {}
    > {"Id":2,"Method":"ping","method":"own/note"}
    * notified in session #1: own/note {}
    "#);
}

#[test]
fn what_looks_like_a_response_is_never_answered() {
    spec!("RPC-08", "RPC-37");
    let mut peer = Peer::operating(Version::V2025_11_25);
    for line in [
        r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":1}"#,
        r#"{"jsonrpc":"2.0","id":1,"error":{}}"#,
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"m"}}"#,
        r#"{"jsonrpc":"2.0","error":{"code":1,"message":"m"}}"#,
        r#"{"id":null,"error":{"code":1,"message":"m"}}"#,
    ] {
        peer.send(line);
    }
    assert_eq!(peer.lines, [] as [&str; 0]);
    let stats = peer.pipe.server().stats();
    assert_eq!((stats.unknown_responses, stats.junk), (4, 3));
}

#[test]
fn replies_to_junk_are_limited_in_each_window() {
    spec!("SEC-17");
    let mut peer = Peer::operating(Version::V2025_11_25);
    let storm = |peer: &mut Peer| {
        peer.forget();
        for line in [b"{\n".as_slice(), b"[]\n", b"{}\n"].repeat(20) {
            peer.feed(line);
        }
        peer.lines.len()
    };
    assert_eq!(storm(&mut peer), 16);
    peer.wait(millis(999));
    assert_eq!(storm(&mut peer), 0);
    peer.wait(millis(1));
    assert_eq!(storm(&mut peer), 16);
    peer.forget();
    peer.feed(b"{\"jsonrpc\":\"2.0\",\"id\":5}\n");
    assert!(peer.line().contains(r#""id":5"#), "a request is answered whatever came before it");
}

#[test]
fn line_ends_of_both_kinds_blank_lines_and_one_mark_are_taken() {
    spec!("STD-05", "STD-06");
    let mut peer = Peer::fresh();
    let ping = legacy("1", "ping", "{}");
    peer.feed(format!("\u{feff}{ping}\r\n\r\n\n  \t\r\n {ping} \r\n{ping}").as_bytes());
    assert_eq!(peer.lines.len(), 2);
    peer.feed(b"\r");
    assert_eq!(peer.lines.len(), 2);
    peer.feed(b"\n");
    assert_eq!(peer.lines.len(), 3);
    assert_eq!(peer.pipe.server().stats().junk, 0);
    peer.feed(format!("\u{feff}{ping}\n").as_bytes());
    assert_eq!(peer.pipe.server().stats().junk, 1, "a mark in the middle is junk");
}

#[test]
fn separators_inside_of_strings_end_no_line() {
    spec!("STD-12");
    let mut peer = Peer::operating(Version::V2025_11_25);
    peer.send(&legacy("\"\u{2028}\u{2029}\u{85}\"", "tools/list", "{}"));
    peer.answer(0, "{\"a\":\"\u{2028}\"}").unwrap();
    assert_eq!(
        peer.line(),
        "{\"jsonrpc\":\"2.0\",\"id\":\"\u{2028}\u{2029}\u{85}\",\"result\":{\"a\":\"\u{2028}\"}}"
    );
}

#[test]
fn a_line_over_the_limit_is_refused_and_the_next_one_served() {
    spec!("SEC-05", "STD-07");
    let mut peer = Peer::with(|config| config.limits.message_bytes_max = 100);
    let fits = |bytes: usize| {
        let ping = legacy("1", "ping", "{}");
        let room = bytes - ping.len();
        ping + &" ".repeat(room) + "\n"
    };
    peer.feed(fits(100).as_bytes());
    assert_eq!(peer.lines.len(), 1);
    peer.forget();
    for piece in fits(101).as_bytes().chunks(7) {
        peer.feed(piece);
    }
    peer.feed(&[b'x'; 5000]);
    peer.feed(b"\n");
    peer.feed(fits(100).as_bytes());
    insta::assert_snapshot!(peer.transcript(), @r#"
    < {"error":{"code":-32700,"message":"The message is too long"}}
    * dropped TooLong
    < {"error":{"code":-32700,"message":"The message is too long"}}
    * dropped TooLong
    < {"id":1,"result":{}}
    "#);
    assert_eq!(peer.pipe.server().stats().too_long, 2);
}

#[test]
fn an_id_over_the_limit_is_refused_without_being_repeated() {
    let mut peer = Peer::operating(Version::V2025_11_25);
    let id = |bytes| format!("\"{}\"", "i".repeat(bytes));
    peer.send(&legacy(&id(256), "ping", "{}"));
    peer.forget();
    peer.send(&legacy(&id(257), "ping", "{}"));
    assert_eq!(
        peer.line(),
        r#"{"jsonrpc":"2.0","error":{"code":-32600,"message":"The request id is too long"}}"#
    );
}

#[test]
fn depth_costs_nothing() {
    spec!("SEC-06");
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    for version in [Version::V2025_11_25, Version::V2026_07_28] {
        let mut peer = Peer::operating(version);
        peer.request(
            version,
            "1",
            "tools/call",
            &format!(r#""name":"t","arguments":{{"a":{deep}}}"#),
        );
        assert_eq!(peer.calls.len(), 1);
        peer.forget();
        peer.ask(0, &[("k", form("Name?"))]).unwrap();
        let asked = if version.rules().handshake { "elicitation/create" } else { "input_required" };
        assert!(peer.line().contains(asked));
        peer.request(version, "2", "own/echo", &format!(r#""a":{deep}"#));
        peer.request(version, "3", "tools/list", &format!(r#""cursor":{deep}"#));
        assert!(peer.lines.pop().unwrap().contains("-32602"));
        peer.send(&deep);
        peer.send(&notification("own/note", &format!(r#"{{"a":{deep}}}"#)));
        peer.send(&format!(r#"{{"jsonrpc":"2.0","id":{deep},"method":"ping"}}"#));
    }
}

#[test]
fn a_message_of_sixteen_mebibytes_is_served() {
    let mut peer = Peer::operating(Version::V2025_11_25);
    let blob = "b".repeat(16 << 20);
    let line = legacy("1", "own/echo", &format!(r#"{{"blob":"{blob}"}}"#));
    for chunk in line.as_bytes().chunks(64 << 10) {
        peer.feed(chunk);
    }
    peer.feed(b"\n");
    let body = ResultBody::raw(&Json::parse_text(&format!(r#"{{"blob":"{blob}"}}"#)).unwrap());
    peer.respond(0, Reply::Result(body.unwrap())).unwrap();
    assert!(peer.line().len() > 16 << 20);
}
