//! What the client is told without having asked: changes, and news of the application.

use super::*;
use crate::server::List;

const LATEST: Version = Version::V2025_11_25;

#[test]
fn the_difference_between_two_offers_is_told() {
    spec!("PRM-08", "RES-06", "TOL-09", "TOL-14");
    let mut peer = Peer::operating(LATEST);
    let offers = [
        offer(),
        Offer { instructions: Some("New.".into()), ..offer() },
        Offer { tools_revision: 1, ..offer() },
        Offer { tools_revision: 1, prompts_revision: 7, resources_revision: 1, ..offer() },
        Offer { tools_revision: 1, prompts_revision: 7, resources_revision: 1, ..offer() },
    ];
    let told = offers.map(|offer| {
        peer.forget();
        peer.set_offer(offer);
        peer.lines.len()
    });
    assert_eq!(told, [0, 0, 1, 2, 0]);
    peer.forget();
    for list in [List::Tools, List::Prompts, List::Resources] {
        peer.command(Command::ListChanged(list)).unwrap();
    }
    insta::assert_snapshot!(peer.transcript(), @r#"
    < {"method":"notifications/tools/list_changed"}
    < {"method":"notifications/prompts/list_changed"}
    < {"method":"notifications/resources/list_changed"}
    "#);
}

#[test]
fn a_change_that_was_not_declared_is_not_told() {
    spec!("INI-17", "TOL-15");
    let mut peer = Peer::operating(LATEST);
    let mut still = offer();
    still.capabilities.tools = Some(ListCapability { list_changed: false });
    still.capabilities.prompts = None;
    still.capabilities.resources = Some(ResourcesCapability::default());
    peer.set_offer(still);
    for list in [List::Tools, List::Prompts, List::Resources] {
        peer.command(Command::ListChanged(list)).unwrap();
    }
    assert_eq!(peer.lines, [] as [&str; 0]);
}

#[test]
fn a_client_of_the_latest_revision_that_does_not_listen_is_told_nothing() {
    spec!("LIS-04", "RES-10");
    let mut peer = Peer::calling(Version::V2026_07_28);
    peer.set_offer(Offer { tools_revision: 1, ..offer() });
    peer.command(Command::ResourceUpdated { uri: "a:1".into() }).unwrap();
    assert_eq!(peer.lines, [] as [&str; 0]);
}

#[test]
fn news_of_the_application_go_where_they_belong_while_it_is_open() {
    let mut peer = Peer::calling(LATEST);
    let (call, session) = (About::Call(peer.calls[0].id), About::Session(peer.sessions[0]));
    let news = |about| {
        let params = Json::parse_text("{\"a\":\n1}").unwrap();
        Command::Notify { about, method: "own/\"news\"".into(), params }
    };
    peer.command(news(call)).unwrap();
    peer.command(news(session)).unwrap();
    peer.answer(0, "{}").unwrap();
    assert_eq!(peer.command(news(call)), Err(CommandError::Gone));
    peer.command(Command::Close { session: peer.sessions[0] }).unwrap();
    assert_eq!(peer.command(news(session)), Err(CommandError::Gone));
    insta::assert_snapshot!(peer.transcript(), @r#"
    < {"method":"own/\"news\"","params":{"a":1}}
    < {"method":"own/\"news\"","params":{"a":1}}
    < {"id":1,"result":{}}
    * session #1 closed: Server
    * close
    "#);
}

fn url(elicitation: &str) -> Question {
    let (message, url) = ("Log in".into(), "https://a/".into());
    Question::ElicitUrl { message, url, elicitation: elicitation.into() }
}

#[test]
fn the_end_of_an_url_elicitation_is_told_once_to_whoever_was_sent_there() {
    spec!("ELI-17");
    let mut peer = Peer::calling(LATEST);
    let complete = |id: &str| Command::ElicitationComplete { elicitation: id.into() };
    assert_eq!(peer.command(complete("e-1")), Err(CommandError::Gone));
    peer.ask(0, &[("k", url("e-1"))]).unwrap();
    peer.forget();
    assert_eq!(peer.command(complete("e-2")), Err(CommandError::Gone));
    peer.command(complete("e-1")).unwrap();
    assert_eq!(peer.command(complete("e-1")), Err(CommandError::Gone));
    assert_eq!(
        peer.line(),
        r#"{"jsonrpc":"2.0","method":"notifications/elicitation/complete","params":{"elicitationId":"e-1"}}"#
    );
}

#[test]
fn elicitations_are_remembered_up_to_a_limit_the_oldest_forgotten() {
    let mut peer = Peer::with(|config| config.limits.elicitations_max = 2).in_operation(LATEST);
    peer.call(LATEST, "1");
    peer.ask(0, &[("a", url("e-1")), ("b", url("e-2")), ("c", url("e-3"))]).unwrap();
    let mut complete =
        |id: &str| peer.command(Command::ElicitationComplete { elicitation: id.into() }).is_ok();
    assert_eq!([complete("e-1"), complete("e-2"), complete("e-3")], [false, true, true]);
}

#[test]
fn the_latest_revision_is_not_told_of_the_end_of_an_elicitation() {
    spec!("ELI-16");
    let mut peer = Peer::calling(Version::V2026_07_28);
    peer.ask(0, &[("k", url("e-1"))]).unwrap();
    let complete = Command::ElicitationComplete { elicitation: "e-1".into() };
    assert_eq!(peer.command(complete), Err(CommandError::Gone));
}

#[test]
fn a_ping_of_ours_ends_with_a_round_trip_or_without() {
    spec!("LIF-08", "PNG-03");
    let mut peer = Peer::operating(LATEST);
    let session = peer.sessions[0];
    peer.command(Command::Ping { session }).unwrap();
    peer.wait(millis(250));
    peer.send(r#"{"jsonrpc":"2.0","id":"ping.1","error":{"code":-32601,"message":"No"}}"#);
    peer.command(Command::Ping { session }).unwrap();
    peer.wait(millis(9_999));
    peer.wait(millis(1));
    peer.reply("\"ping.2\"", "{}");
    insta::assert_snapshot!(peer.transcript(), @r#"
    < {"id":"ping.1","method":"ping","params":{}}
    > {"id":"ping.1","error":{"code":-32601,"message":"No"}}
    * ping in session #1: 250ms
    < {"id":"ping.2","method":"ping","params":{}}
    * ping in session #1: no answer
    > {"id":"ping.2","result":{}}
    * dropped UnknownResponse
    "#);
    assert!(peer.pipe.is_idle());
}

#[test]
fn an_error_that_asks_for_an_url_elicitation_goes_to_who_can_have_it() {
    spec!("ELI-17", "ELI-19", "ELI-20");
    let required = || {
        let data = r#"{"elicitations":[{"mode":"url","message":"m","url":"https://a/","elicitationId":"e-1"}]}"#;
        let error = ErrorObject::new(crate::error::code::URL_ELICITATION_REQUIRED, "Log in first");
        Reply::Error(error.with_data(Json::parse_text(data).unwrap()))
    };
    let complete = || Command::ElicitationComplete { elicitation: "e-1".into() };
    let mut peer = Peer::calling(LATEST);
    peer.respond(0, required()).unwrap();
    assert!(peer.line().contains(r#""code":-32042,"message":"Log in first","data":"#));
    peer.command(complete()).unwrap();
    assert_eq!(peer.command(complete()), Err(CommandError::Gone));

    let mut peer = Peer::fresh();
    peer.send(&initialize("0", "2025-11-25").replace(ALL_CAPABILITIES, r#"{"elicitation":{}}"#));
    peer.call(LATEST, "1");
    peer.forget();
    peer.respond(0, required()).unwrap();
    let expected = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"Internal error"}}"#;
    assert_eq!(peer.line(), expected);
    assert_eq!(peer.command(complete()), Err(CommandError::Gone));
}
