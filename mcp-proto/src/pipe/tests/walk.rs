//! Random walks: a peer that sends anything, and an application that does anything.

use alloc::vec;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Send(String),
    Answer(usize),
    Fail(usize),
    Ask(usize, usize),
    Reply(usize, bool),
    Log(usize),
    Progress(usize, f64),
    Ping,
    Attach(u8, bool),
    Close,
    Offer(u64),
    Updated,
    Wait(u64),
    Read(bool),
}

/// Few ids, so that they meet.
fn id() -> impl Strategy<Value = String> {
    prop::sample::select(Vec::from(["1", "2", "\"1\"", "-3", "\"l\""])).prop_map(String::from)
}

fn line() -> impl Strategy<Value = String> {
    let version = prop::sample::select(Version::ALL.to_vec());
    let legacy_request = prop::sample::select(Vec::from([
        ("ping", "{}"),
        ("tools/list", "{}"),
        ("tools/call", r#"{"name":"t","_meta":{"progressToken":7}}"#),
        ("resources/subscribe", r#"{"uri":"a:1"}"#),
        ("resources/unsubscribe", r#"{"uri":"a:1"}"#),
        ("logging/setLevel", r#"{"level":"debug"}"#),
        ("own/echo", "{}"),
    ]));
    let modern_request = prop::sample::select(Vec::from([
        ("server/discover", ""),
        ("tools/call", TOOL),
        ("prompts/get", r#""name":"p","inputResponses":{"k":{}}"#),
        ("resources/read", r#""uri":"a:1","requestState":"x""#),
        ("own/slow", ""),
    ]));
    let other = prop::sample::select(Vec::from([
        INITIALIZED.into(),
        notification("own/note", "{}"),
        notification("notifications/roots/list_changed", "{}"),
        notification("notifications/progress", r#"{"progressToken":"2.1.k","progress":1}"#),
        "{".into(),
        "[]".into(),
        "hello".into(),
        String::new(),
    ]));
    prop_oneof![
        2 => (id(), version).prop_map(|(id, version)| initialize(&id, version.as_str())),
        4 => (id(), legacy_request).prop_map(|(id, (method, params))| legacy(&id, method, params)),
        4 => (id(), modern_request).prop_map(|(id, (name, members))| modern(&id, name, members)),
        1 => id().prop_map(|id| listen(&id, EVERYTHING)),
        2 => id().prop_map(|id| cancel(&id)),
        1 => (id(), id()).prop_map(|(a, b)| {
            format!("[{},{}]", legacy(&a, "own/echo", "{}"), legacy(&b, "ping", "{}"))
        }),
        3 => other,
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => line().prop_map(Step::Send),
        3 => any::<usize>().prop_map(Step::Answer),
        1 => any::<usize>().prop_map(Step::Fail),
        3 => (any::<usize>(), 0..4_usize).prop_map(|(nth, count)| Step::Ask(nth, count)),
        2 => (any::<usize>(), any::<bool>()).prop_map(|(nth, good)| Step::Reply(nth, good)),
        1 => any::<usize>().prop_map(Step::Log),
        1 => (any::<usize>(), any::<f64>()).prop_map(|(nth, value)| Step::Progress(nth, value)),
        1 => Just(Step::Ping),
        1 => (0..3_u8, any::<bool>()).prop_map(|(key, there)| Step::Attach(key, there)),
        1 => Just(Step::Close),
        1 => (0..3_u64).prop_map(Step::Offer),
        1 => Just(Step::Updated),
        2 => (0..700_000_u64).prop_map(Step::Wait),
        1 => any::<bool>().prop_map(Step::Read),
    ]
}

/// Ids of the server's requests that it has not been seen to withdraw.
fn questions(peer: &Peer) -> Vec<String> {
    let asked = peer.lines.iter().filter(|line| line.contains(r#""method":"#));
    asked
        .filter_map(|line| line.strip_prefix(r#"{"jsonrpc":"2.0","id":"#))
        .filter_map(|rest| rest.split_once(",\"method\""))
        .map(|(id, _)| id.to_string())
        .collect()
}

fn take(peer: &mut Peer, step: Step) {
    let nth = |peer: &Peer, at: usize| (!peer.calls.is_empty()).then(|| at % peer.calls.len());
    let session = peer.sessions.last().copied();
    // Commands about what is gone are refused; that is part of the walk.
    let _done = match step {
        Step::Send(line) => {
            peer.send(&line);
            Ok(())
        }
        Step::Answer(at) => nth(peer, at).map_or(Ok(()), |nth| peer.answer(nth, "{}")),
        Step::Fail(at) => nth(peer, at).map_or(Ok(()), |nth| peer.fail(nth, -32002)),
        Step::Ask(at, count) => {
            let all = [("k", form("A?")), ("j", Question::Roots), ("k", form("B?"))];
            nth(peer, at).map_or(Ok(()), |nth| peer.ask(nth, &all[..count]))
        }
        Step::Reply(at, good) => {
            let open = questions(peer);
            if let Some(id) = open.get(at % open.len().max(1)) {
                peer.reply(id, if good { r#"{"action":"accept"}"# } else { "[]" });
            }
            Ok(())
        }
        Step::Log(at) => nth(peer, at).map_or(Ok(()), |nth| peer.log(nth, Level::Error)),
        Step::Progress(at, value) => nth(peer, at).map_or(Ok(()), |nth| peer.progress(nth, value)),
        Step::Ping => session.map_or(Ok(()), |session| peer.command(Command::Ping { session })),
        Step::Attach(key, there) => session.map_or(Ok(()), |session| {
            let value = there.then(|| Json::text("v"));
            peer.command(Command::Attach { session, key: key.to_string().into(), value })
        }),
        Step::Close => session.map_or(Ok(()), |session| peer.command(Command::Close { session })),
        Step::Offer(revision) => {
            peer.set_offer(Offer { tools_revision: revision, ..offer() });
            Ok(())
        }
        Step::Updated => peer.command(Command::ResourceUpdated { uri: "a:1".into() }),
        Step::Wait(span) => {
            peer.wait(millis(span));
            Ok(())
        }
        Step::Read(reads) => {
            peer.reads = reads;
            peer.drain();
            Ok(())
        }
    };
}

/// How many responses were sent, those in batches too.
fn responses(peer: &Peer) -> usize {
    let marks = [r#","result":{"#, r#","error":{"code":"#];
    let count = |line: &String| marks.iter().map(|mark| line.matches(mark).count()).sum::<usize>();
    peer.lines.iter().map(count).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn whatever_happens_the_pipe_stays_sound_and_comes_to_its_end(
        steps in prop::collection::vec(step(), 0..80),
        small in any::<bool>(),
    ) {
        spec!("SEC-12");
        let mut peer = Peer::with(|config| {
            config.limits.output_bytes_max = if small { 300 } else { 100_000 };
            config.limits.calls_max = 4;
        });
        let mut sent = 0;
        for step in steps {
            if let Step::Send(line) = &step {
                // Each line is answered once at most, a batch and a listen twice.
                sent += 1 + usize::from(line.starts_with('['));
            }
            take(&mut peer, step);
            prop_assert!(peer.pipe.server().calls().count() <= 4);
            prop_assert!(peer.pipe.pending_write().len() < 300 + 4096 || !small);
        }
        peer.catch_up();
        prop_assert!(responses(&peer) <= sent, "{}", peer.transcript());
        peer.eof();
        peer.wait(millis(5000));
        prop_assert_eq!(peer.closes, 1);
        prop_assert_eq!(peer.pipe.server().calls().count(), 0);
        prop_assert_eq!(peer.pipe.server().sessions().count(), 0);
        prop_assert_eq!(peer.pipe.server().subscriptions().count(), 0);
        prop_assert_eq!(peer.pipe.poll_timeout(), None);
        prop_assert!(responses(&peer) <= sent, "{}", peer.transcript());
    }
}
