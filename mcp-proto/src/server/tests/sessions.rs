//! Several sessions of one machine.

use super::*;
use crate::grant::{AllowResources, Grant};

fn key(origin: Origin) -> SessionKey {
    match origin {
        Origin::Session(key) => key,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_session_draws_its_id_and_a_call_draws_nothing() {
    spec!("SEC-15", "SHL-34");
    let mut core = Core::new();
    let received = core.receive(exchange(1), INITIALIZE);
    assert!(matches!(received, Received::Opened(..)), "{received:?}");
    assert_eq!(core.drawn(), 10);
    let Some(Event::SessionOpened { session, id: Some(id), .. }) = core.events.pop() else {
        panic!("{:?}", core.events)
    };
    assert!(id.as_str().starts_with("01234567-89ab-7"), "{}", id.as_str());
    assert_eq!(id.as_str().len(), 36);
    assert!(!format!("{id:?}").contains("01234567"), "a session id is like a secret");
    core.call(Origin::Session(session), TOOL);
    core.call(exchange(2), &modern("tools/call", r#""name":"t","#));
    assert_eq!(core.drawn(), 10);
}

#[test]
fn each_session_has_its_own_ids() {
    let mut core = Core::new();
    let sessions = [1, 2].map(|number| core.session(number));
    let calls = sessions.map(|session| core.call(session, TOOL));
    let cancel = r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#;
    let _ = core.receive(sessions[1], cancel);
    assert_eq!(core.respond(calls[1]), Err(CommandError::Gone));
    core.respond(calls[0]).unwrap();
    assert_eq!(core.only().0, About::Call(calls[0]));
}

#[test]
fn only_the_session_that_was_asked_can_answer() {
    spec!("ELI-23");
    let mut core = Core::new();
    let sessions = [1, 2].map(|number| core.session(number));
    let call = core.call(sessions[0], TOOL);
    core.ask(call);
    let (about, question, last) = core.only();
    assert_eq!((about, last), (About::Call(call), false));
    let (_, rest) = question.split_once(r#""id":""#).unwrap();
    let (id, _) = rest.split_once('"').unwrap();
    let answer = format!(r#"{{"jsonrpc":"2.0","id":"{id}","result":{{"roots":[]}}}}"#);
    let progress = format!(
        r#"{{"jsonrpc":"2.0","method":"notifications/progress","params":{{"progressToken":"{id}","progress":1}}}}"#
    );
    core.events.clear();
    for origin in [sessions[1], exchange(3), Origin::Pipe] {
        let _ = core.receive(origin, &answer);
        let _ = core.receive(origin, &progress);
    }
    assert_eq!(core.server.stats().unknown_responses, 3);
    assert_eq!(core.server.stats().notifications, 3);
    core.events.clear();
    let _ = core.receive(sessions[0], &answer);
    assert!(matches!(core.events[..], [Event::Call(_)]), "{:?}", core.events);
}

#[test]
fn levels_and_subscriptions_are_a_sessions_own() {
    let mut core = Core::new();
    let sessions = [1, 2].map(|number| core.session(number));
    for (method, params) in [
        ("logging/setLevel", r#"{"level":"emergency"}"#),
        ("resources/subscribe", r#"{"uri":"a:1"}"#),
    ] {
        let text = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#);
        core.call(sessions[0], &text);
    }
    core.sent.clear();
    for session in sessions {
        let about = About::Session(key(session));
        let data = Json::text("x");
        core.command(Command::Log { about, level: Level::Error, logger: None, data }).unwrap();
    }
    assert_eq!(core.only().0, About::Session(key(sessions[1])));
    core.command(Command::ResourceUpdated { uri: "a:1".into() }).unwrap();
    assert_eq!(core.only().0, About::Session(key(sessions[0])));
    core.command(Command::ListChanged(List::Tools)).unwrap();
    assert_eq!(core.sent.len(), 2);
}

#[test]
fn the_end_of_an_elicitation_is_told_to_the_session_that_was_asked() {
    spec!("ELI-17");
    let mut core = Core::new();
    let sessions = [1, 2, 3].map(|number| core.session(number));
    let call = core.call(sessions[1], TOOL);
    let (message, url, elicitation) = ("m".into(), "https://a/".into(), "e".into());
    let questions = Vec::from([("k".into(), Question::ElicitUrl { message, url, elicitation })]);
    let reply = Reply::Ask { questions, memo: Memo::default() };
    core.command(Command::Respond { call, reply }).unwrap();
    core.sent.clear();
    core.command(Command::ElicitationComplete { elicitation: "e".into() }).unwrap();
    assert_eq!(core.only().0, About::Session(key(sessions[1])));
}

#[test]
fn a_session_ends_with_all_that_belongs_to_it() {
    spec!("SEC-09");
    let mut core = Core::new();
    let sessions = [1, 2].map(|number| core.session(number));
    let calls = sessions.map(|session| core.call(session, TOOL));
    core.ask(calls[0]);
    core.ask(calls[1]);
    let session = key(sessions[0]);
    core.command(Command::Ping { session }).unwrap();
    core.sent.clear();
    core.events.clear();
    core.command(Command::Close { session }).unwrap();
    let [Event::Cancelled { call, .. }, Event::SessionClosed { session: closed, reason }] =
        core.events[..]
    else {
        panic!("{:?}", core.events)
    };
    assert_eq!((call, closed, reason), (calls[0], session, CloseReason::Server));
    assert_eq!(core.server.sessions().count(), 1);
    assert_eq!(core.server.calls().count(), 1);
    assert_eq!(core.command(Command::Ping { session }), Err(CommandError::Gone));
    let received = core.receive(sessions[0], TOOL);
    assert!(matches!(received, Received::Refused { .. }), "{received:?}");
    core.respond(calls[1]).unwrap();
    assert!(core.server.is_idle());
}

#[test]
fn a_session_is_not_initialized_again() {
    spec!("INI-20");
    let mut core = Core::new();
    let session = core.session(1);
    let received = core.receive(session, INITIALIZE);
    let Received::Refused { error, .. } = received else { panic!("{received:?}") };
    assert_eq!(error.code, -32600);
    assert_eq!(core.drawn(), 10);
    assert_eq!(core.server.sessions().next().unwrap().2.version, Version::V2025_11_25);
}

#[test]
fn keys_are_never_used_again() {
    let mut core = Core::new();
    let first = core.session(1);
    core.command(Command::Close { session: key(first) }).unwrap();
    assert_ne!(core.session(2), first);
}

#[test]
fn each_session_may_be_pinged_as_often_as_one_may() {
    let mut core = Core::with(|config| config.limits.pings_max = 1);
    for number in [1, 2] {
        let origin = core.session(number);
        let Origin::Session(session) = origin else { panic!("{origin:?}") };
        // What else the session is asked does not count.
        let call = core.call(origin, TOOL);
        core.ask(call);
        core.command(Command::Ping { session }).unwrap();
        assert_eq!(core.command(Command::Ping { session }), Err(CommandError::OverLimit));
    }
}

#[test]
fn what_is_not_granted_cannot_be_subscribed_to() {
    let mut core = Core::new();
    let origin = core.session(1);
    let text = r#"{"jsonrpc":"2.0","id":1,"method":"resources/subscribe","params":{"uri":"a:1"}}"#;
    let grant = Grant {
        resources: AllowResources::Only { uris: ["a:2".into()].into(), templates: Vec::new() },
        ..Grant::default()
    };
    for (grant, served) in [(grant, false), (Grant::default(), true)] {
        let message = Message::parse(text).unwrap();
        let arrival = Arrival { origin, grant: Arc::new(grant), message };
        match core.server.handle_message(Instant::ZERO, arrival) {
            Received::Call(_) => assert!(served),
            Received::Refused { error, .. } => assert_eq!((served, error.code), (false, -32602)),
            other => panic!("{other:?}"),
        }
    }
}
