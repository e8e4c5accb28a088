//! The same bytes have the same effect, however they are cut.

use proptest::prelude::*;

use super::*;

/// Lines that a peer might send, good and bad.
fn lines() -> Vec<Vec<u8>> {
    let call = legacy("7", "tools/call", &format!("{{{TOOL}}}"));
    let batch = format!("[{},{}]", legacy("8", "ping", "{}"), legacy("9", "own/echo", "{}"));
    [
        initialize("1", "2025-03-26"),
        initialize("2", "2025-11-25"),
        INITIALIZED.into(),
        legacy("3", "ping", "{}"),
        format!("{}\r", legacy("\"\u{e9}\u{2028}\"", "ping", "{}")),
        call,
        cancel("7"),
        batch,
        modern("10", "server/discover", ""),
        modern("\"m\"", "tools/call", TOOL),
        listen("\"l\"", EVERYTHING),
        cancel("\"l\""),
        notification("own/note", "{}"),
        "{".into(),
        "hello \u{feff}".into(),
        "  \t\r".into(),
        String::new(),
        format!("{{\"too long\":\"{}\"}}", "x".repeat(900)),
    ]
    .into_iter()
    .map(String::into_bytes)
    .chain([b"{\xff}".to_vec(), b"\xef\xbb\xbf{}".to_vec()])
    .collect()
}

fn script() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(lines()), 0..24).prop_map(|lines| {
        let mut bytes = lines.join(&b'\n');
        bytes.push(b'\n');
        bytes
    })
}

/// What the two sides see when the script comes in these pieces.
fn outcome<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (String, crate::server::Stats) {
    let mut peer = Peer::with(|config| config.limits.message_bytes_max = 800);
    for piece in pieces {
        peer.feed(piece);
    }
    peer.eof();
    peer.wait(millis(5000));
    (peer.transcript(), *peer.pipe.server().stats())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_cut_has_the_same_effect(
        script in script(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
    ) {
        let whole = outcome([&script[..]]);
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(script.len())).collect();
        places.extend([0, script.len()]);
        places.sort_unstable();
        let pieces = places.windows(2).map(|pair| &script[pair[0]..pair[1]]);
        prop_assert_eq!(&outcome(pieces), &whole);
        prop_assert_eq!(&outcome(script.chunks(1)), &whole);
    }
}
