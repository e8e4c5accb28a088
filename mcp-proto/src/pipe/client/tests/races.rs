//! Whatever comes first: a call has one outcome, and the server hears of it at most once.

use super::*;

/// What can happen to a call, in any order.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Answer,
    Error,
    Cancel,
    TimeOut,
    Exit,
    LateAnswer,
}

const STEPS: [Step; 6] =
    [Step::Answer, Step::Error, Step::Cancel, Step::TimeOut, Step::Exit, Step::LateAnswer];

/// Does the steps to the request with this id, of the only call there is.
fn run(peer: &mut Peer, call: ClientCallId, id: &str, order: &[Step]) {
    for step in order {
        match step {
            Step::Answer | Step::LateAnswer => peer.reply(id, r#"{"content":[]}"#),
            Step::Error => peer.refuse(id, r#"{"code":-32603,"message":""}"#),
            Step::Cancel => {
                let _ = peer.cancel(call);
            }
            Step::TimeOut => peer.wait(millis(60_000)),
            Step::Exit => peer.exit(),
        }
    }
}

#[test]
fn every_order_of_events_gives_one_outcome() {
    spec!("CAN-07", "RPC-37");
    for version in [Version::V2025_11_25, Version::V2026_07_28] {
        for order in orders(&STEPS) {
            let mut peer = Peer::ready(version);
            let call = peer.tool(CallOptions::default());
            peer.forget();
            run(&mut peer, call, "2", &order);
            let expected = match order[0] {
                Step::Answer | Step::LateAnswer => Ok(json(r#"{"content":[]}"#)),
                Step::Error => Err(CallError::Refused(ErrorObject::new(-32603, ""))),
                Step::Cancel => Err(CallError::Cancelled),
                Step::TimeOut => Err(CallError::TimedOut),
                Step::Exit => Err(CallError::Lost(Delivery::OutcomeUnknown)),
            };
            assert_eq!(peer.finished, [(call, expected)], "{order:?}");
            let told = usize::from(matches!(order[0], Step::Cancel | Step::TimeOut));
            assert_eq!(peer.lines.len(), told, "{order:?}");
            assert_eq!(peer.pipe.poll_timeout(), None, "{order:?}");
        }
    }
}

#[test]
fn every_order_of_events_gives_one_outcome_while_a_person_is_asked() {
    spec!("MRT-15");
    let required = format!(
        r#"{{"resultType":"input_required","inputRequests":{{"k":{{"method":"elicitation/create","params":{FORM}}}}}}}"#
    );
    for order in orders(&STEPS) {
        let mut peer = Peer::ready(Version::V2026_07_28);
        let call = peer.tool(within(Some(millis(50_000))));
        peer.reply("2", &required);
        peer.forget();
        run(&mut peer, call, "2", &order);
        let ends =
            order.iter().find(|step| [Step::Cancel, Step::TimeOut, Step::Exit].contains(step));
        let expected = match ends.unwrap() {
            Step::Cancel => CallError::Cancelled,
            Step::TimeOut => CallError::TimedOut,
            _ => CallError::Lost(Delivery::OutcomeUnknown),
        };
        assert_eq!(peer.finished, [(call, Err(expected))], "{order:?}");
        assert_eq!(peer.lines.len(), 0, "no request is on its way: {order:?}");
        assert_eq!(peer.give(0, ACCEPT), Err(CommandError::Gone));
    }
}

#[test]
fn every_order_of_events_ends_a_question_of_an_older_server_once() {
    for order in orders(&STEPS) {
        let mut peer = Peer::ready(Version::V2025_11_25);
        let call = peer.tool(within(Some(millis(50_000))));
        peer.ask("7", "elicitation/create", FORM);
        peer.forget();
        run(&mut peer, call, "2", &order);
        assert_eq!(peer.finished.len(), 1, "{order:?}");
        assert_eq!(peer.give(0, ACCEPT), Err(CommandError::Gone), "withdrawn by the exit");
        assert_eq!(peer.transcript().matches("withdrawn").count(), 1, "{order:?}");
        assert!(!peer.lines.iter().any(|line| line.contains("result")), "{order:?}");
    }
}
