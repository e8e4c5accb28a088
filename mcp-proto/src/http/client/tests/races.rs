//! Every order of what can happen to one call: it ends once, and nothing is left behind.

use super::*;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Head,
    Answer,
    Refusal,
    Cancel,
    TimeOut,
    Drop,
    End,
    Close,
}

const STEPS: [Step; 8] = [
    Step::Head,
    Step::Answer,
    Step::Refusal,
    Step::Cancel,
    Step::TimeOut,
    Step::Drop,
    Step::End,
    Step::Close,
];

fn run(mut net: Net, order: &[Step], modern: bool) {
    let options = CallOptions {
        timeouts: Timeouts { idle: None, total: Some(Duration::from_secs(20)) },
        ..CallOptions::default()
    };
    let call = net.http.call(net.now, "tools/call", &json(r#"{"name":"t"}"#), options);
    net.drain();
    let sent = net.next("tools/call");
    for step in order {
        match step {
            Step::Head => net.head(&sent, 200, &[STREAM]),
            Step::Answer => net.result_event(&sent, &sent, "{}"),
            Step::Refusal => {
                let refusal = format!(
                    r#"{{"jsonrpc":"2.0","id":{},"error":{}}}"#,
                    sent.id(),
                    error(-32602, "null")
                );
                net.event(&sent, "", &refusal);
            }
            Step::Cancel => {
                let _ = net.http.cancel(call, None);
                net.drain();
            }
            Step::TimeOut => net.pass(Duration::from_secs(20)),
            Step::Drop => net.fail(&sent, Delivery::OutcomeUnknown),
            Step::End => net.end(&sent),
            Step::Close => {
                net.http.close(net.now);
                net.drain();
            }
        }
        assert!(net.finished.len() <= 1, "{order:?} {:?}", net.finished);
    }
    net.pass(Duration::from_hours(1));
    assert_eq!(net.finished.len(), 1, "{order:?}");
    let calls = net.sent.iter().filter(|seen| seen.method() == "tools/call").count();
    assert_eq!(calls, 1, "nothing is sent twice: {order:?}");
    let cancelled =
        net.sent.iter().filter(|seen| seen.method() == "notifications/cancelled").count();
    assert!(cancelled <= usize::from(!modern), "{order:?}");
    let http = &net.http;
    assert!(http.routes.is_empty() && http.waiting.is_empty(), "{order:?}");
    assert!(http.exchanges.is_empty(), "{order:?} {:?}", http.exchanges);
    assert_eq!(http.poll_timeout(), None, "{order:?}");
}

#[test]
fn a_call_ends_once_whatever_happens_in_whatever_order() {
    for first in STEPS {
        for second in STEPS {
            for third in STEPS {
                let order = [Step::Head, first, second, third];
                for order in [&order[..], &order[1..]] {
                    run(Net::modern(), order, true);
                    run(Net::legacy(), order, false);
                }
            }
        }
    }
}
