//! Exchanges that share nothing: each has its ids for itself.

use super::*;

#[test]
fn equal_ids_on_different_exchanges_do_not_meet() {
    let mut core = Core::new();
    let calls =
        [1, 2].map(|number| core.call(exchange(number), &modern("tools/call", r#""name":"t","#)));
    assert_eq!(core.events.len(), 2);
    for call in calls {
        core.respond(call).unwrap();
        let (about, text, last) = core.only();
        assert_eq!((about, last), (About::Call(call), true));
        assert!(text.starts_with(r#"{"jsonrpc":"2.0","id":1,"result":{"#));
    }
    assert!(core.server.is_idle());
}

#[test]
fn a_cancellation_on_another_exchange_names_nothing() {
    spec!("CAN-16");
    let mut core = Core::new();
    let call = core.call(exchange(1), &modern("tools/call", r#""name":"t","#));
    let cancel = r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#;
    for origin in [exchange(1), exchange(2)] {
        assert!(matches!(core.receive(origin, cancel), Received::Accepted));
    }
    core.respond(call).unwrap();
    assert_eq!(core.sent.len(), 1);
}

#[test]
fn a_refusal_is_returned_and_not_sent() {
    let mut core = Core::new();
    for (text, code) in [
        (modern("no/such", ""), -32601),
        (modern("tools/call", ""), -32602),
        (modern("tools/call", r#""name":"t","#).replace("2026-07-28", "2027-07-28"), -32022),
        (TOOL.into(), -32600),
    ] {
        let received = core.receive(exchange(1), &text);
        let Received::Refused { id, error } = received else { panic!("{received:?}") };
        assert_eq!((id, error.code), (Some(RequestId::Int(1)), code));
    }
    assert_eq!((core.sent.len(), core.events.len()), (0, 0));
    assert!(core.server.is_idle());
}

#[test]
fn a_ping_needs_no_session() {
    let mut core = Core::new();
    let call = core.call(exchange(1), r#"{"jsonrpc":"2.0","id":"p","method":"ping"}"#);
    let text = r#"{"jsonrpc":"2.0","id":"p","result":{}}"#.into();
    assert_eq!(core.only(), (About::Call(call), text, true));
}

#[test]
fn equal_declarations_are_read_once_and_only_so_many_are_remembered() {
    let mut core = Core::with(|config| config.limits.terms_max = 2);
    let mut terms = |capabilities: &str| {
        let text = modern("tools/call", r#""name":"t","#);
        let text = text.replace(r#"Capabilities":{}"#, &format!(r#"Capabilities":{capabilities}"#));
        let call = core.call(exchange(1), &text);
        let found = core.server.calls().find(|running| running.id == call).unwrap();
        found.terms.clone()
    };
    let first = terms("{}");
    let second = terms(r#"{"roots":{}}"#);
    assert!(Arc::ptr_eq(&first, &terms("{}")));
    assert!(Arc::ptr_eq(&second, &terms(r#"{"roots":{}}"#)));
    assert_ne!(first, second);
    let third = terms(r#"{"sampling":{}}"#);
    assert!(Arc::ptr_eq(&third, &terms(r#"{"sampling":{}}"#)));
    let again = terms("{}");
    assert!(!Arc::ptr_eq(&first, &again), "the one unused for longest was forgotten");
    assert_eq!(first, again);
}

#[test]
fn terms_of_different_clients_are_different() {
    let mut core = Core::new();
    let mut client = |name: &str| {
        let info =
            format!(r#""io.modelcontextprotocol/clientInfo":{{"name":"{name}","version":"1"}}"#);
        let text = modern("tools/call", r#""name":"t","#)
            .replace(r#"{"io."#, &format!(r#"{{{info},"io."#));
        core.call(exchange(1), &text);
        let terms = core.server.calls().last().unwrap().terms.clone();
        terms.client.as_ref().unwrap().name.clone()
    };
    assert_eq!([client("a"), client("b"), client("a")], ["a", "b", "a"]);
}

#[test]
fn a_listen_on_its_own_exchange_is_answered_there() {
    let mut core = Core::new();
    let filter = r#""notifications":{"toolsListChanged":true},"#;
    let calls =
        [1, 2].map(|number| core.call(exchange(number), &modern("subscriptions/listen", filter)));
    core.sent.clear();
    core.command(Command::ListChanged(List::Tools)).unwrap();
    let about: Vec<About> = core.sent.iter().map(|(about, ..)| *about).collect();
    assert_eq!(about, calls.map(About::Call));
    assert_eq!(core.sent[0].1, core.sent[1].1, "both chose the same id");
}
