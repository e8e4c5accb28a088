//! Every order of what can happen to one call: it concludes at most once, and nothing stays.

use super::*;
use crate::pipe::tests::orders;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    Speak,
    Answer,
    Fail,
    Cancel,
    Disconnect,
    Resume,
    Wait,
    Delete,
}

use Act::{Answer, Cancel, Delete, Disconnect, Fail, Resume, Speak, Wait};

/// Carries one act out, however little sense it makes now.
fn act(site: &mut Site, first: ExchangeId, in_session: bool, act: Act) {
    match act {
        Speak => _ = site.note_number(0, 1),
        Answer => _ = site.answer(0),
        Fail => _ = site.fail(0, -32603),
        Cancel if in_session => _ = site.say(&cancel("1")),
        Cancel => _ = site.modern(&cancel("1")),
        Disconnect => {
            if !site.got[&first].ended && !site.got[&first].gone {
                site.disconnect(first);
            }
        }
        Resume if in_session => {
            let cursor = site.cursor(first).unwrap_or("0000000000000000-0".into());
            site.resume(&cursor);
        }
        Wait => site.wait(Duration::from_secs(6)),
        Delete if in_session => _ = site.delete(),
        Resume | Delete => {}
    }
}

/// How many responses to the call its client was sent, each event counted once.
fn responses(site: &Site) -> usize {
    let mut seen = Vec::new();
    for got in site.got.values() {
        for body in &got.body {
            let id = field(body, "id");
            let text = field(body, "data").unwrap_or_else(|| body.clone());
            let concludes = text.contains(r#""nth":0"#) || text.contains("It failed");
            if concludes && (id.is_none() || !seen.contains(&id)) {
                seen.push(id);
            }
        }
    }
    seen.len()
}

fn check(version: Version, order: &[Act]) {
    let in_session = version.rules().handshake;
    let mut site = Site::new();
    let first = if in_session {
        site.open(version);
        site.say(&call("1"))
    } else {
        site.modern(&modern("1", "tools/call", TOOL))
    };
    let mut gone = false;
    for step in order {
        let concluded = responses(&site);
        act(&mut site, first, in_session, *step);
        let over = gone && *step != Resume;
        assert!(!over || responses(&site) == concluded, "{version} {order:?}: after its end");
        gone |= match step {
            Delete | Cancel => in_session,
            Disconnect => !in_session,
            _ => false,
        };
    }
    assert!(responses(&site) <= 1, "{version} {order:?}: {:?}", site.got);
    let _late = site.answer(0);
    assert!(responses(&site) <= 1, "{version} {order:?}: {:?}", site.got);
    site.wait(Duration::from_mins(40));
    assert!(site.endpoint.is_empty(), "{version} {order:?}");
    assert!(site.got.values().all(|got| got.ended || got.gone), "{version} {order:?}");
}

#[test]
fn a_call_concludes_at_most_once_in_every_order_of_events() {
    let all = [
        [Speak, Answer, Cancel, Disconnect, Resume],
        [Speak, Fail, Disconnect, Resume, Delete],
        [Answer, Fail, Cancel, Disconnect, Wait],
        [Speak, Disconnect, Resume, Wait, Answer],
        [Cancel, Delete, Resume, Wait, Answer],
    ];
    for version in [Version::V2025_03_26, Version::V2025_11_25, Version::V2026_07_28] {
        for acts in &all {
            for order in orders(acts) {
                check(version, &order);
            }
        }
    }
}
