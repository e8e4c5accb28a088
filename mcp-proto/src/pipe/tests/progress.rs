//! How far a call is.

use super::*;

/// A call with the id 1 and the progress token `token`.
fn tracked(version: Version, token: &str) -> Peer {
    let mut peer = Peer::operating(version);
    let own = if version.rules().handshake { "{}".into() } else { meta("{}") };
    let own = own.trim_start_matches(r#""_meta":"#).trim_start_matches('{').trim_end_matches('}');
    let own = if own.is_empty() { String::new() } else { format!(",{own}{}", "}") };
    let params = format!(r#"{{{TOOL},"_meta":{{"progressToken":{token}{own}}}}}"#);
    peer.send(&legacy("1", "tools/call", &params));
    assert!(peer.calls[0].wants_progress);
    peer.forgetting()
}

/// The numbers that were told of.
fn told(peer: &Peer) -> Vec<String> {
    let number = |line: &String| {
        let (_, rest) = line.split_once(r#""progress":"#)?;
        rest.split([',', '}']).next().map(ToString::to_string)
    };
    peer.lines.iter().filter_map(number).collect()
}

#[test]
fn progress_grows_or_is_not_told() {
    spec!("PRG-03", "PRG-08");
    for version in Version::ALL {
        let mut peer = tracked(version, "1");
        let steps = [
            -1.5,
            -1.5,
            0.0,
            -0.0,
            0.25,
            f64::NAN,
            0.2,
            f64::INFINITY,
            1.0,
            f64::NEG_INFINITY,
            1e21,
        ];
        for step in steps {
            peer.progress(0, step).unwrap();
        }
        assert_eq!(told(&peer), ["-1.5", "0", "0.25", "1", "1000000000000000000000"]);
    }
}

#[test]
fn the_token_is_repeated_as_it_came() {
    spec!("PRG-01", "PRG-04");
    for token in ["1", "\"1\"", "\"\u{e9}\\\"\"", "-3", "18446744073709551615"] {
        let mut peer = tracked(Version::V2025_11_25, token);
        peer.progress(0, 1.0).unwrap();
        let expected = format!(
            r#"{{"jsonrpc":"2.0","method":"notifications/progress","params":{{"progressToken":{token},"progress":1}}}}"#
        );
        assert_eq!(peer.line(), expected);
    }
}

#[test]
fn a_total_and_a_message_go_along_where_the_revision_has_them() {
    spec!("PRG-08", "PRG-09");
    let mut shown = String::new();
    for version in [Version::V2024_11_05, Version::V2025_03_26, Version::V2026_07_28] {
        let mut peer = tracked(version, "\"t\"");
        let call = peer.calls[0].id;
        for (progress, total) in [(0.5, Some(2.5)), (1.0, Some(f64::NAN)), (2.0, None)] {
            let message = Some("half \"way\"".into());
            peer.command(Command::Progress { call, progress, total, message }).unwrap();
        }
        write!(shown, "{version}\n{}", peer.transcript()).unwrap();
    }
    insta::assert_snapshot!(shown, @r#"
    2024-11-05
    < {"method":"notifications/progress","params":{"progressToken":"t","progress":0.5,
          "total":2.5}}
    < {"method":"notifications/progress","params":{"progressToken":"t","progress":1}}
    < {"method":"notifications/progress","params":{"progressToken":"t","progress":2}}
    2025-03-26
    < {"method":"notifications/progress","params":{"progressToken":"t","progress":0.5,
          "total":2.5,"message":"half \"way\""}}
    < {"method":"notifications/progress","params":{"progressToken":"t","progress":1,
          "message":"half \"way\""}}
    < {"method":"notifications/progress","params":{"progressToken":"t","progress":2,
          "message":"half \"way\""}}
    2026-07-28
    < {"method":"notifications/progress","params":{"progressToken":"t","progress":0.5,
          "total":2.5,"message":"half \"way\""}}
    < {"method":"notifications/progress","params":{"progressToken":"t","progress":1,
          "message":"half \"way\""}}
    < {"method":"notifications/progress","params":{"progressToken":"t","progress":2,
          "message":"half \"way\""}}
    "#);
}

#[test]
fn a_call_without_a_token_is_silent() {
    spec!("PRG-06", "PRG-07");
    for version in [Version::V2025_11_25, Version::V2026_07_28] {
        let mut peer = Peer::calling(version);
        peer.progress(0, 1.0).unwrap();
        assert_eq!(peer.lines, [] as [&str; 0]);
        assert!(!peer.calls[0].wants_progress);
    }
}

#[test]
fn nothing_is_told_after_the_answer() {
    spec!("PRG-05");
    let mut peer = tracked(Version::V2025_11_25, "1");
    peer.answer(0, "{}").unwrap();
    assert_eq!(peer.progress(0, 1.0), Err(CommandError::Gone));
    assert_eq!(peer.lines.len(), 1);
}

#[test]
fn progress_goes_on_from_where_it_was_before_a_question() {
    let mut peer = tracked(Version::V2025_11_25, "1");
    peer.progress(0, 2.0).unwrap();
    peer.ask(0, &[("k", Question::Roots)]).unwrap();
    peer.progress(0, 3.0).unwrap();
    peer.reply("\"2.1.k\"", "{}");
    peer.progress(1, 1.0).unwrap();
    peer.progress(1, 4.0).unwrap();
    assert_eq!(told(&peer), ["2", "3", "4"]);
}
