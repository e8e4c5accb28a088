//! From the first byte to an agreement, with every kind of server.

use super::*;
use crate::client::ConnectError;

#[test]
fn a_modern_server_is_met_by_the_probe_alone() {
    spec!("ERA-01", "ERA-02", "META-01", "META-02");
    let mut peer = Peer::probing();
    peer.reply("1", &discovered(r#"["2026-07-28","2027-01-01"]"#));
    insta::assert_snapshot!(peer.transcript(), @r#"
    > {"id":1,"method":"server/discover","params":{"_meta":{mcp}}}
    < {"id":1,"result":{"supportedVersions":["2026-07-28","2027-01-01"],
          "capabilities":{server}}}
    * ready: ? speaks 2026-07-28
    "#);
}

#[test]
fn a_legacy_server_is_initialized_after_its_error() {
    spec!("ERA-05", "ERA-33", "INI-02", "INI-03", "INI-04", "INI-12");
    let mut peer = Peer::probing();
    peer.refuse("1", r#"{"code":-32601,"message":"Method not found"}"#);
    peer.reply("2", &initialized("2025-03-26"));
    insta::assert_snapshot!(peer.transcript(), @r#"
    > {"id":1,"method":"server/discover","params":{"_meta":{mcp}}}
    < {"id":1,"error":{"code":-32601,"message":"Method not found"}}
    > {"id":2,"method":"initialize","params":{"protocolVersion":"2025-11-25",
          "capabilities":{all},"clientInfo":{"name":"c","version":"1"}}}
    < {"id":2,"result":{"protocolVersion":"2025-03-26","capabilities":{server},
          "serverInfo":{"name":"s","version":"1"}}}
    > {"method":"notifications/initialized"}
    * ready: s speaks 2025-03-26
    "#);
}

/// What a server may say to the probe, and what the client writes next; without the ids.
fn after(reply: impl FnOnce(&mut Peer), change: impl FnOnce(&mut ClientConfig)) -> &'static str {
    let mut peer = Peer::with(change).started();
    peer.forget();
    reply(&mut peer);
    let said = peer.lines.first().cloned().unwrap_or_default();
    let failed = peer.closes > 0;
    match (peer.pipe.client().agreement(), failed, peer.respawns) {
        (Some(agreed), false, 0) if !agreed.version.rules().handshake => "modern",
        (None, true, 0) => "failed",
        (None, false, 1) => "respawn",
        (None, false, 0) if said.contains(r#""method":"initialize""#) => "initialize",
        (None, false, 0) if said.contains(r#""method":"server/discover""#) => "again",
        (None, false, 0) if said.is_empty() => "waits",
        _ => "else",
    }
}

#[test]
fn every_reply_to_the_probe_has_one_meaning() {
    spec!("ERA-02", "ERA-03", "ERA-04", "ERA-05", "ERA-06", "ERA-07", "ERA-08", "ERA-10", "VER-07");
    let unsupported = |data: &str| format!(r#"{{"code":-32022,"message":"no","data":{data}}}"#);
    let errors = [
        (r#"{"code":-32601,"message":""}"#.to_string(), "initialize"),
        (r#"{"code":-32602,"message":""}"#.to_string(), "initialize"),
        (r#"{"code":-32600,"message":""}"#.to_string(), "initialize"),
        (r#"{"code":-32700,"message":""}"#.to_string(), "initialize"),
        (r#"{"code":-32603,"message":""}"#.to_string(), "initialize"),
        (r#"{"code":-32000,"message":""}"#.to_string(), "initialize"),
        (r#"{"code":1,"message":""}"#.to_string(), "initialize"),
        (r#"{"code":-32020,"message":""}"#.to_string(), "again"),
        (r#"{"code":-32021,"message":""}"#.to_string(), "again"),
        (r#"{"code":-32022,"message":""}"#.to_string(), "initialize"),
        (unsupported(r#"{"supported":"2026-07-28"}"#), "initialize"),
        (unsupported(r#"{"supported":["2026-07-28"]}"#), "again"),
        (unsupported(r#"{"supported":["2025-11-25","2026-07-28"]}"#), "again"),
        (unsupported(r#"{"supported":["2025-11-25"]}"#), "initialize"),
        (unsupported(r#"{"supported":["2027-01-01","2025-06-18"]}"#), "initialize"),
        (unsupported(r#"{"supported":["2027-01-01"]}"#), "failed"),
        (unsupported(r#"{"supported":[]}"#), "failed"),
    ];
    for (error, expected) in errors {
        assert_eq!(after(|peer| peer.refuse("1", &error), |_| {}), expected, "{error}");
        if error.contains("-32601") {
            assert_eq!(after(|peer| peer.refuse("null", &error), |_| {}), expected, "{error}");
        }
    }
    let results = [
        (discovered(r#"["2026-07-28"]"#), "modern"),
        (discovered(r#"["2027-01-01","2026-07-28"]"#), "modern"),
        (discovered(r#"["2025-11-25"]"#), "initialize"),
        (discovered(r#"["2027-01-01"]"#), "initialize"),
        (discovered("[]"), "initialize"),
        (discovered("5"), "initialize"),
        (r#"{"supportedVersions":["2026-07-28"]}"#.into(), "initialize"),
        (r#"{"supportedVersions":["2026-07-28"],"capabilities":[]}"#.into(), "initialize"),
        ("{}".into(), "initialize"),
        ("[]".into(), "initialize"),
        ("null".into(), "initialize"),
    ];
    for (result, expected) in results {
        assert_eq!(after(|peer| peer.reply("1", &result), |_| {}), expected, "{result}");
    }
    assert_eq!(after(|peer| peer.wait(millis(2999)), |_| {}), "waits");
    assert_eq!(after(|peer| peer.wait(millis(3000)), |_| {}), "initialize");
    assert_eq!(after(Peer::exit, |_| {}), "respawn");
    assert_eq!(after(|peer| peer.send("Starting up..."), |_| {}), "waits");
    assert_eq!(after(|peer| peer.reply("\"1\"", "{}"), |_| {}), "waits");
}

#[test]
fn a_client_of_one_revision_falls_back_to_nothing() {
    spec!("ERA-04", "ERA-10");
    let pinned = |config: &mut ClientConfig| config.era = Era::Pinned(Version::V2026_07_28);
    let unknown = r#"{"code":-32601,"message":""}"#;
    assert_eq!(after(|peer| peer.refuse("1", unknown), pinned), "failed");
    assert_eq!(after(|peer| peer.reply("1", &discovered(r#"["2025-11-25"]"#)), pinned), "failed");
    assert_eq!(after(|peer| peer.wait(millis(29_999)), pinned), "waits");
    assert_eq!(after(|peer| peer.wait(millis(30_000)), pinned), "failed");
    assert_eq!(after(Peer::exit, pinned), "failed");
    assert_eq!(after(|peer| peer.reply("1", &discovered(r#"["2026-07-28"]"#)), pinned), "modern");
    let listed = r#"{"code":-32022,"message":"","data":{"supported":["2025-06-18"]}}"#;
    let two = |config: &mut ClientConfig| {
        config.versions = [Version::V2026_07_28, Version::V2025_11_25].into();
    };
    assert_eq!(after(|peer| peer.refuse("1", listed), two), "failed");
}

#[test]
fn there_is_one_corrective_retry() {
    spec!("ERA-32", "VER-08");
    for code in [-32020, -32021, -32022] {
        let data = r#"{"supported":["2026-07-28"]}"#;
        let error = format!(r#"{{"code":{code},"message":"no","data":{data}}}"#);
        let mut peer = Peer::probing();
        peer.refuse("1", &error);
        peer.forget();
        peer.refuse("2", &error);
        assert_eq!((peer.lines.len(), peer.closes), (0, 1));
        let mut peer = Peer::probing();
        peer.refuse("1", &error);
        peer.reply("2", &discovered(r#"["2026-07-28"]"#));
        assert_eq!(peer.pipe.client().agreement().unwrap().version, Version::V2026_07_28);
    }
}

#[test]
fn a_late_answer_to_the_probe_changes_nothing() {
    spec!("ERA-09");
    let mut peer = Peer::probing();
    peer.wait(millis(3000));
    peer.forget();
    peer.reply("1", &discovered(r#"["2026-07-28"]"#));
    peer.refuse("1", r#"{"code":-32022,"message":""}"#);
    peer.refuse("null", r#"{"code":-32600,"message":""}"#);
    peer.reply("2", &initialized("2025-06-18"));
    peer.reply("1", &discovered(r#"["2026-07-28"]"#));
    assert_eq!(peer.pipe.client().agreement().unwrap().version, Version::V2025_06_18);
    assert_eq!(peer.dropped.len(), 4);
}

#[test]
fn a_modern_server_that_is_slow_to_start_is_probed_again() {
    spec!("ERA-09", "ERA-21");
    let modern = r#"{"code":-32022,"message":"no","data":{"supported":["2026-07-28"]}}"#;
    let refused = || {
        let mut peer = Peer::probing();
        peer.wait(millis(3000));
        peer.forget();
        peer.reply("1", &discovered(r#"["2026-07-28"]"#));
        peer.refuse("2", modern);
        peer
    };
    let mut peer = refused();
    assert!(peer.pipe.client().agreement().is_none());
    peer.reply("3", &discovered(r#"["2026-07-28"]"#));
    insta::assert_snapshot!(peer.transcript(), @r#"
    < {"id":1,"result":{"supportedVersions":["2026-07-28"],"capabilities":{server}}}
    * dropped UnknownResponse
    < {"id":2,"error":{"code":-32022,"message":"no",
          "data":{"supported":["2026-07-28"]}}}
    > {"id":3,"method":"server/discover","params":{"_meta":{mcp}}}
    < {"id":3,"result":{"supportedVersions":["2026-07-28"],"capabilities":{server}}}
    * ready: ? speaks 2026-07-28
    "#);
    // It is not initialized again, whatever it says.
    for end in [
        |peer: &mut Peer| peer.refuse("3", r#"{"code":-32601,"message":"no"}"#),
        |peer: &mut Peer| peer.wait(millis(30_000)),
    ] {
        let mut peer = refused();
        peer.forget();
        end(&mut peer);
        assert_eq!((peer.lines.len(), peer.closes), (0, 1));
    }
    let mut peer = Peer::with(|config| config.era = Era::Legacy).started();
    peer.refuse("1", modern);
    assert_eq!(peer.closes, 1);
}

#[test]
fn a_server_that_exits_on_the_probe_is_started_anew_and_initialized() {
    spec!("INI-01", "LIF-07");
    let mut peer = Peer::probing();
    peer.exit();
    assert_eq!(peer.pipe.poll_timeout(), None);
    peer.respawn();
    peer.reply("2", &initialized("2024-11-05"));
    insta::assert_snapshot!(peer.transcript(), @r#"
    > {"id":1,"method":"server/discover","params":{"_meta":{mcp}}}
    < end of output
    * respawn
    > {"id":2,"method":"initialize","params":{"protocolVersion":"2025-11-25",
          "capabilities":{all},"clientInfo":{"name":"c","version":"1"}}}
    < {"id":2,"result":{"protocolVersion":"2024-11-05","capabilities":{server},
          "serverInfo":{"name":"s","version":"1"}}}
    > {"method":"notifications/initialized"}
    * ready: s speaks 2024-11-05
    "#);
}

#[test]
fn a_server_that_exits_after_the_fallback_is_started_anew_once() {
    for first in [0, 1] {
        let mut peer = Peer::probing();
        if first == 0 {
            peer.refuse("1", r#"{"code":-32601,"message":""}"#);
        } else {
            peer.wait(millis(3000));
        }
        peer.exit();
        assert_eq!((peer.respawns, peer.closes), (1, 0));
        peer.respawn();
        peer.exit();
        assert_eq!((peer.respawns, peer.closes), (1, 1));
    }
}

#[test]
fn a_driver_that_cannot_start_a_server_anew_says_so() {
    let mut peer = Peer::probing();
    let call = peer.tool(CallOptions::default());
    peer.exit();
    peer.exit();
    assert_eq!(peer.finished, [(call, Err(CallError::Lost(Delivery::NotSent)))]);
    assert_eq!((peer.respawns, peer.closes), (1, 1));
}

#[test]
fn initialize_that_fails_fails_the_connection() {
    spec!("CAN-02", "INI-10", "INI-11", "LIF-13");
    for (result, expected) in [
        (initialized("2026-07-28"), ConnectError::NoCommonVersion),
        (initialized("1999-01-01"), ConnectError::NoCommonVersion),
        ("{}".into(), ConnectError::Malformed("initialize".into())),
        ("[]".into(), ConnectError::Malformed("initialize".into())),
        (
            r#"{"protocolVersion":"2025-11-25","capabilities":[]}"#.into(),
            ConnectError::Malformed("initialize".into()),
        ),
    ] {
        let mut peer = Peer::with(|config| config.era = Era::Legacy).started();
        peer.forget();
        peer.reply("1", &result);
        assert!(peer.transcript().contains(&format!("* failed: {expected:?}\n* close\n")));
        assert_eq!((peer.lines.len(), peer.closes), (0, 1));
    }
    let mut peer = Peer::with(|config| config.era = Era::Legacy).started();
    peer.forget();
    peer.wait(millis(30_000));
    insta::assert_snapshot!(peer.transcript(), @"
    * failed: TimedOut
    * close
    ");
    let mut peer = Peer::with(|config| config.era = Era::Legacy).started();
    peer.refuse("1", r#"{"code":-32602,"message":"Unsupported protocol version"}"#);
    assert_eq!((peer.closes, peer.pipe.poll_timeout()), (1, None));
}

#[test]
fn a_pinned_revision_is_offered_and_demanded() {
    spec!("INI-03");
    for version in LEGACY {
        let mut peer = Peer::with(|config| config.era = Era::Pinned(version)).started();
        let offered = peer.member("/params/protocolVersion").unwrap();
        assert_eq!(offered, version.as_str());
        let other = LEGACY.into_iter().find(|other| *other != version).unwrap();
        peer.reply("1", &initialized(other.as_str()));
        assert_eq!(peer.closes, 1);
    }
    let mut peer = Peer::with(|config| config.versions.clear()).started();
    assert_eq!((peer.lines.len(), peer.closes), (0, 1));
    assert!(peer.transcript().starts_with("* failed: NoCommonVersion"));
}

#[test]
fn calls_are_held_until_there_is_an_agreement() {
    spec!("INI-13");
    for version in Version::ALL {
        let mut peer = Peer::with(|config| {
            let handshake = version.rules().handshake;
            config.era = if handshake { Era::Legacy } else { Era::Auto };
        })
        .started();
        peer.tool(CallOptions::default());
        let cancelled = peer.call("tools/list", "{}", CallOptions::default());
        peer.call("prompts/list", "{}", CallOptions::default());
        peer.listen(&Listening { tools: true, ..Listening::default() });
        assert_eq!(peer.lines.len(), 1);
        assert_eq!(peer.notify("own/hint"), Err(CommandError::Gone));
        peer.cancel(cancelled).unwrap();
        assert_eq!(peer.lines.len(), 1, "what was not sent is not cancelled");
        peer.agree(version);
        let sent: Vec<_> = peer.lines.iter().filter(|line| line.contains("\"id\"")).collect();
        let sent: Vec<&str> = sent.iter().map(|line| method(line)).collect();
        assert_eq!(sent[1..3], ["tools/call", "prompts/list"]);
        assert_eq!(sent.get(3).is_some(), !version.rules().handshake);
    }
}

fn method(line: &str) -> &str {
    let (_, after) = line.split_once(r#""method":""#).unwrap();
    after.split_once('"').unwrap().0
}

#[test]
fn the_wait_for_an_agreement_counts_in_all() {
    spec!("LIF-12");
    let mut peer = Peer::with(|config| config.probe_timeout = millis(600_000)).started();
    let call = peer.tool(within(Some(millis(100))));
    peer.wait(millis(100));
    assert_eq!(peer.finished, [(call, Err(CallError::TimedOut))]);
    assert_eq!(peer.lines.len(), 1, "nothing but the probe was sent");
}

#[test]
fn a_level_that_was_set_early_is_told_in_the_way_of_the_era() {
    for version in Version::ALL {
        let mut peer = Peer::with(|config| {
            let handshake = version.rules().handshake;
            config.era = if handshake { Era::Legacy } else { Era::Auto };
        });
        assert_eq!(peer.pipe.set_level(peer.now, Level::Error), None);
        let mut peer = peer.started();
        peer.agree(version);
        let told =
            peer.lines.last().unwrap().contains(r#""logging/setLevel","params":{"level":"error"}"#);
        assert_eq!(told, version.rules().handshake);
        peer.forget();
        peer.tool(CallOptions::default());
        let level = "/params/_meta/io.modelcontextprotocol~1logLevel";
        let expected = (!version.rules().handshake).then(|| "error".into());
        assert_eq!(peer.member(level), expected);
        assert_eq!(peer.finished, []);
    }
}

#[test]
fn what_the_server_says_of_itself_is_kept() {
    spec!("ELI-30", "INI-22", "INI-24");
    for info in [
        r#""_meta":{"io.modelcontextprotocol/serverInfo":{"name":"n","version":"2"}}"#,
        r#""serverInfo":{"name":"n","version":"2"}"#,
    ] {
        let mut peer = Peer::probing();
        peer.reply(
            "1",
            &format!(
                r#"{{"supportedVersions":["2026-07-28"],"capabilities":{{"x":1}},"instructions":"Hi",{info}}}"#
            ),
        );
        let agreed = peer.pipe.client().agreement().unwrap();
        assert_eq!(agreed.server, Some(Implementation::new("n", "2")));
        assert_eq!(agreed.capabilities.as_str(), r#"{"x":1}"#);
        assert_eq!(agreed.instructions.as_deref(), Some("Hi"));
    }
}

#[test]
fn a_client_begins_once() {
    let mut peer = Peer::probing();
    peer = peer.started();
    assert_eq!(peer.lines.len(), 1);
}

#[test]
fn nothing_has_changed_before_there_is_an_agreement() {
    let mut peer = Peer::probing();
    peer.tell("notifications/resources/updated", r#"{"uri":"a:1"}"#);
    peer.tell("notifications/tools/list_changed", "{}");
    assert_eq!(peer.dropped.len(), 2);
}
