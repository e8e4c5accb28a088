//! Log messages, and who wants them.

use super::*;

/// The levels that reach the client of the first call now.
fn heard(peer: &mut Peer) -> Vec<&'static str> {
    Level::ALL
        .into_iter()
        .filter(|level| {
            peer.forget();
            let wanted = peer.calls[0].wants_log(*level);
            peer.log(0, *level).unwrap();
            assert_eq!(peer.lines.len(), usize::from(wanted), "what is said is what is sent");
            wanted
        })
        .map(Level::as_str)
        .collect()
}

fn wanting(level: &str) -> Peer {
    let mut peer = Peer::fresh();
    let level = format!(r#""_meta":{{"io.modelcontextprotocol/logLevel":"{level}","#);
    peer.send(&modern("1", "tools/call", TOOL).replace(r#""_meta":{"#, &level));
    peer
}

#[test]
fn a_session_hears_of_info_until_it_says_otherwise() {
    spec!("LOG-02", "LOG-03", "LOG-11");
    for version in LEGACY {
        let mut peer = Peer::calling(version);
        assert_eq!(heard(&mut peer).len(), 7);
        for (level, count) in [("emergency", 1), ("warning", 5), ("debug", 8)] {
            peer.forget();
            peer.send(&legacy("2", "logging/setLevel", &format!(r#"{{"level":"{level}"}}"#)));
            assert_eq!(peer.line(), r#"{"jsonrpc":"2.0","id":2,"result":{}}"#);
            let heard = heard(&mut peer);
            assert_eq!((heard[0], heard.len()), (level, count), "a running call follows at once");
        }
        peer.send(&legacy("3", "logging/setLevel", r#"{"level":"loud"}"#));
        assert_eq!(heard(&mut peer).len(), 8, "what was refused changes nothing");
    }
}

#[test]
fn a_server_may_begin_with_another_level() {
    let mut peer = Peer::with(|config| config.log_level = Level::Critical);
    peer = peer.in_operation(Version::V2025_11_25);
    peer.call(Version::V2025_11_25, "1");
    assert_eq!(heard(&mut peer), ["critical", "alert", "emergency"]);
}

#[test]
fn a_request_of_the_latest_revision_hears_what_it_asks_for() {
    spec!("LOG-05", "LOG-06");
    assert_eq!(heard(&mut Peer::calling(Version::V2026_07_28)), [] as [&str; 0]);
    assert_eq!(heard(&mut wanting("debug")).len(), 8);
    assert_eq!(heard(&mut wanting("error")), ["error", "critical", "alert", "emergency"]);
    assert_eq!(heard(&mut wanting("emergency")), ["emergency"]);
}

#[test]
fn a_message_has_data_of_any_kind_and_perhaps_a_logger() {
    spec!("LOG-08");
    let mut peer = wanting("debug");
    peer.forget();
    let about = About::Call(peer.calls[0].id);
    for (logger, data) in
        [(Some("db \"1\""), "{\"rows\": [1,\r\n 2.50]}"), (None, "null"), (None, "\"text\"")]
    {
        let (logger, data) = (logger.map(Box::from), Json::parse_text(data).unwrap());
        peer.command(Command::Log { about, level: Level::Alert, logger, data }).unwrap();
    }
    insta::assert_snapshot!(peer.transcript(), @r#"
    < {"method":"notifications/message","params":{"level":"alert","logger":"db \"1\"",
          "data":{"rows": [1, 2.50]}}}
    < {"method":"notifications/message","params":{"level":"alert","data":null}}
    < {"method":"notifications/message","params":{"level":"alert","data":"text"}}
    "#);
    peer.answer(0, "{}").unwrap();
    assert_eq!(peer.log(0, Level::Alert), Err(CommandError::Gone));
}

#[test]
fn a_session_can_be_told_without_a_call() {
    let mut peer = Peer::operating(Version::V2025_11_25);
    let about = About::Session(peer.sessions[0]);
    let log = |level| Command::Log { about, level, logger: None, data: Json::text("up") };
    peer.command(log(Level::Debug)).unwrap();
    peer.command(log(Level::Info)).unwrap();
    assert!(peer.line().contains(r#""level":"info","data":"up""#));
    peer.command(Command::Close { session: peer.sessions[0] }).unwrap();
    assert_eq!(peer.command(log(Level::Info)), Err(CommandError::Gone));
}

#[test]
fn a_server_that_declares_no_logs_sends_none() {
    spec!("LOG-01");
    let mut peer = Peer::calling(Version::V2025_11_25);
    let mut silent = offer();
    silent.capabilities.logging = false;
    peer.set_offer(silent);
    assert_eq!(peer.log(0, Level::Emergency), Err(CommandError::Undeclared));
    assert_eq!(peer.lines, [] as [&str; 0]);
}
